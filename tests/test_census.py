"""How many users of a run are on a hub at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance.census import Census
from hub_conformance.client import Answer, Request
from hub_conformance.embedded import EmbeddedHub
from hub_conformance.errors import NoRoom
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber

RULES = '''
    import pytest
    from hub_conformance import rule

    @pytest.mark.parametrize("count", [3, 4])
    @rule("mine/crowd")
    def test_crowd(hub, sandbox, count):
        """Some users are there at once."""
        sandbox.users(count)

    @pytest.mark.parametrize("turn", range(6))
    @rule("mine/one")
    def test_one(user, turn):
        """One after the other."""

    @rule("mine/fresh")
    def test_fresh(user, sandbox):
        """A batch that nobody uses makes room."""
        sandbox.users(2)

    @rule("mine/bare")
    def test_bare(user, sandbox, hub):
        """It does for a request that nobody has announced, too."""
        names = [sandbox.name("bare") for _ in range(2)]
        answer = hub.post("/users", json={"usernames": names})
        assert answer.status == 201, answer
'''


@pytest.fixture
def census() -> Census:
    return Census(3, lambda name: name.lower().startswith("ours-"), "/hub/api")


def sent(census: Census, method: str, path: str, body: Any = None, status: int = 200) -> None:
    data = None if body is None else json.dumps(body).encode()
    request = Request(method, f"/hub/api{path}", body=data)
    census.before(request)
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    census.after(Answer(request, status, headers, b"", 0.0, Scrubber()))


def test_who_comes_and_goes(census: Census) -> None:
    sent(census, "POST", "/users/ours-1")
    sent(census, "POST", "/users", {"usernames": ["ours-2", "Ours-2", "ann"]})
    assert census.there == {"ours-1", "ours-2"}
    sent(census, "PATCH", "/users/ours-1", {"name": "ours-3"})
    sent(census, "PATCH", "/users/ours-3", {"admin": True})
    assert census.there == {"ours-2", "ours-3"}
    sent(census, "DELETE", "/users/ours-2", status=204)
    sent(census, "DELETE", "/users/ours-3", status=404)
    assert census.there == set()
    assert census.peak == 2


def test_who_was_refused_is_not_there(census: Census) -> None:
    sent(census, "POST", "/users/ours-1", status=403)
    sent(census, "POST", "/users/ours-2")
    sent(census, "POST", "/users/ours-2", status=409)
    sent(census, "DELETE", "/users/ours-2", status=500)
    assert census.there == {"ours-2"}


def test_too_many_are_not_asked_for(census: Census) -> None:
    sent(census, "POST", "/users", {"usernames": ["ours-1", "ours-2"]})
    with pytest.raises(NoRoom, match="3 may be there at once, and this needs 2 more than the 2"):
        sent(census, "POST", "/users", {"usernames": ["ours-3", "ours-4"]})
    assert census.room() == 1
    sent(census, "POST", "/users/ours-3")
    sent(census, "POST", "/users/ours-3", status=409)


def test_who_logs_in_is_made(census: Census) -> None:
    census.before(Request("POST", "/hub/login", body=b"username=ours-9&password=x"))
    census.before(Request("POST", "/hub/login", body=b"no=form"))
    assert census.there == {"ours-9"}


def test_other_requests_are_none_of_its_business(census: Census) -> None:
    for method, path in (("GET", "/users/ours-1"), ("POST", "/users/ours-1/server")):
        sent(census, method, path)
    sent(census, "GET", "/users//ours-1/%2f")
    sent(census, "POST", "/users", ["ours-1"])
    sent(census, "POST", "/users", {"usernames": "ours-1"})
    assert census.there == set()


def test_bound_too_small_leaves_a_rule_untested(
    pytester: pytest.Pytester,
    reference: EmbeddedHub,
    admin: Hub,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    path, report = pytester.makepyfile(mine=RULES), tmp_path / "report.json"
    result = pytester.runpytest_subprocess(
        *("-p", "no:schemathesis", f"--hub-url={reference.url}", str(path)),
        *("--hub-max-users=3", f"--hub-report={report}"),
    )
    rules = {each["id"]: each for each in json.loads(report.read_text())["rules"]}
    said = "\n".join(result.outlines)
    assert rules.pop("mine/crowd[4]")["reason"].startswith("--hub-max-users: 3 may be"), said
    assert {each["verdict"] for each in rules.values()} == {"passed"}, said
    assert result.ret == 1
