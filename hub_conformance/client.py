"""HTTP to one hub: time limits, a size limit, one origin, and two hooks.

Every request of the suite goes through `Client.send`. The hooks in `before` may refuse it by
raising (the sandbox's guard does); those in `after` see what came back (the transcript does). The
client knows neither of them.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import ReadTimeoutError

from .errors import AnswerTooLarge, HubTooSlow, HubUnreachable, OtherOrigin
from .secret import Scrubber, Secret

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Keys of JSON objects whose string values are secrets.
SECRET_KEYS = frozenset({"token", "code", "access_token", "refresh_token"})
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
SIZE_LIMIT = 32 * 1024 * 1024
_CHUNK = 65536


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
        return self.method.upper() in WRITING

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

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
            return jsonlib.loads(self.body, object_hook=self._wrap_secrets)
        except (ValueError, RecursionError) as error:
            raise AssertionError(f"{self!r} has a body that is no JSON ({error})") from None

    def _wrap_secrets(self, found: dict[str, Any]) -> dict[str, Any]:
        for key in SECRET_KEYS & found.keys():
            if isinstance(found[key], str) and found[key]:
                found[key] = self.scrubber.learn(found[key])
        return found

    @property
    def message(self) -> str:
        """The `message` of an error body; "" when there is none."""
        try:
            body = jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        found = body.get("message") if isinstance(body, dict) else None
        return found if isinstance(found, str) else ""

    def __repr__(self) -> str:
        said = f" ({self.message[:120]})" if self.message else ""
        return self.scrubber.scrub(
            f"<{self.status}{said} to {self.request.method} {self.request.target}>"
        )


BeforeHook = Callable[[Request], None]
AfterHook = Callable[[Answer], None]


class Client:
    """Sends requests to one origin, keeping connections alive.

    `origin` is scheme://host[:port]; `ca_bundle` a file or folder of certificates to trust instead
    of the system's. Redirects are never followed: a redirect is an answer to judge, and the token
    stays with the origin it was given for. Neither `.netrc` nor proxy variables are read.
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
    ) -> None:
        self.origin = origin
        self.scrubber = scrubber
        self.connect_seconds = connect_seconds
        self.read_seconds = read_seconds
        self.size_limit = size_limit
        self.before: list[BeforeHook] = []
        self.after: list[AfterHook] = []
        self.requests_sent = 0
        self.seconds_waited = 0.0
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "hub-conformance"
        self._session.verify = ca_bundle or True
        # A hub may set cookies on API answers; kept, they would be credentials nobody asked for.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def send(self, request: Request) -> Answer:
        """Send one request and return the whole answer.

        Raises OutOfBounds (from the guard), HubUnreachable, HubTooSlow or AnswerTooLarge.
        """
        started = time.perf_counter()
        try:
            with self._open(request) as response:
                body = b"".join(self._read(response, request, started))
        except requests.RequestException as error:
            raise self._explain(error, request) from None
        finally:
            self.seconds_waited += time.perf_counter() - started
        answer = Answer(
            request=request,
            status=response.status_code,
            headers=response.headers,
            body=body,
            elapsed=time.perf_counter() - started,
            scrubber=self.scrubber,
        )
        self._after(answer)
        return answer

    def stream(self, request: Request, seconds: float) -> Iterator[str]:
        """Yield the lines of a streamed 200 answer, for at most `seconds`.

        Raises AssertionError when the status is another one, else as `send`.
        """
        started = time.perf_counter()
        try:
            with self._open(request) as response:
                if response.status_code != 200:
                    body = b"".join(self._read(response, request, started))
                    raise AssertionError(f"expected a stream, got {response.status_code}: {body!r}")
                yield from self._lines(response, request, started + seconds)
        except requests.RequestException as error:
            raise self._explain(error, request) from None
        finally:
            self.seconds_waited += time.perf_counter() - started

    def _lines(
        self, response: requests.Response, request: Request, deadline: float
    ) -> Iterator[str]:
        for line in response.iter_lines(chunk_size=1, decode_unicode=False):
            yield line.decode("utf-8", "replace")
            if time.perf_counter() > deadline:
                raise HubTooSlow(f"{request.method} {request.path}: the stream did not end in time")

    def _open(self, request: Request) -> requests.Response:
        for hook in self.before:
            hook(request)
        prepared = requests.Request(
            request.method,
            self.origin + request.target,
            data=request.body,
            headers=self._headers(request),
        )
        self.requests_sent += 1
        for attempt in (1, 2):
            try:
                return self._session.send(
                    self._session.prepare_request(prepared),
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.connect_seconds, self.read_seconds),
                    verify=self._session.verify,
                )
            except requests.ConnectionError as error:
                # A kept connection may close under our hands. Only what changes nothing is sent
                # again: a lost answer to a write may still have been carried out.
                if attempt == 2 or request.writes or not _was_dropped(error):
                    raise
        raise AssertionError("unreachable")

    def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        if request.credential is not None:
            headers["Authorization"] = f"{request.scheme} {request.credential.reveal()}"
        return headers

    def _read(
        self, response: requests.Response, request: Request, started: float
    ) -> Iterator[bytes]:
        size = 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self.size_limit:
                raise AnswerTooLarge(
                    f"{request.method} {request.path} answered more than {self.size_limit} bytes"
                )
            if time.perf_counter() - started > self.read_seconds:
                raise HubTooSlow(
                    f"{request.method} {request.path} was still answering"
                    f" after {self.read_seconds:g} s"
                )
            yield chunk

    def _explain(self, error: Exception, request: Request) -> Exception:
        """Turn a transport's exception into one sentence that carries no secret."""
        what = f"{request.method} {self.origin}{request.path}"
        if isinstance(error, requests.exceptions.SSLError):
            return HubUnreachable(
                f"{what}: the certificate is not trusted ({_root_cause(error)});"
                " a private authority's certificate is given with --hub-ca-bundle"
            )
        if isinstance(error, requests.ConnectTimeout):
            return HubUnreachable(f"{what}: no connection within {self.connect_seconds:g} s")
        if isinstance(error, requests.Timeout) or _caused_by(error, ReadTimeoutError):
            return HubTooSlow(f"{what}: no answer within {self.read_seconds:g} s")
        return HubUnreachable(self.scrubber.scrub(f"{what}: {_root_cause(error)}"))

    def _after(self, answer: Answer) -> None:
        for hook in self.after:
            hook(answer)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = next((each for each in error.args if isinstance(each, BaseException)), None)
        error = getattr(error, "reason", None) or inner or error.__cause__ or error.__context__
        if not isinstance(error, BaseException):
            return


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(each, kind) for each in _causes(error))


def _was_dropped(error: BaseException) -> bool:
    return _caused_by(error, ConnectionResetError) or _caused_by(error, BrokenPipeError)


def _root_cause(error: BaseException) -> str:
    """Return the innermost sentence, without urllib3's object addresses."""
    innermost = list(_causes(error))[-1]
    text = str(innermost) or type(innermost).__name__
    if isinstance(innermost, TransportError) and ": " in text:
        text = text.split(": ", 1)[1]
    return text


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of a URL, lower-cased, the default port left out."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}"


def path_within(origin: str, url: str) -> str:
    """Return path and query of `url`, which may be relative.

    Raises OtherOrigin when it is absolute and of another origin than `origin`.
    """
    parts = urlsplit(url)
    if (parts.scheme or parts.netloc) and origin_of(url) != origin_of(origin):
        raise OtherOrigin(f"{url} is on another origin than {origin}: the token stays here")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def encode_query(params: Mapping[str, Any]) -> str:
    """Encode query parameters; a list repeats its key, None leaves it out."""
    kept = {key: value for key, value in params.items() if value is not None}
    return urlencode(kept, doseq=True)
