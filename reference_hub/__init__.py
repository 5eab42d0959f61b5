"""A small in-memory hub that keeps the contract of JupyterHub 6.1's REST API.

``python -m reference_hub`` serves it; :func:`create_app` gives the ASGI application over a
:class:`Hub`, for tests that want one in their own process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.hub import Hub, Settings
    from .http.app import create_app

__all__ = ["Hub", "Settings", "create_app"]

_HOMES = {
    "Hub": "reference_hub.core.hub",
    "Settings": "reference_hub.core.hub",
    "create_app": "reference_hub.http.app",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that reading a version or an option needs no web framework.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
