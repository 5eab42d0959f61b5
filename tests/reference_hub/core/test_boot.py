from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core import boot
from reference_hub.core.hub import Hub, Settings
from tests.reference_hub.tools import SECRETS


def build(**settings: Any) -> Hub:
    return boot.reset(Hub(Settings(**settings)))


def test_the_configuration_is_there(hub: Hub) -> None:
    assert [user.name for user in hub.users.values()] == ["admin", "ann", "bob"]
    assert list(hub.groups) == ["team", "empty"]
    assert hub.groups["team"].properties == {"size": 1}
    assert hub.services["boss"].roles == ["admin"]
    assert hub.services["boss"].from_config
    token = hub.find_token(SECRETS["plain"])
    assert token is not None
    assert token.owner is hub.services["plain"]


def test_whoever_is_allowed_is_there() -> None:
    hub = build(allowed_users=["Ann", "admin"], load_groups={"team": ["ann"]})
    assert [user.name for user in hub.users.values()] == ["admin", "ann"]


def test_reset_undoes_everything(hub: Hub) -> None:
    hub.add_user("new")
    hub.remove_user(hub.users[1])
    hub.groups["team"].properties["size"] = 2
    hub.services.clear()
    boot.reset(hub)
    assert [user.name for user in hub.users.values()] == ["admin", "ann", "bob"]
    assert hub.groups["team"].properties == {"size": 1}
    assert list(hub.services) == ["boss", "plain"]
    assert hub.find_token(SECRETS["admin"]) is not None


def test_roles_find_their_holders() -> None:
    hub = build(
        services=[{"name": "svc"}],
        load_roles=[
            {
                "name": "reader",
                "scopes": ["list:users"],
                "users": ["Ann"],
                "groups": ["team"],
                "services": ["svc"],
            },
            {"name": "admin", "users": ["bea"]},
        ],
    )
    ann, bea = hub.find_user("ann"), hub.find_user("bea")
    assert ann is not None
    assert ann.roles == ["user", "reader"]
    assert hub.groups["team"].roles == ["reader"]
    assert hub.services["svc"].roles == ["reader"]
    assert bea is not None
    assert bea.admin


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"services": [{"api_token": "very-secret"}]}, "has no name"),
        ({"services": [{"name": "a/b"}]}, "valid service name"),
        ({"services": [{"name": "svc", "bogus": 1}]}, "unknown keys: bogus"),
        ({"services": [{"name": "svc", "admin": "yes"}]}, "true or false"),
        ({"services": [{"name": "svc", "api_token": "short"}]}, "at least 8"),
        ({"server_token_scopes": ["no:scope"]}, "server_token_scopes: There is no scope"),
        ({"load_groups": {"team": {"users": "ann"}}}, "must be a list of names"),
        ({"load_groups": {"team": [" "]}}, "not a valid user name"),
        ({"load_roles": [{"name": "reader", "services": ["nope"]}]}, "not in services"),
        ({"api_tokens": {"short": "ann"}}, "at least 8"),
        ({"api_tokens": {"long-enough": "a/b"}}, "not a valid user name"),
        (
            {
                "api_tokens": {"very-secret": "a"},
                "services": [{"name": "s", "api_token": "very-secret"}],
            },
            "given twice",
        ),
    ],
)
def test_configurations_that_cannot_stand(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(boot.ConfigError, match=message) as caught:
        build(**settings)
    assert "very-secret" not in str(caught.value)
