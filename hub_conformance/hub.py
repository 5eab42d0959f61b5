"""A hub as the rules see it: the API's verbs, bound to one credential."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from . import strict_json
from .client import Answer, Client, Request
from .secret import Secret
from .target import Target
from .urls import encode_query, path_within

PAGINATION = "application/jupyterhub-pagination+json"
#: More pages than any sandbox needs: a list whose `next` never ends is a failure, not a hang.
MOST_PAGES = 2000
_NOTHING = object()


def quoted(name: str) -> str:
    """Percent-encode a name for use as one segment of a path."""
    return quote(name, safe="")


@dataclass(frozen=True)
class Page:
    """One answer of the paginated form: `items` and the fields of `_pagination`."""

    answer: Answer
    items: Any
    offset: int
    limit: int
    total: int
    next: dict[str, Any] | None

    @property
    def names(self) -> list[str]:
        """The items' names; of routes, their paths."""
        if isinstance(self.items, dict):
            return list(self.items)
        return [each["name"] for each in self.items]

    @classmethod
    def read(cls, answer: Answer) -> Page:
        """Read the paginated form. Raises AssertionError when the answer has another one."""
        assert answer.status == 200, f"expected a page, got {answer!r}"
        body = answer.json
        assert isinstance(body, dict), f"expected items and _pagination, got {type(body).__name__}"
        assert body.keys() >= {"items", "_pagination"}, f"the page has the keys {sorted(body)}"
        info = body["_pagination"]
        assert isinstance(info, dict), f"_pagination is {info!r}"
        assert info.keys() >= {"offset", "limit", "total", "next"}, f"_pagination is {info}"
        _check_numbers(info, "offset", "limit", "total")
        assert isinstance(body["items"], (list, dict)), f"items is {body['items']!r}"
        after = info["next"]
        assert after is None or isinstance(after, dict), f"next is {after!r}"
        if after is not None:
            assert after.keys() >= {"offset", "limit", "url"}, f"next is {after}"
            _check_numbers(after, "offset", "limit")
        return cls(
            answer,
            items=body["items"],
            offset=info["offset"],
            limit=info["limit"],
            total=info["total"],
            next=info["next"],
        )


def _check_numbers(found: dict[str, Any], *keys: str) -> None:
    for key in keys:
        assert type(found[key]) is int, f"{key} is {found[key]!r}, not a number"


@dataclass(frozen=True)
class Hub:
    """The hub's API through one credential; `None` sends none.

    Paths are relative to the API's root (`/users`); `page(…)` and `walk(…)` read lists; `outside`
    reaches the rest of the hub's origin and `server` a user's server through the proxy.
    """

    client: Client
    target: Target
    credential: Secret | None = None
    scheme: str = "token"
    proxied: Client | None = None

    def using(self, credential: Secret | None, scheme: str = "token") -> Hub:
        """Return the same hub with another credential."""
        return replace(self, credential=credential, scheme=scheme)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = _NOTHING,
        data: bytes | str | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request below the API's root.

        `json` is sent as JSON (None as `null`), `data` as it is; `params` become the query, where
        a list repeats its key and None is left out. Raises HubError when no answer comes back.
        """
        return self.client.send(
            self._request(method, self.target.api + path, json, data, params, headers)
        )

    def get(self, path: str, **kwargs: Any) -> Answer:
        """GET, see `request`."""
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Answer:
        """POST, see `request`."""
        return self.request("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Answer:
        """PUT, see `request`."""
        return self.request("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Answer:
        """PATCH, see `request`."""
        return self.request("PATCH", path, **kwargs)

    def says_absent(self, answer: Answer) -> bool:
        """Whether it is the hub that answered 404: a proxy that lost its routes says so, too."""
        if answer.status != 404:
            return False
        with suppress(AssertionError):
            if isinstance(answer.json, dict) and answer.json.keys() == {"status", "message"}:
                return True
        return self.get("/").ok

    def delete(self, path: str, **kwargs: Any) -> Answer:
        """DELETE, see `request`."""
        return self.request("DELETE", path, **kwargs)

    def page(self, path: str, **params: Any) -> Page:
        """GET a list in its paginated form; keyword arguments become the query."""
        return Page.read(self.get(path, params=params, headers={"Accept": PAGINATION}))

    def follow(self, url: str) -> Answer:
        """GET a URL that the hub gave (`next.url`) in the paginated form.

        Raises OtherOrigin when it is not on the hub's own origin.
        """
        assert isinstance(url, str), f"expected a URL, got {url!r}"
        path = path_within(self.target.origin, url)
        parts = urlsplit(path)
        return self.client.send(
            self._request(
                "GET", parts.path, _NOTHING, None, None, {"Accept": PAGINATION}, parts.query
            )
        )

    def walk(self, path: str, **params: Any) -> Iterator[Page]:
        """Yield the pages of a list from `offset` (0) to the end, by offset and limit of `next`."""
        offset: int | None = params.pop("offset", 0)
        for _ in range(MOST_PAGES):
            page = self.page(path, offset=offset, **params)
            yield page
            if page.next is None:
                return
            assert page.next["offset"] > page.offset, f"next goes nowhere: {page.next}"
            offset = page.next["offset"]
            params = {**params, "limit": page.next["limit"]}
        raise AssertionError(f"{path} has no end: {MOST_PAGES} pages read")

    def outside(self, method: str, path: str, **kwargs: Any) -> Answer:
        """Send a request to a path below the hub's base URL, such as `hub/health`."""
        return self.client.send(self._outside(method, path, **kwargs))

    def server(self, method: str, path: str, **kwargs: Any) -> Answer:
        """Send a request through the hub's proxy, such as `user/:name/api`.

        Raises NotRequested's reason as LookupError when the proxied address is not known.
        """
        return self._through_proxy().send(self._outside(method, path, **kwargs))

    def websocket(self, path: str) -> Answer:
        """Ask for a websocket through the hub's proxy, such as `user/:name/api/events/subscribe`.

        Where one is opened (101), a ping has been sent and its pong has come, and it is closed
        again. Raises AssertionError where it is opened and does not do that; else as `server`.
        """
        from .websocket import Ping  # of a library that no other request needs

        client = self._through_proxy()
        ping = Ping(client.size_limit)
        answer = client.send(self._outside("GET", path, headers=ping.headers), ping)
        if ping.wrong:  # no `assert`: pytest would show it in words of its own, secrets and all
            raise AssertionError(answer.scrubber.scrub(f"{answer!r}: {ping.wrong}"))
        return answer

    def _through_proxy(self) -> Client:
        if self.proxied is None:
            raise LookupError("--hub-public-url is needed to reach servers through the proxy")
        return self.proxied

    def events(self, path: str, *, seconds: float) -> list[dict[str, Any]]:
        """Read a progress stream (text/event-stream) to its end; return the JSON of its events.

        `seconds` limits the whole stream. Raises HubTooSlow past that, AssertionError when the
        answer is no stream or an event no JSON object.
        """
        request = self._request("GET", self.target.api + path, _NOTHING, None, None, None)
        found = []
        for line in self.client.stream(request, seconds):
            if line.startswith("data:"):
                found.append(_event(line.removeprefix("data:")))
        return found

    def _outside(self, method: str, path: str, **kwargs: Any) -> Request:
        public = self.target.public or self.target.base
        return self._request(
            method,
            urlsplit(public).path + path.lstrip("/"),
            kwargs.get("json", _NOTHING),
            kwargs.get("data"),
            kwargs.get("params"),
            kwargs.get("headers"),
        )

    def _request(
        self,
        method: str,
        path: str,
        json: Any,
        data: bytes | str | None,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        query: str | None = None,
    ) -> Request:
        sent = dict(headers or {})
        body = data.encode() if isinstance(data, str) else data
        if json is not _NOTHING:
            body = jsonlib.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        return Request(
            method=method,
            path=path,
            query=encode_query(params or {}) if query is None else query,
            body=body,
            headers=sent,
            credential=self.credential,
            scheme=self.scheme,
        )


def _event(text: str) -> dict[str, Any]:
    try:
        event = strict_json.loads(text)
    except ValueError:
        event = None
    assert isinstance(event, dict), f"an event is no JSON object: {text[:200]!r}"
    return event
