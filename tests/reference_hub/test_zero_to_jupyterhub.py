"""A Helm chart's values as configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_hub import command as entry
from reference_hub.launch import load

VALUES = """
proxy:
  secretToken: abc
singleuser:
  image: {name: jupyter/base-notebook}
hub:
  image: {tag: 4.0.0}
  baseUrl: /jupyter
  allowNamedServers: true
  namedServerLimitPerUser: 3
  config:
    JupyterHub:
      admin_users: [boss]
      api_page_max_limit: 100
    DummyAuthenticator:
      password: a-shared-secret
    KubeSpawner:
      cpu_limit: 1
  services:
    culler:
      apiToken: secret-of-culler
    other:
      name: another
      admin: true
  loadRoles:
    culler-role:
      scopes: [list:users, "admin:servers"]
      services: [culler]
  extraConfig:
    b: c.JupyterHub.api_page_default_limit += 1
    a: |
      c = get_config()
      c.JupyterHub.api_page_default_limit = 30
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_what_concerns_the_api(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text(VALUES)
    _, settings = load(["-f", str(path)])
    assert settings.base_url == "/jupyter/"
    assert settings.named_server_limit_per_user == 3
    assert settings.admin_users == ["admin", "boss"]
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (31, 100)
    assert settings.password == "a-shared-secret"
    assert list(settings.services) == [
        {"name": "culler", "api_token": "secret-of-culler"},
        {"name": "another", "admin": True},
    ]
    assert [role["name"] for role in settings.load_roles] == ["culler-role"]
    hub, _ = entry.build(settings)
    assert "culler-role" in hub.services["culler"].roles
    # The rest is named, once.
    (message,) = caplog.messages
    assert message.endswith("ignored: hub.image, proxy, singleuser")


def test_extra_config_as_text(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text("hub:\n  extraConfig: |\n    c.JupyterHub.allow_named_servers = False\n")
    _, settings = load(["-f", str(path)])
    assert not settings.allow_named_servers
    assert not caplog.messages


@pytest.mark.parametrize("text", ["", "hub:", "hub: {services: , extraConfig: }"])
def test_empty_values(text: str, path: Path) -> None:
    path.write_text(text)
    assert load(["-f", str(path)])[1] == load([])[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hub: [", "ParserError"),
        ("- hub", "the file must be a mapping"),
        ("hub: {services: [a]}", "hub.services must be a mapping"),
        ("hub: {extraConfig: 1}", "hub.extraConfig must be a mapping"),
        ("hub: {extraConfig: {a: 1}}", "hub.extraConfig.a must be text"),
        ("hub: {extraConfig: {a: 1 / 0}}", "ZeroDivisionError"),
        ("hub: {extraConfig: 'c ='}", "hub.extraConfig, line 1"),
        ("hub: {loadRoles: {abc: {scopes: [nope]}}}", "no scope 'nope'"),
        ("hub: {baseUrl: 5}", "base_url"),
    ],
)
def test_mistakes(text: str, message: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(text)
    assert entry.main(["-f", str(path)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
