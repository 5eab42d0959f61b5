"""hub-conformance: does a hub keep the contract of JupyterHub's REST API?

The public names are loaded on first use, because pytest imports this package at every start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Answer, Client, Request
    from .hub import Hub, Page
    from .rules import Rule, not_applicable, not_requested, rule, untested
    from .sandbox import Sandbox, Token, User
    from .secret import Scrubber, Secret
    from .target import Target

__all__ = [
    "Answer",
    "Client",
    "Hub",
    "Page",
    "Request",
    "Rule",
    "Sandbox",
    "Scrubber",
    "Secret",
    "Target",
    "Token",
    "User",
    "not_applicable",
    "not_requested",
    "rule",
    "untested",
]

_ROOMS = {
    "client": ("Answer", "Client", "Request"),
    "hub": ("Hub", "Page"),
    "rules": ("Rule", "not_applicable", "not_requested", "rule", "untested"),
    "sandbox": ("Sandbox", "Token", "User"),
    "secret": ("Scrubber", "Secret"),
    "target": ("Target",),
}


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
