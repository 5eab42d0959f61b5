from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance import baseline
from hub_conformance.errors import UsageError
from hub_conformance.target import JUDGED

GOOD = """
judged = ["6.1.1"]

[[known]]
rule = "tokens/note"
cells = ["list", "object"]
reason = "POST tokens with a list as note answers 500."
severity = "5xx"

[[known]]
rule = "pagination/total"
reason = "GET /groups counts all groups."
intermittent = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "baseline.toml"


def test_lines_are_found_by_cell_and_by_rule(file: Path) -> None:
    file.write_text(GOOD)
    found = baseline.load(file)
    assert found.find("tokens/note", "tokens/note[list]")
    assert found.find("tokens/note", "tokens/note[number]") is None
    assert found.find("pagination/total", "pagination/total[users]")
    assert found.is_judged_on("6.1.1")
    assert not found.is_judged_on("6.1.0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("known = [", "cannot be read"),
        ("wrong = 1", "unknown keys: wrong"),
        ("judged = 6.1", "list of versions"),
        ("[[known]]\nrule = 'x/y'", "`rule` and `reason`"),
        ("[[known]]\nrule = 'x/y'\nreason = 'r'\nwhy = 'x'", "unknown keys: why"),
        ("[[known]]\nrule = 'x/y'\nreason = 1", "are texts"),
        ("[[known]]\nrule = 'x/y'\nreason = 'r'\nseverity = 'bad'", "severity is one of"),
        ("[[known]]\nrule = 'x/y'\nreason = 'r'\ncells = 'list'", "`cells` is a list"),
        ("[[known]]\nrule = 'x/y'\nreason = 'r'\n" * 2, "lists x/y twice"),
    ],
)
def test_bad_file_is_one_clear_error(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        baseline.load(file)


def test_name_stands_for_the_shipped_file() -> None:
    assert baseline.find_file("jupyterhub", (6, 1)).name == "jupyterhub-6.1.toml"
    assert baseline.find_file("jupyterhub", (6, 0)).name == "jupyterhub-6.1.toml"
    assert baseline.find_file("jupyterhub", (5, 0)).name == "jupyterhub-5.5.toml"
    assert all(baseline.find_file("jupyterhub", each).is_file() for each in JUDGED)
    with pytest.raises(UsageError, match="no such file"):
        baseline.find_file("notebook", (6, 1))


@pytest.mark.parametrize("version", JUDGED, ids=str)
def test_shipped_baselines_can_be_read_and_every_line_was_looked_into(
    version: tuple[int, int],
) -> None:
    found = baseline.load(baseline.find_file("jupyterhub", version))
    assert found.judged
    for each in found.known.values():
        assert "TO LOOK INTO" not in each.reason
        assert each.reason.endswith(".")


@given(
    st.dictionaries(
        st.from_regex(r'[a-z]+/[a-z-]+(\[[a-zA-Z0-9 "\\=&{}-]+\])?', fullmatch=True), st.text()
    )
)
def test_written_baseline_can_be_read(failed: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "first.toml")
        baseline.write(path, "6.1.1", failed)
        found = baseline.load(path)
    assert found.judged == ("6.1.1",)
    assert found.known.keys() == failed.keys()
    assert all(each.reason.startswith("TO LOOK INTO") for each in found.known.values())
