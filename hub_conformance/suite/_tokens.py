"""What the rules about tokens share: the model, its fields, and how tokens are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..client import Answer
from ..hub import Hub, quoted
from ..sandbox import User
from ..secret import Secret
from ..target import Target
from ._shape import described, moment, object_of, only_fields, refused, strings

#: What every token can do whatever its scopes: tell whose it is.
IDENTIFY = ("read:users:name", "read:users:groups")
#: What may stand where a list of strings belongs.
NO_STRINGS: dict[str, Any] = {
    "string": "self",
    "empty-string": "",
    "object": {"self": True},
    "empty-object": {},
    "number": 1,
    "zero": 0,
    "true": True,
    "false": False,
    "list-of-numbers": [1],
    "list-of-null": [None],
    "nested": [["self"]],
    "mixed": ["self", 1],
}
_FIELDS = {
    "kind",
    "id",
    "user",
    "roles",
    "created",
    "last_activity",
    "expires_at",
    "note",
    "session_id",
    "oauth_client",
}


def fields_of(target: Target) -> set[str]:
    """Return the fields of a token's model, the secret not among them."""
    return _FIELDS | ({"scopes"} if target.applies >= (3, 0) else set())


def tokens_path(user: User, token_id: str | None = None) -> str:
    """Return the path of a user's tokens, or of one."""
    return f"{user.path}/tokens" if token_id is None else f"{user.path}/tokens/{quoted(token_id)}"


def ask(hub: Hub, user: User, body: dict[str, Any] | None = None) -> Answer:
    """Ask for a token for `user`."""
    return hub.post(tokens_path(user), json=body or {})


def issued(answer: Answer) -> dict[str, Any]:
    """Return the model of the token that an answer issues; assert that it does, and its basics."""
    model = object_of(answer, 201)
    assert isinstance(model.get("token"), Secret), "no secret in the answer"
    assert isinstance(model.get("id"), str), f"id is {model.get('id')!r}"
    assert model["id"], "the id is empty"
    return model


def listed(hub: Hub, user: User) -> list[dict[str, Any]]:
    """Return the models in the list of a user's tokens; assert that it is one."""
    body = object_of(hub.get(tokens_path(user)))
    only_fields(body, {"api_tokens"})
    found = body["api_tokens"]
    assert isinstance(found, list), f"api_tokens is {found!r}"
    assert all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in found), found
    ids = [each["id"] for each in found]
    assert len(set(ids)) == len(ids), f"listed twice: {ids}"
    return found


def ids_of(hub: Hub, user: User) -> set[str]:
    """Return the ids in the list of a user's tokens."""
    return {each["id"] for each in listed(hub, user)}


def read(hub: Hub, user: User, token_id: str) -> dict[str, Any]:
    """Return the model of one token."""
    return object_of(hub.get(tokens_path(user, token_id)))


def check_types(model: dict[str, Any], user: User, target: Target) -> None:
    """Assert that every field of a token's model has the documented type and a possible value."""
    only_fields({key: model[key] for key in model if key != "token"}, fields_of(target))
    assert model["kind"] == "api_token", model["kind"]
    assert model["user"] == user.name, model["user"]
    assert isinstance(model["note"], str), f"note is {model['note']!r}"
    assert model["session_id"] is None, f"session_id is {model['session_id']!r}"
    assert isinstance(model["oauth_client"], str), f"oauth_client is {model['oauth_client']!r}"
    assert model["oauth_client"], "oauth_client is empty"
    strings(model["roles"])
    moment(model["created"])
    for time in ("last_activity", "expires_at"):
        if model[time] is not None:
            moment(model[time])
    if target.applies >= (3, 0):
        strings(model["scopes"])
        assert model["roles"] == [], f"roles is {model['roles']!r}"


def refuses(
    hub: Hub, user: User, *bodies: dict[str, Any], status: int = 400, asked: Iterable[Hub] = ()
) -> None:
    """Assert that none of `bodies` gets a token, asked through each of `asked`, else `hub`.

    And that none is there afterwards: a refusal must come before anything is made.
    """
    before = ids_of(hub, user)
    for each in asked or (hub,):
        for body in bodies:
            refused(ask(each, user, body), status)
    assert ids_of(hub, user) == before, "a refused request left a token"


def scopes_of(model: dict[str, Any]) -> set[str]:
    """Return the scopes of a token's model; assert that they are a list without repeats."""
    return set(described(strings(model.get("scopes"))))


def scopes_for(user: User, names: Iterable[str]) -> set[str]:
    """Return these scopes, each filtered to the user."""
    return {f"{name}!user={user.name}" for name in names}


def secrets_in(answer: Answer, secrets: Iterable[Secret]) -> bool:
    """Whether any of the secrets stands anywhere in the answer, headers included."""
    text = answer.text + repr(dict(answer.headers))
    return any(secret.reveal() in text for secret in secrets)
