"""JSON models of shares and share codes; who may read them at all has been asked before."""

from __future__ import annotations

from urllib.parse import urlencode

from . import models, times
from .entities import JSON, Group, Server
from .hub import Hub
from .shares import Share, ShareCode


def shared_server_model(hub: Hub, server: Server) -> dict[str, JSON]:
    """A server as those see it who may read the share and perhaps nothing else."""
    return {
        "user": {"name": server.user.name},
        "name": server.name,
        "url": models.server_url(hub, server),
        "full_url": None,  # needs `JupyterHub.public_url`, which this hub has not
        "ready": server.is_ready,
    }


def share_model(hub: Hub, share: Share) -> dict[str, JSON]:
    """A share."""
    recipient = {"name": share.recipient.name}
    is_group = isinstance(share.recipient, Group)
    return {
        "server": shared_server_model(hub, share.server),
        "scopes": share.scopes,
        "user": None if is_group else recipient,
        "group": recipient if is_group else None,
        "kind": "group" if is_group else "user",
        "created_at": times.render(share.created),
    }


def share_code_model(hub: Hub, code: ShareCode) -> dict[str, JSON]:
    """A share code, without the code."""
    return {
        "server": shared_server_model(hub, code.server),
        "scopes": code.scopes,
        "id": code.id,
        "created_at": times.render(code.created),
        "expires_at": times.render(code.expires_at),
        "exchange_count": code.exchange_count,
        "last_exchanged_at": times.render(code.last_exchanged_at),
    }


def new_share_code_model(hub: Hub, code: ShareCode, secret: str) -> dict[str, JSON]:
    """A share code with the code, and where to take it: shown only once."""
    query = urlencode({"code": secret})
    return {
        **share_code_model(hub, code),
        "code": secret,
        "accept_url": f"{hub.settings.hub_prefix}accept-share?{query}",
        "full_accept_url": None,  # needs `JupyterHub.public_url`, which this hub has not
    }
