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
    launch, settings = config.load(["-f", str(path), "--JupyterHub.api_page_default_limit=5"])
    assert (launch.ip, launch.port) == ("127.0.0.1", 1234)
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (5, 4)
    assert settings.admin_users == ["admin", "boss", "root"]
    assert settings.api_tokens == {"a-long-secret": "ann"}
    assert settings.slow_spawn_timeout == 7
    assert settings.enable_auth_state


def test_what_to_run_for_servers(tmp_path: Path) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text(
        "c = get_config()\n"
        "c.Spawner.cmd = ['jupyter-labhub']\n"
        "c.Spawner.args = ['--debug', '--allow-root']\n"
        "c.Spawner.environment = {'A': 1}\n"
        "c.Spawner.start_timeout = 120\n"
        "c.Spawner.mem_limit = '1G'\n"
    )
    launch, settings = config.load(["-f", str(path), "--spawner=process"])
    assert launch.spawner == "process"
    assert launch.command == ["jupyter-labhub", "--debug", "--allow-root"]
    assert (launch.environment, settings.start_timeout) == ({"A": "1"}, 120.0)
    launch, _ = config.load(["-f", str(path), "--singleuser-command", "a 'b c'"])
    assert (launch.spawner, launch.command) == ("simulated", ["a", "b c"])


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


@pytest.mark.parametrize(
    ("options", "port", "base_url"),
    [
        (["--JupyterHub.port=8081"], 8081, "/"),
        (["--JupyterHub.port=8081", "--port=9"], 9, "/"),
        (["--JupyterHub.bind_url=http://localhost:7/x/"], 7, "/x/"),
        (["--JupyterHub.bind_url=http://:7/x", "--JupyterHub.base_url=/y"], 7, "/y/"),
        (["--JupyterHub.ip=", "--JupyterHub.bind_url=http://127.0.0.1"], 8000, "/"),
    ],
)
def test_the_address_in_jupyterhubs_own_words(options: list[str], port: int, base_url: str) -> None:
    launch, settings = config.load(options)
    assert (launch.ip, launch.port, settings.base_url) == ("127.0.0.1", port, base_url)


def test_unknown_traits_are_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text("c.JupyterHub.bogus = 1")
    config.load(["-f", str(path), "--JupyterHub.base_ulr=/x"])
    assert sorted(caplog.messages) == [
        "unknown option JupyterHub.base_ulr (did you mean base_url?)",
        "unknown option JupyterHub.bogus",
    ]
