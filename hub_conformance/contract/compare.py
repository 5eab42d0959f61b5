"""`python -m hub_conformance.contract.compare DIRECTORY`: our contract beside other documents.

The directory holds JupyterHub's own description of its API as released, one file `<version>.yml`
each. What is printed is docs/upstream-differences.md: every place where the contract says
otherwise, with what a running hub was seen to do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import facts
from .document import parse_version, pruned
from .facts import Facts, Node
from .printed import OLDEST

NONE = "—"


@dataclass(frozen=True)
class Difference:
    """One thing that two documents say differently. `place` is an operation or a model."""

    aspect: str
    place: str
    what: str
    theirs: str
    ours: str


#: Our models beside theirs, where both give them a name.
MODELS = {
    "User": "User",
    "Server": "Server",
    "ServerRequest": "ServerRequest",
    "Group": "Group",
    "Service": "Service",
    "Token": "Token",
    "NewToken": "NewToken",
    "Identity": "RequestIdentity",
    "Pagination": "Pagination",
    "Share": "Share",
    "ShareCode": "ShareCode",
}


def differences(theirs: Node, ours: Node) -> Iterator[Difference]:
    """Every difference between a document and ours for the same version."""
    yield from _routes(facts.read(theirs), facts.read(ours))
    mine = facts.read(ours)
    for key, their in facts.read(theirs).items():
        if key in mine:
            yield from _operation(their, mine[key])
    for name, their_name in MODELS.items():
        yield from _model(name, theirs, their_name, ours)


def _routes(theirs: Mapping[str, Facts], ours: Mapping[str, Facts]) -> Iterator[Difference]:
    for key in sorted({*theirs, *ours}, key=_by_path):
        if key not in theirs or key not in ours:
            said = ["missing" if key not in side else "there" for side in (theirs, ours)]
            place = (ours.get(key) or theirs[key]).place
            yield Difference("operations", place, "", *said)


def _operation(theirs: Facts, ours: Facts) -> Iterator[Difference]:
    if theirs.scopes != ours.scopes or ours.needs:
        yield Difference("scopes", ours.place, "", _scopes(theirs), _scopes(ours))
    yield from _named("parameters", ours.place, theirs.parameters, ours.parameters)
    yield from _bodies(theirs, ours)
    if theirs.statuses != ours.statuses:
        said = (_listed(sorted(each.statuses)) for each in (theirs, ours))
        yield Difference("statuses", ours.place, "", *said)
    for status in sorted(theirs.statuses & ours.statuses):
        yield from _answers(status, theirs, ours)


def _scopes(side: Facts) -> str:
    together = sorted(" and ".join(f"`{scope}`" for scope in sorted(each)) for each in side.scopes)
    said = " or ".join(together) or "none"
    for field, scopes in side.needs.items():
        said += f"; for `{field}` also " + " and ".join(f"`{scope}`" for scope in scopes)
    return said


def _named(
    aspect: str, place: str, theirs: Mapping[str, str], ours: Mapping[str, str]
) -> Iterator[Difference]:
    for name in sorted({*theirs, *ours}):
        said = theirs.get(name, "missing"), ours.get(name, "missing")
        if said[0] != said[1]:
            yield Difference(aspect, place, name, *said)


def _bodies(theirs: Facts, ours: Facts) -> Iterator[Difference]:
    said = [_body(each) for each in (theirs, ours)]
    if said[0] != said[1]:
        yield Difference("bodies", ours.place, "", *said)
    if theirs.body is None or ours.body is None:
        return
    yield from _named(
        "bodies", ours.place, *(_described(each, each.body) for each in (theirs, ours))
    )
    needed = [
        _listed(sorted(facts.required(each.document, each.body or {}))) for each in (theirs, ours)
    ]
    if needed[0] != needed[1]:
        yield Difference("bodies", ours.place, "required fields", *needed)


def _body(side: Facts) -> str:
    if side.body is None:
        return "no body"
    return "a body" if side.body_required else "a body, may be left out"


def _described(side: Facts, schema: Node | None) -> dict[str, str]:
    found = facts.fields(side.document, schema or {})
    return {name: facts.described(side.document, *nodes) for name, nodes in found.items()}


def _answers(status: int, theirs: Facts, ours: Facts) -> Iterator[Difference]:
    schemas = theirs.answer(status), ours.answer(status)
    said = [
        "no body" if schema is None else facts.described(side.document, schema)
        for side, schema in zip((theirs, ours), schemas, strict=True)
    ]
    if said[0] != said[1]:
        yield Difference("answers", ours.place, str(status), *said)
    elif None not in schemas and not _is_model(ours, schemas[1]):
        found = (
            _described(side, schema) for side, schema in zip((theirs, ours), schemas, strict=True)
        )
        for each in _named("answers", ours.place, *found):
            yield Difference(
                "answers", ours.place, f"{status}, {each.what}", each.theirs, each.ours
            )


def _is_model(side: Facts, schema: Any) -> bool:
    """Whether an answer is one of the models, which are compared once, by themselves."""
    while isinstance(schema, Mapping) and "items" in schema:
        schema = schema["items"]
    name = schema.get("$ref", "").rpartition("/")[2]
    return name in MODELS or name in ("PatchedUser", "TokenOwner", "CookieUser", "Error")


def _model(name: str, theirs: Node, their_name: str, ours: Node) -> Iterator[Difference]:
    schemas = theirs["components"]["schemas"], ours["components"]["schemas"]
    if their_name not in schemas[0] or name not in schemas[1]:
        return
    pair = (theirs, schemas[0][their_name]), (ours, schemas[1][name])
    found = (
        {field: facts.described(document, *nodes) for field, nodes in each.items()}
        for document, each in ((document, facts.fields(document, node)) for document, node in pair)
    )
    yield from _named("fields", name, *found)
    needed = [_listed(sorted(facts.required(document, node))) for document, node in pair]
    if needed[0] != needed[1]:
        yield Difference("fields", name, "required fields", *needed)


def _listed(found: list[Any]) -> str:
    return ", ".join(map(str, found)) or "none"


def _by_path(key: str) -> tuple[str, str]:
    method, _, path = key.partition(" ")
    return path, method


def compared(directory: Path) -> dict[str, list[Difference]]:
    """The differences of each document in a directory, newest first; those before ours left out."""
    import yaml  # not cheap to load

    files = {path.stem: path for path in directory.glob("*.yml")}
    known = sorted((parse_version(each), each) for each in files)
    return {
        version: list(
            differences(yaml.safe_load(files[version].read_text("utf-8")), pruned(number))
        )
        for number, version in reversed(known)
        if number >= OLDEST
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the page; return 4 for a directory without documents."""
    from .differences_page import page

    given = sys.argv[1:] if arguments is None else arguments
    found = compared(Path(given[0])) if len(given) == 1 else {}
    if not found:
        print("usage: python -m hub_conformance.contract.compare DIRECTORY", file=sys.stderr)
        return 4
    print(page(found), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
