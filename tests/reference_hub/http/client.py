"""A plain HTTP client: it escapes, normalises and follows nothing by itself."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.reference_hub.tools import SECRETS


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.content)


class Client:
    """A connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = "admin",
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        sent = {"Authorization": f"token {SECRETS.get(who, who)}"} if who else {}
        if body is not None:
            raw = json.dumps(body).encode()
        self.connection.request(method, path, raw, {**sent, **(headers or {})})
        answer = self.connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, received, answer.read())
