"""Requests that between them show what every fault changes, and what a hub answers to them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from reference_hub.core import boot, errors
from reference_hub.core.hub import Hub, Settings
from reference_hub.core.operations import share_codes
from reference_hub.faults.switch import Switchboard
from tests.reference_hub.tools import START

from . import asgi, more, places, rights, sockets, strangers, visitors

PAGES = {"Accept": "application/jupyterhub-pagination+json"}
SETTINGS = Settings(
    admin_users=["admin"],
    api_page_max_limit=5,
    password=more.PASSWORD,
    api_tokens={"secret-of-admin": "admin", "secret-of-ann": "ann"},
    services=[
        {
            "name": "shop",
            "url": "http://127.0.0.1:1",
            "api_token": "secret-of-shop",
            "oauth_client_allowed_scopes": ["read:users!user"],
            "oauth_no_confirm": True,
        }
    ],
    load_groups={"team": {"users": ["ann"], "properties": {"size": 1}}, "other": ["bob"]},
    load_roles=[{"name": "buyers", "scopes": ["access:services"], "users": ["ann"]}],
)


Part = Callable[["Session"], Coroutine[Any, Any, None]]
Answers = dict[str, list[Any]]


class Clock:
    """A clock that moves a second at each request; while it `runs`, at each look."""

    def __init__(self) -> None:
        self.now: datetime = START
        self.runs = False

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=self.runs)
        return self.now


class Differs(Exception):
    """Seen enough: an answer is not the expected one."""


class Session:
    """One hub, asked in its own process; what it answers is kept."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.secrets = 0
        self.hub = boot.reset(Hub(SETTINGS, self.clock, self.new_secret))
        self.board = Switchboard(self.hub, lambda: None)
        self.seen: list[Any] = []
        self.cookies: dict[str, str] = {}
        self.expected: list[Any] = []
        self.compared = 0

    def new_secret(self) -> str:
        self.secrets += 1
        return f"{self.secrets:012d}-made-by-the-test"

    def restart(self) -> None:
        """As it was at first."""
        self.clock.now, self.secrets, self.seen, self.cookies = START, 0, [], {}
        self.compared = 0
        self.clock.runs = False
        boot.reset(self.hub)

    async def send(
        self, method: str, path: str, body: Any = None, who: str = "secret-of-admin", **more: Any
    ) -> asgi.Answer:
        """One request; the answer is kept without what is new in every process."""
        self.clock.now += timedelta(seconds=1)
        headers = {"Authorization": f"token {who}"} if who else {}
        content = json.dumps(body).encode() if body is not None else more.pop("content", None)
        headers |= more.pop("headers", {})
        if data := more.pop("data", None):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(data).encode()
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        answer = await asgi.request(self.board, method, path, headers, content or b"")
        text = re.sub(r"[0-9a-f]{64}|[0-9a-f]{32}", "", answer.text)
        told = answer.headers.get("location") or answer.headers.get("cache-control")
        self.seen.append((method, path, answer.status, text, told))
        before, self.compared = self.compared, len(self.seen)
        if self.expected and self.seen[before:] != self.expected[before : self.compared]:
            raise Differs
        return answer

    async def socket(self, path: str, who: str) -> None:
        """Ask for a websocket; what is said of it is kept."""
        headers = {"Authorization": f"token {who}"} if who else {}
        self.seen.append(await asgi.converse(self.board, path, headers))

    async def api(self, line: str, body: Any = None, **more: Any) -> asgi.Answer:
        """The same, below ``/hub/api``: ``"GET /users"``."""
        method, _, path = line.partition(" ")
        return await self.send(method, f"/hub/api{path}", body, **more)

    async def token(self, user: str, *scopes: str, **body: Any) -> Any:
        """A new token's model and secret."""
        asked = {"scopes": list(scopes), **body} if scopes else body
        answer = await self.api(f"POST /users/{user}/tokens", asked)
        return answer.json() if answer.status < 300 else {"id": "none", "token": "none-made"}


async def answers_to(hub: Session, part: Part) -> list[Any]:
    """What a hub as good as new answers to a part of the script."""
    hub.restart()
    try:
        await part(hub)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        hub.seen.append(f"{part.__name__}: {type(error).__name__}")
    return hub.seen


def run(hub: Session) -> Answers:
    """What a hub answers to the whole script, by its parts."""
    hub.expected = []
    return {part.__name__: asyncio.run(answers_to(hub, part)) for part in PARTS}


def shows(hub: Session, category: str, expected: Answers) -> bool:
    """Whether an answer is not the expected one; the likeliest parts for a category go first."""
    likely = LIKELY.get(category, ())
    for part in sorted(PARTS, key=lambda part: part.__name__ not in likely):
        hub.expected = expected[part.__name__]
        try:
            seen = asyncio.run(answers_to(hub, part))
        except Differs:
            return True
        if seen != hub.expected:
            return True
    return False


async def people(hub: Session) -> None:
    await hub.api("GET /")
    await hub.api("GET /info")
    await hub.api("GET /user")
    await hub.api("POST /users", {"usernames": ["Carl", "carla"]})
    await hub.api("POST /users/dora", {"admin": True})
    await hub.api("POST /users/ev%20", {})
    await hub.api("PATCH /users/dora", {"admin": False, "unknown": 1})
    await hub.api("PATCH /users/bob", {"name": "bobby"})
    for name in ("bob", "bobby", "carl", "ann"):
        await hub.api(f"GET /users/{name}")
    await hub.api("POST /groups/new", {"users": ["ann", "nobody"]})
    await hub.api("POST /groups/new", {"users": ["ann"]})
    await hub.api("POST /groups", {"groups": ["more"]})
    await hub.api("POST /groups/team", {})
    await hub.api("POST /groups/other/users", {"users": ["ann", "carl"]})
    await hub.api("GET /users/ann")
    await hub.api("DELETE /groups/other/users", {"users": ["ann"]})
    await hub.api("GET /users/ann")
    await hub.api("PUT /groups/team/properties", {"colour": "red"})
    await hub.api("GET /groups/team")
    await hub.api("DELETE /groups/new")
    await hub.api("GET /users/ann")
    secret = (await hub.token("carl"))["token"]
    await hub.api("DELETE /users/carl")
    await hub.api("GET /user", who=secret)
    await hub.api("GET /groups/other")
    root = (await hub.token("admin"))["token"]
    for moment in ("2030-01-01T12:30:00Z", "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"):
        body = {"last_activity": moment, "servers": {"": {"last_activity": moment}}}
        await hub.api("POST /users/ann/activity", body)
        await hub.api("GET /users/ann?include_stopped_servers=1")
    await hub.api("POST /services/extra", {"api_token": "secret-of-extra", "admin": True})
    await hub.api("POST /services/twice", {"api_token": "secret-of-extra"})
    await hub.api("GET /services/extra")
    await hub.api("GET /services")
    await hub.api("GET /user", who="secret-of-extra")
    limited = (await hub.token("ann", "self"))["token"]
    await hub.api("POST /services/mine", {"info": {"a": 1}}, who=limited)
    await hub.api("DELETE /services/extra")
    await hub.api("GET /user", who="secret-of-extra")
    await hub.api("DELETE /users/admin", who=root)


async def lists(hub: Session) -> None:
    for name in ("zoe", "anna", "Hanna"):
        await hub.api(f"POST /users/{name}", {})
    await hub.api("POST /users/zoe/servers/slow", {"user_options": {"delay": 900}})
    await hub.api("POST /users/anna/servers/fast")
    await hub.api("PUT /users/zoe/servers/idle")
    for query in (
        "",
        "?limit=2",
        "?limit=2",
        "?offset=1&limit=2",
        "?limit=0",
        "?limit=99",
        "?limit=x",
        "?name_filter=ann",
        "?name_filter=ANN",
        "?state=ready",
        "?state=active",
        "?state=inactive",
        "?sort=name",
        "?sort=-name",
        "?name_filter=ann&limit=1",
        "?include_stopped_servers=false",
        "?include_stopped_servers=1",
        "?name_filter=an&limit=3",
        "?state=nonsense",
        "?limit=5",
    ):
        for headers in ({}, PAGES):
            await hub.api(f"GET /users{query}", headers=headers)
            await hub.api(f"GET /groups{query}", headers=headers)
            await hub.api(f"GET /proxy{query}", headers=headers)
    for scope in ("list:users!group=team", "list:groups!group=team", "list:users!user=ann"):
        secret = (await hub.token("admin", scope, "read:groups"))["token"]
        await hub.api("GET /users", who=secret)
        await hub.api("GET /groups", who=secret)


async def tokens(hub: Session) -> None:
    made = await hub.token("ann", "read:users:name!user", "read:users:groups!user", note="mine")
    await hub.api("GET /user", who=made["token"])
    await hub.api("GET /user", who="", headers={"Authorization": f"Bearer {made['token']}"})
    await hub.api(f"GET /users/ann/tokens/{made['id']}")
    await hub.api(f"GET /users/admin/tokens/{made['id']}")
    await hub.api("GET /users/ann/tokens")
    await hub.token("ann", "read:users")
    await hub.token("ann", "no:such")
    short = await hub.token("ann", expires_in=30)
    hub.clock.now += timedelta(seconds=60)
    await hub.api("GET /user", who=short["token"])
    no_scopes = await hub.token("ann", "(no_scope)")
    await hub.api("GET /user", who=no_scopes["token"])
    await hub.api(f"DELETE /users/ann/tokens/{made['id']}")
    await hub.api("GET /user", who=made["token"])
    await hub.api("POST /users/max", {"admin": True})
    lost = await hub.token("max", "read:hub")
    await hub.api("PATCH /users/max", {"admin": False})
    await hub.api("GET /info", who=lost["token"])
    await hub.api("POST /users/old", {})
    old = await hub.token("old")
    await hub.api("PATCH /users/old", {"name": "young"})
    await hub.api("GET /user", who=old["token"])
    await hub.api("GET /users/young/tokens")


async def filters(hub: Session) -> None:
    for asked, path in (
        (["read:users!user=*"], "/users/ann"),
        (["read:users!group=x", "read:users!group=y"], "/users/ann"),
        (["read:groups!user=ann"], "/groups/team"),
        ([f"read:users!user={each}" for each in ("a", "aa", "ann")], "/users/ann"),
    ):
        secret = (await hub.token("admin", *asked))["token"]
        await hub.api(f"GET {path}", who=secret)
        await hub.api("GET /users", who="", headers={"Authorization": f"Bearer {secret}"})
    await hub.token("ann", "read:hub", "self")
    await hub.token("ann", "inherit", "read:hub")
    await hub.api("POST /users/moe", {"admin": True})
    lost = await hub.token("moe", "read:servers!server=ann/")
    await hub.api("PATCH /users/moe", {"admin": False})
    await hub.api("GET /user", who=lost["token"])


async def servers(hub: Session) -> None:
    await hub.api("POST /users/ann/server", {"user_options": {"a": 1}})
    await hub.api("POST /users/ann/server")
    secret = next(reversed(hub.hub.find_user("ann").tokens.values()))  # type: ignore[union-attr]
    await hub.api("GET /users/ann/server")
    await hub.api("DELETE /users/ann/server")
    await hub.api("GET /users/ann/server")
    await hub.api(f"GET /users/ann/tokens/{secret.id}")
    for token in (await hub.api("GET /users/ann/tokens")).json()["api_tokens"]:
        hub.seen.append(token["note"])
    hub.seen.append(hub.hub._tokens_by_digest.get(secret.digest) is None)
    await hub.api("PUT /users/ann/servers/a")
    await hub.api("PUT /users/ann/servers/No Name!")
    await hub.api("PATCH /users/ann/servers/a", {"display_name": "An A"})
    await hub.api("POST /users/ann/servers/b", {"user_options": {"delay": 600}})
    await hub.api("GET /users/ann/servers/b")
    await hub.api("GET /users/ann/servers/a")
    await hub.api("DELETE /users/ann/servers/b")
    await hub.api("DELETE /users/ann/servers/a", {"remove": True})
    await hub.api("GET /users/ann/servers/a")


async def shares(hub: Session) -> None:
    await hub.api("POST /users/mia", {})
    await hub.api("PUT /users/ann/servers/s")
    both = ["access:servers", "read:servers"]
    await hub.api("POST /shares/ann/s", {"user": "mia", "scopes": both[:1]})
    await hub.api("POST /shares/ann/s", {"user": "mia", "scopes": both[1:]})
    await hub.api("POST /shares/ann/s", {"group": "team", "scopes": both})
    await hub.api("PATCH /shares/ann/s", {"user": "mia", "scopes": ["read:servers!server=ann/s"]})
    for path in ("/shares/ann", "/shares/ann/s", "/users/mia/shared", "/groups/team/shared"):
        await hub.api(f"GET {path}")
    await hub.api("GET /users/ann/shared?limit=1")
    sharer = (await hub.token("admin", "shares", "read:users:name", "read:shares"))["token"]
    await hub.api("POST /shares/ann/s", {"user": "mia", "scopes": ["admin:servers"]}, who=sharer)
    await hub.api("DELETE /shares/ann/s")
    await hub.api("GET /users/mia/shared")
    await hub.api("GET /shares/ann")
    await hub.api("POST /share-codes/ann/s", {"expires_in": 1})
    code = (await hub.api("POST /share-codes/ann/s", {})).json()
    await hub.api("GET /share-codes/ann")
    await hub.api(f"DELETE /share-codes/ann/s?id={code['id']}")
    mia = hub.hub.find_user("mia")
    try:
        share_codes.accept(hub.hub, mia, code["code"])  # type: ignore[arg-type]
        hub.seen.append("accepted")
    except errors.HubError as error:
        hub.seen.append(error.status)


PARTS: tuple[Part, ...] = (
    *(people, lists, tokens, filters, servers, shares, rights.refusals, more.oauth),
    *(more.sharing, more.reports, more.browsers, more.edges),
    *(places.reached, places.known, places.sessions, places.made, places.served),
    *(strangers.asking, strangers.agreeing, strangers.given, sockets.upgraded),
    *(visitors.visiting, visitors.at_once, visitors.members, visitors.beside, visitors.holders),
    visitors.proven,
)
#: Which of them show most faults of a category.
LIKELY = {
    "users": ("people", "lists"),
    "groups": ("people", "made"),
    "tokens": ("tokens", "filters", "known", "made", "proven"),
    "scopes": ("refusals", "filters", "tokens", "members"),
    "pagination": ("lists",),
    "servers": ("servers", "edges", "served", "at_once"),
    "services": ("people", "made"),
    "shares": ("shares", "sharing"),
    "proxy": ("edges", "lists"),
    "activity": ("reports",),
    "errors": ("edges", "refusals"),
    "sessions": ("browsers", "sessions", "visiting"),
    "oauth": ("oauth", "browsers", "agreeing"),
    "info": ("reached", "asking"),
    "identity": ("asking", "known"),
    "access": ("agreeing", "upgraded"),
}
