"""A hub that answers one operation with another kind of JSON: rules fail, and none breaks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hub_conformance.contract.answers import JSON, schemas_of
from hub_conformance.embedded import EmbeddedHub

from .hostile import mutating

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider")
#: Rules of one operation that are run, spread over all that meet it.
SOME = 40
#: Loaded into a run: notes which rules meet which operation, or keeps only those that do.
PLUGIN = """
    import json, os
    from pathlib import Path
    from hub_conformance import contract
    from hub_conformance.session import Run

    MET, OPERATION, SOME = Path(os.environ["MET"]), os.environ.get("OPERATION"), {some}
    after, met, now = Run.after, dict(), [""]

    def note(self, answer):
        after(self, answer)
        path = answer.request.path.removeprefix("/hub/api")
        found = contract.match(answer.request.method, path)
        met.setdefault(found, dict())[now[0]] = True

    def pytest_runtest_setup(item):
        now[0] = item.nodeid

    def pytest_collection_modifyitems(items):
        if OPERATION:
            known = json.loads(MET.read_text()).get(OPERATION, ())
            found = [each for each in items if each.nodeid in known]
            items[:] = found[:: max(1, len(found) // SOME)]

    def pytest_unconfigure(config):
        if not OPERATION:
            MET.write_text(json.dumps(met))

    Run.after = note
"""


def swapped(value: Any) -> Any:
    """A value of another type."""
    if isinstance(value, (dict, list)):
        return "x"
    return 7 if isinstance(value, str) else "x" if value is not None else 0


def inside(value: Any) -> Any:
    """A value in which everything is of another type."""
    if isinstance(value, dict):
        return {key: swapped(each) for key, each in value.items()}
    return [swapped(each) for each in value] if isinstance(value, list) else swapped(value)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda value: value,
    "null": lambda value: None,
    "a list": lambda value: [],
    "an object": lambda value: {},
    "a string": lambda value: "x",
    "a number": lambda value: 0,
    "other types inside": inside,
    "nulls inside": lambda value: dict.fromkeys(value) if isinstance(value, dict) else [None],
}
#: What steers a terminal, or ends a line or a text.
STEERING = "\x1b[2J\x1b]0;x\x07\x00\r\n\u202e"
TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")


def everywhere(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The change of every value in JSON, however deep, that is no list or object."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(each) for key, each in value.items()}
        return [changed(each) for each in value] if isinstance(value, list) else change(value)

    return changed


def steering_keys(value: Any) -> Any:
    """The same with keys that steer a terminal."""
    if isinstance(value, dict):
        return {f"{key}{STEERING}": steering_keys(each) for key, each in value.items()}
    return [steering_keys(each) for each in value] if isinstance(value, list) else value


def _of_texts(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return everywhere(lambda value: change(value) if isinstance(value, str) else value)


def _of_numbers(number: float) -> Callable[[Any], Any]:
    return everywhere(lambda value: number if type(value) is int else value)


#: Of all answers at once, in values of the right type, each with a rule that it led astray.
EVERYWHERE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "steering texts": (_of_texts(lambda text: text + STEERING), "tokens/path-names-the-owner"),
    "steering keys": (steering_keys, "users/created-user-is-read-back"),
    "long texts": (
        _of_texts(lambda text: text + "x" * 5000),
        "users/create-answers-201-with-the-model",
    ),
    "empty texts": (_of_texts(lambda text: ""), "pagination/sort-by-name"),
    "URLs that are none": (
        _of_texts(lambda text: "http://[" if "/" in text else text),
        "pagination/next-url-is-absolute-and-on-this-hub",
    ),
    "the last second": (
        _of_texts(lambda text: "9999-12-31T23:59:59.999999Z" if TIME.fullmatch(text) else text),
        "pagination/sort-by-last-activity",
    ),
    "huge numbers": (_of_numbers(10**400), "pagination/sort-by-name"),
    "numbers below nothing": (_of_numbers(-1), "pagination/sort-by-name"),
    "no whole numbers": (_of_numbers(1.5), "pagination/sort-by-name"),
}
#: What every change is tested with: operation, change and chapter.
TYPICAL = (
    ("get-user", "null", "users"),
    ("post-users", "an object", "users"),
    ("post-user-tokens", "other types inside", "tokens"),
    ("get-current-user", "nulls inside", "identity"),
    ("get-groups", "a string", "groups"),
)
#: What a run asks for before the first rule: left as it is the first time.
FIRST = {"get-api", "get-current-user", "get-proxy"}
#: Where nothing but the status counts: a body that is of use to people, or of a form of its own.
OPEN = {"get-health", "get-metrics"}
#: What only a run with --hub-destructive has carried out.
REFUSED = {"post-shutdown"}
WITH_JSON = [
    operation
    for operation, responses in schemas_of((6, 1)).responses.items()
    if any(
        JSON in answer.get("content", {}) and "schema" in answer["content"][JSON]
        for status, answer in responses.items()
        if status.startswith("2")
    )
    and operation not in OPEN | REFUSED
]


def run(
    folder: Path, reference: EmbeddedHub, operation: str, change: str, *options: str
) -> tuple[int, str, dict[str, int]]:
    """Check some rules on a hub that answers one operation otherwise."""
    (folder / "narrowing.py").write_text(dedent(PLUGIN).replace("{some}", str(SOME)))
    told = {
        "JUPYTERHUB_API_TOKEN": reference.token.reveal(),
        "HUB_CONFORMANCE_LOGIN": reference.accounts["login"],
        "HUB_CONFORMANCE_OAUTH_CLIENT": reference.accounts["client"],
        "PYTHONPATH": str(folder),
    }
    limits = ("--hub-spawn-timeout=3", "--hub-time-limit=120", "--hub-report=report.json")
    altered = CHANGES[change] if change in CHANGES else EVERYWHERE[change][0]
    with mutating(reference.url, operation, altered) as server:
        server.spared = set(FIRST)
        done = subprocess.run(
            [*PYTEST, f"--hub-url={server.origin}", *limits, *options],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        assert server.changed, "nothing was changed"
    counts = json.loads((folder / "report.json").read_text())["counts"]
    return done.returncode, done.stdout + done.stderr, counts


def judge(status: int, said: str, counts: dict[str, int]) -> None:
    """The run has failed, and nothing broke."""
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said
    assert not counts.get("error"), said
    assert status == 1, said
    assert counts["failed"], said


@pytest.mark.parametrize(("operation", "change", "chapter"), TYPICAL)
def test_no_rule_breaks(
    tmp_path: Path, reference: EmbeddedHub, operation: str, change: str, chapter: str
) -> None:
    judge(*run(tmp_path, reference, operation, change, "-m", chapter))


@pytest.mark.parametrize("change", EVERYWHERE)
def test_no_rule_is_led_astray(tmp_path: Path, reference: EmbeddedHub, change: str) -> None:
    rule = f"--hub-rule={EVERYWHERE[change][1]}"
    status, said, counts = run(tmp_path, reference, "", change, rule)
    judge(status, said, counts)
    assert said.replace("\n", "").isprintable()


@pytest.mark.nightly
@pytest.mark.parametrize("change", EVERYWHERE)
def test_no_rule_of_all_is_led_astray(tmp_path: Path, reference: EmbeddedHub, change: str) -> None:
    status, said, counts = run(tmp_path, reference, "", change)
    judge(status, said, counts)
    assert said.replace("\n", "").isprintable()


#: A fixture of the file that breaks, and two rules with it: only the first meets the answer.
SHARED = """
    import pytest
    from hub_conformance import rule

    @pytest.fixture(scope="module")
    def name(hub, alice):
        return hub.get(alice.path).json["name"]

    @rule("mine/one")
    def test_one(name):
        \"\"\"Users have names.\"\"\"

    @rule("mine/two")
    def test_two(name):
        \"\"\"Users have names.\"\"\"
"""


def test_broken_fixture_is_no_defect_of_later_rules(tmp_path: Path, reference: EmbeddedHub) -> None:
    path = tmp_path / "test_mine.py"
    path.write_text(dedent(SHARED))
    status, said, counts = run(tmp_path, reference, "get-user", "null", str(path))
    judge(status, said, counts)
    assert "E   get-user 200: expected type object, got null\n" in said
    assert counts["failed"] == 3  # both, and the answer itself


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory, reference: EmbeddedHub) -> Iterator[Path]:
    """Which rules meet which operation, as a run on a hub that is well has shown."""
    folder = tmp_path_factory.mktemp("met")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MET", str(folder / "met.json"))
        run(folder, reference, "get-info", "as it is", "-p", "narrowing")
        yield folder / "met.json"


@pytest.mark.nightly
@pytest.mark.parametrize("change", [each for each in CHANGES if each != "as it is"])
@pytest.mark.parametrize("operation", WITH_JSON)
def test_no_rule_breaks_on_any_operation(
    tmp_path: Path,
    reference: EmbeddedHub,
    met: Path,
    operation: str,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPERATION", operation)
    judge(*run(tmp_path, reference, operation, change, "-p", "narrowing"))
