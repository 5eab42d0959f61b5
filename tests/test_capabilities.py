"""What a hub must have, what it was seen to have, and what becomes of rules about the rest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance.capabilities import Capabilities, needed_by, needed_by_cell
from hub_conformance.client import Answer, Request
from hub_conformance.embedded import SETTINGS, EmbeddedHub
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import Owner, Target

TARGET = Target(
    "http://host:8081/",
    "6.1.1",
    Owner("user", "ann", admin=True),
    public="https://hub.example.org/jupyter/",
)
API = "/hub/api"


def observed(*answers: tuple[str, str, int]) -> dict[str, bool]:
    """What is learned from answers, each given as method, path and status."""
    found = Capabilities(())
    for method, path, status in answers:
        headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        found.after(Answer(Request(method, path), status, headers, b"", 0.0, Scrubber()), TARGET)
    return found.observed


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (("POST", f"{API}/users/ann/server", 201), {"spawn": True}),
        (("POST", f"{API}/users/ann/servers/x", 202), {"spawn": True}),
        (("POST", f"{API}/users/ann/server", 500), {"spawn": False}),
        (("POST", f"{API}/users/ann/server", 400), {}),
        (("DELETE", f"{API}/users/ann/server", 204), {}),
        (("GET", f"{API}/shares/ann", 200), {"shares": True}),
        (("GET", f"{API}/shares/ann", 403), {}),
        (("GET", f"{API}/groups/team/shared", 200), {"shares": True}),
        (("POST", f"{API}/share-codes/ann/", 200), {"shares": True}),
        (("POST", f"{API}/users/shared", 201), {}),
        (("POST", f"{API}/services/x", 201), {"services": True}),
        (("GET", f"{API}/services/x", 200), {}),
        (("GET", "/jupyter/user/ann/api", 200), {"public-url": True}),
        (("GET", "/jupyter/user/ann/api", 302), {}),
        (("GET", "/user/ann/api", 200), {}),
        (("GET", "/hub/health", 200), {}),
    ],
)
def test_what_an_answer_shows(answer: tuple[str, str, int], seen: dict[str, bool]) -> None:
    assert observed(answer) == seen


def test_seen_once_is_enough() -> None:
    start = ("POST", f"{API}/users/ann/server")
    assert observed((*start, 500), (*start, 201), (*start, 500)) == {"spawn": True}


def test_cell_needs_what_its_operation_needs() -> None:
    assert needed_by_cell({"operation": "get-user-shared"}) == "shares"
    assert needed_by_cell({"operation": "delete-service"}) == "services"
    assert needed_by_cell({"operation": "get-service"}) is None
    assert needed_by_cell({"endpoint": Request("POST", "/services/x")}) == "services"
    assert (
        needed_by_cell({"endpoint": "/services/x", "operation": None, "path": "/shares/x"}) is None
    )
    assert needed_by("GET", "/users/share") is None


@pytest.mark.parametrize(
    ("observed", "kept_by", "verdict"),
    [
        ({"shares": True}, None, {"shares": "passed"}),
        ({"shares": False}, None, {"shares": "failed"}),
        ({"spawn": True}, None, {}),
        ({}, None, {}),
        ({}, "", {"shares": "failed"}),
        ({}, "--hub-read-only", {"shares": "untested"}),
        ({"shares": True}, "--hub-read-only", {"shares": "passed"}),
    ],
)
def test_declared_against_observed(
    observed: dict[str, bool], kept_by: str | None, verdict: dict[str, str]
) -> None:
    found = Capabilities(["shares"])
    for name, has in observed.items():
        found.observe(name, has)
    results = list(found.results(None if kept_by is None else lambda name: kept_by or ""))
    assert {each.id.partition("/")[2]: each.verdict for each in results} == verdict
    assert all(bool(each.reason) == (each.verdict != "passed") for each in results)


# --- a hub without shares, and without services that are added while it runs

POOR_HUB = """
    import runpy
    from reference_hub.http.routes import API

    for path in [each for each in API if "/share" in each]:
        del API[path]
    del API["/services/{name}"]["POST"], API["/services/{name}"]["DELETE"]
    runpy.run_module("reference_hub", run_name="__main__")
"""
CONFIG = 'c.JupyterHub.services = [{"name": "configured", "api_token": "c" * 32}]'
#: Rules that go through all operations, or need a service; without `--hub-rule`, which would leave
#: out what is found in the answers.
CHOSEN = (
    "test_no_credentials or test_unknown_token or test_needed_scope or test_identity or service"
)


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """A hub that has neither; one service is in its configuration."""
    folder = tmp_path_factory.mktemp("poor")
    (folder / "poor_hub.py").write_text(dedent(POOR_HUB))
    (folder / "config.py").write_text(f"c = get_config()\n{CONFIG}")
    options = ["-f", "config.py", "--port=0", "--json", "--exit-with-stdin", *SETTINGS]
    process = subprocess.Popen(
        [sys.executable, "poor_hub.py", *options],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    said = json.loads(process.stdout.readline())
    hub = EmbeddedHub(said["url"], Secret(said["token"]), process)
    yield hub
    hub.stop()


Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, poor: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run some of the suite against that hub."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", poor.token.reveal())

    def with_arguments(*arguments: str) -> pytest.RunResult:
        url = f"--hub-url={poor.url}"
        return pytester.runpytest_subprocess("-p", "no:schemathesis", "-q", url, *arguments)

    return with_arguments


def printed(result: pytest.RunResult) -> str:
    return "\n".join([*result.outlines, *result.errlines])


def test_hub_without_shares_and_services_is_not_held_to_them(run: Run) -> None:
    result = run("-m", "identity or scopes", "-k", CHOSEN)
    output = printed(result)
    assert result.ret == 0, output
    assert re.search(r"not applicable, \d+ rules: this hub has no shares", output)
    assert re.search(r"not applicable, \d+ rules: no service can be added to this hub", output)
    assert re.search(r": partial; \d+ passed, \d+ not applicable, not on this hub: serv", output)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_what_is_declared_and_not_there_fails(run: Run, workers: list[str]) -> None:
    result = run("--hub-rule=identity/no-credentials", "--hub-expect=shares,services", *workers)
    assert result.ret == 1
    output = printed(result)
    assert "failed capability/shares: shares is declared, and the hub was seen not to" in output
    assert "failed capability/services" in output
    assert ": shares is declared, and this hub has no shares" in output
    assert "not applicable" not in output
