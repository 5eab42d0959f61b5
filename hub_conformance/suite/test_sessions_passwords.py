"""Sessions: who has no token yet, and asks for one with a name and a password."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ..accounts import Login
from ..browser import Browser
from ..client import Answer
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._sessions import is_admin, notes_of
from ._shape import object_of, refused

pytest_plugins = ("hub_conformance.suite._sessions",)


def ask_by_password(hub: Hub, name: str, note: str, auth: Mapping[str, str]) -> Answer:
    """Ask for a token of a user, with `auth` in the body."""
    return hub.post(f"/users/{quoted(name)}/tokens", json={"auth": auth, "note": note})


@pytest.fixture
def proof(login: Login) -> dict[str, str]:
    """What the user who logs in proves themselves with."""
    return {"username": login.user, "password": login.password.reveal()}


@rule("sessions/token-for-a-password", needs="login")
def test_token_for_a_password(
    anonymous: Hub, login: Login, proof: dict[str, str], sandbox: Sandbox
) -> None:
    """Who sends name and password as `auth` is issued a token of their own, which works."""
    note = sandbox.name("by-password")
    model = ask_by_password(anonymous, login.user, note, proof)
    assert model.status in (200, 201), model
    own = anonymous.using(model.json["token"])
    try:
        assert (model.json["user"], model.json["note"]) == (login.user, note), model.json
        assert object_of(own.get("/user")).get("name") == login.user
    finally:
        gone = own.delete(f"/users/{quoted(login.user)}/tokens/{quoted(model.json['id'])}")
    assert gone.status == 204, gone
    refused(own.get("/user"), 403, explained=False)


@pytest.mark.parametrize("wrong", ["longer", "empty", "none", "nobodys"])
@rule("sessions/no-token-for-a-wrong-password", needs="login")
def test_wrong_password(
    wrong: str, anonymous: Hub, hub: Hub, login: Login, proof: dict[str, str], sandbox: Sandbox
) -> None:
    """Without the right name and password in `auth` no token is issued."""
    changes: dict[str, dict[str, str]] = {
        "longer": {"password": f"{login.password.reveal()}x"},
        "empty": {"password": ""},
        "nobodys": {"username": sandbox.name("nobody"), "password": "0123456789"},
    }
    if wrong == "none":
        del proof["password"]
    else:
        proof.update(changes[wrong])
    note = sandbox.name("wrong")
    refused(ask_by_password(anonymous, login.user, note, proof), 403, explained=False)
    assert note not in notes_of(hub, login), "the token was issued all the same"


@rule("sessions/password-is-for-ones-own-tokens", needs="login")
def test_others_tokens(
    anonymous: Hub, session: Browser, proof: dict[str, str], user: User, sandbox: Sandbox
) -> None:
    """A password proves who one is; it gives no right to tokens of others."""
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may issue tokens to others")
    refused(ask_by_password(anonymous, user.name, sandbox.name("of-another"), proof), 403)


@rule("sessions/password-adds-nothing-to-a-token", needs="login")
def test_token_before_password(
    hub: Hub, login: Login, proof: dict[str, str], user: User, sandbox: Sandbox
) -> None:
    """Where a token comes along, it says who asks; `auth` makes it no stronger."""
    note = sandbox.name("beside-token")
    refused(ask_by_password(user.hub, login.user, note, proof), 403)
    assert note not in notes_of(hub, login), "the token was issued all the same"
