"""Hubs that are well, on connections that break: what was lost is asked, or checked, again."""

from __future__ import annotations

import pytest

from hub_conformance.embedded import EmbeddedHub

from .hostile import RULES, losing, turning

#: A fixture of the whole run that writes by itself, and two rules that need it.
SHARED = """
    import pytest
    from hub_conformance import rule

    @pytest.fixture(scope="module")
    def group(hub, shared):
        name = shared.group("g")
        answer = hub.post(f"/groups/{name}/users", json={"users": []})
        assert answer.ok, answer
        return name

    @rule("mine/one")
    def test_one(hub, group):
        \"\"\"The group is there.\"\"\"
        assert hub.get(f"/groups/{group}").ok

    @rule("mine/two")
    def test_two(hub, group):
        \"\"\"The group is there.\"\"\"
        assert hub.get(f"/groups/{group}").ok
"""

#: A fixture that has made users when its next request is lost, with room for no more of them.
CROWD = """
    import pytest
    from hub_conformance import rule

    @pytest.fixture(scope="module")
    def crowd(hub, shared):
        users = shared.users(3)
        assert hub.post(f"/groups/{shared.name()}").status == 201
        return users

    @rule("mine/crowd")
    def test_crowd(hub, crowd):
        \"\"\"The users are there.\"\"\"
        assert all(hub.get(user.path).ok for user in crowd)
"""
#: A rule that writes once more when it has ended.
ENDING = """
    import pytest
    from hub_conformance import rule

    @pytest.fixture
    def group(hub, sandbox):
        name = sandbox.group("g")
        yield name
        assert hub.post(f"/groups/{name}/users", json={"users": []}).ok

    @rule("mine/ending")
    def test_ending(hub, group):
        \"\"\"The group is there.\"\"\"
        assert hub.get(f"/groups/{group}").ok
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch, reference: EmbeddedHub) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())


def run(pytester: pytest.Pytester, url: str, *arguments: str) -> tuple[pytest.RunResult, str]:
    blocked = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "-p", "no:xdist")
    result = pytester.runpytest_subprocess(*blocked, f"--hub-url={url}", *arguments)
    return result, "\n".join([*result.outlines, *result.errlines])


def test_polite_hub_is_waited_for(pytester: pytest.Pytester, reference: EmbeddedHub) -> None:
    with turning(reference.url, 10**6, "cut") as server:
        server.postponed = 7
        result, said = run(pytester, server.origin, str(pytester.makepyfile(mine=RULES)))
    assert result.ret == 0, said
    assert "the hub asked for a pause 7 times" in said


def test_hub_that_closes_every_connection(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    with turning(reference.url, 10**6, "cut") as server:
        server.closes = True
        result, said = run(pytester, server.origin, str(pytester.makepyfile(mine=RULES)))
    assert result.ret == 0, said


def test_lost_answers_and_requests_change_no_verdict(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    with turning(reference.url, 10**6, "cut") as server:
        server.loses, server.latency = 32, 0.002
        result, said = run(pytester, server.origin, str(pytester.makepyfile(mine=RULES)))
    assert result.ret == 0, said
    assert "checked again after a lost connection" in said


def test_fixture_under_which_a_connection_was_lost_is_made_anew(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    path = pytester.makepyfile(mine=SHARED)
    with losing(reference.url, "post-group-users") as server:
        result, said = run(pytester, server.origin, str(path))
        assert server.changed
    result.assert_outcomes(passed=2)
    assert "checked again after a lost connection: 1 rule" in said


def test_what_was_made_under_a_lost_connection_takes_no_room(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    path = pytester.makepyfile(mine=CROWD)
    with losing(reference.url, "post-group") as server:
        result, said = run(pytester, server.origin, "--hub-max-users=4", str(path))
    assert result.ret == 0, said
    assert "checked again after a lost connection: 1 rule" in said


def test_rule_that_is_lost_at_its_end_is_checked_anew(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    path = pytester.makepyfile(mine=ENDING)
    with losing(reference.url, "post-group-users") as server:
        result, said = run(pytester, server.origin, str(path))
    assert result.ret == 0, said
    assert "checked again after a lost connection: 1 rule" in said


def test_server_that_was_made_is_not_made_again(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    operation = "put-user-server-name"
    with losing(reference.url, operation) as server:
        result, said = run(
            pytester, server.origin, "--hub-rule=fuzz/operation[patch-user-server-name]"
        )
        assert server.changed
    assert result.ret == 0, said
    assert "checked again" not in said


def test_object_that_a_lost_answer_used_up_is_made_anew(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    operation = "delete-user-shared-server"
    rule = f"--hub-rule=scopes/own-filter-covers-the-owner-alone[{operation}]"
    with losing(reference.url, operation) as server:
        result, said = run(pytester, server.origin, rule)
    assert result.ret == 0, said
    assert "checked again after a lost connection: 1 rule" in said
