"""The part of the script about who is asking: the hub's word on them, and what strangers do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from .more import log_in

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
    hub.cookies.clear()


async def exchange(hub: Session, location: str) -> None:
    """By an address first, which is refused, and then by a form."""
    code = parse_qs(urlsplit(location).query).get("code", [""])[0]
    client = {"client_id": "service-desk", "client_secret": "secret-of-desk", "code": code}
    data = {**client, "grant_type": "authorization_code"}
    await hub.send("GET", f"/hub/api/oauth2/token?{urlencode(data)}", who="")
    await hub.send("POST", "/hub/api/oauth2/token", who="", data=data)
