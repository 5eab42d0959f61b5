"""A websocket's opening and its one ping: with peers that keep to RFC 6455, and with others."""

from __future__ import annotations

import socket
import ssl
import time
import traceback
from collections.abc import Callable, Iterator

import pytest
import trustme
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from hub_conformance.client import Answer, Client
from hub_conformance.errors import ConformanceError, HubTooSlow, HubUnreachable, OutOfBounds
from hub_conformance.guard import Guard, Named
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import Owner, Target
from hub_conformance.transcript import exchange_of

from .servers import Reply, Server, answer, raw, reset, serving
from .test_client import LIMIT, SOON, TOKEN, client_of, shows_no_token
from .test_guard import RUN, into

PATH = f"user/{RUN}-x1/api/events/subscribe"
Speaker = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answer({})) as started:
        started.reply = opening(started, mirror)
        yield started


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    made = hub_of(client_of(server))
    yield made
    made.client.close()


def hub_of(client: Client) -> Hub:
    target = Target(f"{client.origin}/", "6.1.1", Owner("user", "ann", admin=True))
    return Hub(client, target, Secret(TOKEN), proxied=client)


def opening(server: Server, then: Speaker, **changed: str | None) -> Reply:
    """Upgrade the connection; `changed` headers, with underscores, replace the usual ones."""

    def reply(connection: socket.socket) -> None:
        key = asked(server)["Sec-WebSocket-Key"]
        headers: dict[str, str | None] = {
            "Upgrade": "WebSocket",
            "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Accept": accept_key(key),
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
        head = "".join(["HTTP/1.1 101 Switching Protocols\r\n", *lines, "\r\n"])
        connection.sendall(head.encode())
        then(connection)
        connection.shutdown(socket.SHUT_RDWR)

    return reply


def asked(server: Server) -> dict[str, str]:
    """The headers of the last request."""
    lines = server.received[-1].split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines if line)


def frame(opcode: Opcode, data: bytes = b"", *, mask: bool = False) -> bytes:
    return Frame(opcode, data).serialize(mask=mask)


def says(*data: bytes) -> Speaker:
    return lambda connection: connection.sendall(b"".join(data))


def pinged(connection: socket.socket) -> bytes:
    """The payload of the ping that comes."""
    head = connection.recv(2)
    if head[:1] != bytes([0x80 | Opcode.PING]):
        raise ConnectionError  # it has hung up
    rest = connection.recv(4 + (head[1] & 127))
    return bytes(byte ^ rest[place % 4] for place, byte in enumerate(rest[4:]))


def mirror(connection: socket.socket) -> None:
    connection.sendall(frame(Opcode.PONG, pinged(connection)))
    connection.recv(1000)


def talkative(connection: socket.socket) -> None:
    """What may come before a pong: messages, in pieces too, pings, and pongs that nobody wants."""
    payload = pinged(connection)
    connection.sendall(frame(Opcode.TEXT, b"x" * 70_000) + frame(Opcode.PING, b"?"))
    connection.sendall(Frame(Opcode.BINARY, b"a", fin=False).serialize(mask=False))
    connection.sendall(frame(Opcode.PONG, b"other") + frame(Opcode.CONT, b"b"))
    for byte in frame(Opcode.PONG, payload):
        connection.sendall(bytes([byte]))
    connection.recv(1000)


def failure(hub: Hub) -> Exception:
    """Ask for a websocket that fails: in time, in one sentence and without the token."""
    started = time.perf_counter()
    with pytest.raises((ConformanceError, AssertionError)) as caught:
        hub.websocket(PATH)
    assert time.perf_counter() - started < SOON
    shows_no_token(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


# --- opened, or refused


@pytest.mark.parametrize("speaker", [mirror, talkative])
def test_a_ping_is_answered(hub: Hub, server: Server, speaker: Speaker) -> None:
    server.reply = opening(server, speaker)
    assert hub.websocket(PATH).status == 101
    sent = asked(server)
    assert server.received[-1].startswith(f"GET /{PATH} HTTP/1.1\r\n")
    assert (sent["Connection"], sent["Upgrade"]) == ("Upgrade", "websocket")
    assert (sent["Sec-WebSocket-Version"], sent["Authorization"]) == ("13", f"token {TOKEN}")
    assert "Origin" not in sent


def test_frames_may_come_with_the_head(hub: Hub, server: Server) -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(frame(Opcode.TEXT, b"welcome"))
        mirror(connection)

    server.reply = opening(server, greet)
    assert hub.websocket(PATH).status == 101


def test_an_upgraded_connection_serves_no_other_request(hub: Hub, server: Server) -> None:
    hub.websocket(PATH)
    server.reply = answer({"fine": True})
    assert hub.get("/").json == {"fine": True}
    assert server.connections == 2


def test_each_opening_has_a_key_of_its_own(hub: Hub, server: Server) -> None:
    keys = []
    for _ in range(2):
        hub.websocket(PATH)
        keys.append(asked(server)["Sec-WebSocket-Key"])
    assert keys[0] != keys[1]


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 426, 500])
def test_a_refusal_is_an_answer(hub: Hub, server: Server, status: int) -> None:
    with serving(answer({})) as elsewhere:
        location = f"{elsewhere.origin}/{PATH}"
        server.reply = answer({"message": "no"}, status, Location=location)
        found = hub.websocket(PATH)
        assert (found.status, found.message) == (status, "no")
        assert elsewhere.received == []


def test_through_tls() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(answer({}), context) as server, authority.cert_pem.tempfile() as bundle:
        server.reply = opening(server, mirror)
        hub = hub_of(client_of(server, ca_bundle=bundle, read_seconds=5.0, connect_seconds=5.0))
        assert hub.websocket(PATH).status == 101
        hub.client.close()


def test_without_the_proxied_address(hub: Hub) -> None:
    with pytest.raises(LookupError, match="--hub-public-url"):
        Hub(hub.client, hub.target).websocket(PATH)


# --- not as it must be

NO_FRAME = "what came is no frame of a server ("
ENDED = "it ended before it answered a ping"
WRONG: dict[str, tuple[Speaker, str]] = {
    "a gigabyte": (says(b"\x82\x7f", (1 << 30).to_bytes(8, "big"), bytes(1000)), NO_FRAME),
    "a masked frame": (says(frame(Opcode.TEXT, b"x", mask=True)), NO_FRAME),
    "a reserved bit": (says(b"\xf2\x01x"), NO_FRAME),
    "no such opcode": (says(b"\x83\x00"), NO_FRAME),
    "a long pong": (says(b"\x8a\x7e\x01\x00" + bytes(256)), NO_FRAME),
    "HTTP": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", bytes(100)), NO_FRAME),
    "a lonely continuation": (says(frame(Opcode.CONT, b"x")), NO_FRAME),
    "the end": (says(), ENDED),
    "half a frame": (says(b"\x82\x7e\x01"), ENDED),
    "another pong": (says(frame(Opcode.PONG, b"other")), ENDED),
    "a close": (
        says(Frame(Opcode.CLOSE, (1001).to_bytes(2, "big")).serialize(mask=False)),
        "it was closed (1001) before it answered a ping",
    ),
    "a close without a code": (says(frame(Opcode.CLOSE)), "it was closed ("),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_frames(hub: Hub, server: Server, what: str) -> None:
    speaker, message = WRONG[what]
    server.reply = opening(server, speaker)
    found = failure(hub)
    assert isinstance(found, AssertionError)
    assert str(found).startswith(f"<101 to GET /{PATH}>: ")
    assert message in str(found)


def test_endless_messages_end(hub: Hub, server: Server) -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(frame(Opcode.TEXT, bytes(1000)))

    server.reply = opening(server, flood)
    assert "it sent more than 100000 bytes" in str(failure(hub))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"Sec_WebSocket_Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "and of the key sent it is"),
        ({"Sec_WebSocket_Accept": None}, "Sec-WebSocket-Accept is None"),
        ({"Upgrade": "h2c"}, "the header Upgrade is 'h2c', not 'websocket'"),
        ({"Connection": "keep-alive"}, "the header Connection is 'keep-alive', not 'upgrade'"),
        ({"Sec_WebSocket_Protocol": "chat"}, "Sec-WebSocket-Protocol is 'chat', which was not"),
        ({"Sec_WebSocket_Extensions": "permessage-deflate"}, "which was not asked for"),
        ({"Sec_WebSocket_Accept": "x" * 60_000}, "Sec-WebSocket-Accept is 'xxx"),
        ({"Sec_WebSocket_Accept": TOKEN}, "Sec-WebSocket-Accept is '"),
    ],
)
def test_wrong_handshakes(
    hub: Hub, server: Server, changed: dict[str, str | None], message: str
) -> None:
    server.reply = opening(server, mirror, **changed)
    found = failure(hub)
    assert message in str(found)
    assert len(str(found)) < 400


@pytest.mark.parametrize("drop", [b"", frame(Opcode.PING, b"?"), frame(Opcode.TEXT, b"x")[:1]])
def test_silence_after_the_opening(hub: Hub, server: Server, drop: bytes) -> None:
    """Hanging, dripping whole frames, and dripping bytes of which no frame comes."""
    server.reply = opening(server, lambda connection: server.drip(connection, b"", drop))
    found = failure(hub)
    assert isinstance(found, HubTooSlow if len(drop) != 1 else (HubTooSlow, AssertionError))
    if isinstance(found, HubTooSlow):
        assert str(found).endswith(f"/{PATH}: 101, and then no answer to a ping within {LIMIT:g} s")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (reset, "the connection was closed without an answer"),
        (raw(b"HTTP/1.1 101 Switching"), "the connection was closed without an answer"),
        (raw(b"\x81\x05hello"), "what came back is no HTTP"),
    ],
)
def test_no_answer_at_all(hub: Hub, server: Server, reply: Reply, message: str) -> None:
    server.reply = reply
    found = failure(hub)
    assert isinstance(found, HubUnreachable)
    assert message in str(found)


def test_what_a_close_says_is_not_shown(hub: Hub, server: Server) -> None:
    said = Frame(Opcode.CLOSE, (1008).to_bytes(2, "big") + TOKEN.encode()).serialize(mask=False)
    server.reply = opening(server, says(said))
    assert "it was closed (1008) before" in str(failure(hub))


# --- the client's hooks


def test_the_transcript_has_the_exchange(hub: Hub, server: Server) -> None:
    seen: list[Answer] = []
    hub.client.after.append(seen.append)
    hub.websocket(PATH)
    server.reply = opening(server, says())
    failure(hub)
    assert [found.status for found in seen] == [101, 101]
    shown = exchange_of(seen[0], server.origin)
    assert (shown["status"], shown["body"]) == (101, "")
    assert "-H 'Upgrade: websocket'" in shown["curl"]
    assert TOKEN not in str(shown)


@pytest.mark.parametrize("path", ["user/ann/api/events/subscribe", "hub/api/users", "services/x/"])
def test_only_servers_of_the_run_are_asked(hub: Hub, server: Server, path: str) -> None:
    guard = Guard(RUN, "/hub/api", "/", "ann")
    noted: list[Named] = []
    guard.noted = into(noted)
    hub.client.before.append(guard.before)
    with pytest.raises(OutOfBounds):
        hub.websocket(path)
    assert server.received == []
    assert hub.websocket(PATH).status == 101
    assert noted == []


def test_a_failure_holds_no_secret(server: Server) -> None:
    server.reply = opening(server, says(b"\x83\x00" + TOKEN.encode()))
    scrubber = Scrubber()
    scrubber.learn(TOKEN)
    hub = hub_of(Client(server.origin, scrubber))
    found = failure(hub)
    assert TOKEN not in "".join(traceback.format_exception(found))
    hub.client.close()
