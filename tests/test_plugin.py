"""The plugin in other people's projects, as `pytest` processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_conformance.embedded import EmbeddedHub
from hub_conformance.hub import Hub

Run = Callable[..., pytest.RunResult]

#: A project with habits of its own: nothing of it may keep the suite from being collected.
STUBBORN_INI = """
[pytest]
testpaths = mine
python_files = check_*.py
python_functions = check_*
python_classes = Check*
addopts = --strict-markers
filterwarnings = error
"""


@pytest.fixture
def run(pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest in an empty project, the reference hub's token in the environment."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())

    def with_arguments(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:schemathesis", *arguments)

    return with_arguments


@pytest.fixture
def url(reference: EmbeddedHub) -> str:
    return f"--hub-url={reference.url}"


def stubborn(pytester: pytest.Pytester) -> None:
    """Make a project with habits of its own and a test of its own."""
    pytester.makeini(STUBBORN_INI)
    pytester.mkdir("mine").joinpath("check_mine.py").write_text("def check_mine(): pass")


def text(result: pytest.RunResult) -> str:
    return "\n".join([*result.outlines, *result.errlines])


def no_trace_of_the_inside(result: pytest.RunResult) -> bool:
    return "Traceback" not in text(result) and "INTERNALERROR" not in text(result)


# --- harmless where it is not asked for


def test_plugin_imports_only_the_standard_library_and_pytest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys
        def pytest_unconfigure():
            print("MODULES", *sorted(sys.modules))
        """
    )
    pytester.makepyfile("def test_nothing(): pass")

    def modules(*arguments: str) -> set[str]:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(each for each in result.stdout.splitlines() if each.startswith("MODULES"))
        return set(line.split()[1:])

    added = modules("-p", "hub_conformance.plugin") - modules()
    ours = {each for each in added if each.split(".")[0] == "hub_conformance"}
    assert ours == {"hub_conformance", "hub_conformance.plugin"}
    assert {each.split(".")[0] for each in added - ours} <= sys.stdlib_module_names


def test_plugin_does_nothing_where_no_option_asks_for_it(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    pytester.makeini(f"[pytest]\nhub_url = {url.removeprefix('--hub-url=')}")
    pytester.makepyfile("def test_mine(request): assert 'hub' not in request.fixturenames")
    result = run("-v")
    result.assert_outcomes(passed=1)
    assert "JupyterHub" not in text(result)
    assert "hub_conformance/suite" not in text(result)
    assert "pagination" not in text(run("--markers"))


def test_plugin_can_be_blocked(run: Run, url: str) -> None:
    result = run("-p", "no:hub_conformance", url)
    assert result.ret == 4
    assert "unrecognized arguments" in text(result)


# --- what is collected


def test_flag_without_a_path_collects_the_packaged_chapters(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    stubborn(pytester)
    result = run("--collect-only", "-q", url)
    assert result.ret == 0
    files = {line.partition("::")[0] for line in result.outlines if "::test_" in line}
    suite = Path(__file__).parents[1] / "hub_conformance" / "suite"
    assert files == {f"hub_conformance/suite/{each.name}" for each in suite.glob("test_*.py")}


def test_suite_passes_in_a_project_that_turns_warnings_into_errors(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    stubborn(pytester)
    result = run(url, "-m", "identity")
    assert result.ret == 0, text(result)
    assert ": partial; " in text(result)


def test_path_on_the_command_line_is_respected(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    path = pytester.makepyfile("def test_mine(hub): assert hub.get('/').status == 200")
    result = run(url, str(path), "-v")
    result.assert_outcomes(passed=1)
    assert "hub_conformance/suite" not in text(result)


@pytest.mark.parametrize("named", [["--pyargs", "hub_conformance"], ["--hub-url=reference"]])
def test_embedded_hub_is_the_default_target(run: Run, named: list[str]) -> None:
    result = run(*named, "--hub-rule=identity/version-without-token")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["hub: http://127.0.0.1:*token of admin user admin*"])


def test_one_chapter_by_its_module(run: Run) -> None:
    result = run("--pyargs", "hub_conformance.suite.test_identity", "--collect-only", "-q")
    assert result.ret == 0
    assert {line.partition("::")[0] for line in result.outlines if "::" in line} == {
        "hub_conformance/suite/test_identity.py"
    }


def test_collecting_needs_no_network(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        port = listening.getsockname()[1]
        assert run(f"--hub-url=http://127.0.0.1:{port}", "--collect-only", "-q").ret == 0
        assert run(f"--hub-url=http://127.0.0.1:{port}", "--hub-list-rules").ret == 0
        with pytest.raises(BlockingIOError):
            listening.accept()


# --- selecting


def test_rules_are_listed_with_level_versions_and_statement(run: Run) -> None:
    result = run("--hub-list-rules")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["identity/version-without-token  MUST  2.0 and later", "    *version*token*"]
    )


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_one_rule_runs_alone(run: Run, url: str, workers: list[str]) -> None:
    result = run(url, "--hub-rule=identity/version-without-token", *workers)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_unknown_rule_is_a_usage_error(run: Run, url: str, workers: list[str]) -> None:
    result = run(url, "--hub-rule=identity/no-such-rule", *workers)
    assert result.ret == 4
    assert "no rule identity/no-such-rule" in text(result)
    assert no_trace_of_the_inside(result)


def test_chapters_are_markers(run: Run, url: str) -> None:
    result = run(url, "-m", "identity", "--collect-only", "-q", "--strict-markers")
    files = {line.partition("::")[0] for line in result.outlines if "::test_" in line}
    assert files
    assert all("test_identity" in each for each in files)


def test_two_workers_share_one_hub(run: Run, url: str) -> None:
    result = run(url, "-n", "2", "-m", "identity")
    assert result.ret == 0, text(result)
    assert ": partial; " in text(result)


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hub-url=ftp://hub.example.org"], "no address of a hub"),
        (["--hub-url=http://127.0.0.1:99999"], "no address of a hub"),
        (["--hub-url=http://me:secret@127.0.0.1"], "give a token instead"),
        (["--hub-url=http://127.0.0.1:1"], "no hub reached"),
        (["--hub-url=reference", "--hub-prefix=Bad Prefix"], "--hub-prefix"),
        (["--hub-url=reference", "--hub-spawn-timeout=soon"], "--hub-spawn-timeout=soon"),
        (["--hub-url=reference", "--hub-timeout=-1"], "--hub-timeout=-1"),
        (["--hub-url=reference", "--hub-user-options=[]"], "JSON object"),
        (["--hub-url=reference", "--hub-user-options={"], "no JSON"),
        (["--hub-url=reference", "--hub-api-version=six"], "--hub-api-version"),
        (["--hub-url=reference", "--hub-ca-bundle=/no/such/file"], "there is no /no/such/file"),
        (["--hub-url=http://127.0.0.1:1", "--hub-token-file=/no/such/file"], "cannot be read"),
    ],
)
def test_bad_option_ends_the_run_with_one_message(
    run: Run, arguments: list[str], message: str
) -> None:
    result = run(*arguments)
    assert result.ret == 4
    assert message in text(result)
    assert no_trace_of_the_inside(result)


def test_missing_token_names_the_three_ways(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    result = run(url)
    assert result.ret == 4
    for way in ("JUPYTERHUB_API_TOKEN", "--hub-token-file", "--hub-token="):
        assert way in text(result)


def test_refused_token_is_not_shown(run: Run, url: str) -> None:
    result = run(url, "--hub-token=notatokenofthishub")
    assert result.ret == 4
    assert "refused the token" in text(result)
    assert "notatokenofthishub" not in text(result)
    assert no_trace_of_the_inside(result)


def test_flag_wins_over_its_ini_twin(pytester: pytest.Pytester, run: Run, url: str) -> None:
    pytester.makeini("[pytest]\nhub_url = http://127.0.0.1:1\nhub_prefix = fromini")
    result = run(url, "--hub-rule=identity/version-without-token")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*run: fromini-*"])


# --- what a run says


FAILING = """
    from hub_conformance import rule

    @rule("mine/always-fails", see="reference/rest-api.html")
    def test_always_fails(alice):
        '''The moon is made of cheese.'''
        secret = alice.token.secret.reveal()
        answer = alice.hub.get("/user")
        listed = [secret, {"deep": secret}]
        assert answer.status == 418, f"{answer} {secret}"
"""


def token_of_alice(pytester: pytest.Pytester) -> str:
    """The token that the failing rule leaves in a file, for the test to look for."""
    return pytester.path.joinpath("secret").read_text()


@pytest.mark.parametrize("style", [[], ["--tb=long", "-l"], ["--tb=native", "-l"], ["-n", "2"]])
def test_failure_explains_itself_and_shows_no_secret(
    pytester: pytest.Pytester, run: Run, url: str, style: list[str], reference: EmbeddedHub
) -> None:
    path = pytester.makepyfile(
        FAILING.replace("listed =", "open('secret', 'w').write(secret); listed =")
    )
    result = run(url, str(path), "-rA", "--junitxml=junit.xml", "--log-level=DEBUG", *style)
    assert result.ret == 1
    printed = text(result) + pytester.path.joinpath("junit.xml").read_text()
    assert token_of_alice(pytester) not in printed
    assert reference.token.reveal() not in printed
    assert "418" in printed
    if "-l" not in style:
        for part in (
            "mine/always-fails (MUST",
            "made of cheese",
            "GET /hub/api/user",
            "$HUB_TOKEN",
        ):
            assert part in printed
        assert "--hub-rule='mine/always-fails'" in printed


def test_junit_carries_rule_and_verdict(pytester: pytest.Pytester, run: Run, url: str) -> None:
    run(url, "--hub-rule=identity/version-without-token", "--junitxml=junit.xml")
    report = pytester.path.joinpath("junit.xml").read_text()
    assert '<property name="rule" value="identity/version-without-token"' in report
    assert '<property name="verdict" value="passed"' in report


UNTESTED = """
    import pytest
    from hub_conformance import rule
    from hub_conformance.errors import SetupFailed

    @rule("mine/untested")
    def test_untested(hub):
        '''Needs what is not there.'''
        raise SetupFailed("the hub did not create a user")

    @rule("mine/tested")
    def test_tested(hub):
        '''The hub is there.'''
        assert hub.get("/").ok

    @rule("mine/old", until="2.9")
    def test_old(hub):
        '''Only old hubs do this.'''
        assert False
"""


def test_untested_rules_fail_the_run_unless_allowed(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    path = str(pytester.makepyfile(UNTESTED))
    result = run(url, path)
    assert result.ret == 1
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["untested, 1 rule: the hub did not create a user", "*: incomplete; *"]
    )
    result.stdout.fnmatch_lines(["not applicable, 1 rule: until 2.9*"])
    assert run(url, path, "--hub-allow-untested").ret == 0
    assert run(url, path, "--hub-allow-untested", "--hub-rule=mine/untested").ret == 5


# --- nothing is left behind


def names(admin: Hub, path: str) -> set[str]:
    return {name for page in admin.walk(path) for name in page.names}


INTERRUPTED = """
    import os, signal
    from hub_conformance import rule

    def test_interrupted(alice, user, sandbox, hub):
        sandbox.group("g", [user])
        hub.post(f"/users/{sandbox.name('raw')}")
        os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_interrupted_run_leaves_nothing(
    pytester: pytest.Pytester, run: Run, url: str, admin: Hub, signal_name: str
) -> None:
    before = names(admin, "/users") | names(admin, "/groups")
    result = run(url, str(pytester.makepyfile(INTERRUPTED.replace("SIGINT", signal_name))))
    assert result.ret == 2
    assert names(admin, "/users") | names(admin, "/groups") == before


KILLED = """
    import os, signal

    def test_killed(alice, user, sandbox, limited):
        sandbox.group("g", [user])
        limited("list:users")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_cleanup_removes_what_a_killed_run_left(
    pytester: pytest.Pytester, run: Run, url: str, admin: Hub
) -> None:
    def state() -> tuple[set[str], set[str], int]:
        tokens = admin.get("/users/admin/tokens").json["api_tokens"]
        return names(admin, "/users"), names(admin, "/groups"), len(tokens)

    def cleanup(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hub_conformance", "cleanup", url, *arguments],
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    before = state()
    result = run(url, str(pytester.makepyfile(KILLED)), "--hub-prefix=killed")
    assert result.ret == -signal.SIGKILL
    assert state() != before
    assert cleanup().returncode == 0
    assert state() != before, "another prefix was removed"
    living = cleanup("--hub-prefix=killed", "--yes")
    assert "may still be going on" in living.stdout
    assert state() != before, "a run that may be alive was touched"
    this_run = re.findall("--run-id=.*", living.stdout)[0]
    asked = cleanup("--hub-prefix=killed", this_run)
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert cleanup("--hub-prefix=killed", this_run, "--yes").returncode == 0
    assert state() == before
    assert "nothing" in cleanup("--hub-prefix=killed", this_run, "--yes").stdout


def test_public_names_are_pinned() -> None:
    import hub_conformance

    assert hub_conformance.__all__ == sorted(hub_conformance.__all__)
    assert all(getattr(hub_conformance, name) for name in hub_conformance.__all__)
    with pytest.raises(AttributeError):
        hub_conformance.no_such_name  # noqa: B018


def test_report_is_plain_text_where_it_is_no_terminal(run: Run, url: str) -> None:
    result = run(url, "--hub-rule=identity/version-without-token")
    assert "\x1b" not in text(result)
    assert json.dumps(text(result)).isascii()


# --- what a hub does not recover from

HARMFUL = '''
    from hub_conformance import rule

    @rule("mine/end", needs="shutdown")
    def test_end(hub):
        """This would end the hub."""

    @rule("mine/harm", needs="destructive")
    def test_harm(hub):
        """This would change the hub for good."""

    @rule("mine/plain")
    def test_plain(hub):
        """This does neither."""
'''


def test_what_harms_the_hub_is_not_requested(run: Run, pytester: pytest.Pytester, url: str) -> None:
    result = run(url, str(pytester.makepyfile(mine=HARMFUL)))
    assert "not requested, 2 rules: --hub-destructive" in text(result)


def test_what_harms_the_hub_comes_last_and_its_end_very_last(
    run: Run, pytester: pytest.Pytester, url: str
) -> None:
    result = run(url, str(pytester.makepyfile(mine=HARMFUL)), "--hub-destructive", "-v")
    ran = [line.split("::")[1].split()[0] for line in result.outlines if "PASSED" in line]
    assert ran == ["test_plain", "test_harm", "test_end"]
