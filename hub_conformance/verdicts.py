"""Verdicts: how one rule ended, and with what exit status a run of them ends.

Pure functions over what pytest, the baseline and the contract say; `session` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .baseline import Known
from .errors import ConformanceError, OutOfBounds, SetupFailed
from .rules import SKIPPING, Rule, Vacuous

#: In the order of the summary's columns.
VERDICTS = (
    "passed",
    "failed",
    "warned",
    "known",
    "stale",
    "vacuous",
    "error",
    "untested",
    "not requested",
    "not applicable",
)
#: Verdicts that somebody has to do something about.
BROKEN = ("failed", "stale", "vacuous", "error")
#: Verdicts that pytest is told as xfailed: seen not to hold, and the run may still be green.
TOLERATED = ("known", "warned")
#: Verdicts of what was checked and does not count against the hub.
HELD = ("passed", "known", "warned")
#: Verdicts of what was seen not to hold, tolerated or not.
NOT_HELD = ("failed", *TOLERATED)

OK, FAILED, INTERRUPTED, OWN_DEFECT, USAGE, NOTHING = range(6)


@dataclass(frozen=True)
class Verdict:
    """How a rule ended, and why in words ("" for passed)."""

    name: str
    reason: str = ""


def judge(
    rule: Rule,
    outcome: str,
    error: BaseException | None = None,
    *,
    skipped: str = "",
    mismatch: str = "",
    lacking: str = "",
    known: Known | None = None,
    may_be_stale: bool = True,
    strict: bool = False,
) -> Verdict:
    """Return the verdict of a rule.

    `outcome` is pytest's ("passed", "failed", "skipped") with the exception or the reason of the
    skip; `mismatch` names an answer that the contract forbids, met by the rule; `lacking` says
    which right of the run's token it was refused for; `known` is the baseline's line for it;
    `may_be_stale` whether that line was judged on this hub's version.
    """
    if outcome == "passed":
        found = _passed(known, may_be_stale)
        return Verdict("untested", lacking) if lacking and found.name == "stale" else found
    if outcome == "skipped":
        return _skipped(skipped)
    if isinstance(error, SetupFailed):
        return Verdict("untested", str(error))
    if lacking:
        return Verdict("untested", lacking)
    if isinstance(error, Vacuous):
        return Verdict("vacuous", str(error))
    found = _broken(error, mismatch)
    if found.name == "failed" and known:
        return Verdict("known", known.reason)
    if found.name == "failed" and rule.level == "SHOULD" and not strict:
        return Verdict("warned", found.reason)
    return found


def _passed(known: Known | None, may_be_stale: bool) -> Verdict:
    if known and may_be_stale and not known.may_hold:
        return Verdict("stale", f"it passed, yet the baseline lists it: {known.reason}")
    return Verdict("passed")


def _skipped(reason: str) -> Verdict:
    """A skip without a verdict's word in front is somebody's `pytest.skip`: untested."""
    for name in SKIPPING:
        if reason.startswith(f"{name}: "):
            return Verdict(name, reason.removeprefix(f"{name}: "))
    return Verdict("untested", reason)


def _broken(error: BaseException | None, mismatch: str) -> Verdict:
    """A finding, or a defect of the suite: a rule that breaks on an answer the contract allows."""
    if isinstance(error, BaseExceptionGroup):
        return _worst([_broken(each, mismatch) for each in error.exceptions])
    said = (str(error) or type(error).__name__).splitlines()[0] if error else "it failed"
    # No value of the suite's own overflows: a time or number of the hub's is beyond all others.
    is_finding = isinstance(error, (AssertionError, ConformanceError, OverflowError))
    if is_finding and not isinstance(error, OutOfBounds):
        return Verdict("failed", said)
    if mismatch:
        return Verdict("failed", f"{mismatch} ({type(error).__name__}: {said})")
    return Verdict("error", f"{type(error).__name__}: {said}")


def _worst(several: list[Verdict]) -> Verdict:
    """The verdict of what ended with several errors, as a teardown of several fixtures may."""
    broken = [each for each in several if each.name != "failed"]
    return broken[0] if broken else Verdict("failed", "; ".join(each.reason for each in several))


def exit_status(
    counts: Mapping[str, int],
    *,
    allow_untested: bool,
    incomplete: bool,
    checked: Mapping[str, int] | None = None,
) -> int:
    """Return the exit status of a run that came to its end, from the number of each verdict.

    `checked` are those of rules alone, where there are others too.
    """
    if incomplete or any(counts.get(each) for each in ("failed", "stale", "vacuous")):
        return FAILED
    if counts.get("error"):
        return OWN_DEFECT
    if counts.get("untested") and not allow_untested:
        return FAILED
    if not any((counts if checked is None else checked).get(each) for each in HELD):
        return NOTHING
    return OK
