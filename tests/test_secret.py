"""Secrets: nothing shows them, whatever spelling they turn up in."""

from __future__ import annotations

import html
import json
import logging
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_conformance.secret import BLANK, Scrubber, Secret, scrub_log_records
from hub_conformance.spellings import SHORTEST

TOKEN = "s3cr3t/t0ken+with \"quotes'&säge%\\"
secrets_drawn = st.text(min_size=SHORTEST, max_size=12) | st.text(
    'ab*/%"', min_size=SHORTEST, max_size=9
)


def knowing(*secrets: str) -> Scrubber:
    scrubber = Scrubber()
    for each in secrets:
        scrubber.learn(each)
    return scrubber


# --- Secret


def test_secret_has_no_readable_form() -> None:
    secret = Secret(TOKEN)
    assert [repr(secret), str(secret), f"{secret}", f"{secret!r:>5}", str([secret])[1:-1]] == [
        BLANK, BLANK, BLANK, "  ***", BLANK
    ]  # fmt: skip
    assert TOKEN not in repr({"token": [secret]})
    assert not hasattr(secret, "__dict__")
    assert secret.reveal() == TOKEN
    assert len(secret) == len(TOKEN)


@settings(max_examples=40)
@given(st.text(), st.text())
def test_secrets_compare_as_their_texts(one: str, other: str) -> None:
    assert Secret(one) == Secret(one)
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one) != one


# --- Scrubber


SPELLINGS = {
    "as it is": TOKEN,
    "percent-encoded": quote(TOKEN, safe=""),
    "percent-encoded but for slashes": quote(TOKEN),
    "as in a form": quote_plus(TOKEN),
    "percent-encoded in lower case": quote("/+& ", safe="").lower(),
    "in JSON": json.dumps(TOKEN),
    "in JSON with letters": json.dumps(TOKEN, ensure_ascii=False),
    "in JSON with escaped slashes": json.dumps(TOKEN).replace("/", "\\/"),
    "in HTML": html.escape(TOKEN),
    "as Python shows it": repr(TOKEN),
    "as Python shows its bytes": repr(TOKEN.encode()),
    "in ASCII": ascii(TOKEN),
    "read as latin-1": TOKEN.encode().decode("latin-1"),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_is_blanked(name: str) -> None:
    spelling = SPELLINGS[name]
    secret = "/+& " * 2 if "lower" in name else TOKEN
    text = spelling * 2 if "lower" in name else spelling
    clean = knowing(secret).scrub(f"before {text} after")
    assert clean in (f"before {BLANK} after", *(f"before {q}{BLANK}{q} after" for q in "\"'")) or (
        clean == f"before b'{BLANK}' after"
    )


@settings(max_examples=40)
@given(st.lists(secrets_drawn, min_size=1, max_size=4), st.data())
def test_no_known_secret_is_left(secrets: list[str], data: st.DataObject) -> None:
    parts = st.lists(st.sampled_from([*secrets, "", "x", BLANK, "a"]), max_size=6)
    clean = knowing(*secrets).scrub("".join(data.draw(parts)))
    assert not [each for each in secrets if each in clean]


@settings(max_examples=100)
@given(st.lists(secrets_drawn, min_size=1, max_size=4), st.integers(0, 60), st.data())
def test_start_is_as_in_the_whole(secrets: list[str], length: int, data: st.DataObject) -> None:
    parts = st.lists(st.sampled_from([*secrets, "", "x", "some more"]), max_size=12)
    text, scrubber = "".join(data.draw(parts)), knowing(*secrets)
    start = scrubber.scrub_start(text, length)
    assert scrubber.scrub(text).startswith(start)
    assert len(start) <= length
    assert start or not text or not length or any(each in text for each in secrets)


@settings(max_examples=40)
@given(st.text("abc", min_size=SHORTEST), st.text("xyz"), st.text("xyz"))
def test_the_rest_stays(secret: str, before: str, after: str) -> None:
    assert knowing(secret).scrub(before + secret + after) == f"{before}{BLANK}{after}"


@given(st.text())
def test_nothing_known_changes_nothing(text: str) -> None:
    assert Scrubber().scrub(text) == text


def test_secrets_within_one_another() -> None:
    long, short = "abcdefghijkl", "defghi"
    for scrubber in (knowing(long, short), knowing(short, long)):
        assert scrubber.scrub(f"{long} {short}") == f"{BLANK} {BLANK}"


def test_secrets_that_overlap() -> None:
    assert knowing("abcdef", "defghi").scrub("xabcdefghiy") == f"x{BLANK}y"


@pytest.mark.parametrize("word", ["", "a", "admin"])
def test_short_strings_are_words(word: str) -> None:
    assert knowing(word).scrub("the admin and a user") == "the admin and a user"
    assert Scrubber().learn(word).reveal() == word


def test_learning_a_secret_again() -> None:
    scrubber = knowing(TOKEN)
    assert scrubber.learn(Secret(TOKEN)) == Secret(TOKEN)
    assert scrubber.scrub(TOKEN) == BLANK


@dataclass
class Entry:
    lines: list[str]
    inner: Any = None


@dataclass(frozen=True)
class Frozen:
    text: str


Named = namedtuple("Named", "first second")


def test_tree_is_scrubbed_to_its_leaves() -> None:
    tree = Entry(
        [TOKEN, "x"],
        {
            TOKEN: (1, None, {TOKEN}),
            "named": Named(TOKEN, [TOKEN]),
            "frozen": [Frozen(TOKEN)],
            "bytes": TOKEN.encode(),
            "type": Entry,
        },
    )
    clean = knowing(TOKEN).scrub_tree(tree)
    assert clean is tree
    assert clean.lines == [BLANK, "x"]
    assert clean.inner == {
        BLANK: (1, None, {BLANK}),
        "named": Named(BLANK, [BLANK]),
        "frozen": [Frozen(BLANK)],
        "bytes": BLANK.encode(),
        "type": Entry,
    }


@given(
    st.recursive(
        st.text("ab"),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text("ab"), inner),
    )
)
@settings(max_examples=40)
def test_tree_of_anything(tree: Any) -> None:
    clean = knowing("ababab").scrub_tree(tree)
    assert "ababab" not in repr(clean)
    assert type(clean) is type(tree)


# --- log records


@pytest.fixture
def scrubbed(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.DEBUG)
    undo = scrub_log_records(knowing(TOKEN))
    yield caplog
    undo()


def test_log_records_are_scrubbed(scrubbed: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("some.library")
    log.debug("sent %s", TOKEN)
    log.info(f"100% {TOKEN}")
    log.warning({"token": TOKEN})
    log.error("nothing %d", 5)
    assert scrubbed.messages == ["sent ***", "100% ***", "{'token': '***'}", "nothing 5"]
    assert TOKEN not in "".join(repr(vars(record)) for record in scrubbed.records)


def test_logged_tracebacks_are_scrubbed(scrubbed: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        logging.getLogger("some.library").exception("it broke", stack_info=True)
    assert "ValueError: bad ***" in scrubbed.text
    assert TOKEN not in scrubbed.text


def test_log_call_with_arguments_that_do_not_fit(scrubbed: pytest.LogCaptureFixture) -> None:
    logging.getLogger("some.library").warning("%d of %d", TOKEN)
    assert scrubbed.messages == ["%d of %d ('***',)"]


def test_scrubbing_log_records_ends() -> None:
    before = logging.getLogRecordFactory()
    scrub_log_records(knowing(TOKEN))()
    assert logging.getLogRecordFactory() is before
