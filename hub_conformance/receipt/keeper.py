"""Takes both looks at the hub, and says what of it is whose doing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import patience
from ..errors import HubError
from ..hub import Hub, quoted
from ..patience import Patience
from ..report.result import Result
from .reading import SHARES_SECONDS, SOME_SHARES_SECONDS, Reader
from .state import KINDS, OF_OWNERS, Change, State

if TYPE_CHECKING:
    from ..session import Run

#: One look takes at most so long, in seconds.
LOOK_SECONDS = 30.0
#: What seems left behind is looked for so often again, after so many seconds each.
LOOKS = 5
PAUSE_SECONDS = 0.5
#: Names that a reason has.
SHOWN = 8
#: The operations that show one object of the run.
_PATHS = {
    "user": "/users/{name}",
    "group": "/groups/{name}",
    "service": "/services/{name}",
    "token": "/users/{inside}/tokens/{name}",
}
SINCE_SHARES = (5, 0)


@dataclass(frozen=True)
class Receipt:
    """What came of both looks.

    `none` says why there is no receipt. `compared` counts objects that are as they were, by kind;
    `ours` are changes with the request that named what changed ("" where nobody else is on the
    hub), `others` those that somebody else must have made; `left` is what is left of the run.
    """

    none: str = ""
    compared: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    ours: tuple[tuple[Change, str], ...] = ()
    others: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()


class Keeper:
    """Keeps the receipt of a run, in the process that reports."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.before: State | None = None
        self.receipt: Receipt | None = None

    def begin(self) -> None:
        """Look at the hub before the first rule."""
        try:
            self.before = self._look()
        except HubError as error:
            self.receipt = Receipt(none=f"the hub could not be read before the run: {error}")

    def end(self) -> Iterator[Result]:
        """Look at it after the last rule, once; yield what there is to judge."""
        if self.receipt is not None or self.before is None:
            return
        try:
            after = self._look(self.before)
            left = tuple(self._left(after))
        except HubError as error:
            self.receipt = Receipt(none=f"{self._gone()}: {error}")
            return
        self.receipt = self._compare(self.before, after, left)
        if not self.receipt.compared:
            unread = self.receipt.unread.items()
            reason = next((why for kind, why in unread if kind not in self._skipped()), "")
            self.receipt = Receipt(none=f"{self._gone()}: {reason}")
        yield from _results(self.receipt)

    def _gone(self) -> str:
        ended = "--hub-destructive ended it, and " if self.run.settings.destructive else ""
        return f"{ended}the hub could not be read after the run"

    # --- looking

    def _look(self, before: State | None = None) -> State:
        hub, reader = self._reader()
        try:
            return reader.look(before)
        finally:
            self._close(hub)

    def _reader(self) -> tuple[Hub, Reader]:
        run = self.run
        assert run.target
        limits = Patience(LOOK_SECONDS, silence=patience.CLEANING_SILENCE_SECONDS)
        hub = Hub(run.client(run.target.origin, limits), run.target, run.token)
        is_user = run.target.owner.kind == "user"
        return hub, Reader(
            hub,
            owns=run.owns,
            caller=run.target.owner.name if is_user else "",
            login=self._login(),
            shares_seconds=self._shares_seconds(),
            skipped=self._skipped(),
        )

    def _shares_seconds(self) -> float:
        if self.run.applies < SINCE_SHARES:
            return 0.0
        return SOME_SHARES_SECONDS if self.run.is_partial else SHARES_SECONDS

    def _close(self, hub: Hub) -> None:
        """End the connections; count what was asked on them."""
        client = hub.client
        self.run.patience.add(client.patience.totals())
        told = {"requests": client.requests_sent, "seconds": client.seconds_waited}
        self.run.transcript.add(told)
        client.close()

    def _skipped(self) -> dict[str, str]:
        is_moved = self.run.settings.destructive
        return {"route": "--hub-destructive changes the proxy"} if is_moved else {}

    def _login(self) -> str:
        return self.run.accounts.login.user if self.run.accounts.login else ""

    # --- comparing

    def _compare(self, before: State, after: State, left: tuple[str, ...]) -> Receipt:
        ours: list[tuple[Change, str]] = []
        others: list[Change] = []
        for change in before.differences(after):
            if change.kind == "user" and change.name == self._login():
                continue  # logging in may make a user, and bring groups along
            request = self.run.writes.of(change)
            if request or self.run.settings.quiet:
                ours.append((change, request))
            else:
                others.append(change)
        different = Counter(each.kind for each in [*others, *(each for each, _ in ours)])
        return Receipt(
            compared={
                kind: max(0, len(after.objects[kind]) - different[kind])
                for kind in KINDS
                if kind in before.objects and kind in after.objects
            },
            unread={**_of_owners(before, after), **before.unread, **after.unread},
            ours=tuple(ours),
            others=tuple(others),
            left=left,
        )

    def _left(self, after: State) -> Iterator[str]:
        """What is left of the run, in words; what a hub needs a moment to let go is not."""
        found = [each for each in after.own if each[0] in _PATHS]
        hub, _ = self._reader()
        try:
            for _ in range(LOOKS if found else 0):
                found = [each for each in found if _is_there(hub, *each)]
                if found:
                    time.sleep(PAUSE_SECONDS)
        finally:
            self._close(hub)
        for kind, inside, name in found:
            yield f"{kind} {inside}/{name}" if inside else f"{kind} {name}"


def _is_there(hub: Hub, kind: str, inside: str, name: str) -> bool:
    path = _PATHS[kind].format(inside=quoted(inside), name=quoted(name))
    return hub.get(path).status != 404


def _of_owners(before: State, after: State) -> dict[str, str]:
    """Say so where the shares of some owners were not looked at, or not twice."""
    seen, passed_over = len(after.owners), before.passed_over + after.passed_over
    if not passed_over:
        return {}
    many = f"{seen} of {seen + passed_over} users"
    why = f"but for those of {many}: there is no list of all, and for the others no time"
    return {kind: why for kind in OF_OWNERS if kind in after.objects}


def _results(receipt: Receipt) -> Iterator[Result]:
    told = [
        f"{change}, named by {request}" if request else f"{change}, and nobody else is on the hub"
        for change, request in receipt.ours
    ]
    if receipt.compared:
        yield _result("nothing-else-changed", "All that is not of the run is as it was.", told)
        yield _result("nothing-left", "Nothing of the run is left on the hub.", receipt.left)


def _result(name: str, statement: str, wrong: Any) -> Result:
    reasons = list(wrong)
    more = [f"and {len(reasons) - SHOWN} more"] if len(reasons) > SHOWN else []
    return Result(
        id=f"receipt/{name}",
        statement=statement,
        level="MUST",
        versions="2.0 and later",
        link="",
        verdict="failed" if reasons else "passed",
        reason="; ".join([*reasons[:SHOWN], *more]),
        cause="the hub before and after the run" if reasons else "",
    )
