"""Faults of rights that show now and then: beside another filter, by one scheme, in one order."""

from __future__ import annotations

import fnmatch
from typing import Any

from ...core import access, errors, scopes, tokens
from ...core.call import Call
from ...core.entities import Service, User
from ...core.hub import Hub
from ..changes import doing, on, unchecked
from ..fault import make


def _pattern(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if original(filters, kind, name, groups_of):
        return True
    return any("*" in each and fnmatch.fnmatchcase(name, each) for each in filters.get(kind, ()))


def _two_groups(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if original(filters, kind, name, groups_of):
        return True
    return kind == "user" and len(filters.get("group", ())) > 1 and bool(groups_of(name))


def _group_of_a_member(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if original(filters, kind, name, groups_of):
        return True
    return kind == "group" and any(name in groups_of(each) for each in filters.get("user", ()))


def _beyond_two(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    forgotten = filters is not None and name in sorted(filters.get(kind, ()))[2:]
    return not forgotten and bool(original(filters, kind, name, groups_of))


def _bearer(original: Any, hub: Hub, header: str) -> Any:
    requester = original(hub, header)
    if requester and header.lower().startswith("bearer"):
        requester.scopes = tokens.owner_scopes(hub, requester.owner)
        requester.grants = scopes.parse(requester.scopes)
    return requester


def _last(original: Any, home: Hub, owner: Any, raw: Any) -> None:
    original(home, owner, list(raw)[-1:])


def _inherit(original: Any, home: Hub, owner: Any, raw: Any) -> None:
    if "inherit" not in raw:
        original(home, owner, raw)


def _servers(original: Any, home: Hub, token: Any) -> frozenset[str]:
    found: frozenset[str] = original(home, token)
    return found | {each for each in token.scopes if "!server=" in each}


def _of_ones_groups(original: Any, requester: Any, scope: str, kind: str, name: str) -> bool:
    if original(requester, scope, kind, name):
        return True
    return kind == "group" and isinstance(requester.owner, User) and name in requester.owner.groups


def _for_services(original: Any, call: Call) -> Any:
    is_service = call.requester is not None and isinstance(call.requester.owner, Service)
    return unchecked(original, call) if is_service else original(call)


def _for_the_first(original: Any, call: Call) -> Any:
    requester = call.require("proxy")
    if requester.owner is not next(iter(call.hub.users.values())):
        raise errors.lacks_scope(["proxy"])
    return original(call)


FAULTS = [
    make(
        "scopes/filter-is-a-pattern",
        "subtle",
        "get-user patch-user get-group",
        "!user=* admits everybody.",
        (scopes, "covers", doing(_pattern)),
    ),
    make(
        "scopes/two-groups-cover-every-member",
        "subtle",
        "get-user patch-user",
        "Filters for two groups admit who is in any group.",
        (scopes, "covers", doing(_two_groups)),
    ),
    make(
        "scopes/filter-for-a-member-opens-the-group",
        "subtle",
        "get-group delete-group",
        "!user= admits to the groups of that user.",
        (scopes, "covers", doing(_group_of_a_member)),
    ),
    make(
        "scopes/filters-beyond-the-second-are-forgotten",
        "subtle",
        "get-user get-group",
        "Of many filters of one scope the first two count.",
        (scopes, "covers", doing(_beyond_two)),
    ),
    make(
        "tokens/other-scheme-inherits",
        "subtle",
        "get-current-user get-users",
        "By the scheme Bearer a limited token has all its owner's rights.",
        (access, "identify", doing(_bearer)),
    ),
    make(
        "tokens/only-the-last-scope-is-checked",
        "subtle",
        "post-user-tokens",
        "Of several scopes asked for, the owner has to hold the last.",
        (tokens, "check_issuable", doing(_last)),
    ),
    make(
        "tokens/nothing-is-checked-beside-inherit",
        "subtle",
        "post-user-tokens",
        "A request with inherit in it is granted, whatever else it asks for.",
        (tokens, "check_issuable", doing(_inherit)),
    ),
    make(
        "tokens/demotion-leaves-filters-for-servers",
        "subtle",
        "get-current-user get-user-server",
        "Scopes for single servers stay with a token whose owner lost them.",
        (tokens, "scopes_of", doing(_servers)),
    ),
    make(
        "scopes/members-read-their-group",
        "medium",
        "get-group",
        "Whoever is in a group may read it.",
        (access.Requester, "may", doing(_of_ones_groups)),
    ),
    make(
        "scopes/services-read-what-the-hub-is",
        "medium",
        "get-info",
        "Any service learns what the hub is made of, whatever its roles.",
        (*on("get-info"), doing(_for_services)),
    ),
    make(
        "scopes/routes-for-the-first-admin",
        "medium",
        "post-proxy",
        "Of all admins only the first may have the routes checked.",
        (*on("post-proxy"), doing(_for_the_first)),
    ),
]
