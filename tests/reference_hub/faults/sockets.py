"""The part of the script about servers' websockets: to whom they open, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .script import Session


async def upgraded(hub: Session) -> None:
    for name in ("una", "val"):
        await hub.api(f"POST /users/{name}", {})
    for path in ("una/server", "una/servers/n"):
        await hub.api(f"POST /users/{path}")
    await hub.api("POST /shares/una/n", {"user": "val"})
    holders = [
        (await hub.token(owner, *scopes))["token"]
        for owner, *scopes in (
            ("una",),
            ("una", "read:users!user"),
            ("val",),
            ("admin", "admin:servers"),
            ("admin", "access:servers!user=val"),
            ("admin", "access:servers!server=una/n"),
        )
    ]
    for who in ("", "secret-of-admin", *holders):
        await hub.socket("/user/una/api/events/subscribe", who)
        await hub.socket("/user/una/n/api/events/subscribe", who)
    await hub.socket("/user/una/api/nothing", "secret-of-admin")
    await hub.send("GET", "/user/una/api/events/subscribe")
    await hub.api("DELETE /users/una/server")
    await hub.socket("/user/una/api/events/subscribe", holders[0])
    await hub.socket("/user/nobody/api/events/subscribe", "secret-of-admin")
