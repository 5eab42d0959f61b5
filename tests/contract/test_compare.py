"""Comparing the contract with another description of the API, and the page that comes of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub_conformance import contract
from hub_conformance.contract import compare, facts
from hub_conformance.contract.compare import Difference, compared, differences
from hub_conformance.contract.differences_page import evidence, merged, page
from hub_conformance.contract.facts import described

OURS = contract.load("6.1")
GROUP = "GET /groups/{name}"
PAGE = Path(__file__).parents[2] / "docs" / "upstream-differences.md"


def other(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Our own document with scopes where others have them, and one change."""
    document = copy.deepcopy(OURS)
    for item in document["paths"].values():
        for node in item.values():
            if isinstance(node, dict) and "x-hub-scopes" in node:
                scopes = node.pop("x-hub-scopes")
                node["security"] = [{"oauth2": [each["scope"]]} for each in scopes]
    # What naming something in a body takes has no place in others.
    for field in document["components"]["schemas"]["ShareGrant"]["properties"].values():
        field.pop("x-hub-needs", None)
    change(document)
    return document


def found(change: Callable[[dict[str, Any]], object]) -> list[Difference]:
    needed = ("scopes", "POST /shares/{owner}/{server_name}")
    return [
        each for each in differences(other(change), OURS) if (each.aspect, each.place) != needed
    ]


def operation(document: dict[str, Any], place: str) -> dict[str, Any]:
    method, _, path = place.partition(" ")
    node: dict[str, Any] = document["paths"][path][method.lower()]
    return node


def test_a_document_that_says_the_same_does_not_differ() -> None:
    assert found(lambda document: None) == []


def test_names_of_path_parameters_make_no_difference() -> None:
    def renamed(document: dict[str, Any]) -> None:
        document["paths"]["/groups/{group}"] = document["paths"].pop("/groups/{name}")

    assert found(renamed) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda document: document["paths"].pop("/shutdown"),
            Difference("operations", "POST /shutdown", "", "missing", "there"),
        ),
        (
            lambda document: document["paths"].update({"/x": {"get": operation(document, GROUP)}}),
            Difference("operations", "GET /x", "", "there", "missing"),
        ),
        (
            lambda document: operation(document, "GET /services").update(
                security=[{"oauth2": ["read:services", "list:services"]}]
            ),
            Difference(
                "scopes",
                "GET /services",
                "",
                "`list:services` and `read:services`",
                "`list:services`",
            ),
        ),
        (
            lambda document: document["components"]["parameters"]["limit"].update(
                schema={"type": "number"}
            ),
            Difference("parameters", "GET /groups", "limit", "number", "integer"),
        ),
        (
            lambda document: operation(document, "PATCH /proxy").pop("requestBody"),
            Difference("bodies", "PATCH /proxy", "", "no body", "a body"),
        ),
        (
            lambda document: operation(document, GROUP)["responses"].pop("404"),
            Difference("statuses", GROUP, "", "200, 400, 403", "200, 400, 403, 404"),
        ),
        (
            lambda document: operation(document, "GET /services")["responses"].update(
                {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}
            ),
            Difference("answers", "GET /services", "200", "array", "object"),
        ),
        (
            lambda document: document["components"]["schemas"]["Group"]["properties"].pop("users"),
            Difference("fields", "Group", "users", "missing", "array of string"),
        ),
        (
            lambda document: document["components"]["schemas"]["Group"].pop("required"),
            Difference("fields", "Group", "required fields", "none", "kind, name"),
        ),
    ],
)
def test_a_change_is_found(change: Callable[[dict[str, Any]], object], told: Difference) -> None:
    assert told in found(change)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "nullable": True}, "string or null"),
        ({"type": ["string", "null"], "format": "date-time"}, "date-time string or null"),
        ({"enum": ["spawn", None]}, '"spawn" or null'),
        ({"const": "group"}, '"group"'),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "boolean or null"),
        ({"type": "array", "items": {"type": "array", "items": {}}}, "array of array of anything"),
        ({"allOf": [{"properties": {}}]}, "object"),
        ({"$ref": "#/there"}, "integer"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert described({"there": {"type": "integer"}}, schema) == words


def test_fields_of_all_parts_count_and_only_what_all_require_is_required() -> None:
    schema = OURS["components"]["schemas"]["Identity"]
    assert {"pid", "groups"} <= set(facts.fields(OURS, schema))
    assert facts.required(OURS, schema) >= {"kind", "name", "scopes"}
    assert not facts.required(OURS, schema) & {"pid", "groups"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Descriptions of three versions, the last of which the contract does not cover."""

    def without_health(document: dict[str, Any]) -> None:
        del document["paths"]["/health"]

    for version in ("6.1.1", "6.1.0", "1.5.1"):
        text = yaml.safe_dump(other(without_health))
        (tmp_path / f"{version}.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_row_stands_under_the_newest_document_it_holds_for(directory: Path) -> None:
    text = page(compared(directory))
    assert re.findall(r"^## (.*)$", text, re.M) == ["JupyterHub 6.1.1", "JupyterHub 6.1.0"]
    (row,) = (line for line in text.splitlines() if line.startswith("| `GET /health`"))
    assert row == (
        "| `GET /health` |  | missing | there | `GET /health without a token → 200` | 6.1.0 |"
    )
    assert text.endswith("## JupyterHub 6.1.0\n\nNothing that newer documents do not have too.\n")


def test_a_directory_without_documents_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main([str(tmp_path)]) == 4
    assert compare.main([]) == 4
    assert "usage" in capsys.readouterr().err


def test_the_page_in_the_documentation_has_evidence_in_every_row() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert not [row for row in rows if "→" not in row]


def test_every_line_of_evidence_names_an_operation_or_model_of_the_contract() -> None:
    places = {f"{each.method} {each.path}" for each in contract.operations("6.1").values()}
    places |= set(OURS["components"]["schemas"])
    assert {key.split("|")[1] for key in evidence()} <= places
    assert all(lines and all("→" in line for line in lines) for lines in evidence().values())


def test_evidence_holds_no_secret() -> None:
    text = files(contract).joinpath("evidence.json").read_text(encoding="utf-8")
    assert not re.search(r"[0-9a-f]{32}|token-0123456789|/root/", text)


def test_places_that_differ_alike_stand_together() -> None:
    from hub_conformance.contract.differences_page import Row

    def row(place: str, aspect: str) -> Row:
        return Row((place,), Difference(aspect, place, "limit", "number", "integer"), (), (place,))

    (together,) = merged([row("GET /a", "parameters"), row("GET /b", "parameters")])
    assert together.places == together.seen == ("GET /a", "GET /b")
    assert len(merged([row("GET /a", "statuses"), row("GET /b", "statuses")])) == 2
