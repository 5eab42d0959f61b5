"""Pagination: the models that a list shows, whatever it is narrowed and ordered by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub, quoted
from ..rules import rule
from ..sandbox import User
from ._pagination import SEE, Listing, Paged, names_of
from ._shape import single

pytest_plugins = ("hub_conformance.suite._pagination",)


def stable_part(model: Any) -> Any:
    """A model without the activity of a route, which changes; its lists of names in one order."""
    if not isinstance(model, dict):
        return model
    if isinstance(model.get("data"), dict):
        data = {key: value for key, value in model["data"].items() if key != "last_activity"}
        model = {**model, "data": data}
    sets = {
        key: model[key] for key in ("roles", "groups", "users") if isinstance(model.get(key), list)
    }
    return {**model, **{key: sorted(value) for key, value in sets.items()}}


def models_of(items: Any) -> dict[str, Any]:
    """The models of a list by name."""
    named = items if isinstance(items, dict) else dict(zip(names_of(items), items, strict=True))
    return {name: stable_part(model) for name, model in named.items()}


@rule("pagination/both-forms-show-the-same-models", see=SEE)
def test_both_forms_show_the_same_models(listing: Listing) -> None:
    """The items of a page are the models of the plain list, field for field."""
    limit = listing.limits.most

    def check(whole: list[str]) -> None:
        before = models_of(listing.plain(limit=limit))
        paged = models_of(listing.page(limit=limit).items)
        after = models_of(listing.plain(limit=limit))
        assert paged.keys() == before.keys()
        # What others change meanwhile is not the same before and after.
        listing.is_busy |= before != after
        kept = {name: model for name, model in before.items() if after.get(name) == model}
        assert kept, listing.path
        assert {name: paged[name] for name in kept} == kept

    listing.steadily(check)


@rule("pagination/users-are-listed-as-they-are-read-alone")
@pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])
def test_users_are_listed_as_they_are_read_alone(paged: Paged, paged_form: bool) -> None:
    """A user's model in a list is the one that `GET /users/:name` shows."""
    window = {"offset": 1, "limit": 1}
    assert paged.groups.own
    items = paged.users.page(**window).items if paged_form else paged.users.plain(**window)
    name = paged.users.own[1]
    assert names_of(items) == [name], items
    alone = paged.users.hub.get(f"/users/{quoted(name)}")
    assert alone.status == 200, alone
    # Lists have no place for authentication state: it is null there.
    shown, known = (stable_part({**each, "auth_state": None}) for each in (items[0], alone.json))
    assert shown == known, shown


@rule("pagination/groups-are-listed-as-they-are-read-alone")
def test_groups_are_listed_as_they_are_read_alone(paged: Paged) -> None:
    """A group's model in a list is the one that `GET /groups/:name` shows, members and all."""
    groups, own = paged.groups, set(paged.groups.own)
    alone = {name: groups.hub.get(f"/groups/{quoted(name)}").json for name in groups.own}
    everybody = alone[groups.own[-1]].get("users", ())
    assert sorted(everybody) == sorted(paged.users.own), "members are missing"

    def check(whole: list[str]) -> None:
        pages = groups.walk(limit=groups.limits.most)
        pages.append(groups.page(offset=max(1, pages[0].total - groups.limits.most)))
        listed = [each for page in pages for each in models_of(page.items).items()]
        missing = own - {name for name, _ in listed}
        assert not missing, f"{sorted(missing)} not listed"
        for name, model in listed:
            assert name not in own or model == stable_part(alone[name])

    groups.steadily(check)


#: What a list of users can be asked beside offset and limit, and what shows no stopped server.
NARROWED: tuple[dict[str, Any], ...] = (
    {"sort": "name"},
    {"sort": "-last_activity", "state": "inactive"},
    {"state": "inactive", "sort": "-id"},
)


@rule("pagination/filters-change-no-model")
@pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])
def test_filters_change_no_model(paged: Paged, paged_form: bool) -> None:
    """Whatever a list is narrowed and ordered by, it shows the same model of each user."""
    assert paged.groups.own
    users, start = paged.users, f"{paged.shared.run}-paged-m"
    known = models_of(users.plain(name_filter=start))
    for params in NARROWED:
        window = {"name_filter": start, "offset": 1, "limit": 2, **params}
        items = users.page(**window).items if paged_form else users.plain(**window)
        found = models_of(items)
        assert len(found) == 2, window
        assert found == {name: known[name] for name in found}, window


@rule("pagination/changes-of-users-are-listed-at-once")
@pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])
def test_changes_of_users_are_listed(user: User, paged_form: bool) -> None:
    """What was changed of a user is so in the list that was read just before."""
    hub = user.sandbox.hub
    listing = Listing(hub, "/users", {"name_filter": user.name})
    group = user.sandbox.group("changed")
    changes: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("PATCH", user.path, {"admin": True}),
        ("POST", f"/groups/{group}/users", {"users": [user.name]}),
        ("POST", f"{user.path}/activity", {"last_activity": "2020-02-02T02:02:02Z"}),
    )
    for method, path, body in changes:
        before = listed_model(listing, paged_form)
        assert hub.request(method, path, json=body).ok
        after = listed_model(listing, paged_form)
        assert after != before, f"{method} {path} is not listed"
        assert after == {**stable_part(hub.get(user.path).json), "auth_state": None}, after


@rule("pagination/changes-of-groups-are-listed-at-once", since="3.0")
def test_changes_of_groups_are_listed(user: User, limited: Callable[..., Hub]) -> None:
    """What was changed of a group is so in the list that was read just before."""
    hub, name = user.sandbox.hub, user.sandbox.group("changed")
    listing = Listing(limited(f"list:groups!group={name}", f"read:groups!group={name}"), "/groups")
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/groups/{name}/users", {"users": [user.name]}),
        ("DELETE", f"/groups/{name}/users", {"users": [user.name]}),
    ]
    if hub.target.applies >= (4, 0):
        changes.append(("PUT", f"/groups/{name}/properties", {"a": 1}))
    for method, path, body in changes:
        before = models_of(listing.plain()).get(name)
        assert before, f"{name} is not listed"
        assert hub.request(method, path, json=body).ok
        after = models_of(listing.plain()).get(name)
        assert after, f"{name} is not listed"
        assert after != before, f"{method} {path} is not listed"


def listed_model(listing: Listing, paged_form: bool) -> dict[str, Any]:
    """The one model that a list has, without the authentication state."""
    items = listing.page(limit=1).items if paged_form else listing.plain(limit=1)
    model = single(models_of(items).values())
    return {**model, "auth_state": None}


@rule("pagination/filters-change-no-server", needs="spawn")
@pytest.mark.parametrize("state", ["active", "ready"])
def test_filters_change_no_server(paged: Paged, state: str) -> None:
    """A user with a running server is shown with it as when read alone, also page by page."""
    users = paged.by_state
    first = users.page(state=state, sort="-name", limit=1)
    for page in (first, users.follow(first)):
        name = single(names_of(page.items))
        alone = users.hub.get(f"/users/{quoted(name)}")
        assert alone.status == 200, alone
        assert resting_part(page.items[0]) == resting_part(alone.json), page.answer


def check_shown_alike(paged: Paged, user: User, server: str) -> None:
    """Assert that both forms of a list show a stopped server as the user's own model does."""
    users, asked = paged.by_state, {"include_stopped_servers": "1"}
    alone = users.hub.get(user.path, params=asked)
    assert alone.status == 200, alone
    known = resting_part(alone.json)["servers"]
    assert server in known, f"{server!r} is not shown: {known}"
    listing = Listing(users.hub, "/users", {"name_filter": user.name, **asked})
    for items in (listing.page(limit=1).items, listing.plain(limit=1)):
        assert names_of(items) == [user.name], items
        assert resting_part(items[0])["servers"] == known, items


@rule("pagination/stopped-servers-are-shown-as-when-read-alone", since="3.0", needs="spawn")
def test_stopped_servers_are_shown_alike(paged: Paged) -> None:
    """With `include_stopped_servers` a list shows what the user's own model shows with it."""
    check_shown_alike(paged, paged.served.stopped, "")


@rule(
    "pagination/stopped-named-servers-are-shown-as-when-read-alone",
    since="3.0",
    needs="named-servers",
)
def test_stopped_named_servers_are_shown_alike(paged: Paged, resting: tuple[User, str]) -> None:
    """A named server that does not run is shown like the default one, in the list and alone."""
    check_shown_alike(paged, *resting)


def resting_part(model: dict[str, Any]) -> dict[str, Any]:
    """A user's model without the authentication state and the times of activity."""
    servers = {
        name: {key: value for key, value in server.items() if key != "last_activity"}
        for name, server in model.get("servers", {}).items()
    }
    left_out = ("auth_state", "last_activity", "servers")
    return {**{key: model[key] for key in model if key not in left_out}, "servers": servers}
