"""What the rules about refusals share: calls of every operation, with one thing wrong in each.

The tables come from the contract, so that a new operation is in every rule at once. Nothing here
names an object that another chapter relies on, where a hub that fails to refuse would change it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from .. import contract
from ..client import Answer
from ..contract import Operation
from ..contract.document import inlined
from ..errors import OutOfBounds
from ..guard import ONE
from ..hub import Hub
from ..operations import NO_BODY, RECIPES
from ..rules import not_applicable
from ..stage import Stage
from ..target import NEWEST
from ._shape import refused

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: A name of a server that every version takes, and that no rule gives to one.
ABSENT_SERVER = "absent"
#: From this version on a refusal without a reason of its own has the message null.
SILENT_SINCE = (6, 0)
#: What JupyterHub refuses with nothing but the status: the operation, and what is absent.
SILENT = frozenset(
    {
        *((each, "name") for each in ("get-user", "delete-user", "patch-user")),
        *(
            (f"{method}-user-server{kind}", "name")
            for method in ("get", "put", "post", "delete", "patch")
            for kind in ("", "-name")
        ),
        ("get-user-server-progress", "name"),
        ("get-user-server-name-progress", "name"),
        ("get-user-server-name-progress", "server_name"),
        ("get-user-server-name", "server_name"),
        ("get-shares-owner", "owner"),
        ("get-share-codes-owner", "owner"),
    }
)
_OPERATIONS = contract.operations(NEWEST)
#: Operations that the rules can call.
CALLED = {each: _OPERATIONS[each] for each in RECIPES}
#: They take a body, and what is wrong with it can be tried: the hub itself is left alone.
WITH_BODY = [
    each
    for each, operation in CALLED.items()
    if operation.takes_body and each not in ("patch-proxy", "post-shutdown")
]
#: Their fields, their unknown keys and bodies of another type have rules in the chapter servers.
CHANGES_OF_SERVERS = ("patch-user-server", "patch-user-server-name")
#: The same in the chapter tokens.
OF_TOKENS = ("post-user-tokens",)
_ABSENT_OWN_NAME = ("post-user", "post-group", "post-service")
_CREATES_SERVER = ("put-user-server-name", "post-user-server-name")


def body_schema(document: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The schema of the JSON body in one version's document; {} where it takes none."""
    node = document["paths"][operation.path][operation.method.lower()]
    found = inlined(document, node.get("requestBody", {}))
    schema: dict[str, Any] = found.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _properties(operation_id: str) -> dict[str, Any]:
    schema = body_schema(contract.load(NEWEST), _OPERATIONS[operation_id])
    properties: dict[str, Any] = schema.get("properties", {})
    return properties


#: Operation and path parameter, where an object that is not there can be named.
ABSENCES = [
    (each, parameter.name)
    for each, operation in CALLED.items()
    for parameter in operation.path_parameters
    if not (parameter.name == "name" and each in _ABSENT_OWN_NAME)
    and not (parameter.name == "server_name" and each in _CREATES_SERVER)
]
#: Operation and field of its body. What names one object has a rule in the chapter about it.
FIELDS = [
    (each, field)
    for each in WITH_BODY
    if each not in CHANGES_OF_SERVERS + OF_TOKENS
    for field in _properties(each)
    if field not in {*ONE, "name"}
]
#: Path templates.
PATHS = list(dict.fromkeys(operation.path for operation in CALLED.values()))
#: The operations that refuse keys they do not know.
STRICT = [
    each
    for each in WITH_BODY
    if body_schema(contract.load(NEWEST), _OPERATIONS[each]).get("additionalProperties") is False
    and each not in CHANGES_OF_SERVERS
]


class Bench:
    """Paths of the API with existing objects in them, and the refusals they end in."""

    def __init__(self, stage: Stage, version: tuple[int, int]) -> None:
        self.stage = stage
        self.version = version
        self.hub: Hub = stage.sandbox.hub
        self.absent = stage.sandbox.name("absent")

    def operation(self, operation_id: str) -> Operation:
        """The operation; ends the rule where the version does not have it."""
        found = self.stage.operations.get(operation_id)
        return found or not_applicable(f"{self.stage.version} has no operation {operation_id}")

    def offered(self, template: str) -> frozenset[str]:
        """The methods of a path; ends the rule where the version does not have it."""
        found = {each.method for each in self.stage.operations.values() if each.path == template}
        return frozenset(found) or not_applicable(f"{self.stage.version} has no {template}")

    def names(self, operation: Operation) -> dict[str, str]:
        """Names of existing objects for the parameters of a path."""
        return {each.name: self._name(operation, each.name) for each in operation.path_parameters}

    def _name(self, operation: Operation, parameter: str) -> str:
        kinds = {each.name: each.kind for each in operation.path_parameters}
        stage = self.stage
        if "/share" in operation.path and parameter == "server_name":
            return ""  # the default server
        if "/share" in operation.path:
            recipient = stage.club if kinds[parameter] == "group" else stage.guest
            return stage.host if parameter == "owner" else recipient
        kind = "token_id" if kinds[parameter] == "token" else kinds[parameter]
        return str(getattr(stage, kind))

    def path(self, template: str) -> str:
        """A path with existing objects in it."""
        operation = next(each for each in self.stage.operations.values() if each.path == template)
        return operation.url(**self.names(operation))

    def without(self, operation: Operation, parameter: str) -> str:
        """The path with an absent object in place of one parameter."""
        is_server = parameter == "server_name"
        names = {**self.names(operation), parameter: ABSENT_SERVER if is_server else self.absent}
        return operation.url(**names)

    # --- bodies

    def target(self, operation_id: str) -> tuple[Operation, str]:
        """An operation with a body, and a path for it: no server starts when it is taken."""
        operation = self.operation(operation_id)
        if operation_id == "post-user-server":
            return operation, operation.url(name=self.stage.user)
        if operation_id == "post-user-server-name":
            return operation, operation.url(name=self.stage.user, server_name=ABSENT_SERVER)
        if operation_id == "delete-user-server-name":  # other chapters need the recipe's one
            server = self.stage.fresh_server()
            return operation, operation.url(name=self.stage.user, server_name=server)
        return operation, operation.url(**RECIPES[operation_id].names(self.stage))

    def body(self, operation_id: str) -> dict[str, Any]:
        """A body that the operation takes."""
        make = RECIPES[operation_id].body
        found = make(self.stage) if make else NO_BODY
        return dict(found) if isinstance(found, dict) else {}

    def schema(self, operation: Operation) -> dict[str, Any]:
        """The schema of its body in this version."""
        return body_schema(contract.load(self.stage.version), operation)

    def needs_body(self, operation: Operation) -> bool:
        """Whether this version asks for a body."""
        node = contract.load(self.stage.version)["paths"][operation.path]
        return bool(node[operation.method.lower()]["requestBody"].get("required"))

    # --- refusals

    def silent(self, operation_id: str = "", parameter: str = "") -> bool:
        """Whether the hub may leave the message null."""
        known = not operation_id or (operation_id, parameter) in SILENT
        return known and self.version >= SILENT_SINCE


@pytest.fixture(scope="module")
def bench(stage: Stage, version: tuple[int, int]) -> Bench:
    """Paths of the API with existing objects in them."""
    return Bench(stage, version)


@pytest.fixture
def named_servers_where_needed(request: pytest.FixtureRequest) -> None:
    """End a rule, or the cell of one, about named servers where the hub has none."""
    if "{server_name}" in request.node.name or "user-server-name" in request.node.name:
        request.getfixturevalue("enabled_named_servers")


def turned_down(answer: Answer, statuses: Collection[int], *, silent: bool = False) -> None:
    """Assert that the answer is a refusal in the documented form, with one of these statuses.

    It tells nothing of the hub's inside, and does not repeat the credential. `silent` lets pass a
    message that is null.
    """
    assert answer.status in statuses, answer
    refused(answer, answer.status, explained=not silent)
    assert "Traceback (most recent call last)" not in answer.text, answer
    credential = answer.request.credential
    if credential is not None:
        assert credential.reveal() not in answer.text, f"{answer!r} repeats the token"


def sent(hub: Hub, method: str, path: str, bodies: Collection[bytes]) -> Iterator[Answer]:
    """Send each body in turn; what some hub could take for another's name is left out."""
    for body in bodies:
        headers = {"Content-Type": "application/json"}
        try:
            yield hub.request(method, path, data=body, headers=headers)
        except OutOfBounds:
            continue
