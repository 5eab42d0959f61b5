"""The document: valid for every version, and pruned to what the version has."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub_conformance import contract
from hub_conformance.contract import document

from . import VERSIONS


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, (dict, list)):
            yield from nodes(child)


def schema(version: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = contract.load(version)["components"]["schemas"][name]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_is_a_valid_document_for_every_version(version: str) -> None:
    OpenAPIV31SpecValidator(contract.load(version)).validate()


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_required_is_left_without_a_property(version: str) -> None:
    for node in nodes(contract.load(version)["components"]["schemas"]):
        if isinstance(node.get("required"), list) and isinstance(node.get("properties"), dict):
            assert set(node["required"]) <= set(node["properties"]), node


@pytest.mark.parametrize("version", VERSIONS)
def test_every_reference_leads_somewhere(version: str) -> None:
    pruned = contract.load(version)
    for node in nodes(pruned):
        if "$ref" in node:
            assert document.resolve(pruned, node["$ref"]) is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_every_scope_named_is_in_the_table(version: str) -> None:
    named = {
        scope
        for node in nodes(contract.load(version)["components"])
        for scope in node.get("x-hub-visible-with", ())
    }
    for operation in contract.operations(version).values():
        named |= {each.scope for each in operation.scopes}
    for scope in contract.scope_table(version).values():
        named |= {*scope.subscopes, *scope.stands_for}
    assert named <= set(contract.scope_table(version))


def test_marks_name_versions_in_order() -> None:
    for node in nodes(document.read()):
        since, until = node.get("x-hub-since", "0.0"), node.get("x-hub-until", "99.0")
        assert document.parse_version(since) <= document.parse_version(until)


def test_prunes_operations_parameters_statuses_and_fields() -> None:
    old, new = contract.load("2.3"), contract.load("6.1")
    assert "/groups/{name}/properties" not in old["paths"]
    assert "patch" not in old["paths"]["/users/{name}/servers/{server_name}"]
    assert "patch" in new["paths"]["/users/{name}/servers/{server_name}"]
    assert "404" in old["paths"]["/users/{name}/tokens"]["post"]["responses"]
    assert "404" not in new["paths"]["/users/{name}/tokens"]["post"]["responses"]
    assert "sort" not in [each.get("name") for each in old["paths"]["/users"]["get"]["parameters"]]
    assert "scopes" not in schema("2.3", "Token")["properties"]
    assert "scopes" in schema("3.1", "Token")["required"]


def test_prunes_alternatives_of_a_schema() -> None:
    assert len(schema("5.5", "Error")["properties"]["message"]["anyOf"]) == 1
    assert len(schema("6.1", "Error")["properties"]["message"]["anyOf"]) == 2


def test_a_reference_to_what_a_version_lacks_goes_with_it() -> None:
    parameters = contract.load("2.3")["paths"]["/users"]["get"]["parameters"]
    assert {"$ref": "#/components/parameters/includeStoppedServers"} not in parameters
    assert {"$ref": "#/components/parameters/limit"} in parameters


def test_pruning_leaves_the_whole_document_alone() -> None:
    contract.load("2.3")
    assert "/groups/{name}/properties" in document.read()["paths"]


@pytest.mark.parametrize("text", ["6.1", "6.1.1", "6.1.0b2", "6.1.dev"])
def test_versions_count_by_their_minor_number(text: str) -> None:
    assert contract.load(text) is contract.load("6.1")


@pytest.mark.parametrize("text", ["", "six", "6", "v6.1"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version of a hub"):
        contract.load(text)


def test_examples_hold_no_dates_that_yaml_would_take_apart() -> None:
    plain = (str, int, float, bool, type(None))
    for node in nodes(document.read()):
        for value in node.values():
            assert isinstance(value, (dict, list, *plain)), value


def test_is_read_quickly_and_only_when_asked_for() -> None:
    # The fast parser reads it in about 40 ms; the margin is for busy machines.
    assert hasattr(yaml, "CSafeLoader")
    document.read.cache_clear()
    began = time.process_time()
    document.read()
    assert time.process_time() - began < 0.25

    code = "import sys, hub_conformance.contract; sys.exit('yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
