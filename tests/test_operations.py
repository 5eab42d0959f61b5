"""The recipes: each operation of the contract has one, or a reason why not."""

from __future__ import annotations

import pytest

from hub_conformance import contract
from hub_conformance.contract.scopes import Resource
from hub_conformance.operations import NOT_CALLED, RECIPES, resource_of
from hub_conformance.suite._endpoints import ENDPOINTS

OPERATIONS = contract.operations("6.1")
GROUPS = {"ann": frozenset({"team"})}


def test_every_operation_has_a_recipe_or_a_reason() -> None:
    assert set(RECIPES) | set(NOT_CALLED) == set(OPERATIONS)
    assert not set(RECIPES) & set(NOT_CALLED)


#: Operations that take credentials and are not among those asked with ones that do not count.
ASKED_ELSEWHERE = {
    "get-auth-token": "identity/resolution-needs-a-token",
    "get-auth-cookie": "the cookie is in its path",
    "get-auth-cookie-body": "the cookie is in its body",
    "get-oauth-authorize": "by a cookie only",
    "post-oauth-authorize": "by a cookie only",
    "get-metrics": "open to everybody where the configuration says so",
    "post-user-admin-access": "refused to everybody",
}


def test_credentials_that_do_not_count_are_tried_on_every_operation() -> None:
    names = dict.fromkeys(("user", "group", "service", "server", "token"), "x")
    asked = {contract.match(each.method, each.path.format(**names)) for each in ENDPOINTS}
    need = {each.id for each in OPERATIONS.values() if each.authenticated}
    assert need - asked == ASKED_ELSEWHERE.keys()


@pytest.mark.parametrize(
    ("operation", "names", "resource"),
    [
        ("get-users", {}, None),
        ("get-user", {"name": "ann"}, Resource("user", "ann", groups=GROUPS["ann"])),
        ("get-user-server", {"name": "ann"}, Resource("server", "", "ann", GROUPS["ann"])),
        (
            "get-user-server-name",
            {"name": "ann", "server_name": "x"},
            Resource("server", "x", "ann", GROUPS["ann"]),
        ),
        ("get-group", {"name": "team"}, Resource("group", "team")),
        ("get-shares-owner", {"owner": "ann"}, Resource("user", "ann", groups=GROUPS["ann"])),
        (
            "get-shares-server",
            {"owner": "ann", "server_name": ""},
            Resource("server", "", "ann", GROUPS["ann"]),
        ),
        (
            "get-user-shared-server",
            {"name": "ann", "owner": "bob", "server_name": "x"},
            Resource("user", "ann", groups=GROUPS["ann"]),
        ),
        (
            "delete-group-shared-server",
            {"name": "team", "owner": "bob", "server_name": "x"},
            Resource("group", "team"),
        ),
    ],
)
def test_the_object_that_a_filter_has_to_cover(
    operation: str, names: dict[str, str], resource: Resource | None
) -> None:
    assert resource_of(OPERATIONS[operation], names, GROUPS) == resource
