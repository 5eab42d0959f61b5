"""What a killed run left on a hub: find it by its prefix, and remove it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .client import Client
from .errors import HubError, SetupFailed
from .guard import Guard, Named
from .hub import Hub, quoted
from .patience import CLEANING_SECONDS, CLEANING_SILENCE_SECONDS, Patience
from .sandbox import PREFIX, Sandbox
from .secret import Scrubber, Secret
from .target import Target, discover
from .urls import origin_of

if TYPE_CHECKING:
    from .session import Run

#: A run that started less than this ago may still be going on.
ALIVE = timedelta(hours=1)


def command(base: str, prefix: str, run: str) -> str:
    """Return the command that removes what one run left on the hub at `base`."""
    option = "" if prefix == PREFIX else f" --hub-prefix={prefix}"
    where = f"--hub-url={shlex.quote(base)}{option}"
    return f"python -m hub_conformance cleanup {where} --run-id={run}"


def connect(
    url: str,
    token: Secret,
    prefix: str,
    ca_bundle: str | None,
    login: str = "",
    *,
    trust_env: bool = False,
) -> tuple[Hub, Guard]:
    """Return the hub and a guard that lets out what names only objects with this prefix.

    `login` is the user who logged in for the run, whose tokens are looked through too.

    Raises UsageError when there is no hub or the token is refused.
    """
    scrubber = Scrubber()
    client = Client(origin_of(url), scrubber, ca_bundle=ca_bundle, trust_env=trust_env)
    target = discover(client, url, scrubber.learn(token))
    guard = Guard(prefix, target.api, target.prefix, caller_of(target), login=login)
    client.before.append(guard.before)
    return Hub(client, target, token), guard


def caller_of(target: Target) -> str:
    """Return the user whose token this is; "" for a service, which cannot be issued tokens."""
    return target.owner.name if target.owner.kind == "user" else ""


def leftovers(hub: Hub, guard: Guard) -> list[Named]:
    """Find users, their servers, groups, services and the caller's tokens that bear the prefix.

    What the token may not list is passed over: it could not have been made with it either. Raises
    SetupFailed where the hub's lists have a form of their own.
    """
    readers = (_users, _groups, _services, _tokens)
    try:
        return [named for read in readers for named in read(hub, guard)]
    except (LookupError, TypeError, AttributeError):
        said = "what the hub lists has not the form that the contract gives it; nothing was removed"
    raise SetupFailed(said)


def of_living_runs(found: Iterable[Named], prefix: str, now: datetime) -> dict[Named, str]:
    """Return what belongs to runs that may still be going on, each with the run's id.

    By the time in the id, and that of the token by its note; what bears no time belongs to none.
    """
    pattern = re.compile(
        rf"{re.escape(prefix)}-(\d{{8}}t\d{{6}}z)-[0-9a-f]{{4}}(?=-)", re.IGNORECASE
    )
    living = {}
    for named in found:
        match = pattern.match(named.label or named.name) or pattern.match(named.inside)
        if match and now - _time(match[1]) < ALIVE:
            living[named] = match[0]
    return living


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # digits, and no time
        return datetime.min.replace(tzinfo=UTC)


def remove(hub: Hub, guard: Guard, found: list[Named]) -> list[str]:
    """Remove what was found; return what is left, in words."""
    guard.adopt(found)
    sandbox = Sandbox(hub, guard)
    for named in found:
        guard.noted(named)
    return sandbox.close()


def sweep(run: Run) -> list[str]:
    """Look for what a run that was cut short has left, and remove it; return what stays, in words.

    A request that was under way may have been carried out after what it makes had been removed;
    and of a worker that was ended with its controller nobody else removes anything.
    """
    target, login = run.target, run.accounts.login
    assert target
    limits = Patience(CLEANING_SECONDS, silence=CLEANING_SILENCE_SECONDS)
    client = run.client(target.origin, limits)
    caller, visitor = caller_of(target), login.user if login else ""
    guard = Guard(run.id, target.api, target.prefix, caller, login=visitor)
    client.before.append(guard.before)
    hub = Hub(client, target, run.token)
    try:
        return remove(hub, guard, leftovers(hub, guard))
    except (HubError, SetupFailed, AssertionError):
        return run.left  # as far as it is known
    finally:
        client.close()


def _pages(hub: Hub, path: str, **params: Any) -> Iterator[Any]:
    first = hub.get(path, params={"limit": 1})
    if first.status == 404 and not hub.says_absent(first):
        raise SetupFailed(f"the hub is not there: {first!r}")
    if first.status != 200:
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
    for owner in sorted(guard.callers):
        answer = hub.get(f"/users/{quoted(owner)}/tokens")
        if answer.status != 200:
            raise SetupFailed(f"the tokens of {owner} cannot be listed: {answer!r}")
        for token in answer.json["api_tokens"]:
            if guard.owns(str(token.get("note", ""))):
                yield Named("token", str(token["id"]), inside=owner, label=token["note"])
