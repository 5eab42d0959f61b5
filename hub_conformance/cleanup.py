"""What a killed run left on a hub: find it by its prefix, and remove it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .client import Client, origin_of
from .errors import SetupFailed
from .guard import Guard, Named
from .hub import Hub, quoted
from .sandbox import Sandbox
from .secret import Scrubber, Secret
from .target import Target, discover


def connect(url: str, token: Secret, prefix: str, ca_bundle: str | None) -> tuple[Hub, Guard]:
    """Return the hub and a guard that lets out what names only objects with this prefix.

    Raises UsageError when there is no hub or the token is refused.
    """
    scrubber = Scrubber()
    client = Client(origin_of(url), scrubber, ca_bundle=ca_bundle)
    target = discover(client, url, scrubber.learn(token))
    guard = Guard(prefix, target.api, target.prefix, caller_of(target))
    client.before.append(guard.before)
    return Hub(client, target, token), guard


def caller_of(target: Target) -> str:
    """Return the user whose token this is; "" for a service, which cannot be issued tokens."""
    return target.owner.name if target.owner.kind == "user" else ""


def leftovers(hub: Hub, guard: Guard) -> list[Named]:
    """Find users, their servers, groups, services and the caller's tokens that bear the prefix.

    What the token may not list is passed over: it could not have been made with it either.
    """
    return [*_users(hub, guard), *_groups(hub, guard), *_services(hub, guard), *_tokens(hub, guard)]


def remove(hub: Hub, guard: Guard, found: list[Named]) -> list[str]:
    """Remove what was found; return what is left, in words."""
    guard.adopt(found)
    sandbox = Sandbox(hub, guard)
    for named in found:
        guard.noted(named)
    return sandbox.close()


def _pages(hub: Hub, path: str, **params: Any) -> Iterator[Any]:
    if hub.get(path, params={"limit": 1}).status != 200:
        return
    for page in hub.walk(path, **params):
        yield from page.items


def _users(hub: Hub, guard: Guard) -> Iterator[Named]:
    # Hubs before `name_filter` ignore it, so the names are looked at here too.
    found = _pages(hub, "/users", name_filter=guard.run, include_stopped_servers="1")
    for user in found:
        if guard.owns(user["name"]):
            yield Named("user", user["name"])
            for server in user.get("servers") or {}:
                yield Named("server", server, inside=user["name"])


def _groups(hub: Hub, guard: Guard) -> Iterator[Named]:
    for group in _pages(hub, "/groups"):
        if guard.owns(group["name"]):
            yield Named("group", group["name"])


def _services(hub: Hub, guard: Guard) -> Iterator[Named]:
    answer = hub.get("/services")
    for name in answer.json if answer.status == 200 else ():
        if guard.owns(name):
            yield Named("service", name)


def _tokens(hub: Hub, guard: Guard) -> Iterator[Named]:
    if not guard.caller:
        return
    answer = hub.get(f"/users/{quoted(guard.caller)}/tokens")
    if answer.status != 200:
        raise SetupFailed(f"the caller's tokens cannot be listed: {answer!r}")
    for token in answer.json["api_tokens"]:
        if guard.owns(str(token.get("note", ""))):
            yield Named("token", str(token["id"]), inside=guard.caller)
