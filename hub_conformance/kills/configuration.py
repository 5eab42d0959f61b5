"""The configurations of the hub in which rules are to be killed, the most usual one first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..embedded import PAGE_LIMITS, SETTINGS


@dataclass(frozen=True)
class Configuration:
    """How the hub is started, and what else the run is told.

    `changes` are fields of the run's settings. A hub that `ends` is used for one fault only.
    """

    name: str
    options: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    ends: bool = False


#: In the first all rules are run; in the others those that no earlier one let be checked.
CONFIGURATIONS = (
    Configuration("small pages", SETTINGS, {"page_limits": PAGE_LIMITS}),
    Configuration(
        "default limits, slow starts, authentication state",
        ("--Authenticator.enable_auth_state=True",),
        {"user_options": {"delay": 0.4}},
    ),
    Configuration("no named servers", ("--JupyterHub.allow_named_servers=False", *SETTINGS)),
    Configuration("to its end", SETTINGS, {"destructive": True}, ends=True),
)
