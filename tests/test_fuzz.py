"""The fuzz chapter: harmless, deterministic, and able to see what is wrong with a hub."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub_conformance import embedded
from hub_conformance.contract.description import ours
from hub_conformance.embedded import EmbeddedHub
from hub_conformance.fuzz import Finding, Findings, item_of
from hub_conformance.report.document import SCHEMA
from hub_conformance.suite._fuzz_cases import Generator
from hub_conformance.suite._fuzz_names import CALLED

from .forwarder import Asked, Pass, Said, forwarding, with_body
from .jupyterhub.snapshot import Snapshot, snapshot

DESCRIPTION = ours((6, 1))


class Outcome:
    """What a run of the chapter left: its report by rule, and what it printed."""

    def __init__(self, folder: Path, url: str, token: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "pytest", "-p", "no:schemathesis", f"--hub-url={url}"]
        self.run = subprocess.run(
            [*command, "--hub-report=report.json", *arguments],
            cwd=folder,
            env={**os.environ, "JUPYTERHUB_API_TOKEN": token},
            capture_output=True,
            text=True,
            check=False,
        )
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text())
        self.rules = {each["id"]: each for each in self.report["rules"]}

    def of(self, verdict: str) -> set[str]:
        return {name for name, each in self.rules.items() if each["verdict"] == verdict}


def chosen(*operations: str) -> list[str]:
    return [f"--hub-rule=fuzz/operation[{each}]" for each in operations]


# --- harmless


@pytest.fixture(scope="module")
def hub() -> Iterator[EmbeddedHub]:
    """A reference hub of these tests alone, full of strangers' objects."""
    started = embedded.start()
    populate(f"{started.url}hub/api", started.token.reveal())
    yield started
    started.stop()


#: Names that a fuzzer comes up with by itself, and some that look like the suite's own.
STRANGERS = ("0", "a", "aaa", "null", "none", "admin2", "x", "hubconf", "hubconf-1", "false")


def populate(api: str, token: str) -> None:
    """Fill a hub with what is none of the suite's business."""
    import requests

    def post(path: str, body: Any, method: str = "POST") -> Any:
        headers = {"Authorization": f"token {token}"}
        answer = requests.request(method, api + path, json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer

    post("/users", {"usernames": list(STRANGERS)})
    post("/groups", {"groups": list(STRANGERS), "users": ["a", "x"]})
    for name in STRANGERS:
        post(f"/users/{name}/tokens", {"note": "theirs"})
        post(f"/services/{name}", {"info": {"of": name}})
        post(f"/users/{name}/servers/{'s1e'}", {"user_options": {"a": 1}}, "PUT")
        post(f"/groups/{name}/properties", {"colour": "red"}, "PUT")
    post("/users/a/server", {})
    post("/shares/a/", {"user": "x"})
    post("/share-codes/a/", {})


@dataclass(frozen=True)
class Whole:
    """A run of the whole chapter on a hub, and what the hub held before and after it."""

    outcome: Outcome
    before: Snapshot
    after: Snapshot


@pytest.fixture(scope="module")
def whole(hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    api, token = f"{hub.url}hub/api", hub.token.reveal()
    before = snapshot(api, token)
    arguments = ("-m", "fuzz", "--hub-fuzz-examples=15", "--hub-fuzz-seed=7")
    outcome = Outcome(tmp_path_factory.mktemp("whole"), hub.url, token, *arguments)
    return Whole(outcome, before, snapshot(api, token))


def test_reference_hub_shows_nothing(whole: Whole) -> None:
    outcome = whole.outcome
    assert outcome.run.returncode == 0, outcome.run.stdout
    assert outcome.report["requests"] > 1500
    assert outcome.of("passed") == set(outcome.rules)
    assert set(CALLED) <= {
        each.removeprefix("fuzz/operation[").removesuffix("]") for each in outcome.rules
    }


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_reference_hub_shows_nothing_to_many_more(
    hub: EmbeddedHub, tmp_path: Path, seed: int
) -> None:
    arguments = ("-m", "fuzz", "--hub-fuzz-examples=200", f"--hub-fuzz-seed={seed}")
    outcome = Outcome(tmp_path, hub.url, hub.token.reveal(), *arguments)
    assert outcome.run.returncode == 0, outcome.run.stdout
    assert outcome.report["requests"] > 5000


def test_strangers_objects_are_left_as_they_were(whole: Whole) -> None:
    assert len(whole.before.users) > len(STRANGERS)
    assert len(whole.before.servers) > len(STRANGERS)
    assert whole.before.differences(whole.after) == []


def test_report_counts_what_became_of_the_cases(whole: Whole) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema_rs.validator_for(schema).validate(whole.outcome.report)
    counts = [each["cases"] for each in whole.outcome.rules.values() if each["cases"]]
    for cases in counts:
        became = ("accepted", "refused", "unauthorised", "not found", "broken")
        assert cases["ran"] == sum(cases[each] for each in became)
        assert cases["valid accepted"] == cases["valid"]
    of_users = whole.outcome.rules["fuzz/operation[post-users]"]["cases"]
    assert of_users["valid"] > 5
    assert of_users["refused"] > 10
    assert of_users["not sent"] > 0
    assert whole.outcome.rules["fuzz/operation[delete-user]"]["cases"]["accepted"] == 1


# --- it sees


def spoiled(asked: Asked, pass_on: Pass) -> Said:
    """One fault an operation."""
    if re.match(r"GET /hub/api/users\?.*limit=\d{4}", asked.line):
        return Said(500, b'{"status": 500, "message": "Internal Server Error"}')
    if asked.line.startswith("GET /hub/api/info"):
        return Said(503, b'{"status": 503, "message": "not today"}')
    if asked.method == "PUT" and asked.target.endswith("/properties"):
        good = asked.body.startswith(b"{") and asked.body.endswith(b"}")
        return pass_on(asked if good else with_body(asked, b"{}"))
    if asked.line == "POST /hub/api/groups" and b'"users"' in asked.body:
        return Said(400, b'{"status": 400, "message": "no users"}')
    if re.match(r"POST /hub/api/users/[^/]+/activity", asked.line):
        return Said(418, b'{"status": 418, "message": "a teapot"}')
    if asked.line.startswith("GET /hub/api/services"):
        said = pass_on(asked)
        return Said(said.status, said.body.replace(b'"display"', b'"shown"'))
    if re.match(r"DELETE /hub/api/groups/[^/]+$", asked.line):
        return Said(204, b"", "")
    if asked.method == "PATCH" and "/servers/" in asked.target:
        return renamed_though_refused(asked, pass_on)
    return pass_on(asked)


def renamed_though_refused(asked: Asked, pass_on: Pass) -> Said:
    """A server gets its new name, whatever is wrong with what else is asked for."""
    said = pass_on(asked)
    with contextlib.suppress(ValueError, AttributeError):
        name = json.loads(asked.body).get("name")
        if said.status == 400 and isinstance(name, str):
            pass_on(with_body(asked, json.dumps({"name": name}).encode()))
    return said


OPERATIONS = (
    "get-users",
    "get-info",
    "put-group-properties",
    "post-groups",
    "post-user-activity",
    "get-services",
    "get-group",
    "patch-user-server-name",
)
KNOWN = """
[[known]]
rule = "fuzz/get-info/no-server-error/503"
reason = "seen"

[[known]]
rule = "fuzz/get-info/valid-accepted/503"
reason = "not met"
"""


@pytest.fixture(scope="module")
def faulty(hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run on a hub with one fault an operation, one of them known."""
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "known.toml").write_text(KNOWN)
    arguments = [*chosen(*OPERATIONS), "--hub-rule=fuzz/links", "--hub-baseline=known.toml"]
    with forwarding(hub.url.rstrip("/"), spoiled) as url:
        return Outcome(folder, url, hub.token.reveal(), *arguments)


def test_faults_are_found_each_as_a_rule_of_its_own(faulty: Outcome) -> None:
    failed = faulty.of("failed")
    assert {each for each in failed if not each.startswith("fuzz/links/")} == {
        "fuzz/get-users/no-server-error/500",
        "fuzz/put-group-properties/invalid-refused/200",
        "fuzz/post-groups/valid-accepted/400",
        "fuzz/post-user-activity/documented-status/418",
        "fuzz/get-services/answer-form/200",
        "fuzz/patch-user-server-name/refused-changes-nothing/400",
        "receipt/nothing-left",  # groups are not deleted
    }
    assert "fuzz/links/no-use-after-delete/get-group/200" in failed
    assert faulty.run.returncode == 1


def test_operation_that_was_never_reached_is_vacuous(faulty: Outcome) -> None:
    assert faulty.of("vacuous") == {"fuzz/operation[post-user-activity]"}
    assert "no request reached" in faulty.rules["fuzz/operation[post-user-activity]"]["reason"]
    assert "fuzz/operation[get-group]" in faulty.of("passed")


def test_operation_that_broke_the_hub_is_a_finding_and_not_vacuous(faulty: Outcome) -> None:
    assert "fuzz/operation[get-info]" in faulty.of("passed")
    assert "fuzz/get-info/no-server-error/503" in faulty.rules


def test_finding_shows_the_smallest_request_and_how_to_send_it_again(
    faulty: Outcome, hub: EmbeddedHub
) -> None:
    found = faulty.rules["fuzz/post-groups/valid-accepted/400"]
    body = json.loads(found["exchange"]["request_body"])
    assert sorted(body) == ["groups", "users"]
    assert len(body["groups"]) == 1
    assert body["users"] == []
    assert found["exchange"]["curl"].startswith("curl -gi --path-as-is -X POST")
    assert "--hub-rule='fuzz/post-groups/valid-accepted/400'" in faulty.run.stdout
    assert hub.token.reveal() not in faulty.run.stdout


def test_known_finding_is_known_and_one_that_was_not_met_is_not_stale(faulty: Outcome) -> None:
    assert faulty.of("known") == {"fuzz/get-info/no-server-error/503"}
    assert faulty.of("stale") == set()


# --- the same every time


def keys(generator: Generator, *operations: str) -> list[str]:
    return [case.key for each in operations for case in generator.cases(each)]


def test_same_seed_draws_the_same_and_another_one_does_not() -> None:
    some = ("post-user-tokens", "get-users")
    first = keys(Generator(DESCRIPTION, 12), *some)
    assert keys(Generator(DESCRIPTION, 12), *reversed(some)) != first
    assert sorted(keys(Generator(DESCRIPTION, 12), *reversed(some))) == sorted(first)
    assert keys(Generator(DESCRIPTION, 12, 1), *some) != first
    assert len(keys(Generator(DESCRIPTION, 60), *some)) > len(first)


def test_what_is_loaded_beside_changes_nothing() -> None:
    program = (
        "import sys; {}\n"
        "from hub_conformance.contract.description import ours\n"
        "from hub_conformance.suite._fuzz_cases import Generator\n"
        "cases = Generator(ours((6, 1)), 8).cases('post-user-tokens')\n"
        "print([each.key for each in cases])\n"
    )
    alone, beside = (
        subprocess.run(
            [sys.executable, "-c", program.format(first)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for first in ("", "import tests.test_client, hub_conformance.suite.test_servers_names")
    )
    assert alone == beside != ""


def test_chapter_loads_schemathesis_when_it_draws_and_no_earlier() -> None:
    program = "import sys, hub_conformance.suite.test_fuzz; print('schemathesis' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# --- findings


def test_of_findings_alike_the_smallest_is_kept() -> None:
    findings = Findings()
    for size in (9, 4, 7):
        findings.add(Finding("get-users", "no-server-error", 500, f"{size} long", size=size))
    other = Findings()
    other.load(findings.dump())
    (result,) = other.results(told=())
    assert result.id == "fuzz/get-users/no-server-error/500"
    assert result.reason == "4 long (shown by 3 requests)"


def test_what_the_answer_check_has_told_is_not_told_again() -> None:
    findings = Findings()
    findings.add(Finding("get-users", "no-server-error", 500, "said"))
    findings.add(Finding("get-users", "valid-accepted", 500, "said"))
    told = [each.id for each in findings.results(told={"contract/get-users/500"})]
    assert told == ["fuzz/get-users/valid-accepted/500"]


@pytest.mark.parametrize(
    ("rule", "item"),
    [
        ("fuzz/get-users/no-server-error/500", "fuzz/operation[get-users]"),
        ("fuzz/links/no-use-after-delete/get-user/200", "fuzz/links"),
        ("fuzz/operation", "fuzz/operation"),
        ("fuzz/operation[get-users]", "fuzz/operation[get-users]"),
        ("users/list", "users/list"),
    ],
)
def test_item_that_finds_what_a_rule_names(rule: str, item: str) -> None:
    assert item_of(rule) == item
