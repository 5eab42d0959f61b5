"""Tokens: issuing them, what their model says, and that the secret is seen once."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import combinations, pairwise
from typing import Any

import pytest

from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._shape import CLOCK_SLACK, hub_time, moment, object_of, only_fields, refused, seconds_apart
from ._tokens import (
    ask,
    check_types,
    fields_of,
    ids_of,
    issued,
    listed,
    read,
    refuses,
    scopes_of,
    secrets_in,
    tokens_path,
)

#: Characters in a row that a secret may share with anything that is shown.
MOST_SHARED = 8
#: A secret shorter than this can be guessed.
SHORTEST_SECRET = 20
NOTES = {
    "plain": "for the nightly job",
    "unicode": "für Łucja: 日本 ☃ 🎉",
    "spaces": "  two before, two after  ",
    "markup": "<b>&amp; \"quoted\" 'too' \\ %41 ${x}</b>",
    "lines": "first\nsecond\tthird",
    "number": "42",
    "null": "null",
    "long": "x" * 1000,
}
LIFETIMES = (60, 61, 3600, 86_400, 31_536_000)


@pytest.fixture(scope="module")
def erin(shared: Sandbox) -> User:
    """A user with few tokens: whole lists of them are compared again and again."""
    return shared.user("erin")


# --- issuing


@rule("tokens/created-with-201")
def test_created_with_201(alice: User, shared: Sandbox, target: Target) -> None:
    """A user who asks for a token is answered with 201 and the token's model with the secret."""
    model = issued(ask(alice.hub, alice))
    only_fields(model, fields_of(target) | {"token"})
    check_types(model, alice, target)


@rule("tokens/new-token-opens-the-hub")
def test_new_token_opens_the_hub(alice: User) -> None:
    """A new token counts from its first request on, and as its owner's."""
    secret = issued(ask(alice.hub, alice))["token"]
    assert object_of(alice.hub.using(secret).get("/user")).get("name") == alice.name


@rule("tokens/created-now")
def test_created_now(alice: User) -> None:
    """`created` is the time of the request, with a zone."""
    answer = ask(alice.hub, alice)
    created = moment(issued(answer).get("created"))
    assert seconds_apart(created, hub_time(answer)) <= CLOCK_SLACK, (created, hub_time(answer))


@rule("tokens/admin-issues-for-others")
def test_admin_issues_for_others(alice: User, hub: Hub) -> None:
    """A token that an admin asks for in a user's name is that user's, and no admin's."""
    model = issued(ask(hub, alice))
    assert model.get("user") == alice.name
    identity = object_of(hub.using(model["token"]).get("/user"))
    assert identity.get("name") == alice.name, identity.get("name")
    assert identity.get("admin") is False, identity.get("admin")
    assert model["id"] in ids_of(alice.hub, alice)


@rule("tokens/plain-user-issues-for-oneself-only")
def test_plain_user_issues_for_oneself_only(alice: User, bob: User, hub: Hub) -> None:
    """A plain user is refused a token in another's name with 403, and none is made."""
    refuses(hub, bob, {}, status=403, asked=[alice.hub])


@rule("tokens/absent-user-gets-none")
def test_absent_user_gets_none(alice: User, bob: User, hub: Hub, sandbox: Sandbox) -> None:
    """A token for an absent user is refused with 403, in an admin's hands too, as for a stranger.

    Whether a user exists must not show.
    """
    absent = User(sandbox.name("absent"), sandbox)
    refused(ask(hub, absent), 403)
    of_absent, of_bob = ask(alice.hub, absent), ask(alice.hub, bob)
    refused(of_absent, 403)
    assert of_absent.message.replace(absent.name, bob.name) == of_bob.message
    refused(hub.get(absent.path), 404, explained=False)


@rule("tokens/similar-name-is-another-user")
def test_similar_name_is_another_user(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """A user's right to issue tokens ends at the name: not for a longer one, nor a shorter."""
    longer = User(f"{alice.name}2", sandbox)
    assert hub.post(longer.path).status == 201
    refuses(hub, longer, {}, status=403, asked=[alice.hub])
    refuses(hub, alice, {}, status=403, asked=[longer.hub])


BODIES = {"none": None, "empty": "", "object": "{}", "null": "null"}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@rule("tokens/body-may-be-left-out")
def test_body_may_be_left_out(body: str | None, alice: User, target: Target) -> None:
    """Without a body, or with an empty one, the token is one with every default."""
    answer = alice.hub.post(tokens_path(alice), data=body)
    model = issued(answer)
    check_types(model, alice, target)
    if target.applies >= (3, 0):
        assert scopes_of(model) == scopes_of(alice.token.model)


BAD_BODIES = {
    "cut-off": '{"note": "x"',
    "text": "note=x",
    "single-quotes": "{'note': 'x'}",
    "blank": " ",
    "number": "1",
    "true": "true",
    "string": '"note"',
    "list": '["note"]',
    "two": "{} {}",
    "bytes": b"\xff\xfe",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@rule("tokens/wrong-body-is-refused")
def test_wrong_body_is_refused(body: str | bytes, erin: User) -> None:
    """A body that is no JSON, or no object, is refused with 400, and no token is made."""
    before = ids_of(erin.hub, erin)
    refused(erin.hub.post(tokens_path(erin), data=body), 400)
    assert ids_of(erin.hub, erin) == before


@rule("tokens/unknown-key-has-no-effect", level="SHOULD")
def test_unknown_key_has_no_effect(alice: User, bob: User, target: Target) -> None:
    """A key that the request does not have is passed over; above all it sets no field."""
    body = {"user": bob.name, "id": "a1", "kind": "x", "created": "2020-01-01T00:00:00Z"}
    body |= {"token": "chosen-by-the-client", "expires_at": "2020-01-01T00:00:00Z"}
    model = issued(ask(alice.hub, alice, body))
    check_types(model, alice, target)
    assert model["expires_at"] is None or moment(model["expires_at"]).year > 2020
    assert model["token"].reveal() != body["token"], "the client chose its secret"
    assert moment(model["created"]).year > 2020, model["created"]


# --- notes


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
@rule("tokens/note-is-kept")
def test_note_is_kept(note: str, alice: User) -> None:
    """A token's note is kept letter by letter: in the answer, the list and the model read."""
    model = issued(ask(alice.hub, alice, {"note": note}))
    assert model.get("note") == note, model.get("note")
    assert read(alice.hub, alice, model["id"]).get("note") == note
    found = [each.get("note") for each in listed(alice.hub, alice) if each["id"] == model["id"]]
    assert found == [note], found


@pytest.mark.parametrize("body", [{}, {"note": None}, {"note": ""}], ids=json.dumps)
@rule("tokens/note-by-default")
def test_note_by_default(body: dict[str, Any], alice: User, hub: Hub) -> None:
    """A token without a note is given one, so that its owner can tell where it came from."""
    for each in (alice.hub, hub):
        note = issued(ask(each, alice, body)).get("note")
        assert isinstance(note, str), f"note is {note!r}"
        assert note, "the note is empty"


ODD_NOTES = {"list": ["a"], "object": {"a": 1}}


@pytest.mark.parametrize("note", ODD_NOTES.values(), ids=ODD_NOTES)
@rule("tokens/note-of-another-type")
def test_note_of_another_type(note: Any, erin: User) -> None:
    """A note that is no string is refused with 400 or kept as a string, never an error (500)."""
    before = ids_of(erin.hub, erin)
    answer = ask(erin.hub, erin, {"note": note})
    if answer.status == 201:
        assert isinstance(issued(answer).get("note"), str), issued(answer).get("note")
    else:
        refused(answer, 400)
        assert ids_of(erin.hub, erin) == before


# --- lifetimes


def limits_lifetimes(alice: User) -> bool:
    """Whether the hub gives tokens an end of its own (`token_expires_in_max_seconds`, 5.0)."""
    return issued(ask(alice.hub, alice)).get("expires_at", None) is not None


@pytest.mark.parametrize("body", [{}, {"expires_in": None}], ids=json.dumps)
@rule("tokens/no-end-by-default")
def test_no_end_by_default(body: dict[str, Any], alice: User) -> None:
    """A token without a lifetime has no end: `expires_at` is there and null."""
    model = issued(ask(alice.hub, alice, body))
    if model.get("expires_at", "absent") is not None and limits_lifetimes(alice):
        not_applicable("this hub limits the lifetime of tokens")
    assert model.get("expires_at", "absent") is None, model.get("expires_at", "absent")


@pytest.mark.parametrize("seconds", LIFETIMES)
@rule("tokens/lifetime-sets-the-end")
def test_lifetime_sets_the_end(seconds: int, alice: User) -> None:
    """`expires_at` lies `expires_in` seconds after `created`, in true time and with a zone."""
    answer = ask(alice.hub, alice, {"expires_in": seconds})
    if answer.status == 400 and seconds > 3600 and limits_lifetimes(alice):
        not_applicable("this hub limits the lifetime of tokens")
    model = issued(answer)
    end, length = moment(model.get("expires_at")), timedelta(seconds=seconds)
    assert seconds_apart(end, moment(model.get("created")) + length) < 1, (model["created"], end)
    assert seconds_apart(end, hub_time(answer) + length) <= CLOCK_SLACK, (hub_time(answer), end)


@pytest.mark.parametrize("seconds", [-1, -3600, -(10**9)])
@rule("tokens/lifetime-in-the-past-is-refused", since="4.0")
def test_lifetime_in_the_past_is_refused(seconds: int, erin: User) -> None:
    """A negative lifetime is refused with 400, and no token is made."""
    refuses(erin.hub, erin, {"expires_in": seconds})


@rule("tokens/lifetime-of-nothing-is-refused", since="5.0")
def test_lifetime_of_nothing_is_refused(erin: User) -> None:
    """A lifetime of 0 seconds is refused with 400: it is neither an end nor none."""
    refuses(erin.hub, erin, {"expires_in": 0})


ODD_LIFETIMES = {
    "word": "x",
    "digits": "60",
    "empty": "",
    "fraction": 1.5,
    "list": [60],
    "empty-list": [],
    "object": {},
    "date": "2999-01-01T00:00:00Z",
}


@pytest.mark.parametrize("value", ODD_LIFETIMES.values(), ids=ODD_LIFETIMES)
@rule("tokens/lifetime-of-another-type-is-refused", since="5.0")
def test_lifetime_of_another_type_is_refused(value: Any, erin: User) -> None:
    """A lifetime that is no whole number is refused with 400, and no token is made."""
    refuses(erin.hub, erin, {"expires_in": value})


@pytest.mark.parametrize("seconds", [10**12, 2**63])
@rule("tokens/lifetime-beyond-the-calendar")
def test_lifetime_beyond_the_calendar(seconds: int, erin: User) -> None:
    """A lifetime that no date can end is refused with 400, or means no end; no error (500)."""
    before = ids_of(erin.hub, erin)
    answer = ask(erin.hub, erin, {"expires_in": seconds})
    if answer.status == 201:
        assert issued(answer).get("expires_at", "absent") is None
    else:
        refused(answer, 400)
        assert ids_of(erin.hub, erin) == before


# --- the secret


@rule("tokens/secret-appears-once")
def test_secret_appears_once(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """The secret is in the answer to its creation and in no later one."""
    tokens = [sandbox.token(alice) for _ in range(2)]
    secrets = [token.secret for token in tokens]
    paths = ["/user", alice.path, tokens_path(alice)]
    paths += [tokens_path(alice, token.id) for token in tokens]
    answers = [each.get(path) for path in paths for each in (alice.hub, tokens[0].hub)]
    answers += [hub.get(path) for path in paths[1:]]
    leaking = [answer for answer in answers if secrets_in(answer, secrets)]
    assert not leaking, leaking


@rule("tokens/no-field-of-a-secret")
def test_no_field_of_a_secret(alice: User, hub: Hub, target: Target) -> None:
    """Tokens listed or read have exactly the documented fields: no secret, hash or prefix."""
    token_id = alice.token.id
    for each in (alice.hub, hub):
        for model in [*listed(each, alice), read(each, alice, token_id)]:
            only_fields(model, fields_of(target))
            check_types(model, alice, target)


@rule("tokens/fields-reveal-no-secret")
def test_fields_reveal_no_secret(alice: User) -> None:
    """No field of a token is cut out of its secret."""
    model = issued(ask(alice.hub, alice, {"note": "a note"}))
    secret = model.pop("token").reveal()
    told = json.dumps(model)
    parts = {secret[i : i + MOST_SHARED] for i in range(len(secret) - MOST_SHARED + 1)}
    shown = [key for key in model if any(part in json.dumps(model[key]) for part in parts)]
    assert not shown, f"parts of the secret stand in {shown}"
    assert secret not in told


@rule("tokens/id-reveals-no-secret")
def test_id_reveals_no_secret(alice: User, sandbox: Sandbox) -> None:
    """An id is no part of its secret, short as it may be."""
    tokens = [sandbox.token(alice) for _ in range(6)]
    inside = [token.id.lower() in token.secret.reveal().lower() for token in tokens]
    assert not all(inside), "every id stands in its secret"


@rule("tokens/secrets-are-unguessable")
def test_secrets_are_unguessable(alice: User, bob: User, sandbox: Sandbox) -> None:
    """Secrets are long, all different, and one does not begin or end like the one before."""
    tokens = [sandbox.token(user) for user in (alice, bob, alice, bob)]
    secrets = [token.secret.reveal() for token in tokens]
    assert len(set(secrets)) == len(secrets), "two tokens have one secret"
    assert min(map(len, secrets)) >= SHORTEST_SECRET, f"lengths {[len(each) for each in secrets]}"
    for one, other in combinations(secrets, 2):
        differing = sum(a != b for a, b in zip(one, other, strict=False))
        assert differing >= SHORTEST_SECRET / 2, f"only {differing} letters differ"


@rule("tokens/ids-are-unique")
def test_ids_are_unique(alice: User, bob: User, sandbox: Sandbox) -> None:
    """No two tokens that exist have one id, of the same user or of two."""
    tokens = [sandbox.token(user) for user in (alice, bob, alice, bob)]
    ids = [token.id for token in tokens]
    assert len(set(ids)) == len(ids), ids
    assert all(one != other for one, other in pairwise(ids))


@rule("tokens/model-is-the-same-everywhere")
def test_model_is_the_same_everywhere(alice: User, hub: Hub) -> None:
    """A token is told alike when made, listed and read, by its owner and by an admin."""
    body = {"note": "the same everywhere", "expires_in": 3600}
    made = issued(ask(alice.hub, alice, body))
    expected = comparable({key: made[key] for key in made if key != "token"})
    for each in (alice.hub, hub):
        in_list = [model for model in listed(each, alice) if model["id"] == made["id"]]
        assert [comparable(model) for model in in_list] == [expected]
        assert comparable(read(each, alice, made["id"])) == expected


def comparable(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model whose scopes stand in one order: the hub may give them in any."""
    return {key: sorted(model[key]) if key == "scopes" else model[key] for key in model}


@rule("tokens/ask-with-any-content-type")
def test_ask_with_any_content_type(alice: User) -> None:
    """A JSON body counts whatever its content type says, and with none: scripts send many."""
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": content_type}
        answer = alice.hub.post(tokens_path(alice), data='{"note": "typed"}', headers=headers)
        assert issued(answer).get("note") == "typed", content_type
    assert issued(alice.hub.post(tokens_path(alice), data='{"note": "n"}')).get("note") == "n"


@rule("tokens/list-is-whole")
def test_list_is_whole(user: User, sandbox: Sandbox) -> None:
    """The list of tokens has no pages: it is whole however many there are."""
    tokens = {sandbox.token(user).id for _ in range(11)}
    assert ids_of(sandbox.hub, user) == tokens
    body = object_of(sandbox.hub.get(tokens_path(user), params={"limit": 2, "offset": 1}))
    assert isinstance(body.get("api_tokens"), list), body
    assert len(body["api_tokens"]) == len(tokens)
