"""Share codes: issued for a server, listed without the code, withdrawn (since 5.0)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest

from ..client import Answer
from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox
from ..secret import Secret
from ..urls import parts_of
from ._shape import moment, object_of, only_fields, refused, seconds_apart, strings
from ._shares import (
    ACCESS,
    CODE_FIELDS,
    SEE,
    WHOLE,
    Pool,
    check_server,
    codes_of,
    everything,
    granted,
    is_held,
    is_now,
    on,
    with_user,
)

pytest_plugins = ("hub_conformance.suite._shares",)

#: Seconds in a minute, the shortest life, and in a year, the longest.
SHORTEST, LONGEST, DEFAULT = 60, 31_536_000, 86_400
SHOWN_ONCE = {"code", "accept_url", "full_accept_url"}
#: A code shorter than this can be guessed.
SHORTEST_CODE = 20


@pytest.fixture(scope="module")
def owner(pool: Pool) -> str:
    """An owner whose codes nobody withdraws."""
    return pool.issuers[0]


@pytest.fixture(scope="module")
def barren(pool: Pool) -> str:
    """An owner for whom no code is ever issued: each rule asks for one that is refused."""
    return pool.issuers[1]


@pytest.fixture(scope="module")
def own(pool: Pool) -> str:
    """An owner whose codes are withdrawn."""
    return pool.issuers[2]


def ask(hub: Hub, owner: str, server: str = "", **body: Any) -> Answer:
    """Ask for a share code; judge nothing."""
    return hub.post(codes_of(owner, server), json=body)


def issued(answer: Answer) -> dict[str, Any]:
    """Return the model of a new code; assert that it has the code, and its fields."""
    model = object_of(answer)
    only_fields(model, CODE_FIELDS | SHOWN_ONCE)
    assert isinstance(model["code"], Secret), "code is no text"
    return model


def secret_of(model: dict[str, Any]) -> str:
    """Return the code itself."""
    code: Secret = model["code"]
    return code.reveal()


def listed(model: dict[str, Any]) -> dict[str, Any]:
    """Return what the lists show of a code."""
    return {key: model[key] for key in model.keys() - SHOWN_ONCE}


def check_left(hub: Hub, owner: str, left: list[dict[str, Any]], *gone: dict[str, Any]) -> None:
    """Assert that these codes of an owner are left as they were issued, and those gone."""
    ids = {each["id"] for each in (*left, *gone)}
    found = [each for each in everything(hub, codes_of(owner)) if each.get("id") in ids]
    assert found == [listed(each) for each in left]


def check_none(hub: Hub, owner: str) -> None:
    """Assert that an owner has no codes."""
    assert everything(hub, codes_of(owner)) == []


# --- issued


@pytest.fixture(scope="module")
def first(hub: Hub, owner: str) -> Answer:
    """The answer to a request for a code."""
    return ask(hub, owner)


@rule("shares/code-is-issued-with-its-model", since="5.0", needs="shares", see=SEE)
def test_issue(hub: Hub, owner: str, first: Answer) -> None:
    """Issuing a code answers 200 with the code and its model: never used, good for access."""
    model = issued(first)
    check_server(hub, model["server"], owner)
    assert strings(model["scopes"]) == on(owner, ACCESS)
    assert (model["exchange_count"], model["last_exchanged_at"]) == (0, None), model
    assert isinstance(model["id"], str), model["id"]
    is_now(model["created_at"], first)


@rule("shares/code-needs-no-body", since="5.0", needs="shares", see=SEE)
def test_no_body(hub: Hub, owner: str) -> None:
    """Without a body a code has every default, and so a day to live."""
    model = issued(hub.post(codes_of(owner)))
    assert strings(model["scopes"]) == on(owner, ACCESS)
    assert lifetime(model) == DEFAULT


def lifetime(model: dict[str, Any]) -> int:
    """Return how many seconds lie between a code's issue and its end."""
    created, end = moment(model["created_at"]), moment(model["expires_at"])
    return round((end - created).total_seconds())


@pytest.mark.parametrize("seconds", [SHORTEST, 3601, LONGEST])
@rule("shares/code-lives-as-long-as-asked", since="5.0", needs="shares", see=SEE)
def test_lifetime(seconds: int, hub: Hub, owner: str) -> None:
    """A code expires `expires_in` seconds after its issue: a minute at least, a year at most."""
    model = issued(ask(hub, owner, expires_in=seconds))
    end = moment(model["created_at"]) + timedelta(seconds=seconds)
    assert seconds_apart(moment(model["expires_at"]), end) < 1, model


@rule("shares/code-of-another-lifetime-is-refused", since="5.0", needs="shares", see=SEE)
def test_wrong_lifetime(hub: Hub, barren: str) -> None:
    """A life shorter than a minute, longer than a year, or no number, is refused with 400."""
    wrong = [SHORTEST - 1, LONGEST + 1, 0, -SHORTEST, "x", 90.5, None, [3600]]
    found = {repr(each): ask(hub, barren, expires_in=each).status for each in wrong}
    assert found == {repr(each): 400 for each in wrong}
    check_none(hub, barren)


@rule("shares/codes-scopes-get-the-servers-filter", since="5.0", needs="shares", see=SEE)
def test_scopes(hub: Hub, owner: str) -> None:
    """Each scope of a code is limited to the server; named ones replace the default."""
    scopes = ["read:servers", f"users:activity!server={owner}/"]
    model = issued(ask(hub, owner, scopes=scopes))
    assert sorted(strings(model["scopes"])) == on(owner, "read:servers", "users:activity")
    none = issued(ask(hub, owner, scopes=[]))
    assert strings(none["scopes"]) == on(owner, ACCESS)


@rule("shares/code-with-other-filters-is-refused", since="5.0", needs="shares", see=SEE)
def test_filters(hub: Hub, barren: str, pool: Pool) -> None:
    """A code with a scope of another filter, or with scopes that are no list, is refused: 400."""
    filters = [f"user={barren}", f"server={pool.owners[0]}/", f"server={barren}/x", "user"]
    wrong: list[Any] = [[f"{ACCESS}!{each}"] for each in filters]
    for scopes in [*wrong, ACCESS, [3], ["read:servers", f"{ACCESS}!user={barren}"]]:
        refused(ask(hub, barren, scopes=scopes), 400)
    check_none(hub, barren)


@rule("shares/code-with-unknown-scope-is-refused", since="5.0", needs="shares", see=SEE)
def test_unknown_scope(hub: Hub, barren: str) -> None:
    """A code with a scope that does not exist is refused with 400, and none is issued."""
    answer = ask(hub, barren, scopes=[ACCESS, "no:such"])
    check_none(hub, barren)
    refused(answer, 400)


@rule("shares/code-names-no-recipient", since="5.0", needs="shares", see=SEE)
def test_recipient(hub: Hub, barren: str, pool: Pool) -> None:
    """A code is for whoever has it: a user, a group or an unknown key is refused with 400."""
    for body in ({"user": pool.users[0]}, {"group": pool.groups[0]}, {"id": "x"}):
        refused(ask(hub, barren, **body), 400)
    check_none(hub, barren)


@rule("shares/codes-scopes-must-be-held", since="5.0", needs="shares", see=SEE)
def test_not_held(limited: Callable[..., Hub], own: str) -> None:
    """Who issues a code can give only what they hold at the server: more is refused with 403."""
    sharer = limited("shares", ACCESS, "read:users:name", "read:groups:name")
    for each in ("read:servers", f"servers!server={own}/"):
        refused(ask(sharer, own, scopes=[ACCESS, each]), 403)
    assert strings(issued(ask(sharer, own))["scopes"]) == on(own, ACCESS)


@rule("shares/code-for-an-absent-server-is-404", since="5.0", needs="shares", see=SEE)
def test_absent(hub: Hub, own: str, sandbox: Sandbox) -> None:
    """There are no codes for a server that does not exist, or of an absent owner: 404."""
    absent = sandbox.name("absent")
    for path in (codes_of(own, "absent"), codes_of(absent)):
        refused(hub.post(path, json={}), 404)
        refused(hub.delete(path), 404)


# --- what is shown


@rule("shares/code-is-shown-once", since="5.0", needs="shares", see=SEE)
def test_shown_once(hub: Hub, own: str) -> None:
    """The lists show a code's model as it was issued, and not the code or where to take it."""
    models = [issued(ask(hub, own)), issued(ask(hub, own, expires_in=3600))]
    check_left(hub, own, models)
    for path in (codes_of(own), f"/share-codes/{own}"):
        answer = hub.get(path, params={"limit": WHOLE})
        assert all(set(each) == CODE_FIELDS for each in object_of(answer).get("items", [{}]))
        leaking = [each["id"] for each in models if secret_of(each) in answer.text]
        assert not leaking, f"{answer!r} shows the codes {leaking}"


@rule("shares/codes-are-unguessable", since="5.0", needs="shares", see=SEE)
def test_unguessable(hub: Hub, owner: str, first: Answer) -> None:
    """Codes are long and all different, and so are their ids, which stand in no code."""
    models = [issued(first), *(issued(ask(hub, owner)) for _ in range(2))]
    codes = [secret_of(each) for each in models]
    assert len(set(codes)) == len({each["id"] for each in models}) == len(models)
    assert min(map(len, codes)) >= SHORTEST_CODE, [len(code) for code in codes]
    for one, other in pairwise(codes):
        differing = sum(a != b for a, b in zip(one, other, strict=False))
        assert differing >= SHORTEST_CODE / 2, f"only {differing} letters differ"
    assert not any(model["id"] in code for model, code in zip(models, codes, strict=True))


@rule("shares/code-says-where-to-accept-it", since="5.0", needs="shares", see=SEE)
def test_accept_url(hub: Hub, first: Answer) -> None:
    """A new code comes with the address of the hub's page on which it is accepted."""
    model = issued(first)
    for url in (model["accept_url"], model["full_accept_url"]):
        if url is None and url is model["full_accept_url"]:  # the hub knows no address of its own
            continue
        assert isinstance(url, str), f"the address is {type(url).__name__}"
        parts = parts_of(url)
        assert parts.path == f"{hub.target.prefix}hub/accept-share", parts.path
        assert parse_qs(parts.query) == {"code": [secret_of(model)]}, "the query is another"


# --- withdrawn


@rule("shares/code-is-withdrawn-by-id", since="5.0", needs="shares", see=SEE)
def test_by_id(hub: Hub, own: str) -> None:
    """A code is withdrawn by its id: 204, and the others stay; a second time it is 404."""
    first, second, third = (issued(ask(hub, own)) for _ in range(3))
    answer = hub.delete(codes_of(own), params={"id": second["id"]})
    assert (answer.status, answer.body) == (204, b""), answer
    check_left(hub, own, [first, third], second)
    refused(hub.delete(codes_of(own), params={"id": second["id"]}), 404)


@rule("shares/code-is-withdrawn-by-itself", since="5.0", needs="shares", see=SEE)
def test_by_code(hub: Hub, own: str) -> None:
    """A code is withdrawn by the code: 204, and the others stay; a second time it is 404."""
    first, second = issued(ask(hub, own)), issued(ask(hub, own))
    answer = hub.delete(codes_of(own), params={"code": secret_of(first)})
    assert (answer.status, answer.body) == (204, b""), answer
    check_left(hub, own, [second], first)
    refused(hub.delete(codes_of(own), params={"code": secret_of(first)}), 404)


@rule("shares/all-codes-are-withdrawn", since="5.0", needs="shares", see=SEE)
def test_all(hub: Hub, own: str, owner: str, pool: Pool) -> None:
    """Without an id or a code all of a server's codes are withdrawn; shares and others' codes stay.

    Where there is none it is a success as well.
    """
    for _ in range(2):
        issued(ask(hub, own))
    kept, user = issued(ask(hub, owner)), pool.guest.name
    share = granted(hub, own, user=user)
    for _ in range(2):
        answer = hub.delete(codes_of(own))
        assert (answer.status, answer.body) == (204, b""), answer
    check_none(hub, own)
    assert listed(kept) in everything(hub, codes_of(owner))
    assert is_held(hub, with_user(user, own)) == share


@rule("shares/unknown-code-is-not-withdrawn", since="5.0", needs="shares", see=SEE)
def test_unknown(hub: Hub, own: str) -> None:
    """An id or a code that there is not is refused with 404, also one cut off: nothing is gone."""
    model = issued(ask(hub, own))
    code = secret_of(model)
    for query in (
        {"id": f"{model['id']}0"},
        {"id": "none"},
        {"code": hub.client.scrubber.learn(code[:-1]).reveal()},  # all but the last letter of one
        {"code": f"{code}0"},
        {"code": model["id"]},
    ):
        refused(hub.delete(codes_of(own), params=query), 404)
    check_left(hub, own, [model])


@rule("shares/code-is-withdrawn-by-its-whole-id", since="5.0", needs="shares", see=SEE)
def test_longer_id(hub: Hub, own: str) -> None:
    """An id with more behind it is no code's: refused with 404, and the code stays."""
    model = issued(ask(hub, own))
    answer = hub.delete(codes_of(own), params={"id": f"{model['id']}x"})
    check_left(hub, own, [model])
    refused(answer, 404)


@rule("shares/another-servers-code-is-not-withdrawn", since="5.0", needs="shares", see=SEE)
def test_foreign(hub: Hub, own: str, owner: str) -> None:
    """A code of another server is not found at this one, by id or code: 404, and it stays."""
    model = issued(ask(hub, own))
    for query in ({"id": model["id"]}, {"code": secret_of(model)}):
        refused(hub.delete(codes_of(owner), params=query), 404)
    check_left(hub, own, [model])
