"""What a hub is configured with, under JupyterHub's own trait names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Settings:
    """A hub's configuration; ``0`` for a limit means none, as in JupyterHub."""

    base_url: str = "/"
    api_page_default_limit: int = 50
    api_page_max_limit: int = 200
    allow_named_servers: bool = True
    named_server_limit_per_user: int = 0
    active_server_limit: int = 0
    concurrent_spawn_limit: int = 0
    token_expires_in_max_seconds: int = 0
    slow_spawn_timeout: float = 0.0  # seconds a POST waits for a pending start: 202 after that
    start_timeout: float = 60.0  # seconds until a start that nothing comes of has failed
    # What running servers may do, and what they may do for those who visit them; raw scopes.
    server_token_scopes: Sequence[str] = field(default_factory=list)  # none: the role `server`
    oauth_client_allowed_scopes: Sequence[str] = field(default_factory=list)
    enable_auth_state: bool = False
    admin_users: Sequence[str] = field(default_factory=lambda: ["admin"])
    allowed_users: Sequence[str] = field(default_factory=list)  # others may log in, too
    api_tokens: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[Mapping[str, Any]] = field(default_factory=list)
    load_groups: Mapping[str, Any] = field(default_factory=dict)
    load_roles: Sequence[Mapping[str, Any]] = field(default_factory=list)
    custom_scopes: Mapping[str, Any] = field(default_factory=dict)
    extra_user_scopes: Sequence[str] = field(default_factory=list)
    password: str = ""  # with which every user logs in; without one nobody does

    @property
    def hub_prefix(self) -> str:
        """``/hub/`` below the base URL."""
        return f"{self.base_url}hub/"
