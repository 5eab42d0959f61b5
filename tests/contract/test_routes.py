"""The contract has every route of the hubs' API, and none that they lack.

`routes.json` was written by asking the installed hubs for their handlers: each method and path
below the API's root with the versions that serve it. The answer to OPTIONS, which every path
below it has for browsers that ask whether they may ask, is left out.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from hub_conformance import contract

ROUTES: dict[str, list[str]] = json.loads(
    files(__package__).joinpath("routes.json").read_text(encoding="utf-8")
)
VERSIONS = sorted({version for versions in ROUTES.values() for version in versions})

#: Routed by mistake: the handler does not fit the path, and every version answers 500.
BROKEN = {"GET /authorizations/token", "POST /authorizations/token/{}"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_route_is_an_operation_and_every_operation_a_route(version: str) -> None:
    operations = {
        f"{each.method} {re.sub(r'{.*?}', '{}', each.path)}"
        for each in contract.operations(version).values()
    }
    assert operations == {route for route, served in ROUTES.items() if version in served} - BROKEN


def test_the_judged_versions_are_there() -> None:
    assert [".".join(each.split(".")[:2]) for each in VERSIONS] == [
        "2.3",
        "3.1",
        "4.1",
        "5.5",
        "6.1",
    ]
