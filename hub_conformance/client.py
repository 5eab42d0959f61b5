"""HTTP to one hub: time limits, a size limit, one origin, and two hooks.

Every request of the suite goes through `Client.send`. The hooks in `before` may refuse it by
raising (the sandbox's guard does); those in `after` see what came back (the transcript does). The
client knows neither of them.
"""

from __future__ import annotations

import json as jsonlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError as TransportError

from . import strict_json, transport
from .errors import AnswerTooLarge, ConnectionLost, HubError, HubTooSlow, OtherOrigin
from .patience import Patience
from .secret import Scrubber, Secret

#: Methods that change nothing. Any other may, also one that nobody has heard of.
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Keys of JSON objects whose string values are secrets.
SECRET_KEYS = frozenset({"token", "code", "access_token", "refresh_token"})
#: The same in a text, which may be cut off, or JSON that nobody has read.
_TOLD = re.compile(rf'"(?:{"|".join(sorted(SECRET_KEYS))})"\s*:\s*"((?:[^"\\]|\\.)+)')
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
#: Of one body, in bytes. Far above any page of a list; parsed, JSON takes up to 24 times as much.
SIZE_LIMIT = 3 * 1024 * 1024
_SHORTEST = 0.05
#: Bytes of a body that is looked through for a message.
_LONGEST_ERROR = 65536
_HEADERS = {"User-Agent": "hub-conformance", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
#: What may come out of `requests` and of what lies below it.
_BROKEN = (requests.RequestException, TransportError, OSError, ValueError)


@dataclass(frozen=True)
class Request:
    """One request as it goes out. `path` starts at the origin and is percent-encoded."""

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    credential: Secret | None = field(default=None, repr=False)
    scheme: str = "token"

    @property
    def writes(self) -> bool:
        """Whether the method may change anything."""
        return self.method.upper() not in READING

    @property
    def upgrades(self) -> bool:
        """Whether more than an answer is asked for, such as a websocket."""
        return any(key.lower() == "upgrade" for key in self.headers)

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def kind(self) -> str:
        """Method and path, without the names that a run makes up: they have digits."""
        return f"{self.method} {re.sub('[^/]*[0-9][^/]*', '*', self.path)}"

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when there is none or it is no JSON."""
        try:
            return jsonlib.loads(self.body) if self.body else None
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, eq=False)
class Answer:
    """What came back for one request. `elapsed` is in seconds."""

    request: Request
    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    elapsed: float
    scrubber: Scrubber

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON with secrets wrapped in `Secret`.

        Raises AssertionError when the body is no JSON: a rule that wanted JSON has failed.
        """
        try:
            return strict_json.loads(self.body, self._wrap_secrets)
        except ValueError as error:
            reason = str(error)
        # Outside the handler: what was caught may hold the whole body.
        raise AssertionError(f"{self!r} has a body that is no JSON ({reason})")

    def _wrap_secrets(self, found: dict[str, Any]) -> dict[str, Any]:
        for key in SECRET_KEYS & found.keys():
            if isinstance(found[key], str) and found[key]:
                found[key] = self.scrubber.learn(found[key])
        return found

    def learn(self) -> None:
        """Have the scrubber know the secrets in a body that is shown, and perhaps not read."""
        for found in _TOLD.findall(self.text):
            self.scrubber.learn(found)
            with suppress(ValueError):
                self.scrubber.learn(jsonlib.loads(f'"{found}"'))

    @cached_property
    def message(self) -> str:
        """The `message` of an error body; "" when there is none, or the body is no short one."""
        if len(self.body) > _LONGEST_ERROR:
            return ""
        try:
            body = strict_json.loads(self.body)
        except ValueError:
            return ""
        found = body.get("message") if isinstance(body, dict) else None
        return found if isinstance(found, str) else ""

    def __repr__(self) -> str:
        said = f" ({self.message[:120]})" if self.message else ""
        return self.scrubber.scrub(
            f"<{self.status}{said} to {self.request.method} {self.request.target}>"
        )


#: What is done with a connection that was upgraded: it gets the answer's headers as well.
Talk = Callable[[transport.Upgraded, Mapping[str, str]], None]
BeforeHook = Callable[[Request], None]
AfterHook = Callable[[Answer], None]


class Client:
    """Sends requests to one origin, keeping connections alive.

    `origin` is scheme://host[:port]; `ca_bundle` a file or folder of certificates to trust instead
    of the system's. Redirects are never followed: a redirect is an answer to judge, and the token
    stays with the origin it was given for. `.netrc` is never read, and the variables that name
    proxies only with `trust_env`. `patience` says how long an answer may take at this point of the
    run, and whether a hub that asks for a pause is granted one.
    """

    def __init__(
        self,
        origin: str,
        scrubber: Scrubber,
        *,
        ca_bundle: str | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        size_limit: int = SIZE_LIMIT,
        patience: Patience | None = None,
        trust_env: bool = False,
    ) -> None:
        self.origin = origin
        self.scrubber = scrubber
        self.connect_seconds = connect_seconds
        self.read_seconds = read_seconds
        self.size_limit = size_limit
        self.patience = patience or Patience()
        self.before: list[BeforeHook] = []
        self.after: list[AfterHook] = []
        self.requests_sent = 0
        self.seconds_waited = 0.0
        self._verify = ca_bundle or True
        self._proxies = transport.proxies_of_environment(origin) if trust_env else {}
        for password in transport.passwords_of(self._proxies):
            scrubber.learn(password)
        # No session around it: one would follow half of a redirect, keep cookies (credentials that
        # nobody asked for) and read `.netrc`.
        self._adapter = transport.Adapter()
        #: Whether a connection was lost: from then on no write is trusted to a kept one.
        self._is_wary = False

    @property
    def is_read_on_the_way(self) -> bool:
        """Whether a proxy of the environment reads the requests: it need not pass on all."""
        return self.origin.startswith("http:") and transport.has_proxy(self.origin, self._proxies)

    def close(self) -> None:
        """Close the kept connections."""
        self._adapter.close()

    def send(self, request: Request, talk: Talk | None = None) -> Answer:
        """Send one request and return the whole answer; of a 101, when `talk` is over.

        Waits and sends it again where the hub puts it off, politely: see `Patience.pause`. Raises
        what the hooks raise (the guard's OutOfBounds), OtherOrigin for a path that leads elsewhere,
        ConnectionLost, HubUnreachable, HubTooSlow or AnswerTooLarge.
        """
        self._before(request)
        pauses = 0
        while True:
            answer = self._exchange(request, talk)
            pause = self.patience.pause(answer.status, answer.headers, pauses)
            if pause is None:
                self._after(answer)
                return answer
            time.sleep(pause)
            pauses += 1

    def _exchange(self, request: Request, talk: Talk | None) -> Answer:
        """Send a request; again where the connection was lost, unless it may change something.

        A kept connection may close under our hands. Of a write the answer may be lost though it has
        been carried out.
        """
        if self._is_wary and request.writes:
            self._adapter.hang_up()
        try:
            return self._exchange_once(request, talk)
        except ConnectionLost:
            self._is_wary = True
            if request.writes:
                raise
        return self._exchange_once(request, talk)

    def _exchange_once(self, request: Request, talk: Talk | None) -> Answer:
        started = time.perf_counter()
        seconds = self._seconds(request, self.read_seconds)
        try:
            with self._open(request, seconds) as response:
                body = self._body(response, request, talk)
        except _BROKEN as error:
            failure = self._explain(error, request, seconds)
        else:
            return self._answer(request, response, body, started)
        finally:
            self.seconds_waited += time.perf_counter() - started
        raise failure  # outside the handler: what was caught holds the token, and must not hang on

    def _body(self, response: requests.Response, request: Request, talk: Talk | None) -> bytes:
        if talk and response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            talk(transport.Upgraded(response), response.headers)
            return b""
        return b"".join(self._limited(response.iter_content(transport.PIECE), request))

    def _seconds(self, request: Request, wanted: float) -> float:
        """How long an answer may take: a limit of 0 would be none for the layers below."""
        worth = self.patience.worth(request.kind, wanted)
        return max(min(worth, self.patience.left()), _SHORTEST)

    def stream(self, request: Request, seconds: float) -> Iterator[str]:
        """Yield the lines of a streamed 200 answer, for at most `seconds`.

        Raises AssertionError when the status is another one, else as `send`.
        """
        self._before(request)
        started, seconds = time.perf_counter(), self._seconds(request, seconds)
        body = bytearray()
        try:
            with self._open_stream(request, seconds) as response:
                for line in self._lines(response, request, body):
                    if response.status_code == 200:
                        yield line
        except _BROKEN as error:
            failure: Exception = self._explain(error, request, seconds)
        else:
            answer = self._answer(request, response, bytes(body), started)
            self._after(answer)
            if answer.status == 200:
                return
            failure = AssertionError(f"expected a stream, got {answer!r}")
        finally:
            self.seconds_waited += time.perf_counter() - started
        raise failure

    def _lines(
        self, response: requests.Response, request: Request, body: bytearray
    ) -> Iterator[str]:
        """Yield lines as they come; put all that came into `body`."""
        start = 0
        for chunk in self._limited(transport.as_it_comes(response), request):
            body += chunk
            while b"\n" in chunk and (end := body.find(b"\n", start)) >= 0:
                yield body[start:end].rstrip(b"\r").decode("utf-8", "replace")
                start = end + 1
        if start < len(body):
            yield body[start:].decode("utf-8", "replace")

    def _open(self, request: Request, seconds: float) -> requests.Response:
        prepared = self._prepare(request)
        self.requests_sent += 1
        connecting = min(self.connect_seconds, seconds)
        return self._adapter.send(
            prepared,
            stream=True,
            timeout=(connecting, seconds),
            verify=self._verify,
            proxies=self._proxies,
        )

    def _open_stream(self, request: Request, seconds: float) -> requests.Response:
        """Open a stream, again where a kept connection closes under our hands."""
        try:
            return self._open(request, seconds)
        except requests.ConnectionError as error:
            kind, _ = transport.explain(error, seconds, seconds)
            if request.writes or kind is not ConnectionLost:
                raise
        return self._open(request, seconds)

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        url = self.origin + request.target
        # "@host/…" or ".host/…" in place of a path would make another host of the origin.
        if not request.path.startswith("/"):
            raise OtherOrigin(f"{request.path!r} is no path on {self.origin}; it was not sent")
        headers = CaseInsensitiveDict({**_HEADERS})
        headers.update(request.headers)
        if request.credential is not None:
            headers["Authorization"] = f"{request.scheme} {request.credential.reveal()}"
        if request.body is not None or request.writes:
            headers["Content-Length"] = str(len(request.body or b""))
        # Put together here, so that what the guard has seen and the transcript shows is what goes
        # out: `requests` itself would decode %2e and resolve dot segments.
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = request.method.upper(), url
        prepared.headers, prepared.body = headers, request.body
        return prepared

    def _limited(self, chunks: Iterable[bytes], request: Request) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.size_limit:
                raise AnswerTooLarge(
                    f"{request.method} {request.path} answered more than {self.size_limit} bytes"
                )
            yield chunk

    def _answer(
        self, request: Request, response: requests.Response, body: bytes, started: float
    ) -> Answer:
        return Answer(
            request=request,
            status=response.status_code,
            headers=response.headers,
            body=body,
            elapsed=time.perf_counter() - started,
            scrubber=self.scrubber,
        )

    def _explain(self, error: Exception, request: Request, seconds: float) -> HubError:
        """Turn a transport's exception into one sentence that carries no secret."""
        kind, sentence = transport.explain(error, min(self.connect_seconds, seconds), seconds)
        what = f"{request.method} {self.origin}{request.path}"
        if kind is HubTooSlow:
            if self.patience.lost >= 1:
                sentence += f" ({self.patience.lost:.0f} s had been waited in vain before)"
            self.patience.in_vain(request.kind, seconds)
        return kind(self.scrubber.scrub(f"{what}: {sentence}"))

    def _before(self, request: Request) -> None:
        for hook in self.before:
            hook(request)

    def _after(self, answer: Answer) -> None:
        for hook in self.after:
            hook(answer)
