"""Pages as the core gives them: plain HTML, and what the browser shall do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from .call import Query
from .errors import HubError
from .hub import Hub
from .sessions import Session


@dataclass(frozen=True)
class Visit:
    """A browser's request. `session` is None for strangers; `xsrf` is what a form has to carry.

    `address` is path and query as sent; `form` has the fields of a form that was sent.
    """

    hub: Hub
    session: Session | None
    xsrf: str
    query: Query
    form: Mapping[str, Sequence[str]]
    address: str

    def field(self, name: str) -> str:
        """The last value of a form's field, "" without one."""
        return (self.form.get(name) or [""])[-1]

    def known(self) -> Session:
        """The session. Raises a 403 without one; pages ask for a login before that."""
        if self.session is None:
            raise HubError(403, "Log in first.")
        return self.session


@dataclass(frozen=True)
class Page:
    """An answer for people: HTML, or where to go next. `opens` is the cookie of a new session."""

    html: str = ""
    status: int = 200
    location: str = ""
    opens: tuple[Session, str] | None = None
    closes: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def redirect(location: str) -> Page:
    """Go there."""
    return Page(status=302, location=location)


def document(title: str, *parts: str, status: int = 200) -> Page:
    """A page of these parts, which are HTML already."""
    body = "\n".join(parts)
    # Without the width a phone shows the page as wide as a desktop's, too small to read.
    width = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
    head = f"<head><meta charset='utf-8'>{width}<title>{escape(title)}</title></head>"
    inner = f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>"
    return Page(f"<!DOCTYPE html>\n<html lang='en'>{head}\n{inner}</html>", status)


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def listing(items: Iterable[str]) -> str:
    """A list of plain texts."""
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def form(xsrf: str, button: str, *fields: str, action: str = "") -> str:
    """A form that is sent to `action`, or to where it stands."""
    inner = "".join([hidden("_xsrf", xsrf), *fields])
    return (
        f'<form method="post" action="{escape(action)}">{inner}'
        f"<button>{escape(button)}</button></form>"
    )


def hidden(name: str, value: str) -> str:
    """A field that nobody sees."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def error_page(error: HubError) -> Page:
    """A refusal for people."""
    return document(f"{error.status}", paragraph(error.message), status=error.status)
