"""What was sent and what came back while one rule ran: the client's hook after receiving."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Mapping

from .client import Answer

#: Exchanges kept a rule: the last ones explain a failure.
KEPT = 40
#: Characters of a body that a report shows.
SHOWN = 1500


class Transcript:
    """The exchanges of the rule that runs, and how many there were in the whole run."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque(maxlen=KEPT)
        self.requests = 0
        self.seconds = 0.0

    def start(self) -> None:
        """Begin a new rule."""
        self.answers.clear()

    def after(self, answer: Answer) -> None:
        """Keep one exchange."""
        self.answers.append(answer)
        self.requests += 1
        self.seconds += answer.elapsed

    def totals(self) -> dict[str, float]:
        """Return the counts as plain types."""
        return {"requests": self.requests, "seconds": self.seconds}

    def add(self, totals: Mapping[str, float]) -> None:
        """Add the counts of another process."""
        self.requests += int(totals.get("requests", 0))
        self.seconds += totals.get("seconds", 0.0)


def cut(text: str) -> str:
    """Cut a text at the length that a report shows."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def show(answer: Answer) -> list[str]:
    """Return the lines that show one exchange; secrets are still in them."""
    request = answer.request
    lines = [f"> {request.method} {request.target}"]
    lines += [f"> {key}: {value}" for key, value in request.headers.items()]
    if request.body is not None:
        lines.append(f"> {cut(request.body.decode('utf-8', 'replace'))}")
    lines.append(f"< {answer.status}")
    wanted = ("Content-Type", "Location", "Allow", "Retry-After")
    lines += [f"< {key}: {answer.headers[key]}" for key in wanted if key in answer.headers]
    if answer.body:
        lines += [f"< {line}" for line in cut(answer.text).splitlines()]
    return lines


def curl(answer: Answer, origin: str) -> str:
    """Return a shell command that sends the request again, with $HUB_TOKEN for the token."""
    request = answer.request
    words = ["curl", "-i", "-X", request.method]
    line = shlex.join(words)
    if request.credential is not None:
        line += f' -H "Authorization: {request.scheme} $HUB_TOKEN"'
    for key, value in request.headers.items():
        line += f" -H {shlex.quote(f'{key}: {value}')}"
    if request.body is not None:
        line += f" -d {shlex.quote(request.body.decode('utf-8', 'replace'))}"
    return f"{line} {shlex.quote(origin + request.target)}"
