"""The part of the script about who is asking: the hub's word on them, and what strangers do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from .more import PASSWORD, log_in

if TYPE_CHECKING:
    from .script import Session

CODE = "/hub/api/oauth2/authorize?client_id=service-desk&response_type="


async def asking(hub: Session) -> None:
    few = (await hub.token("ann", "read:users:name!user"))["token"]
    ending = (await hub.token("ann", expires_in=3600))["token"]
    for who in ("", few, ending, "secret-of-admin", "secret-of-shop"):
        for line in ("GET ", "GET /", "GET /user", "GET /nowhere", "PUT /groups/team"):
            await hub.api(line, who=who)
    await hub.api("GET /users", who=few)
    await hub.api("GET /user", who="", headers={"X-Token": few})
    await hub.api("GET /metrics")
    await hub.api("POST /users/ann/server")
    await hub.api("POST /shutdown", {"proxy": "x"})
    await hub.api("GET /users/ann")
    await hub.api("POST /shutdown", {})


async def agreeing(hub: Session) -> None:
    await hub.api("POST /users/ann/server")
    await hub.send("GET", "/hub/user/bob/lab", who="")
    spec = {"url": "http://127.0.0.1:1", "api_token": "secret-of-desk"}
    await hub.api("POST /services/desk", {**spec, "oauth_client_allowed_scopes": ["self"]})
    await hub.send("GET", f"{CODE}code", who="")
    await hub.send("GET", f"{CODE}code", who="secret-of-admin")
    form = await hub.send("GET", "/hub/login", who="")
    for who in ("", "ann", "admin"):
        marker = (await log_in(hub, who)) if who else form.cookies.get("_xsrf", "")
        hub.cookies["_xsrf"] = marker
        await hub.send("GET", "/user/ann/api/status", who="")
        await hub.send("GET", f"{CODE}token", who="")
        for given in ("", marker):
            data = {"_xsrf": given, "scopes": "access:services!service=desk"}
            answer = await hub.send("POST", f"{CODE}code", who="", data=data)
        await exchange(hub, answer.headers.get("location", ""))
        await hub.send("GET", f"{CODE}code&scope=self", who="")
    await hub.api("DELETE /services/desk")
    await hub.send("GET", f"{CODE}code", who="")
    hub.cookies.clear()


async def exchange(hub: Session, location: str) -> None:
    """By an address first, which is refused, and then by a form."""
    code = parse_qs(urlsplit(location).query).get("code", [""])[0]
    client = {"client_id": "service-desk", "client_secret": "secret-of-desk", "code": code}
    data = {**client, "grant_type": "authorization_code"}
    await hub.send("GET", f"/hub/api/oauth2/token?{urlencode(data)}", who="")
    await hub.send("POST", "/hub/api/oauth2/token", who="", data=data)


async def given(hub: Session) -> None:
    """What is asked for is given, and told, as far as it may be."""
    await hub.api("POST /users/kim", {"groups": ["other"], "roles": ["admin"]})
    await hub.api("GET /users/kim")
    for asked in (["inherit"], ["self"], ["admin:users", "read:users:name"]):
        made = await hub.token("admin", *asked)
        await hub.api("GET /user", who=made["token"])
        await hub.api("GET /users/ann/tokens", who=made["token"])
        await hub.api("PATCH /users/kim", {"admin": True}, who=made["token"])
        await hub.api("PATCH /users/kim", {"admin": False}, who=made["token"])
        hub.seen.append(made["token"].startswith(made["id"]))
    for scope in ("admin:users!user=lou", "admin:groups!group=lou", "list:services!user=shop"):
        secret = (await hub.token("admin", scope))["token"]
        for line in ("POST /users", "POST /groups"):
            body = {"usernames": ["lou"], "groups": ["lou"]}
            await hub.api(line, {key: body[key] for key in body if key[:4] in line}, who=secret)
        await hub.api("GET /services", who=secret)
    await hub.api("PATCH /users/ann", {"admin": True}, who="secret-of-ann")
    kims = await hub.token("kim")
    await hub.api("GET /user", who=kims["token"])
    await hub.api("GET /users/kim/tokens/none")
    secret = (await hub.token("admin", "read:tokens!user=ann"))["token"]
    await hub.api("GET /users/kim/tokens", who=secret)
    await hub.api("POST /services/told", {"api_token": "secret-of-told"})
    await shown(hub)


async def shown(hub: Session) -> None:
    await hub.api("POST /users/kim/server")
    pages = {"headers": {"Accept": "application/jupyterhub-pagination+json"}}
    stateful = (await hub.token("admin", "admin:server_state"))["token"]
    reader = (await hub.token("admin", "read:servers"))["token"]
    await hub.api("PUT /users/bob/servers/idle")
    await hub.api("POST /users/kim/servers/slow", {"user_options": {"delay": 3}})
    hub.clock.runs = True
    for _ in "ab":
        await hub.api("GET /users/kim/servers/slow/progress")
    hub.clock.runs = False
    for path in ("/users/kim", "/users/kim/server", "/users/bob", "/users/kim/servers"):
        for who in (reader, stateful):
            await hub.api(f"GET {path}?include_stopped_servers=1", who=who)
            await hub.api(f"GET {path}", who=who)
    await hub.api("GET /users/bob/server/progress")
    for line in ("GET /users", "HEAD /users", "GET /users/ann", "GET /user", "GET /groups"):
        for who in ("", "secret-of-ann", "secret-of-admin"):
            answer = await hub.api(line, who=who, **pages)
            hub.seen.append(sorted(answer.headers.items()))
    answer = await hub.api("GET /users/kim/server/progress")
    hub.seen.append(answer.headers.get("content-type"))
    await log_in(hub, "nobody", password="wrong")
    await hub.api("GET /users/nobody")
    await hub.send("GET", "/hub/login", who="")
    marker = await log_in(hub, "ann")
    await hub.send("GET", "/hub/accept-share?code=none", who="")
    data = {"username": "ann", "password": PASSWORD, "_xsrf": marker}
    answer = await hub.send("POST", "/hub/login", who="", data=data)
    hub.seen.append(re.findall("(?<=Path=)[^;,]*", answer.headers.get("set-cookie", "")))
    cookie = answer.cookies.get("jupyterhub-hub-login", "").encode()
    hub.cookies.clear()
    await hub.api("GET /authorizations/cookie/jupyterhub-hub-login", who="", content=cookie)
    await hub.api("POST /users/ann/activity", {}, headers={"Content-Type": "text/plain"})
