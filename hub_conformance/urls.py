"""URLs: which origin one is on, and what of it goes into a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from .errors import OtherOrigin


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of a URL, lower-cased, the default port left out."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}"


def parts_of(url: str) -> SplitResult:
    """Split what a hub gave for a URL. Raises AssertionError when it is none."""
    try:
        found = urlsplit(url)
        _ = found.port  # read when it is asked for
    except ValueError as error:
        reason = str(error)
    else:
        return found
    raise AssertionError(f"{url!r} is no URL ({reason})")


def path_within(origin: str, url: str) -> str:
    """Return path and query of `url`, which may be relative.

    Raises OtherOrigin when it is absolute and of another origin than `origin`, or no URL at all.
    """
    try:
        parts = urlsplit(urljoin(f"{origin}/", url))
        same = origin_of(parts.geturl()) == origin_of(origin) and parts.username is None
    except ValueError:
        same = False
    if not same:
        raise OtherOrigin(f"{url!r} is on another origin than {origin}: the token stays here")
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def encode_query(params: Mapping[str, Any]) -> str:
    """Encode query parameters; a list repeats its key, None leaves it out."""
    kept = {key: value for key, value in params.items() if value is not None}
    return urlencode(kept, doseq=True)
