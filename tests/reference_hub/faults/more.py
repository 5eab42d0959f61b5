"""More of the script: sharing, activity, browsers, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from .script import Session

PASSWORD = "a-good-password"
CLIENT = {"client_id": "service-shop", "redirect_uri": "/services/shop/oauth_callback"}
OTHER_ZONE = "2030-01-01T13:20:00.250000+01:00"


async def log_in(hub: Session, name: str, password: str = PASSWORD, where: str = "") -> str:
    """Log in; returns what forms then have to carry."""
    hub.cookies.clear()
    form = await hub.send("GET", "/hub/login", who="")
    hub.cookies |= form.cookies
    sent = {"username": name, "password": password, "_xsrf": hub.cookies.get("_xsrf", "")}
    hub.cookies |= (await hub.send("POST", f"/hub/login{where}", who="", data=sent)).cookies
    return hub.cookies.get("_xsrf", "")


async def sharing(hub: Session) -> None:
    for name in ("ned", "oda"):
        await hub.api(f"POST /users/{name}", {})
    for server in ("one", "two"):
        await hub.api(f"PUT /users/ned/servers/{server}", {"user_options": {"a": 1}})
        await hub.api(f"POST /shares/ned/{server}", {"user": "oda"})
        await hub.api(f"POST /shares/ned/{server}", {"group": "team", "scopes": ["read:servers"]})
    await hub.api("POST /groups/team/users", {"users": ["oda"]})
    await hub.api("GET /users/oda/shared/ned/none")
    await hub.api("GET /users/oda/shared/ned/one")
    await hub.api("POST /shares/ned/one", {"user": "bob"})
    await hub.api("DELETE /users/bob/shared/ned/one")
    await hub.api("GET /shares/ned/one")
    await hub.api("DELETE /groups/team/shared/ned/one")
    await hub.api("GET /shares/ned/one")
    for body in (
        {"user": "oda", "group": "team"},
        {"user": "absent"},
        {"user": "oda", "scopes": ["access:servers!server=ned/two"]},
        {"user": "oda", "colour": "red"},
    ):
        await hub.api("POST /shares/ned/one", body)
        await hub.api("PATCH /shares/ned/one", body)
    sharer = (await hub.token("admin", "shares", "access:servers"))["token"]
    await hub.api("POST /shares/ned/one", {"user": "oda"}, who=sharer)
    await codes(hub)
    await hub.api("POST /share-codes/ned/one", {})
    await hub.api("DELETE /shares/ned/one")
    for path in ("/share-codes/ned/one", "/shares/ned/two", "/shares/ned"):
        await hub.api(f"GET {path}")
    await hub.api("POST /groups/gone", {})
    await hub.api("POST /shares/ned/one", {"group": "gone"})
    await hub.api("DELETE /groups/gone")
    await hub.api("GET /shares/ned/one")
    await hub.api("DELETE /users/ned/servers/two", {"remove": True})
    await hub.api("GET /users/oda/shared")


async def codes(hub: Session) -> None:
    made = [(await hub.api("POST /share-codes/ned/one", {"expires_in": 600})).json() for _ in "ab"]
    for name in ("ned", "oda", "bob"):
        marker = await log_in(hub, name)
        await hub.send("GET", f"/hub/accept-share?code={made[0]['code']}", who="")
        sent = {"code": made[0]["code"], "_xsrf": marker}
        await hub.send("POST", "/hub/accept-share", who="", data=sent)
    await hub.send("POST", "/hub/accept-share", who="", data={"code": "none", "_xsrf": marker})
    hub.cookies.clear()
    await hub.api("GET /shares/ned/one")
    await hub.api("GET /share-codes/ned/one")
    await hub.api(f"DELETE /share-codes/ned/one?id={made[0]['id']}")
    await hub.api("DELETE /share-codes/ned/one?id=none")
    await hub.api("GET /share-codes/ned/one")
    await hub.api(f"DELETE /share-codes/ned/one?id={made[1]['id']}")
    await hub.api("DELETE /share-codes/ned/one?id=none")
    await hub.api("POST /share-codes/ned/one", {"expires_in": 60})
    hub.clock.now += timedelta(seconds=61)
    await hub.api("GET /share-codes/ned/one")


async def reports(hub: Session) -> None:
    await hub.api("PUT /users/ann/servers/r")
    for body in (
        {},
        {"last_activity": OTHER_ZONE},
        {"last_activity": "yesterday"},
        {"last_activity": OTHER_ZONE, "servers": {"absent": {"last_activity": OTHER_ZONE}}},
        {"servers": {"r": {"last_activity": OTHER_ZONE}}},
        {"servers": {"": {"last_activity": 7}}},
    ):
        await hub.api("POST /users/ann/activity", body)
        await hub.api("GET /users/ann?include_stopped_servers=1")


async def browsers(hub: Session) -> None:
    for where in ("?next=%2Fhub%2Ftoken", "?next=https%3A%2F%2Fexample.org%2F"):
        await log_in(hub, "ann", where=where)
    await log_in(hub, "ann", password="wrong")
    another = await log_in(hub, "bob")
    marker = await log_in(hub, "ann")
    hub.seen.append(another == marker)
    await hub.api("GET /user", who="")
    for given in ("", "wrong", marker):
        headers = {"headers": {"X-XSRFToken": given}}
        answer = await hub.api("POST /users/ann/tokens", {}, who="", **headers)
        id = answer.json().get("id", "none")
        await hub.api(f"DELETE /users/ann/tokens/{id}", who="", **headers)
    secret = (await hub.token("ann"))["token"]
    await grants(hub)
    await grant(hub, "")
    answer = await hub.send("GET", "/hub/logout", who="")
    hub.seen.append("jupyterhub-hub-login" in answer.headers.get("set-cookie", ""))
    await hub.api("GET /user", who=secret)
    await hub.api("GET /users/ann/tokens")
    hub.cookies.clear()
    await hub.send("GET", "/hub/home", who="")
    await log_in(hub, "shortlived")
    await hub.api("DELETE /users/shortlived")
    await hub.api("GET /user", who="")
    hub.cookies.clear()


async def grants(hub: Session) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    for given in (verifier, "wrong", ""):
        await grant(hub, given, code_challenge=challenge.decode().rstrip("="))
    await grant(hub, "", scope="read:users!user", state="a state")
    await grant(hub, "", scope="access:services!service=shop")
    await grant(hub, "", redirect_uri="https://example.org/")
    await grant(hub, "", client_id="service-none")
    await grant(hub, "", at="/elsewhere")
    await asked(hub)


async def grant(hub: Session, verifier: str, at: str = "", **more: str) -> None:
    query = {"response_type": "code", "client_id": "service-shop", **more}
    if "code_challenge" in query:
        query["code_challenge_method"] = "S256"
    path = f"/hub/api/oauth2/authorize?{urlencode(query)}"
    answer = await hub.send("GET", path, who="")
    code = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("code", [""])[0]
    data = {
        "client_id": "service-shop",
        "client_secret": "secret-of-shop",
        "grant_type": "authorization_code",
        "redirect_uri": at or "/services/shop/oauth_callback",
        "code": code,
        "code_verifier": verifier,
    }
    answer = await hub.send("POST", "/hub/api/oauth2/token", who="", data=data)
    hub.seen.append(answer.headers.get("cache-control"))
    hub.seen.append((await hub.api("GET /users/ann/tokens")).text.count("read:users"))


async def asked(hub: Session) -> None:
    """A client that asks, and one that the user may not use."""
    for name in ("lab", "vault"):
        spec: dict[str, Any] = {"url": "http://127.0.0.1:1", "api_token": f"secret-of-{name}"}
        await hub.api(f"POST /services/{name}", spec)
    query = "/hub/api/oauth2/authorize?response_type=code&client_id=service-lab"
    await hub.send("GET", query, who="")
    data = {"_xsrf": hub.cookies.get("_xsrf", ""), "scopes": "shutdown"}
    await hub.send("POST", query, who="", data=data)
    await log_in(hub, "bob")
    await hub.send("GET", query.replace("lab", "vault"), who="")
    await log_in(hub, "ann")


async def edges(hub: Session) -> None:
    await hub.api("POST /users/ann/servers/e", {"user_options": {"delay": 0}})
    await hub.api("POST /users/ann/servers/f", {"user_options": {"delay": 0}})
    await hub.api("POST /users/ann/server")
    await hub.api("GET /users/ann/servers/f/progress")
    await hub.api("PUT /users/ann/servers/f")
    await hub.api("DELETE /users/ann/servers/e")
    await hub.api("GET /users/ann/servers/f")
    await hub.api("GET /users/ann/servers/e")
    await hub.api("GET /proxy")
    await hub.api("POST /users/ann/servers/slow", {"user_options": {"delay": 9}})
    hub.clock.runs = True
    await hub.api("GET /users/ann/servers/slow/progress")
    hub.clock.runs = False
    await hub.api("DELETE /users/ann/server", {"remove": True})
    await hub.api("PUT /users/ann/servers/idle")
    await hub.api("GET /users/ann/servers/idle/progress")
    await hub.api("POST /users/ann/servers/bad%20name!", {})
    await hub.api("GET /users/ann?include_stopped_servers=1")
    await hub.api("POST /proxy")
    await hub.api("PATCH /proxy", {"api_url": 7})
    await hub.api("GET /users?limit=1&limit=2")
    answer = await hub.api("OPTIONS /users")
    hub.seen.append(answer.headers.get("x-jupyterhub-version"))
    answer = await hub.api("GET /users/nobody")
    hub.seen.append(answer.headers.get("content-type"))
    await refusals(hub)


async def refusals(hub: Session) -> None:
    for line, body in (
        ("POST /users/nobody/tokens", {}),
        ("GET /nowhere", None),
        ("GET /services/none", None),
        ("PATCH /users/ann", []),
        ("POST /users/ann/tokens", []),
        ("PATCH /users/ann", {"admin": 1}),
        ("PATCH /users/ann", {"admin": {}}),
        ("PATCH /users/ann", {"name": "bob"}),
        ("PATCH /users/bob", {"name": "rob", "auth_state": {}}),
        ("GET /users/rob", None),
        ("POST /users", {}),
        ("POST /users", {"usernames": [1, True]}),
        ("POST /users", {"usernames": ["ann"]}),
        ("POST /users/ann/activity", {"last_activity": "never"}),
        ("POST /users/ann/tokens", {"roles": ["none"]}),
        ("POST /users/ann/tokens", {"roles": ["user"], "scopes": ["self"]}),
        ("POST /users/ann/tokens", {"expires_in": -1}),
        ("POST /services/shop", {"info": {}}),
        ("PUT /groups/team/properties", []),
        ("GET /shares/nobody/none", None),
    ):
        await hub.api(line, body)
    for line in (
        "GET /services",
        "DELETE /shares/ann/none",
        "DELETE /users/ann/shared/bob/none",
        "GET /share-codes/ann/none",
        "POST /proxy",
    ):
        await hub.api(line, who="")
    await hub.api("POST /groups/team/users", {"users": ["admin"]})
    own = (await hub.token("admin"))["token"]
    await hub.api("DELETE /users/admin", who=own)
    await hub.api("GET /users/admin")
    secret = (await hub.token("admin", "list:users!server=ann/e"))["token"]
    await hub.api("GET /users", who=secret)


async def oauth(hub: Session) -> None:
    form = await hub.send("GET", "/hub/login", who="")
    xsrf = form.cookies.get("_xsrf", "")
    hub.cookies |= form.cookies
    sent = {"username": "ann", "password": PASSWORD, "_xsrf": xsrf}
    hub.cookies |= (await hub.send("POST", "/hub/login", who="", data=sent)).cookies
    for extra in ("", "&scope=shutdown", "&code_challenge=abc"):
        where = f"/hub/api/oauth2/authorize?response_type=code&client_id=service-shop{extra}"
        answer = await hub.send("GET", where, who="")
        code = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("code", [""])[0]
        data = {**CLIENT, "grant_type": "authorization_code", "code": code}
        for secret in ("wrong", "secret-of-shop", "secret-of-shop"):
            proof = {**data, "client_secret": secret}
            await hub.send("POST", "/hub/api/oauth2/token", who="", data=proof)
    await hub.send("GET", "/hub/logout", who="")
    await hub.send("GET", "/hub/api/user", who="")
