"""Faults in what is whose: names by their letters, addresses, clients of OAuth and pages."""

from __future__ import annotations

from typing import Any

from ...core import errors, models, oauth
from ...core.hub import Hub
from ...core.operations import groups, servers, spawn_page
from ...core.pages import Visit
from ..changes import doing
from ..fault import make


def _remembered(original: Any, hub: Hub, client_id: str) -> Any:
    known = hub.__dict__.setdefault("_clients_seen", {})
    if found := original(hub, client_id):
        known[client_id] = found
    return known.get(client_id)


def _in_any_case(original: Any, hub: Hub, name: str) -> Any:
    alike = (each for each in hub.groups.values() if each.name.lower() == name.lower())
    try:
        return original(hub, name)
    except errors.HubError:
        if found := next(alike, None):
            return found
        raise


def _everybody(original: Any, visit: Visit, user_name: str, server_name: str) -> str:
    return user_name


def _one_field(original: Any, server: Any, body: dict[str, Any]) -> None:
    original(server, dict(list(body.items())[:1]))


def _empty_too(original: Any, hub: Hub, user: Any) -> None:
    left = list(user.groups.values())
    original(hub, user)
    for group in left:
        if not group.users:
            hub.remove_group(group)


FAULTS = [
    make(
        "servers/one-field-of-a-change-counts",
        "subtle",
        "patch-user-server-name",
        "Of several fields of a change the first is carried out.",
        (servers, "apply_patch", doing(_one_field)),
    ),
    make(
        "groups/end-with-their-last-member",
        "subtle",
        "delete-user",
        "A group whose last member is deleted is deleted, too.",
        (Hub, "remove_user", doing(_empty_too)),
    ),
    make(
        "services/client-outlives",
        "subtle",
        "delete-service get-oauth-authorize post-oauth-token",
        "A service that was removed is an OAuth client all the same.",
        (oauth, "find_client", doing(_remembered)),
    ),
    make(
        "groups/found-in-any-case",
        "subtle",
        "get-group delete-group",
        "A group is found by its name in upper case, too.",
        (groups, "find", doing(_in_any_case)),
    ),
    make(
        "users/names-not-encoded-in-addresses",
        "subtle",
        "get-user get-user-server-name",
        "Addresses of servers have the names of their owners as they are.",
        (models, "escape", doing(lambda _, name: name)),
    ),
    make(
        "sessions/spawn-pages-for-everybody",
        "subtle",
        "post-user-server",
        "Whoever is logged in has the page that starts another's server.",
        (spawn_page, "checked_owner", doing(_everybody)),
    ),
]
