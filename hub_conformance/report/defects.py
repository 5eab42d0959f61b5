"""The known defects of real releases as a page, made from the shipped baselines."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ..baseline import SEVERITIES, SHIPPED, Baseline, Known, load

_HEAD = """\
# Defects found in JupyterHub

What the suite finds on clean installations of real releases, worst first. Each was looked into: the
reason says what was sent and what came back. Generated from `hub_conformance/baselines/` by
`python -m hub_conformance defects`; the lines are what `--hub-baseline=jupyterhub` tolerates.
"""


def page() -> str:
    """Return the page in Markdown."""
    baselines = [load(path) for path in sorted(SHIPPED.glob("*.toml"), reverse=True)]
    lines = [_HEAD]
    for severity in SEVERITIES:
        found = [_section(each, severity) for each in baselines]
        if any(found):
            lines += [f"## {severity.capitalize()}", ""]
            lines += [line for section in found for line in section]
    return "\n".join(lines).rstrip() + "\n"


def _section(baseline: Baseline, severity: str) -> list[str]:
    known = [each for each in baseline.known.values() if each.severity == severity]
    if not known:
        return []
    lines = [f"### JupyterHub {', '.join(baseline.judged)}", ""]
    for reason, group in groupby(sorted(known, key=lambda each: each.reason), _reason):
        lines += _defect(reason, list(group))
    return lines


def _reason(known: Known) -> str:
    return known.reason


def _defect(reason: str, group: list[Known]) -> list[str]:
    """Return the lines of one defect, which may break several rules and cells."""
    first = group[0]
    lines = [f"- {reason}", f"  Wrong is the {first.wrong}; rules: {_rules(group)}."]
    if first.only_with:
        lines.append(f"  Only with {first.only_with}.")
    if first.link:
        lines.append(f"  See <{first.link}>.")
    if first.curl:
        lines += ["", "  ```bash", f"  {first.curl}", "  ```"]
    return [*lines, ""]


def _rules(group: Iterable[Known]) -> str:
    return ", ".join(f"`{rule}`" for rule in dict.fromkeys(each.rule for each in group))
