"""How many users of the run are on the hub at once, and that they are not more than allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from .client import Answer, Request
from .errors import NoRoom
from .reading import segments

#: Users that a run makes at once, if nobody says otherwise.
MOST_USERS = 20


class Census:
    """Counts users who come and go by the run's requests.

    `most` may be there at once; `owns` says who is of the run. `api` is the path of the API's root.
    """

    def __init__(self, most: int, owns: Callable[[str], bool], api: str) -> None:
        self.most = most
        self.owns = owns
        self.api = segments(api)
        self.there: set[str] = set()
        self.peak = 0
        #: Asked to remove users whom nobody needs, until there may be so many more.
        self.make_room: Callable[[int], None] = lambda count: None
        self._news: set[str] = set()

    def room(self) -> int:
        """How many more there may be."""
        return self.most - len(self.there)

    def relieve(self, request: Request) -> None:
        """Have room made for whom a request is to make: before any other hook notes it."""
        news = self._made_by(request) - self.there
        if self.room() < len(news):
            self.make_room(len(news))

    def before(self, request: Request) -> None:
        """Count whom a request is to make. Raises NoRoom where they would be too many."""
        self._news = self._made_by(request) - self.there
        if not self._news:
            return
        needed = len(self.there) + len(self._news)
        if needed > self.most:
            news, self._news = len(self._news), set()
            raise NoRoom(
                f"--hub-max-users: {self.most} may be there at once, and this needs {news} more"
                f" than the {len(self.there)} that are"
            )
        self.there |= self._news
        self.peak = max(self.peak, needed)

    def after(self, answer: Answer) -> None:
        """Learn who was not made after all, and who has gone."""
        request = answer.request
        if answer.status >= 400:
            self.there -= self._news
        self._news = set()
        if not request.writes:
            return
        match self._below(request):
            case ["users", name] if request.method == "DELETE" and _is_gone(answer):
                self.there.discard(name.lower())
            case ["users", name] if request.method == "PATCH" and answer.ok:
                if new := self._own([_key(request, "name")]):
                    self.there.discard(name.lower())
                    self.there |= new

    def _below(self, request: Request) -> list[str]:
        found = segments(request.path)
        root = len(self.api)
        return found[root:] if found[:root] == self.api else []

    def _made_by(self, request: Request) -> set[str]:
        if request.method != "POST":
            return set()
        match self._below(request):
            case ["users"]:
                names = _key(request, "usernames")
                return self._own(names if isinstance(names, list) else [])
            case ["users", name]:
                return self._own([name])
        if request.path.endswith("/hub/login"):
            return self._own(_form(request).get("username", []))
        return set()

    def _own(self, names: list[Any]) -> set[str]:
        return {each.lower() for each in names if isinstance(each, str) and self.owns(each)}


def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs((request.body or b"").decode("utf-8", "replace"))


def _is_gone(answer: Answer) -> bool:
    return answer.ok or answer.status == 404


def _key(request: Request, key: str) -> Any:
    return request.json.get(key) if isinstance(request.json, dict) else None
