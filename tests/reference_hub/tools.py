"""What the tests of the reference hub share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from reference_hub.core import access, errors, spawning, tokens
from reference_hub.core.call import Body, Call, EventStream, Query, Reply
from reference_hub.core.hub import Hub
from reference_hub.core.pagination import MEDIA_TYPE

SECRETS = {name: f"secret-of-{name}" for name in ("admin", "ann", "bob", "boss", "plain")}
START = datetime(2030, 1, 1, 12, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Answer:
    """A status with a value, whether the operation replied or refused."""

    status: int
    value: Any


class Ask:
    """Asks operations of a hub, the way the HTTP layer does."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def call(
        self,
        who: str | None = "admin",
        *,
        query: str = "",
        body: Any = None,
        raw: bytes | None = None,
        pages: bool = False,
    ) -> Call:
        """A call by somebody of SECRETS, by the bearer of another secret, or by nobody."""
        header = f"token {SECRETS.get(who, who)}" if who else ""
        if raw is None:
            raw = b"" if body is None else json.dumps(body).encode()
        spawning.settle_all(self.hub)
        return Call(
            hub=self.hub,
            requester=access.identify(self.hub, header),
            query=Query(parse_qs(query, keep_blank_values=True)),
            body=Body(raw),
            accept=MEDIA_TYPE if pages else "",
            url=f"http://hub.test/hub/api/list?{query}",
        )

    def __call__(
        self,
        operation: Callable[..., Reply | EventStream],
        *names: str,
        who: str | None = "admin",
        **request: Any,
    ) -> Answer:
        """What the operation answers."""
        try:
            reply = operation(self.call(who, **request), *names)
        except errors.HubError as error:
            return Answer(error.status, error.message)
        if isinstance(reply, EventStream):
            return Answer(200, list(reply.events))
        # Through JSON, as a client sees it.
        return Answer(reply.status, json.loads(json.dumps(reply.value)))

    def token(self, owner: str, *scopes: str) -> str:
        """The secret of a new token of a user or service with these scopes alone."""
        holder = self.hub.find_user(owner) or self.hub.services[owner]
        return tokens.issue(self.hub, holder, raw_scopes=scopes)[1]


@contextmanager
def refusal(status: int) -> Iterator[None]:
    """The block is refused with this status."""
    with pytest.raises(errors.HubError) as caught:
        yield
    assert caught.value.status == status


def names(models: Iterable[dict[str, Any]]) -> list[str]:
    """The names of models."""
    return [model["name"] for model in models]
