"""Identity: credentials that count nowhere, on every endpoint, and how refusals look."""

from __future__ import annotations

import pytest

from ..cells import Table
from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._credentials import POWERFUL, brief, need_scopes, revoked
from ._endpoints import ENDPOINTS, Endpoint
from ._places import SCHEMES, Places, refused_everywhere
from ._shape import JSON, media_type, refused

pytest_plugins = ("hub_conformance.suite._places",)


# The first of this file, so that the brief tokens beside it end while the others are checked.
@rule("identity/not-yet-expired-token")
def test_not_yet_expired_token(shared: Sandbox) -> None:
    """A token whose end is an hour away is good until then."""
    answer = brief(shared).lasting.hub.get("/user")
    assert answer.status == 200, answer


# --- no credentials


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
@rule("identity/no-credentials")
def test_no_credentials(endpoint: Endpoint, anonymous: Hub, places: Places) -> None:
    """Without a token every operation is refused with 403 and the documented error body."""
    if not endpoint.applies(anonymous.target):
        not_applicable(f"since {endpoint.since}")
    refused(endpoint.send(anonymous, places.existing), 403, explained=endpoint.explained)


@rule("identity/no-credentials-no-hint")
def test_no_credentials_no_hint(anonymous: Hub, places: Places) -> None:
    """Without a token what is absent is refused as what exists is: with 403, in the same words."""
    for endpoint in places.endpoints:
        if "{" in endpoint.path:
            answer = endpoint.send(anonymous, places.absent)
            refused(answer, 403, explained=endpoint.explained)
            told = [name for name in places.absent.values() if name in answer.text]
            assert not told, f"{answer!r} names {told}"


@rule("identity/no-credentials-change-nothing")
def test_no_credentials_change_nothing(anonymous: Hub, places: Places) -> None:
    """Nothing of what was asked for without a token happens all the same."""
    before = places.state()
    for endpoint in places.endpoints:
        if endpoint.method != "GET":
            endpoint.send(anonymous, places.existing)
    assert places.state() == before


@rule("identity/unknown-token-opens-nothing")
def test_unknown_token_opens_nothing(hub: Hub, places: Places, table: Table) -> None:
    """An unknown token is refused with 403 by every operation, and none is carried out."""
    unknown = hub.client.scrubber.learn("f" * 32)
    before = places.state()
    for scheme in SCHEMES:
        refused_everywhere(table, scheme, hub.using(unknown, scheme), places)
    table.judge()
    assert places.state() == before


# --- credentials that no longer count


@rule("identity/revoked-token-opens-nothing")
def test_revoked_token_opens_nothing(shared: Sandbox, places: Places, table: Table) -> None:
    """A revoked token of an admin, though used before, is refused with 403 by every operation.

    One with all their rights, and one with scopes; each under another scheme.
    """
    before = places.state()
    for limited, scheme in zip((False, True), SCHEMES, strict=True):
        token = revoked(shared, limited=limited)
        hub = token.hub.using(token.secret, scheme)
        name = f"{scheme}, {'limited' if limited else 'whole'}"
        refused_everywhere(table, name, hub, places)
    table.judge()
    assert places.state() == before


@rule("identity/token-of-a-deleted-user")
def test_token_of_a_deleted_user(sandbox: Sandbox, places: Places, table: Table) -> None:
    """The token of an admin who was deleted opens nothing, also when the name is taken again."""
    gone = sandbox.user("deleted", admin=True)
    limited = sandbox.token(gone, scopes=POWERFUL)
    assert (gone.hub.get("/user").ok, limited.hub.get("/user").ok) == (True, True)
    answer = sandbox.hub.delete(gone.path)
    assert answer.status == 204, answer
    for when in ("while the name is free", "when it is taken again"):
        for kind, hub in (("whole", gone.hub), ("limited", limited.hub)):
            refused_everywhere(table, f"{kind}, {when}", hub, places)
        if when == "while the name is free":
            assert sandbox.hub.post(gone.path).status == 201
    table.judge()
    model = sandbox.hub.get(gone.path).json
    assert (model.get("admin"), model.get("groups")) == (False, []), model


# --- credentials that count


@pytest.mark.parametrize("scheme", ["token", "Bearer"])
@rule("identity/good-token-on-every-kind")
def test_good_token_on_every_kind(scheme: str, hub: Hub, places: Places) -> None:
    """An admin's token opens lists, models, services and proxy, under either scheme."""
    need_scopes(hub.target, "list:users", "list:groups", "list:services", "proxy", "shutdown")
    assert hub.credential
    asked = hub.using(hub.credential, scheme)
    paths = ["/user", "/users", "/groups", "/services", "/proxy", "/info"]
    paths += [places.user.path, f"{places.user.path}/tokens", f"/groups/{places.group}"]
    wrong = [answer for path in paths if (answer := asked.get(path)).status != 200]
    assert not wrong, wrong
    answer = asked.post(f"{places.user.path}/tokens", json={})
    assert answer.status == 201, answer
    answer = asked.post("/shutdown", json={"proxy": "x"})
    refused(answer, 400)


# --- how refusals look


@rule("identity/lacking-scope-is-403", needs="user-role")
def test_lacking_scope_is_403(alice: User) -> None:
    """What a plain user's token has no scope for is refused with 403, and the reason is told."""
    hub = alice.hub
    for path in ("/users", "/groups", "/services", "/proxy", "/info"):
        refused(hub.get(path), 403)
    refused(hub.post("/users", json={"usernames": [alice.name]}), 403)
    refused(hub.post("/proxy"), 403)
    refused(hub.post("/shutdown", json={"proxy": "x"}), 403)


@rule("identity/refused-shutdown")
def test_refused_shutdown(hub: Hub) -> None:
    """A shutdown whose body is wrong is refused with 400, and the hub goes on."""
    need_scopes(hub.target, "shutdown")
    for body in ({"proxy": "x"}, {"proxy": "later"}, {"proxy": "x", "servers": True}):
        refused(hub.post("/shutdown", json=body), 400)
    assert hub.get("/").ok


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@rule("identity/unknown-path")
def test_unknown_path(method: str, hub: Hub, anonymous: Hub, places: Places) -> None:
    """An unknown path below the API is a 404 in JSON, not a page, with a token or without."""
    paths = [f"/groups/{places.group}/nope"]
    if method == "GET":
        paths += ["/nope", "/userss", "/infos", "/users/x/y/z", f"{places.user.path}/nope"]
    for path in paths:
        for each in (hub, anonymous):
            refused(each.request(method, path), 404, explained=False)


WRONG_METHODS = (
    Endpoint("PATCH", "/users", {"usernames": ["{user}"]}),
    Endpoint("DELETE", "/users", {"usernames": ["{user}"]}),
    Endpoint("PUT", "/users/{user}"),
    Endpoint("GET", "/users/{user}/activity"),
    Endpoint("PUT", "/users/{user}/tokens"),
    Endpoint("DELETE", "/users/{user}/tokens"),
    Endpoint("POST", "/users/{user}/tokens/{token}"),
    Endpoint("PUT", "/users/{user}/tokens/{token}"),
    Endpoint("PATCH", "/users/{user}/tokens/{token}"),
    Endpoint("PATCH", "/groups", {"groups": ["{group}"]}),
    Endpoint("DELETE", "/groups", {"groups": ["{group}"]}),
    Endpoint("PUT", "/groups/{group}"),
    Endpoint("PATCH", "/groups/{group}"),
    Endpoint("GET", "/groups/{group}/users"),
    Endpoint("PUT", "/groups/{group}/users"),
    Endpoint("GET", "/shutdown"),
)


@pytest.mark.parametrize("endpoint", WRONG_METHODS, ids=str)
@rule("identity/wrong-method")
def test_wrong_method(endpoint: Endpoint, hub: Hub, places: Places) -> None:
    """A method that a path does not have is refused with 405, and nothing happens."""
    answer = endpoint.send(hub, places.existing)
    refused(answer, 405, explained=False)
    assert places.user.hub.get("/user").ok, "the user's token is gone"


@rule("identity/json-content-type")
def test_json_content_type(hub: Hub, places: Places) -> None:
    """Answers of the API are `application/json`, whatever the request would rather accept."""
    for accept in ("text/html", "application/json", "*/*", ""):
        answer = hub.get(places.user.path, headers={"Accept": accept})
        assert answer.status == 200, answer
        assert media_type(answer) == JSON, media_type(answer)
        refused(hub.get("/nope", headers={"Accept": accept}), 404, explained=False)


@rule("identity/expired-token-opens-nothing")
def test_expired_token_opens_nothing(shared: Sandbox, places: Places, table: Table) -> None:
    """An expired token is refused by every operation, used in its time or not.

    An admin's with all their rights or with scopes, and a plain user's on what is their own; half
    of them under each scheme.
    """
    made = brief(shared)
    used, unused = made.expired()
    before = places.state()
    for name, scheme, token, user in (
        ("unused", "token", unused, ""),
        ("used", "Bearer", used, ""),
        ("limited", "token", made.limited, ""),
        ("plain", "Bearer", made.plain, made.plain_owner.name),
    ):
        hub = token.hub.using(token.secret, scheme)
        refused_everywhere(table, f"{scheme}, {name}", hub, places, user)
    table.judge()
    assert places.state() == before
