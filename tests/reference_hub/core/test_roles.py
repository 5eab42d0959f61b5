from __future__ import annotations

from collections.abc import Mapping

import pytest

from reference_hub.core import roles
from reference_hub.core.scopes import Owner, ScopeTable

TABLE = ScopeTable()


def test_the_default_roles() -> None:
    built = roles.build([], TABLE)
    assert built == roles.DEFAULT_ROLES
    # The 45 scopes that a service with `admin: True` holds in 6.1.
    assert len(TABLE.expand(built["admin"], Owner("service", "boss"))) == 45


def test_roles_are_added_and_overridden() -> None:
    built = roles.build(
        [{"name": "reader", "scopes": ["list:users"]}, {"name": "token", "scopes": ["self"]}], TABLE
    )
    assert built["reader"] == ("list:users",)
    assert built["token"] == ("self",)


def test_an_override_without_scopes_keeps_them() -> None:
    assert roles.build([{"name": "admin", "users": ["ann"]}], TABLE) == roles.DEFAULT_ROLES


def test_extra_user_scopes() -> None:
    assert roles.build([], TABLE, ["list:users"])["user"] == ("self", "list:users")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"scopes": ["self"]}, "no name"),
        ({"name": "X!"}, "must be 3 to 255"),
        ({"name": 5}, "must be 3 to 255"),
        ({"name": "reader", "scopes": ["bogus"]}, "no scope 'bogus'"),
        ({"name": "reader", "scopes": "self"}, "must be a list"),
        ({"name": "admin", "scopes": ["self"]}, "cannot be changed"),
    ],
)
def test_roles_that_cannot_stand(spec: Mapping[str, object], message: str) -> None:
    with pytest.raises(roles.RoleError, match=message):
        roles.build([spec], TABLE)


def test_a_role_is_defined_once() -> None:
    with pytest.raises(roles.RoleError, match="twice"):
        roles.build([{"name": "reader"}, {"name": "reader"}], TABLE)
