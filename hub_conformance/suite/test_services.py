"""Services: the list, one by itself, and what a service's token is."""

from __future__ import annotations

import pytest

from ..hub import PAGINATION, Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._services import (
    Made,
    check_types,
    kept_service,
    listed,
    made,
    path_of,
    read,
)
from ._shape import object_of, refused

#: As many services of the hub are read one by one.
SOME = 2
RIGHTS = ("list:services", "read:services", "read:roles:services")


@pytest.fixture(scope="module")
def reader(hub: Hub) -> Hub:
    """The hub, through a token that may read all of every service."""
    for scope in RIGHTS:
        need_scopes(hub.target, scope)
    return hub


@pytest.fixture(scope="module")
def plain(shared: Sandbox) -> Made:
    """A service with a token and no rights. Never changed."""
    return kept_service(shared)


@pytest.fixture(scope="module")
def admin_service(shared: Sandbox) -> Made:
    """A service with every right. Never changed."""
    need_scopes(shared.hub.target, "admin:services")
    return made(shared, admin=True)


@rule("services/list-is-an-object-by-name")
def test_list(reader: Hub) -> None:
    """The list of services is an object: each service's model under its name."""
    listed(reader)


@rule("services/models-have-exactly-their-fields")
def test_fields(reader: Hub) -> None:
    """Every service shows all fields of a service and no other, each of its type."""
    for model in listed(reader).values():
        check_types(model)


@rule("services/one-by-itself-is-as-in-the-list")
def test_read(reader: Hub) -> None:
    """A service read by itself has the same model as in the list."""
    everything = listed(reader)
    for name in sorted(everything)[:SOME]:
        assert read(reader, name) == everything[name]


@rule("services/list-is-never-in-pages")
def test_no_pages(reader: Hub) -> None:
    """The list is the same whole object where pages, an offset and a limit are asked for."""
    params = {"limit": 1, "offset": 1}
    paged = listed(reader, params=params, headers={"Accept": PAGINATION})
    others = set(listed(reader)) ^ set(paged)
    assert not any(reader_owns(reader, name) for name in others), sorted(others)
    assert not {"items", "_pagination"} & set(paged)


def reader_owns(hub: Hub, name: str) -> bool:
    """Whether a service in one of two lists is there now: strangers may add and remove some."""
    return hub.get(path_of(name)).status == 200


@rule("services/absent-one-is-404", since="5.0")
def test_absent(reader: Hub, shared: Sandbox) -> None:
    """Reading a service that does not exist is refused with 404."""
    refused(reader.get(path_of(shared.name("absent"))), 404)


@rule("services/names-compare-whole", since="5.0", needs="services")
def test_names(reader: Hub, plain: Made) -> None:
    """A name that begins like a service's, or is its beginning, is no service's."""
    for name in (f"{plain.name}2", plain.name[:-1], f"{plain.name}/"):
        answer = reader.get(path_of(name))
        assert answer.status == 404, answer


# --- what a service is not


@rule("services/service-is-no-user", since="5.0", needs="services")
def test_no_user(hub: Hub, plain: Made, admin_service: Made) -> None:
    """A service is in no list of users, and cannot be read, or issued a token, as a user."""
    for service in (plain, admin_service):
        page = hub.page("/users", name_filter=service.name)
        assert (page.names, page.total) == ([], 0)
    refused(hub.get(f"/users/{plain.name}"), 404, explained=False)
    answer = hub.post(f"/users/{plain.name}/tokens", json={})
    assert answer.status in (403, 404), answer


@rule("services/configured-service-is-no-user")
def test_configured_is_no_user(reader: Hub) -> None:
    """A service of any kind is not listed among the users, unless a user has the same name too."""
    for name in sorted(listed(reader))[:SOME]:
        answer = reader.get("/users", params={"name_filter": name})
        assert answer.status == 200, answer
        found = [each for each in answer.json if each.get("name") == name]
        assert [each.get("kind") for each in found] in ([], ["user"]), found


@rule("services/service-cannot-be-a-member", since="5.0", needs="services")
def test_no_member(hub: Hub, plain: Made, sandbox: Sandbox) -> None:
    """A service cannot be put in a group: refused with 400, and the group stays as it was."""
    group = sandbox.group()
    refused(hub.post(f"/groups/{group}/users", json={"users": [plain.name]}), 400)
    assert object_of(hub.get(f"/groups/{group}")).get("users") == []


# --- its token


@rule("services/token-given-at-creation-is-the-services", since="5.0", needs="services")
def test_token(plain: Made) -> None:
    """The token that a service is created with counts from its first request on, as its own."""
    model = object_of(plain.hub.get("/user"))
    assert (model.get("kind"), model.get("name")) == ("service", plain.name)
    assert model.get("admin") is False
    assert "admin:users" not in model.get("scopes", []), model["scopes"]


@rule("services/token-of-an-admin-service-has-its-rights", since="5.0", needs="services")
def test_admin(admin_service: Made, sandbox: Sandbox) -> None:
    """A service created with `admin` is one, has the role, and its token does what admins may."""
    assert admin_service.model.get("admin") is True
    assert admin_service.model.get("roles") == ["admin"]
    identity = object_of(admin_service.hub.get("/user"))
    assert (identity.get("kind"), identity.get("admin")) == ("service", True)
    user = User(sandbox.name("made"), sandbox)
    answer = admin_service.hub.post(user.path)
    assert answer.status == 201, answer
    assert object_of(admin_service.hub.get(user.path)).get("name") == user.name


@rule("services/token-without-a-role-may-nothing", since="5.0", needs="services")
def test_no_rights(plain: Made, alice: User) -> None:
    """A service that was given no role reads nothing and makes nothing."""
    for path in ("/users", "/services", alice.path):
        answer = plain.hub.get(path)
        assert answer.status in (403, 404), answer
    answer = plain.hub.post(f"/services/{plain.name}2", json={"info": {}})
    refused(answer, 403)


@rule("services/token-is-shown-nowhere", since="5.0", needs="services")
def test_secret(reader: Hub, plain: Made) -> None:
    """The token that a service was created with is in no answer, not even the one to its creation.

    Neither is any other field that a service can be created with and that its model lacks.
    """
    assert "api_token" not in plain.model
    secret = plain.secret.reveal()
    answers = [reader.get("/services"), reader.get(plain.path), plain.hub.get("/user")]
    leaking = [answer for answer in answers if secret in answer.text]
    assert not leaking, leaking


@rule("services/token-can-be-resolved", since="5.0", needs="services")
def test_resolution(plain: Made, alice: User) -> None:
    """Any valid token may ask whom a service's token belongs to, and is told kind and name."""
    for asking in (alice.hub, plain.hub):
        model = object_of(asking.get(f"/authorizations/token/{plain.secret.reveal()}"))
        assert (model.get("kind"), model.get("name")) == ("service", plain.name), model
        assert not {"pid", "command", "roles"} & set(model), model
