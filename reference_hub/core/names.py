"""Which names the hub accepts for users, groups, services, servers and roles."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_SERVER_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*\Z")
_SERVER_NAME_MAX = 30
_DISPLAY_NAME_MAX = 255
_ROLE_NAME = re.compile(r"[a-z][a-z0-9\-_~.]{1,253}[a-z0-9]\Z")


def normalize_username(name: str) -> str:
    """Lower-case, as the default authenticator does. Bodies are normalised, paths are not."""
    return name.lower()


def is_valid_username(name: str) -> bool:
    """Whether a user may bear the name (any script, no slash, no edge space, not all dots)."""
    return is_encodable(name) and is_plain_name(name) and set(unquote(name)) != {"."}


def is_valid_group_name(name: str) -> bool:
    """Groups take almost any text: even slashes, which clients must escape in the path."""
    return bool(name) and is_encodable(name)


def is_valid_service_name(name: str) -> bool:
    """Like a user's, and without percent-escapes."""
    return is_valid_username(name) and unquote(name) == name


def is_plain_name(name: str) -> bool:
    """The part of the rule that users and services share."""
    return bool(name) and "/" not in name and name == name.strip() and set(name) != {"."}


def is_encodable(text: str) -> bool:
    """Whether UTF-8 has a form for the text: JSON can name half of a surrogate pair."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def is_valid_server_name(name: str) -> bool:
    """A slug, since JupyterHub 6: lower-case ASCII letters, digits, single inner hyphens."""
    return len(name) <= _SERVER_NAME_MAX and _SERVER_NAME.match(name) is not None


def is_valid_display_name(name: str) -> bool:
    """Printable text of 1 to 255 characters with single inner spaces only."""
    if not 1 <= len(name) <= _DISPLAY_NAME_MAX or name != name.strip(" ") or "  " in name:
        return False
    return all(char == " " or _is_visible(char) for char in name)


def _is_visible(char: str) -> bool:
    # Letters, marks, numbers, punctuation, symbols; no separators, no control or private use.
    return unicodedata.category(char)[0] in "LMNPS"


def is_valid_role_name(name: str) -> bool:
    """3 to 255 of lower-case ASCII letters, digits and ``-._~``, a letter first."""
    return _ROLE_NAME.match(name) is not None
