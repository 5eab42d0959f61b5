"""Hubs that are well, and slow, or reached by way of a bad line: the verdict is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub_conformance.embedded import EmbeddedHub

from .slow import WAYS, in_front, verdicts


def of_reference(reference: EmbeddedHub) -> dict[str, str]:
    return {
        "JUPYTERHUB_API_TOKEN": reference.token.reveal(),
        "HUB_CONFORMANCE_LOGIN": reference.accounts["login"],
        "HUB_CONFORMANCE_OAUTH_CLIENT": reference.accounts["client"],
    }


def test_chapter_over_a_bad_line(tmp_path: Path, reference: EmbeddedHub) -> None:
    with in_front(reference.url, latency=0.002, loses=60, postponed=5) as server:
        found = verdicts(tmp_path, server.origin, of_reference(reference), "-m", "users or groups")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["postponed"] == 5
    assert report["repeated"] > 0
    assert found["passed"] > 100


def test_rule_of_so_many_writes_that_some_are_always_lost(
    tmp_path: Path, reference: EmbeddedHub
) -> None:
    rule = "--hub-rule=identity/unknown-token-opens-nothing"
    with in_front(reference.url, loses=60) as server:
        found = verdicts(tmp_path, server.origin, of_reference(reference), rule)
    assert found["passed"] == 3  # with the receipt


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
def test_whole_run(tmp_path: Path, reference: EmbeddedHub, way: str) -> None:
    trouble, chapters = WAYS[way]
    with in_front(reference.url, **trouble) as server:
        found = verdicts(tmp_path, server.origin, of_reference(reference), "-m", chapters)
    assert found["passed"] > 1000
    assert not found["untested"]
