"""Operations: which a path belongs to, and what is known about them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance import contract
from hub_conformance.contract import Match, Operation

from . import VERSIONS

NEWEST = contract.operations("6.1")
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/", "get-api"),
        ("GET", "", "get-api"),
        ("get", "/users", "get-users"),
        ("GET", "/users/ann", "get-user"),
        ("DELETE", "/users/ann/server", "delete-user-server"),
        ("GET", "/users/ann/server/progress", "get-user-server-progress"),
        ("POST", "/users/ann/servers/", "post-user-server-name"),
        ("GET", "/users/ann/servers//progress", "get-user-server-name-progress"),
        ("GET", "/users/server/servers/progress", "get-user-server-name"),
        ("POST", "/groups", "post-groups"),
        ("PUT", "/groups/g/properties", "put-group-properties"),
        ("GET", "/shares/ann", "get-shares-owner"),
        ("GET", "/shares/ann/", "get-shares-server"),
        ("DELETE", "/users/ann/shared/bob/x", "delete-user-shared-server"),
        ("GET", "/groups/g/shared/bob/", "get-group-shared-server"),
        ("POST", "/share-codes/ann/x", "post-share-code"),
        ("GET", "/authorizations/cookie/c/v", "get-auth-cookie"),
        ("HEAD", "/health", "head-health"),
        ("GET", "/shares/", None),
        ("GET", "/shares", None),
        ("GET", "/users/", None),
        ("GET", "/users//tokens", None),
        ("GET", "/users/ann/nonsense", None),
        ("TRACE", "/users", None),
        ("GET", "users", None),
        ("GET", "/hub/api/users", None),
    ],
)
def test_match(method: str, path: str, operation: str | None) -> None:
    assert contract.match(method, path) == operation


def test_an_encoded_slash_stays_inside_its_segment() -> None:
    found = contract.find("GET", "/users/a%2Fb/servers/%C3%A9%20x")
    assert found == Match("get-user-server-name", {"name": "a/b", "server_name": "é x"})


@given(given_names=st.lists(names, min_size=3, max_size=3))
def test_a_filled_in_path_finds_its_operation_again(given_names: list[str]) -> None:
    for operation in NEWEST.values():
        parameters = [each.name for each in operation.path_parameters]
        values = dict(zip(parameters, given_names, strict=False))
        assert contract.find(operation.method, operation.url(**values)) == Match(
            operation.id, values
        )


@given(name=names)
def test_a_path_names_its_object_percent_encoded(name: str) -> None:
    assert NEWEST["get-user"].url(name=name) == f"/users/{quote(name, safe='')}"


def test_a_path_parameter_must_be_given() -> None:
    with pytest.raises(KeyError, match="server_name"):
        NEWEST["get-user-server-name"].url(name="ann")


@pytest.mark.parametrize("version", VERSIONS)
def test_few_operations_take_no_credentials(version: str) -> None:
    open_to_all = [
        each.id for each in contract.operations(version).values() if not authenticated(each)
    ]
    assert open_to_all == [
        "get-api",
        "post-auth-token",
        "post-oauth-token",
        "get-health",
        "head-health",
    ]


def authenticated(operation: Operation) -> bool:
    return operation.authenticated and 403 in operation.statuses


@pytest.mark.parametrize("version", VERSIONS)
def test_ids_are_unique_and_follow_the_method(version: str) -> None:
    ids = [
        node["operationId"]
        for item in contract.load(version)["paths"].values()
        for node in item.values()
        if isinstance(node, dict) and "operationId" in node
    ]
    assert len(ids) == len(set(ids)) == len(contract.operations(version))
    for operation in contract.operations(version).values():
        assert operation.id.startswith(f"{operation.method.lower()}-")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_names_an_object_can_be_out_of_reach(version: str) -> None:
    for operation in contract.operations(version).values():
        if operation.path_parameters:
            assert {operation.outside_filter, 403} <= operation.statuses, operation.id
            assert not any(each.partial for each in operation.scopes), operation.id
        else:
            assert all(each.partial or not each.filters for each in operation.scopes)


def test_what_path_parameters_name() -> None:
    kinds = [each.kind for each in NEWEST["get-user-server-name"].path_parameters]
    assert kinds == ["user", "server"]
    assert [each.kind for each in NEWEST["get-shares-server"].path_parameters] == kinds
    kinds = [each.kind for each in NEWEST["get-user-shared-server"].path_parameters]
    assert kinds == ["user", "shared-owner", "shared-server"]


def test_statuses_fall_into_two_halves() -> None:
    operation = NEWEST["post-user-server"]
    assert operation.successes == {201, 202}
    assert operation.errors == {400, 403, 404, 429, 500}


def test_lists_in_pages() -> None:
    assert [each.id for each in NEWEST.values() if each.paginated] == [
        "get-users",
        "get-groups",
        "get-shares-owner",
        "get-shares-server",
        "get-user-shared",
        "get-group-shared",
        "get-share-codes-owner",
        "get-share-codes-server",
        "get-proxy",
    ]


def test_versions_differ_where_they_do() -> None:
    assert {"put-user-server-name", "get-user-server"} <= set(NEWEST)
    assert not {"put-user-server-name", "post-service"} & set(contract.operations("4.1"))
    assert [each.scope for each in NEWEST["post-user-server"].scopes] == ["start:servers"]
    older = contract.operations("5.5")["post-user-server"]
    assert [each.scope for each in older.scopes] == ["servers"]


def test_which_scopes_show_which_field() -> None:
    user = contract.visible_with("6.1", "User")
    assert user["roles"] == {"read:users", "read:roles:users"}
    assert user["user_info"] == {"read:users", "read:users:name"}
    assert user["auth_state"] == {"admin:auth_state"}
    assert contract.visible_with("6.1", "Server")["state"] == {"admin:server_state"}
    assert contract.visible_with("6.1", "Group")["users"] == {"read:groups"}
    assert contract.visible_with("6.1", "Service")["roles"] == {"read:roles:services"}


def test_what_a_token_always_shows_of_its_owner() -> None:
    always = {
        field
        for field, scopes in contract.visible_with("6.1", "UserIdentity").items()
        if not scopes
    }
    of_owner = {"kind", "name", "admin", "groups", "user_info"}
    assert always == of_owner | {"scopes", "token_id", "session_id"}
    assert "user_info" not in contract.visible_with("5.5", "UserIdentity")
