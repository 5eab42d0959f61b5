"""Access: a running server's websockets, through the hub's proxy, open to those who may use it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import Trio
from ..rules import not_applicable, rule, untested
from ..sandbox import User
from ..secret import Secret
from ._servers import TRIO, of_trio, place, reach, started, stopped
from ._shares import granted, of_server

NEEDS = ("spawn", "public-url")
NAMED = (*NEEDS, "named-servers")
SHARED = (*NEEDS, "shares")
SEE = "tutorial/server-api.html"
#: Jupyter Server's websocket of events: what it needs is access, and no kernel or terminal.
ENDPOINT = "api/events/subscribe"
OPENED = 101
REFUSED = (401, 403)
ABSENT = (404, 405, 501)
UNKNOWN = Secret("0123456789abcdef0123456789abcdef")


@pytest.fixture(scope="module")
def is_opened(runner: User) -> bool:
    """Whether a websocket opens for the owner; end a rule where the servers have none there.

    Where there is one, who asks for a page is told that it is none.
    """
    with suppress(AssertionError):  # it opens, and not as it has to
        answers = [knock(runner.hub, runner), reach(runner.hub, runner, "", ENDPOINT)]
        if answers[0].status == OPENED:
            return True
        if all(answer.status in ABSENT or 200 <= answer.status < 400 for answer in answers):
            not_applicable(f"the servers of this hub have no websocket at {ENDPOINT}")
        if runner.hub.proxied and runner.hub.proxied.is_read_on_the_way:
            untested("the proxy that the environment names may not pass websockets on")
    return False


@pytest.fixture(autouse=True)
def _one_finding(request: pytest.FixtureRequest, is_opened: bool) -> None:
    """End all rules but one where no websocket opens for the owner."""
    if not is_opened and request.function is not test_owner:
        not_applicable("none opens: access/websocket-opens-for-the-owner tells of it")


@pytest.fixture(params=range(3), ids=TRIO)
def server(request: pytest.FixtureRequest) -> str:
    """The name of each of the three servers that run side by side."""
    return of_trio(request)


def knock(hub: Hub, user: User, server: str = "") -> Answer:
    """Ask for the websocket; where it opens, a ping goes and its pong comes back."""
    return hub.websocket(place(user, server, ENDPOINT))


def opens(hub: Hub, user: User, server: str = "") -> None:
    """Assert that the websocket opens to this token, and carries a frame each way."""
    answer = knock(hub, user, server)
    assert answer.status == OPENED, answer


def refuses(hub: Hub, user: User, server: str = "") -> None:
    """Assert that the websocket does not open to this token."""
    answer = knock(hub, user, server)
    assert answer.status in REFUSED, answer


# --- opened


@rule("access/websocket-opens-for-the-owner", needs=NEEDS, see=SEE)
def test_owner(runner: User, server: str) -> None:
    """A running server's websocket opens with its owner's token, and carries a frame each way."""
    opens(runner.hub, runner, server)


@rule("access/websocket-opens-with-access-servers", since="3.0", needs=NEEDS, see=SEE)
@pytest.mark.parametrize("of", ["", "!user={0}", "!server={0}/{1}"], ids=["all", "user", "server"])
def test_access(limited: Callable[..., Hub], runner: User, server: str, of: str) -> None:
    """A token with `access:servers` alone opens the websockets of the servers that it is for."""
    opens(limited(f"access:servers{of.format(runner.name, server)}"), runner, server)


@rule("access/share-opens-the-websocket", since="5.0", needs=SHARED, see=SEE)
def test_share(hub: Hub, runner: User, user: User) -> None:
    """Who a server is shared with opens its websockets, before and after that they do not.

    A server may remember what it was told of a token: each time it is a new one.
    """
    refuses(user.sandbox.token(user).hub, runner)
    granted(hub, runner.name, user=user.name)
    opens(user.sandbox.token(user).hub, runner)
    answer = hub.delete(of_server(runner.name))
    assert answer.status == 204, answer
    refuses(user.sandbox.token(user).hub, runner)


# --- refused


@pytest.mark.parametrize("token", [None, UNKNOWN], ids=["none", "unknown"])
@rule("access/websocket-needs-a-token", needs=NEEDS, see=SEE)
def test_nobody(anonymous: Hub, runner: User, server: str, token: Secret | None) -> None:
    """Without a token, or with one that the hub does not know, no websocket opens."""
    answer = knock(anonymous.using(token), runner, server)
    assert answer.status in REFUSED or 300 <= answer.status < 400, answer


@rule("access/websocket-refuses-another-user", needs=NEEDS, see=SEE)
def test_another_user(runner: User, bob: User, server: str) -> None:
    """Another user's token, with all that user may do, opens no websocket."""
    refuses(bob.hub, runner, server)


@pytest.mark.parametrize(
    "scope", ["admin:servers", "access:servers!user={}"], ids=["managing", "another-users"]
)
@rule("access/websocket-needs-access-servers", since="3.0", needs=NEEDS, see=SEE)
def test_other_scopes(limited: Callable[..., Hub], runner: User, bob: User, scope: str) -> None:
    """No other scope opens a websocket, nor access to another user's servers."""
    refuses(limited(scope.format(bob.name)), runner)


@rule("access/websocket-refuses-the-owner-without-access", since="3.0", needs=NEEDS, see=SEE)
def test_owner_without_access(runner: User) -> None:
    """The owner's own token opens no websocket when it lacks `access:servers`."""
    refuses(runner.sandbox.token(runner, scopes=["read:users!user"]).hub, runner)


@rule("access/websocket-of-one-server-is-that-ones-only", since="3.0", needs=NAMED, see=SEE)
def test_by_server(limited: Callable[..., Hub], trio: Trio, server: str) -> None:
    """A token with `access:servers!server=` opens no websocket of another server of that user."""
    hub = limited(f"access:servers!server={trio.user.name}/{server}")
    for other in set(trio.names) - {server}:
        refuses(hub, trio.user, other)


@rule("access/websocket-ends-with-the-server", needs=NEEDS, see=SEE)
def test_stopped(user: User) -> None:
    """Where a server has stopped, no websocket opens any more, whoever asks."""
    started(user)
    opens(user.hub, user)
    stopped(user)
    answer = knock(user.hub, user)
    assert answer.status != OPENED, answer
