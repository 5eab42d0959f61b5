"""The run's options: which value counts, and what is said about one that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance.errors import UsageError
from hub_conformance.sandbox import PREFIX
from hub_conformance.secret import Secret
from hub_conformance.settings import (
    TOKEN,
    TOKEN_VARIABLE,
    Settings,
    check_ca_bundle,
    check_prefix,
    pick_token,
    read,
    take_secrets,
)

SECRET = "s3cr3t-t0ken-0123456789abcdef"
URL = "--hub-url=http://host:8000"

Reading = Callable[..., Settings]

# --- tokens


def test_flag_before_file_before_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" from-file\n")
    environment = {TOKEN_VARIABLE: "from-environment "}
    assert pick_token("from-flag", file, environment) == Secret("from-flag")
    assert pick_token(None, file, environment) == Secret("from-file")
    assert pick_token(None, None, environment) == Secret("from-environment")


@pytest.mark.parametrize("flag", [None, "", " "])
def test_no_token_names_the_three_ways(flag: str | None) -> None:
    environment = {} if flag is None else {TOKEN_VARIABLE: SECRET}
    with pytest.raises(UsageError) as caught:
        pick_token(flag, None, environment)
    for way in (TOKEN_VARIABLE, "--hub-token-file", "--hub-token="):
        assert way in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_file_is_no_token(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="no token"):
        pick_token(None, file, {TOKEN_VARIABLE: SECRET})


def test_file_of_an_editor_that_marks_its_files(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xef\xbb\xbf" + SECRET.encode() + b"\r\n")
    assert pick_token(None, file, {}) == Secret(SECRET)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError, match=r"--hub-token-file: .* cannot be read: \w+"):
            pick_token(None, path, {})


def test_file_that_is_no_text_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(SECRET.encode() + b"\xff")
    with pytest.raises(UsageError, match="it is no text") as caught:
        pick_token(None, file, {})
    assert SECRET not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("bad", ["two words", "tökén", "a\tb", "a\nb", "a\x00b", "“quoted”"])
def test_token_that_no_header_carries(bad: str) -> None:
    with pytest.raises(UsageError, match="the token has characters") as caught:
        pick_token(SECRET + bad, None, {})
    assert SECRET not in str(caught.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_any_visible_ascii_is_a_token(text: str) -> None:
    assert pick_token(f" {text}\n", None, {}).reveal() == text


# --- single values


@pytest.mark.parametrize("text", [PREFIX, "abc", "a-1", "a" * 20])
def test_prefix(text: str) -> None:
    assert check_prefix(text) == text


@pytest.mark.parametrize(
    "text", ["", "ab", "a" * 21, "1ab", "-ab", "Abc", "a_b", "a b", "säge", "abc\n"]
)
def test_prefix_that_some_hub_would_not_take(text: str) -> None:
    with pytest.raises(UsageError, match="use 3 to 20 of a-z, 0-9 and dash"):
        check_prefix(text)


def test_ca_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    assert check_ca_bundle(str(bundle)) == str(bundle)
    assert check_ca_bundle(str(tmp_path)) == str(tmp_path), "a folder of certificates"
    assert check_ca_bundle(None) is None


def test_ca_bundle_that_is_none(tmp_path: Path) -> None:
    text = tmp_path / "readme.txt"
    text.write_text("no certificate")
    with pytest.raises(UsageError, match="holds no certificates"):
        check_ca_bundle(str(text))
    with pytest.raises(UsageError, match="there is no"):
        check_ca_bundle(str(tmp_path / "gone"))


# --- all of them, as pytest hands them over


@pytest.fixture
def reading(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Read the options of a command line, with a token in the environment."""
    monkeypatch.setenv(TOKEN_VARIABLE, SECRET)
    # Everybody else's plugins only cost time here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def read_options(*arguments: str) -> Settings:
        return read(pytester.parseconfig("-p", "hub_conformance.plugin", *arguments))

    return read_options


def test_without_any_option(reading: Reading) -> None:
    settings = reading()
    assert (settings.url, settings.token, settings.public) == (None, None, None)
    assert (settings.prefix, settings.api_version, settings.ca_bundle) == (PREFIX, None, None)
    assert (settings.spawn_seconds, settings.read_seconds, settings.spawns) == (60.0, 60.0, True)
    assert (settings.user_options, settings.rules, settings.limit_seconds) == (None, (), None)
    assert not settings.destructive
    assert settings.page_limits is None


@pytest.mark.parametrize(("text", "limits"), [("50:200", (50, 200)), ("7:7", (7, 7))])
def test_page_limits(reading: Reading, text: str, limits: tuple[int, int]) -> None:
    assert reading(f"--hub-page-limits={text}").page_limits == limits


@pytest.mark.parametrize("text", ["200", "200:50", "0:5", "-1:5", "a:b", "5:", "5:8:9", "5,8"])
def test_page_limits_that_are_none(reading: Reading, text: str) -> None:
    with pytest.raises(UsageError, match="50:200"):
        reading(f"--hub-page-limits={text}")


def test_reference_hub_needs_no_token(reading: Reading) -> None:
    settings = reading("--hub-url=reference")
    assert (settings.url, settings.token) == (None, None)


def test_every_option(reading: Reading) -> None:
    settings = reading(
        "--hub-url=https://Host/jupyter/hub/api", "--hub-public-url=https://out:443/",
        "--hub-prefix=mine", "--hub-api-version=5.5", "--hub-timeout=0.5",
        "--hub-spawn-timeout=120", '--hub-user-options={"profile": "small"}', "--hub-no-spawn",
        "--hub-destructive",
        "--hub-rule=a/b", "--hub-rule=c/d[e]",
    )  # fmt: skip
    assert (settings.url, settings.public) == ("https://host/jupyter/", "https://out/")
    assert settings.token == Secret(SECRET)
    assert (settings.prefix, settings.api_version) == ("mine", "5.5")
    assert (settings.read_seconds, settings.spawn_seconds) == (0.5, 120.0)
    assert settings.user_options == {"profile": "small"}
    assert (settings.spawns, settings.rules) == (False, ("a/b", "c/d[e]"))
    assert settings.destructive
    assert SECRET not in repr(settings)


def test_flag_wins_over_its_ini_twin(reading: Reading, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nhub_url = http://ini:1/hub\nhub_timeout = 7\nhub_prefix = of-ini\n")
    settings = reading()
    assert (settings.url, settings.read_seconds, settings.prefix) == (
        "http://ini:1/",
        7.0,
        "of-ini",
    )
    settings = reading("--hub-url=http://flag/", "--hub-timeout=8")
    assert (settings.url, settings.read_seconds, settings.prefix) == ("http://flag/", 8.0, "of-ini")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--hub-url=", "--hub-url is given without a value"),
        ("--hub-url= ", "--hub-url is given without a value"),
        ("--hub-url=ftp://host", "'ftp://host' is no address of a hub"),
        ("--hub-url=http://me:pass@host", "carries a user name or password"),
        ("--hub-public-url=host", "'host' is no address of a hub"),
        ("--hub-token-file=", "--hub-token-file is given without a value"),
        ("--hub-token-file=gone", "--hub-token-file: gone cannot be read"),
        ("--hub-ca-bundle=gone", "--hub-ca-bundle: there is no gone"),
        ("--hub-prefix=A", "--hub-prefix=A: use 3 to 20"),
        ("--hub-api-version=six", "--hub-api-version: 'six' is no version"),
        ("--hub-timeout=x", "--hub-timeout=x: give a number of seconds"),
        ("--hub-timeout=0", "--hub-timeout=0: give a number of seconds above 0"),
        ("--hub-timeout=-1", "give a number of seconds above 0"),
        ("--hub-timeout=nan", "give a number of seconds above 0"),
        ("--hub-timeout=inf", "give a number of seconds above 0"),
        ("--hub-spawn-timeout=1e999", "--hub-spawn-timeout=1e999: give a number"),
        ("--hub-user-options={", "--hub-user-options is no JSON"),
        ("--hub-user-options=[]", "--hub-user-options: give a JSON object"),
        ("--hub-user-options=" + "[" * 50_000, "--hub-user-options is no JSON"),
    ],
    ids=lambda text: text[:40],
)
def test_option_that_cannot_be_used(reading: Reading, option: str, said: str) -> None:
    arguments = [option] if option.startswith("--hub-url") else [URL, option]
    with pytest.raises(UsageError) as caught:
        reading(*arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_token_of_a_flag_is_wrapped(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("-p", "no:schemathesis", URL, f"--hub-token={SECRET} ")
    take_secrets(config)
    assert config.stash[TOKEN] == Secret(SECRET)
    assert SECRET not in repr(vars(config.option))
    assert SECRET not in repr(vars(config.known_args_namespace))
    assert read(config).token == Secret(SECRET)


def test_limit_of_the_run(reading: Reading) -> None:
    assert reading("--hub-time-limit=90").limit_seconds == 90.0
    assert math.isfinite(reading().read_seconds)
