"""What hub is this: addresses as people write them, versions, and what a hub may answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_conformance.client import Client
from hub_conformance.errors import UsageError
from hub_conformance.secret import Scrubber
from hub_conformance.target import (
    JUDGED,
    Owner,
    Target,
    base_url,
    contract_version,
    discover,
    parse_version,
)
from hub_conformance.urls import origin_of

from .servers import Reply, Server, answer, raw, reset, serving

TOKEN = "s3cr3t-t0ken-0123456789abcdef"

# --- addresses


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://host:8000", "http://host:8000/"),
        ("http://host:8000/", "http://host:8000/"),
        ("http://host:8000/hub", "http://host:8000/"),
        ("http://host:8000/hub/", "http://host:8000/"),
        ("http://host:8000/hub/api", "http://host:8000/"),
        ("http://host:8000/hub/api/", "http://host:8000/"),
        ("http://host:8000/hub/api///", "http://host:8000/"),
        ("http://host/jupyter", "http://host/jupyter/"),
        ("http://host/jupyter/hub/api", "http://host/jupyter/"),
        ("http://host/a/b/hub/", "http://host/a/b/"),
        ("http://host/hub/hub/api", "http://host/hub/"),
        ("http://host/github", "http://host/github/"),
        ("http://host/api", "http://host/api/"),
        ("http://host:80/x", "http://host/x/"),
        ("https://host:443", "https://host/"),
        ("https://host:80", "https://host:80/"),
        ("HTTPS://Hub.Example.ORG/Jupyter", "https://hub.example.org/Jupyter/"),
        ("http://[::1]:8000/hub", "http://[::1]:8000/"),
        ("  http://host:8000\n", "http://host:8000/"),
        ("http://host/a b/säge", "http://host/a%20b/s%C3%A4ge/"),
        ("http://host/a%20b", "http://host/a%20b/"),
    ],
)
def test_base_url(url: str, base: str) -> None:
    assert base_url(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "host:8000",
        "//host",
        "/hub/api",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://:8000",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://host:-1",
        "http://[::1",
        "http://[nonsense]/",
        "referenc",
    ],
)
def test_no_address_of_a_hub(url: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a hub: write it like https://"):
        base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{TOKEN}@host",
        f"http://{TOKEN}@host",
        f"http://:{TOKEN}@host:99999",
        f"ftp://user:{TOKEN}@host",
        f"http://host/hub?token={TOKEN}",
        f"http://host/#{TOKEN}",
        f"host?token={TOKEN}",
    ],
)
def test_secret_in_an_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(url)
    assert TOKEN not in repr(caught.value)
    assert TOKEN not in repr(caught.value.__context__)


@given(st.text("htps:/@?#[]%.09a \\", max_size=25))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        base = base_url(f"http://{text}")
    except UsageError:
        return
    assert base.endswith("/")
    assert base_url(base) == base
    assert origin_of(base) == base[: len(origin_of(base))]


# --- versions


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("6.1.1", (6, 1)),
        ("6.1", (6, 1)),
        ("6.2.0.dev1", (6, 2)),
        ("7.0.0b1", (7, 0)),
        ("10.12", (10, 12)),
        ("5.0.0rc2", (5, 0)),
        ("5.2.1+local.3", (5, 2)),
        ("4.1.6-1", (4, 1)),
        ("2.0b2", (2, 0)),
    ],
)
def test_version(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    "text",
    ["", "6", "v6.1", "six", "6.x", ".6", "6.1 ", "6.1\n", "6.1\x1b[31m", "6.1.", "٦.١", 
     "6.1" + "0" * 5000, "6" * 5000 + ".1"],
)  # fmt: skip
def test_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is no version: write it like") as caught:
        parse_version(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("version", "applies"),
    [((1, 5), (2, 3)), ((2, 3), (2, 3)), ((3, 0), (3, 0)), ((6, 1), (6, 1)), ((7, 0), (6, 1))],
)
def test_nearest_version_of_the_contract(
    version: tuple[int, int], applies: tuple[int, int]
) -> None:
    assert contract_version(version) == applies
    assert JUDGED[0] <= contract_version(version) <= JUDGED[-1]


# --- the target as plain data


@settings(max_examples=40)
@given(
    st.builds(
        Target,
        base=st.just("http://host/x/"),
        version=st.just("6.1.1"),
        owner=st.builds(
            Owner,
            kind=st.sampled_from(["user", "service"]),
            name=st.text(),
            admin=st.booleans(),
            scopes=st.lists(st.text()).map(tuple),
        ),
        public=st.none() | st.just("http://other/"),
        notes=st.lists(st.text()).map(tuple),
    )
)
def test_target_survives_the_way_to_a_worker(target: Target) -> None:
    assert Target.parse(json.loads(json.dumps(target.dump()))) == target


def test_places_of_a_target() -> None:
    target = Target("https://host/jupyter/", "6.2.0.dev1", Owner("user", "ann", admin=True))
    assert (target.origin, target.prefix, target.api) == (
        "https://host",
        "/jupyter/",
        "/jupyter/hub/api",
    )
    assert target.applies == (6, 1)
    assert str(target.owner) == "admin user ann"


# --- asking a hub


USER = {"kind": "user", "name": "ann", "admin": True, "scopes": ["self", "admin:users", 5]}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answer({"status": 404, "message": "no such page"}, status=404)) as started:
        yield started


def fill(server: Server, *, prefix: str = "/", **replies: Reply) -> None:
    """Let the server be a hub, but for the replies given by name."""
    usual = {
        "version": answer({"version": "6.1.1"}),
        "user": answer(USER),
        "proxy": answer({}),
        **replies,
    }
    paths = {"version": "", "user": "user", "proxy": "proxy"}
    server.routes = {f"GET {prefix}hub/api/{paths[key]}": reply for key, reply in usual.items()}


def ask(server: Server, *, prefix: str = "/", public: str | None = None) -> Target:
    scrubber = Scrubber()
    client = Client(server.origin, scrubber, read_seconds=0.3, size_limit=1_000_000)
    try:
        return discover(client, f"{server.origin}{prefix}", scrubber.learn(TOKEN), public=public)
    finally:
        client.close()


def refusal(server: Server) -> str:
    with pytest.raises(UsageError) as caught:
        ask(server)
    text = str(caught.value)
    assert TOKEN not in repr(caught.value)
    assert "\n" not in text
    assert len(text) < 600
    return text


@pytest.mark.parametrize("prefix", ["/", "/jupyter/"])
def test_discover(server: Server, prefix: str) -> None:
    fill(server, prefix=prefix)
    target = ask(server, prefix=prefix)
    assert target.base == target.public == f"{server.origin}{prefix}"
    assert target.version == "6.1.1"
    assert target.owner == Owner("user", "ann", admin=True, scopes=("admin:users", "self"))
    assert "Authorization" not in server.received[0], "the version needs no token"


@pytest.mark.parametrize(
    ("model", "owner"),
    [
        ({"kind": "service", "name": "s", "scopes": ["admin:users"]}, "admin service s"),
        ({"kind": "service", "name": "s", "scopes": []}, "service s"),
        ({"kind": "user", "name": "bob", "admin": False, "scopes": None}, "user bob"),
        ({"kind": "user", "name": "bob"}, "user bob"),
    ],
)
def test_owner(server: Server, model: dict[str, Any], owner: str) -> None:
    fill(server, user=answer(model))
    assert str(ask(server).owner) == owner


NO_HUBS: dict[str, tuple[Reply, str]] = {
    "html": (answer(b"<html>"), "is no JupyterHub"),
    "404": (answer({}, status=404), "is no JupyterHub"),
    "500": (answer({"version": "6.1.1"}, status=500), "cannot be used now"),
    "later": (answer({}, status=429, Retry_After="3600"), "429 (Retry-After: '3600')"),
    "a list": (answer(["6.1.1"]), "is no JupyterHub"),
    "no version": (answer({"name": "x"}), "is no JupyterHub"),
    "null": (answer({"version": None}), "is no JupyterHub"),
    "deep": (answer(b"[" * 100_000), "is no JupyterHub"),
    "redirect": (answer(b"", status=302, Location="/hub/login"), "302 (Location: '/hub/login')"),
    "empty": (answer(b""), "is no JupyterHub"),
    "a number": (answer({"version": 6}), "a version that cannot be read: '6'"),
    "an object": (answer({"version": {}}), "a version that cannot be read"),
    "words": (answer({"version": "six\x1b[31m"}), "a version that cannot be read"),
    "long": (answer({"version": "9" * 500_000}), "a version that cannot be read"),
    "silence": (reset, "no hub reached: GET http://127.0.0.1"),
    "garbage": (raw(b"SSH-2.0\r\n"), "what came back is no HTTP"),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_HUBS)
def test_no_hub(server: Server, what: str) -> None:
    reply, said = NO_HUBS[what]
    fill(server, version=reply)
    assert said in refusal(server)


def test_everything_is_an_error(server: Server) -> None:
    server.reply = answer(b"<h1>Oh</h1>", status=500)
    assert "answered 500; is the hub up?" in refusal(server)


def test_hub_that_hangs(server: Server) -> None:
    fill(server, version=server.hang)
    assert "no whole answer within 0.3 s" in refusal(server)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_token(server: Server, status: int) -> None:
    fill(server, user=answer({"message": f"{TOKEN} is not known. " * 50}, status=status))
    text = refusal(server)
    assert f"the hub refused the token: GET /hub/api/user answered {status} (*** is" in text
    assert "Is it complete, of this hub, not expired?" in text


def test_refused_token_without_a_word(server: Server) -> None:
    fill(server, user=answer(b"", status=403))
    assert "(no message)" in refusal(server)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"<html>"),
        answer([USER]),
        answer({"kind": "robot", "name": "x"}),
        answer({"kind": "user", "name": 5}),
        answer({"kind": ["user"], "name": "x"}),
        answer({}, status=404),
        answer(USER, status=500),
    ],
)
def test_token_of_nobody(server: Server, reply: Reply) -> None:
    fill(server, user=reply)
    assert "does not say whose token this is" in refusal(server)


# --- the hub's internal address


def route(target: Any, *, hub: Any = True) -> dict[str, Any]:
    return {"/": {"routespec": "/", "target": target, "data": {"hub": hub}}}


def test_internal_address(server: Server) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "LOCALHOST"):
        fill(server, proxy=answer(route(f"http://{host}:{server.port}")))
        assert ask(server).public is None


def test_public_address_given_by_the_person(server: Server) -> None:
    fill(server, proxy=answer(route(server.origin)))
    assert ask(server, public="http://proxied/").public == "http://proxied/"


@pytest.mark.parametrize(
    "table",
    [
        route("http://127.0.0.1:1"),
        route("https://127.0.0.1:{port}"),
        route("http://hub:{port}"),
        route("http://127.0.0.1:{port}", hub=False),
        route("http://[bad:{port}"),
        route("http://127.0.0.1:99999"),
        route(None),
        route(5),
        {"/": "http://127.0.0.1:{port}"},
        {"/": {"target": "http://127.0.0.1:{port}", "data": "hub"}},
        {"status": 403, "message": "no"},
        [],
        {},
    ],
)
def test_proxied_address(server: Server, table: Any) -> None:
    shown = json.loads(json.dumps(table).replace("{port}", str(server.port)))
    fill(server, proxy=answer(shown))
    assert ask(server).public == f"{server.origin}/"


@pytest.mark.parametrize("reply", [answer(b"<html>"), answer({}, status=403), answer(b"")])
def test_proxy_table_that_cannot_be_read(server: Server, reply: Reply) -> None:
    fill(server, proxy=reply)
    assert ask(server).public == f"{server.origin}/"
