"""The fixtures that rules are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from .client import origin_of
from .guard import Guard
from .hub import Hub
from .rules import Rule, not_applicable, not_requested, untested
from .sandbox import Sandbox, Token, User
from .target import Target

if TYPE_CHECKING:
    from .session import Run


def check_applies(run: Run, rule: Rule) -> None:
    """End a rule that this version does not have, or this run cannot check."""
    from .target import parse_version

    major, minor = run.applies
    if not parse_version(rule.since) <= run.applies:
        not_applicable(f"since {rule.since}, and this hub is held to {major}.{minor}")
    if rule.until and run.applies > parse_version(rule.until):
        not_applicable(f"until {rule.until}, and this hub is held to {major}.{minor}")
    if "spawn" in rule.needs and not run.settings.spawns:
        untested("--hub-no-spawn: no server may be started")
    if "public-url" in rule.needs and run.target and run.target.public is None:
        not_requested(
            "--hub-public-url: this is the hub's internal address, and servers are"
            " reached through the proxied one"
        )


@pytest.fixture(scope="session")
def hub_run(pytestconfig: pytest.Config) -> Run:
    """The run: settings, target, transcript."""
    from .session import RUN

    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def target(hub_run: Run) -> Target:
    """What was learned about the hub before the first rule."""
    assert hub_run.target
    return hub_run.target


@pytest.fixture(scope="session")
def guard(hub_run: Run, target: Target) -> Guard:
    """The one place that decides whether a request may be sent."""
    caller = target.owner.name if target.owner.kind == "user" else ""
    return Guard(hub_run.id, target.api, target.prefix, caller)


@pytest.fixture(scope="session")
def hub(hub_run: Run, target: Target, guard: Guard) -> Iterator[Hub]:
    """The hub, through the token that the run was given."""
    clients = {origin: hub_run.client(origin) for origin in _origins(target)}
    for client in clients.values():
        client.before.append(guard.before)
        client.after += [hub_run.transcript.after, guard.after]
    main = clients[target.origin]
    proxied = clients[origin_of(target.public)] if target.public else None
    yield Hub(main, target, hub_run.token, proxied=proxied)
    for client in clients.values():
        client.close()


def _origins(target: Target) -> set[str]:
    return {target.origin, *([origin_of(target.public)] if target.public else [])}


@pytest.fixture(scope="session")
def anonymous(hub: Hub) -> Hub:
    """The hub without any credential."""
    return hub.using(None)


@pytest.fixture(scope="session")
def shared(hub_run: Run, hub: Hub, guard: Guard) -> Iterator[Sandbox]:
    """The run's sandbox: what is made here lives until the end and is not changed by rules."""
    sandbox = Sandbox(
        hub,
        guard,
        spawn_seconds=hub_run.settings.spawn_seconds,
        user_options=hub_run.settings.user_options,
    )
    yield sandbox
    _emptied(sandbox)


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of the rule's own, emptied when the rule has ended."""
    inner = shared.inner()
    yield inner
    _emptied(inner)


def _emptied(sandbox: Sandbox) -> None:
    left = sandbox.close()
    assert not left, "left behind on the hub: " + "; ".join(left)


@pytest.fixture(scope="session")
def alice(shared: Sandbox) -> User:
    """A plain user, shared by all rules: never renamed, promoted, put in a group or deleted."""
    return shared.user("alice")


@pytest.fixture(scope="session")
def bob(shared: Sandbox) -> User:
    """Another plain user, shared by all rules, with nothing to do with alice."""
    return shared.user("bob")


@pytest.fixture
def user(sandbox: Sandbox) -> User:
    """A plain user of this rule alone, to be changed at will."""
    return sandbox.user()


@pytest.fixture(scope="session")
def limited(shared: Sandbox) -> Callable[..., Hub]:
    """`limited("read:users", …)`: the hub through a token with exactly these scopes.

    The token belongs to the run's grantor, so that any scope can be had. Minted once a set.
    """
    minted: dict[frozenset[str], Token] = {}

    def with_scopes(*scopes: str) -> Hub:
        key = frozenset(scopes)
        if key not in minted:
            minted[key] = shared.token(scopes=sorted(key))
        return minted[key].hub

    return with_scopes
