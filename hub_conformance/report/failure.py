"""A failure that explains itself: rule, clause, what was expected, the exchange, how to see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..rules import Rule
from ..target import Target
from ..transcript import Transcript, curl, show


@dataclass
class Crash:
    """What pytest prints in its short summary."""

    message: str


@dataclass
class Explanation:
    """Stands where pytest keeps a traceback: it prints `text` and sums it up in `reprcrash`."""

    text: str
    reprcrash: Crash

    def toterminal(self, tw: Any) -> None:
        """Print it, as pytest asks."""
        for line in self.text.splitlines():
            tw.line(line, red=line.startswith("E "))

    def __str__(self) -> str:
        return self.text


def explain(
    rule: Rule, name: str, error: BaseException, transcript: Transcript, target: Target | None
) -> Explanation:
    """Explain why a rule failed; `name` is its id with the cell."""
    said = _said(error)
    lines = [
        f"{name} ({rule.level}, {rule.versions})",
        f"  {rule.statement}",
        f"  see {rule.link}",
        "",
        *(f"E   {line}" for line in said.splitlines()),
        "",
        *_exchanges(transcript),
    ]
    if transcript.answers and target:
        lines += ["", "send it again:", f"  {curl(transcript.answers[-1], target.origin)}"]
    lines += ["run this rule again:", f"  pytest --hub-url={_url(target)} --hub-rule='{rule.id}'"]
    return Explanation("\n".join(lines), Crash(f"{name}: {said.splitlines()[0]}"))


def _said(error: BaseException) -> str:
    """Return the assertion's own words; another exception is named, with its place."""
    text = str(error) or "the assertion does not hold"
    if not isinstance(error, AssertionError):
        text = f"{type(error).__name__}: {text}{_place(error)}"
    return "\n".join([text, *getattr(error, "__notes__", ())])


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    if frame is None:
        return ""
    code = frame.tb_frame.f_code
    return f" ({code.co_filename.rpartition('/')[2]}:{frame.tb_lineno} in {code.co_name})"


def _exchanges(transcript: Transcript) -> list[str]:
    """Return the last exchange in full, those before it a line each."""
    if not transcript.answers:
        return ["no request was answered"]
    *earlier, last = transcript.answers
    lines = [f"before: {answer!r}" for answer in earlier[-8:]]
    return [*lines, "the last exchange:", *(f"  {line}" for line in show(last))]


def _url(target: Target | None) -> str:
    return target.base if target else "reference"
