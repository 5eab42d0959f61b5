"""Identity: credentials that never counted, and good ones that are carried in another way."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ..cells import Table
from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..secret import Secret
from ._places import Places, refused_everywhere
from ._shape import refused

pytest_plugins = ("hub_conformance.suite._places",)

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


#: How else a good token may be carried, T; none of these counts.
CARRIED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "without-a-scheme": {"headers": {"Authorization": "T"}},
    "scheme-in-one-word": {"headers": {"Authorization": "Token:T"}},
    "with-a-dot-behind": {"headers": {"Authorization": "token T."}},
    "twice": {"headers": {"Authorization": "token T, token T"}},
    "other-headers": {
        "headers": {
            "X-Api-Key": "T",
            "X-Auth-Token": "T",
            "Private-Token": "T",
            "Proxy-Authorization": "token T",
        }
    },
    "cookie": {"headers": {"Cookie": "token=T; jupyterhub-hub-login=T; jupyterhub-session-id=T"}},
    "query": {"params": dict.fromkeys(("token", "access_token", "api_token", "auth_token"), "T")},
}


@pytest.mark.parametrize("carried", CARRIED)
@rule("identity/token-counts-in-its-header-only")
def test_carried(carried: str, anonymous: Hub, places: Places, admin: User, table: Table) -> None:
    """An admin's token that is carried in any other way opens no operation."""
    good = admin.token.secret.reveal()
    before = places.state()
    sent: dict[str, Any] = {
        key: {name: value.replace("T", good) for name, value in values.items()}
        for key, values in CARRIED[carried].items()
    }
    refused_everywhere(table, carried, anonymous, places, **sent)
    table.judge()
    assert places.state() == before


@rule("identity/no-basic-authentication-anywhere")
def test_basic_anywhere(anonymous: Hub, places: Places, admin: User, table: Table) -> None:
    """An admin's token as the password, or the name, of basic authentication opens no operation."""
    good = admin.token.secret.reveal()
    for name, pair in (("as password", f"{admin.name}:{good}"), ("as name", f"{good}:")):
        code = anonymous.client.scrubber.learn(base64.b64encode(pair.encode()).decode())
        headers = {"Authorization": f"Basic {code.reveal()}"}
        refused_everywhere(table, name, anonymous, places, headers=headers)
    table.judge()


@pytest.fixture(scope="module")
def admin(shared: Sandbox) -> User:
    """An admin of this run."""
    return shared.user("carrier", admin=True)


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
