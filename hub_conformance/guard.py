"""Which requests may leave: the sandbox's hook before sending.

A writing request must name only objects of this run's sandbox, or tokens this run made. The guard
reads names from the path and the body; what it cannot read it does not let out. It also notes what
was named, so that the sandbox knows what there may be to remove, whoever made the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .client import Answer, Request
from .errors import OutOfBounds


@dataclass(frozen=True)
class Named:
    """Something a writing request names. `inside` is the user of a server or token."""

    kind: str
    name: str
    inside: str = ""


class Guard:
    """Lets out reading requests, and writing ones that stay inside `run`.

    `run` is the prefix of every name this run makes, `caller` the user whose token the run was
    given ("" for a service): it may be issued tokens, if their note starts with `run`.
    """

    def __init__(self, run: str, api: str, prefix: str, caller: str) -> None:
        self.run = run
        self.api = api
        self.prefix = prefix
        self.caller = caller
        self.noted: Callable[[Named], None] = lambda named: None
        self._own_tokens: set[str] = set()

    def adopt(self, found: Iterable[Named]) -> None:
        """Count tokens found on the hub, by their note, as this run's own."""
        self._own_tokens |= {each.name for each in found if each.kind == "token"}

    def owns(self, name: str) -> bool:
        """Whether a name belongs to this run. Hubs may lower-case names, so case is ignored."""
        return name.lower().startswith(f"{self.run}-")

    def before(self, request: Request) -> None:
        """Raise OutOfBounds unless the request may be sent; note what it names."""
        if not request.writes:
            return
        named = list(self._named(request))
        for each in named:
            if not self._allowed(each, request):
                raise OutOfBounds(
                    f"{request.method} {request.path} names the {each.kind} {each.name!r},"
                    f" which is not of this run ({self.run}); it was not sent"
                )
        for each in named:
            self.noted(each)

    def after(self, answer: Answer) -> None:
        """Learn the ids of tokens that the caller was issued by this run."""
        segments = self._segments(answer.request)
        if answer.ok and answer.request.method == "POST":
            match segments:
                case ["users", name, "tokens"] if isinstance(answer.json, dict):
                    token_id = str(answer.json.get("id", ""))
                    if name == self.caller:
                        self._own_tokens.add(token_id)
                    self.noted(Named("token", token_id, inside=name))

    def _allowed(self, named: Named, request: Request) -> bool:
        if named.kind == "token":
            return self.owns(named.inside) or (
                named.inside == self.caller and named.name in self._own_tokens
            )
        if named.kind == "token owner":
            return self.owns(named.name) or (
                named.name == self.caller and self._is_marked(request.json)
            )
        if named.kind in ("user", "group", "service"):
            return self.owns(named.name)
        return named.kind == "server" and self.owns(named.inside)

    def _is_marked(self, body: Any) -> bool:
        note = body.get("note") if isinstance(body, dict) else None
        return isinstance(note, str) and self.owns(note)

    def _segments(self, request: Request) -> list[str]:
        """Decoded segments below the API's root; [] for a path elsewhere."""
        path = request.path.rstrip("/")
        if not path.startswith(f"{self.api}/"):
            return []
        return [unquote(each) for each in path.removeprefix(f"{self.api}/").split("/")]

    def _named(self, request: Request) -> Iterator[Named]:
        segments = self._segments(request)
        body = request.json
        if {".", "..", ""} & set(segments):
            raise OutOfBounds(f"{request.path} has empty or dot segments; it was not sent")
        match segments:
            case ["users"]:
                yield from _listed("user", body, "usernames", request)
            case ["users", name, *rest]:
                yield from self._named_of_user(name, rest, body)
            case ["groups"]:
                yield from _listed("group", body, "groups", request)
                yield from _listed("user", body, "users", request)
            case ["groups", name, *rest]:
                yield Named("group", name)
                if rest != ["properties"]:  # properties are data, whatever their keys
                    yield from _listed("user", body, "users", request)
            case ["services", name]:
                yield Named("service", name)
            case ["shutdown"] if _is_refused_shutdown(body):
                return
            case ["proxy"] if request.method == "POST" or isinstance(body, list):
                return
            case _:
                yield from self._named_outside_api(request)

    def _named_of_user(self, name: str, rest: list[str], body: Any) -> Iterator[Named]:
        match rest:
            case ["tokens"]:
                yield Named("token owner", name)
            case ["tokens", token_id]:
                yield Named("token", token_id, inside=name)
            case ["server"]:
                yield Named("server", "", inside=name)
            case ["servers", server]:
                yield Named("server", server, inside=name)
            case [] | ["activity"]:
                yield Named("user", name)
                if not rest and isinstance(body, dict) and isinstance(body.get("name"), str):
                    yield Named("user", body["name"])
            case _:
                yield Named("path", "/".join(rest))

    def _named_outside_api(self, request: Request) -> Iterator[Named]:
        """Name the server behind `/user/:name/…`, which is the user's own."""
        below = unquote(request.path).removeprefix(self.prefix).split("/")
        if below[:1] == ["user"] and len(below) > 2:
            yield Named("server", "/".join(below[2:]), inside=below[1])
        else:
            yield Named("path", request.path)


def _listed(kind: str, body: Any, key: str, request: Request) -> Iterator[Named]:
    """Names in a list of the body, or in the keys of an object that stands in its place.

    A bare string is refused: a hub may take it letter by letter.
    """
    found = body.get(key) if isinstance(body, dict) else None
    if isinstance(found, str) or isinstance(body, str):
        raise OutOfBounds(f"{request.path}: {key!r} is a bare string; it was not sent")
    if isinstance(found, (list, dict)):
        for name in found:
            if isinstance(name, str):
                yield Named(kind, name)


def _is_refused_shutdown(body: Any) -> bool:
    """Whether even an authorised call is refused: `proxy` and `servers` must be booleans."""
    return isinstance(body, dict) and isinstance(body.get("proxy"), str)
