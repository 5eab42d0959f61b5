"""Shares: who is let in to a running server, and who no longer is (since 5.0)."""

from __future__ import annotations

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import make_stopped, trio_names
from ..rules import rule, untested
from ..sandbox import Sandbox, User
from ._servers import path_of, reach, start, start_scope, started, stopped
from ._shares import (
    ACCESS,
    SEE,
    Pool,
    check_server,
    codes_of,
    everything,
    granted,
    is_held,
    of_server,
    pool_of,
    with_user,
)
from .test_shares_effects import ENDS

pytest_plugins = ("hub_conformance.suite._shares",)

NEEDS = ("shares", "spawn", "public-url")
NAMED = (*NEEDS, "named-servers")
REFUSED = (401, 403)
#: Rules that share the host's server with a user of their own.
GUESTS = ("test_opens", "test_no_access", "test_access_taken", "test_one_server")


@pytest.fixture
def guest(pool: Pool, shared: Sandbox, request: pytest.FixtureRequest) -> User:
    """A user of the pool with whom nobody has shared the host's server yet."""
    return User(pool.users[1 + GUESTS.index(request.function.__name__)], shared)


@pytest.fixture(scope="module")
def host(shared: Sandbox) -> User:
    """A user whose default server runs, to be shared."""
    pool_of(shared)
    user = shared.user("host")
    shared.server(user)
    return user


@pytest.fixture(scope="module")
def door(host: User) -> str:
    """A path of the server's API that a token is needed for."""
    paths = ("api/status", "api")
    opened = [path for path in paths if reach(host.hub, host, "", path).status == 200]
    if not opened:
        untested("the servers of this hub offer no Jupyter API")
    return opened[0]


def knock(guest: User, host: User, door: str, server: str = "") -> Answer:
    """Go to a server with a token that it has never seen: servers may remember the others."""
    return reach(guest.sandbox.token(guest).hub, host, server, door)


def is_let_in(answer: Answer) -> None:
    """Assert that the server answered."""
    assert answer.status == 200, answer


def is_kept_out(answer: Answer) -> None:
    """Assert that the server refused, or sent to the login."""
    assert answer.status in REFUSED or 300 <= answer.status < 400, answer


@rule("shares/share-opens-the-server", since="5.0", needs=NEEDS, see=SEE)
def test_opens(hub: Hub, host: User, guest: User, bob: User, door: str) -> None:
    """Who a running server is shared with is let in, and was not before; nobody else is."""
    is_kept_out(knock(guest, host, door))
    granted(hub, host.name, user=guest.name)
    is_let_in(knock(guest, host, door))
    is_kept_out(knock(bob, host, door))


@pytest.mark.parametrize("end", ["taken-back", "given-up"])
@rule("shares/server-is-closed-when-no-longer-shared", since="5.0", needs=NEEDS, see=SEE)
def test_closes(end: str, hub: Hub, host: User, bob: User, door: str) -> None:
    """Who a server was shared with is not let in any more, however the share came to its end."""
    granted(hub, host.name, user=bob.name, scopes=[ACCESS, "read:servers"])
    ENDS[end](hub, host.name, bob.name)
    is_kept_out(knock(bob, host, door))


@rule("shares/share-without-access-opens-nothing", since="5.0", needs=NEEDS, see=SEE)
def test_no_access(hub: Hub, host: User, guest: User, door: str) -> None:
    """A share of other scopes than access does not open the server."""
    granted(hub, host.name, user=guest.name, scopes=["read:servers", "servers"])
    is_kept_out(knock(guest, host, door))


@rule("shares/access-taken-back-closes-the-server", since="5.0", needs=NEEDS, see=SEE)
def test_access_taken(hub: Hub, host: User, guest: User, door: str) -> None:
    """Where access alone is taken out of a share, the rest of it does not open the server."""
    granted(hub, host.name, user=guest.name, scopes=[ACCESS, "read:servers"])
    is_let_in(knock(guest, host, door))
    body = {"user": guest.name, "scopes": [f"{ACCESS}!server={host.name}/"]}
    answer = hub.patch(of_server(host.name), json=body)
    assert answer.status == 200, answer
    is_kept_out(knock(guest, host, door))


@rule("shares/share-opens-that-server-only", since="5.0", needs=NAMED, see=SEE)
def test_one_server(
    hub: Hub, host: User, guest: User, bob: User, door: str, version: tuple[int, int]
) -> None:
    """A share of one server opens no other server of the same owner, default or named.

    Nor does it say that this one is ready where another is.
    """
    server, _ = trio_names(version)
    make_stopped(host, server, version)
    default = granted(hub, host.name, user=guest.name)["server"]
    named = granted(hub, host.name, server, user=bob.name)["server"]
    assert (default["ready"], named["ready"]) == (True, False), (default, named)
    started(host, server)
    mine = guest.sandbox.token(guest).hub
    is_let_in(reach(mine, host, "", door))
    is_kept_out(reach(mine, host, server, door))
    other = bob.sandbox.token(bob).hub
    is_let_in(reach(other, host, server, door))
    is_kept_out(reach(other, host, "", door))
    hub.delete(of_server(host.name, server))


@rule("shares/outlive-a-start-and-a-stop", since="5.0", needs=("shares", "spawn"), see=SEE)
def test_outlive(hub: Hub, user: User, pool: Pool) -> None:
    """A server's shares and codes are the same when it has started, and when it has stopped."""
    for body in ({"user": pool.guest.name}, {"group": pool.groups[0]}):
        granted(hub, user.name, **body)
    assert hub.post(codes_of(user.name), json={}).status == 200
    paths = (of_server(user.name), codes_of(user.name))
    before = [each for path in paths for each in everything(hub, path)]
    for change, ready in ((started, True), (stopped, False)):
        change(user)
        after = [each for path in paths for each in everything(hub, path)]
        for each in after:
            assert each["server"].pop("ready") is ready, each
            each["server"]["ready"] = False
        assert after == before


@rule("shares/shared-control-starts-and-stops", since="5.0", needs=("shares", "spawn"), see=SEE)
def test_control(hub: Hub, user: User, bob: User, version: tuple[int, int]) -> None:
    """Who has a share to start and stop a server does so, and before and after cannot.

    The share tells whether the server runs, and outlives it.
    """
    assert start(user, hub=bob.hub).status in (403, 404)
    granted(hub, user.name, user=bob.name, scopes=[start_scope(version), "delete:servers"])
    started(user, hub=bob.hub)
    path = with_user(bob.name, user.name)
    check_server(hub, is_held(hub, path)["server"], user.name, ready=True)
    stopped(user, hub=bob.hub)
    check_server(hub, is_held(hub, path)["server"], user.name, ready=False)
    assert hub.delete(of_server(user.name)).status == 204
    answer = bob.hub.delete(path_of(user))
    assert answer.status in (403, 404), answer
