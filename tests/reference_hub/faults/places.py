"""The rest of the script: servers as they are reached, credentials, and what refusals leave."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from .more import log_in

if TYPE_CHECKING:
    from .script import Session


async def reached(hub: Session) -> None:
    await hub.api("POST /users/vic", {})
    await hub.api("POST /users/vic/server", {"user_options": {"a": 1}})
    await hub.api("POST /users/vic/servers/n", {"user_options": {"b": 2}})
    plain = (await hub.token("ann", "read:users:name!user"))["token"]
    for who in ("", plain, "secret-of-admin"):
        await hub.send("GET", "/user/vic/api/status", who=who)
        await hub.send("GET", "/user/vic/n/api/status", who=who)
        await hub.send("GET", "/hub/metrics", who=who)
        await hub.send("GET", "/hub/health", who=who)
        await hub.api("GET /health", who=who)
        answer = await hub.api("GET /", who=who)
        hub.seen.append(answer.headers.get("access-control-allow-origin"))
    await hub.api("GET /users/vic/server")
    await hub.api("DELETE /users/vic/server")
    await hub.send("GET", "/user/vic/api/status")
    await hub.api("DELETE /users/vic/servers/n", {"remove": True})
    await hub.api("POST /users/vic/server")
    await hub.api("DELETE /users/vic")
    await hub.api("GET /proxy")


async def known(hub: Session) -> None:
    made = await hub.token("ann", "read:users:name!user")
    secret = made["token"]
    basic = base64.b64encode(f"ann:{secret}".encode()).decode()
    await hub.api("GET /user")
    await hub.api(f"GET /user?token={secret}", who="")
    await hub.api("GET /user", who="", headers={"Authorization": f"Basic {basic}"})
    await hub.api("GET /user", who=made["id"])
    await hub.api("GET /user", who="secret-of-shop")
    for who in ("", secret, "secret-of-admin"):
        await hub.api(f"GET /authorizations/token/{secret}", who=who)
        await hub.api("GET /authorizations/token/secret-of-ann", who=who)


async def sessions(hub: Session) -> None:
    form = await hub.send("GET", "/hub/login", who="")
    hub.seen.append('name="_xsrf" value=""' in form.text)
    secret = (await hub.token("ann"))["token"]
    await hub.send("GET", "/hub/home", who=secret)
    await log_in(hub, "ann")
    first = dict(hub.cookies)
    where = "/hub/login"
    data = {"username": "ann", "password": "a-good-password", "_xsrf": first.get("_xsrf", "")}
    answer = await hub.send("POST", where, who="", data=data)
    hub.seen.append(answer.headers.get("set-cookie", "").count("HttpOnly"))
    await hub.api("GET /user", who="", headers={"Sec-Fetch-Mode": "cors"})
    await hub.api("POST /users/ann/activity", who="", data={"note": "forged"})
    cookie = first.get("jupyterhub-hub-login", "").encode()
    await hub.api("GET /authorizations/cookie/jupyterhub-hub-login", content=cookie)
    await log_in(hub, "ann")
    await hub.send("GET", "/hub/logout", who="")
    hub.cookies = first
    await hub.api("GET /user", who="")
    hub.cookies = {"jupyterhub-hub-login": "forged"}
    await hub.api("GET /user", who="")
    hub.cookies = {}


async def made(hub: Session) -> None:
    for name in ("ida", "joe"):
        await hub.api(f"POST /users/{name}", {})
    await hub.api("POST /groups", {"groups": ["fine", "team"]})
    await hub.api("POST /groups/team/users", {"users": ["ida", "nobody"]})
    await hub.api("GET /groups/team")
    for name in ("pair", "odd"):
        await hub.api(f"POST /groups/{name}", {"users": ["joe"]})
    await hub.api("PUT /groups/odd/properties", {"n": 1})
    await hub.api("GET /groups/pair")
    await hub.api("GET /groups/odd")
    await hub.api("DELETE /groups/odd")
    await hub.api("POST /groups/odd", {})
    await hub.api("GET /groups/fine")
    await hub.api("PATCH /users/joe", {"admin": True})
    await hub.api("GET /users/joe")
    await hub.api("POST /users/late", {"admin": 7})
    await hub.api("GET /users/late")
    await hub.api("POST /users/joe/tokens")
    await hub.token("joe", note="a note of more than twenty letters")
    await hub.token("joe", "read:users:name!user")
    await hub.api("GET /users/joe/tokens")
    for spec in (
        {"info": {"a": 1}},
        {"api_token": "short"},
        {"url": "ftp://127.0.0.1"},
        {"colour": "red"},
    ):
        await hub.api("POST /services/new", spec)
        await hub.api("GET /services/new")
        await hub.api("DELETE /services/new")


async def served(hub: Session) -> None:
    both = {"display_name": "A Server", "user_options": {"a": 1}}
    await hub.api("POST /users/joe", {})
    await hub.api("PUT /users/joe/servers/p", both)
    await hub.api("PUT /users/joe/servers/q")
    await hub.api("PATCH /users/joe/servers/p", {"user_options": {"b": 2}})
    await hub.api("PATCH /users/joe/servers/p", {"name": "r"})
    await hub.api("GET /users/joe/servers/r")
    await hub.api("POST /users/joe/servers/r", {"user_options": {"c": 3}})
    await hub.api("GET /users/joe/servers/q")
