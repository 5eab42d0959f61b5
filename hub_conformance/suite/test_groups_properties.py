"""Groups: their properties, which the hub keeps and does not read."""

from __future__ import annotations

from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub
from ..rules import rule
from ..sandbox import MOST, Sandbox
from ..target import Target
from ._groups import PROPERTIES, change, check_model, check_rights, members, path_of, people, read
from ._shape import object_of, only_fields, refused

VALUES: dict[str, Any] = {
    "text": {"a": "ä ☃ 🎉 日本", "": "empty key", "b": "", "decomposed": "e\u0301"},
    "blanks": {" a ": "  b\t", "lines": "1\r\n2\n", "KEY": 1, "key": 2},
    "markup": {"$id": "<b>&amp;'\"</b>", "_x": "{{a}} %s %41", "path.to": "\\n"},
    "like-times": {"time": "2021-01-01T00:00:00Z", "number": "007", "2021-01-01": "null"},
    "numbers": {"zero": 0, "negative": -1, "fraction": 1.5, "large": 2**53},
    "fractions": {"third": 1 / 3, "small": 1.5e-9, "large": 1e300},
    "literals": {"true": True, "false": False, "null": None},
    "nested": {"list": [1, [2, {"x": []}], None], "object": {"y": {"z": {}}, "n": None}, "e": []},
    "many": {f"key {number}": number for number in range(300)},
    "long": {"text": "ä-x" * 4000, "list": ["x"] * 500},
    "like-fields": {"name": "other", "users": [], "kind": "user", "properties": {"a": 1}},
}


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


@pytest.fixture
def name(sandbox: Sandbox, shared: Sandbox) -> str:
    """A group of the rule's own with one member."""
    return sandbox.group("props", people(shared)[:1])


@pytest.fixture(scope="module")
def properties_group(shared: Sandbox) -> str:
    """A group with one member whose properties change."""
    return shared.group("props", people(shared)[:1])


def put(hub: Hub, group: str, properties: Any) -> Answer:
    """Replace the properties of a group."""
    return hub.put(f"{path_of(group)}/properties", json=properties)


@rule("groups/properties-are-replaced-as-a-whole", since=PROPERTIES)
def test_replaced(hub: Hub, name: str) -> None:
    """New properties answer 200 with the model, and nothing is left of the ones before."""
    before = read(hub, name)
    for properties in ({"old": 1, "both": {"deep": 1}}, {"new": 2, "both": {"other": 2}}):
        model = object_of(put(hub, name, properties))
        only_fields(model, before)
        assert model == {**before, "properties": properties}
        assert read(hub, name) == model


@rule("groups/listed-as-read", since=PROPERTIES)
def test_listed(hub: Hub, name: str) -> None:
    """A group with a member and properties is the same in the list as by itself."""
    model = object_of(put(hub, name, {"colour": "red"}))
    listed = [each for page in hub.walk("/groups", limit=MOST) for each in page.items]
    assert [each for each in listed if each["name"] == name] == [model]
    assert read(hub, name) == model


@pytest.mark.parametrize("kind", VALUES)
@rule("groups/properties-are-kept-as-they-are", since=PROPERTIES)
def test_kept(kind: str, hub: Hub, properties_group: str) -> None:
    """Any JSON is kept as it is, whatever the keys are called: they are data and no fields."""
    model = object_of(put(hub, properties_group, VALUES[kind]))
    assert model.get("properties") == VALUES[kind], model
    assert (model.get("name"), len(members(model))) == (properties_group, 1), model
    assert read(hub, properties_group) == model


@rule("groups/properties-can-be-emptied", since=PROPERTIES)
def test_emptied(hub: Hub, name: str) -> None:
    """An empty object leaves no property."""
    assert put(hub, name, {"a": 1}).status == 200
    assert object_of(put(hub, name, {})).get("properties") == {}
    assert read(hub, name).get("properties") == {}


@rule("groups/wrong-properties-are-refused", since=PROPERTIES)
def test_wrong(hub: Hub, name: str) -> None:
    """Properties that are no object are refused with 400, and those before stay."""
    before = object_of(put(hub, name, {"a": 1}))
    for body in ([], [1], "x", None):
        refused(put(hub, name, body), 400)
    path = f"{path_of(name)}/properties"
    refused(hub.put(path), 400)
    refused(hub.put(path, data='{"a": 2'), 400)
    assert read(hub, name) == before


@rule("groups/properties-belong-to-one-group", since=PROPERTIES)
def test_one_group(hub: Hub, name: str, sandbox: Sandbox, target: Target) -> None:
    """Properties of a group are no other's, of before or after, with a name alike or not."""
    before, after = f"{name}2", sandbox.name("props")
    assert hub.post(path_of(before)).status == 201
    assert put(hub, name, {"a": {"b": 1}}).status == 200
    assert hub.post(path_of(after)).status == 201
    for each in (before, after):
        check_model(read(hub, each), each, target)


@rule("groups/properties-and-members-change-apart", since=PROPERTIES)
def test_apart(hub: Hub, name: str, shared: Sandbox) -> None:
    """Members come and go without the properties changing."""
    one, two, three = people(shared)
    assert members(object_of(put(hub, name, {"a": 1}))) == [one.name]
    for method, users in (("POST", [two, three]), ("DELETE", [one, two])):
        assert change(hub, method, name, users).get("properties") == {"a": 1}
    assert read(hub, name).get("properties") == {"a": 1}
