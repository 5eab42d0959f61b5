"""The receipt of whole runs against the reference hub: whose doing is what, and what is left."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub_conformance.embedded import EmbeddedHub
from hub_conformance.hub import Hub
from hub_conformance.receipt import keeper
from hub_conformance.receipt.reading import Reader
from hub_conformance.receipt.state import State
from hub_conformance.report.document import SCHEMA

from ..forwarder import Asked, Pass, Said, forwarding

#: Rules that do harm (the guard looks away), and one that does none; `stranger` is another's hand.
RULES = """
    import os
    import signal
    from contextlib import contextmanager

    import pytest
    import requests
    from hub_conformance import rule

    @contextmanager
    def unguarded(hub):
        hooks, hub.client.before[:] = hub.client.before[:], hub.client.before[-1:]
        yield
        hub.client.before[:] = hooks

    def stranger(hub, method, path, **kwargs):
        url = hub.target.origin + hub.target.api + path
        headers = {"Authorization": "token " + hub.credential.reveal()}
        assert requests.request(method, url, headers=headers, **kwargs).ok

    @rule("mine/holds")
    def test_holds(hub, sandbox):
        '''A user is made.'''
        sandbox.user()

    @rule("mine/harms")
    def test_harms(hub):
        '''A stranger is made an admin.'''
        with unguarded(hub):
            assert hub.patch("/users/stranger", json={"admin": True}).ok

    @rule("mine/deletes")
    def test_deletes(hub):
        '''A stranger's group is deleted.'''
        with unguarded(hub):
            assert hub.delete("/groups/strangers").ok

    @rule("mine/unshares")
    def test_unshares(hub):
        '''What others share is shared no more.'''
        with unguarded(hub):
            assert hub.delete("/shares/sharer-11/").ok
            assert hub.delete("/share-codes/sharer-10/").ok

    @rule("mine/meanwhile")
    def test_meanwhile(hub):
        '''Others change their own.'''
        stranger(hub, "PATCH", "/users/stranger", json={"admin": True})
        stranger(hub, "POST", "/users/newcomer")
        stranger(hub, "POST", "/users/stranger/server")

    @rule("mine/leaves")
    def test_leaves(hub, sandbox):
        '''The sandbox forgets a group.'''
        sandbox.group()
        sandbox._made.clear()

    @rule("mine/stopped")
    def test_stopped(hub):
        '''Somebody presses ctrl-C.'''
        os.kill(os.getpid(), signal.SIGINT)
"""

#: Users who share their servers: more than are on one page.
SHARERS = [f"sharer-{number:02}" for number in range(12)]

Runs = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def strangers(admin: Hub) -> Iterator[None]:
    """A user and a group of somebody else's."""
    for path in ("/users/stranger", "/groups/strangers"):
        assert admin.post(path).ok
    yield
    admin.delete("/users/stranger/server")
    for path in ("/users/stranger", "/users/newcomer", "/groups/strangers"):
        admin.delete(path)


@pytest.fixture
def sharing(admin: Hub, strangers: None) -> Iterator[None]:
    """Users who share a server each, and have issued a share code for it."""
    assert admin.post("/users", json={"usernames": SHARERS}).ok
    for name in SHARERS:
        assert admin.post(f"/users/{name}/server").ok
        assert admin.post(f"/shares/{name}/", json={"user": "stranger"}).ok
        assert admin.post(f"/share-codes/{name}/").ok
    yield
    for name in SHARERS:
        admin.delete(f"/users/{name}/server")
        admin.delete(f"/users/{name}")


@pytest.fixture
def run(pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Run some of the rules above; return exit status, report, and what was printed."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    path, file = pytester.makepyfile(mine=RULES), pytester.path / "report.json"

    def some(rules: str, *arguments: str, url: str = reference.url) -> Any:
        chosen = [f"--hub-rule=mine/{each}" for each in rules.split()]
        options = ("-p", "no:schemathesis", f"--hub-url={url}", f"--hub-report={file}")
        result = pytester.runpytest_subprocess(*options, str(path), *chosen, *arguments)
        return result.ret, read(file), "\n".join([*result.outlines, *result.errlines])

    return some


def read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text())
    errors = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).iter_errors(data)
    assert [str(each) for each in errors] == []
    return data


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {
        each["id"].partition("/")[2]: each["verdict"]
        for each in report["rules"]
        if each["id"].startswith("receipt/")
    }


KEPT = {"nothing-else-changed": "passed", "nothing-left": "passed"}
CHANGED = KEPT | {"nothing-else-changed": "failed"}
LEFT = KEPT | {"nothing-left": "failed"}


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize("options", [[], ["--hub-quiet"], ["-n", "2"]])
def test_run_that_does_no_harm(run: Runs, options: list[str]) -> None:
    status, report, said = run("holds", *options)
    assert status == 0, said
    assert verdicts(report) == KEPT
    assert report["receipt"]["as_before"]["user"] >= 2
    assert not report["receipt"]["by_others"]
    assert "as before: " in said


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_harm_is_told_with_the_request_that_did_it(run: Runs, options: list[str]) -> None:
    status, report, said = run("holds harms deletes", *options)
    assert status == 1
    assert verdicts(report) == CHANGED
    assert {(each["name"], each["request"]) for each in report["receipt"]["by_this_run"]} == {
        ("stranger", "PATCH /hub/api/users/stranger"),
        ("strangers", "DELETE /hub/api/groups/strangers"),
    }
    assert "user stranger changed (admin" in said
    assert "failed receipt/nothing-else-changed" in said


@pytest.mark.usefixtures("strangers")
def test_what_others_do_meanwhile_fails_only_where_there_are_none(run: Runs) -> None:
    status, report, said = run("meanwhile")
    assert status == 0, said
    assert verdicts(report) == KEPT
    told = {(each["kind"], each["name"], each["how"]) for each in report["receipt"]["by_others"]}
    assert {("user", "newcomer", "came"), ("user", "stranger", "changed")} <= told
    assert "changed meanwhile by others: " in said


@pytest.mark.usefixtures("strangers")
def test_quiet_hub(run: Runs) -> None:
    status, report, said = run("meanwhile", "--hub-quiet")
    assert status == 1
    assert verdicts(report) == CHANGED
    assert "and nobody else is on the hub" in said


def test_what_is_left_is_told(run: Runs, admin: Hub) -> None:
    status, report, said = run("leaves")
    assert status == 1, said
    assert verdicts(report) == LEFT
    left = report["receipt"]["left"]
    assert left[0].startswith(f"group {report['run']}-")
    assert admin.delete(f"/groups/{left[0].split()[1]}").ok


def test_workers_name_what_they_make_after_the_run(run: Runs, admin: Hub) -> None:
    _, report, said = run("leaves", "-n", "2")
    left = report["receipt"]["left"]
    assert left[0].startswith(f"group {report['run']}-gw"), said
    assert f"--run-id={report['run']}" in said
    assert admin.delete(f"/groups/{left[0].split()[1]}").ok


@pytest.mark.usefixtures("strangers")
def test_run_that_was_stopped(run: Runs) -> None:
    status, report, _ = run("holds harms stopped")
    assert status == 2
    assert verdicts(report) == CHANGED


def test_receipt_alone_is_no_check(run: Runs) -> None:
    status, report, said = run("holds", "--hub-read-only", "--hub-allow-untested")
    assert verdicts(report) == KEPT
    assert status == 5, said


def test_hub_that_is_gone_in_the_end(run: Runs, reference: EmbeddedHub) -> None:
    def vanishing(asked: Asked, pass_on: Pass) -> Said:
        """The second look finds nobody any more."""
        looks.append(asked.line.startswith("GET /hub/api/users?"))
        return Said(503, b"") if sum(looks) > 1 else pass_on(asked)

    looks: list[bool] = []
    with forwarding(reference.url.rstrip("/"), vanishing) as url:
        status, report, said = run("holds", url=url)
    assert status == 0, said
    assert verdicts(report) == {}
    assert "the hub could not be read after the run: <503" in report["receipt"]["none"]


def test_plain_user_reads_what_they_may(run: Runs, admin: Hub, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        assert admin.post("/users/plain").ok
        stack.callback(admin.delete, "/users/plain")
        token = admin.post("/users/plain/tokens").json["token"].reveal()
        file = tmp_path / "token"
        file.write_text(token)
        _, report, _ = run("holds", f"--hub-token-file={file}")
    assert verdicts(report) == KEPT
    assert report["receipt"]["as_before"].items() >= {"user": 1, "token": 1}.items()
    assert report["receipt"]["not_compared"].keys() == {"group", "service", "route"}


def test_large_hub_is_read_in_large_pages(run: Runs, admin: Hub) -> None:
    names = [f"many-{number}" for number in range(300)]
    assert admin.post("/users", json={"usernames": names}).ok
    try:
        _, report, said = run("holds")
    finally:
        for name in names:
            admin.delete(f"/users/{name}")
    assert report["receipt"]["as_before"]["user"] >= 300, said


@pytest.mark.usefixtures("sharing")
def test_shares_of_all_owners_are_compared(run: Runs) -> None:
    status, report, said = run("holds")
    assert status == 0, said
    counts = report["receipt"]["as_before"]
    assert (counts["share"], counts["share code"]) == (12, 12)
    assert not report["receipt"]["not_compared"].keys() & {"share", "share code"}
    status, report, said = run("unshares")
    assert status == 1
    assert verdicts(report) == CHANGED
    told = {(each["kind"], each["of"], each["how"]) for each in report["receipt"]["by_this_run"]}
    assert told == {("share", "sharer-11", "went"), ("share code", "sharer-10", "went")}
    assert "named by DELETE /hub/api/shares/sharer-11/" in said


@pytest.mark.usefixtures("sharing")
def test_owners_whom_there_was_no_time_for_are_told(admin: Hub) -> None:
    def look(seconds: float, before: State | None = None) -> State:
        return Reader(admin, lambda _: False, "", "", seconds, {}).look(before)

    whole, cut = look(10), look(1e-9)
    assert whole.owners[: len(SHARERS)] == SHARERS  # whose servers have been used
    assert not whole.passed_over
    assert cut.passed_over == len(whole.owners)
    assert keeper._of_owners(whole, whole) == {}
    told = keeper._of_owners(whole, look(1e-9, whole))["share code"]
    assert told.startswith(f"but for those of 0 of {len(whole.owners)} users")
    assert [each for each in whole.differences(cut) if "share" in each.kind] == []


def test_reason_names_no_more_than_some() -> None:
    found = keeper._result("x", "It holds.", [str(number) for number in range(100)])
    assert found.reason.endswith(f"and {100 - keeper.SHOWN} more")
