"""The hub itself: version, details, identity, shutdown."""

from __future__ import annotations

from .. import access, checks, errors, models, scopes
from ..call import Call, Reply, empty
from ..entities import JSON, User
from . import users

VERSION = "6.1.1"
"""The JupyterHub whose contract this hub keeps."""


def version(call: Call) -> Reply:
    """``GET /``: the version, for anybody."""
    return Reply({"version": VERSION})


def info(call: Call) -> Reply:
    """``GET /info``: what the hub is made of."""
    call.require("read:hub")
    parts = {"class": "reference_hub.core", "version": VERSION}
    return Reply(
        {
            "version": VERSION,
            "python": "simulated",  # what really runs here is nobody's business
            "sys_executable": "simulated",
            "spawner": dict(parts),
            "authenticator": dict(parts),
        }
    )


def health(call: Call) -> Reply:
    """``GET /health``: alive, says the status; there is nothing more to say."""
    return empty(content_type="text/html")


def metrics(call: Call) -> str:
    """``GET /metrics``: what is counted, in Prometheus' text format."""
    call.require_some("read:metrics")
    running = sum(server.is_ready for server in call.hub.active_servers.values())
    return "".join(
        f"# HELP jupyterhub_{name} {about}\n# TYPE jupyterhub_{name} gauge\n"
        f"jupyterhub_{name} {value:d}\n"
        for name, about, value in (
            ("total_users", "users there are", len(call.hub.users)),
            ("running_servers", "servers that run", running),
        )
    )


def identity(call: Call) -> Reply:
    """``GET /user``: whose token this is, and what it allows."""
    requester = access.require_login(call.requester)
    model = own_model(call, requester)
    model["token_id"] = requester.token.id or None  # by cookie there is none
    model["session_id"] = requester.token.session_id
    model["scopes"] = sorted(requester.scopes)
    return Reply(model)


def own_model(call: Call, requester: access.Requester) -> dict[str, JSON]:
    """The owner's model. Here, and only here, any token shows at least its owner's name."""
    owner = requester.owner
    extra = scopes.identify(owner.as_owner)
    viewer = access.Requester(call.hub, requester.token, extra)
    if isinstance(owner, User):
        with_stopped = users.include_stopped_servers(call)
        return models.user_model(call.hub, viewer, owner, with_stopped=with_stopped)
    return models.service_model(call.hub, viewer, owner)


def shutdown(call: Call) -> Reply:
    """``POST /shutdown``: refusals and the answer; stopping the process is the server's part."""
    call.require("shutdown")
    body = call.body.optional_object()
    for key in ("proxy", "servers"):
        if key in body:
            checks.check_type(key, body[key], bool)
    return Reply({"message": "The hub is shutting down"}, 202, stops_hub=True)


def not_found(call: Call) -> Reply:
    """Every path under the API that is none of the others."""
    raise errors.no_such_path()


def options(call: Call) -> Reply:
    """``OPTIONS``: answered for every path of the API, without credentials."""
    return empty()
