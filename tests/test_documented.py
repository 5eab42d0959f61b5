"""What the documentation says of the command line is true, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
#: An option, not followed by more of a longer one.
OPTION = re.compile(r"--hub-[a-z]+(?:-[a-z]+)*")


@pytest.fixture
def options(pytester: pytest.Pytester) -> set[str]:
    """The options in the plugin's group of `pytest --help`."""
    result = pytester.runpytest_subprocess("--help", "-p", "no:schemathesis")
    assert result.ret == 0
    start = r"^conformance of a hub to JupyterHub's REST API:\n"
    group = re.search(rf"{start}(.*?)\n\n", result.stdout.str(), re.DOTALL | re.MULTILINE)
    assert group, result.stdout.str()
    found = re.findall(rf"^  ({OPTION.pattern})", group[0], re.MULTILINE)
    assert "--hub-url" in found
    return set(found)


def named_in(page: Path) -> set[str]:
    return set(OPTION.findall(page.read_text(encoding="utf-8")))


def test_every_option_is_documented(options: set[str]) -> None:
    users = [page for page in PAGES if page.name != "CONTRIBUTING.md"]
    documented = {each for page in users for each in named_in(page)}
    assert sorted(options - documented) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_in_the_documentation_is_there(page: Path, options: set[str]) -> None:
    assert sorted(named_in(page) - options) == []


def test_help_is_given_beside_other_options(pytester: pytest.Pytester) -> None:
    """With `--help` pytest reads no paths, which are what decides what is run."""
    result = pytester.runpytest_subprocess("--help", "--hub-url=reference", "-p", "no:schemathesis")
    assert result.ret == 0
    assert "--hub-url=URL" in result.stdout.str()
