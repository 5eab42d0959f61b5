"""Users: names, which are the same whichever way they come in."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._servers import created, model_of, tail_of
from ._shape import object_of, refused
from ._users import (
    CHECKS_NEW_NAMES,
    ODD_ENDS,
    all_made,
    check_rights,
    made,
    named,
    names_in,
    new_names,
    normaliser,
    path_of,
    read,
    rename,
    spellings,
)

SEE = "reference/api/auth.html"
#: What an address consists of: no spaces, quotes or letters beyond ASCII.
IN_ADDRESSES = re.compile(r"[!#-;=?-Z_a-z~\[\]]+")


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


def odd_names(sandbox: Sandbox, hub: Hub) -> tuple[str, list[str]]:
    """Create users with odd names, by one request; return their start and those that are taken.

    Ends the rule where a hub's pattern for names takes none of them.
    """
    start = sandbox.name("odd")
    names = [start + end for end in ODD_ENDS.values()]
    answer = hub.post("/users", json={"usernames": names})
    if answer.status == 201:
        assert names_in(all_made(answer)) == names
        return start, names
    taken = [name for name in names if hub.post(path_of(name)).status == 201]
    return start, taken or not_applicable("this hub takes no special characters in users' names")


@rule("users/odd-names-are-kept-and-found")
def test_odd_names(hub: Hub, sandbox: Sandbox) -> None:
    """A name is kept letter by letter, listed so, and found by its percent-encoded path."""
    start, names = odd_names(sandbox, hub)
    for name in names:
        assert read(hub, name).get("name") == name
    assert sorted(named(hub, start)) == sorted(names)


@rule("users/odd-names-are-encoded-in-addresses", since="6.0", needs="named-servers")
def test_odd_addresses(hub: Hub, sandbox: Sandbox) -> None:
    """The addresses of a server have its owner's name percent-encoded, and once."""
    _, names = odd_names(sandbox, hub)
    for name in names:
        user = User(name, sandbox)
        model = model_of(user, created(user, "lab", (6, 0)), with_stopped=True)
        for field, end in (("url", "/lab/"), ("progress_url", "/servers/lab/progress")):
            address = model.get(field)
            path = unquote(tail_of(address))
            assert path.endswith(f"/{name}{end}"), f"{field} is {address!r}"
            assert IN_ADDRESSES.fullmatch(str(address)), f"{field} is {address!r}"


@pytest.mark.parametrize("end", ["plus", "percent", "letters"])
@rule("users/odd-name-in-the-path-of-a-create")
def test_odd_path(end: str, hub: Hub, sandbox: Sandbox) -> None:
    """A user is created under the name that the path means once it is decoded, and decoded once."""
    name = sandbox.name("odd") + ODD_ENDS[end]
    answer = hub.post(path_of(name))
    if answer.status == 400:
        not_applicable("this hub takes no special characters in names of users")
    assert made(answer).get("name") == name
    assert hub.page("/users", name_filter=name).names == [name]


@rule("users/renamed-to-an-odd-name-and-back")
def test_odd_rename(hub: Hub, user: User) -> None:
    """A user can take an odd name, is found under it, works under it, and can leave it again."""
    name = f"{user.name}{ODD_ENDS['email']} %2e+ä"
    answer = hub.patch(user.path, json={"name": name})
    if answer.status == 400:
        not_applicable("this hub takes no special characters in names of users")
    assert object_of(answer).get("name") == name
    assert read(hub, name).get("name") == name
    object_of(hub.patch(path_of(name), json={"admin": True}))
    assert read(hub, name).get("admin") is True
    refused(hub.get(user.path), 404, explained=False)
    rename(hub, name, user.name)
    refused(hub.get(path_of(name)), 404, explained=False)


# --- normalisation


@pytest.fixture(scope="module")
def normalise(shared: Sandbox) -> Callable[[str], str]:
    """What this hub makes of names."""
    return normaliser(shared)


@rule("users/several-are-looked-for-by-their-normal-names", see=SEE)
def test_several(hub: Hub, sandbox: Sandbox, normalise: Callable[[str], str]) -> None:
    """Spellings of one name in a request for several users are one user, then and later."""
    name, shouted = spellings(sandbox)
    wanted = {normalise(shouted), name}
    answer = hub.post("/users", json={"usernames": [shouted, name]})
    assert set(names_in(all_made(answer))) == wanted
    assert set(named(hub, name)) == wanted
    refused(hub.post("/users", json={"usernames": [shouted]}), 409)


@rule("users/one-is-created-under-the-normal-name", see=SEE)
def test_one(hub: Hub, sandbox: Sandbox, normalise: Callable[[str], str]) -> None:
    """A user who is created alone gets the same name as in a request for several."""
    name, shouted = spellings(sandbox)
    found = made(hub.post(path_of(shouted))).get("name")
    again = hub.post(path_of(name))
    assert found == normalise(shouted), f"{shouted} became {found}"
    assert again.status == (409 if found == name else 201), again


@rule("users/renamed-to-the-normal-name", since=CHECKS_NEW_NAMES, see=SEE)
def test_renamed(hub: Hub, user: User, normalise: Callable[[str], str]) -> None:
    """A new name is normalised like the name of a new user."""
    name, shouted = spellings(user.sandbox)
    found = object_of(hub.patch(user.path, json={"name": shouted})).get("name")
    again = hub.post(path_of(name))
    assert found == normalise(shouted), f"{shouted} became {found}"
    assert again.status == (409 if found == name else 201), again


@rule("users/renamed-to-no-spelling-of-a-taken-name", since=CHECKS_NEW_NAMES, see=SEE)
def test_taken(
    hub: Hub, user: User, bob: User, shared: Sandbox, normalise: Callable[[str], str]
) -> None:
    """A name is taken in every spelling: a user cannot be renamed to one, and stays as they are."""
    shouted = shared.run + bob.name.removeprefix(shared.run).upper()
    if normalise(shouted) == shouted:
        not_applicable("this hub does not normalise names")
    before = read(hub, user.name)
    refused(hub.patch(user.path, json={"name": shouted, "admin": True}), 400)
    assert read(hub, user.name) == before


# --- validation


def check_invalid(end: str, hub: Hub, sandbox: Sandbox) -> None:
    """Assert that a name that ends in this is refused in both ways, together with valid ones."""
    start, names = new_names(sandbox, "invalid", 1)
    bad = f"{start}{end}"
    answer = hub.post(path_of(bad))
    assert answer.status in ((400, 404) if "/" in end else (400,)), answer  # a proxy may decode it
    for asked in ([*names, bad], [bad, *names]):
        refused(hub.post("/users", json={"usernames": asked}), 400)
    assert named(hub, start) == []


@rule("users/name-has-no-slash", see=SEE)
def test_slash(hub: Hub, sandbox: Sandbox) -> None:
    """A name with a slash is refused with 400, alone or among others, and nobody is made."""
    check_invalid("/y", hub, sandbox)


@rule("users/name-ends-in-no-space", since="3.0", see=SEE)
def test_space(hub: Hub, sandbox: Sandbox) -> None:
    """A name with a space at its end is refused with 400, alone or among others; nobody is made."""
    check_invalid(" ", hub, sandbox)


@pytest.mark.parametrize("end", ["/y", " "], ids=["slash", "space"])
@rule("users/new-name-must-be-valid", since=CHECKS_NEW_NAMES, see=SEE)
def test_invalid_rename(end: str, hub: Hub, user: User) -> None:
    """A new name that no new user could have is refused with 400, and nothing is changed."""
    before = read(hub, user.name)
    body = {"name": f"{user.name}x{end}", "admin": True}
    refused(hub.patch(user.path, json=body), 400)
    assert read(hub, user.name) == before
