"""Scopes: a model shows exactly the fields that the scopes allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ..cells import Table
from ..client import Answer
from ..contract.scopes import Resource
from ..hub import PAGINATION, Hub
from ..operations import RECIPES
from ..rules import rule
from ..stage import Stage
from ._scopes import Desk, near, patterns
from ._scopes_fields import (
    check_fields,
    itself,
    judge_fields,
    listed_as,
    named,
    selections,
    server_of,
    shown_fields,
)
from ._scopes_people import People, check_lists, people_of, plain

pytest_plugins = ("hub_conformance.suite._scopes",)

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


#: Stopped servers are a field of their own: asked for, so that nothing hides behind their absence.
STOPPED = {"include_stopped_servers": "1"}
FORMS: Mapping[str, Mapping[str, str]] = {"plain": {}, "page": {"Accept": PAGINATION}}


@pytest.fixture(scope="module")
def people(stage: Stage) -> People:
    """Users and groups whose names begin alike."""
    return people_of(stage)


def read(hub: Hub, path: str) -> Any:
    """The model that a GET answers."""
    answer = hub.get(path)
    assert answer.status == 200, answer
    return answer.json


@rule("scopes/user-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_user(desk: Desk, people: People, table: Table) -> None:
    """The model of one user has exactly the fields that the token's scopes show.

    Each scope alone, and each two of those that show one.
    """
    path, about = f"/users/{people.ann}", ("User", Resource("user", people.ann))
    whole = read(desk.limited("inherit"), path)
    for scopes in selections(desk, "User"):
        answer = desk.limited(*scopes).get(path, params=STOPPED)
        judge_fields(table, desk, " + ".join(scopes), about, scopes, answer, itself, whole)
    table.judge()


@rule("scopes/running-user-shows-what-scopes-allow", since="3.0", needs="spawn")
def test_running_user(desk: Desk, stage: Stage, table: Table) -> None:
    """A user whose servers run is shown with the fields that a scope shows, and no others."""
    user = Resource("user", stage.runner, groups=stage.groups[stage.runner])
    for scopes in (each for each in selections(desk, "User") if len(each) == 1):
        answer = desk.limited(*scopes).get(f"/users/{user.name}")
        judge_fields(table, desk, *scopes, ("User", user), scopes, answer, itself)
    table.judge()


@rule("scopes/user-list-shows-fields-that-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_user_list(desk: Desk, people: People, table: Table) -> None:
    """The models in the list of users have exactly the fields that the token's scopes show.

    Each scope alone in both forms of the list, with another one in pages.
    """
    about = ("User", Resource("user", people.ann))
    params = {"name_filter": people.ann, **STOPPED}
    for scopes in selections(desk, "User"):
        held = desk.narrowed(scopes, "list:users", people.ann)
        for form in FORMS if len(scopes) == 1 else ("page",):
            answer = desk.limited(*held).get("/users", params=params, headers=FORMS[form])
            name = f"{' + '.join(scopes)}, {form}"
            judge_fields(table, desk, name, about, held, answer, named(people.ann))
    table.judge()


@rule("scopes/group-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_group(desk: Desk, people: People, table: Table) -> None:
    """A group has exactly the fields that the token's scopes show, alone and in the list."""
    path, about = f"/groups/{people.group}", ("Group", Resource("group", people.group))
    whole = read(desk.limited("inherit"), path)
    for scopes in selections(desk, "Group"):
        name, held = " + ".join(scopes), desk.narrowed(scopes, "list:groups", people.group)
        answer = desk.limited(*scopes).get(path)
        judge_fields(table, desk, name, about, scopes, answer, itself, whole)
        for form, accept in FORMS.items():
            answer = desk.limited(*held).get("/groups", headers=accept)
            pick = named(people.group)
            judge_fields(table, desk, f"{name}, {form}", about, held, answer, pick, whole)
    table.judge()


@rule("scopes/service-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_service(desk: Desk, stage: Stage, table: Table) -> None:
    """A service has exactly the fields that the token's scopes show, alone and in the list."""
    path, about = f"/services/{stage.service}", ("Service", Resource("service", stage.service))
    for scopes in selections(desk, "Service"):
        name, held = " + ".join(scopes), desk.narrowed(scopes, "list:services", stage.service)
        answer = desk.limited(*scopes).get(path)
        judge_fields(table, desk, name, about, scopes, answer, itself)
        answer = desk.limited(*held).get("/services")
        pick = listed_as(stage.service)
        judge_fields(table, desk, f"{name}, list", about, held, answer, pick)
    table.judge()


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


#: Models, where one is read, and the scopes that show its name and all else.
MODELS = {
    "User": ("/users/{}", "read:users:name", ("read:users", "read:roles:users", "read:servers")),
    "Group": ("/groups/{}", "read:groups:name", ("read:groups", "read:roles:groups")),
    "Service": ("/services/{}", "read:services:name", ("read:services", "read:roles:services")),
}


@pytest.mark.parametrize("model", MODELS)
@rule("scopes/filters-for-others-show-no-field", since="3.0", see="rbac/scopes.html")
def test_filters_for_others(model: str, desk: Desk, people: People, table: Table) -> None:
    """Scopes for other objects add no field to a model, however alike the names.

    Each filter alone, and all of them together with what may pass for a pattern.
    """
    path, base, scopes = MODELS[model]
    name = {"User": people.ann, "Group": people.group, "Service": ""}[model] or desk.stage.service
    about = (model, Resource(model.lower(), name, groups=desk.stage.groups.get(name, frozenset())))
    names = {model.lower(): near(name)}
    if model == "User":
        names["group"] = {"another": people.group2, **near(people.group)}
    if model == "Group":
        names["group"]["upper"] = name.upper()
    filters = {
        f"{kind}={label}": f"!{kind}={each}"
        for kind, found in names.items()
        for label, each in found.items()
        if (kind, each) != ("group", people.group)
    }
    alike = [*filters.values(), *(f"!{model.lower()}={each}" for each in patterns(name))]
    together = [f"{scope}{each}" for scope in scopes for each in alike]
    cells = {key: [f"{scope}{each}" for scope in scopes] for key, each in filters.items()}
    for cell, held in {**cells, "all together": together}.items():
        answer = desk.limited(base, *held).get(path.format(name), params=STOPPED)
        judge_fields(table, desk, cell, about, [base, *held], answer, itself)
    table.judge()


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
    "state-of-shorter-group": (["read:servers", "admin:server_state!group={group_}"], False),
    "state-of-shorter-user": (["read:servers", "admin:server_state!user={user_}"], False),
    "state-of-two-groups": (
        ["read:servers", "admin:server_state!group={group}2", "admin:server_state!group={group_}"],
        False,
    ),
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
    server = stage.server  # made before anything is read
    scopes = [
        each.format(
            user=stage.user,
            user_=stage.user[:-1],
            group=stage.group,
            group_=stage.group[:-1],
            other_group=stage.other_group,
            server=server,
        )
        for each in texts
    ] or sorted(desk.everything - {"admin:servers", "admin:server_state"})
    hub = desk.limited(*scopes)
    path = f"/users/{stage.user}"
    models = [read(hub, f"{path}?include_stopped_servers=1").get("servers", {}).get(server)]
    if stage.has("6.0"):
        models.append(read(hub, f"{path}/servers/{server}"))
    for model in models:
        assert isinstance(model, dict), f"the server is not shown: {models}"
        assert ("state" in model) is shown, sorted(model)


@rule("scopes/server-shows-what-scopes-allow", since="3.0", needs="named-servers")
def test_server(desk: Desk, stage: Stage, table: Table) -> None:
    """A server has exactly the fields that the token's scopes show, wherever it is shown.

    Alone, in the model of its user and in the list of users, in both forms; each scope beside
    `read:servers`.
    """
    user, name = stage.user, stage.server
    groups = stage.groups[user]
    about = ("Server", Resource("server", name, owner=user, groups=groups))
    for scope in sorted(desk.everything):
        scopes = list(dict.fromkeys(["read:servers", scope]))
        answer = desk.limited(*scopes).get(f"/users/{user}", params=STOPPED)
        pick = server_of(user, name)
        judge_fields(table, desk, f"{scope}, its user", about, scopes, answer, pick)
        held = desk.narrowed(scopes, "list:users", user)
        for form, accept in FORMS.items():
            params = {"name_filter": user, **STOPPED}
            answer = desk.limited(*held).get("/users", params=params, headers=accept)
            judge_fields(table, desk, f"{scope}, {form}", about, held, answer, pick)
        if stage.has("6.0"):
            answer = desk.limited(*scopes).get(f"/users/{user}/servers/{name}")
            judge_fields(table, desk, f"{scope}, itself", about, scopes, answer, itself)
    table.judge()


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
