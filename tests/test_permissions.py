"""The least role of whose token a run is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub_conformance import embedded, permissions
from hub_conformance.__main__ import main
from hub_conformance.contract import operations, scope_table
from hub_conformance.contract.scopes import expand
from hub_conformance.operations import RECIPES
from hub_conformance.plugin import SUITE
from hub_conformance.target import JUDGED, NEWEST

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"
VERSIONS = ["{}.{}".format(*each) for each in JUDGED]
TOKEN = "5ca1ab1e" * 4
#: By scope, rules that ask for what it opens, each in another way.
ASK_FOR_IT = {
    "admin:users": ("errors/refused-list-makes-nothing", "services/configured-service-is-no-user"),
    "admin:servers": ("shares/granted-again-is-the-same-share",),
    "proxy": ("servers/route-comes-and-goes", "scopes/admins-rights"),
    "read:hub": ("identity/good-token-on-every-kind", "fuzz/operation"),
}
CHAPTERS = {path.stem.split("_")[1] for path in SUITE.glob("test_*.py")}


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == permissions.page(), (
        "python -m hub_conformance permissions > docs/permissions.md"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_role_amounts_to_every_right(version: str) -> None:
    table, scopes = scope_table(version), permissions.role(version)
    held = expand(scopes, table)
    assert held == set(table) - {"(no_scope)", "self", "inherit", "all"}
    assert not any((expand([each], table) - {each}) & set(scopes) for each in scopes)


@pytest.mark.parametrize("operation", RECIPES)
def test_role_opens_what_is_called(operation: str) -> None:
    held = expand(permissions.role(NEWEST), scope_table(NEWEST))
    needed = [each.scope for each in operations(NEWEST)[operation].scopes]
    assert not needed or held & set(needed)


def test_every_chapter_says_what_it_needs() -> None:
    assert set(permissions.CHAPTERS) == CHAPTERS
    scopes = set(permissions.role(NEWEST))
    assert {each for needed in permissions.CHAPTERS.values() for each in needed} <= scopes


@pytest.mark.parametrize(("version", "status"), [("4.1", 0), ("x", 4)])
def test_command(version: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", f"--version={version}"]) == status
    printed = capsys.readouterr()
    assert ("c.JupyterHub.load_roles" in printed.out) is (status == 0)


@pytest.mark.parametrize("scope", ASK_FOR_IT)
def test_rule_without_its_scope_is_untested(
    scope: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = [each for each in permissions.role(NEWEST) if each != scope]
    role = {"name": permissions.ROLE, "scopes": scopes, "users": ["tester"]}
    config = pytester.makepyfile(
        f"""
        c = get_config()
        c.JupyterHub.load_roles = [{role!r}]
        c.JupyterHub.api_tokens = {{{TOKEN!r}: "tester"}}
        """
    )
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    rules = [f"--hub-rule={each}" for each in ASK_FOR_IT[scope]]
    hub = embedded.start("-f", str(config))
    try:
        options = ("-p", "no:schemathesis", f"--hub-url={hub.url}", "--hub-report=report.json")
        pytester.runpytest_subprocess(*options, *rules)
    finally:
        hub.stop()
    report = json.loads((pytester.path / "report.json").read_text())
    verdicts: dict[str, set[str]] = {}
    for each in report["rules"]:
        verdicts.setdefault(each["id"].partition("[")[0], set()).add(each["verdict"])
    assert all("untested" in verdicts[each] for each in ASK_FOR_IT[scope]), verdicts
    found = {each for of_one in verdicts.values() for each in of_one}
    assert found <= {"passed", "untested", "not applicable"}, verdicts
