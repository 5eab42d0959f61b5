"""What a hub may have or not, by its configuration or its kind: declared against observed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from .client import Answer
from .contract import operations
from .errors import SetupFailed
from .report.result import Result
from .target import NEWEST, Target

#: Statuses with which a hub says that it has no such operation.
ABSENT = (404, 405, 501)
#: The status of a start beyond what the hub's configuration lets run, or start, at once.
FULL = 429
#: The version that first had shares, and services that are added at run time, and what is said of
#: a hub that has none.
SINCE = (5, 0)
LATER = {
    "shares": "this hub has no shares",
    "services": "no service can be added to this hub while it runs",
}

_STARTS = re.compile(r"/users/[^/]+/servers?(/[^/]*)?$")
_SHARES = re.compile(r"/share(s|-codes)/|/(users|groups)/[^/]+/shared(/|$)")


class Capabilities:
    """The names in `--hub-expect`, and what the hub was seen to have or not.

    `named-servers`, `spawn` (servers can be started), `shares`, `services` (they can be added at
    run time), `public-url` (servers are reached through the proxied address) and `user-role` (the
    role of every user is what it is by default, `self`).
    """

    def __init__(self, declared: Sequence[str]) -> None:
        self.declared = tuple(declared)
        self.observed: dict[str, bool] = {}

    def observe(self, name: str, has: bool) -> None:
        """Note that the hub was seen to have a capability, or not to; seen once is enough."""
        self.observed[name] = self.observed.get(name, False) or has

    def after(self, answer: Answer, target: Target) -> None:
        """Learn from an answer what the hub has. What it lacks takes a question of its own.

        Raises SetupFailed where the hub starts no more servers now, which it may limit.
        """
        method, path = answer.request.method, answer.request.path
        below = path.removeprefix(target.api)
        if below == path:
            if answer.ok and target.public and path.startswith(_servers(target.public)):
                self.observe("public-url", True)
        elif method == "POST" and _STARTS.match(below):
            if answer.status == FULL:
                raise SetupFailed(f"this hub starts no more servers for now: {answer!r}")
            if answer.ok or answer.status >= 500:
                self.observe("spawn", answer.ok)
        elif answer.ok and (name := needed_by(method, below)):
            self.observe(name, True)

    @property
    def absent(self) -> tuple[str, ...]:
        """What the hub was seen not to have."""
        return tuple(name for name, has in sorted(self.observed.items()) if not has)

    def results(self, kept_by: Callable[[str], str] | None) -> Iterator[Result]:
        """Yield a finding for each capability that was declared, and seen to be there or not.

        After a whole run `kept_by` returns the option that kept one from being seen, or "": what
        nothing showed is then *untested*, or *failed*. None after part of a run.
        """
        for name in self.declared:
            if name in self.observed:
                said = "" if self.observed[name] else "the hub was seen not to have it"
                yield _result(name, "failed" if said else "passed", said)
            elif kept_by and (option := kept_by(name)):
                yield _result(name, "untested", f"{option} kept it from being seen")
            elif kept_by:
                yield _result(name, "failed", "nothing in the run showed it")


def _servers(public: str) -> str:
    """The path below which users' servers are, behind the proxy."""
    return f"{urlsplit(public).path.rstrip('/')}/user/"


def needed_by(method: str, path: str) -> str | None:
    """Return the capability without which a hub has no such operation; `path` is below the API."""
    if _SHARES.match(path):
        return "shares"
    if method in ("POST", "DELETE") and path.startswith("/services/"):
        return "services"
    return None


def needed_by_cell(params: dict[str, Any]) -> str | None:
    """Return what one cell of a rule needs that goes through all operations, or all endpoints."""
    found = operations(NEWEST).get(str(params.get("operation")), params.get("endpoint"))
    method, path = getattr(found, "method", None), getattr(found, "path", None)
    return needed_by(str(method), str(path)) if method and path else None


def _result(name: str, verdict: str, said: str) -> Result:
    return Result(
        id=f"capability/{name}",
        statement=f"The hub has what was declared with --hub-expect: {name}.",
        level="MUST",
        versions="2.0 and later",
        link="",
        verdict=verdict,
        reason=f"{name} is declared, and {said}" if said else "",
    )
