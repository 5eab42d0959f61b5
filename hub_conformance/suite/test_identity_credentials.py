"""Identity: credentials that count nowhere, on every endpoint, and how refusals look."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from ..capabilities import needed_by
from ..client import Answer
from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..secret import Secret
from ._credentials import brief, need_scopes, revoked
from ._endpoints import ENDPOINTS, Endpoint
from ._shape import JSON, media_type, refused

#: `Authorization` headers that carry no usable credential; T stands for a good token.
MALFORMED = {
    "empty": "",
    "scheme-alone": "token",
    "bearer-alone": "Bearer",
    "scheme-and-space": "token ",
    "no-scheme": "T",
    "basic": "Basic T",
    "digest": "Digest T",
    "other-scheme": "JWT T",
    "longer-scheme": "tokens T",
    "joined-scheme": "bearertoken T",
    "no-space": "tokenT",
    "colon": "token:T",
    "equals": "token=T",
    "quoted": 'token "T"',
    "two-words": "token T x",
    "two-tokens": "token T, token T",
    "scheme-twice": "token token T",
}
#: What an attacker makes of a good token.
FORGED: dict[str, Callable[[str], str]] = {
    "last-letter-off": lambda good: good[:-1],
    "first-letter-off": lambda good: good[1:],
    "letter-more": lambda good: f"{good}0",
    "last-letter-other": lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"),
    "other-case": lambda good: good.swapcase(),
    "end-in-other-case": lambda good: good[:8] + good[8:].swapcase(),
    "same-start": lambda good: good[:8] + "0" * (len(good) - 8),
    "start-alone": lambda good: good[:4],
    "wildcard": lambda good: good[:4] + "%",
    "doubled": lambda good: good + good,
    "reversed": lambda good: good[::-1],
    "zeros": lambda good: "0" * len(good),
    "null": lambda good: "null",
}


@dataclass(frozen=True)
class Places:
    """What the endpoints name: things that are there, and things that are not."""

    user: User
    group: str
    sandbox: Sandbox
    lacks: Callable[[str], bool]

    @cached_property
    def existing(self) -> Mapping[str, str]:
        """Names of a user, a group and a token that exist; server and service never do."""
        there = {"user": self.user.name, "group": self.group, "token": self.user.token.id}
        return {**self.absent, **there}

    @cached_property
    def absent(self) -> Mapping[str, str]:
        """Names of this run that nothing bears."""
        kinds = ("user", "group", "service", "server", "token")
        return {kind: self.sandbox.name(kind) for kind in kinds}

    def applies(self, endpoint: Endpoint) -> bool:
        """Whether this hub has the endpoint."""
        needed = needed_by(endpoint.method, endpoint.path)
        there = endpoint.applies(self.sandbox.hub.target)
        return there and not (needed and self.lacks(needed))

    @property
    def endpoints(self) -> list[Endpoint]:
        """The endpoints that this hub has."""
        return [each for each in ENDPOINTS if self.applies(each)]

    def state(self) -> list[Any]:
        """What the hub tells an admin about the existing things."""
        hub, user = self.sandbox.hub, self.user.path
        told = hub.get(user), hub.get(f"/groups/{self.group}"), hub.get(f"{user}/tokens")
        return [(answer.status, answer.json) for answer in told]


@pytest.fixture(scope="module")
def places(shared: Sandbox, lacks: Callable[[str], bool]) -> Places:
    """A user with a token and a group, for requests that must not reach them."""
    user = shared.user("place")
    return Places(user, shared.group("place", [user]), shared, lacks)


def let_in(hub: Hub, places: Places, **kwargs: Any) -> list[Answer]:
    """Ask every endpoint for existing things; return the answers that are no 403."""
    asked = [each.send(hub, places.existing, **kwargs) for each in places.endpoints]
    return [answer for answer in asked if answer.status != 403]


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


# --- credentials that never counted


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
@rule("identity/malformed-credentials")
def test_malformed_credentials(header: str, anonymous: Hub, places: Places) -> None:
    """An `Authorization` header that is not scheme, space, token is refused as none at all."""
    sent = {"Authorization": header.replace("T", places.user.token.secret.reveal())}
    refused(anonymous.get("/user", headers=sent), 403, explained=False)
    refused(anonymous.get(places.user.path, headers=sent), 403)


@rule("identity/basic-authentication-is-refused")
def test_basic_authentication_is_refused(anonymous: Hub, places: Places) -> None:
    """A token as the password, or the name, of basic authentication opens nothing."""
    good = places.user.token.secret.reveal()
    for pair in (f"{places.user.name}:{good}", f"{good}:", f"{good}:x-oauth-basic", f":{good}"):
        code = base64.b64encode(pair.encode()).decode()
        anonymous.client.scrubber.learn(code)
        sent = {"Authorization": f"Basic {code}"}
        refused(anonymous.get("/user", headers=sent), 403, explained=False)


@pytest.mark.parametrize("key", ["token", "access_token", "api_token"])
@rule("identity/token-in-the-query-is-refused")
def test_token_in_the_query_is_refused(key: str, anonymous: Hub, places: Places) -> None:
    """A token in the URL opens nothing: addresses end up in logs."""
    params = {key: places.user.token.secret.reveal()}
    refused(anonymous.get("/user", params=params), 403, explained=False)
    refused(anonymous.get(places.user.path, params=params), 403)
    answer = anonymous.post(f"{places.user.path}/tokens", params=params, json={})
    refused(answer, 403, explained=False)


@rule("identity/token-elsewhere-is-refused")
def test_token_elsewhere_is_refused(anonymous: Hub, places: Places) -> None:
    """A token in a cookie, in a body or in a header of another name opens nothing."""
    good = places.user.token.secret.reveal()
    cookies = "; ".join(f"{name}={good}" for name in ("token", "jupyterhub-hub-login"))
    for headers in ({"Cookie": cookies}, {"X-Token": good}, {"X-Authorization": f"token {good}"}):
        refused(anonymous.get("/user", headers=headers), 403, explained=False)
    answer = anonymous.post(f"{places.user.path}/tokens", json={"token": good})
    refused(answer, 403, explained=False)


@pytest.mark.parametrize("auth", [None, {}, [], "x"], ids=["null", "object", "list", "string"])
@rule("identity/empty-login-is-refused")
def test_empty_login_is_refused(auth: Any, anonymous: Hub, places: Places) -> None:
    """A request for a token whose `auth` names nobody is refused with 403."""
    answer = anonymous.post(f"{places.user.path}/tokens", json={"auth": auth})
    refused(answer, 403, explained=False)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
@rule("identity/forged-token")
def test_forged_token(forge: Callable[[str], str], hub: Hub, places: Places) -> None:
    """A token that is nearly a good one is refused like no token."""
    good = places.user.token.secret.reveal()
    forged = hub.client.scrubber.learn(forge(good))
    if forged.reveal() != good:
        refused(hub.using(forged).get("/user"), 403, explained=False)
        refused(hub.using(forged, "Bearer").get(places.user.path), 403)


@rule("identity/token-id-is-no-credential")
def test_token_id_is_no_credential(hub: Hub, places: Places) -> None:
    """Neither a token's id nor its owner's name opens anything."""
    for public in (places.user.token.id, places.user.name):
        refused(hub.using(Secret(public)).get("/user"), 403, explained=False)


@rule("identity/unknown-token-opens-nothing")
def test_unknown_token_opens_nothing(hub: Hub, places: Places) -> None:
    """An unknown token is refused with 403 by every operation, and none is carried out."""
    unknown = hub.client.scrubber.learn("f" * 32)
    before = places.state()
    wrong = let_in(hub.using(unknown), places)
    assert not wrong, wrong
    assert places.state() == before


# --- credentials that no longer count


@rule("identity/revoked-token-opens-nothing")
def test_revoked_token_opens_nothing(shared: Sandbox, places: Places) -> None:
    """A revoked token of an admin, though used before, is refused with 403 by every operation."""
    before = places.state()
    wrong = let_in(revoked(shared).hub, places)
    assert not wrong, wrong
    assert places.state() == before


@rule("identity/expired-token-opens-nothing")
def test_expired_token_opens_nothing(shared: Sandbox, places: Places) -> None:
    """An expired token of an admin, though used in its time, is refused by every operation."""
    used, unused = brief(shared).expired()
    before = places.state()
    wrong = let_in(used.hub, places)
    assert not wrong, wrong
    assert places.state() == before
    for scheme in ("token", "Bearer"):
        for path in ("/user", "/users"):
            answer = unused.hub.using(unused.secret, scheme).get(path)
            refused(answer, 403, explained=path == "/users")


@rule("identity/token-of-a-deleted-user")
def test_token_of_a_deleted_user(sandbox: Sandbox, places: Places) -> None:
    """The token of an admin who was deleted opens nothing."""
    admin = sandbox.user("deleted", admin=True)
    assert admin.hub.get("/user").ok
    answer = sandbox.hub.delete(admin.path)
    assert answer.status == 204, answer
    refused(admin.hub.get("/user"), 403, explained=False)
    refused(admin.hub.post(f"{places.user.path}/tokens"), 403, explained=False)
    for path in ("/users", "/groups", places.user.path, "/info"):
        refused(admin.hub.get(path), 403)


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


@rule("identity/lacking-scope-is-403")
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
