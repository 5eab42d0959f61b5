"""What hub is this: where it is, which version, and who the token belongs to."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from .client import Answer, Client, Request
from .errors import ConnectionLost, HubError, UsageError
from .patience import POSTPONED
from .secret import Secret
from .urls import origin_of

#: Minor releases the contract is judged on, oldest first.
JUDGED = ((2, 3), (3, 1), (4, 1), (5, 5), (6, 1))
NEWEST = "6.1"
#: Characters of a version. A hub may answer anything, and this is printed.
_LONGEST = 60


def parse_version(text: str) -> tuple[int, int]:
    """Return (major, minor) of "6.1.1", "6.1" or "6.2.0.dev1".

    Raises ValueError when the text is not two numbers, and perhaps more, with dots between.
    """
    match = re.fullmatch(r"([0-9]{1,4})\.([0-9]{1,4})([.+-]?[0-9A-Za-z]+)*", text[: _LONGEST + 1])
    if not match or len(text) > _LONGEST:
        raise ValueError(f"{text[:_LONGEST]!r} is no version: write it like {NEWEST}")
    return int(match[1]), int(match[2])


def contract_version(version: tuple[int, int]) -> tuple[int, int]:
    """Return the version of the contract that applies: itself, or the nearest end of the range."""
    return min(max(version, JUDGED[0]), JUDGED[-1])


def base_url(url: str) -> str:
    """Return the address under which the hub lives, ending in "/", from any form people write.

    `http://host:8000`, `…/jupyter`, `…/hub`, `…/hub/api`, each with or without a trailing slash.
    Raises UsageError for what is no http(s) URL, or carries more than the address.
    """
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{_presentable(url)!r} is no address of a hub: write it like"
            " https://hub.example.org or http://127.0.0.1:8000/jupyter"
        )
    if "@" in parts.netloc:
        raise UsageError("the hub's URL carries a user name or password: give a token instead")
    if parts.query or parts.fragment:
        raise UsageError(
            f"{_presentable(url)!r}: the hub's URL ends with its path; leave out what begins with"
            " ? or #, and give a token in a way of its own"
        )
    path = re.sub(r"/hub(/api)?$", "", parts.path.rstrip("/")).rstrip("/")
    return f"{origin_of(url)}{quote(path, safe=_IN_PATHS)}/"


#: What a path may hold as it is; "%" because it may be encoded already.
_IN_PATHS = "/%:@!$&'()*+,;=~"


def _presentable(url: str) -> str:
    """What of a URL may be shown: a password or token in it may not."""
    return re.sub(r"//[^/]*@", "//***@", re.split("[?#]", url.strip())[0])


@dataclass(frozen=True)
class Owner:
    """Who a token belongs to: kind is "user" or "service".

    `admin` says that they may do everything with users; who `makes_admins` has the hub's admin flag
    beside, as far as it shows.
    """

    kind: str
    name: str
    admin: bool
    scopes: tuple[str, ...] = ()
    makes_admins: bool = True

    def __str__(self) -> str:
        return f"{'admin ' if self.admin else ''}{self.kind} {self.name}"


@dataclass(frozen=True)
class Target:
    """One hub, as learned before the first test. Plain data: it travels to xdist's workers."""

    base: str
    version: str
    owner: Owner
    public: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.base)

    @property
    def prefix(self) -> str:
        """Path of the hub's base URL, from "/" to "/"."""
        return urlsplit(self.base).path

    @property
    def api(self) -> str:
        """Path of the API's root, without a trailing slash."""
        return f"{self.prefix}hub/api"

    @property
    def applies(self) -> tuple[int, int]:
        """The version of the contract this hub is held to, as (major, minor)."""
        return contract_version(parse_version(self.version))

    def dump(self) -> dict[str, Any]:
        """Return plain types, for `parse`."""
        return asdict(self)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Target:
        """Undo `dump`."""
        owner = Owner(**{**data["owner"], "scopes": tuple(data["owner"]["scopes"])})
        return cls(**{**data, "owner": owner, "notes": tuple(data["notes"])})


def discover(client: Client, base: str, token: Secret, *, public: str | None = None) -> Target:
    """Ask the hub at `base` who it is and whose token this is.

    `public` is the proxied address given by the person who runs this, if any.
    Raises UsageError when it is no hub, nothing answers, or the token is refused.
    """
    api = urlsplit(base).path + "hub/api"
    version = _version(client, base, api)
    owner = _owner(client, api, token)
    if public is None and not _is_internal(client, api, token):
        public = base
    return Target(base=base, version=version, owner=owner, public=public)


def _ask(client: Client, path: str, token: Secret | None = None) -> Answer:
    try:
        return client.send(Request("GET", path, credential=token))
    except HubError as error:
        is_plain = isinstance(error, ConnectionLost) and client.origin.startswith("http:")
        hint = "; does the hub speak https there?" if is_plain else ""
        raise UsageError(f"no hub reached: {error}{hint}") from None


def _version(client: Client, base: str, api: str) -> str:
    answer = _ask(client, f"{api}/")
    version = _json_object(answer).get("version")
    if answer.status == 200 and version is not None:
        try:
            parse_version(version if isinstance(version, str) else repr(version))
        except ValueError as error:
            raise UsageError(f"{base} reports a version that cannot be read: {error}") from None
        return str(version)
    if answer.status >= 500 or answer.status in POSTPONED:
        raise UsageError(
            f"{base} cannot be used now: GET {api}/ answered {_status(answer)}; is the hub up?"
        )
    raise UsageError(
        f"{base} is no JupyterHub: GET {api}/ answered {_status(answer)}"
        f" {_content_type(answer)} instead of JSON with a version."
        " If the hub lives under a base path, give it: https://host/jupyter"
    )


def _owner(client: Client, api: str, token: Secret) -> Owner:
    answer = _ask(client, f"{api}/user", token)
    if answer.status in (401, 403):
        raise UsageError(
            f"the hub refused the token: GET {api}/user answered {answer.status}"
            f" ({_said(answer)}). Is it complete, of this hub, not expired?"
        )
    model = _json_object(answer)
    kind, name = model.get("kind"), model.get("name")
    if answer.status != 200 or kind not in ("user", "service") or not isinstance(name, str):
        raise UsageError(
            f"the hub does not say whose token this is: GET {api}/user answered"
            f" {answer.status} {_content_type(answer)} without a kind and a name"
        )
    scopes = model.get("scopes")
    scopes = scopes if isinstance(scopes, list) else []
    return Owner(
        kind=kind,
        name=name,
        admin=bool(model.get("admin")) or "admin:users" in scopes,
        scopes=tuple(sorted(each for each in scopes if isinstance(each, str))),
        makes_admins=kind == "service" or bool(model.get("admin")),
    )


def _is_internal(client: Client, api: str, token: Secret) -> bool:
    """Whether this address is the hub's own, behind its proxy, where no server can be reached.

    The proxy's table says where it sends the hub's requests to (`GET /proxy`); when that is the
    address we were given, the proxy is not between us and the hub.
    """
    routes = _json_object(_ask(client, f"{api}/proxy", token))
    targets = [
        route["target"]
        for route in routes.values()
        if isinstance(route, dict)
        and isinstance(route.get("data"), dict)
        and route["data"].get("hub")
        and isinstance(route.get("target"), str)
    ]
    return any(_same_place(client.origin, target) for target in targets)


def _same_place(ours: str, theirs: str) -> bool:
    try:
        here, there = urlsplit(origin_of(ours)), urlsplit(origin_of(theirs))
    except ValueError:  # a hub may call anything its target
        return False
    hosts = {here.hostname, there.hostname}
    same_port = (here.scheme, here.port) == (there.scheme, there.port)
    return same_port and (len(hosts) == 1 or hosts <= _LOOPBACK)


def _status(answer: Answer) -> str:
    """The status with what it says beside the body: how long to wait, where to go instead."""
    for header in ("Retry-After", "Location"):
        if found := answer.headers.get(header):
            return f"{answer.status} ({header}: {answer.scrubber.scrub(found)[:200]!r})"
    return str(answer.status)


def _said(answer: Answer) -> str:
    """The message of a refusal, fit to be printed: it may quote the token."""
    return answer.scrubber.scrub(answer.message)[:200] or "no message"


_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _json_object(answer: Answer) -> dict[str, Any]:
    try:
        found = answer.json
    except AssertionError:
        return {}
    return found if isinstance(found, dict) else {}


def _content_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "without a content type")
