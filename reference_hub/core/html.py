"""HTML for the hub's pages. What is not HTML already is escaped, wherever it is put in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from html import escape

from . import times

STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#f5f6f7;color:#1c1e21;font:1rem/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
header{background:#fff;border-bottom:1px solid #c9cdd2}
header>div,main{max-width:44rem;margin:auto;padding:.75rem 1rem}
header>div,nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;
justify-content:space-between}
nav ul{list-style:none;margin:0;padding:0}
h1{font-size:1.6rem;line-height:1.25;margin:1rem 0}
h2{font-size:1.25rem;margin:2rem 0 .5rem}
h3,.cards h2{font-size:1.05rem;margin:0}
.cards p{margin:.25rem 0 .5rem}
a{color:#0b57a4}
.acts{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin-top:.5rem}
.cards{list-style:none;margin:0;padding:0}
.cards>li{background:#fff;border:1px solid #c9cdd2;border-radius:.4rem;
padding:.75rem 1rem;margin:.5rem 0}
form p{margin:.75rem 0}
label{font-weight:600}
label,.hint,.wrong{display:block}
.hint{color:#4a4f57;font-size:.9rem}
input,select,button{font:inherit;color:inherit;max-width:100%;min-height:2.5rem;
border:1px solid #6b7280;border-radius:.3rem;background:#fff;padding:.35rem .6rem}
input,select{width:24rem;margin-top:.25rem}
button{background:#0b57a4;border-color:#0b57a4;color:#fff;cursor:pointer;padding:.35rem 1rem}
button.plain{background:#fff;color:#0b57a4}
a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible{
outline:3px solid #b3470a;outline-offset:2px}
.wrong{color:#a3141d;font-weight:600}
input[aria-invalid=true]{border:2px solid #a3141d}
.alert,.good{border-left:.35rem solid #a3141d;background:#fff;padding:.5rem 1rem}
.good{border-color:#1b6b34}
code{font-family:ui-monospace,monospace;font-size:.95em}
dl{margin:.25rem 0;display:grid;grid-template-columns:auto 1fr;gap:0 .75rem}
dt{color:#4a4f57}
dd{margin:0}
.off{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: Pages need no script, nothing from elsewhere, and only the style that they bring.
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'"

_VOID = frozenset({"input", "link", "meta"})


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def text(inner: str) -> Html:
    """As HTML: what is none yet is escaped."""
    return inner if isinstance(inner, Html) else Html(escape(inner))


def join(parts: Iterable[str]) -> Html:
    """One after the other."""
    return Html("".join(text(part) for part in parts))


def tag(element: str, /, *inner: str, **attributes: str | bool | None) -> Html:
    """An element. ``aria_label`` and ``class_`` are attributes; None and False leave one out."""
    written = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if element in _VOID:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{join(inner)}</{element}>")


def document(title: str, header: str, main: str) -> Html:
    """A whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        # Without the width a phone shows the page as wide as a desktop's, too small to read.
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Reference hub"),
        tag("link", rel="icon", href="data:,"),  # else browsers ask for one that is not there
        tag("style", Html(STYLE)),
    )
    body = tag("body", header, tag("main", tag("h1", title), main))
    return Html(f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}")


def acts(*inner: str) -> Html:
    """Buttons and links, in a line if there is room."""
    return tag("div", *inner, class_="acts")


def hidden(name: str, value: str) -> Html:
    """A field that nobody sees."""
    return tag("input", type="hidden", name=name, value=value)


def field(
    label: str, name: str, *, hint: str = "", wrong: str = "", **attributes: str | bool | None
) -> Html:
    """A field with its label, what to write there, and what was wrong with what was written."""
    said = {"hint": hint, "wrong": wrong}
    told = {f"{name}-{kind}": (kind, each) for kind, each in said.items() if each}
    if wrong:
        attributes |= {"aria_invalid": "true", "autofocus": True}
    described = " ".join(told) or None
    return tag(
        "p",
        tag("label", label, for_=name),
        *(tag("span", each, class_=kind, id=id_) for id_, (kind, each) in told.items()),
        tag("input", id=name, name=name, aria_describedby=described, **attributes),
    )


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> Html:
    """A field whose values, each with what people call it, are these."""
    listed = [tag("option", said, value=value, selected=value == chosen) for value, said in options]
    return tag("p", tag("label", label, for_=name), tag("select", *listed, id=name, name=name))


def button(said: str, about: str = "", *, plain: bool = False, **attributes: str) -> Html:
    """A button; what it is `about` is heard only, where the page shows it beside."""
    more = tag("span", f" {about}", class_="off") if about else ""
    return tag("button", said, more, class_="plain" if plain else None, **attributes)


def listing(items: Iterable[str]) -> Html:
    """A list."""
    return tag("ul", *(tag("li", item) for item in items))


def cards(items: Iterable[str]) -> Html:
    """A list of boxes."""
    return tag("ul", *(tag("li", item) for item in items), class_="cards")


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """What is known of a thing, by name."""
    return tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in pairs))


def moment(when: datetime | None) -> Html:
    """A time to the minute, in UTC; "never" for none."""
    if when is None:
        return text("never")
    return tag("time", f"{when:%Y-%m-%d %H:%M} UTC", datetime=times.render(when))
