"""A user, a group and a token for requests that must not reach them, by every endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from ..capabilities import needed_by
from ..cells import Table
from ..errors import ConnectionLost
from ..hub import Hub
from ..sandbox import Sandbox, User
from ..transcript import curl
from ._endpoints import ENDPOINTS, Endpoint

SCHEMES = ("token", "Bearer")


@dataclass(frozen=True)
class Places:
    """What the endpoints name: things that are there, and things that are not."""

    user: User
    group: str
    sandbox: Sandbox
    lacks: Callable[[str], bool]

    @cached_property
    def existing(self) -> Mapping[str, str]:
        """Names of a user, a group and a token that exist; server and service never do."""
        there = {"user": self.user.name, "group": self.group, "token": self.user.token.id}
        return {**self.absent, **there}

    @cached_property
    def absent(self) -> Mapping[str, str]:
        """Names of this run that nothing bears."""
        kinds = ("user", "group", "service", "server", "token")
        return {kind: self.sandbox.name(kind) for kind in kinds}

    def applies(self, endpoint: Endpoint) -> bool:
        """Whether this hub has the endpoint."""
        needed = needed_by(endpoint.method, endpoint.path)
        there = endpoint.applies(self.sandbox.hub.target)
        return there and not (needed and self.lacks(needed))

    @property
    def endpoints(self) -> list[Endpoint]:
        """The endpoints that this hub has."""
        return [each for each in ENDPOINTS if self.applies(each)]

    def state(self) -> list[Any]:
        """What the hub tells an admin about the existing things."""
        names = self.existing  # the token is made when it is first named: not between two looks
        hub, user = self.sandbox.hub, self.user.path
        told = hub.get(user), hub.get(f"/groups/{names['group']}"), hub.get(f"{user}/tokens")
        return [(answer.status, answer.json) for answer in told]


@pytest.fixture(scope="module")
def places(shared: Sandbox, lacks: Callable[[str], bool]) -> Places:
    """A user with a token and a group, for requests that must not reach them."""
    user = shared.user("place")
    return Places(user, shared.group("place", [user]), shared, lacks)


def refused_everywhere(
    table: Table, name: str, hub: Hub, places: Places, user: str = "", **kwargs: Any
) -> None:
    """Ask every endpoint for existing things, a cell each: all of them refuse, 403.

    `user` is somebody else to ask for; `name` tells the credential from others of the same rule.
    """
    names = {**places.existing, **({"user": user} if user else {})}
    for endpoint in places.endpoints:
        try:
            answer = endpoint.send(hub, names, **kwargs)
        except ConnectionLost:  # it may not have been carried out that time either
            answer = endpoint.send(hub, names, **kwargs)
        wrong = ""
        if answer.status != 403:
            line = answer.scrubber.scrub(curl(answer, hub.target.origin))
            wrong = f"{endpoint}, {name}: expected 403, got {answer.status}\n      {line}"
        table.add(f"{endpoint}, {name}", wrong)
