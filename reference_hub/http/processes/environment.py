"""What a server's process is told, in the variables that JupyterHub tells it in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ...core import models, oauth
from ...core.entities import Server
from ...core.hub import Hub

#: What a process inherits of the hub's own environment; everything else may be the hub's secret.
_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_ROOT", "CONDA_DEFAULT_ENV", "LANG", "LC_ALL")


def environment(
    hub: Hub, server: Server, secret: str, origin: str, port: int, home: Path
) -> dict[str, str]:
    """All variables of the process; `origin` is the hub's scheme and host, `port` its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "SHELL": "/bin/sh",
        **told(hub, server, secret, origin, port),
    }


def told(hub: Hub, server: Server, secret: str, origin: str, port: int) -> Mapping[str, str]:
    """Who the server is, where it shall listen, and how it finds the hub."""
    client = oauth.of_server(hub, server)
    prefix = models.server_url(hub, server)
    api = f"{origin}{hub.settings.hub_prefix}api"
    access = json.dumps([client.required])
    return {
        "JUPYTERHUB_API_TOKEN": secret,
        "JUPYTERHUB_API_URL": api,
        "JUPYTERHUB_ACTIVITY_URL": f"{api}/users/{models.escape(server.user.name)}/activity",
        "JUPYTERHUB_BASE_URL": hub.settings.base_url,
        "JUPYTERHUB_HOST": "",  # users' servers are below the hub's own host
        "JUPYTERHUB_USER": server.user.name,
        "JUPYTERHUB_SERVER_NAME": server.name,
        "JUPYTERHUB_SERVICE_PREFIX": prefix,
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}{prefix}",
        "JUPYTERHUB_CLIENT_ID": client.id,
        "JUPYTERHUB_OAUTH_CALLBACK_URL": client.redirect,
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": access,
        "JUPYTERHUB_OAUTH_SCOPES": access,  # its name before 3.0
        "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES": json.dumps(list(client.allowed)),
    }
