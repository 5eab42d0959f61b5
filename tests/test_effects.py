"""Every operation of the contract is called by a rule that then reads what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Set
from textwrap import dedent

import pytest

from hub_conformance import contract

PLUGINS = ("-p", "recorder", "-p", "no:schemathesis", "-p", "no:cacheprovider")
READS = {"GET", "HEAD"}
#: Loaded into the run: each answer with the rule that it came to.
RECORDER = """
    import json
    from hub_conformance import contract
    from hub_conformance.rules import rule_of
    from hub_conformance.session import Run

    kept, seen, now = Run.after, [], [""]

    def after(self, answer):
        kept(self, answer)
        request = answer.request
        path = request.path.removeprefix(self.target.api) if self.target else request.path
        operation = contract.match(request.method, path)
        seen.append([now[0], request.method, operation or "", answer.status])

    Run.after = after

    def pytest_runtest_setup(item):
        found = rule_of(item)
        now[0] = f"{found.id}[{item.name}]" if found else ""

    def pytest_unconfigure(config):
        with open("seen.json", "w") as file:
            json.dump(seen, file)
"""
#: Chapters whose rules ask who may, or what is refused, and not what an operation does.
OF_OTHER_MATTERS = ("scopes/", "errors/", "fuzz/")
#: What reads nothing back: the hub is gone after it.
LAST = {"post-shutdown"}
#: What a hub refuses to everybody unless it is configured as those of before 2.0 were.
NEVER_DONE = {"post-user-admin-access"}

Seen = dict[str, list[tuple[str, str, int]]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What each rule of a whole run asked, in order: method, operation, status."""
    folder = tmp_path_factory.mktemp("effects")
    (folder / "recorder.py").write_text(dedent(RECORDER))
    chosen = ("-m", "not fuzz", "--hub-url=reference", "--hub-destructive")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLUGINS, *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    rules: Seen = defaultdict(list)
    for rule, *asked in json.loads((folder / "seen.json").read_text()):
        if not rule.startswith(OF_OTHER_MATTERS):
            rules[rule].append(tuple(asked))
    return rules


def test_every_operation_has_a_rule_about_what_it_does(seen: Seen) -> None:
    operations = contract.operations("6.1")
    lacking = {
        each.id
        for each in operations.values()
        if each.successes
        and not any(does(each.id, each.successes, asked) for asked in seen.values())
    }
    assert lacking == NEVER_DONE


def does(operation: str, successes: Set[int], asked: list[tuple[str, str, int]]) -> bool:
    """Whether a rule carried the operation out and, where it writes, read something after it."""
    for at, (method, called, status) in enumerate(asked):
        if called == operation and status in successes:
            later = [each for each, _, _ in asked[at + 1 :]]
            if method in READS or operation in LAST or READS.intersection(later):
                return True
    return False
