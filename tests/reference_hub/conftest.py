"""A hub with a clock that tests move, and a way to ask it things without HTTP."""

from __future__ import annotations

import pytest

from reference_hub.core import boot
from reference_hub.core.hub import Hub, Settings

from .tools import SECRETS, Ask, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings() -> Settings:
    return Settings(
        admin_users=["admin"],
        api_tokens={SECRETS["admin"]: "admin", SECRETS["ann"]: "ann", SECRETS["bob"]: "bob"},
        services=[
            {"name": "boss", "api_token": SECRETS["boss"], "admin": True},
            {"name": "plain", "api_token": SECRETS["plain"]},
        ],
        load_groups={"team": {"users": ["ann"], "properties": {"size": 1}}, "empty": []},
        custom_scopes={
            "custom:app:read": {"description": "read"},
            "custom:app:write": {"description": "write", "subscopes": ["custom:app:read"]},
        },
    )


@pytest.fixture
def hub(settings: Settings, clock: FakeClock) -> Hub:
    return boot.reset(Hub(settings, clock))


@pytest.fixture
def ask(hub: Hub) -> Ask:
    return Ask(hub)
