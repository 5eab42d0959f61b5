from __future__ import annotations

from pathlib import Path

import pytest

from reference_hub import config


def test_the_defaults() -> None:
    launch, settings = config.load([])
    assert (launch.ip, launch.port) == ("127.0.0.1", 8000)
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (50, 200)
    assert settings.allow_named_servers
    assert list(settings.admin_users) == ["admin"]


def test_a_file_and_options_that_win(tmp_path: Path) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text(
        "c = get_config()\n"
        "c.JupyterHub.api_page_default_limit = 3\n"
        "c.JupyterHub.api_page_max_limit = 4\n"
        "c.JupyterHub.admin_users = {'root'}\n"
        "c.JupyterHub.api_tokens = {'a-long-secret': 'ann'}\n"
        "c.JupyterHub.tornado_settings = {'slow_spawn_timeout': 7}\n"
        # What concerns other parts of a real hub is passed over.
        "c.JupyterHub.spawner_class = 'simple'\n"
        "c.JupyterHub.bind_url = 'http://:1234'\n"
        "c.Spawner.cmd = ['x']\n"
        "c.Authenticator.allow_all = True\n"
        "c.Authenticator.admin_users = {'boss'}\n"
        "c.Authenticator.enable_auth_state = True\n"
    )
    _, settings = config.load(["-f", str(path), "--JupyterHub.api_page_default_limit=5"])
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (5, 4)
    assert settings.admin_users == ["admin", "boss", "root"]
    assert settings.api_tokens == {"a-long-secret": "ann"}
    assert settings.slow_spawn_timeout == 7
    assert settings.enable_auth_state


def test_flags() -> None:
    launch, _ = config.load(["--json", "--exit-with-stdin", "--allow-remote", "--ip", "0.0.0.0"])
    assert launch.json
    assert launch.exit_with_stdin
    assert launch.allow_remote
    assert launch.ip == "0.0.0.0"


@pytest.mark.parametrize(
    ("given", "normal"), [("/", "/"), ("", "/"), ("x", "/x/"), ("/x/", "/x/"), ("/x/y", "/x/y/")]
)
def test_base_urls(given: str, normal: str) -> None:
    assert config.normal_base_url(given) == normal
