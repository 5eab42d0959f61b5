"""Which requests may leave: the sandbox's hook before sending.

A writing request must name only objects of this run's sandbox, or tokens this run made. The guard
reads names from the path, the query and the body; what it cannot read, or others could read in
another way, it does not let out. It also notes what was named, so that the sandbox knows what there
may be to remove, whoever made the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from .client import Answer, Request
from .errors import OutOfBounds
from .reading import UNREADABLE, check_head, climbs, json_of, segments
from .secret import Secret

#: Keys under which a body or a query names one object or a list of them, in lower case.
ONE = {
    "user": "user",
    "username": "user",
    "group": "group",
    "service": "service",
    "oauth_client_id": "client",
}
MANY = {
    "usernames": "user",
    "users": "user",
    "members": "user",
    "groups": "group",
    "services": "service",
}
#: Keys whose values are data, whatever they look like.
DATA = frozenset({"properties", "auth_state", "user_options", "info"})
#: Words that a body which is no JSON may have beside names of this run.
_WORDS = frozenset({"name", "admin", "true", "false", "null", *ONE, *MANY})
_METHODS = frozenset({"_method", "method", "_http_method"})
_BOOLEANS = frozenset({"", "true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0"})


@dataclass(frozen=True)
class Named:
    """Something a writing request names. `inside` is the user of a server, share or token.

    `label` is the note of a token that was found on a hub.
    """

    kind: str
    name: str
    inside: str = ""
    label: str = field(default="", compare=False)


def owns(run: str, name: str) -> bool:
    """Whether a name belongs to a run. Hubs may lower-case names, so case is ignored.

    One that climbs out of its place in a path (`<run>-x/../alice`) is nobody's.
    """
    prefix = name[: len(run) + 1]
    return prefix.isascii() and prefix.lower() == f"{run}-" and not climbs(name)


class Guard:
    """Lets out reading requests, and writing ones that stay inside `run`, as upgrades must.

    `run` is the prefix of every name this run makes, `caller` the user whose token the run was
    given ("" for a service): it may be issued tokens, if their note starts with `run`.
    `destructive` lets out what changes the whole hub: where its proxy is, the services of its
    configuration, its end. `login` is the user who logs in with a password ("" for nobody): may be
    issued tokens as the caller may, may agree to an OAuth client, and take share codes of this run.
    """

    def __init__(
        self,
        run: str,
        api: str,
        prefix: str,
        caller: str,
        *,
        destructive: bool = False,
        login: str = "",
    ) -> None:
        self.run = run
        self.api = api
        self.prefix = prefix
        self.caller = caller
        self.destructive = destructive
        self.login = login
        #: Who may be issued tokens though they are not of this run.
        self.callers = {caller, login} - {""}
        #: Told of everything named; answers whether that is news.
        self.noted: Callable[[Named], bool] = lambda named: False
        #: What the hub refused to make: it should not be there.
        self.refused: set[Named] = set()
        self._news: list[Named] = []
        self._own_tokens: set[str] = set()
        self._own_codes: set[Secret] = set()

    def adopt(self, found: Iterable[Named]) -> None:
        """Count tokens found on the hub, by their note, as this run's own."""
        self._own_tokens |= {each.name for each in found if each.kind == "token"}

    def owns(self, name: str) -> bool:
        """Whether a name belongs to this run."""
        return owns(self.run, name)

    def before(self, request: Request) -> None:
        """Raise OutOfBounds unless the request may be sent; note what it names."""
        check_head(request)
        self._news = []  # of one whose answer was lost nobody learns more
        may_write = request.writes or self._spawns(request)
        if not may_write and not request.upgrades:
            return
        named = list(self._named(request))
        for each in named:
            if not self._allowed(each, request):
                raise OutOfBounds(
                    f"{request.method} {request.path} names the {each.kind} {each.name!r},"
                    f" which is not of this run ({self.run}); it was not sent"
                )
        if not may_write:  # a connection to a server makes nothing
            return
        named += [each for user in named if (each := _normal(user)) != user]
        self._news = [each for each in named if self.noted(each) or each in self.refused]
        self.refused.difference_update(named)  # until this one is answered

    def _spawns(self, request: Request) -> bool:
        """Whether this is the page that starts a server when it is only looked at."""
        path = request.path
        inside = path.startswith(f"{self.api}/") and not climbs(path)
        return not inside and "/spawn" in unquote(path)

    def after(self, answer: Answer) -> None:
        """Learn what was refused, and the ids of tokens that the caller was issued by this run."""
        request = answer.request
        if 400 <= answer.status < 500:
            self.refused.update(self._news)
        self._news = []
        if not answer.ok or request.method.upper() != "POST":
            return
        match self._below_api(request):
            case ["users", name, "tokens"]:
                if token_id := _id_in(answer):
                    if name in self.callers:
                        self._own_tokens.add(token_id)
                    self.noted(Named("token", token_id, inside=name))
            case ["share-codes", _, *_]:
                if (code := _object_in(answer).get("code")) and isinstance(code, Secret):
                    self._own_codes.add(code)

    def _allowed(self, named: Named, request: Request) -> bool:
        if named.kind == "token":
            return self.owns(named.inside) or (
                named.inside in self.callers and named.name in self._own_tokens
            )
        if named.kind == "token owner":
            return self.owns(named.name) or (
                named.name in self.callers and self._is_marked(json_of(request))
            )
        if named.kind == "client":  # a service's OAuth client is called after it
            return self.owns(named.name.removeprefix("service-"))
        if named.kind in ("user", "group", "service"):
            return self.owns(named.name)
        return named.kind in ("server", "share") and self.owns(named.inside)

    def _is_marked(self, body: Any) -> bool:
        note = body.get("note") if isinstance(body, dict) else None
        return isinstance(note, str) and self.owns(note)

    def _below_api(self, request: Request) -> list[str]:
        """Decoded segments below the API's root; [] for a path elsewhere."""
        root = segments(self.api)
        found = segments(request.path)
        return found[len(root) :] if found[: len(root)] == root else []

    def _named(self, request: Request) -> Iterator[Named]:
        body = json_of(request)
        yield from _in_query(request)
        match self._below_api(request):
            case ["users" | "groups" | "services" as plural]:
                yield from self._named_of_all(plural.removesuffix("s"), body, request)
            case ["users", name, *rest]:
                yield from self._named_of_user(name, rest, body, request)
            case ["groups", name, "properties"]:  # the body is data
                yield Named("group", name)
            case ["groups", name, "shared", owner, server]:
                yield Named("group", name)
                yield Named("share", server, inside=owner)
            case ["services", name] if not self.owns(name) and self._may_try(body, request):
                return
            case ["groups" | "services" as plural, name, *_]:
                kind = plural.removesuffix("s")
                yield Named(kind, name)
                yield from self._in_body(kind, body, request)
            case ["shares" | "share-codes", owner, *server]:
                yield Named("share", "/".join(server), inside=owner)
                yield from self._in_body("share", body, request)
            case ["shutdown"] if request.method == "POST" and _is_refused_shutdown(body):
                return
            case ["proxy"] if request.method == "POST":  # checks the routes, changes none
                return
            case ["proxy"] if request.method == "PATCH" and body == []:  # refused by any hub
                return
            case ["proxy" | "shutdown"] if self.destructive and isinstance(body, dict):
                return
            case ["oauth2", "authorize" | "token"] if self.login and request.method == "POST":
                return  # by the session of whoever has logged in, which `login` alone can
            case ["oauth2", "token"] if request.method == "POST":
                yield from self._named_client(request)
            case _:
                yield from self._named_outside_api(request)

    def _may_try(self, body: Any, request: Request) -> bool:
        """Whether a request about a service from the configuration may be sent.

        A list makes no service of any kind, so that this is refused by any hub.
        """
        if request.method == "DELETE":
            return self.destructive
        return request.method == "POST" and body == []

    def _named_of_all(self, kind: str, body: Any, request: Request) -> Iterator[Named]:
        """Names in a request to a whole list. Only adding to it may name nothing.

        A hub could take a PUT for all that there is to be, a DELETE for all that is to go.
        """
        named = list(self._in_body(kind, body, request))
        if request.method == "PUT" or (request.method != "POST" and not named):
            named.append(Named("path", request.path))
        yield from named

    def _named_of_user(
        self, name: str, rest: list[str], body: Any, request: Request
    ) -> Iterator[Named]:
        match rest:
            case ["tokens"]:
                yield Named("token owner", name)
            case ["tokens", token_id]:
                yield Named("token", token_id, inside=name)
            case ["server"] | ["servers"]:  # the second is the empty name, the slash cut off
                yield Named("server", "", inside=name)
            case ["servers", server]:
                yield Named("server", server, inside=name)
            case ["shared", owner, *server]:  # without one the empty name, the slash cut off
                yield Named("user", name)
                yield Named("share", "/".join(server), inside=owner)
            case ["activity"]:
                yield Named("user", name)
            case []:
                yield Named("user", name)
                yield from self._in_body("user", body, request)
            case _:
                yield Named("path", "/".join(rest))

    def _named_outside_api(self, request: Request) -> Iterator[Named]:
        """Name the server behind `/user/:name/…`, which is the user's own."""
        root = segments(self.prefix) if self.prefix != "/" else []
        found = segments(request.path)
        match found[len(root) :] if found[: len(root)] == root else []:
            case ["user", name, *rest] if rest or request.path.endswith("/"):
                yield Named("server", "/".join(rest), inside=name)
            case ["hub", "spawn" | "spawn-pending", name, *rest]:
                yield Named("server", "/".join(rest), inside=name)
            case ["hub", "login" | "accept-share" as page] if self.login:
                yield from self._named_in_form(page, request)
            case _:
                yield Named("path", request.path)

    def _named_in_form(self, page: str, request: Request) -> Iterator[Named]:
        """Name who logs in, if not `login`; a share code must be one of this run's."""
        form = _form_in(request)
        in_query = parse_qsl(request.query, keep_blank_values=True)
        if request.method != "POST" or {key for key, _ in in_query} - {"next"}:
            yield Named("path", request.path)
        for key, value in form:
            if key == "username" and page == "login" and value != self.login:
                yield Named("user", value)
            if key == "code" and page == "accept-share" and Secret(value) not in self._own_codes:
                yield Named("share code", page)

    def _named_client(self, request: Request) -> Iterator[Named]:
        """Name the OAuth client that a form is from; a code of its can only be one of this run."""
        clients = [value for key, value in _form_in(request) if key == "client_id"]
        yield from (Named("client", each) for each in clients)
        if len(clients) != 1 or request.query:
            yield Named("path", request.path)

    def _in_body(self, kind: str, body: Any, request: Request) -> Iterator[Named]:
        """Names in the body of a request that makes or changes objects of one kind.

        Raises OutOfBounds for what some hub may read as the name of a stranger.
        """
        if body is UNREADABLE:
            self._check_words(request)
        if isinstance(body, (list, str)):
            yield from _leaves(kind, body, request)
        stack = [body]
        while stack:
            found = stack.pop()
            if isinstance(found, list):
                stack += found
            elif isinstance(found, dict):
                for key, value in found.items():
                    key = key.casefold()  # some hubs are not particular about the case of keys
                    if key in ONE or key == "name":
                        yield from _one(ONE.get(key, kind), value, request)
                    elif key in MANY:
                        yield from _leaves(MANY[key], value, request)
                    elif key not in DATA:
                        stack.append(value)

    def _check_words(self, request: Request) -> None:
        """Let out a body that is no JSON only if there is no word in it that could be a name.

        Each must be a key, a literal, or a plain name of this run.
        """
        text = (request.body or b"").decode("utf-8", "replace")
        for word in re.findall(r"[^\s\[\]{}:,\"'=&]+", text):
            is_ours = re.fullmatch(r"[A-Za-z0-9.-]+", word) and self.owns(word)
            if not is_ours and word.casefold() not in _WORDS:
                raise OutOfBounds(
                    f"{request.method} {request.path} has a body that is not plainly JSON, with"
                    f" {word[:40]!r} in it; it was not sent"
                )


def _form_in(request: Request) -> list[tuple[str, str]]:
    return parse_qsl((request.body or b"").decode("utf-8", "replace"), keep_blank_values=True)


def _in_query(request: Request) -> Iterator[Named]:
    """Names in the query: some servers let it stand in for the body, or for the method."""
    for key, value in parse_qsl(request.query.replace(";", "&"), keep_blank_values=True):
        key = key.casefold().partition("[")[0]
        if key in _METHODS:
            raise OutOfBounds(f"{request.target} names a method in its query; it was not sent")
        if kind := (ONE | MANY | {"name": "user"}).get(key):
            yield Named(kind, value)


def _one(kind: str, found: Any, request: Request) -> Iterator[Named]:
    """The one name that stands there; what is no text, some hub may make text of."""
    if isinstance(found, str):
        yield Named(kind, found)
    elif found is not None:
        raise OutOfBounds(f"{request.path}: {found!r} in place of a name; it was not sent")


def _leaves(kind: str, found: Any, request: Request) -> Iterator[Named]:
    """Every name in a list of them, or in an object that stands in its place, however deep.

    A bare string is refused: a hub may take it letter by letter. So is a number among names: a
    hub may take it as text. Real hubs make a group of a null, which no request can name again.
    """
    if isinstance(found, str):
        raise OutOfBounds(f"{request.path}: a bare string for a list of names; it was not sent")
    stack = list(_parts(found))
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            yield Named(kind, each)
        elif isinstance(each, (list, dict)):
            stack += _parts(each)
        elif each is not None or kind == "group":
            raise OutOfBounds(f"{request.path}: {each!r} among names; it was not sent")


def _parts(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [*found, *found.values()]
    return found if isinstance(found, list) else []


def _id_in(answer: Answer) -> str:
    return str(_object_in(answer).get("id") or "")


def _object_in(answer: Answer) -> dict[str, Any]:
    try:
        model = answer.json
    except AssertionError:  # for the rule to find
        return {}
    return model if isinstance(model, dict) else {}


def _normal(named: Named) -> Named:
    """What most hubs make of a user's name; paths do not find it by any other spelling."""
    return replace(named, name=named.name.lower()) if named.kind == "user" else named


def _is_refused_shutdown(body: Any) -> bool:
    """Whether even an authorised call is refused: `proxy` must be a boolean.

    A string that spells one is not sent: a lenient hub would take it, and end.
    """
    if not isinstance(body, dict) or not body.keys() <= {"proxy", "servers"}:
        return False
    proxy = body.get("proxy")
    return isinstance(proxy, str) and proxy.strip().casefold() not in _BOOLEANS
