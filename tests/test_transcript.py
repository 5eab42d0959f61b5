"""What a report shows of an exchange, and the command that sends it again."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from hub_conformance.client import Answer, Client, Request
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.transcript import KEPT, SHOWN, Transcript, curl, cut, exchange_of

from .servers import Server, answer, serving

TOKEN = "s3cr3t-t0ken-0123456789abcdef"


def exchanged(content: bytes = b"{}", **fields: Any) -> Answer:
    scrubber = Scrubber()
    scrubber.learn(TOKEN)
    sent = Request(**{"method": "GET", "path": "/x", "credential": Secret(TOKEN), **fields})
    headers = CaseInsensitiveDict({"content-type": "application/json", "X-Other": "1"})
    return Answer(sent, 200, headers, content, 0.25, scrubber)


def test_transcript_counts_a_rule_and_the_run() -> None:
    transcript = Transcript()
    for _ in range(3):
        transcript.after(exchanged())
    transcript.start()
    transcript.after(exchanged(path="/last"))
    assert [each.request.path for each in transcript.answers] == ["/last"]
    assert transcript.since_start == 1
    assert transcript.totals() == {"requests": 4, "seconds": 1.0}


def test_transcript_keeps_the_last_exchanges() -> None:
    transcript = Transcript()
    for number in range(KEPT + 5):
        transcript.after(exchanged(path=f"/{number}"))
    assert len(transcript.answers) == KEPT
    assert transcript.answers[-1].request.path == f"/{KEPT + 4}"
    assert transcript.since_start == KEPT + 5


@pytest.mark.parametrize(
    "content",
    ['[{"id": 1, "token" : "%s"}]', '{"access_token":"%s", "x": "…', '{"code":"\\u0061%s'],
)
def test_secret_that_no_rule_has_read_is_not_shown(content: str) -> None:
    told = "98fe" * 4
    shown = exchange_of(exchanged((content % told).encode()), "http://hub")
    assert "***" in shown["body"]
    assert told not in json.dumps(shown)


def test_counts_of_workers_are_added() -> None:
    transcript = Transcript()
    transcript.after(exchanged())
    transcript.add({"requests": 2, "seconds": 0.5})
    transcript.add({})
    assert transcript.totals() == {"requests": 3, "seconds": 0.75}


@pytest.mark.parametrize("length", [0, 1, SHOWN, SHOWN + 1, SHOWN * 3])
def test_long_texts_are_cut(length: int) -> None:
    text = cut(Scrubber(), "x" * length)
    assert text.startswith("x" * min(length, SHOWN))
    assert text.endswith(f"… ({length} characters)") == (length > SHOWN)


def test_exchange_is_plain_data_without_secrets() -> None:
    found = exchanged(
        content=json.dumps({"token": TOKEN}).encode(),
        method="POST",
        body=f'"{TOKEN}"\xff'.encode("latin-1"),
        path=f"/users/{TOKEN}",
        query=f"q={TOKEN}",
        headers={"Authorization": f"token {TOKEN}"},
    )
    shown = exchange_of(found, "http://host")
    assert TOKEN not in json.dumps(shown)
    assert shown["url"] == "http://host/users/***?q=***"
    assert shown["request_headers"] == {"Authorization": "token ***"}
    assert shown["request_body"] == '"***"\ufffd'
    assert shown["headers"] == {"Content-Type": "application/json"}
    assert (shown["method"], shown["status"], shown["body"]) == ("POST", 200, '{"token": "***"}')


def test_exchange_without_a_body() -> None:
    assert exchange_of(exchanged(), "http://host")["request_body"] is None


# --- the command


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answer({"fine": True})) as started:
        yield started


REQUESTS: list[dict[str, Any]] = [
    {"method": "GET", "path": "/hub/api/users", "query": "limit=2&name_filter=%5Ba%5D"},
    {"method": "HEAD", "path": "/x"},
    {"method": "POST", "path": "/x", "body": b'{"a": "it\'s $HOME"}',
     "headers": {"Content-Type": "application/json"}},
    {"method": "POST", "path": "/x", "body": b"@/etc/hostname"},
    {"method": "PATCH", "path": "/a/../%2E%2E/b", "body": b""},
    {"method": "DELETE", "path": "/x", "credential": None},
    {"method": "GET", "path": "/x", "scheme": "Bearer"},
]  # fmt: skip


@pytest.mark.parametrize(
    "fields", REQUESTS, ids=lambda fields: f"{fields['method']} {fields['path']}"
)
def test_command_sends_the_same_again(server: Server, fields: dict[str, Any]) -> None:
    if fields["method"] == "HEAD":
        server.reply = answer()
    sent = Request(**{"credential": Secret(TOKEN), **fields})
    client = Client(server.origin, Scrubber(), read_seconds=1.0)
    command = curl(client.send(sent), server.origin)
    client.close()
    assert TOKEN not in command
    subprocess.run(
        command, shell=True, env={"HUB_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"}, check=True,
        capture_output=True, timeout=5,
    )  # fmt: skip
    ours, theirs = server.received
    assert essence(theirs) == essence(ours)


def essence(received: str) -> tuple[str, str, dict[str, str]]:
    """Request line, body and the headers that mean something."""
    head, _, body = received.partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    wanted = ("Authorization", "Content-Type", "Content-Length")
    length = headers.get("Content-Length")
    if length == "0":  # for an empty body curl says so, `requests` only where it is usual
        del headers["Content-Length"]
    return line, body, {key: headers[key] for key in wanted if key in headers}


@settings(max_examples=50)
@given(st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20))
def test_command_is_quoted_for_the_shell(text: str) -> None:
    found = exchanged(method="POST", body=text.encode(), headers={"X-Any": text})
    words = shlex.split(curl(found, "http://host"))
    assert text in words
    assert f"X-Any: {text}" in words
    assert words[-1] == "http://host/x"
