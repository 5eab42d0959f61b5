"""A websocket (RFC 6455) for as long as it takes to see that it carries frames both ways.

The handshake is a request like any other; the frames are the library's. A ping is what every
endpoint answers, whatever else is spoken there (5.5.3).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol
from websockets.utils import accept_key, generate_key

from .transport import Upgraded

#: Bytes of a ping's payload, which nobody could send back without having seen it.
_PAYLOAD = 12


class Ping:
    """The talk of one connection: the handshake is checked, a ping sent, its pong awaited.

    `wrong` says what was not as it must be; "" while nothing is. `size_limit` is of all bytes that
    come back.
    """

    def __init__(self, size_limit: int) -> None:
        self.wrong = ""
        self._size_limit = size_limit
        self._key = generate_key()
        self._payload = secrets.token_bytes(_PAYLOAD)

    @property
    def headers(self) -> dict[str, str]:
        """What makes a GET the opening handshake (4.1)."""
        return {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": self._key,
            "Sec-WebSocket-Version": "13",
        }

    def __call__(self, connection: Upgraded, headers: Mapping[str, str]) -> None:
        """Do it. Raises OSError, as the connection does."""
        self.wrong = self._wrong_in_handshake(headers) or self._wrong_in_frames(connection)

    def _wrong_in_handshake(self, headers: Mapping[str, str]) -> str:
        """What of the answer fails the handshake (4.1): there was nothing to choose from."""
        expected = accept_key(self._key)
        if headers.get("Sec-WebSocket-Accept", "").strip() != expected:
            found = headers.get("Sec-WebSocket-Accept")
            return f"Sec-WebSocket-Accept is {found!r:.80}, and of the key sent it is {expected!r}"
        for name, value in (("Upgrade", "websocket"), ("Connection", "upgrade")):
            if value not in [each.strip().lower() for each in headers.get(name, "").split(",")]:
                return f"the header {name} is {headers.get(name)!r:.80}, not {value!r}"
        for name in ("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"):
            if headers.get(name):
                return f"{name} is {headers[name]!r:.80}, which was not asked for"
        return ""

    def _wrong_in_frames(self, connection: Upgraded) -> str:
        protocol = Protocol(CLIENT, max_size=self._size_limit)
        protocol.send_ping(self._payload)
        connection.send(b"".join(protocol.data_to_send()))
        left = self._size_limit
        while data := connection.receive():
            left -= len(data)
            protocol.receive_data(data)
            frames = [each for each in protocol.events_received() if isinstance(each, Frame)]
            if any(each.opcode is Opcode.PONG and each.data == self._payload for each in frames):
                protocol.send_close(1000)
                connection.send(b"".join(protocol.data_to_send()))
                return ""
            if protocol.close_rcvd:
                return f"it was closed ({protocol.close_rcvd.code}) before it answered a ping"
            if protocol.parser_exc:
                return f"what came is no frame of a server ({protocol.parser_exc!s:.200})"
            if left < 0:
                return f"it sent more than {self._size_limit} bytes before it answered a ping"
        return "it ended before it answered a ping"
