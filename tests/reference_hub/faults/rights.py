"""The part of the script about rights: operations, asked by those who may not have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .script import Session

#: Operations, each to be asked by bearers of nothing, of the wrong filter, and of reading alone.
OPERATIONS: dict[str, Any] = {
    "GET /info": None,
    "GET /users/ann": None,
    "PATCH /users/ann": {"admin": False},
    "GET /users/ann/tokens": None,
    "GET /users/ann/tokens/x": None,
    "DELETE /users/ann/tokens/x": None,
    "POST /users/ann/activity": {"last_activity": "2030-01-01T12:00:00Z"},
    "GET /users/ann/server": None,
    "POST /users/ann/server": None,
    "DELETE /users/ann/server": None,
    "PUT /users/ann/servers/n": None,
    "GET /users/ann/servers/n": None,
    "PATCH /users/ann/servers/n": {"display_name": "N"},
    "DELETE /users/ann/servers/n": None,
    "GET /groups/team": None,
    "POST /groups/fresh": None,
    "POST /groups/team/users": {"users": []},
    "DELETE /groups/team/users": {"users": []},
    "PUT /groups/team/properties": {},
    "GET /shares/ann": None,
    "GET /shares/ann/n": None,
    "POST /shares/ann/": {"user": "ann"},
    "GET /users/ann/shared": None,
    "GET /groups/team/shared": None,
    "GET /share-codes/ann": None,
    "POST /share-codes/ann/": {},
    "DELETE /share-codes/ann/": None,
    "GET /services/shop": None,
    "POST /services/fresh": {"info": {}},
    "DELETE /services/shop": None,
    "GET /proxy": None,
    "DELETE /groups/team": None,
    "DELETE /users/ann": None,
}
ELSEWHERE = [
    "read:users",
    "read:tokens",
    "tokens",
    "users:activity",
    "admin:users",
    "admin:servers",
    "admin:groups",
    "groups",
    "delete:groups",
    "read:groups",
    "shares",
    "read:shares",
    "read:users:shares",
    "read:groups:shares",
    "read:services",
    "admin:services",
]
READING = [
    "read:users",
    "read:tokens",
    "read:servers",
    "read:groups",
    "read:shares",
    "read:services",
    "list:users",
]


async def refusals(hub: Session) -> None:
    where = {"users": "user=bob", "groups": "group=other", "services": "service=none"}
    filtered = []
    for scope in ELSEWHERE:
        word = next((w for w in ("groups", "services") if w in scope), "users")
        filtered.append(f"{scope}!{where[word]}")
    secrets = [
        (await hub.token("admin", *each))["token"]
        for each in (
            ["(no_scope)"],
            filtered,
            READING,
            ["read:users:name", "read:groups:name", "read:services:name"],
            ["read:servers!server=ann/m", "read:users!user=an"],
            ["read:users!group=team", "read:users!user=bob"],
            ["read:users!group=team"],
        )
    ]
    for secret in ("", *secrets):
        for line, body in OPERATIONS.items():
            await hub.api(line, body, who=secret)
        await hub.api("GET /user", who=secret)
    await hub.api("GET /users/nobody")
    await hub.api("DELETE /groups/nobody")
    await hub.api("POST /users/ann", {})
    await hub.api("POST /users/ann", content=b"{")
    await hub.api("PUT /users", {})
    secret = (await hub.token("admin", "admin:users"))["token"]
    await hub.api("POST /users/plain", {})
    boss = (await hub.api("POST /services/maker", {"api_token": "secret-of-maker"})).json()
    hub.seen.append(boss)
    hub.hub.find_user("plain").roles.append("makers")  # type: ignore[union-attr]
    hub.hub.roles["makers"] = ("admin:users", "admin:services")
    plain = (await hub.token("plain"))["token"]
    await hub.api("POST /users/made", {"admin": True}, who=plain)
    await hub.api("POST /services/big", {"admin": True}, who=plain)
    await hub.api("GET /users/ann", who="secret-of-ann")
    await hub.api("GET /users/admin", who="secret-of-ann")
