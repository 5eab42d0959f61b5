"""The part of the script about those who are logged in, and about several who ask at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .more import PASSWORD, grant, log_in

if TYPE_CHECKING:
    from .script import Session


async def visiting(hub: Session) -> None:
    await hub.token("bob", note="bob's own")
    code = (await hub.api("POST /share-codes/bob/", {})).json()["code"]
    marker = await log_in(hub, "ann")
    answer = await hub.api("GET /user", who="", headers={"Origin": "https://other.invalid"})
    hub.seen.append(sorted(answer.headers.items()))
    answer = await hub.send("GET", "/hub/token", who="")
    hub.seen.append("bob's own" in answer.text.replace("&#x27;", "'"))
    await hub.send("GET", "/hub/login?next=/hub/home", who="")
    where = "/hub/accept-share?next=https://other.invalid/"
    await hub.send("POST", where, who="", data={"code": code, "_xsrf": marker})
    hub.cookies.clear()


async def at_once(hub: Session) -> None:
    """Requests that meet: what is seen does not depend on which is answered first."""
    await hub.api("POST /users/eve", {})
    slow = {"user_options": {"delay": 15}}
    await asyncio.gather(*(hub.api(f"POST /users/eve/servers/{n}", slow) for n in ("a", "b")))
    await hub.api("GET /users/eve")
    hub.clock.runs = True
    await asyncio.gather(*(hub.api("GET /users/eve/servers/a/progress") for _ in "ab"))
    hub.clock.runs = False


async def members(hub: Session) -> None:
    await hub.api("GET /groups/team", who="secret-of-ann")
    await hub.api("GET /info", who="secret-of-shop")
    await hub.api("POST /users/chief", {"admin": True})
    await hub.api("POST /proxy", who=(await hub.token("chief"))["token"])


async def beside(hub: Session) -> None:
    await hub.api("POST /users/ann/tokens", {"note": ["x"]})
    await hub.api("GET /users/ann")
    await hub.api("DELETE /groups/other", who="")
    await hub.api("GET /groups/other")
    await hub.api("GET /user?access_token=secret-of-ann", who="")
    await hub.api("PUT /users/ann/servers/still")
    active = (await hub.token("admin", "read:servers", "read:users:activity"))["token"]
    await hub.api("GET /users/ann?include_stopped_servers=1", who=active)
    await hub.api("POST /users/bob/server")
    entering = (await hub.token("admin", "access:servers"))["token"]
    for who in ("", entering):
        await hub.send("GET", "/user/bob/api/status", who=who)
    body = {"scopes": ["access:servers", "read:servers"]}
    code = (await hub.api("POST /share-codes/bob/", body)).json()["code"]
    marker = await log_in(hub, "ann")
    await hub.send("POST", "/hub/accept-share", who="", data={"code": code, "_xsrf": marker})
    await hub.api("POST /users/ann/tokens", {}, who="secret-of-ann")
    hub.cookies.clear()
    await hub.api("GET /shares/bob/")


async def holders(hub: Session) -> None:
    """What is whose: a client, a name in one case, an address, a page."""
    secret = "secret-of-the-stall"
    body = {"oauth_redirect_uri": "http://127.0.0.1:1/back", "api_token": secret}
    form = {"client_id": "service-stall", "client_secret": secret, "code": "0" * 30}
    form["grant_type"] = "authorization_code"
    await hub.api("POST /services/stall", body)
    await hub.api("POST /oauth2/token", who="", data=form)
    await hub.api("DELETE /services/stall")
    await hub.api("POST /oauth2/token", who="", data=form)
    await hub.api("GET /groups/TEAM")
    await hub.api("POST /users/o%20d", {})
    await hub.api("PUT /users/o%20d/servers/s")
    await hub.api("PATCH /users/o%20d/servers/s", {"user_options": {}, "display_name": "S"})
    await hub.api("POST /groups/brief", {"users": ["o d"]})
    await hub.api("DELETE /users/o%20d")
    await hub.api("GET /groups/brief")
    await hub.api("POST /users/bob/server")
    answer = await hub.api("GET /users/bob/server/progress")
    hub.seen.append(answer.headers.get("cache-control"))
    await log_in(hub, "ann")
    await hub.send("GET", "/hub/spawn-pending/bob", who="")
    hub.cookies.clear()


async def proven(hub: Session) -> None:
    """Who has no token but a password, whose a token is, and what of a service's is revoked."""
    for name, password in (("ann", PASSWORD), ("ann", "wrong"), ("bob", PASSWORD)):
        body = {"auth": {"username": name, "password": password}}
        await hub.api("POST /users/ann/tokens", body, who="")
    await hub.api("POST /users/bob/tokens", body, who="secret-of-ann")
    await hub.api("GET /authorizations/token/secret-of-shop", who="secret-of-ann")
    await log_in(hub, "ann")
    for _ in range(2):
        await grant(hub, "")
    listed = (await hub.api("GET /users/ann/tokens")).json()["api_tokens"]
    of_shop = [each["id"] for each in listed if "shop" in each["oauth_client"]]
    await hub.api(f"DELETE /users/ann/tokens/{of_shop[0]}")
    await hub.api("GET /users/ann/tokens")
    hub.cookies.clear()
