"""A hub that is busy with other users' work: no rule fails for what strangers do."""

from __future__ import annotations

import pytest

from hub_conformance import plugin
from hub_conformance.embedded import EmbeddedHub

from .strangers import READING, churning


def test_strangers_turn_no_rule_red(
    pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    files = [str(plugin.SUITE / f"test_{each}.py") for each in READING]
    arguments = ("-p", "no:schemathesis", f"--hub-url={reference.url}", *files)
    with churning(reference.url, reference.token) as met:
        result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == 0, "\n".join(result.outlines)
    assert len(met) > 20  # a second of theirs; the run takes a few
    assert {status // 100 for status in met} == {2}, "the strangers were not served"
