"""Known defects: which rules a hub is known to break, and why.

A baseline is a TOML file, written by us for each real release (`baselines/jupyterhub-6.1.toml`) or
by an adopter for a hub of their own:

    judged = ["6.1.1"]            # the versions these lines were judged on; all where absent

    [[known]]
    rule = "pagination/total-counts-what-the-filter-leaves"
    cells = ["groups"]            # of a parametrized rule, of its table ("get-user/read:users"),
                                  # or of a rule with a table alone ("read:users"); all where absent
    reason = "…"                  # one sentence with the request and the answer
    severity = "rights"           # optional, one of SEVERITIES
    wrong = "hub"                 # or "document"; optional
    link = "https://…"            # optional
    curl = "curl …"               # optional
    intermittent = false          # true exempts a race from being stale
    only_with = "x = 0"           # optional: the configuration that shows it; elsewhere not stale
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import UsageError
from .target import JUDGED

SHIPPED = Path(__file__).with_name("baselines")
#: What a known defect costs, worst first.
SEVERITIES = ("data loss", "rights", "5xx", "wrong status", "wrong answer", "wrong document")
_TEXTS = ("reason", "severity", "wrong", "link", "curl", "only_with")
_KEYS = {"rule", "cells", "intermittent", *_TEXTS}


@dataclass(frozen=True)
class Known:
    """One known defect; `cell` is "" where the whole rule is meant."""

    rule: str
    reason: str
    cell: str = ""
    severity: str = "wrong answer"
    wrong: str = "hub"
    link: str = ""
    curl: str = ""
    intermittent: bool = False
    only_with: str = ""

    @property
    def may_hold(self) -> bool:
        """Whether a hub of the version it was judged on may keep the rule nevertheless."""
        return self.intermittent or bool(self.only_with)


@dataclass(frozen=True)
class Baseline:
    """Known defects by the id of rule or cell, and the versions they were judged on."""

    name: str
    judged: tuple[str, ...] = ()
    known: Mapping[str, Known] = field(default_factory=dict)

    def find(self, rule: str, cell_id: str) -> Known | None:
        """Return the line for a cell (`rule[cell]`), or for its whole rule."""
        return self.known.get(cell_id) or self.known.get(rule)

    def is_judged_on(self, version: str) -> bool:
        """Whether a line that does not come true on this version is stale."""
        return not self.judged or version in self.judged


EMPTY = Baseline("none")


def find_file(name: str, version: tuple[int, int]) -> Path:
    """Return the file behind `--hub-baseline`: a path, or `jupyterhub` for the shipped one.

    Between two judged versions that is the later one's: each is the newest of its major version,
    so it lists what its predecessors have in common with it. Raises UsageError when there is none.
    """
    if name == "jupyterhub":
        major, minor = next((each for each in JUDGED if each >= version), JUDGED[-1])
        return SHIPPED / f"jupyterhub-{major}.{minor}.toml"
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"--hub-baseline={name}: no such file, and the only baseline that has a name is"
            " `jupyterhub`"
        )
    return path


def load(path: Path) -> Baseline:
    """Read a baseline. Raises UsageError that names the file and what is wrong in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the baseline {path} cannot be read: {error}") from None
    if unknown := sorted(data.keys() - {"judged", "known"}):
        raise UsageError(f"the baseline {path} has unknown keys: {', '.join(unknown)}")
    judged, lines = data.get("judged", []), data.get("known", [])
    if not _is_texts(judged) or not isinstance(lines, list):
        raise UsageError(f"the baseline {path}: `judged` is a list of versions, `known` of tables")
    found: dict[str, Known] = {}
    for number, line in enumerate(lines, 1):
        for each in _read_line(line, f"the baseline {path}, line [[known]] number {number}"):
            key = f"{each.rule}[{each.cell}]" if each.cell else each.rule
            if key in found:
                raise UsageError(f"the baseline {path} lists {key} twice")
            found[key] = each
    return Baseline(path.name, tuple(judged), found)


def _read_line(line: Any, where: str) -> Iterable[Known]:
    if not isinstance(line, dict) or not line.get("rule") or not line.get("reason"):
        raise UsageError(f"{where}: `rule` and `reason` are needed")
    if unknown := sorted(line.keys() - _KEYS):
        raise UsageError(f"{where} has unknown keys: {', '.join(unknown)}")
    texts = {key: line[key] for key in _TEXTS if key in line}
    if not all(isinstance(each, str) for each in [line["rule"], *texts.values()]):
        raise UsageError(f"{where}: rule, {', '.join(_TEXTS)} are texts")
    if line.get("severity", SEVERITIES[0]) not in SEVERITIES:
        raise UsageError(f"{where}: severity is one of {', '.join(SEVERITIES)}")
    cells = line.get("cells", [""])
    if not _is_texts(cells) or not cells or not isinstance(line.get("intermittent", False), bool):
        raise UsageError(f"{where}: `cells` is a list of texts, `intermittent` true or false")
    race = line.get("intermittent", False)
    return [Known(line["rule"], cell=cell, intermittent=race, **texts) for cell in cells]


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def write(path: Path, version: str, failed: Mapping[str, str]) -> None:
    """Write a first baseline from a run: `failed` maps ids of cells to what they said.

    Each reason starts with TO LOOK INTO: a defect is known only when somebody has understood it.
    """
    lines = [f"judged = [{_quoted(version)}]"]
    for cell_id, said in sorted(failed.items()):
        rule, bracket, cell = cell_id.partition("[")
        lines += ["", "[[known]]", f"rule = {_quoted(rule)}"]
        if bracket:
            lines.append(f"cells = [{_quoted(cell.removesuffix(']'))}]")
        lines.append(f"reason = {_quoted(f'TO LOOK INTO: {said}')}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """Return a TOML basic string on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else " " for each in escaped) + '"'
