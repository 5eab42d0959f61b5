"""Where the operations of the API description are answered, under its ids."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..core.hub import Hub

#: Operation id to method and path; a path is below ``/hub/api``.
OPERATIONS: Mapping[str, tuple[str, str]] = {
    "get-api": ("GET", "/"),
    "get-info": ("GET", "/info"),
    "get-current-user": ("GET", "/user"),
    "get-users": ("GET", "/users"),
    "post-users": ("POST", "/users"),
    "get-user": ("GET", "/users/{name}"),
    "post-user": ("POST", "/users/{name}"),
    "delete-user": ("DELETE", "/users/{name}"),
    "patch-user": ("PATCH", "/users/{name}"),
    "post-user-activity": ("POST", "/users/{name}/activity"),
    "get-user-tokens": ("GET", "/users/{name}/tokens"),
    "post-user-tokens": ("POST", "/users/{name}/tokens"),
    "get-user-token": ("GET", "/users/{name}/tokens/{id:segment}"),
    "delete-user-token": ("DELETE", "/users/{name}/tokens/{id:segment}"),
    "get-user-server": ("GET", "/users/{name}/server"),
    "put-user-server": ("PUT", "/users/{name}/server"),
    "post-user-server": ("POST", "/users/{name}/server"),
    "delete-user-server": ("DELETE", "/users/{name}/server"),
    "patch-user-server": ("PATCH", "/users/{name}/server"),
    "get-user-server-progress": ("GET", "/users/{name}/server/progress"),
    "get-user-server-name": ("GET", "/users/{name}/servers/{server:segment}"),
    "put-user-server-name": ("PUT", "/users/{name}/servers/{server:segment}"),
    "post-user-server-name": ("POST", "/users/{name}/servers/{server:segment}"),
    "delete-user-server-name": ("DELETE", "/users/{name}/servers/{server:segment}"),
    "patch-user-server-name": ("PATCH", "/users/{name}/servers/{server:segment}"),
    "get-user-server-name-progress": ("GET", "/users/{name}/servers/{server:segment}/progress"),
    "get-groups": ("GET", "/groups"),
    "post-groups": ("POST", "/groups"),
    "get-group": ("GET", "/groups/{name}"),
    "post-group": ("POST", "/groups/{name}"),
    "delete-group": ("DELETE", "/groups/{name}"),
    "post-group-users": ("POST", "/groups/{name}/users"),
    "delete-group-users": ("DELETE", "/groups/{name}/users"),
    "put-group-properties": ("PUT", "/groups/{name}/properties"),
    "get-shares-owner": ("GET", "/shares/{owner}"),
    "post-shares-owner": ("POST", "/shares/{owner}"),
    "patch-shares-owner": ("PATCH", "/shares/{owner}"),
    "delete-shares-owner": ("DELETE", "/shares/{owner}"),
    "get-shares-server": ("GET", "/shares/{owner}/{server:segment}"),
    "post-shares-server": ("POST", "/shares/{owner}/{server:segment}"),
    "patch-shares-server": ("PATCH", "/shares/{owner}/{server:segment}"),
    "delete-shares-server": ("DELETE", "/shares/{owner}/{server:segment}"),
    "get-user-shared": ("GET", "/users/{name}/shared"),
    "get-user-shared-server": ("GET", "/users/{name}/shared/{owner}/{server:segment}"),
    "delete-user-shared-server": ("DELETE", "/users/{name}/shared/{owner}/{server:segment}"),
    "get-group-shared": ("GET", "/groups/{name}/shared"),
    "get-group-shared-server": ("GET", "/groups/{name}/shared/{owner}/{server:segment}"),
    "delete-group-shared-server": ("DELETE", "/groups/{name}/shared/{owner}/{server:segment}"),
    "get-share-codes-owner": ("GET", "/share-codes/{owner}"),
    "post-share-codes-owner": ("POST", "/share-codes/{owner}"),
    "delete-share-codes-owner": ("DELETE", "/share-codes/{owner}"),
    "get-share-codes-server": ("GET", "/share-codes/{owner}/{server:segment}"),
    "post-share-code": ("POST", "/share-codes/{owner}/{server:segment}"),
    "delete-share-code": ("DELETE", "/share-codes/{owner}/{server:segment}"),
    "get-services": ("GET", "/services"),
    "get-service": ("GET", "/services/{name}"),
    "post-service": ("POST", "/services/{name}"),
    "delete-service": ("DELETE", "/services/{name}"),
    "get-proxy": ("GET", "/proxy"),
    "post-proxy": ("POST", "/proxy"),
    "patch-proxy": ("PATCH", "/proxy"),
    "post-shutdown": ("POST", "/shutdown"),
    "get-oauth-authorize": ("GET", "/oauth2/authorize"),
    "post-oauth-authorize": ("POST", "/oauth2/authorize"),
    "post-oauth-token": ("POST", "/oauth2/token"),
    "get-metrics": ("GET", "/metrics"),
    "get-health": ("GET", "/health"),
    "head-health": ("HEAD", "/health"),
}


def operation_of(hub: Hub, method: str, path: str) -> str | None:
    """The operation that a request is for, None if it is for none."""
    prefix = f"{hub.settings.hub_prefix}api"
    rest = path.removeprefix(prefix) if path.startswith(prefix) else None
    for operation, (verb, template) in OPERATIONS.items():
        if verb == method and rest is not None and _pattern(template).fullmatch(rest):
            return operation
    return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+:segment\}", "[^/]*", re.sub(r"\{\w+\}", "[^/]+", template)))
