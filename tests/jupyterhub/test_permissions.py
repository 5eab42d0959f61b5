"""The least role, on a real hub: what it opens, and what is untested without one of its scopes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_conformance import permissions
from hub_conformance.target import NEWEST

from .hub import RealHub
from .test_suite import run_suite

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


@pytest.mark.nightly
def test_role_leaves_untested_what_takes_an_admin_and_nothing_else(tmp_path: Path) -> None:
    with hub_with(permissions.role(NEWEST)) as hub:
        outcome = run_suite(tmp_path, hub, TOKEN, "--hub-quiet")
    assert not outcome.of("failed") | outcome.of("stale") | outcome.of("error"), outcome
    assert outcome.of("untested") == set(permissions.ADMIN_ONLY), outcome


@pytest.mark.nightly
@pytest.mark.parametrize("scope", [*permissions.role(NEWEST)])
def test_without_a_scope_the_chapters_named_for_it_are_untested(tmp_path: Path, scope: str) -> None:
    scopes = [each for each in permissions.role(NEWEST) if each != scope]
    with hub_with(scopes) as hub:
        outcome = run_suite(tmp_path, hub, TOKEN)
    assert not outcome.of("failed") | outcome.of("stale") | outcome.of("error"), outcome
    lost = outcome.of("untested") - set(permissions.ADMIN_ONLY)
    named = {
        chapter
        for chapter, needed in permissions.CHAPTERS.items()
        if scope in (*needed, *permissions.BASE)
    }
    assert {each.partition("/")[0] for each in lost} == named
