"""The hub as clients meet it: paths, methods, headers, bodies."""

from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.pagination import MEDIA_TYPE
from reference_hub.http.routes import API

from .client import Client
from .conftest import Live


def test_headers_of_every_answer(client: Client) -> None:
    for path, status in (("/hub/api", 200), ("/hub/api/users", 200), ("/hub/api/nope", 404)):
        response = client("GET", path)
        assert response.status == status
        assert response.headers["x-jupyterhub-version"] == "6.1.1"
        assert response.headers["content-type"] == "application/json"
        assert "authorization" in response.headers["access-control-allow-headers"]
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_errors_have_two_keys(client: Client) -> None:
    for method, path, status in (
        ("GET", "/hub/api/nope", 404),
        ("GET", "/hub/api/users/", 404),
        ("GET", "/hub/api/users/nobody", 404),
        ("DELETE", "/hub/api/users", 405),
        ("HEAD", "/hub/api", 405),
        ("PUT", "/hub/api/nope", 404),
        ("POST", "/hub/api/users", 400),
    ):
        response = client(method, path)
        assert response.status == status, path
        if method != "HEAD":
            assert response.json.keys() == {"status", "message"}
            assert response.json["status"] == status
            assert isinstance(response.json["message"], str)


@pytest.mark.parametrize("path", [path for path in API if "progress" not in path])
def test_every_path_knows_its_methods(client: Client, path: str) -> None:
    real = path
    for name, value in (("{name}", "nobody"), ("{id:segment}", "x"), ("{server:segment}", "x")):
        real = real.replace(name, value)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        status = client(method, f"/hub/api{real}", who=None).status
        assert (status == 405) is (method not in API[path]), method
    assert client("OPTIONS", f"/hub/api{real}", who=None).status == 200


def test_metrics_are_text_and_their_refusals_pages(client: Client) -> None:
    for path in ("/hub/metrics", "/hub/api/metrics"):
        response = client("GET", path)
        assert response.status == 200
        assert response.headers["content-type"].startswith("text/plain; version=")
        assert b"# TYPE jupyterhub_total_users gauge" in response.content
        refusal = client("GET", path, who=None)
        assert (refusal.status, refusal.headers["content-type"]) == (403, "text/html")
        assert client("POST", path).status == 405


def test_health_is_for_anybody(client: Client) -> None:
    for path in ("/hub/health", "/hub/api/health"):
        for method in ("GET", "HEAD"):
            response = client(method, path, who=None)
            assert (response.status, response.content) == (200, b"")


def test_escapes_in_names(client: Client) -> None:
    assert client("POST", "/hub/api/groups/a%2Fb%20c").json["name"] == "a/b c"
    assert client("GET", "/hub/api/groups/a%2Fb%20c").status == 200
    assert client("GET", "/hub/api/groups/a/b%20c").status == 404
    assert client("POST", "/hub/api/users/%C3%A9").json["name"] == "é"
    assert client("POST", "/hub/api/users/%FF").status == 400
    assert client("GET", "/hub/api/users?name_filter=%FF").status == 400
    assert client("GET", "/hub/api/users?unread=%FF").status == 200


def test_the_default_server_has_two_paths(client: Client) -> None:
    model = client("GET", "/hub/api/users/ann/server").json
    assert client("GET", "/hub/api/users/ann/servers/").json == model
    assert client("GET", "/hub/api/users/ann/servers//progress").status == 404


def test_permission_is_asked_before_the_body_is_read(client: Client) -> None:
    assert client("POST", "/hub/api/users", raw=b"{", who="ann").status == 403
    assert client("POST", "/hub/api/users", raw=b"{").status == 400


def test_any_content_type_will_do(client: Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; x=y", ""):
        response = client(
            "PUT", "/hub/api/groups/team/properties", {"a": kind}, headers={"Content-Type": kind}
        )
        assert response.json["properties"] == {"a": kind}


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("multipart/form-data", b"{}"),
        ("multipart/form-data; boundary=xx", b"{}"),
        ("Multipart/Form-Data; boundary=xx", b"--xx--"),  # well-formed, and still no JSON
    ],
)
def test_but_not_a_broken_form(client: Client, kind: str, raw: bytes) -> None:
    headers = {"Content-Type": kind}
    path = "/hub/api/groups/team/properties"
    assert client("PUT", path, raw=raw, headers=headers).status == 400


def test_pages_have_urls(client: Client) -> None:
    headers = {"Accept": MEDIA_TYPE, "Host": "hub.test:99"}
    response = client("GET", "/hub/api/users?limit=1&sort=name", headers=headers)
    page = response.json["_pagination"]["next"]
    assert page["url"] == "http://hub.test:99/hub/api/users?limit=1&sort=name&offset=1"
    following = client("GET", page["url"].removeprefix("http://hub.test:99"), headers=headers)
    assert [user["name"] for user in following.json["items"]] == ["ann"]


def test_nothing_comes_with_204(client: Client) -> None:
    response = client("DELETE", "/hub/api/groups/team")
    assert (response.status, response.content) == (204, b"")
    assert "content-type" not in response.headers


def test_text_comes_back_as_it_was_sent(client: Client) -> None:
    properties: dict[str, Any] = {"é": "\U0001f600", "half": "\ud83d", "n": 10**400}
    path = "/hub/api/groups/team/properties"
    assert client("PUT", path, properties).json["properties"] == properties


@pytest.mark.parametrize("raw", [b"\x00", b"[" * 200_000, b'{"a":' * 50_000, b"\xff\xfe{}"])
def test_no_body_breaks_the_hub(client: Client, raw: bytes) -> None:
    for method, path in (
        ("POST", "/hub/api/users"),
        ("PATCH", "/hub/api/users/ann"),
        ("POST", "/hub/api/users/ann/tokens"),
        ("POST", "/hub/api/users/ann/servers/lab"),
        ("DELETE", "/hub/api/users/ann/server"),
        ("POST", "/hub/api/shutdown"),
    ):
        assert client(method, path, raw=raw).status == 400, path


def test_a_shutdown_stops_the_hub_after_the_answer(client: Client, live: Live) -> None:
    assert client("POST", "/hub/api/shutdown", {"proxy": "x"}).status == 400
    assert not live.stopped.is_set()
    assert client("POST", "/hub/api/shutdown").status == 202
    assert live.stopped.wait(5)


def test_an_unexpected_error_is_told_like_any_other(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("reference_hub.core.models.group_model", broken)
    response = client("GET", "/hub/api/groups/team")
    assert response.json == {"status": 500, "message": "Internal error"}
    assert "ZeroDivisionError" in caplog.text


def test_below_a_base_url(live_below: Live) -> None:
    with live_below.client() as client:
        assert client("GET", "/jupyter/hub/api").json == {"version": "6.1.1"}
        assert client("GET", "/hub/api").status == 404
        assert client("GET", "/jupyter/").headers["location"] == "/jupyter/hub/"
        assert client("GET", "/jupyter").headers["location"] == "/jupyter/hub/"
        assert client("POST", "/jupyter/hub/api/users/ann/server").status == 201
        model = client("GET", "/jupyter/hub/api/users/ann/server").json
        assert model["url"] == "/jupyter/user/ann/"
        assert model["progress_url"] == "/jupyter/hub/api/users/ann/server/progress"
        assert client("GET", "/jupyter/user/ann/api").status == 200
        assert set(client("GET", "/jupyter/hub/api/proxy").json) == {
            "/jupyter/",
            "/jupyter/user/ann/",
        }
