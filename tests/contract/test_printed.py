"""The document as other tools get it: YAML of one version, complete in itself."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub_conformance import contract
from hub_conformance.contract.document import walk_operations
from hub_conformance.contract.printed import as_yaml

from . import VERSIONS

text = cache(as_yaml)


@cache
def printed(version: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(text(version), yaml.CSafeLoader)
    return document


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub_conformance", "contract", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_is_valid_and_has_every_operation(version: str) -> None:
    OpenAPIV31SpecValidator(printed(version)).validate()
    ids = {node["operationId"] for _, _, node in walk_operations(printed(version))}
    assert ids == set(contract.operations(version))
    assert printed(version)["info"]["version"] == version


@pytest.mark.parametrize("version", VERSIONS)
def test_needs_no_knowledge_of_aliases_or_of_other_versions(version: str) -> None:
    assert not [
        each
        for each in yaml.parse(text(version), yaml.CSafeLoader)
        if isinstance(each, yaml.AliasEvent) or getattr(each, "anchor", None)
    ]
    assert "x-hub-since" not in text(version)
    assert "x-hub-until" not in text(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_component_is_used(version: str) -> None:
    for kind, components in printed(version)["components"].items():
        for name in components if kind != "securitySchemes" else ():
            assert f"#/components/{kind}/{name}" in text(version), (kind, name)


def test_security_names_the_scopes_that_open_an_operation() -> None:
    paths = printed("6.1")["paths"]
    assert paths["/services/{name}"]["delete"]["security"] == [
        {"token": ["admin:services"]},
        {"bearer": ["admin:services"]},
    ]
    assert {"token": ["read:roles:groups"]} in paths["/groups/{name}"]["get"]["security"]
    assert paths["/"]["get"]["security"] == []
    assert "security" not in paths["/user"]["get"]
    older = printed("5.5")["paths"]["/users/{name}/server"]["post"]["security"]
    assert older == [{"token": ["servers"]}, {"bearer": ["servers"]}]


def test_is_readable() -> None:
    lines = text("6.1").splitlines()
    assert lines[0] == "openapi: 3.1.0"
    assert max(map(len, lines)) <= 120
    sections = [line.partition(":")[0] for line in lines if line[0] not in " -"]
    assert sections[:3] == ["openapi", "info", "servers"]
    assert sections.index("paths") < sections.index("components")


def test_the_command_prints_the_same_each_time() -> None:
    assert command("--version", "6.1.1").stdout == command().stdout == text("6.1")


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("six", "not a version of a hub: 'six'"),
        ("", "not a version of a hub: ''"),
        ("1.5", "describes hubs of 2.3 to 6.1, not 1.5"),
        ("7.0", "describes hubs of 2.3 to 6.1, not 7.0"),
    ],
)
def test_a_version_it_cannot_print_is_an_error(version: str, told: str) -> None:
    ended = command("--version", version)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.startswith("error: --version: ")
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
