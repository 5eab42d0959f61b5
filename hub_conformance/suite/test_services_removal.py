"""Services: removing one that was added while the hub runs (since 5.0)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from ..browser import FORM
from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._oauth import refused_with
from ._services import DEFAULTS, Made, is_absent, listed, made, owner_of, path_of, read, removed
from ._shape import object_of, refused


@pytest.fixture(scope="module")
def maker(shared: Sandbox) -> Hub:
    """The hub, through a token that may add, read and remove services."""
    for scope in ("admin:services", "list:services", "read:services", "read:roles:services"):
        need_scopes(shared.hub.target, scope)
    return shared.hub


@rule("services/removed-one-is-gone", since="5.0", needs="services")
def test_removed(maker: Hub, sandbox: Sandbox) -> None:
    """Removing a service answers 200 without a body, and it is neither listed nor read again."""
    service = made(sandbox)
    answer = maker.delete(service.path)
    assert (answer.status, answer.body) == (200, b""), answer
    is_absent(maker, service.name)
    assert service.name not in listed(maker)


@rule("services/removal-of-an-absent-one-is-404", since="5.0", needs="services")
def test_removed_twice(maker: Hub, sandbox: Sandbox) -> None:
    """Removing a service that is not there is refused with 404, also the second time."""
    refused(maker.delete(path_of(sandbox.name("service"))), 404)
    service = made(sandbox)
    removed(maker, service)
    refused(maker.delete(service.path), 404)


@pytest.mark.parametrize("admin", [False, True], ids=["plain", "admin"])
@rule("services/token-dies-with-its-service", since="5.0", needs="services")
def test_token(admin: bool, maker: Hub, sandbox: Sandbox) -> None:
    """The token of a removed service opens nothing, though it was used before."""
    service = made(sandbox, admin=admin)
    assert owner_of(service.hub) == f"service {service.name}"
    removed(maker, service)
    for path in ("/user", "/users", "/services"):
        answer = service.hub.get(path)
        assert answer.status in (401, 403), answer


# Where an OAuth client has no code to show, the order of the checks tells whether it is known.
PROVEN = {400: frozenset({"invalid_grant", "invalid_request"})}
UNPROVEN = {401: frozenset({"invalid_client"})}


@rule("services/client-comes-and-goes-with-its-service", since="5.0", needs="services")
def test_client(maker: Hub, sandbox: Sandbox) -> None:
    """A service is an OAuth client whose secret is its token: for as long as it is there.

    A client that proves itself is refused for its code, 400; one that does not, for itself, 401.
    """
    address = "http://127.0.0.1:1/callback"
    first = made(sandbox, oauth_redirect_uri=address)
    shown(first, first, PROVEN)
    removed(maker, first)
    shown(first, first, UNPROVEN)
    second = made(sandbox, first.name, oauth_redirect_uri=address)
    shown(second, first, UNPROVEN)
    shown(second, second, PROVEN)


def shown(service: Made, holder: Made, errors: Mapping[int, frozenset[str]]) -> None:
    """Assert how a code of nobody's is refused to a service that has the holder's secret."""
    form = {
        "client_id": f"service-{service.name}",
        "client_secret": holder.secret.reveal(),
        "grant_type": "authorization_code",
        "code": "0" * 30,
    }
    sent, headers = urlencode(form), {"Content-Type": FORM}
    answer = service.hub.using(None).post("/oauth2/token", data=sent, headers=headers)
    refused_with(answer, errors)


@rule("services/others-outlive-a-removal", since="5.0", needs="services")
def test_others(maker: Hub, sandbox: Sandbox) -> None:
    """Removing a service leaves one whose name begins alike, and its token."""
    shorter = made(sandbox)
    longer = made(sandbox, f"{shorter.name}2", info={"stays": True})
    removed(maker, shorter)
    assert read(maker, longer.name) == longer.model
    assert owner_of(longer.hub) == f"service {longer.name}"
    refused(maker.delete(shorter.path), 404)


@rule("services/name-can-be-used-again", since="5.0", needs="services")
def test_again(maker: Hub, sandbox: Sandbox) -> None:
    """A service with the name of a removed one has nothing of it: no rights, info or token."""
    first = made(sandbox, admin=True, info={"old": True}, display=False)
    removed(maker, first)
    second = made(sandbox, first.name)
    assert second.model == {**DEFAULTS, "name": first.name}
    assert read(maker, first.name) == second.model
    assert owner_of(first.hub) == "", "the token of the removed service counts again"
    model = object_of(second.hub.get("/user"))
    assert model.get("admin") is False
    assert "admin:users" not in model.get("scopes", []), model["scopes"]


@rule("services/user-of-the-same-name-is-another", since="5.0", needs="services")
def test_same_name(maker: Hub, user: User, sandbox: Sandbox) -> None:
    """A user and a service of one name are two: each outlives the other, and so do their tokens."""
    service = made(sandbox, user.name)
    assert owner_of(user.hub) == f"user {user.name}"
    removed(maker, service)
    assert owner_of(user.hub) == f"user {user.name}"
    service = made(sandbox, user.name)
    assert maker.delete(user.path).status == 204
    assert owner_of(service.hub) == f"service {user.name}"
    assert read(maker, user.name) == service.model


@rule("services/configured-one-is-not-removed", since="5.0", needs=("services", "destructive"))
def test_configured(maker: Hub, sandbox: Sandbox) -> None:
    """Removing a service that the configuration has is refused with 405, and it stays."""
    before = listed(maker)
    theirs = sorted(name for name in before if not sandbox.guard.owns(name))
    if not theirs:
        not_applicable("this hub has no services of its own")
    for name in theirs:
        refused(maker.delete(path_of(name)), 405)
        assert read(maker, name) == before[name]
