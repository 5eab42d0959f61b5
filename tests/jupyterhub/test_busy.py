"""A real hub that is busy with other users' work: no rule fails for what strangers do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_conformance.secret import Secret

from ..slow import verdicts
from ..strangers import churning
from .hub import RealHub


@pytest.mark.nightly
def test_strangers_turn_no_rule_red(tmp_path: Path, jupyterhub_61: RealHub) -> None:
    told = {"JUPYTERHUB_API_TOKEN": jupyterhub_61.admin_token}
    chapters = "pagination or groups or users or proxy or tokens"
    with churning(jupyterhub_61.url, Secret(jupyterhub_61.admin_token)) as met:
        options = ("--hub-baseline=jupyterhub", "-m", chapters)
        found = verdicts(tmp_path, jupyterhub_61.url, told, *options)
    assert found["passed"] > 500
    assert len(met) > 50
    assert {status // 100 for status in met} == {2}, "the strangers were not served"
