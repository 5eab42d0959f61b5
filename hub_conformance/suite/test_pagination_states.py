"""Pagination: the list of users by the state of their servers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..hub import Page
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._pagination import SEEN_USERS, Listing, Paged, check_refused, names_of, walked

pytest_plugins = ("hub_conformance.suite._pagination",)

STATES = ("active", "ready", "inactive")
FORMS = pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])


# --- state


@rule("pagination/state-active", needs="spawn")
def test_state_active(paged: Paged) -> None:
    """`state=active` leaves the users with a server that is not stopped."""
    paged.by_state.check_filtered([user.name for user in paged.served.running], state="active")


@rule("pagination/state-ready", needs="spawn")
def test_state_ready(paged: Paged) -> None:
    """`state=ready` leaves the users with a ready server."""
    paged.by_state.check_filtered([user.name for user in paged.served.running], state="ready")


@rule("pagination/state-inactive", needs="spawn")
def test_state_inactive(paged: Paged) -> None:
    """`state=inactive` leaves the users without a running server, whether they ever had one."""
    paged.by_state.check_filtered(
        [paged.served.stopped.name, paged.served.never.name], state="inactive"
    )


@rule("pagination/state-inactive-without-any-server")
def test_state_inactive_without_any_server(paged: Paged) -> None:
    """Users who never had a server are inactive, neither active nor ready."""
    paged.users.check_filtered(list(paged.users.own), state="inactive")
    paged.users.check_filtered([], state="active")
    paged.users.check_filtered([], state="ready")


@rule("pagination/inactive-is-the-complement-of-active", needs="spawn")
def test_inactive_is_the_complement_of_active(paged: Paged) -> None:
    """Each user is either active or inactive; together the two are all."""
    limit = 1
    active, inactive = (walked(paged.by_state.walk(state=s, limit=limit)) for s in STATES[::2])
    assert not set(active) & set(inactive), (active, inactive)
    assert sorted(active + inactive) == sorted(paged.by_state.whole())


@rule("pagination/state-follows-a-start-and-a-stop", needs="spawn")
def test_state_follows_a_start_and_a_stop(user: User, paged: Paged) -> None:
    """A user is in the list of their state as soon as their server has started or stopped."""
    alone = Listing(user.sandbox.hub, "/users", {"name_filter": user.name})
    alone.check_filtered([user.name], state="inactive")
    user.sandbox.server(user)
    alone.check_filtered([user.name], state="active")
    alone.check_filtered([], state="inactive")
    user.sandbox.stop(user)
    alone.check_filtered([user.name], state="inactive")
    alone.check_filtered([], state="ready")


@pytest.fixture(scope="module")
def named(enabled_named_servers: None, shared: Sandbox, paged: Paged) -> Listing:
    """Two users: one has a default and a named server running, the other a named one only."""
    both, only = shared.users(2, "named-")
    for user, server in ((both, ""), (both, "second"), (only, "second")):
        shared.server(user, server)
    return paged.users_of("named-", [both, only])


@rule("pagination/user-with-two-servers-counts-once", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("state", ["active", "ready"])
def test_user_with_two_servers_counts_once(named: Listing, state: str) -> None:
    """A user with two running servers is listed once and counted once."""
    named.check_filtered([named.own[0]], state=state, name_filter=named.own[0])


@rule("pagination/named-servers-make-a-user-active", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("state", STATES)
def test_named_servers_make_a_user_active(named: Listing, state: str) -> None:
    """A user whose only running server is a named one is active and ready, and not inactive."""
    wanted = [] if state == "inactive" else [named.own[1]]
    named.check_filtered(wanted, state=state, name_filter=named.own[1])


@rule("pagination/state-must-be-known")
@pytest.mark.parametrize("state", ["bogus", "ACTIVE", "activ", "active,ready", "1", "stopped"])
def test_state_must_be_known(paged: Paged, state: str) -> None:
    """A state that is none of inactive, active and ready is refused with 400, in both forms."""
    for paged_form in (True, False):
        answer = paged.users.ask(paged=paged_form, state=state)
        check_refused(answer, 400)
        assert answer.message, f"{answer!r} has no message"


@rule("pagination/empty-state-leaves-all", see=SEEN_USERS)
def test_empty_state_leaves_all(paged: Paged) -> None:
    """An empty `state` filters nothing."""
    paged.users.check_filtered(list(paged.users.own), state="")


# --- while a server starts


@pytest.fixture(scope="module")
def while_starting(shared: Sandbox, paged: Paged) -> dict[str, Page]:
    """The pages by state while the server of `served-late` starts.

    `delay` is a user option that our hubs understand; a real spawner takes its time anyway. Where
    a server starts too fast to be seen doing so, the rules that look at it do not apply.
    """
    listing, late = paged.by_state, shared.users(1, "served-late")[0]
    with ThreadPoolExecutor(1) as pool:
        started = pool.submit(shared.hub.post, f"{late.path}/server", json={"delay": 0.5})
        shared.until(lambda: started.done() or is_starting(late), "a server to start")
        pages = {state: listing.page(limit=listing.limits.most, state=state) for state in STATES}
        was_starting = is_starting(late)
    try:
        started.result()
        shared.until(lambda: not is_starting(late), "a server to be ready")
        shared.stop(late)
    finally:  # whom the other rules do not expect in their lists
        shared.hub.delete(late.path)
    if not was_starting:
        not_applicable("servers start too fast here to be seen starting")
    return pages


def is_starting(user: User) -> bool:
    """Whether the user's default server is starting."""
    return (user.sandbox.server_model(user) or {}).get("pending") == "spawn"


@rule("pagination/starting-servers-are-active", needs="spawn")
def test_starting_servers_are_active(paged: Paged, while_starting: dict[str, Page]) -> None:
    """A user whose server is starting is active, and not inactive."""
    *active, late = names_of(while_starting["active"].items)
    assert active == paged.served.names[:3], active
    assert "served-late" in late, late
    assert while_starting["active"].total == 4
    assert names_of(while_starting["inactive"].items) == paged.served.names[3:]
    assert while_starting["inactive"].total == 2


@rule("pagination/starting-servers-are-not-ready", needs="spawn")
def test_starting_servers_are_not_ready(paged: Paged, while_starting: dict[str, Page]) -> None:
    """A user whose server is starting is not among the ready ones yet."""
    assert names_of(while_starting["ready"].items) == paged.served.names[:3]


@rule("pagination/total-counts-the-ready-users", needs="spawn")
def test_total_counts_the_ready_users(paged: Paged, while_starting: dict[str, Page]) -> None:
    """With `state=ready` the total counts the ready users, not all active ones."""
    page = while_starting["ready"]
    assert page.total == len(paged.served.running), page.answer.json["_pagination"]


# --- include_stopped_servers


def servers_by_user(listing: Listing, paged_form: bool, **params: Any) -> dict[str, Any]:
    """The `servers` of each user in the list."""
    limit = listing.limits.most
    items = listing.page(limit=limit, **params).items if paged_form else None
    models = listing.plain(limit=limit, **params) if items is None else items
    assert all(isinstance(each.get("servers"), dict) for each in models), models
    assert sorted(names_of(models)) == sorted(listing.own), names_of(models)
    return {each["name"]: each["servers"] for each in models}


@rule("pagination/stopped-servers-are-left-out", needs="spawn")
@FORMS
def test_stopped_servers_are_left_out(paged: Paged, paged_form: bool) -> None:
    """A list shows running servers, and no stopped ones unless it is asked to."""
    for params in ({}, {"include_stopped_servers": "0"}, {"include_stopped_servers": "false"}):
        found = servers_by_user(paged.by_state, paged_form, **params)
        assert found[paged.served.stopped.name] == {}, found
        assert found[paged.served.never.name] == {}, found
        assert all(set(found[user.name]) == {""} for user in paged.served.running), found


@rule("pagination/stopped-servers-are-included", since="3.0", needs="spawn")
@FORMS
@pytest.mark.parametrize("value", ["1", "true", "True", ""], ids=["1", "true", "True", "empty"])
def test_stopped_servers_are_included(paged: Paged, paged_form: bool, value: str) -> None:
    """With `include_stopped_servers`, even without a value, a list shows stopped servers, too."""
    found = servers_by_user(paged.by_state, paged_form, include_stopped_servers=value)
    stopped = found[paged.served.stopped.name]
    assert set(stopped) == {""}, found
    assert stopped[""].get("ready") is False, stopped
    for user in paged.served.running:
        assert found[user.name].get("", {}).get("ready") is True, found[user.name]


@rule("pagination/stopped-servers-change-no-order", since="3.0", needs="spawn")
def test_stopped_servers_change_no_order(paged: Paged) -> None:
    """`include_stopped_servers` changes neither who is listed, nor the order, nor the total."""
    paged.by_state.check_filtered(paged.served.names, include_stopped_servers="1")
    idle = paged.served.names[3:]
    paged.by_state.check_filtered(idle, state="inactive", include_stopped_servers="1")
