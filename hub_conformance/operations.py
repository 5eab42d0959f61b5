"""For each operation of the contract, how to make one valid call inside the sandbox.

`RECIPES` is the table; a new operation is one more line in it. A recipe names the objects in the
path and the body; a `Stage` has those objects, made when they are first asked for. The scope
matrix, the rules about authentication and the fuzzer are all made out of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .client import Answer
from .contract import Operation
from .contract.scopes import Resource
from .errors import SetupFailed
from .hub import Hub
from .stage import Stage

Names = dict[str, str]
#: No body at all, which is another thing than `null`.
NO_BODY = object()
#: Longer ago than any activity on record, so that it changes nothing for a user who was active.
LONG_AGO = "2024-01-01T00:00:00Z"


@dataclass(frozen=True)
class Call:
    """One valid call of an operation. `names` are the values of the path's parameters.

    `expected` are the statuses that an authorised caller may get. `resource` is the object that a
    filter of a scope has to cover, None where the path names none.
    """

    operation: Operation
    names: Mapping[str, str]
    expected: frozenset[int]
    resource: Resource | None
    body: Any = field(default=NO_BODY, repr=False)

    @property
    def path(self) -> str:
        """The path below the API's root."""
        return self.operation.url(**self.names)

    def send(self, hub: Hub, method: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Make the call through a hub's credential; `method` replaces the operation's own."""
        body = {} if self.body is NO_BODY else {"json": self.body}
        verb = method or self.operation.method
        return hub.request(verb, self.path, headers=headers, **body)

    def naming(self, groups: Mapping[str, frozenset[str]], **names: str) -> Call:
        """The same call with other names in the path; `groups` are those that users are in."""
        changed = {**self.names, **names}
        return replace(self, names=changed, resource=resource_of(self.operation, changed, groups))


@dataclass(frozen=True)
class Recipe:
    """How to make a valid call of one operation.

    `names` gives the path's parameters and `body` the body (None for no body). A call that
    `consumes` its object succeeds once: ask for another one after a success. With `spawns` it
    starts a server, or needs one that runs. `expected` replaces the contract's success statuses
    where even an authorised call is refused. `probe` names objects for which an authorised caller
    gets `probed` and nothing happens: cheaper than a call where only the right to it matters.
    """

    id: str
    names: Callable[[Stage], Names] = lambda stage: {}
    body: Callable[[Stage], Any] | None = None
    consumes: bool = False
    spawns: bool = False
    expected: frozenset[int] | None = None
    probe: Callable[[Stage], Names] | None = None
    probed: frozenset[int] = frozenset()

    def call(self, stage: Stage) -> Call:
        """Return a valid call, on objects of its own when it consumes them.

        Raises KeyError where the stage's version has no such operation, SetupFailed when the
        objects cannot be made.
        """
        operation = stage.operations[self.id]
        expected = self.expected or operation.successes
        return self._call(stage, operation, self.names(stage), expected)

    def harmless(self, stage: Stage) -> Call:
        """Return a call that tells whether it is allowed: the probe where there is one."""
        if self.probe is None:
            return self.call(stage)
        return self._call(stage, stage.operations[self.id], self.probe(stage), self.probed)

    def _call(
        self, stage: Stage, operation: Operation, names: Names, expected: frozenset[int]
    ) -> Call:
        if self.spawns and not stage.spawns:
            raise SetupFailed("--hub-no-spawn: no server may be started")
        body = NO_BODY if self.body is None else self.body(stage)
        resource = resource_of(operation, names, stage.groups)
        return Call(operation, names, expected, resource, body)


def resource_of(
    operation: Operation, names: Mapping[str, str], groups: Mapping[str, frozenset[str]]
) -> Resource | None:
    """The object that the scopes of a call must cover; None where its path names none."""
    kinds = {each.kind: names[each.name] for each in operation.path_parameters}
    user = kinds.get("user", "")
    theirs = groups.get(user, frozenset())
    # /server is the default server, without a name
    if user and ("server" in kinds or "/server" in operation.path):
        return Resource("server", kinds.get("server", ""), owner=user, groups=theirs)
    if user:
        return Resource("user", user, groups=theirs)
    return next((Resource(kind, name) for kind, name in kinds.items()), None)


def _name(attribute: str) -> Callable[[Stage], Names]:
    """The path's `name` is this object of the stage."""
    return lambda stage: {"name": getattr(stage, attribute)}


def _new(make: str) -> Callable[[Stage], Names]:
    """The path's `name` is a fresh object, or a name not yet taken, from this method."""
    return lambda stage: {"name": getattr(stage, make)()}


def _server(user: str, server: str) -> Callable[[Stage], Names]:
    return lambda stage: {
        "name": getattr(stage, user),
        "server_name": getattr(stage, server),
    }


def _new_server(stage: Stage) -> Names:
    return {"name": stage.user, "server_name": stage.next_server()}


def _token(stage: Stage) -> Names:
    return {"name": stage.user, "token_id": stage.token_id}


def _fresh_token(stage: Stage) -> Names:
    return {"name": stage.user, "token_id": stage.fresh_token()}


def _shared_by(owner: str) -> Callable[[Stage], Names]:
    """The path names the owner of shared servers."""
    return lambda stage: {"owner": getattr(stage, owner)}


def _share_of(owner: str) -> Callable[[Stage], Names]:
    """The path names a default server that is shared: every user has one, running or not."""
    return lambda stage: {"owner": getattr(stage, owner), "server_name": ""}


def _shared_with(whom: str) -> Callable[[Stage], Names]:
    """The path names a share that the stage's `guest` or `club` has."""
    return lambda stage: {"name": getattr(stage, whom), "owner": stage.host, "server_name": ""}


def _fresh_share(whom: str, kind: str) -> Callable[[Stage], Names]:
    """The same for a share that nobody has used yet."""
    return lambda stage: {
        "name": getattr(stage, whom),
        "owner": stage.fresh_host(kind),
        "server_name": "",
    }


def _recipient(stage: Stage) -> Any:
    """The body that names whom to share with: someone whose name the caller may read.

    Raises SetupFailed where that is nobody of this run.
    """
    if not stage.sandbox.guard.owns(stage.grantor.name):
        raise SetupFailed(
            "without the hub's admin flag no admin can be made, whom limited tokens belong to and"
            " servers are shared with"
        )
    return {"user": stage.grantor.name}


def _running(server: str) -> dict[str, Any]:
    """A probe of starting: whoever may start is told that the server runs, 400."""
    names = _server("runner", "running") if server else _name("runner")
    return {"probe": names, "probed": frozenset({400})}


def _options(stage: Stage) -> Any:
    """Options that servers of this hub need to start; a body of options alone works everywhere."""
    return stage.user_options


_REFUSED = frozenset({400})

RECIPES: Mapping[str, Recipe] = {
    each.id: each
    for each in (
        Recipe("get-info"),
        Recipe("get-current-user"),
        # --- users
        Recipe("get-users"),
        Recipe("post-users", body=lambda stage: {"usernames": [stage.new_user()]}, consumes=True),
        Recipe("get-user", _name("user")),
        Recipe("post-user", _new("new_user"), consumes=True),
        Recipe("delete-user", _new("fresh_user"), consumes=True),
        Recipe("patch-user", _name("user"), lambda stage: {"admin": False}),
        Recipe("post-user-activity", _name("user"), lambda stage: {"last_activity": LONG_AGO}),
        # --- tokens
        Recipe("get-user-tokens", _name("user")),
        Recipe("post-user-tokens", _name("user"), lambda stage: {"note": stage.note()}),
        Recipe("get-user-token", _token),
        Recipe("delete-user-token", _fresh_token, consumes=True),
        # --- servers
        Recipe("get-user-server", _name("user")),
        Recipe("put-user-server", _name("user"), expected=frozenset({409})),
        Recipe(
            "post-user-server",
            _new("fresh_user"),
            _options,
            consumes=True,
            spawns=True,
            **_running(""),
        ),
        Recipe("delete-user-server", _name("user")),  # it does not run, which is a success
        Recipe("patch-user-server", _name("user"), lambda stage: {"user_options": {}}),
        Recipe("get-user-server-progress", _name("runner"), spawns=True),
        Recipe("get-user-server-name", _server("user", "server")),
        Recipe("put-user-server-name", _new_server, consumes=True),
        Recipe(
            "post-user-server-name",
            _new_server,
            _options,
            consumes=True,
            spawns=True,
            **_running("named"),
        ),
        Recipe("delete-user-server-name", _server("user", "server")),  # stopped, and kept
        Recipe(
            "patch-user-server-name",
            _server("user", "server"),
            lambda stage: {"user_options": {}},
        ),
        Recipe("get-user-server-name-progress", _server("runner", "running"), spawns=True),
        # --- groups
        Recipe("get-groups"),
        Recipe("post-groups", body=lambda stage: {"groups": [stage.new_group()]}, consumes=True),
        Recipe("get-group", _name("group")),
        Recipe("post-group", _new("new_group"), consumes=True),
        Recipe("delete-group", _new("fresh_group"), consumes=True),
        Recipe("post-group-users", _name("crowd"), lambda stage: {"users": [stage.outsider]}),
        Recipe("delete-group-users", _name("crowd"), lambda stage: {"users": [stage.outsider]}),
        Recipe("put-group-properties", _name("crowd"), lambda stage: {"colour": "blue"}),
        # --- shares and share codes
        Recipe("get-shares-owner", _shared_by("host")),
        Recipe("get-shares-server", _share_of("host")),
        Recipe("post-shares-server", _share_of("sharer"), _recipient),
        Recipe("patch-shares-server", _share_of("sharer"), _recipient),
        Recipe("delete-shares-server", _share_of("sharer")),
        Recipe("get-user-shared", _name("guest")),
        Recipe("get-user-shared-server", _shared_with("guest")),
        Recipe("delete-user-shared-server", _fresh_share("guest", "user"), consumes=True),
        Recipe("get-group-shared", _name("club")),
        Recipe("get-group-shared-server", _shared_with("club")),
        Recipe("delete-group-shared-server", _fresh_share("club", "group"), consumes=True),
        Recipe("get-share-codes-owner", _shared_by("host")),
        Recipe("get-share-codes-server", _share_of("host")),
        Recipe("post-share-code", _share_of("sharer"), lambda stage: {}),
        Recipe("delete-share-code", _share_of("sharer")),
        # --- services
        Recipe("get-services"),
        Recipe("get-service", _name("service")),
        Recipe("post-service", _new("new_service"), lambda stage: {"info": {}}, consumes=True),
        Recipe("delete-service", _new("fresh_service"), consumes=True),
        # --- the proxy and the hub: what would change another's hub is called so that it cannot
        Recipe("get-proxy"),
        Recipe("post-proxy"),
        Recipe("patch-proxy", body=lambda stage: [], expected=_REFUSED),
        Recipe("post-shutdown", body=lambda stage: {"proxy": "x"}, expected=_REFUSED),
    )
}

_ONE_SERVER = "answers 405 to whoever may ask: what it would change belongs to one server"

#: Operations without a recipe, and why.
NOT_CALLED: Mapping[str, str] = {
    "get-api": "takes no credentials and no names",
    "get-health": "takes no credentials and no names",
    "head-health": "takes no credentials and no names",
    "get-metrics": "answers everybody where the configuration says so",
    "post-shares-owner": _ONE_SERVER,
    "patch-shares-owner": _ONE_SERVER,
    "delete-shares-owner": _ONE_SERVER,
    "post-share-codes-owner": _ONE_SERVER,
    "delete-share-codes-owner": _ONE_SERVER,
    "post-auth-token": "answers 404 to everybody",
    "get-auth-token": "has a secret in its path, which is printed where something fails",
    "get-auth-cookie": "needs the cookie of a login in a browser, in its path",
    "get-auth-cookie-body": "needs the cookie of a login in a browser, in the body of a GET",
    "get-oauth-authorize": "needs the cookie of a login in a browser",
    "post-oauth-authorize": "needs the cookie of a login in a browser",
    "post-oauth-token": "needs a code that a login in a browser brought",
    "post-user-admin-access": "answers 403 to everybody, unless the hub has a trait of before 2.0",
}
