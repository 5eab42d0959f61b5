"""Named servers: whether a hub has them, and three servers of one user side by side."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import SetupFailed
from .sandbox import User

#: From this version on a server can be created without being started.
CREATES = (6, 0)


@dataclass(frozen=True)
class Trio:
    """A user with a running default server and two running named ones."""

    user: User
    first: str
    second: str

    @property
    def names(self) -> tuple[str, str, str]:
        """The names of all three; the default server's is empty."""
        return "", self.first, self.second


def trio_names(version: tuple[int, int]) -> tuple[str, str]:
    """Return names for two named servers; 6.0 ended the upper-case letters of the older ones."""
    return ("server-a", "server-b") if version >= CREATES else ("serverA", "serverB")


def make_stopped(user: User, server: str, version: tuple[int, int]) -> None:
    """Make a named server that does not run. Raises SetupFailed when the hub does not."""
    if version >= CREATES:
        answer = user.sandbox.hub.put(user.sandbox.server_path(user, server))
        if not answer.ok:
            raise SetupFailed(f"the hub did not create a server: {answer!r}")
    else:
        user.sandbox.server(user, server)
        user.sandbox.stop(user, server)


def are_enabled(user: User, version: tuple[int, int], *, spawns: bool) -> bool:
    """Find out whether `user` may have named servers, by two refusals that must agree.

    Stopping a server that is not there is 404 where named servers are enabled and 400 where they
    are not. One wrong status alone must not end every rule about named servers, so 400 is only
    believed when making one is refused with 400 as well.
    """
    path = user.sandbox.server_path(user, "probe")
    hub = user.sandbox.hub
    if hub.delete(path).status != 400:
        return True
    if version >= CREATES:
        answer = hub.put(path)
    elif spawns:
        answer = hub.post(path, json=user.sandbox.user_options or {})
    else:
        return False
    if answer.ok:
        user.sandbox.stop(user, "probe", remove=True)
    return answer.status != 400
