from __future__ import annotations

import pytest

from .client import Client


def test_access_through_a_share(client: Client) -> None:
    assert client("POST", "/hub/api/users/ann/servers/lab").status == 201
    assert client("GET", "/user/ann/lab/api", who="bob").status == 403
    granted = client("POST", "/hub/api/shares/ann/lab", {"user": "bob"})
    assert granted.status == 200
    assert granted.json["scopes"] == ["access:servers!server=ann/lab"]
    assert client("GET", "/user/ann/lab/api", who="bob").status == 200
    own = "/hub/api/users/bob/shared/ann/lab"
    assert client("GET", own, who="bob").json == granted.json
    left = client("DELETE", own, who="bob")
    assert (left.status, left.content) == (204, b"")
    assert client("GET", "/user/ann/lab/api", who="bob").status == 403


def test_the_default_server_is_the_empty_name(client: Client) -> None:
    assert client("POST", "/hub/api/shares/ann/", {"group": "team"}).json["server"]["name"] == ""
    assert client("PATCH", "/hub/api/shares/ann/", {"group": "team"}).json == {}
    assert client("POST", "/hub/api/share-codes/ann/").status == 200
    assert client("DELETE", "/hub/api/share-codes/ann/").status == 204
    # Without the slash it is about all servers, which can be listed only.
    assert client("POST", "/hub/api/shares/ann", {"group": "team"}).status == 405
    assert client("DELETE", "/hub/api/share-codes/ann").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "shares/ann",
        "shares/ann/",
        "share-codes/ann",
        "share-codes/ann/",
        "users/ann/shared",
        "groups/team/shared",
    ],
)
def test_lists(client: Client, path: str) -> None:
    answer = client("GET", f"/hub/api/{path}")
    assert answer.status == 200
    assert answer.json["items"] == []
    assert client("GET", f"/hub/api/{path}", who=None).status == 403
    assert client("PUT", f"/hub/api/{path}").status == 405


def test_group_paths(client: Client) -> None:
    client("POST", "/hub/api/shares/bob/", {"group": "team"})
    path = "/hub/api/groups/team/shared/bob/"
    assert client("GET", path).json["group"] == {"name": "team"}
    assert client("DELETE", path).status == 204
    assert client("GET", path).status == 404
