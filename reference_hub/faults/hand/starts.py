"""Faults in servers, errors, OAuth and sessions."""

from __future__ import annotations

from typing import Any

from ...core import errors, oauth, spawning
from ...core.entities import Server
from ...core.operations import info, pages, servers
from ...http import convert
from ..changes import always, doing, refusing
from ..fault import make

_STARTS = "post-user-server post-user-server-name"
_STOPS = "delete-user-server delete-user-server-name"


def _default_instead(original: Any, user: Any, name: str) -> Any:
    return user.servers[""] if name in user.servers else original(user, name)


def _forget_options(original: Any, hub: Any, server: Any, options: Any) -> None:
    original(hub, server, options)
    server.user_options = {}


def _stop_keeps_token(original: Any, hub: Any, server: Any) -> None:
    server.token = None
    original(hub, server)


def _no_message(original: Any, error: Any, headers: Any) -> Any:
    return original(errors.HubError(error.status, ""), headers)


FAULTS = [
    make(
        "servers/default-for-named",
        "subtle",
        "get-user-server-name delete-user-server-name",
        "A named server is confused with the default one.",
        (servers, "find", doing(_default_instead)),
    ),
    make(
        "servers/stop-is-pretended",
        "gross",
        _STOPS,
        "Stopping answers and stops nothing.",
        (spawning, "stop", always(None)),
    ),
    make(
        "servers/starts-forget-options",
        "subtle",
        _STARTS,
        "user_options of a start are lost.",
        (spawning, "start", doing(_forget_options)),
    ),
    make(
        "servers/any-name",
        "subtle",
        "put-user-server-name post-user-server-name",
        "Names of servers are not checked.",
        (servers, "check_named", always(None)),
    ),
    make(
        "servers/running-is-409",
        "subtle",
        _STARTS,
        "A start of a running server is a 409.",
        (errors, "server_running", refusing(409)),
    ),
    make(
        "servers/token-outlives",
        "subtle",
        _STOPS,
        "A stopped server's token goes on working.",
        (spawning, "stop", doing(_stop_keeps_token)),
    ),
    make(
        "servers/always-ready",
        "subtle",
        "get-user-server get-user-server-name",
        "A pending server says that it is ready.",
        (Server, "is_ready", lambda _: property(lambda server: server.is_active)),
    ),
    make(
        "servers/pending-null",
        "subtle",
        "get-user-server get-user-server-name",
        "A pending server says that it waits for nothing.",
        (Server, "pending", lambda _: property(lambda server: None)),
    ),
    make(
        "errors/no-message",
        "medium",
        "get-user get-group",
        "Refusals carry no message.",
        (convert, "to_error", doing(_no_message)),
    ),
    make(
        "errors/missing-token-is-401",
        "medium",
        "get-users get-user get-current-user",
        "Who sends no token is answered 401.",
        (errors, "not_authenticated", refusing(401)),
    ),
    make(
        "errors/absent-user-is-400",
        "medium",
        "get-user delete-user patch-user",
        "Absent users are a 400.",
        (errors, "no_such_user", refusing(400)),
    ),
    make(
        "errors/absent-group-is-400",
        "medium",
        "get-group delete-group",
        "Absent groups are a 400.",
        (errors, "no_such_group", refusing(400)),
    ),
    make(
        "errors/taken-user-is-400",
        "subtle",
        "post-user",
        "A user who exists is a 400.",
        (errors, "user_exists", refusing(400)),
    ),
    make(
        "errors/taken-group-is-400",
        "subtle",
        "post-group",
        "A group that exists is a 400.",
        (errors, "group_exists", refusing(400)),
    ),
    make(
        "errors/bad-json-is-500",
        "medium",
        "post-user post-users patch-user",
        "A body that is no JSON is a 500.",
        (errors, "bad_json", refusing(500)),
    ),
    make(
        "errors/wrong-method-is-404",
        "subtle",
        "get-users",
        "A wrong method is a 404.",
        (errors, "method_not_allowed", refusing(404)),
    ),
    make(
        "oauth/code-twice",
        "subtle",
        "post-oauth-token",
        "A code can be exchanged twice.",
        (oauth.CodeTable, "take", always(None)),
    ),
    make(
        "oauth/any-secret",
        "medium",
        "post-oauth-token",
        "A client's secret is not checked.",
        (oauth.Client, "is_proven_by", always(True)),
    ),
    make(
        "oauth/pkce-ignored",
        "subtle",
        "post-oauth-token",
        "The verifier is not checked.",
        (oauth.Code, "is_met_by", always(True)),
    ),
    make(
        "oauth/any-scope",
        "subtle",
        "get-oauth-authorize",
        "A client may ask for any scope.",
        (oauth.Client, "may_have", always(True)),
    ),
    make(
        "sessions/no-login",
        "medium",
        "get-current-user",
        "No login succeeds.",
        (pages, "authenticate", always(None)),
    ),
    make(
        "errors/version-missing",
        "gross",
        "get-api",
        "The version is empty.",
        (info, "VERSION", lambda _: ""),
    ),
]
