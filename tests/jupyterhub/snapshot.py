"""What a hub holds, read through its API, to compare before a run with after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

import requests

Model: TypeAlias = dict[str, Any]

# What passes by itself, or follows from something that is compared anyway.
_USER_NOISE = {"last_activity", "servers", "server", "pending"}
_SERVER_NOISE = {"last_activity", "started", "state"}
_TOKEN_NOISE = {"last_activity"}


@dataclass(frozen=True)
class Snapshot:
    """What a hub holds, by name.

    `users`, `groups` and `services` have their models; `servers` is keyed by "user/server" and has
    stopped ones too, from 3.0 on; `tokens` is keyed by "user/id" (the tokens of a service are
    shown by no operation); `shares` and `share_codes` are empty before 5.0; `routes` is what the
    proxy serves.
    """

    users: Mapping[str, Model]
    groups: Mapping[str, Model]
    services: Mapping[str, Model]
    servers: Mapping[str, Model]
    tokens: Mapping[str, Model]
    shares: Mapping[str, Model]
    share_codes: Mapping[str, Model]
    routes: Mapping[str, Model]

    def differences(self, later: Snapshot) -> list[str]:
        """One line for each thing that came, went or changed until `later`."""
        lines = []
        for field in fields(self):
            old: Mapping[str, Model] = getattr(self, field.name)
            new: Mapping[str, Model] = getattr(later, field.name)
            for key in sorted(old.keys() | new.keys()):
                if old.get(key) != new.get(key):
                    lines.append(f"{field.name}: {key}: {old.get(key)} -> {new.get(key)}")
        return lines


def snapshot(api_url: str, token: str) -> Snapshot:
    """Read everything from the hub at `api_url` (ending in `/hub/api`) with an admin's `token`.

    Raises `requests.HTTPError` where the hub refuses.
    """
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"token {token}"
        return _Reader(api_url, session).everything()


class _Reader:
    def __init__(self, api_url: str, session: requests.Session) -> None:
        self.api_url = api_url
        self.session = session

    def everything(self) -> Snapshot:
        users = list(self._list("/users?include_stopped_servers=1"))
        names = [user["name"] for user in users]
        return Snapshot(
            users={user["name"]: _without(user, _USER_NOISE) for user in users},
            groups={group["name"]: group for group in self._list("/groups")},
            services=self._get("/services"),
            servers=dict(_servers(users)),
            tokens=dict(self._tokens(names)),
            shares=dict(self._shares(names)),
            share_codes=dict(self._share_codes(names)),
            routes=dict(self._routes()),
        )

    def _tokens(self, names: list[str]) -> Iterator[tuple[str, Model]]:
        for name in names:
            for token in self._get(f"/users/{quote(name)}/tokens")["api_tokens"]:
                yield f"{name}/{token['id']}", _without(token, _TOKEN_NOISE)

    def _shares(self, names: list[str]) -> Iterator[tuple[str, Model]]:
        for name in names:
            for share in self._list(f"/shares/{quote(name)}", absent_is_empty=True):
                given_to = share["user"] or share["group"]
                yield f"{_server_key(share)} {share['kind']} {given_to['name']}", _scopes(share)

    def _share_codes(self, names: list[str]) -> Iterator[tuple[str, Model]]:
        for name in names:
            for code in self._list(f"/share-codes/{quote(name)}", absent_is_empty=True):
                yield f"{_server_key(code)} {code['id']}", _scopes(code)

    def _routes(self) -> Iterator[tuple[str, Model]]:
        # No list, by its nature. (2.3 fails on a page that holds not all routes; a big one is
        # asked for, and a hub at rest has few.)
        for page in self._pages("/proxy?limit=1000"):
            for route, model in page.items():
                yield route, {"target": model["target"]}

    def _list(self, path: str, *, absent_is_empty: bool = False) -> Iterator[Model]:
        for page in self._pages(path, absent_is_empty=absent_is_empty):
            yield from page

    def _pages(self, path: str, *, absent_is_empty: bool = False) -> Iterator[Any]:
        address: str | None = f"{self.api_url}{path}"
        accept = {"Accept": "application/jupyterhub-pagination+json"}
        while address:
            answer = self.session.get(address, headers=accept, timeout=30)
            if absent_is_empty and answer.status_code == requests.codes.not_found:
                return
            answer.raise_for_status()
            page = answer.json()
            yield page["items"]
            following = page["_pagination"]["next"]
            # Its own idea of its address may differ from ours; only the query is news.
            address = (
                following and f"{address.partition('?')[0]}?{urlsplit(following['url']).query}"
            )

    def _get(self, path: str) -> dict[str, Any]:
        answer = self.session.get(f"{self.api_url}{path}", timeout=30)
        answer.raise_for_status()
        model: dict[str, Any] = answer.json()
        return model


def _servers(users: list[Model]) -> Iterator[tuple[str, Model]]:
    for user in users:
        for name, server in user["servers"].items():
            # Of a server that never ran they turn from null to empty as soon as another one runs.
            options = {"user_options": server.get("user_options") or {}}
            yield f"{user['name']}/{name}", _without(server, _SERVER_NOISE) | options


def _server_key(share: Model) -> str:
    return f"{share['server']['user']['name']}/{share['server']['name']}"


def _scopes(share: Model) -> Model:
    return {"scopes": sorted(share["scopes"])}


def _without(model: Model, noise: set[str]) -> Model:
    # Lists of a model (groups, roles, scopes) are sets: their order means nothing.
    return {
        key: sorted(value) if isinstance(value, list) else value
        for key, value in model.items()
        if key not in noise
    }
