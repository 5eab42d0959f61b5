"""The least role, on a real hub: what it opens, and what is untested without one of its scopes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_conformance import permissions
from hub_conformance.target import NEWEST

from .hub import RealHub
from .test_suite import Outcome, run_suite

TOKEN = "5ca1ab1e" * 4
OWNER = "tester"


def hub_with(scopes: list[str]) -> RealHub:
    """A hub on which a user who is no admin has a role with these scopes, and a token."""
    role = {"name": permissions.ROLE, "scopes": scopes, "users": [OWNER]}
    config = f"""
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {role!r}]
c.JupyterHub.api_tokens = {{**c.JupyterHub.api_tokens, {TOKEN!r}: {OWNER!r}}}
c.Authenticator.allowed_users = {{*c.Authenticator.allowed_users, {OWNER!r}}}
"""
    return RealHub(NEWEST, extra_config=config)


def run_with(scopes: list[str], folder: Path, *arguments: str) -> Outcome:
    """The suite on a hub with that role; nothing fails there for what the role lacks."""
    with hub_with(scopes) as hub:
        outcome = run_suite(folder, hub, TOKEN, *arguments)
    bad = ("failed", "stale", "vacuous", "error")
    assert not {each for verdict in bad for each in outcome.of(verdict)}, outcome
    return outcome


def untested(outcome: Outcome) -> set[str]:
    """The rules and the cells of rules that a run could not check."""
    return {each for each, verdict in outcome.verdicts.items() if verdict == "untested"}


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The suite with the whole role."""
    folder = tmp_path_factory.mktemp("least")
    return run_with(permissions.role(NEWEST), folder, "--hub-quiet")


@pytest.mark.nightly
def test_role_leaves_untested_what_takes_an_admin_and_nothing_else(least: Outcome) -> None:
    assert least.of("untested") == set(permissions.ADMIN_ONLY), least


@pytest.mark.nightly
@pytest.mark.parametrize("scope", [*permissions.role(NEWEST)])
def test_without_a_scope_the_chapters_named_for_it_are_untested(
    tmp_path: Path, scope: str, least: Outcome
) -> None:
    scopes = [each for each in permissions.role(NEWEST) if each != scope]
    lost = untested(run_with(scopes, tmp_path)) - untested(least)
    named = {chapter for chapter, needed in permissions.CHAPTERS.items() if scope in needed}
    assert {each.partition("/")[0] for each in lost} == named, sorted(lost)
