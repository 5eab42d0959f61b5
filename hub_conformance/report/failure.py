"""A failure that explains itself: rule, clause, what was expected, the exchange, how to see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .result import Result


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
            tw.line(printable(line), red=line.startswith("E "))

    def __str__(self) -> str:
        return self.text


def printable(line: str) -> str:
    """A line in which nothing steers a terminal: a hub may answer anything."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def explain(result: Result, said: str, before: Iterable[str], base: str) -> Explanation:
    """Explain a result: `said` is what did not hold, `before` the exchanges before the last.

    `base` is the hub's address, for the line that runs the rule again.
    """
    first = said.splitlines()[0] if said else result.verdict
    lines = [
        f"{result.id} ({result.level}, {result.versions})",
        f"  {result.statement}",
        f"  see {result.link}",
        "",
        *(f"E   {line}" for line in said.splitlines()),
        "",
        *(f"before: {line}" for line in before),
        *_exchange(result.exchange),
        "run this rule again:",
        f"  pytest --hub-url={base} --hub-rule='{result.rule}'",
    ]
    return Explanation("\n".join(lines), Crash(printable(f"{result.id}: {first}")))


def said_by(error: BaseException | None, reason: str) -> str:
    """Return the assertion's own words; another exception comes after the reason, with its place.

    The `reason` of a verdict names the answer that a rule broke on, where there was one.
    """
    if error is None:
        return reason
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(said_by(each, "") for each in error.exceptions)
    text = str(error) or "the assertion does not hold"
    if not isinstance(error, AssertionError):
        named = f"{type(error).__name__}: {text}"
        wrong, met, _ = reason.partition(f" ({named.splitlines()[0]})")
        text = f"{wrong}\n{named}{_place(error)}" if met else f"{named}{_place(error)}"
    return "\n".join([text, *getattr(error, "__notes__", ())])


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    if frame is None:
        return ""
    code = frame.tb_frame.f_code
    return f" ({code.co_filename.rpartition('/')[2]}:{frame.tb_lineno} in {code.co_name})"


def _exchange(exchange: dict[str, Any] | None) -> list[str]:
    """Return the lines that show one exchange, and the command that sends it again."""
    if exchange is None:
        return ["no request was answered", ""]
    lines = [f"> {exchange['method']} {exchange['url']}"]
    lines += [f"> {key}: {value}" for key, value in exchange["request_headers"].items()]
    if exchange["request_body"] is not None:
        lines += [f"> {line}" for line in exchange["request_body"].splitlines()]
    lines.append(f"< {exchange['status']}")
    lines += [f"< {key}: {value}" for key, value in exchange["headers"].items()]
    lines += [f"< {line}" for line in exchange["body"].splitlines()]
    shown = [f"  {line}" for line in lines]
    return ["the last exchange:", *shown, "", "send it again:", f"  {exchange['curl']}"]
