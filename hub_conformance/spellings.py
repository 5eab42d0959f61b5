"""The forms in which a secret turns up: as it is, escaped, encoded, or turned by a careless hub."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

#: Shorter strings are words, not secrets; blanking them would only mangle the report.
SHORTEST = 6


def spellings(text: str) -> set[str]:
    """Return a secret itself and all that it is looked for as, each of SHORTEST or more."""
    raw = text.encode("utf-8", "surrogatepass")
    plain = {text, text.lower(), text.upper(), text.swapcase(), text[::-1]}
    found = {
        *plain,
        *(form for each in plain for form in _escaped(each)),
        *(form for form in _in_base64(raw)),
        *(quote(form, safe="") for form in _in_base64(raw)),
        raw.hex(),
        raw.hex().upper(),
        "".join(f"%{each:02x}" for each in raw),
        "".join(f"%{each:02X}" for each in raw),
    }
    return {each for each in found if len(each) >= SHORTEST}


def _escaped(text: str) -> set[str]:
    """As percent-encoded, in JSON, HTML and Python's repr of text and bytes."""
    raw = text.encode("utf-8", "surrogatepass")
    quoted = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return {
        *quoted,
        *(_lower_hex(each) for each in quoted),
        *in_json,
        *(each.replace("/", "\\/") for each in in_json),
        html.escape(text),
        repr(text)[1:-1],
        ascii(text)[1:-1],
        repr(raw)[2:-1],
        raw.decode("latin-1"),
    }


def _in_base64(raw: bytes) -> set[str]:
    """What of a secret is the same in base64, whatever stands before and behind it.

    Three bytes are four characters: of a secret that starts in the middle of three, those that
    hold a part of its neighbours too are left out.
    """
    found = set()
    for before in range(3):
        padded = bytes(before) + raw
        whole = len(padded) // 3 * 4
        first = -(-before * 4 // 3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(padded).decode()[first:whole])
    return found


def _lower_hex(quoted: str) -> str:
    first, *rest = quoted.split("%")
    return first + "".join(f"%{each[:2].lower()}{each[2:]}" for each in rest)
