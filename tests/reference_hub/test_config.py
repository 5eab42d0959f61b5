from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reference_hub import config
from reference_hub.core.boot import ConfigError
from reference_hub.launch import load


def test_the_defaults() -> None:
    launch, settings = load([])
    assert (launch.ip, launch.port) == ("127.0.0.1", 8000)
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (50, 200)
    assert settings.allow_named_servers
    assert list(settings.admin_users) == ["admin"]


def test_the_defaults_are_those_of_the_traits() -> None:
    assert load(["--JupyterHub.port=8000"]) == load([])


def test_traits_are_not_loaded_where_none_is_given() -> None:
    code = (
        "import sys; from reference_hub.launch import load; load(sys.argv[1:]);"
        "print('traitlets' in sys.modules)"
    )
    for option, loaded in (("--port=0", "False"), ("--JupyterHub.port=0", "True")):
        done = subprocess.run(
            [sys.executable, "-c", code, option], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == loaded


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port"], "--port needs a value"),
        (["--JupyterHub.port"], "--JupyterHub.port needs a value"),
        (["--port=x"], "--port takes a number from 0 to 65535, not 'x'"),
        (["--port", "-1"], "--port takes a number from 0 to 65535, not '-1'"),
        (["--port=65536"], "--port takes a number from 0 to 65535, not '65536'"),
        (["--spawner=docker"], "--spawner takes simulated or process, not 'docker'"),
        (["--singleuser-command='"], "--singleuser-command takes a command and its arguments"),
        (["--json=yes"], "--json takes no value"),
        (["--prot=1"], "unknown option --prot (did you mean port?)"),
        (["8000"], "unexpected argument '8000'"),
        (["--JupyterHub.port=x"], "The 'port' trait of a JupyterHub instance expected an int"),
    ],
)
def test_what_is_no_option(options: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(options)


def test_a_fault_after_another() -> None:
    assert load(["--fault=a", "--fault", "b"])[0].fault == ["a", "b"]


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
        "c.Authenticator.allowed_users = {'bob', 'ann'}\n"
        "c.Authenticator.enable_auth_state = True\n"
    )
    launch, settings = load(["-f", str(path), "--JupyterHub.api_page_default_limit=5"])
    assert (launch.ip, launch.port) == ("127.0.0.1", 1234)
    assert (settings.api_page_default_limit, settings.api_page_max_limit) == (5, 4)
    assert settings.admin_users == ["admin", "boss", "root"]
    assert settings.allowed_users == ["ann", "bob"]
    assert settings.api_tokens == {"a-long-secret": "ann"}
    assert settings.slow_spawn_timeout == 7
    assert settings.enable_auth_state


def test_what_servers_may_do(tmp_path: Path) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text(
        "c = get_config()\n"
        "c.Spawner.server_token_scopes = lambda spawner: ['self']\n"  # none to call it with
        "c.Spawner.oauth_client_allowed_scopes = ['shares!server']\n"
    )
    settings = load(["-f", str(path)])[1]
    assert settings.server_token_scopes == []
    assert settings.oauth_client_allowed_scopes == ["shares!server"]


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
    launch, settings = load(["-f", str(path), "--spawner=process"])
    assert launch.spawner == "process"
    assert launch.command == ["jupyter-labhub", "--debug", "--allow-root"]
    assert (launch.environment, settings.start_timeout) == ({"A": "1"}, 120.0)
    launch, _ = load(["-f", str(path), "--singleuser-command", "a 'b c'"])
    assert (launch.spawner, launch.command) == ("simulated", ["a", "b c"])


def test_flags() -> None:
    launch, _ = load(["--json", "--exit-with-stdin", "--allow-remote", "--ip", "0.0.0.0"])
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
    launch, settings = load(options)
    assert (launch.ip, launch.port, settings.base_url) == ("127.0.0.1", port, base_url)


def test_unknown_traits_are_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text("c.JupyterHub.bogus = 1")
    load(["-f", str(path), "--JupyterHub.base_ulr=/x"])
    assert sorted(caplog.messages) == [
        "unknown option JupyterHub.base_ulr (did you mean base_url?)",
        "unknown option JupyterHub.bogus",
    ]
