"""Who logs in and the OAuth client: how they are given, and that their secrets stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_conformance.accounts import CLIENT_VARIABLE, LOGIN_VARIABLE, Accounts, pick
from hub_conformance.errors import UsageError
from hub_conformance.secret import Scrubber, Secret

PREFIX = "/jupyter/"


def test_a_password_may_have_colons() -> None:
    found = Accounts.parse("ann:pass:word", None, PREFIX)
    assert found.login
    assert (found.login.user, found.login.password.reveal()) == ("ann", "pass:word")


def test_a_service_has_its_address_by_its_name() -> None:
    found = Accounts.parse(None, "service-lab:secret-of-it", PREFIX)
    assert found.client
    assert found.client.redirect == "/jupyter/services/lab/oauth_callback"
    assert found.client.service == "lab"


def test_an_address_may_have_colons() -> None:
    found = Accounts.parse(None, "lab:secret-of-it:https://lab.example:8443/back", PREFIX)
    assert found.client
    assert found.client.redirect == "https://lab.example:8443/back"


@pytest.mark.parametrize("text", ["ann", "ann:", ":password", ":"])
def test_login_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="USER:PASSWORD"):
        Accounts.parse(text, None, PREFIX)


@pytest.mark.parametrize("text", ["service-lab", "service-lab:", ":secret-of-it"])
def test_client_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="ID:SECRET"):
        Accounts.parse(None, text, PREFIX)


def test_client_of_another_name_needs_its_address() -> None:
    with pytest.raises(UsageError, match="ID:SECRET:REDIRECT"):
        Accounts.parse(None, "lab:secret-of-it", PREFIX)


@pytest.mark.parametrize(("login", "client"), [("ann:short", None), (None, "service-lab:short")])
def test_a_short_secret_cannot_be_blanked(login: str | None, client: str | None) -> None:
    with pytest.raises(UsageError, match="less than 6 characters") as raised:
        Accounts.parse(login, client, PREFIX)
    assert ":short" not in str(raised.value)


def test_secrets_are_blanked_and_not_shown() -> None:
    found, scrubber = (
        Accounts.parse("ann:pass-word", "service-lab:secret-of-it", PREFIX),
        Scrubber(),
    )
    found.learn(scrubber)
    assert scrubber.scrub("pass-word and secret-of-it") == "*** and ***"
    assert "pass-word" not in repr(found)
    assert "secret-of-it" not in repr(found)


def test_what_a_worker_is_told_is_the_same() -> None:
    found = Accounts.parse("ann:pass-word", "service-lab:secret-of-it", PREFIX)
    told = found.dump()
    assert Accounts.parse(told["login"], told["client"], "/") == found
    assert Accounts().dump() == {}


def test_flag_before_file_before_environment(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("file:password\n")
    environment = {LOGIN_VARIABLE: "environment:password", CLIENT_VARIABLE: "service-x:secret"}
    assert pick("hub-login", Secret("flag:password"), str(file), environment) == "flag:password"
    assert pick("hub-login", None, str(file), environment) == "file:password"
    assert pick("hub-login", None, None, environment) == "environment:password"
    assert pick("hub-oauth-client", None, None, environment) == "service-x:secret"
    assert pick("hub-login", None, None, {}) is None


def test_an_empty_flag_or_file_does_not_mean_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("\n")
    environment = {LOGIN_VARIABLE: "environment:password"}
    for flag, path in ((Secret(""), None), (None, str(file))):
        with pytest.raises(UsageError, match="without a value"):
            pick("hub-login", flag, path, environment)


def test_a_file_that_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_bytes(b"ann:password\xff")
    with pytest.raises(UsageError, match="it is no text") as raised:
        pick("hub-login", None, str(file), {})
    assert "password\\xff" not in str(raised.value)
    with pytest.raises(UsageError, match="cannot be read"):
        pick("hub-oauth-client", None, str(tmp_path / "none"), {})
