from __future__ import annotations

import pytest

from reference_hub.core import scope_table


def test_every_subscope_is_a_scope() -> None:
    below = {scope for scopes in scope_table.SUBSCOPES.values() for scope in scopes}
    assert below <= scope_table.SUBSCOPES.keys()
    assert set(scope_table.SELF) <= scope_table.SUBSCOPES.keys()


def test_custom_scopes_join_the_table() -> None:
    table = scope_table.with_custom_scopes(
        {
            "custom:a:b": {"description": "x", "subscopes": ["custom:a:c"]},
            "custom:a:c": {"description": "y"},
        }
    )
    assert table["custom:a:b"] == ("custom:a:c",)
    assert "custom:a:b" not in scope_table.SUBSCOPES


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("mine:a", {"description": "x"}),
        ("custom:A", {"description": "x"}),
        ("custom:a:", {"description": "x"}),
        ("custom:abc", {}),
        ("custom:abc", "x"),
        ("custom:abc", {"description": "x", "subscopes": "read:users"}),
        ("custom:abc", {"description": "x", "subscopes": ["read:users"]}),
        ("custom:abc", {"description": "x", "subscopes": ["custom:nope"]}),
    ],
)
def test_custom_scopes_that_cannot_stand(name: str, definition: object) -> None:
    with pytest.raises(scope_table.CustomScopeError, match=name.split(":")[0]):
        scope_table.with_custom_scopes({name: definition})
