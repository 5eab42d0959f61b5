from __future__ import annotations

import pytest

from reference_hub.core import names


@pytest.mark.parametrize("name", ["a", "Ann", "é", "a b", "a@b.c", "a:b", "1", "...x", "a%20b"])
def test_usernames_of_any_script(name: str) -> None:
    assert names.is_valid_username(name)


@pytest.mark.parametrize("name", ["", "a/b", " a", "a ", "a\n", ".", "..", "%2e%2E", "\ud800"])
def test_usernames_that_cannot_be(name: str) -> None:
    assert not names.is_valid_username(name)


def test_service_names_have_no_escapes() -> None:
    assert names.is_valid_service_name("svc")
    assert names.is_valid_service_name("a%zz")  # no escape, though it looks like one
    assert not names.is_valid_service_name("a%20b")
    assert not names.is_valid_service_name("a/b")


@pytest.mark.parametrize("name", ["a", "a1", "a-1", "a-b-c", "x" * 30])
def test_server_names_are_slugs(name: str) -> None:
    assert names.is_valid_server_name(name)


@pytest.mark.parametrize(
    "name", ["", "1a", "-a", "a-", "a--b", "A", "a_b", "a.b", "a b", "é", "a\n", "x" * 31]
)
def test_server_names_that_are_no_slugs(name: str) -> None:
    assert not names.is_valid_server_name(name)


@pytest.mark.parametrize("name", ["a", "My server", "é! 日本", "x" * 255])
def test_display_names(name: str) -> None:
    assert names.is_valid_display_name(name)


@pytest.mark.parametrize("name", ["", " a", "a ", "a  b", "a\tb", "a\u00a0b", "x" * 256])
def test_display_names_that_nobody_could_read(name: str) -> None:
    assert not names.is_valid_display_name(name)


def test_group_names_take_almost_anything() -> None:
    assert names.is_valid_group_name("a/b c")
    assert not names.is_valid_group_name("")
    assert not names.is_valid_group_name("\udfff")


def test_role_names() -> None:
    assert names.is_valid_role_name("my-role")
    assert not names.is_valid_role_name("ab")
    assert not names.is_valid_role_name("My-role")
    assert not names.is_valid_role_name("role-")


def test_usernames_are_lowered() -> None:
    assert names.normalize_username("Ann") == "ann"
