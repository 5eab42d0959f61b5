"""`python -m reference_hub` as users and the embedding suite start it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reference_hub import command as entry

COMMAND = [sys.executable, "-m", "reference_hub"]


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def get(url: str, token: str) -> object:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_one_line_of_json_and_an_end_with_its_parent() -> None:
    with started("--json", "--exit-with-stdin") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        assert ready.keys() == {"url", "token", "user"}
        me = get(ready["url"] + "hub/api/user", ready["token"])
        assert isinstance(me, dict)
        assert (me["name"], me["admin"], ready["user"]) == ("admin", True, "admin")
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


def test_accounts_of_a_user_and_a_service() -> None:
    with started("--json", "--exit-with-stdin", "--with-accounts") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        user, _, password = ready["login"].partition(":")
        client, _, secret = ready["oauth_client"].partition(":")
        assert (user, client) == ("visitor", "service-oauth-service")
        assert min(len(password), len(secret)) >= 20
        me = get(ready["url"] + "hub/api/user", secret)
        assert isinstance(me, dict)
        assert (me["kind"], me["name"]) == ("service", "oauth-service")


def test_plain_words_and_an_orderly_end() -> None:
    with started("--JupyterHub.base_url=/jupyter") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[-1]
        token = process.stdout.readline().split()[-1]
        assert url.endswith("/jupyter/")
        get(url + "hub/api/users", token)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_a_shutdown_by_request() -> None:
    with started("--json") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        request = urllib.request.Request(
            ready["url"] + "hub/api/shutdown",
            method="POST",
            headers={"Authorization": f"token {ready['token']}"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 202
        assert process.wait(10) == 0


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--port", "-f", "--json", "--exit-with-stdin", "--JupyterHub.load_roles"):
        assert option in text


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert entry.main([f"--port={port}"]) == 1
    assert str(port) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bogus"], "unknown option --bogus"),
        (["--prot=1"], "did you mean port?"),
        (["--JupyterHub.bind_url=http://:x"], "Port could not be cast"),
        (["--JupyterHub.bind_url=http://0.0.0.0:8000"], "--allow-remote"),
        (["--JupyterHub.ip=0.0.0.0"], "--allow-remote"),
        (["--port=x"], "x"),
        (["--port=70000"], "port"),
        (["stray"], "stray"),
        (["--ip=0.0.0.0"], "--allow-remote"),
        (["--ip=localhost"], "--allow-remote"),
        (["--JupyterHub.api_page_max_limit=0"], "api_page_max_limit"),
        (["-f", "absent.py"], "absent.py"),
        (["--spawner=docker"], "spawner"),
        (["--Spawner.start_timeout=-1"], "start_timeout"),
        (["--singleuser-command='"], "a command and its arguments"),
    ],
)
def test_mistakes_are_told_in_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c = (", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("c = get_config()\nc.JupyterHub.base_url = 5", "base_url"),
        ("c = get_config()\nc.JupyterHub.services = [{'api_token': 'x' * 9}]", "no name"),
        ("c = get_config()\nc.JupyterHub.services = ['x']", "services"),
        (
            "c = get_config()\nc.JupyterHub.load_roles = [{'name': 'abc', 'scopes': ['nope']}]",
            "no scope 'nope'",
        ),
        ("c = get_config()\nc.JupyterHub.load_roles = [{'scopes': []}]", "no name"),
        ("c = get_config()\nc.JupyterHub.custom_scopes = {'x': {}}", "custom scope 'x'"),
        ("c = get_config()\nc.Spawner.cmd = []", "must name a command"),
        ("c = get_config()\nc.JupyterHub.extra_user_scopes = ['nope']", "no scope 'nope'"),
    ],
)
def test_mistakes_in_a_file_too(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text(text)
    assert entry.main([f"--config={path}"]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_all_else_needs_no_extra() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from reference_hub import Hub, create_app; import reference_hub.command\n"
        "import reference_hub.running; create_app(Hub())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_processes_need_an_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("reference_hub.http.processes")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert entry.main(["--spawner=process", "--port=0"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "reference_hub: --spawner process needs httpx: pip install 'hub-conformance[jupyter]'\n"
    )


def test_the_hub_has_what_is_configured() -> None:
    from dataclasses import replace

    from reference_hub.core.hub import Settings

    hub, token = entry.build(replace(Settings(), admin_users=["admin", "root"]))
    found = hub.find_token(token)
    assert found is not None
    assert found.owner is hub.find_user("admin")
    assert [user.name for user in hub.users.values() if user.admin] == ["admin", "root"]
