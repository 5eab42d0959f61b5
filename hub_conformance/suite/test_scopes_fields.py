"""Scopes: a model shows exactly the fields that the scopes allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ..client import Answer
from ..contract import visible_with
from ..contract.scopes import Resource, allows
from ..hub import Hub
from ..operations import RECIPES
from ..rules import rule
from ..stage import Stage
from ._scopes import Desk
from ._scopes_people import People, check_lists, people_of, plain

pytest_plugins = ("hub_conformance.suite._scopes",)

#: Scopes that show something of a user, alone and together.
OF_USERS = {
    "read-users": ["read:users"],
    "name": ["read:users:name"],
    "groups": ["read:users:groups"],
    "activity": ["read:users:activity"],
    "roles": ["read:roles:users"],
    "servers": ["read:servers"],
    "auth-state": ["admin:auth_state", "read:users:name"],
    "record-activity": ["users:activity"],
    "list": ["list:users"],
    "users": ["users"],
    "admin-users": ["admin:users"],
    "admin-servers": ["admin:servers"],
    "two": ["read:users:groups", "read:users:activity"],
    "all": ["admin:users", "admin:servers", "read:roles"],
}
OF_GROUPS = {
    "read-groups": ["read:groups"],
    "name": ["read:groups:name"],
    "roles": ["read:roles:groups"],
    "list": ["list:groups"],
    "groups": ["groups"],
    "admin-groups": ["admin:groups"],
}
OF_SERVICES = {
    "read-services": ["read:services"],
    "name": ["read:services:name"],
    "roles": ["read:roles:services"],
    "list": ["list:services"],
}
#: Operations that answer with a model of what they wrote, and the kind of model.
ANSWERING = {
    "post-users": "User",
    "post-user": "User",
    "post-groups": "Group",
    "post-group": "Group",
    "post-group-users": "Group",
    "delete-group-users": "Group",
    "put-group-properties": "Group",
    "post-service": "Service",
    "put-user-server-name": "Server",
    "patch-user-server": "Server",
    "patch-user-server-name": "Server",
}


@pytest.fixture(scope="module")
def people(stage: Stage) -> People:
    """Users and groups whose names begin alike."""
    return people_of(stage)


def shown_fields(desk: Desk, model: str, resource: Resource | None, *scopes: str) -> set[str]:
    """The fields that the contract shows of a model of this object to these scopes."""
    held = desk.held(*scopes)
    shown = visible_with(desk.stage.version, model).items()
    return {
        name
        for name, needed in shown
        if not needed or any(allows(held, each, resource) for each in needed)
    }


def check_fields(model: Any, expected: set[str], whole: Mapping[str, Any] | None = None) -> None:
    """Hold the fields of a model against those expected, and their values against another."""
    assert isinstance(model, dict), f"expected a model, got {type(model).__name__}"
    missing, leaked = expected - model.keys(), model.keys() - expected
    assert not missing | leaked, f"missing {sorted(missing)}, shown too much {sorted(leaked)}"
    if whole is not None:
        wrong = {key: value for key, value in model.items() if value != whole.get(key)}
        assert not wrong, f"not what an admin sees: {wrong}"


def read(hub: Hub, path: str) -> Any:
    """The model that a GET answers."""
    answer = hub.get(path)
    assert answer.status == 200, answer
    return answer.json


@pytest.mark.parametrize("case", OF_USERS)
@rule("scopes/user-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_user(case: str, desk: Desk, people: People) -> None:
    """The model of one user has exactly the fields that the token's scopes show."""
    path, scopes = f"/users/{people.ann}", OF_USERS[case]
    expected = shown_fields(desk, "User", Resource("user", people.ann), *scopes)
    whole = read(desk.limited("inherit"), path)
    check_fields(read(desk.limited(*scopes), path), expected, whole)


@pytest.mark.parametrize("case", OF_USERS)
@rule("scopes/user-list-shows-fields-that-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_user_list(case: str, desk: Desk, people: People) -> None:
    """The models in the list of users have exactly the fields that the token's scopes show."""
    scopes = [*OF_USERS[case], *people.scopes("list:users", "user=ann")]
    if {"users", "admin:users", "list:users"} & set(scopes):
        scopes.pop()  # listed without a filter
    expected = shown_fields(desk, "User", Resource("user", people.ann), *scopes)
    hub = desk.limited(*scopes)
    for found in (
        plain(hub, "/users", name_filter=people.ann),
        hub.page("/users", name_filter=people.ann).items,
    ):
        for model in found:
            check_fields(model, expected)


@pytest.mark.parametrize("case", OF_GROUPS)
@rule("scopes/group-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_group(case: str, desk: Desk, people: People) -> None:
    """A group has exactly the fields that the token's scopes show, alone and in the list."""
    scopes = OF_GROUPS[case]
    group = Resource("group", people.group)
    whole = read(desk.limited("inherit"), f"/groups/{people.group}")
    model = read(desk.limited(*scopes), f"/groups/{people.group}")
    check_fields(model, shown_fields(desk, "Group", group, *scopes), whole)
    narrow = [f"{each}!group={people.group}" for each in [*scopes, "list:groups"]]
    expected = shown_fields(desk, "Group", group, *narrow)
    hub = desk.limited(*narrow)
    for found in (plain(hub, "/groups"), hub.page("/groups").items):
        assert len(found) == 1, found
        check_fields(found[0], expected, whole)


@pytest.mark.parametrize("case", OF_SERVICES)
@rule("scopes/service-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_service(case: str, desk: Desk, stage: Stage) -> None:
    """A service has exactly the fields that the token's scopes show, alone and in the list."""
    scopes = OF_SERVICES[case]
    service = Resource("service", stage.service)
    model = read(desk.limited(*scopes), f"/services/{stage.service}")
    check_fields(model, shown_fields(desk, "Service", service, *scopes))
    narrow = [f"{each}!service={stage.service}" for each in [*scopes, "list:services"]]
    listed = read(desk.limited(*narrow), "/services")
    assert listed.keys() == {stage.service}, listed
    check_fields(listed[stage.service], shown_fields(desk, "Service", service, *narrow))


@rule("scopes/fields-differ-by-user-in-one-list", since="3.0", see="rbac/scopes.html")
def test_fields_by_user(desk: Desk, people: People) -> None:
    """In one list each user shows what the token may see of that user."""
    extra = people.scopes("read:users:activity", "user=ben")
    extra += people.scopes("read:users:groups", "group=group")
    extra += people.scopes("read:roles:users", "user=ann2")
    scopes = [*people.scopes("list:users", "group=group", "group=group2"), *extra]
    found = {each["name"]: each for each in plain(desk.limited(*scopes), "/users")}
    assert found.keys() == people.named("ann", "ann2", "ben")
    for name, model in found.items():
        user = Resource("user", name, groups=desk.stage.groups.get(name, frozenset()))
        check_fields(model, shown_fields(desk, "User", user, *scopes))


@pytest.mark.parametrize(
    "filters",
    [["user=ann"], ["group=group"], ["group=group2"], ["user=ann2", "group=group"]],
    ids="-".join,
)
@rule("scopes/filtered-fields-of-one-user", since="3.0", see="rbac/scopes.html")
def test_filtered_fields(filters: list[str], desk: Desk, people: People) -> None:
    """A scope with a filter adds its fields to the users that the filter covers, to no other."""
    scopes = ["read:users:name", *people.scopes("read:users:activity", *filters)]
    for name in sorted(people.named("ann", "ann2", "ben", "cat")):
        user = Resource("user", name, groups=desk.stage.groups.get(name, frozenset()))
        model = read(desk.limited(*scopes), f"/users/{name}")
        check_fields(model, shown_fields(desk, "User", user, *scopes))


@rule("scopes/auth-state-needs-its-own-scope", since="3.0", see="rbac/scopes.html")
def test_auth_state(desk: Desk, people: People) -> None:
    """`auth_state` is shown with `admin:auth_state` for that very user, and with nothing less."""
    every = set(desk.everything) - {"admin:auth_state", "admin:users"}
    for filters, shown in (
        (["user=ann"], True),
        (["user=ann2", "group=group2"], False),
        ([], False),
    ):
        hub = desk.limited(*every, *people.scopes("admin:auth_state", *filters))
        model = read(hub, f"/users/{people.ann}")
        assert ("auth_state" in model) is shown, (filters, sorted(model))
        for listed in plain(hub, "/users", name_filter=people.ann):
            if listed["name"] == people.ann:
                assert ("auth_state" in listed) is shown, (filters, sorted(listed))


@rule("scopes/server-filter-shows-that-server-alone", since="3.0", needs="named-servers")
def test_server_filter(desk: Desk, stage: Stage) -> None:
    """`read:servers!server=` adds that one server to the model of its user, and no other."""
    both = {stage.server, stage.second_server}
    for names in ([stage.server], [stage.second_server], sorted(both)):
        scopes = [f"read:servers!server={stage.user}/{each}" for each in names]
        hub = desk.limited("read:users:name", *scopes)
        model = read(hub, f"/users/{stage.user}?include_stopped_servers=1")
        assert (model.get("servers") or {}).keys() == set(names), (names, model)


@rule("scopes/server-list-filter-is-not-a-prefix", since="3.0", needs="named-servers")
def test_server_filter_prefix(desk: Desk, stage: Stage) -> None:
    """A filter for one server shows nothing of a server whose name only begins alike."""
    near = [f"{stage.user}/{stage.server}2", f"{stage.user}/{stage.server[:-1]}"]
    scopes = [f"read:servers!server={each}" for each in (*near, f"{stage.user}2/{stage.server}")]
    hub = desk.limited("read:users:name", *scopes)
    model = read(hub, f"/users/{stage.user}?include_stopped_servers=1")
    assert "servers" not in model, model["servers"]


STATE = {
    "read-servers": (["read:servers"], False),
    "servers": (["servers"], False),
    "state": (["read:servers", "admin:server_state"], True),
    "admin-servers": (["admin:servers"], True),
    "state-of-user": (["read:servers", "admin:server_state!user={user}"], True),
    "state-of-group": (["read:servers", "admin:server_state!group={group}"], True),
    "state-of-server": (["read:servers", "admin:server_state!server={user}/{server}"], True),
    "state-of-longer-user": (["read:servers", "admin:server_state!user={user}2"], False),
    "state-of-other-group": (["read:servers", "admin:server_state!group={other_group}"], False),
    "state-of-longer-server": (
        ["read:servers", "admin:server_state!server={user}/{server}2"],
        False,
    ),
    "everything-else": ([], False),
}


@pytest.mark.parametrize("case", STATE)
@rule("scopes/server-state-needs-its-own-scope", since="3.0", needs="named-servers")
def test_server_state(case: str, desk: Desk, stage: Stage) -> None:
    """A server's `state` is shown with `admin:server_state` for that very server only."""
    texts, shown = STATE[case]
    scopes = [
        each.format(
            user=stage.user, group=stage.group, other_group=stage.other_group, server=stage.server
        )
        for each in texts
    ] or sorted(desk.everything - {"admin:servers", "admin:server_state"})
    hub = desk.limited(*scopes)
    path = f"/users/{stage.user}"
    models = [read(hub, f"{path}?include_stopped_servers=1").get("servers", {}).get(stage.server)]
    if stage.has("6.0"):
        models.append(read(hub, f"{path}/servers/{stage.server}"))
    for model in models:
        assert isinstance(model, dict), f"the server is not shown: {models}"
        assert ("state" in model) is shown, sorted(model)


@pytest.mark.parametrize("operation", ANSWERING)
@rule("scopes/answer-to-a-write-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_answers_to_writes(operation: str, desk: Desk, request: pytest.FixtureRequest) -> None:
    """The model that a write answers with has exactly the fields that its scope shows."""
    if "server-name" in operation:
        request.getfixturevalue("enabled_named_servers")
    found = desk.operation(operation)
    call = RECIPES[operation].call(desk.stage)
    scope = found.scopes[0].scope
    answer = call.send(desk.limited(scope))
    assert answer.status in call.expected, answer
    expected = shown_fields(desk, ANSWERING[operation], call.resource, scope)
    for model in _models(answer):
        check_fields(model, expected)


def _models(answer: Answer) -> list[Any]:
    body = answer.json
    models = body if isinstance(body, list) else [body]
    assert models, f"{answer!r} shows nothing of what was made"
    return models


@rule("scopes/no-model-without-its-scope", since="3.0", see="rbac/scopes.html")
def test_scopes_for_others_show_nothing(desk: Desk, people: People) -> None:
    """Scopes that read groups and services show no field of users, and the other way round."""
    hub = desk.limited("list:users", "read:groups", "read:services", "list:groups")
    check_lists(hub, "/users", people.named("ann", "ann2"), name_filter=people.ann)
    expected = shown_fields(desk, "User", Resource("user", people.ann), "list:users")
    check_fields(plain(hub, "/users", name_filter=people.ann)[0], expected)
