from __future__ import annotations

from pathlib import Path

from hub_conformance import baseline
from hub_conformance.report.defects import page

PAGE = Path(__file__).parents[2] / "docs" / "jupyterhub-defects.md"


def test_page_is_what_the_baselines_say() -> None:
    assert PAGE.read_text() == page(), (
        "python -m hub_conformance defects > docs/jupyterhub-defects.md"
    )


def test_page_names_every_known_rule() -> None:
    for path in baseline.SHIPPED.glob("*.toml"):
        for each in baseline.load(path).known.values():
            assert f"`{each.rule}`" in page()
