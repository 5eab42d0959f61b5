"""Faults switched on and off while the hub runs: ``/faults`` and ``/reset``, outside its prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core import access, boot
from ..core.entities import User
from ..core.hub import Hub
from ..http.app import create_app
from . import tables
from .fault import Fault, planted
from .registry import FAULTS, UnknownFault, find


class Switchboard:
    """The hub with its faults, and the endpoint that switches them, for admins only."""

    def __init__(self, hub: Hub, stop: Callable[[], None], faults: Iterable[Fault] = ()) -> None:
        self.hub, self.stop = hub, stop
        self.on = {fault.name: fault for fault in faults}
        self.calls_left: dict[str, tuple[str, int]] = {}  # by fault: operation, calls
        self.stack = ExitStack()
        self.app: ASGIApp = create_app(hub, stop)
        self.plant()

    def plant(self) -> None:
        """Bring the hub in line with what is on, with new endpoints: they bind operations."""
        self.stack.close()
        self.stack.enter_context(planted(self.hub, self.on.values()))
        self.app = create_app(self.hub, self.stop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is about faults."""
        path = scope.get("path", "")
        if scope["type"] == "http" and (path == "/reset" or f"{path}/".startswith("/faults/")):
            await (await self.answer(Request(scope, receive)))(scope, receive, send)
        elif scope["type"] == "http" and self.calls_left:
            await self.app(scope, receive, self.counting(scope, send))
        else:
            await self.app(scope, receive, send)

    def counting(self, scope: Scope, send: Send) -> Send:
        """Send, and count the call once it is answered."""
        operation = tables.operation_of(self.hub, scope["method"], scope["raw_path"].decode())

        async def sent(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.count(operation)

        return sent

    def count(self, operation: str | None) -> None:
        """Take one call off; a fault without calls left goes off."""
        for name, (counted, left) in list(self.calls_left.items()):
            if counted == operation:
                self.calls_left[name] = (counted, left - 1)
                if left <= 1:
                    self.switch_off(name)

    def switch_off(self, name: str) -> None:
        """Take a fault out, if it is on."""
        self.calls_left.pop(name, None)
        if self.on.pop(name, None):
            self.plant()

    async def answer(self, request: Request) -> Response:
        """What the endpoint says."""
        if not self.is_admin(request.headers.get("authorization", "")):
            return _refuse(403, "only for an admin's token")
        try:
            return self.do(request.method, unquote(request.scope["path"]), request)
        except (UnknownFault, ValueError) as error:
            status = 404 if isinstance(error, UnknownFault) else 400
            return _refuse(status, str(error))

    def is_admin(self, header: str) -> bool:
        """Whether a header carries an admin's token."""
        token = self.hub.find_token(access.secret_in(header) or "")
        return token is not None and isinstance(token.owner, User) and token.owner.admin

    def do(self, method: str, path: str, request: Request) -> Response:
        """Switch, reset, or tell."""
        name = path.removeprefix("/faults").strip("/")
        if path == "/reset":
            if method != "POST":
                return _refuse(405, "POST /reset")
            boot.reset(self.hub)
        elif method == "PUT" and name:
            self.switch_on(name, request)
        elif method == "DELETE":
            for each in [find(name).name] if name else list(self.on):
                self.switch_off(each)
        elif method != "GET":
            return _refuse(405, "GET or DELETE /faults, GET, PUT or DELETE /faults/NAME")
        if method == "GET" and name:
            return JSONResponse({**find(name).as_row(), "on": name in self.on})
        if method == "GET":
            return JSONResponse([{**f.as_row(), "on": f.name in self.on} for f in FAULTS.values()])
        return JSONResponse({"on": list(self.on)})

    def switch_on(self, name: str, request: Request) -> None:
        """Plant a fault: for good, or with ``?operation=ID&calls=N`` until N calls of it."""
        fault = find(name)
        query = parse_qs(request.scope["query_string"].decode("latin-1"))
        operation, calls = query.get("operation", [""])[0], int(query.get("calls", ["1"])[0])
        if operation and (operation not in tables.OPERATIONS or calls < 1):
            raise ValueError("operation must be an id of the API description, calls at least 1")
        self.calls_left.pop(name, None)
        if operation:
            self.calls_left[name] = (operation, calls)
        self.on[name] = fault
        self.plant()


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"status": status, "message": message}, status)
