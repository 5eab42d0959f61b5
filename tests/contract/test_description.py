"""Somebody's own description of a hub: read, matched with ours, and what is wrong with it told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub_conformance.contract.description import of_file, ours

ERROR = {"description": "no", "content": {"application/json": {"schema": {"type": "object"}}}}


def written(folder: Path, document: Any) -> Path:
    path = folder / "theirs.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def described(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths, **more}


def test_their_operations_go_by_our_ids_and_others_by_their_own(tmp_path: Path) -> None:
    node = {"responses": {"200": {"description": "yes"}}, "operationId": "whatever"}
    paths = {"/users/{who}": {"get": node}, "/weather": {"get": dict(node)}}
    found = of_file(written(tmp_path, described(paths)), (6, 1))
    assert set(found.operations) == {"get-user", "get-weather"}
    assert found.match("GET", "/users/ann") == "get-user"
    assert found.match("get", "/weather") == "get-weather"
    assert found.match("POST", "/weather") is None
    assert ours((6, 1)).match("GET", "/users/ann") == "get-user"


def test_answers_are_held_against_it(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "nullable": True}, "age": {"type": "integer"}},
    }
    responses = {
        "200": {"description": "yes", "content": {"application/json": {"schema": schema}}},
        "4XX": ERROR,
    }
    paths = {"/users/{who}": {"get": {"responses": responses}}}
    check = of_file(written(tmp_path, described(paths)), (6, 1)).answers.check
    head = {"Content-Type": "application/json"}
    assert check("get-user", 200, head, b'{"name": null, "more": 1}') == []
    assert check("get-user", 404, head, b"{}") == []
    (wrong,) = check("get-user", 200, head, b'{"name": 3}')
    assert "/name" in str(wrong)
    (undocumented,) = check("get-user", 500, head, b"{}")
    assert undocumented.got == "500"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "cannot be read"),
        ("a: [", "cannot be read"),
        ("3", "no OpenAPI 3 document"),
        ({"swagger": "2.0", "paths": {}}, "no OpenAPI 3 document"),
        ({"openapi": "3.1.0"}, "no OpenAPI 3 document"),
        (described({"/users": {"get": {}}}), "no OpenAPI document"),
        (described({}), "no OpenAPI document"),
        (
            described(
                {
                    "/users": {
                        "get": {
                            "parameters": [{"$ref": "#/components/parameters/none"}],
                            "responses": {"200": {"description": "x"}},
                        }
                    }
                }
            ),
            "no OpenAPI document",
        ),
        (
            described(
                {
                    "/users": {
                        "post": {
                            "requestBody": {
                                "content": {
                                    "application/json": {
                                        "schema": {"$ref": "#/components/schemas/Tree"}
                                    }
                                }
                            },
                            "responses": {"200": {"description": "x"}},
                        }
                    }
                },
                components={
                    "schemas": {
                        "Tree": {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
                    }
                },
            ),
            "circles",
        ),
    ],
)
def test_what_is_no_description_is_told(tmp_path: Path, document: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        of_file(written(tmp_path, document), (6, 1))


RIGHTS = """
import sys
from pathlib import Path
from hub_conformance import contract
from hub_conformance.contract.description import of_file
found = of_file(Path(sys.argv[1]), (6, 1))
print(contract.adopt(found.document))
operations = contract.operations("6.1")
print([each.scope for each in operations["get-users"].scopes])
print([each.scope for each in operations["post-users"].scopes])
print(contract.scope_table("6.1")["list:users"].description)
print(sorted(contract.visible_with("6.1", "Group")["users"]))
"""


def test_only_their_x_hub_keys_change_permissions(tmp_path: Path) -> None:
    node = {"responses": {"200": {"description": "yes"}}}
    mine = {**node, "x-hub-scopes": [{"scope": "peep", "filters": []}]}
    plain = described({"/users": {"get": dict(node), "post": dict(node)}})
    marked = described(
        {"/users": {"get": mine, "post": dict(node)}},
        components={
            "schemas": {"Group": {"properties": {"users": {"x-hub-visible-with": ["peep"]}}}}
        },
        **{"x-hub-scope-table": {"list:users": {"description": "peep at users"}}},
    )

    def rights(document: Any) -> list[str]:
        command = [sys.executable, "-c", RIGHTS, str(written(tmp_path, document))]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )

    assert rights(plain)[:3] == ["False", "['list:users']", "['admin:users']"]
    assert rights(marked)[:5] == [
        "True",
        "['peep']",
        "['admin:users']",
        "peep at users",
        "['peep']",
    ]
