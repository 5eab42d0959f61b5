"""The suite on real JupyterHubs, as a process of its own, the way a user runs it.

What a real hub gets wrong is listed in `hub_conformance/baselines/`, each line with its reason;
anything else that fails, and anything listed that does not, fails here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from .hub import RealHub
from .snapshot import Snapshot, snapshot

LIMIT_SECONDS = 600
#: What `RealHub` has in every version, and from 5.0 on.
EVER = "named-servers,spawn,public-url"
SINCE_5 = f"{EVER},shares,services"
#: What is only checked with `--hub-destructive`; the last one ends the hub.
DESTRUCTIVE = (
    "proxy/change-of-nothing-checks-the-routes",
    "services/configured-one-is-not-removed",
    "info/shutdown-ends-the-hub",
)


@dataclass(frozen=True)
class Outcome:
    """How a run ended: verdict by rule (with its cell), exit status, what it printed."""

    verdicts: dict[str, str]
    status: int
    printed: str

    def of(self, verdict: str) -> set[str]:
        """The rules that ended in this verdict, without their cells."""
        return {rule.partition("[")[0] for rule, found in self.verdicts.items() if found == verdict}

    def __str__(self) -> str:
        return f"exit {self.status}, {Counter(self.verdicts.values())}\n{self.printed[-6000:]}"


def run_suite(
    folder: Path, hub: RealHub, token: str, *arguments: str, url: str | None = None
) -> Outcome:
    """Run `pytest --hub-url=…` in an empty folder, by default on the hub's public address."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--hub-url={url or hub.url}",
        "--junitxml=junit.xml",
    ]
    done = subprocess.run(
        [*command, "--hub-baseline=jupyterhub", "-p", "no:schemathesis", *arguments],
        cwd=folder,
        env={**os.environ, **accounts(hub), "JUPYTERHUB_API_TOKEN": token, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    report = ET.parse(folder / "junit.xml")
    properties = [
        {each.get("name"): each.get("value") for each in case.iter("property")}
        for case in report.iter("testcase")
    ]
    verdicts = {str(each["rule"]): str(each["verdict"]) for each in properties if "rule" in each}
    return Outcome(verdicts, done.returncode, done.stdout + done.stderr)


def accounts(hub: RealHub) -> dict[str, str]:
    """Who logs in, and the OAuth client, as a run is given them."""
    return {"HUB_CONFORMANCE_LOGIN": hub.login, "HUB_CONFORMANCE_OAUTH_CLIENT": hub.oauth_client}


def state(hub: RealHub) -> Snapshot:
    return snapshot(hub.api_url, hub.service_token)


def check(hub: RealHub, outcome: Outcome, before: Snapshot) -> None:
    """What holds for every run on a real hub: only known failures, nothing left, no secret."""
    assert not outcome.of("failed") | outcome.of("stale") | outcome.of("error"), outcome
    assert before.differences(state(hub)) == []
    tokens = (hub.admin_token, hub.service_token, hub.user_token)
    for secret in (*tokens, hub.password, hub.oauth_secret):
        assert secret not in outcome.printed


def check_fuzzing_is_deep(report: Path) -> None:
    """Most valid generated requests are carried out, on every operation some."""
    cases = {
        each["id"]: each["cases"]
        for each in json.loads(report.read_text())["rules"]
        if each["cases"] and each["cases"]["valid"]
    }
    assert len(cases) > 50, cases.keys()
    shallow = {
        name: each for name, each in cases.items() if each["valid accepted"] < 0.2 * each["valid"]
    }
    assert not shallow
    accepted = sum(each["valid accepted"] for each in cases.values())
    assert accepted >= 0.6 * sum(each["valid"] for each in cases.values())


def test_61_keeps_the_contract_but_for_what_is_known(
    jupyterhub_61: RealHub, tmp_path: Path
) -> None:
    hub, before = jupyterhub_61, state(jupyterhub_61)
    limits = "--hub-page-limits=5:8"
    options = (f"--hub-expect={SINCE_5}", "--hub-report=report.json", limits)
    outcome = run_suite(tmp_path, hub, hub.admin_token, *options)
    check(hub, outcome, before)
    check_fuzzing_is_deep(tmp_path / "report.json")
    assert outcome.status == 0, outcome
    assert len(outcome.of("passed")) >= 120, outcome
    assert outcome.of("known"), outcome
    assert not outcome.of("untested"), outcome
    assert outcome.of("not requested") == set(DESTRUCTIVE), outcome


def test_61_with_other_limits_than_it_is_said_to_have(
    jupyterhub_61: RealHub, tmp_path: Path
) -> None:
    """A maximum that is one off is only seen by who knows the right one."""
    rule = "pagination/limits-are-the-configured-ones"
    for said in ("5:9", "4:8"):
        arguments = (f"--hub-rule={rule}", f"--hub-page-limits={said}")
        outcome = run_suite(tmp_path, jupyterhub_61, jupyterhub_61.admin_token, *arguments)
        assert outcome.of("failed") == {rule}, outcome


def test_61_with_what_changes_the_whole_hub(tmp_path: Path) -> None:
    with RealHub("6.1") as hub:
        rules = [f"--hub-rule={each}" for each in DESTRUCTIVE]
        outcome = run_suite(tmp_path, hub, hub.admin_token, "--hub-destructive", *rules)
    assert outcome.of("passed") == set(DESTRUCTIVE), outcome


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("2.3", marks=pytest.mark.nightly),
        pytest.param("3.1", marks=pytest.mark.nightly),
        "4.1",
        pytest.param("5.5", marks=pytest.mark.nightly),
    ],
)
def test_older_release_keeps_the_contract_but_for_what_is_known(
    version: str, tmp_path: Path
) -> None:
    declared = SINCE_5 if version.startswith("5") else EVER
    with RealHub(version) as hub:
        before = state(hub)
        outcome = run_suite(tmp_path, hub, hub.admin_token, f"--hub-expect={declared}")
        check(hub, outcome, before)
    assert outcome.status == 0, outcome
    assert ": conformant; " in outcome.printed, outcome
    assert len(outcome.of("passed")) >= 120, outcome
    assert not outcome.of("untested"), outcome


def test_61_with_its_default_page_limits_and_a_service_token(
    jupyterhub_61_defaults: RealHub, tmp_path: Path
) -> None:
    hub, before = jupyterhub_61_defaults, state(jupyterhub_61_defaults)
    outcome = run_suite(tmp_path, hub, hub.service_token, "-n", "2")
    check(hub, outcome, before)
    assert outcome.status == 0, outcome
    assert len(outcome.of("passed")) >= 120, outcome


def test_61_by_its_internal_address(jupyterhub_61: RealHub, tmp_path: Path) -> None:
    hub, before = jupyterhub_61, state(jupyterhub_61)
    chapters = ("-m", "identity or servers")
    outcome = run_suite(tmp_path, hub, hub.admin_token, *chapters, url=hub.internal_url)
    check(hub, outcome, before)
    assert outcome.of("not requested"), outcome
    assert "--hub-public-url" in outcome.printed
    one = ("--hub-rule=servers/no-credential-is-kept-out", "--hub-expect=public-url")
    declared = run_suite(tmp_path, hub, hub.admin_token, *one, url=hub.internal_url)
    assert declared.status == 1
    assert declared.of("untested") == {"servers/no-credential-is-kept-out"}, declared
    public = f"--hub-public-url={hub.url}"
    named = run_suite(tmp_path, hub, hub.admin_token, public, *chapters, url=hub.internal_url)
    check(hub, named, before)
    assert not named.of("not requested"), named


def test_61_with_the_token_of_a_plain_user(jupyterhub_61: RealHub, tmp_path: Path) -> None:
    hub, before = jupyterhub_61, state(jupyterhub_61)
    outcome = run_suite(tmp_path, hub, hub.user_token)
    check(hub, outcome, before)
    assert outcome.status == 1
    assert outcome.of("passed"), outcome
    assert outcome.of("untested"), outcome


def test_61_under_a_base_url_without_named_servers(tmp_path: Path) -> None:
    with RealHub("6.1", base_url="/jupyter", named_servers=False) as hub:
        before = state(hub)
        outcome = run_suite(tmp_path, hub, hub.admin_token)
        check(hub, outcome, before)
        assert outcome.status == 0, outcome
        assert "not on this hub: named-servers" in outcome.printed
        declared = run_suite(
            tmp_path, hub, hub.admin_token, "-m", "servers", "--hub-expect=named-servers"
        )
        assert declared.status == 1
        assert "failed capability/named-servers" in declared.printed


@pytest.mark.parametrize("url", ["{url}/", "{url}/hub", "{url}/hub/api/"])
def test_every_form_of_the_url(jupyterhub_61: RealHub, tmp_path: Path, url: str) -> None:
    hub = jupyterhub_61
    rule = "--hub-rule=identity/version-without-token"
    outcome = run_suite(tmp_path, hub, hub.admin_token, rule, url=url.format(url=hub.url))
    assert outcome.status == 0, outcome
