"""Services: adding one while the hub runs (since 5.0), and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox
from ._credentials import need_scopes
from ._proxy import inner_url
from ._servers import tail_of
from ._services import (
    DEFAULTS,
    Made,
    check_types,
    create,
    is_absent,
    kept_service,
    listed,
    made,
    new_secret,
    owner_of,
    path_of,
    read,
)
from ._shape import object_of, refused

INFO: dict[str, Any] = {
    "nested": {"a": {"b": [1, 2.5, None, True, {"c": []}]}},
    "größe": "日本 ☃ 🎉",
    "": "",
    "name": "x",
    "admin": True,
    "users": 3,
}
#: A value of another type for each field of a request.
WRONG: dict[str, Any] = {
    "admin": "yes",
    "url": 3,
    "oauth_client_allowed_scopes": "access:services",
    "api_token": 12345678,
    "info": ["a"],
    "display": 1,
    "oauth_no_confirm": "no",
    "command": "true",
    "cwd": ["/"],
    "environment": ["A=B"],
    "oauth_redirect_uri": 3,
}


@pytest.fixture(scope="module")
def maker(shared: Sandbox) -> Hub:
    """The hub, through a token that may add services and read all of them."""
    for scope in ("admin:services", "list:services", "read:services", "read:roles:services"):
        need_scopes(shared.hub.target, scope)
    return shared.hub


@pytest.fixture(scope="module")
def kept(shared: Sandbox, maker: Hub) -> Made:
    """A service that is not to be changed."""
    return kept_service(shared)


def accepted(hub: Hub, name: str, /, **body: Any) -> dict[str, Any]:
    """Add a service; return the model in the answer."""
    return object_of(create(hub, name, **body), 201)


# --- added


@rule("services/created-with-201-and-its-model", since="5.0", needs="services")
def test_create(maker: Hub, sandbox: Sandbox) -> None:
    """Adding a service answers 201 with its model; the list and the service itself say the same."""
    name = sandbox.name("service")
    model = accepted(maker, name, info={"a": 1}, display=False)
    check_types(model)
    assert model == {**DEFAULTS, "name": name, "info": {"a": 1}, "display": False}
    assert read(maker, name) == model
    assert listed(maker).get(name) == model


@rule("services/fields-left-out-have-defaults", since="5.0", needs="services")
def test_defaults(maker: Hub, sandbox: Sandbox) -> None:
    """What a request leaves out has its default: no admin, no URL, no command, displayed."""
    service = made(sandbox)
    assert service.model == {**DEFAULTS, "name": service.name}
    assert read(maker, service.name) == service.model


@rule("services/info-is-kept", since="5.0", needs="services")
def test_info(maker: Hub, sandbox: Sandbox) -> None:
    """`info` is any object, and comes back as it was given."""
    name = sandbox.name("service")
    assert accepted(maker, name, info=INFO).get("info") == INFO
    assert read(maker, name).get("info") == INFO


@rule("services/url-gives-a-prefix", since="5.0", needs="services")
def test_url(maker: Hub, sandbox: Sandbox) -> None:
    """A service with a URL shows it and its prefix at the proxy, and is gone when removed."""
    name, url = sandbox.name("service"), inner_url(maker).rstrip("/") + "/"
    for model in (accepted(maker, name, url=url), read(maker, name), listed(maker).get(name, {})):
        assert model.get("url") == url
        assert tail_of(model.get("prefix")) == f"{maker.target.prefix}services/{name}/"
    assert maker.delete(path_of(name)).status == 200
    is_absent(maker, name)
    assert name not in listed(maker)


@rule("services/name-is-the-paths", since="5.0", needs="services")
def test_name(maker: Hub, sandbox: Sandbox) -> None:
    """A service is called as the path says, whatever `name` in the body says."""
    name, other = sandbox.name("service"), sandbox.name("service")
    assert accepted(maker, name, name=other, info={}).get("name") == name
    refused(maker.get(path_of(other)), 404)


@rule("services/odd-names-are-read-back", since="5.0", needs="services")
def test_odd_names(maker: Hub, sandbox: Sandbox) -> None:
    """A name that is encoded in a path, or has capitals, is refused, or read back as it is."""
    for end in (" ä@x+1%41", "-MiXed"):
        name = f"{sandbox.name('service')}{end}"
        answer = create(maker, name, info={})
        if answer.status == 201:
            assert object_of(answer, 201).get("name") == name
            assert read(maker, name).get("name") == name
            assert name in listed(maker)
        else:
            refused(answer, 400)


# --- those that are there


@rule("services/existing-one-is-409", since="5.0", needs="services")
def test_existing(maker: Hub, kept: Made) -> None:
    """Adding a service that is there is refused with 409, and changes nothing of it."""
    secret = new_secret(maker)
    body = {"info": {"colour": "red"}, "display": True, "admin": True}
    refused(create(maker, kept.name, api_token=secret.reveal(), **body), 409)
    assert read(maker, kept.name) == kept.model
    assert owner_of(maker.using(secret)) == "", "the token of a refused request counts"
    assert owner_of(kept.hub) == f"service {kept.name}"


@rule("services/configured-one-is-409", since="5.0", needs="services")
def test_configured(maker: Hub, sandbox: Sandbox) -> None:
    """Adding a service that the configuration has is refused with 409, before the body is read."""
    before = listed(maker)
    theirs = sorted(name for name in before if not sandbox.guard.owns(name))
    if not theirs:
        not_applicable("this hub has no services of its own")
    refused(maker.post(path_of(theirs[0]), json=[]), 409)
    assert read(maker, theirs[0]) == before[theirs[0]]


@rule("services/token-in-use-stays-its-owners", since="5.0", needs="services")
def test_token_in_use(maker: Hub, kept: Made, sandbox: Sandbox) -> None:
    """A token that another service has stays that one's, also when the newcomer is removed."""
    name = sandbox.name("service")
    answer = create(maker, name, api_token=kept.secret.reveal())
    assert answer.status in (201, 400, 409), answer
    assert owner_of(kept.hub) == f"service {kept.name}"
    if answer.status == 201:
        assert maker.delete(path_of(name)).status == 200
        assert owner_of(kept.hub) == f"service {kept.name}", "it went with the newcomer"


# --- refused


@pytest.fixture(scope="module")
def refusals(shared: Sandbox, maker: Hub) -> str:
    """A name that no service has: of those that are refused."""
    return shared.name("refused")


@rule("services/body-is-needed", since="5.0", needs="services")
def test_no_body(maker: Hub, refusals: str) -> None:
    """A service is not added without a body, or with one that says nothing: 400."""
    refused(maker.post(path_of(refusals)), 400)
    body: Any
    for body in ({}, [], None):
        refused(maker.post(path_of(refusals), json=body), 400)
    is_absent(maker, refusals)


@rule("services/wrong-type-is-refused", since="5.0", needs="services")
def test_wrong_types(maker: Hub, refusals: str) -> None:
    """A field of another type is refused with 400, each by itself, and no service is added."""
    found = {key: create(maker, refusals, **{key: WRONG[key]}).status for key in WRONG}
    assert found == dict.fromkeys(WRONG, 400)
    is_absent(maker, refusals)


@rule("services/null-is-no-value", since="5.0", needs="services")
def test_null(maker: Hub, refusals: str) -> None:
    """A field that is null is refused with 400: what has no value is left out."""
    for key in ("admin", "info", "url"):
        refused(create(maker, refusals, **{key: None}), 400)
    is_absent(maker, refusals)


@rule("services/unknown-key-is-refused", since="5.0", needs="services")
def test_unknown_key(maker: Hub, refusals: str) -> None:
    """A key that a service does not have, or that cannot be given, is refused with 400."""
    for key in ("colour", "pid", "roles"):
        refused(create(maker, refusals, info={}, **{key: []}), 400)
    is_absent(maker, refusals)


@rule("services/command-is-refused", since="5.0", needs="services")
def test_command(maker: Hub, refusals: str) -> None:
    """A service that the hub would have to run is refused with 400: only the configuration may."""
    refused(create(maker, refusals, command=["true"]), 400)
    is_absent(maker, refusals)


@rule("services/short-token-is-refused-whole", since="5.0", needs="services")
def test_short_token(maker: Hub, sandbox: Sandbox) -> None:
    """A token too short to be one is refused with 400, and the service is not added without it."""
    name = sandbox.name("service")
    answer = create(maker, name, api_token="short")  # noqa: S106 - refused
    is_absent(maker, name)
    refused(answer, 400)


@rule("services/unknown-oauth-scope-is-refused", since="5.0", needs="services")
def test_oauth_scopes(maker: Hub, sandbox: Sandbox) -> None:
    """An OAuth scope that does not exist is refused with 400, and one that does is accepted."""
    name = sandbox.name("service")
    answer = create(maker, name, oauth_client_allowed_scopes=["access:services", "no:such"])
    is_absent(maker, name)
    accepted(maker, name, oauth_client_allowed_scopes=["access:services"])
    refused(answer, 400)


@rule("services/oauth-client-needs-its-prefix", since="5.0", needs="services")
def test_oauth_client(maker: Hub, refusals: str, sandbox: Sandbox) -> None:
    """The OAuth client of a service begins with `service-`; another is refused with 400."""
    name, uri = sandbox.name("service"), "http://127.0.0.1:1/callback"
    body = {"oauth_client_id": refusals, "oauth_redirect_uri": uri}
    refused(create(maker, refusals, **body), 400)
    is_absent(maker, refusals)
    body["oauth_client_id"] = f"service-{name}"
    assert accepted(maker, name, **body) == {**DEFAULTS, "name": name}


@rule("services/admin-services-alone-adds-plain-ones", since="5.0", needs="services")
def test_right(shared: Sandbox, sandbox: Sandbox) -> None:
    """Who may add services, and nothing else, adds one without rights, and removes it."""
    owner, name = shared.limited("admin:services", "read:services"), sandbox.name("service")
    model = accepted(owner, name, info={})
    assert (model.get("admin"), model.get("name")) == (False, name)
    answer = owner.delete(path_of(name))
    assert answer.status == 200, answer
