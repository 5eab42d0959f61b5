"""A writing request's path and body, read in the one way that every hub reads them.

A request that two readers can take in two ways (a path that a proxy resolves, a key that stands
twice in an object, a header that makes a DELETE of a POST) would be judged by one reading and
carried out by the other. Such a request is refused here, with OutOfBounds.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from .client import READING, Request
from .errors import OutOfBounds

_METHODS = READING | {"POST", "PUT", "PATCH", "DELETE"}
#: Headers by which some servers take another method, path, host or length than the first lines say.
_STEERING = frozenset(
    {
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "host",
        "content-length",
        "transfer-encoding",
        "content-encoding",
    }
)
#: A path as RFC 3986 has it: no query, no fragment, no backslash, nothing unencoded.
_PATH = re.compile(
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]*(%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)+"
)
#: More layers of percent-encoding than anybody peels off.
_LAYERS = 8
#: What stands for "this is no JSON, or not the same JSON for everybody".
UNREADABLE = object()


def check_head(request: Request) -> None:
    """Raise OutOfBounds for an unknown method, or a header that steers the request elsewhere."""
    if request.method not in _METHODS:
        raise OutOfBounds(f"{request.method!r} {request.path} may do anything; it was not sent")
    for header in request.headers:
        if header.lower().replace("_", "-") in _STEERING:
            raise OutOfBounds(f"{request.path} has the header {header}; it was not sent")


def segments(path: str) -> list[str]:
    """Return a path's segments, decoded once, without an empty one at the end.

    Raises OutOfBounds when a proxy or a hub may resolve the path to another one: dot segments
    however encoded, empty segments, and bytes that are no UTF-8.
    """
    parts = path.removesuffix("/").split("/")[1:]
    if "" in parts or not _PATH.fullmatch(path):
        raise OutOfBounds(f"{path!r} has empty segments, or is not encoded; it was not sent")
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise OutOfBounds(f"{path!r} is no UTF-8; it was not sent") from None
    if climbs(path):
        raise OutOfBounds(f"{path!r} has dot segments; it was not sent")
    return [unquote(part) for part in parts]


def climbs(name: str) -> bool:
    """Whether a path, or a name that becomes part of one, has dot segments for some reader."""
    for _ in range(_LAYERS):
        pieces = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))
        if any(piece.partition(";")[0].strip() in (".", "..") for piece in pieces):
            return True
        if (decoded := unquote(name)) == name:
            return False
        name = decoded
    return True


def json_of(request: Request) -> Any:
    """Return the body as JSON: None for no body, UNREADABLE for one that is not plainly JSON.

    Plainly: in UTF-8, of no type that makes a form of it, and no key twice in an object, not even
    in another case.
    """
    if not request.body:
        return None
    if not _is_plain(_content_type(request)):
        return UNREADABLE
    try:
        return json.loads(request.body.decode("utf-8"), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        return UNREADABLE


def _content_type(request: Request) -> str:
    found = [value for key, value in request.headers.items() if key.lower() == "content-type"]
    return ",".join(found).lower()


def _is_plain(content_type: str) -> bool:
    charset = re.search(r"charset\W*([\w-]+)", content_type)
    is_form = "form" in content_type or "multipart" in content_type
    return not is_form and (not charset or charset[1] in ("utf-8", "utf8", "us-ascii"))


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len({key.casefold() for key in found}) < len(pairs):
        raise ValueError("a key stands twice")
    return found
