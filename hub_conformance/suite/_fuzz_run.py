"""Sending an operation's generated requests, judging the answers, and keeping what is found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..client import Answer
from ..contract.answers import PAGE, Mismatch
from ..contract.description import Description
from ..errors import ConnectionLost, NeedsAdmin, NoRoom, OutOfBounds
from ..fuzz import Finding
from ..rules import untested, vacuous
from ..session import Run
from ..stage import Stage
from ..transcript import exchange_of
from ._fuzz_cases import ABSENT, Case, Generator
from ._fuzz_domain import domain_of
from ._fuzz_judge import INVALID, VALID, Judge
from ._fuzz_names import CALLED, Objects, filled
from ._scopes import METASCOPES

#: Requests that are spent on making one that shows a finding smaller.
REDUCTIONS = 16
#: Refused requests that are tried again when their object has gone.
SUSPECTS = 8
#: What a report says of an operation's cases, in this order.
COUNTED = (
    "ran",
    "accepted",
    "refused",
    "unauthorised",
    "not found",
    "broken",
    "valid",
    "valid accepted",
    "not sent",
)
#: Characters of a request's body that a finding repeats.
_SHOWN = 120


@dataclass(frozen=True)
class Sent:
    """One case that was sent: what a hub must do with it, and what came back."""

    case: Case
    kind: str
    answer: Answer
    body: Any
    mismatches: tuple[Mismatch, ...]
    names: Mapping[str, str]


class Fuzzer:
    """Fuzzes single operations of a hub."""

    def __init__(self, run: Run, stage: Stage, generator: Generator) -> None:
        self.run = run
        self.stage = stage
        self.generator = generator

    @property
    def is_admin(self) -> bool:
        """Whether the token may do everything, so that a refusal says something about the hub."""
        assert self.run.target
        return self.run.target.owner.admin

    @property
    def description(self) -> Description:
        """What requests are made from, and answers held against."""
        return self.generator.description

    def operation(self, operation: str) -> Operation:
        """One operation to fuzz."""
        return Operation(self, operation)


class Operation:
    """The fuzzing of one operation."""

    def __init__(self, fuzzer: Fuzzer, operation: str) -> None:
        self.fuzzer = fuzzer
        self.id = operation
        self.stage = fuzzer.stage
        self.asked = fuzzer.description.operations[operation]
        self.domain = domain_of(operation)
        self.judge = Judge(self.asked, self.domain)
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        self.found: dict[str, Finding] = {}
        #: The case behind each finding, and whether it was asked for in pages.
        self._shown_by: dict[str, tuple[Case, bool]] = {}
        #: Refused requests since the object was last seen, and findings not to be made smaller.
        self._refused: list[Sent] = []
        self._settled: set[str] = set()

    @cached_property
    def objects(self) -> Objects:
        """What its path names."""
        return Objects(self.id, self.stage)

    @cached_property
    def expected(self) -> frozenset[int]:
        """The statuses of a request that is carried out as far as this operation goes."""
        known = self.stage.operations.get(self.id)
        recipe = CALLED.get(self.id)
        if known is None:
            return frozenset(range(200, 400))
        return (recipe.expected if recipe else None) or known.successes

    def fuzz(self, cases: Iterable[Case]) -> None:
        """Send the cases and keep what they show."""
        for number, case in enumerate(cases):
            in_pages = number % 2 == 1 and "offset" in self.asked.query
            sent = self._send(case, in_pages=in_pages)
            if sent and (sent := self._on_what_is_there(sent)):
                self._count(sent)
                for finding in self._findings(sent):
                    self._keep(finding, case, in_pages)
        for name in self.found:
            self._reduce(name)

    def judge_reach(self) -> None:
        """End the rule unless some request came through to what the operation does.

        One that broke the hub is a finding, and says what there is to say.
        """
        if self.counts["reached"] or self.counts["broken"]:
            return
        told = ", ".join(f"{self.counts[each]} {each}" for each in COUNTED if self.counts[each])
        if self.counts["unauthorised"] and not self.fuzzer.is_admin:
            untested(f"the token may not do this: {told}")
        vacuous(f"no request reached what {self.id} does: {told}")

    # --- one request

    def _send(self, case: Case, *, in_pages: bool = False) -> Sent | None:
        """Send one case; again, about new objects, when nobody knows what became of it.

        None for one that may not leave, or that is one too many.
        """
        try:
            return self._send_once(case, in_pages)
        except ConnectionLost:
            pass
        except NoRoom:  # what the cases before have made is of no more use
            self.stage.sandbox.outermost.innermost.empty()
        if self.id in CALLED:
            self.objects.renew()
        return self._send_once(case, in_pages)

    def _send_once(self, case: Case, in_pages: bool) -> Sent | None:
        try:
            body = case.body if case.body is ABSENT else filled(self.id, case.body, self.stage)
        except OutOfBounds:
            self.counts["not sent"] += 1
            return None
        kind = self.judge.kind(case, body)
        if kind != INVALID and self.domain.most is not None:
            if self.counts["accepted"] >= self.domain.most:
                return None
            body = self._startable(body)
        check = self.fuzzer.run.answer_check
        assert check
        names = {**self._names, **case.path}
        try:
            with check.taking() as mismatches:
                answer = self._request(names, case, body, in_pages)
        except (NeedsAdmin, OutOfBounds):
            self.counts["not sent"] += 1
            return None
        if self.id in CALLED:
            self.objects.after(answer, body)
        return Sent(case, kind, answer, body, tuple(mismatches), names)

    @property
    def _names(self) -> Mapping[str, str]:
        return self.objects.names if self.id in CALLED else {}

    def _request(self, names: Mapping[str, str], case: Case, body: Any, in_pages: bool) -> Answer:
        known = self.stage.operations.get(self.id)
        content: dict[str, Any] = {} if body is ABSENT else {"json": body}
        headers = {"Accept": PAGE} if in_pages else {}
        if case.raw is not None:
            content = {"data": case.raw}
            headers["Content-Type"] = "application/json"
        return self.stage.sandbox.hub.request(
            self.asked.method,
            known.url(**names) if known else self.asked.path,
            params=dict(case.query),
            headers=headers,
            **content,
        )

    def _startable(self, body: Any) -> Any:
        """The body with the options that servers of this hub need to start."""
        recipe = CALLED.get(self.id)
        options = self.stage.user_options
        if not (recipe and recipe.spawns and options):
            return body
        if not self.stage.has("6.0"):
            return options
        return {**(body if isinstance(body, dict) else {}), "user_options": options}

    # --- what it shows

    def _count(self, sent: Sent) -> None:
        status, counts = sent.answer.status, self.counts
        is_expected = status in self.expected
        counts["ran"] += 1
        counts[_class_of(status)] += 1
        counts["reached"] += is_expected
        if sent.kind == VALID:
            counts["valid"] += 1
            counts["valid accepted"] += is_expected

    def _findings(self, sent: Sent) -> Iterator[Finding]:
        status = sent.answer.status
        undocumented = any(not each.pointer and each.got == str(status) for each in sent.mismatches)
        if status >= 500 and (undocumented or sent.kind == INVALID):
            yield self._finding("no-server-error", sent, "the hub broke on it")
        elif undocumented:
            yield self._finding("documented-status", sent, str(sent.mismatches[0]))
        elif sent.mismatches:
            yield self._finding("answer-form", sent, str(sent.mismatches[0]))
        if undocumented:  # which is all there is to say of it
            return
        may_lack_rights = status in (401, 403, 404) and not self.fuzzer.is_admin
        may_lack_rights |= status == 400 and self._asks_for_more(sent.answer)
        may_lack_rights |= bool(self.fuzzer.run.outcomes.refusals.of(sent.answer))
        if sent.kind == VALID and status not in self.expected and not may_lack_rights:
            yield self._finding("valid-accepted", sent, "a valid request was not carried out")
        if sent.kind == INVALID and status < 400:
            yield self._finding("invalid-refused", sent, "an invalid request was carried out")

    def _asks_for_more(self, answer: Answer) -> bool:
        """Whether a request makes an admin, and whoever sends it does not hold all that is."""
        body, caller = answer.request.json, self.fuzzer.run.target
        wants = isinstance(body, dict) and body.get("admin") is True
        known = set(self.stage.table) - METASCOPES
        return bool(wants and caller and known - set(caller.owner.scopes))

    def _finding(self, check: str, sent: Sent, said: str) -> Finding:
        answer = sent.answer
        what = _shown(sent)
        return Finding(
            operation=self.id,
            check=check,
            status=answer.status,
            said=self.fuzzer.run.scrubber.scrub(f"{said}: {answer!r}{what}"),
            exchange=exchange_of(answer, self.stage.sandbox.hub.target.origin),
            size=sent.case.size,
        )

    def _keep(self, finding: Finding, case: Case, in_pages: bool) -> None:
        before = self.found.get(finding.id)
        if before is None or finding.size < before.size:
            self.found[finding.id] = finding
            self._shown_by[finding.id] = (case, in_pages)
        if before:
            self.found[finding.id].calls = before.calls + 1

    # --- what a refused request did all the same

    def _on_what_is_there(self, sent: Sent) -> Sent | None:
        """The case as it is answered where its object is there.

        When a refused request has made the object go, that is told.
        """
        status, refused = sent.answer.status, self._refused
        if refused and refused[-1].names != sent.names:
            refused.clear()
        if status == 404 and refused and not sent.case.path:
            suspects = refused[-SUSPECTS:]
            refused.clear()
            self.objects.renew()
            again = self._send(sent.case)
            if again and again.answer.status != 404:
                self._find_culprit(suspects, sent.case)
            return again
        if 400 <= status < 500 and status != 404 and self.id in CALLED:
            refused.append(sent)
        elif status < 400:
            refused.clear()
        return sent

    def _find_culprit(self, suspects: list[Sent], case: Case) -> None:
        """Tell which refused request it was after which a case no longer finds its object."""
        for suspect in suspects:
            self.objects.renew()
            first = self._send(suspect.case)
            then = self._send(case) if first and 400 <= first.answer.status < 500 else None
            if first and then and then.answer.status == 404:
                said = "it was refused, and took away what it was about"
                finding = self._finding("refused-changes-nothing", first, said)
                self._settled.add(finding.id)  # it takes two requests to see
                self._keep(finding, first.case, False)
                break
        self.objects.renew()

    # --- made smaller

    def _reduce(self, name: str) -> None:
        """Leave out of the request what does not matter to a finding that is news."""
        is_done = name in self._settled or self.fuzzer.run.outcomes.baseline.find(name, name)
        left = 0 if is_done else REDUCTIONS
        case, in_pages = self._shown_by[name]
        smaller = _smaller(case)
        while left and (candidate := next(smaller, None)):
            left -= 1
            sent = self._send(candidate, in_pages=in_pages)
            for finding in self._findings(sent) if sent else ():
                if finding.id == name:
                    self._keep(finding, candidate, in_pages)
                    smaller = _smaller(candidate)
        self.fuzzer.run.findings.add(self.found[name])


def _class_of(status: int) -> str:
    if status >= 500:
        return "broken"
    if status < 400:
        return "accepted"
    return {401: "unauthorised", 403: "unauthorised", 404: "not found"}.get(status, "refused")


def _smaller(case: Case) -> Iterator[Case]:
    """The same request with one thing less in it."""
    for name in case.query:
        yield replace(case, query={key: text for key, text in case.query.items() if key != name})
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            yield replace(case, body={key: each for key, each in case.body.items() if key != name})
            if isinstance(value, list):
                for number in range(len(value)):
                    less = [*value[:number], *value[number + 1 :]]
                    yield replace(case, body={**case.body, name: less})


def _shown(sent: Sent) -> str:
    """What was sent, as far as the answer's line does not say it."""
    if sent.case.raw is not None:
        return f" with {sent.case.raw[:_SHOWN]!r}"
    if sent.body is ABSENT:
        return ""
    text = json.dumps(sent.body, ensure_ascii=False)
    return f" with {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"
