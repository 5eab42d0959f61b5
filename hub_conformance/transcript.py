"""What was sent and what came back while one rule ran: the client's hook after receiving."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .client import Answer
from .secret import Scrubber

#: Exchanges kept a rule: the last ones explain a failure.
KEPT = 40
#: Bytes of a body that are kept; parsed, JSON takes up to 24 times as much.
KEPT_BYTES = 65536
#: Characters of a body that a report shows.
SHOWN = 1500
#: Headers of an answer that a report shows.
SHOWN_HEADERS = ("Content-Type", "Location", "Allow", "Retry-After")


class Transcript:
    """The exchanges of the rule that runs, and how many there were in the whole run."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque(maxlen=KEPT)
        self.requests = 0
        self.seconds = 0.0
        self.since_start = 0

    def start(self) -> None:
        """Begin a new rule."""
        self.answers.clear()
        self.since_start = 0

    def after(self, answer: Answer) -> None:
        """Keep one exchange."""
        self.answers.append(_shortened(answer))
        self.since_start += 1
        self.requests += 1
        self.seconds += answer.elapsed

    def totals(self) -> dict[str, float]:
        """Return the counts as plain types."""
        return {"requests": self.requests, "seconds": self.seconds}

    def add(self, totals: Mapping[str, float]) -> None:
        """Add the counts of another process."""
        self.requests += int(totals.get("requests", 0))
        self.seconds += totals.get("seconds", 0.0)


def _shortened(answer: Answer) -> Answer:
    """The same answer without the rest of a large body, which a whole rule would hold on to."""
    if len(answer.body) <= KEPT_BYTES:
        return answer
    return replace(answer, body=answer.body[:KEPT_BYTES])


def cut(scrubber: Scrubber, text: str) -> str:
    """Cut a text at the length that a report shows, secrets blanked."""
    start = scrubber.scrub_start(text, SHOWN)
    return start if len(text) <= SHOWN else f"{start}… ({len(text)} characters)"


def exchange_of(answer: Answer, origin: str) -> dict[str, Any]:
    """Return one exchange as plain data for a report, secrets blanked."""
    answer.learn()
    request = answer.request
    scrub = answer.scrubber.scrub
    body = None if request.body is None else request.body.decode("utf-8", "replace")
    return {
        "method": request.method,
        "url": scrub(origin + request.target),
        "request_headers": {key: scrub(value) for key, value in request.headers.items()},
        "request_body": None if body is None else cut(answer.scrubber, body),
        "status": answer.status,
        "headers": {
            key: scrub(answer.headers[key]) for key in SHOWN_HEADERS if key in answer.headers
        },
        "body": cut(answer.scrubber, answer.text),
        "curl": scrub(curl(answer, origin)),
    }


def curl(answer: Answer, origin: str) -> str:
    """Return a shell command that sends the request again, with $HUB_TOKEN for the token.

    `-g` and `--path-as-is` keep curl from reading brackets and dots in the URL, `--data-raw` from
    reading a file where the body starts with "@".
    """
    request = answer.request
    method = "-I" if request.method == "HEAD" else f"-X {shlex.quote(request.method)}"
    line = f"curl -gi --path-as-is {method}"
    if request.credential is not None:
        line += f' -H "Authorization: {request.scheme} $HUB_TOKEN"'
    for key, value in request.headers.items():
        line += f" -H {shlex.quote(f'{key}: {value}')}"
    if request.body is not None:
        if "content-type" not in {key.lower() for key in request.headers}:
            line += " -H Content-Type:"  # curl would call it a form
        line += f" --data-raw {shlex.quote(request.body.decode('utf-8', 'replace'))}"
    return f"{line} {shlex.quote(origin + request.target)}"
