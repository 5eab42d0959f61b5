"""What is said of a run while it goes on, as `pytest` processes of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hub_conformance.embedded import EmbeddedHub
from hub_conformance.plugin import suite_files
from hub_conformance.report.progress import _FILE, Progress
from hub_conformance.report.result import Tally

Run = Callable[..., pytest.RunResult]

#: Two chapters and a test that is no rule.
RULES = '''
    import pytest
    from hub_conformance import rule, untested

    @pytest.mark.parametrize("cell", range(3))
    @rule("first/cells")
    def test_cells(hub, cell):
        """All but one hold."""
        assert hub.get("/").ok
        assert cell != 1

    def test_no_rule(hub):
        pass

    @rule("second/untested")
    def test_untested():
        """This needs what is not there."""
        untested("nobody is there")
'''
FIRST = r"first 3 rules, 1 failed, \d+ requests/s; 3 of 4 done"
SECOND = r"second 1 rule, 1 untested, \d+ requests/s; 4 of 4 done"
PACKAGED = (
    "identity/version-without-token",
    "identity/no-credentials-no-hint",
    "tokens/created-with-201",
)


@pytest.fixture
def run(pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest against the reference hub in an empty project."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())

    def with_arguments(*arguments: str) -> pytest.RunResult:
        url = f"--hub-url={reference.url}"
        return pytester.runpytest_subprocess("-p", "no:schemathesis", url, *arguments)

    return with_arguments


def lines(result: pytest.RunResult) -> list[str]:
    """The lines about progress."""
    return [line for line in result.outlines if "requests/s" in line]


@pytest.mark.parametrize("verbose", [[], ["-v"]])
def test_chapter_is_told_of_when_it_is_finished(
    pytester: pytest.Pytester, run: Run, verbose: list[str]
) -> None:
    result = run(str(pytester.makepyfile(mine=RULES)), *verbose)
    first, second = lines(result)
    assert re.fullmatch(FIRST, first)
    assert re.fullmatch(SECOND, second)
    last = next(number for number, each in enumerate(result.outlines) if "[100%]" in each)
    assert result.outlines.index(first) < last < result.outlines.index(second)
    assert "\x1b" not in result.stdout.str()
    assert "\r" not in result.stdout.str()
    result.assert_outcomes(passed=3, failed=1, skipped=1)


def test_rate_is_of_the_time_since_the_line_before(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = Progress(cast(Any, SimpleNamespace(tally=Tally())))
    progress.pytest_xdist_node_collection_finished(
        [f"hub_conformance/suite/test_{name}.py::test_it" for name in ("users", "users_many")]
    )
    progress.requests, clock[0] = 50, 100.5
    assert progress._line("users") == "users 2 rules, 100 requests/s; 0 of 2 done"


def test_nothing_is_said_when_quiet(pytester: pytest.Pytester, run: Run) -> None:
    assert lines(run(str(pytester.makepyfile(mine=RULES)), "-q")) == []


def test_chapter_that_was_interrupted_is_not_finished(pytester: pytest.Pytester, run: Run) -> None:
    assert lines(run(str(pytester.makepyfile(mine=RULES)), "-x")) == []


def test_two_workers(run: Run) -> None:
    result = run("-n", "2", *(f"--hub-rule={each}" for each in PACKAGED))
    found = lines(result)
    assert {re.sub(r"\d+ requests.*", "…", line) for line in found} == {
        "identity 2 rules, …",
        "tokens 1 rule, …",
    }
    assert found[-1].endswith("; 3 of 3 done")


def test_two_workers_with_rules_from_elsewhere(pytester: pytest.Pytester, run: Run) -> None:
    """The controller has no way to know their chapters, and says nothing of them."""
    result = run("-n", "2", str(pytester.makepyfile(mine=RULES)))
    assert lines(result) == []
    result.assert_outcomes(passed=3, failed=1, skipped=1)


LISTING = """
    from hub_conformance.rules import rule_of

    def pytest_collection_finish(session):
        for item in session.items:
            print("ITEM", item.path.name, rule_of(item).chapter)
"""


def test_files_of_the_suite_are_named_after_their_chapters(
    pytester: pytest.Pytester, run: Run
) -> None:
    """The controller of pytest-xdist tells a rule's chapter by the name of the file."""
    pytester.makeconftest(LISTING)
    found = {line for line in run("--collect-only", "-q").outlines if line.startswith("ITEM ")}
    assert len(found) == len(suite_files())
    for line in found:
        _, name, chapter = line.split()
        named = _FILE.match(f"hub_conformance/suite/{name}")
        assert named, name
        assert named[1] == chapter
