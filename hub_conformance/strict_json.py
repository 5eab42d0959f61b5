"""JSON as RFC 8259 has it, which is what every reader takes for the same.

Python's own reader lets pass what others refuse, or read otherwise: NaN, UTF-16, a byte order mark,
a key that stands twice, half a surrogate pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

Object = dict[str, Any]
_MAY_BE_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def loads(body: bytes | str, object_hook: Callable[[Object], Any] | None = None) -> Any:
    """Return what a text says; each object as `object_hook` returns it.

    Raises ValueError for what is no JSON, or nested deeper than anybody reads.
    """

    def made(pairs: list[tuple[str, Any]]) -> Any:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a key stands twice in an object")
        return object_hook(found) if object_hook else found

    text = body.decode("utf-8") if isinstance(body, bytes) else body
    try:
        found = json.loads(text, object_pairs_hook=made, parse_constant=_refuse)
        if _MAY_BE_HALF.search(text):
            json.dumps(json.loads(text), ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deep") from None
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no character") from None
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
