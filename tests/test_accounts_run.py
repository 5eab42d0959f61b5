"""Who logs in and the OAuth client in whole runs, as `pytest` processes of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub_conformance.accounts import CLIENT_VARIABLE, LOGIN_VARIABLE
from hub_conformance.embedded import EmbeddedHub
from hub_conformance.plugin import SUITE

Run = Callable[..., str]
#: Two rules by their place: so no other chapter is collected.
RULES = (f"{SUITE}/test_sessions.py::test_login", f"{SUITE}/test_oauth_tokens.py::test_exchange")


@pytest.fixture
def run(pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run two rules on a hub that is not the embedded one; return all that was printed."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    for variable in (LOGIN_VARIABLE, CLIENT_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    url = f"--hub-url={reference.url}"

    def with_arguments(*arguments: str) -> str:
        found = pytester.runpytest_subprocess(
            "-p", "no:schemathesis", "-p", "no:cacheprovider", "-rA", url, *RULES, *arguments
        )
        return "\n".join([*found.outlines, *found.errlines])

    return with_arguments


def test_without_them_the_rules_are_not_requested(run: Run) -> None:
    printed = run()
    assert "not requested, 2 rules: --hub-login" in printed, printed


def test_with_a_login_alone_oauth_is_not_requested(run: Run, reference: EmbeddedHub) -> None:
    printed = run(f"--hub-login={reference.accounts['login']}")
    assert "not requested, 1 rule: --hub-oauth-client" in printed, printed
    assert "1 passed" in printed, printed


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_with_both_and_no_secret_printed(
    run: Run,
    reference: EmbeddedHub,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    login, client = reference.accounts["login"], reference.accounts["client"]
    monkeypatch.setenv(CLIENT_VARIABLE, client)
    printed = run(f"--hub-login={login}", "--full-trace", *workers)
    assert "2 passed" in printed, printed
    for secret in (login.partition(":")[2], client.partition(":")[2]):
        assert secret not in printed


def test_a_wrong_password_fails_and_is_not_printed(run: Run) -> None:
    printed = run("--hub-login=visitor:not-the-password")
    assert "failed sessions/login-starts-a-session" in printed, printed
    assert "not-the-password" not in printed


def test_what_cannot_be_used_is_said_before_any_rule(run: Run) -> None:
    assert "--hub-login: give USER:PASSWORD" in run("--hub-login=visitor")
    assert "--hub-login is given without a value" in run("--hub-login=")
