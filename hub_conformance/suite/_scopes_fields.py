"""What a model shows to which scopes, and tables of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..cells import Table
from ..client import Answer
from ..contract import visible_with
from ..contract.scopes import Resource, allows, expand, refusal
from ..transcript import curl
from ._scopes import Desk


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
        common = model.keys() - {"servers"}  # those have fields that scopes show
        wrong = {key: model[key] for key in common if model[key] != whole.get(key)}
        assert not wrong, f"not what an admin sees: {wrong}"


def selections(desk: Desk, model: str) -> list[tuple[str, ...]]:
    """Each scope of the version alone; in twos those that show, or may hide, a field of a model.

    And each other one beside the scope that shows the name, without which nothing would be seen.
    """
    fields = visible_with(desk.stage.version, model).values()
    showing = frozenset[str]().union(*fields)
    every, name = sorted(desk.everything), f"read:{model.lower()}s:name"
    about = [each for each in every if showing & expand({each}, desk.stage.table)]
    others = [(name, each) for each in every if each not in about]
    return [*((each,) for each in every), *itertools.combinations(about, 2), *others]


def judge_fields(
    table: Table,
    desk: Desk,
    name: str,
    about: tuple[str, Resource],
    scopes: Sequence[str],
    answer: Answer,
    pick: Callable[[Any], Any],
    whole: Mapping[str, Any] | None = None,
) -> None:
    """Put into a table whether a model has the fields that scopes show, and no value of its own.

    `pick` takes the model out of the answer's body. Who may see nothing is refused, or shown
    nothing but what every such model has.
    """
    expected = shown_fields(desk, *about, *scopes)
    wrong = ""
    try:
        if answer.status != 200:
            assert not expected or answer.status in (403, 404), f"{answer!r}, expected {expected}"
            assert not seen_at_all(desk, about, scopes), f"{answer!r}, expected {sorted(expected)}"
        else:
            check_fields(pick(answer.json), expected, whole)
    except AssertionError as error:
        line = curl(answer, desk.stage.sandbox.hub.target.origin)
        wrong = f"{', '.join(scopes)}: {error}\n      {line}"
    table.add(name, answer.scrubber.scrub(wrong))


def seen_at_all(desk: Desk, about: tuple[str, Resource], scopes: Sequence[str]) -> bool:
    """Whether these scopes open the operation that reads a model alone."""
    kind, resource = about
    found = desk.operation(f"get-{'user' if kind == 'Server' else kind.lower()}")
    return refusal(found, desk.held(*scopes), resource) is None


def itself(body: Any) -> Any:
    """The model where the body is one."""
    return body


def named(name: str) -> Callable[[Any], Any]:
    """Pick the model of this name out of a list in either form."""

    def pick(body: Any) -> Any:
        models = body.get("items") if isinstance(body, dict) else body
        assert isinstance(models, list), f"expected a list, got {type(models).__name__}"
        found = [each for each in models if isinstance(each, dict) and each.get("name") == name]
        assert len(found) == 1, f"{name} is in the list {len(found)} times"
        return found[0]

    return pick


def server_of(user: str, server: str) -> Callable[[Any], Any]:
    """Pick the model of a server out of its user's, or out of a list of users in either form."""

    def pick(body: Any) -> Any:
        is_user = isinstance(body, dict) and "name" in body
        model = body if is_user else named(user)(body)
        servers = model.get("servers") if isinstance(model, dict) else None
        assert isinstance(servers, dict), f"servers is {servers!r}"
        assert server in servers, f"{server} is not among {sorted(servers)}"
        return servers[server]

    return pick


def listed_as(name: str) -> Callable[[Any], Any]:
    """What picks the model under a name out of a body that is an object of them."""

    def pick(body: Any) -> Any:
        assert name in body, f"{name} is not listed"
        return body[name]

    return pick
