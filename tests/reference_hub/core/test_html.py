"""HTML: what is not HTML yet is escaped, in every place."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime

from reference_hub.core import html

MARKUP = "<b title='\"'>&amp;"
ESCAPED = "&lt;b title=&#x27;&quot;&#x27;&gt;&amp;amp;"


def test_texts_and_attributes_are_escaped_once() -> None:
    inner = html.tag("b", MARKUP)
    assert inner == f"<b>{ESCAPED}</b>"
    assert html.tag("p", inner, " & ", title=MARKUP) == f'<p title="{ESCAPED}">{inner} &amp; </p>'
    for made in (
        html.field(MARKUP, "x", hint=MARKUP, wrong=MARKUP, value=MARKUP),
        html.choice(MARKUP, "x", [(MARKUP, MARKUP)], MARKUP),
        html.button(MARKUP, MARKUP, value=MARKUP),
        html.cards([MARKUP]),
        html.listing([MARKUP]),
        html.facts([(MARKUP, MARKUP)]),
        html.document(MARKUP, MARKUP, MARKUP),
    ):
        assert isinstance(made, html.Html)
        assert "<b" not in made.replace("<button", "").replace("<body", "")
        assert ESCAPED in made


def test_attributes_that_are_on_or_off() -> None:
    assert html.tag("input", required=True, value="", autofocus=False, id=None) == (
        '<input required value="">'
    )
    assert (
        html.tag("span", class_="off", aria_label="x") == '<span class="off" aria-label="x"></span>'
    )


def test_what_was_wrong_belongs_to_its_field() -> None:
    field = html.field("Name", "name", hint="Short.", wrong="Too long.")
    assert 'aria-describedby="name-hint name-wrong" aria-invalid="true" autofocus' in field
    assert '<label for="name">' in field
    assert "aria" not in html.field("Name", "name")


def test_the_policy_allows_the_page_its_own_style() -> None:
    style = re.search("<style>(.*)</style>", html.document("x", "", ""), re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.POLICY


def test_moments() -> None:
    assert html.moment(None) == "never"
    assert ">2030-01-02 03:04 UTC<" in html.moment(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
