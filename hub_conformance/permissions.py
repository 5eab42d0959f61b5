"""The role of the user whose token a run is given: what each chapter needs of it, as a page.

Tokens with some scopes are issued to that user where the hub's admin flag is missing, for then no
admin can be made whom they could belong to; so the user must hold what they are issued with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .contract import operations, scope_table
from .contract.scopes import subscopes
from .operations import RECIPES
from .target import NEWEST, parse_version

ROLE = "hub-conformance"
#: Scopes that are no rights of their own.
_META = frozenset({"(no_scope)", "self", "inherit", "all"})
#: Only who holds every scope makes a service that does.
_ALL = (
    "admin-ui",
    "admin:users",
    "read:roles",
    "admin:servers",
    "tokens",
    "admin:groups",
    "admin:services",
    "read:hub",
    "access:services",
    "shares",
    "proxy",
    "shutdown",
    "read:metrics",
)
#: What a chapter needs: without one of these some of it is untested, without any other all runs.
CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "access": ("admin:users", "tokens", "admin:servers", "shares"),
    "activity": ("admin:users", "tokens", "admin:servers"),
    "errors": (
        "admin:users",
        "tokens",
        "admin:servers",
        "admin:groups",
        "admin:services",
        "shares",
    ),
    "fuzz": (
        "admin:users",
        "tokens",
        "admin:servers",
        "admin:groups",
        "admin:services",
        "read:hub",
        "shares",
        "proxy",
        "shutdown",
        "read:metrics",
    ),
    "groups": ("admin:users", "admin:groups", "shares"),
    "identity": (
        "admin:users",
        "tokens",
        "admin:groups",
        "admin:services",
        "read:hub",
        "proxy",
        "shutdown",
    ),
    "info": ("admin:users", "tokens", "admin:servers", "read:hub", "shutdown", "read:metrics"),
    "oauth": ("tokens", "admin:services"),
    "pagination": (
        "admin:users",
        "read:roles",
        "tokens",
        "admin:servers",
        "admin:groups",
        "read:hub",
        "proxy",
    ),
    "proxy": ("admin:users", "admin:servers", "admin:services", "proxy"),
    "scopes": _ALL,
    "servers": ("admin:users", "tokens", "admin:servers", "shares", "proxy"),
    "services": _ALL,
    "sessions": ("admin:users", "tokens", "admin:servers", "shares"),
    "shares": ("admin:users", "tokens", "admin:servers", "admin:groups", "shares"),
    "tokens": ("admin:users", "tokens", "admin:servers", "admin:groups", "admin:services"),
    "users": ("admin:users", "tokens", "admin:servers", "admin:groups", "shares"),
}
#: What takes the hub's admin flag: an admin has to be made. Rules, or one of their cells.
ADMIN_ONLY: tuple[str, ...] = (
    "activity/what-others-do-is-none-of-the-users",
    "errors/absent-object-is-not-found",
    "errors/field-of-another-type-is-refused",
    "errors/json-needs-no-content-type",
    "errors/other-content-types",
    "errors/unknown-key-is-refused",
    "fuzz/links",
    "fuzz/operation",
    "groups/membership-changes-nothing-else",
    "identity/admin-follows-promotion",
    "identity/admin-values",
    "identity/expired-token-opens-nothing",
    "identity/no-basic-authentication-anywhere",
    "identity/not-yet-expired-token",
    "identity/revoked-token-opens-nothing",
    "identity/scopes-of-an-admin",
    "identity/token-counts-in-its-header-only",
    "identity/token-of-a-deleted-user",
    "pagination/changes-of-users-are-listed-at-once",
    "scopes/admin-is-made-with-admin-users",
    "scopes/admins-rights",
    "scopes/existence-does-not-leak",
    "scopes/filter-of-another-kind-refuses",
    "scopes/filter-that-covers-the-object-opens",
    "scopes/filter-that-names-others-refuses",
    "scopes/filters-of-one-scope-add-up",
    "scopes/limited-token-of-an-admin-is-limited-on-themselves",
    "scopes/lost-admin-status-counts-at-once",
    "scopes/lost-group-filter-opens-nothing",
    "scopes/one-scope-alone-opens-its-operations",
    "scopes/other-scopes-do-not-open-an-operation",
    "scopes/part-of-ones-rights-opens-its-part",
    "scopes/plain-users-rights-on-their-own",
    "scopes/refused-write-leaves-no-trace",
    "scopes/service-without-roles-opens-nothing",
    "scopes/token-and-owner-meet",
    "scopes/token-opens-nothing-its-owner-lost",
    "scopes/won-admin-status-counts-at-once",
    "scopes/won-back-scopes-count-again",
    "servers/token-of-a-deleted-user-is-kept-out",
    "tokens/admin-inherits-an-admins-scopes",
    "tokens/expired-token-is-gone",
    "tokens/expired-token-is-not-listed",
    "tokens/expired-token-is-refused",
    "tokens/issued-by-an-admin-is-not-the-admins",
    "tokens/scopes-end-with-the-owners-rights",
    "tokens/self-is-ones-own",
    "tokens/unexpired-token-is-listed",
    "tokens/unknown-scope-is-refused",
    "users/admin-on-and-off",
    "users/admin-status-changes-nothing-else",
    "users/all-existing-is-409",
    "users/create-makes-an-admin",
    "users/create-of-an-existing-one-is-409",
    "users/deleted-name-is-free-for-a-new-user",
    "users/existing-ones-are-passed-over",
    "users/name-and-admin-change-together",
    "users/new-name-must-be-valid",
    "users/nobody-deletes-themselves",
    "users/refused-authentication-state-changes-nothing",
    "users/refused-change-changes-nothing",
    "users/refused-create-makes-no-user",
    "users/rename-keeps-the-admin",
    "users/rename-to-a-taken-name-changes-nothing",
    "users/renamed-to-an-odd-name-and-back",
    "users/renamed-to-no-spelling-of-a-taken-name",
    "users/several-admins-at-once",
    "users/several-need-names",
)

_HEAD = f"""\
# Permissions

An admin's token, or that of a service with `admin: True`, may do all that the suite asks for. This
is the least. Generated from `hub_conformance/operations.py` and the scopes of the contract by
`python -m hub_conformance permissions`.

## The role

For the configuration of a JupyterHub {NEWEST}, with the name of the user whose token the run is
given (`--version=X.Y` prints that of another):

```python
"""


def role(version: str) -> list[str]:
    """The scopes of the role: those that no other one of them brings along."""
    table = scope_table(version)
    below = {each for name in table for each in subscopes(name, table) - {name}}
    return [name for name in table if name not in below | _META]


def page(version: str = NEWEST) -> str:
    """Return the page in Markdown. Raises ValueError for no version."""
    parse_version(version)
    scopes = role(version)
    lines = [_HEAD + _snippet(scopes), "```", "", *_chapters(scopes)]
    return "\n".join([*lines, "", *_opened(version, scopes), "", *_of_admins()]) + "\n"


def _snippet(scopes: Iterable[str]) -> str:
    told = "".join(f'            "{each}",\n' for each in scopes)
    return f"""c.JupyterHub.load_roles = [
    {{
        "name": "{ROLE}",
        "users": ["…"],
        "scopes": [
{told}        ],
    }}
]"""


def _chapters(scopes: list[str]) -> list[str]:
    lines = [
        "## Chapters",
        "",
        "Without one of its scopes a chapter runs as far as it gets; the rest of it is *untested*.",
        "",
        "| chapter | scopes |",
        "|---|---|",
    ]
    for chapter, needed in CHAPTERS.items():
        named = [f"`{each}`" for each in scopes if each in needed]
        lines.append(f"| {chapter} | {', '.join(named)} |")
    return lines


def _opened(version: str, scopes: list[str]) -> list[str]:
    """What each scope of the role is asked for: the operations that it opens."""
    table, known = scope_table(version), operations(version)
    lines = ["## What the scopes are for", "", "| scope | operations |", "|---|---|"]
    for scope in scopes:
        held = subscopes(scope, table)
        opened = [
            f"`{each}`"
            for each in RECIPES
            if each in known and any(needed.scope in held for needed in known[each].scopes)
        ]
        lines.append(f"| `{scope}` | {', '.join(opened) or 'tokens with this scope alone'} |")
    return lines


def _of_admins() -> list[str]:
    return [
        "## What takes the hub's admin flag",
        "",
        "Only an admin makes admins, and an admin is who limited tokens belong to elsewhere. With",
        "the token of a user who has the role and not the flag these are *untested*:",
        "",
        *(f"- `{each}`" for each in ADMIN_ONLY),
    ]
