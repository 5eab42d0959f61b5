"""docs/upstream-differences.md: tables of the differences, each row with what a hub did."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from .compare import Difference

INTRODUCTION = """\
# Where the contract and JupyterHub's own API description differ

This page compares `hub_conformance/contract/openapi.yaml` with the OpenAPI documents that
JupyterHub was released with, operation by operation: routes, scopes, parameters, request bodies,
statuses, answers, and the fields of models. Each row says what the released document has, what
the contract has instead, and what a running hub answered: requests are those below `/hub/api`,
made with an admin service's token on JupyterHub {newest} unless the row says otherwise, and `…`
stands for a secret or for more of the same. A row stands under the newest document it holds for,
the column *also in* names the older ones. Only the structure is compared, no text. An integer
where the document says number, a null that it leaves out, or a field that is always there are
listed too: that is what makes a generated client or a test of answers go wrong. A 400 that a row
shows with `%FF` is the answer to any path that is no UTF-8. A null marked † is what the hub's
source allows, for one in an older database; a fresh hub could not be brought to show it. The page
is written by `python -m hub_conformance.contract.compare DIRECTORY` from the documents and a table
of what the hub answered (`evidence.json` beside the contract); change those, not this page.
"""

#: Each kind of difference and the title of its table.
SECTIONS = {
    "operations": "Operations",
    "scopes": "Scopes that open an operation",
    "parameters": "Parameters of the query",
    "bodies": "Request bodies",
    "statuses": "Statuses",
    "answers": "Answers",
    "fields": "Fields of models",
}
HEAD = "| where | what | document | contract | seen | also in |\n|---|---|---|---|---|---|"
#: More than two lines say nothing that two do not, except where each is of another status.
SHOWN = 2

Evidence = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Row:
    """Places that differ in the same way, in the same versions."""

    places: tuple[str, ...]
    difference: Difference
    also: tuple[str, ...]
    seen: tuple[str, ...]


@cache
def evidence() -> Evidence:
    """What real hubs answered, by aspect, place, and what of it is meant."""
    text = files(__package__).joinpath("evidence.json").read_text(encoding="utf-8")
    found: dict[str, list[str]] = json.loads(text)
    return found


def page(found: Mapping[str, Sequence[Difference]]) -> str:
    """The whole page, for the differences of each version, newest first."""
    versions = list(found)
    parts = [INTRODUCTION.format(newest=versions[0])]
    for number, version in enumerate(versions):
        newer = {each for earlier in versions[:number] for each in found[earlier]}
        new = [each for each in found[version] if each not in newer]
        parts += [f"## JupyterHub {version}\n", *_sections(new, version, found)]
    return "\n".join(parts)


def _sections(
    new: Sequence[Difference], version: str, found: Mapping[str, Sequence[Difference]]
) -> Iterator[str]:
    if not new:
        yield "Nothing that newer documents do not have too.\n"
    for aspect, title in SECTIONS.items():
        rows = merged(_row(each, version, found) for each in new if each.aspect == aspect)
        if rows:
            yield f"### {title}\n"
            yield HEAD
            yield "\n".join(map(_line, rows)) + "\n"


def _row(each: Difference, version: str, found: Mapping[str, Sequence[Difference]]) -> Row:
    older = list(found)[list(found).index(version) + 1 :]
    also = tuple(other for other in older if each in found[other])
    if len(also) == len(older) > 1:
        also = ("all older ones",)
    return Row((each.place,), each, also, tuple(seen(each, version)))


def seen(each: Difference, version: str) -> Iterator[str]:
    """What a hub answered that bears a difference out."""
    minor = ".".join(version.split(".")[:2])
    for what in _meant(each):
        key = f"{each.aspect}|{each.place}|{what}"
        lines = evidence().get(f"{key}@{minor}")
        if lines is not None:
            yield from (f"{line} ({minor})" for line in lines)
        else:
            yield from evidence().get(key, ())


def _meant(each: Difference) -> Iterable[str]:
    """The last part of the keys of a difference in the table of what was seen."""
    if each.aspect != "statuses":
        return [each.what]
    theirs, ours = (side.split(", ") for side in (each.theirs, each.ours))
    return [status for status in ours if status not in theirs]


def merged(rows: Iterable[Row]) -> list[Row]:
    """Put places together that differ in the same way; of statuses each stays by itself."""
    together: dict[tuple[object, ...], Row] = {}
    for row in rows:
        each = row.difference
        apart = each.place if each.aspect in ("statuses", "operations", "fields") else ""
        key = (each.what, each.theirs, each.ours, row.also, apart)
        known = together.get(key)
        together[key] = row if known is None else _joined(known, row)
    return [
        replace(each, seen=each.seen[: SHOWN if len(each.places) == 1 else len(each.places)])
        if each.difference.aspect in ("parameters", "bodies", "answers", "fields")
        else each
        for each in together.values()
    ]


def _joined(one: Row, other: Row) -> Row:
    # One line for each place: the first says most.
    return replace(
        one,
        places=(*one.places, *other.places),
        seen=(*one.seen[: len(one.places)], *other.seen[:1]),
    )


def _line(row: Row) -> str:
    each = row.difference
    cells = [
        ", ".join(f"`{place}`" for place in row.places),
        each.what if " " in each.what or not each.what else f"`{each.what}`",
        each.theirs,
        each.ours + (" †" if _unseen_null(row) else ""),
        "<br>".join(map(_code, row.seen)),
        ", ".join(row.also),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _unseen_null(row: Row) -> bool:
    each = row.difference
    allowed = "null" in each.ours and "null" not in each.theirs
    return allowed and each.aspect == "fields" and not any("null" in line for line in row.seen)


def _code(text: str) -> str:
    """A code span, fenced so that back ticks inside it do no harm."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
