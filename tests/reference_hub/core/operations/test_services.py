from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import info, services
from tests.reference_hub.tools import SECRETS, Ask


def test_services_are_listed_by_name(ask: Ask) -> None:
    listed = ask(services.list_services, query="limit=1", pages=True).value
    assert list(listed) == ["boss", "plain"]
    assert listed["boss"]["roles"] == ["admin"]


def test_lists_show_what_the_filters_reach(ask: Ask) -> None:
    token = ask.token("admin", "list:services!service=plain")
    assert list(ask(services.list_services, who=token).value) == ["plain"]
    nothing = ask.token("admin", "list:services!user=ann")
    assert ask(services.list_services, who=nothing).value == {}
    assert ask(services.list_services, who="ann").status == 403


def test_a_service_of_the_api_comes_and_goes(ask: Ask) -> None:
    body = {"api_token": "its-own-secret", "info": {"a": 1}, "display": False}
    answer = ask(services.create_service, "new", body=body)
    assert answer.status == 201
    assert answer.value["info"] == {"a": 1}
    assert answer.value["display"] is False
    assert ask(info.identity, who="its-own-secret").value["name"] == "new"
    assert ask(services.create_service, "new", body=body).status == 409
    assert ask(services.delete_service, "new").status == 200
    assert ask(info.identity, who="its-own-secret").status == 403
    assert ask(services.delete_service, "new").status == 404


def test_configured_services_stay(ask: Ask) -> None:
    assert ask(services.delete_service, "plain").status == 405
    assert ask(services.read_service, "plain").status == 200


def test_the_path_names_the_service(ask: Ask) -> None:
    assert ask(services.create_service, "new", body={"name": "other"}).value["name"] == "new"


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        [1],
        "x",
        {"bogus": 1},
        {"admin": 1},
        {"timeout": 5},
        {"command": ["x"]},
        {"url": "ftp://x"},
        {"url": "http://["},
        {"url": "http://x:99999"},
        {"url": "http:"},
        {"api_token": "short"},
        {"api_token": SECRETS["ann"]},
        {"oauth_client_id": "x"},
        {"oauth_client_id": "service-new"},
        {"oauth_client_allowed_scopes": ["bogus"]},
        {"oauth_client_allowed_scopes": [1]},
        {"info": []},
    ],
)
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(services.create_service, "new", body=body).status == 400
    assert ask(services.read_service, "new").status == 404


@pytest.mark.parametrize("name", ["a/b", " a", ".", "a%20b"])
def test_names_that_cannot_be(ask: Ask, name: str) -> None:
    assert ask(services.create_service, name, body={"display": True}).status == 400


def test_a_url_makes_a_prefix(ask: Ask) -> None:
    model = ask(services.create_service, "new", body={"url": "http://127.0.0.1:1"}).value
    assert (model["url"], model["prefix"]) == ("http://127.0.0.1:1", "/services/new/")


def test_nobody_makes_a_service_mightier_than_themselves(ask: Ask) -> None:
    ask.hub.roles["maker"] = ("admin:services",)
    ask.hub.services["plain"].roles.append("maker")
    assert ask(services.create_service, "a", who="plain", body={"admin": True}).status == 400
    body = {"oauth_client_allowed_scopes": ["list:users"]}
    assert ask(services.create_service, "a", who="plain", body=body).status == 400
    assert ask(services.create_service, "a", who="plain", body={"admin": False}).status == 201
    assert ask(services.create_service, "b", body={"admin": True}).value["roles"] == ["admin"]


def test_who_may(ask: Ask) -> None:
    assert ask(services.create_service, "new", who="ann", body={"info": {}}).status == 403
    token = ask.token("admin", "read:services!service=plain")
    assert ask(services.read_service, "boss", who=token).status == 404
    assert ask(services.read_service, "nobody", who=token).status == 404
