"""What requests are generated from: for each operation, values that mean something to a hub.

A schema of the contract says what a body looks like, not which users there are. So the generated
requests come from narrower schemas, here: names are placeholders (`$member`, `$new:a`) that stand
for objects of the sandbox until a case is sent, and `x-accept` beside a keyword says within which
narrower bounds a request must be carried out by any hub, whatever its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..operations import Names
from ..stage import Stage

#: Beside a schema: the narrower one that requests must keep to in order to have to be accepted.
ACCEPT = "x-accept"
#: Matches nothing.
NEVER: dict[str, Any] = {"not": {}}


@dataclass(frozen=True)
class Domain:
    """What to generate for one operation.

    `body` replaces the contract's schema of the body, `query` those of single parameters. `names`
    are the objects in the path where those of the recipe are shared; `spent` says whether a body
    that was accepted uses them up. After `most` accepted requests only invalid ones are sent.
    `idle` are fields without effect, whatever is in them; what stands in the list `creates` becomes
    an object of that name. `more` are bodies to send beside the generated ones.
    """

    body: Mapping[str, Any] | None = None
    query: Mapping[str, Mapping[str, Any]] | None = None
    names: Callable[[Stage], Names] | None = None
    spent: Callable[[Any], bool] | None = None
    most: int | None = None
    idle: frozenset[str] = frozenset()
    creates: str = ""
    more: tuple[Any, ...] = ()


def _object(*required: str, least: int = 0, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    made: dict[str, Any] = {"type": "object", "properties": properties}
    made |= {"additionalProperties": False}
    if required:
        made["required"] = list(required)
    return {**made, "minProperties": least} if least else made


def _list(of: Mapping[str, Any], *, least: int = 0, most: int = 3) -> dict[str, Any]:
    bounds: dict[str, Any] = {"maxItems": most, "uniqueItems": True}
    return {"type": "array", "items": of, **bounds, **({"minItems": least} if least else {})}


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


NEW = _one_of("$new:a", "$new:b1", "$new:x.y", "$new:q-r_s")
USERS = _list(_one_of("$member", "$outsider"))
WORDS = _list({"type": "string", "pattern": "^[a-z]{1,8}$"})
TEXT = {"type": "string", "maxLength": 60}
LABEL = {"type": "string", "pattern": "^[A-Z][A-Za-z0-9 ]{0,18}[a-z]$"}
SWITCH = {"type": "boolean"}
#: Any object, of keys that no spawner knows and values of all kinds.
DATA = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z]{1,6}$"},
    "additionalProperties": {
        "anyOf": [
            {"type": ["string", "boolean", "null"]},
            {"type": "integer", "minimum": -1000, "maximum": 1000},
            {"type": "array", "items": {"type": "boolean"}, "maxItems": 2},
            {"type": "object", "maxProperties": 0},
        ]
    },
    "maxProperties": 3,
}
#: Not in the future, and each written in another way that RFC 3339 allows.
MOMENT = _one_of(
    "2024-01-01T00:00:00Z",
    "2023-06-30T23:59:59.999999Z",
    "2023-02-28T12:00:00+02:00",
    "2024-02-29T00:00:00.5-11:30",
    "1999-12-31T23:59:59.000Z",
)
PAGE = {
    "offset": {"type": "integer", "minimum": 0, ACCEPT: {"maximum": 1_000_000}},
    "limit": {"type": "integer", "minimum": 1, ACCEPT: {"maximum": 1_000_000}},
}
SHARED_SCOPES = _or_null(_list(_one_of("access:servers", "read:servers")))
SERVER = _object(
    user_options=_or_null(DATA),
    display_name=LABEL,
)


def _share() -> dict[str, Any]:
    return {
        **_object(
            user=_or_null(_one_of("$guest")), group=_or_null(_one_of("$club")), scopes=SHARED_SCOPES
        ),
        "oneOf": [
            {"required": ["user"], "properties": {"user": {"type": "string"}, "group": NULL}},
            {"required": ["group"], "properties": {"group": {"type": "string"}, "user": NULL}},
        ],
    }


NULL = {"type": "null"}


def _fresh_user(stage: Stage) -> Names:
    return {"name": stage.fresh_user()}


def _fresh_server(stage: Stage) -> Names:
    return {"name": stage.user, "server_name": stage.fresh_server()}


def _has(key: str) -> Callable[[Any], bool]:
    return lambda body: bool(isinstance(body, dict) and body.get(key))


def _always(body: Any) -> bool:
    return True


_IDLE_IN_GROUPS = frozenset({"name", "roles"})
_MEMBERS = Domain(_object("users", users=USERS, name=NEW, roles=WORDS), idle=_IDLE_IN_GROUPS)

DOMAINS: Mapping[str, Domain] = {
    "get-users": Domain(query={**PAGE, "name_filter": TEXT}),
    "get-groups": Domain(query=PAGE),
    "get-proxy": Domain(query=PAGE),
    "get-shares-owner": Domain(query=PAGE),
    "get-shares-server": Domain(query=PAGE),
    "get-user-shared": Domain(query=PAGE),
    "get-group-shared": Domain(query=PAGE),
    "get-share-codes-owner": Domain(query=PAGE),
    "get-share-codes-server": Domain(query=PAGE),
    # --- users
    "post-users": Domain(
        _object("usernames", usernames=_list(NEW, least=1), admin=SWITCH), creates="usernames"
    ),
    "post-user": Domain(
        _object(admin=SWITCH, name=NEW, groups=_list(_one_of("$team", "$new:a")), roles=WORDS),
        idle=frozenset({"name", "groups", "roles", "auth_state"}),
    ),
    "patch-user": Domain(
        _object(name=NEW, admin=SWITCH, least=1), names=_fresh_user, spent=_has("name")
    ),
    "post-user-activity": Domain(_object("last_activity", last_activity=MOMENT)),
    # --- tokens
    "post-user-tokens": Domain(
        _object(
            note=_or_null(TEXT),
            expires_in=_or_null({"type": "integer", "minimum": 1, ACCEPT: {"maximum": 600}}),
            scopes=_or_null(_list(_one_of("self", "inherit", "tokens!user", "read:users!user"))),
            roles=NULL,
        ),
        more=({"expires_in": 10**12},),
    ),
    # --- servers: those that start one cost more than all others together
    "post-user-server": Domain(SERVER, most=5),
    "post-user-server-name": Domain(SERVER, most=5),
    "put-user-server-name": Domain(SERVER),
    "delete-user-server": Domain(_object(remove={"type": "boolean", ACCEPT: {"const": False}})),
    "delete-user-server-name": Domain(
        _object(remove=SWITCH), names=_fresh_server, spent=_has("remove")
    ),
    "patch-user-server": Domain(_object("user_options", user_options=DATA)),
    "patch-user-server-name": Domain(
        _object(
            name=_one_of("$server:a", "$server:b"),
            display_name=LABEL,
            user_options=DATA,
            least=1,
        ),
        names=_fresh_server,
        spent=_has("name"),
    ),
    # --- groups
    "post-groups": Domain(
        _object("groups", groups=_list(NEW, least=1), users=USERS), creates="groups"
    ),
    "post-group": Domain(_object(users=USERS, name=NEW, roles=WORDS), idle=_IDLE_IN_GROUPS),
    "post-group-users": _MEMBERS,
    "delete-group-users": _MEMBERS,
    "put-group-properties": Domain(DATA),
    # --- shares
    "post-shares-server": Domain(_share()),
    "patch-shares-server": Domain(_share()),
    "post-share-code": Domain(
        _object(
            scopes=SHARED_SCOPES,
            expires_in={"type": "integer", "minimum": 60, "maximum": 31536000},
        )
    ),
    "delete-share-code": Domain(
        query={"code": {"type": "string", ACCEPT: NEVER}, "id": {"type": "string", ACCEPT: NEVER}}
    ),
    # --- services: without what a hub would contact or run
    "post-service": Domain(
        _object(
            least=1,
            name=NEW,
            admin=SWITCH,
            info=DATA,
            display=SWITCH,
            command={"type": "array", "maxItems": 0},
        ),
        idle=frozenset({"name"}),
        # Few of them: hubs take long to hash one.
        more=({"api_token": "$secret:a"}, {"api_token": "short"}, {"api_token": ["$secret:b"]}),
    ),
    # --- what would change the whole hub: only bodies that are refused
    "patch-proxy": Domain({"type": "array", "maxItems": 0}),
    "post-shutdown": Domain(
        _object("proxy", proxy={"type": "string", "pattern": "^[a-z]{3,8}x$"}, servers=SWITCH)
    ),
}
NO_DOMAIN = Domain()


def domain_of(operation: str) -> Domain:
    """What to generate for an operation; the contract's own schemas where nothing is said."""
    return DOMAINS.get(operation, NO_DOMAIN)


def accepted(schema: Any) -> Any:
    """The schema of what must be accepted: with the narrower bounds put in."""
    if isinstance(schema, list):
        return [accepted(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: accepted(value) for key, value in schema.items() if key != ACCEPT}
    return {"allOf": [kept, schema[ACCEPT]]} if ACCEPT in schema else kept


def generated(schema: Any) -> Any:
    """The schema that requests are generated from: without the narrower bounds."""
    if isinstance(schema, list):
        return [generated(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: generated(value) for key, value in schema.items() if key != ACCEPT}
