"""Pages of lists.

A request opts in to ``{items, _pagination}`` by its Accept header. Without it the list comes bare,
still cut by ``offset`` and ``limit``, and the limit defaults to the largest page rather than to
the default one, so that old clients see as much as possible.

Source: "Paginating API requests" in JupyterHub's documentation; 6.1.1 for the edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from . import errors
from .call import Call, Query
from .entities import JSON
from .settings import Settings

MEDIA_TYPE = "application/jupyterhub-pagination+json"

T = TypeVar("T")
_FAR = 2**62


@dataclass(frozen=True)
class Window:
    """Which part of a list is asked for."""

    offset: int
    limit: int

    @property
    def end(self) -> int:
        """The offset of the page after this one."""
        return self.offset + self.limit

    def cut(self, items: Iterable[T]) -> list[T]:
        """The items in the window."""
        # Offsets may be larger than anything that can be counted to.
        return list(islice(items, min(self.offset, _FAR), min(self.end, _FAR)))


def is_wanted(accept: str) -> bool:
    """Whether an Accept header asks for pages."""
    return MEDIA_TYPE in (part.strip().lower() for part in accept.split(","))


def window(call: Call) -> Window:
    """The window that a request asks for. Raises a 400 for what is no integer."""
    limit = integer(call.query, "limit")
    if limit is None:
        limit = default_limit(call.hub.settings, is_wanted(call.accept))
    offset = integer(call.query, "offset") or 0
    return Window(abs(offset), clamp_limit(call.hub.settings, limit))


def integer(query: Query, name: str) -> int | None:
    """An integer argument, None if not given."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise errors.bad_argument(name, "an integer") from None


def default_limit(settings: Settings, paginated: bool) -> int:
    """The page size when none is asked for."""
    return settings.api_page_default_limit if paginated else settings.api_page_max_limit


def clamp_limit(settings: Settings, limit: int) -> int:
    """Negative limits lose their sign, zero becomes one, and the maximum is the maximum."""
    return max(min(abs(limit), settings.api_page_max_limit), 1)


def present(call: Call, page: Window, items: JSON, total: int) -> JSON:
    """The items, dressed as a page if the request wants one."""
    return page_model(call, page, items, total) if is_wanted(call.accept) else items


def page_model(call: Call, page: Window, items: JSON, total: int) -> JSON:
    """The items as a page; lists younger than pages come in no other form."""
    return {
        "_pagination": {
            "total": total,
            "offset": page.offset,
            "limit": page.limit,
            "next": next_page(call.url, page, total),
        },
        "items": items,
    }


def next_page(url: str, page: Window, total: int) -> JSON:
    """Where the list goes on; None at its end."""
    if page.end >= total:
        return None
    return {"offset": page.end, "limit": page.limit, "url": next_url(url, page)}


def next_url(url: str, page: Window) -> str:
    """The same URL with the next offset; every other argument is kept."""
    parts = urlsplit(url)
    arguments = parse_qs(parts.query, keep_blank_values=True)
    arguments |= {"offset": [str(page.end)], "limit": [str(page.limit)]}
    return urlunsplit(parts._replace(query=urlencode(arguments, doseq=True)))
