"""Servers: who is let in to a running server, behind the hub's proxy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..hub import Hub, quoted
from ..named import Trio
from ..rules import rule, untested
from ..sandbox import Sandbox, User
from ..secret import Secret
from ._servers import (
    TRIO,
    an_object,
    landing,
    of_trio,
    reach,
    start_scope,
    started,
    stopped,
)
from .test_servers_edit import NAME, OTHER, create, patch

NEEDS = ("spawn", "public-url")
NAMED = ("spawn", "public-url", "named-servers")
SEE = "tutorial/server-api.html"
REFUSED = (401, 403)
#: A server that does not run, or is not there, for a client of its API.
NOT_RUNNING = (404, 424, 503)


@pytest.fixture(scope="module")
def closed(runner: User) -> str:
    """A path of a Jupyter server's API that a token is needed for.

    Its version (`api`) may be open to all, as Jupyter Server has it.
    """
    for path in ("api/status", "api"):
        if reach(runner.hub, runner, "", path).status == 200:
            return path
    if reach(runner.hub, runner, "", "api").status == 404:
        untested("the servers of this hub offer no Jupyter API")
    return "api/status"


@pytest.fixture(params=range(3), ids=TRIO)
def server(request: pytest.FixtureRequest) -> str:
    """The name of each of the three servers that run side by side."""
    return of_trio(request)


def admits(hub: Hub, user: User, server: str, path: str) -> None:
    """Assert that the server lets this token in."""
    answer = reach(hub, user, server, path)
    assert answer.status == 200, answer
    assert isinstance(answer.json, dict), answer


def refuses(hub: Hub, user: User, server: str, path: str) -> None:
    """Assert that the server does not let this token in."""
    answer = reach(hub, user, server, path)
    assert answer.status in REFUSED, answer


# --- let in


@rule("servers/owner-reaches-the-servers-api", needs=NEEDS, see=SEE)
def test_owner(runner: User, server: str, closed: str) -> None:
    """The owner's token opens the running server's own API at /user/:name/:server/api."""
    answer = reach(runner.hub, runner, server, "api")
    assert isinstance(an_object(answer).get("version"), str), answer
    admits(runner.hub, runner, server, closed)


@rule("servers/access-servers-opens-any-server", needs=NEEDS, see=SEE)
def test_unfiltered(limited: Callable[..., Hub], runner: User, server: str, closed: str) -> None:
    """A token with `access:servers` alone opens any user's servers."""
    admits(limited("access:servers"), runner, server, closed)


@rule("servers/access-servers-of-a-user-opens-theirs", needs=NEEDS, see=SEE)
def test_by_user(limited: Callable[..., Hub], runner: User, server: str, closed: str) -> None:
    """A token with `access:servers!user=` opens each server of that user."""
    admits(limited(f"access:servers!user={runner.name}"), runner, server, closed)


@rule("servers/access-servers-of-a-server-opens-that-one-only", needs=NAMED, see=SEE)
def test_by_server(limited: Callable[..., Hub], trio: Trio, server: str, closed: str) -> None:
    """A token with `access:servers!server=` opens that server and no other of the same user."""
    hub = limited(f"access:servers!server={trio.user.name}/{server}")
    admits(hub, trio.user, server, closed)
    for other in set(trio.names) - {server}:
        refuses(hub, trio.user, other, closed)


@rule("servers/owner-can-limit-a-token-to-access", since="3.0", needs=NEEDS, see=SEE)
def test_owners_limited(runner: User, server: str, closed: str) -> None:
    """A token of the owner with `access:servers` of one's own opens one's servers."""
    token = runner.sandbox.token(runner, scopes=[f"access:servers!user={runner.name}"])
    admits(token.hub, runner, server, closed)


# --- kept out


@rule("servers/other-scopes-do-not-open-servers", needs=NEEDS, see=SEE)
@pytest.mark.parametrize("scope", ["admin:servers", "admin:users", "admin:server_state"])
def test_other_scopes(
    limited: Callable[..., Hub], runner: User, server: str, closed: str, scope: str
) -> None:
    """No scope but `access:servers` opens a server, not even the right to manage servers."""
    refuses(limited(scope), runner, server, closed)


@rule("servers/owner-without-access-is-kept-out", since="3.0", needs=NEEDS, see=SEE)
def test_owner_without_access(runner: User, closed: str, version: tuple[int, int]) -> None:
    """The owner's own token does not open the server when it lacks `access:servers`."""
    scopes = ["read:users!user", f"{start_scope(version)}!user"]
    refuses(runner.sandbox.token(runner, scopes=scopes).hub, runner, "", closed)


@rule("servers/another-user-is-kept-out", needs=NEEDS, see=SEE)
def test_another_user(runner: User, bob: User, server: str, closed: str) -> None:
    """Another user's token, with all that user may do, does not open the server."""
    refuses(bob.hub, runner, server, closed)


@rule("servers/access-to-another-users-servers-is-not-enough", needs=NEEDS, see=SEE)
def test_wrong_user(limited: Callable[..., Hub], runner: User, bob: User, closed: str) -> None:
    """`access:servers!user=` of another user does not open the server."""
    refuses(limited(f"access:servers!user={bob.name}"), runner, "", closed)


@rule("servers/access-filters-match-whole-names", needs=NAMED, see=SEE)
def test_neighbours(limited: Callable[..., Hub], trio: Trio, shared: Sandbox, closed: str) -> None:
    """A filter whose user or server begins like the right one, or is its beginning, opens none."""
    user, longer = trio.user, User(f"{trio.user.name}x", shared)
    answer = shared.hub.post(longer.path, json={})
    assert answer.status in (201, 409), answer
    for scope in (
        f"access:servers!user={longer.name}",
        f"access:servers!server={longer.name}/{trio.first}",
        f"access:servers!server={user.name}/{trio.first}x",
        f"access:servers!server={user.name}/{trio.first[:-1]}",
    ):
        refuses(limited(scope), user, trio.first, closed)


@rule("servers/no-credential-is-kept-out", needs=NEEDS, see=SEE)
def test_anonymous(anonymous: Hub, runner: User, server: str, closed: str) -> None:
    """Without a credential no API of a server but its version answers."""
    answer = reach(anonymous, runner, server, closed)
    is_sent_to_login = 300 <= answer.status < 400
    assert answer.status in REFUSED or is_sent_to_login, answer


@rule("servers/unknown-token-is-kept-out", needs=NEEDS, see=SEE)
def test_unknown_token(anonymous: Hub, runner: User, server: str, closed: str) -> None:
    """A token that the hub does not know does not open the server."""
    hub = anonymous.using(Secret("0123456789abcdef0123456789abcdef"))
    answer = reach(hub, runner, server, closed)
    assert answer.status in REFUSED or 300 <= answer.status < 400, answer


@rule("servers/revoked-token-is-kept-out", needs=NEEDS, see=SEE)
def test_revoked(runner: User, closed: str) -> None:
    """A token that was revoked before the server ever saw it does not open the server."""
    token = runner.sandbox.token(runner)
    answer = runner.sandbox.hub.delete(f"{runner.path}/tokens/{quoted(token.id)}")
    assert answer.status == 204, answer
    answer = reach(token.hub, runner, "", closed)
    assert answer.status in REFUSED or 300 <= answer.status < 400, answer


@rule("servers/token-of-a-deleted-user-is-kept-out", needs=NEEDS, see=SEE)
def test_deleted_user(sandbox: Sandbox, runner: User, closed: str) -> None:
    """A token with `access:servers` does not open the server once its owner is deleted."""
    admin = sandbox.user(admin=True)
    token = sandbox.token(admin, scopes=["access:servers"])
    answer = sandbox.hub.delete(admin.path)
    assert answer.status == 204, answer
    answer = reach(token.hub, runner, "", closed)
    assert answer.status in REFUSED or 300 <= answer.status < 400, answer


# --- stopped and started


@rule("servers/stopped-server-answers-no-more", needs=NEEDS, see=SEE)
def test_stopped(user: User, runner: User, closed: str) -> None:
    """A server answers from its start to its stop: then the hub says that it does not run."""
    started(user)
    admits(user.hub, user, "", closed)
    stopped(user)
    answer = landing(user.hub, user, "", closed)
    assert answer.status in NOT_RUNNING, answer
    started(user)
    admits(user.hub, user, "", closed)


@rule("servers/named-server-answers-without-the-default", needs=NAMED, see=SEE)
def test_named_alone(user: User, trio: Trio, closed: str) -> None:
    """A named server answers while the default one does not run, and the other way round."""
    started(user, trio.first)
    admits(user.hub, user, trio.first, closed)
    answer = landing(user.hub, user, "", closed)
    assert answer.status in NOT_RUNNING, answer
    started(user)
    stopped(user, trio.first, remove=True)
    admits(user.hub, user, "", closed)
    answer = landing(user.hub, user, trio.first, closed)
    assert answer.status in NOT_RUNNING, answer


@rule("servers/renamed-server-answers-at-its-new-place", since="6.0", needs=NAMED, see=SEE)
def test_renamed(user: User, runner: User, closed: str) -> None:
    """A renamed server answers at the place of its new name when it runs, not at the old one."""
    create(user)
    patch(user, name=OTHER)
    started(user, OTHER)
    admits(user.hub, user, OTHER, closed)
    answer = landing(user.hub, user, NAME, closed)
    assert answer.status in NOT_RUNNING, answer


@rule("servers/server-never-started-does-not-answer", needs="public-url", see=SEE)
def test_never_started(bob: User) -> None:
    """The place of a server that was never started answers that it does not run."""
    answer = landing(bob.hub, bob, "", "api/status")
    assert answer.status in NOT_RUNNING, answer
