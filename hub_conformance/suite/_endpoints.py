"""Every operation of the API that asks who is there, with a body that it would take.

A check forgotten on one endpoint shows only where every endpoint is asked, so this is the whole
list. Bodies are such that a hub which forgot to ask would carry the request out; the shutdown
alone is one that no hub carries out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..client import Answer
from ..hub import Hub, quoted
from ..target import Target, parse_version

LONG_AGO = "2020-01-01T00:00:00Z"
_NONE = object()


@dataclass(frozen=True)
class Endpoint:
    """A method and a path below the API's root, with placeholders in braces.

    `explained` says whether the hub tells why it refuses: two endpoints find out by themselves
    that nobody is there, and newer releases leave their message null.
    """

    method: str
    path: str
    body: Any = _NONE
    since: str = "2.0"
    explained: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def applies(self, target: Target) -> bool:
        """Whether the hub's version has it."""
        return parse_version(self.since) <= target.applies

    def send(self, hub: Hub, names: Mapping[str, str], **kwargs: Any) -> Answer:
        """Send the request, these names in the placeholders of path and body."""
        path = self.path.format(**{key: quoted(name) for key, name in names.items()})
        if self.body is not _NONE:
            kwargs["json"] = _filled(self.body, names)
        return hub.request(self.method, path, **kwargs)


def _filled(body: Any, names: Mapping[str, str]) -> Any:
    """Put names into the placeholders of a body, at any depth."""
    if isinstance(body, str):
        return body.format(**names)
    if isinstance(body, dict):
        return {key: _filled(value, names) for key, value in body.items()}
    return [_filled(each, names) for each in body] if isinstance(body, list) else body


_SERVER = "/users/{user}/server"
_NAMED = "/users/{user}/servers/{server}"
_SHARE = "/shares/{user}/{server}"
_CODE = "/share-codes/{user}/{server}"
_OF_USER = "/users/{user}/shared/{user}/{server}"
_OF_GROUP = "/groups/{group}/shared/{user}/{server}"

ENDPOINTS = (
    Endpoint("GET", "/info"),
    Endpoint("GET", "/user", explained=False),
    Endpoint("GET", "/users"),
    Endpoint("POST", "/users", {"usernames": ["{user}"]}),
    Endpoint("GET", "/users/{user}"),
    Endpoint("POST", "/users/{user}", {}),
    Endpoint("PATCH", "/users/{user}", {"admin": False}),
    Endpoint("DELETE", "/users/{user}"),
    Endpoint("POST", "/users/{user}/activity", {"last_activity": LONG_AGO}),
    Endpoint("GET", "/users/{user}/tokens"),
    Endpoint("POST", "/users/{user}/tokens", {}, explained=False),
    Endpoint("GET", "/users/{user}/tokens/{token}"),
    Endpoint("DELETE", "/users/{user}/tokens/{token}"),
    Endpoint("GET", _SERVER, since="6.0"),
    Endpoint("PUT", _SERVER, {}, since="6.0"),
    Endpoint("POST", _SERVER, {}),
    Endpoint("PATCH", _SERVER, {"user_options": {}}, since="6.0"),
    Endpoint("DELETE", _SERVER),
    Endpoint("GET", f"{_SERVER}/progress"),
    Endpoint("GET", _NAMED, since="6.0"),
    Endpoint("PUT", _NAMED, {}, since="6.0"),
    Endpoint("POST", _NAMED, {}),
    Endpoint("PATCH", _NAMED, {"user_options": {}}, since="6.0"),
    Endpoint("DELETE", _NAMED),
    Endpoint("GET", f"{_NAMED}/progress"),
    Endpoint("GET", "/groups"),
    Endpoint("POST", "/groups", {"groups": ["{group}"]}),
    Endpoint("GET", "/groups/{group}"),
    Endpoint("POST", "/groups/{group}", {}),
    Endpoint("DELETE", "/groups/{group}"),
    Endpoint("POST", "/groups/{group}/users", {"users": ["{user}"]}),
    Endpoint("DELETE", "/groups/{group}/users", {"users": ["{user}"]}),
    Endpoint("PUT", "/groups/{group}/properties", {}, since="4.0"),
    Endpoint("GET", "/services"),
    Endpoint("GET", "/services/{service}"),
    Endpoint("POST", "/services/{service}", {}, since="5.0"),
    Endpoint("DELETE", "/services/{service}", since="5.0"),
    Endpoint("GET", "/shares/{user}", since="5.0"),
    Endpoint("POST", "/shares/{user}", {"user": "{user}"}, since="5.0"),
    Endpoint("PATCH", "/shares/{user}", {"user": "{user}"}, since="5.0"),
    Endpoint("DELETE", "/shares/{user}", since="5.0"),
    Endpoint("GET", _SHARE, since="5.0"),
    Endpoint("POST", _SHARE, {"user": "{user}"}, since="5.0"),
    Endpoint("PATCH", _SHARE, {"user": "{user}"}, since="5.0"),
    Endpoint("DELETE", _SHARE, since="5.0"),
    Endpoint("GET", "/users/{user}/shared", since="5.0"),
    Endpoint("GET", _OF_USER, since="5.0"),
    Endpoint("DELETE", _OF_USER, since="5.0"),
    Endpoint("GET", "/groups/{group}/shared", since="5.0"),
    Endpoint("GET", _OF_GROUP, since="5.0"),
    Endpoint("DELETE", _OF_GROUP, since="5.0"),
    Endpoint("GET", "/share-codes/{user}", since="5.0"),
    Endpoint("POST", "/share-codes/{user}", {}, since="5.0"),
    Endpoint("DELETE", "/share-codes/{user}", since="5.0"),
    Endpoint("GET", _CODE, since="5.0"),
    Endpoint("POST", _CODE, {}, since="5.0"),
    Endpoint("DELETE", _CODE, since="5.0"),
    Endpoint("GET", "/proxy"),
    Endpoint("POST", "/proxy"),
    Endpoint("PATCH", "/proxy", []),
    Endpoint("POST", "/shutdown", {"proxy": "x"}),
)
