"""Servers: which names a named server may have, by version."""

from __future__ import annotations

import pytest

from ..hub import Hub, quoted
from ..rules import rule
from ..sandbox import User
from ._servers import (
    created,
    model_of,
    path_of,
    servers_of,
    start,
    started,
    stopped,
    tail_of,
)

SLUGS = "howto/upgrading-v6.html"
LONGEST = 30
GOOD = {
    "one-letter": "a",
    "digits": "a1",
    "hyphens": "a-b-2c",
    "longest": "a" * LONGEST,
    "word-of-a-path": "server",
    "another-word": "progress",
}
BAD = {
    "upper-case": "serverA",
    "digit-first": "1a",
    "hyphen-first": "-a",
    "hyphen-last": "a-",
    "two-hyphens": "a--b",
    "underscore": "a_b",
    "dot": "a.b",
    "space": "a b",
    "space-last": "a ",
    "slash": "a/b",
    "percent": "a%b",
    "question-mark": "a?b",
    "hash": "a#b",
    "colon": "a:b",
    "at": "a@b",
    "comma": "a,b",
    "not-ascii": "säge",
    "other-digits": "a\u0663",
    "line-end": "a\n",
    "too-long": "a" * (LONGEST + 1),
    "far-too-long": "a" * 300,
}


@rule("servers/good-names-are-taken", since="6.0", needs="named-servers", see=SLUGS)
@pytest.mark.parametrize("label", GOOD)
def test_good_names(user: User, label: str) -> None:
    """1 to 30 lower-case letters, digits and single hyphens, a letter first, no hyphen last."""
    name = GOOD[label]
    answer = user.sandbox.hub.put(path_of(user, name))
    assert answer.status == 201, answer
    assert model_of(user, name, with_stopped=True).get("name") == name


@rule("servers/bad-names-cannot-be-created", since="6.0", needs="named-servers", see=SLUGS)
def test_bad_names_create(user: User) -> None:
    """A server is not created under any other name: 400, and none is left behind."""
    found = {label: user.sandbox.hub.put(path_of(user, name)).status for label, name in BAD.items()}
    assert found == dict.fromkeys(BAD, 400)
    assert set(servers_of(user, with_stopped=True)) <= {""}


@rule(
    "servers/bad-names-cannot-be-started",
    since="6.0",
    needs=("spawn", "named-servers"),
    see=SLUGS,
)
def test_bad_names_start(user: User) -> None:
    """No server is started under any other name: 400, and none is left behind."""
    found = {label: start(user, name).status for label, name in BAD.items()}
    assert found == dict.fromkeys(BAD, 400)
    assert set(servers_of(user, with_stopped=True)) <= {""}


@rule("servers/bad-names-cannot-be-renamed-to", since="6.0", needs="named-servers", see=SLUGS)
def test_bad_names_rename(user: User) -> None:
    """A server is not renamed to any other name: 400, and it keeps its own."""
    path = path_of(user, created(user, "good", (6, 0)))
    found = {
        label: user.sandbox.hub.patch(path, json={"name": name}).status
        for label, name in BAD.items()
    }
    assert found == dict.fromkeys(BAD, 400)
    assert set(servers_of(user, with_stopped=True)) - {""} == {"good"}


@rule("servers/names-differ-by-case", until="5.5", needs=("spawn", "named-servers"))
def test_case(user: User, runner: User) -> None:
    """Before 6.0 names keep their letters' case, and two that differ by case are two servers."""
    started(user, "serverA")
    answer = user.sandbox.hub.delete(path_of(user, "servera"))
    assert answer.status == 404, answer
    assert set(servers_of(user)) == {"serverA"}


@rule(
    "servers/old-names-with-other-characters",
    since="3.0",
    until="5.5",
    needs=("spawn", "named-servers"),
)
@pytest.mark.parametrize("name", ["a b", "säge", "a.b_c", "a@b", "a?b#c"])
def test_other_characters(user: User, runner: User, hub: Hub, name: str) -> None:
    """Before 6.0 a name may hold other characters; `url` and `progress_url` percent-encode them."""
    model = started(user, name)
    escaped = quoted(name).replace("%40", "@")
    assert model.get("name") == name, model
    path = tail_of(model.get("url")).replace("%40", "@")
    assert path == f"{hub.target.prefix}user/{quoted(user.name)}/{escaped}/"
    stopped(user, name, remove=True)


@rule("servers/slash-in-a-name-is-refused", since="3.0", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("path", ["a/b", "a%2Fb"], ids=["plain", "encoded"])
def test_slash(user: User, path: str) -> None:
    """No server's name has a slash, encoded or not: 400 or 404, and nothing is started."""
    where = f"{user.path}/servers/{path}"
    if path == "a/b":
        answer = user.sandbox.hub.get(f"{where}/progress")
        assert answer.status == 404, answer
        return
    answer = user.sandbox.hub.post(where, json=user.sandbox.user_options or {})
    assert answer.status in (400, 404), answer
    assert not servers_of(user)


@rule("servers/empty-name-is-the-default-server", needs="spawn")
def test_empty_name(user: User, runner: User) -> None:
    """`/servers/` with an empty name is the default server: started and stopped there."""
    path, hub = f"{user.path}/servers/", user.sandbox.hub
    answer = hub.post(path, json=user.sandbox.user_options or {})
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user)
    assert set(servers_of(user)) == {""}
    answer = hub.delete(path)
    assert answer.status in (202, 204), answer
    user.sandbox.stop(user)
    assert servers_of(user) == {}


@rule("servers/list-of-servers-is-no-operation")
def test_no_list(alice: User) -> None:
    """There is no list of servers: `GET …/servers` without a name is 404."""
    answer = alice.sandbox.hub.get(f"{alice.path}/servers")
    assert answer.status in (404, 405), answer


@rule("servers/names-that-begin-alike-are-different-servers", needs=("spawn", "named-servers"))
def test_begin_alike(user: User, runner: User, version: tuple[int, int]) -> None:
    """What becomes of `a1` is nothing to `a`, though one name begins with the other, or of `a`."""
    created(user, "a1", version)
    started(user, "a")
    answer = user.sandbox.hub.delete(path_of(user, "a12"))
    assert answer.status == 404, answer
    assert set(servers_of(user)) == {"a"}
    stopped(user, "a1", remove=True)
    assert set(servers_of(user, with_stopped=True)) - {""} == {"a"}
    assert model_of(user, "a").get("ready") is True
    created(user, "a1", version)
    stopped(user, "a", remove=True)
    assert set(servers_of(user, with_stopped=True)) - {""} <= {"a1"}
    answer = user.sandbox.hub.delete(path_of(user, "a1"))
    assert answer.status == 204, answer
