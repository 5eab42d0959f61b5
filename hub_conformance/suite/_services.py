"""What the rules about services share: making them, reading them, and their model."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..client import Answer
from ..errors import SetupFailed
from ..hub import Hub, quoted
from ..sandbox import Sandbox
from ..secret import Secret
from ._credentials import need_scopes
from ._shape import object_of, only_fields, refused

#: Fields of a service's model and their types.
TYPES: dict[str, type] = {
    "kind": str,
    "name": str,
    "admin": bool,
    "roles": list,
    "url": str,
    "prefix": str,
    "command": list,
    "pid": int,
    "info": dict,
    "display": bool,
}
#: What a service is that was created without any of its fields.
DEFAULTS: dict[str, Any] = {
    "kind": "service",
    "admin": False,
    "roles": [],
    "url": "",
    "prefix": "",
    "command": [],
    "pid": 0,
    "info": {},
    "display": True,
}


@dataclass(frozen=True)
class Made:
    """A service of the sandbox: the answer to its creation, and the hub through its token."""

    name: str
    model: dict[str, Any]
    hub: Hub
    secret: Secret

    @property
    def path(self) -> str:
        """The service's path below the API's root."""
        return path_of(self.name)


def path_of(name: str) -> str:
    """Return the path of a service below the API's root."""
    return f"/services/{quoted(name)}"


def new_secret(hub: Hub) -> Secret:
    """Return a token for a service, known to nobody yet."""
    return hub.client.scrubber.learn(secrets.token_hex(16))


def create(hub: Hub, name: str, /, **body: Any) -> Answer:
    """Ask for a service; judge nothing."""
    return hub.post(path_of(name), json=body)


def made(sandbox: Sandbox, name: str = "", **body: Any) -> Made:
    """Make a service with a token of its own. Raises SetupFailed when the hub does not."""
    name = name or sandbox.name("service")
    secret = new_secret(sandbox.hub)
    sent = {"api_token": secret.reveal(), **body}
    answer = sandbox.make("add a service", path_of(name), sent)
    if not isinstance(answer.json, dict):
        raise SetupFailed(f"the hub added a service without saying what it is: {answer!r}")
    return Made(name, answer.json, sandbox.hub.using(secret), secret)


@cache
def kept_service(shared: Sandbox) -> Made:
    """Make the service without rights that all rules share, and none may change."""
    need_scopes(shared.hub.target, "admin:services")
    return made(shared, info={"colour": "blue"}, display=False)


def removed(hub: Hub, service: Made) -> None:
    """Remove a service; assert that the hub says so."""
    answer = hub.delete(service.path)
    assert answer.status == 200, answer


def listed(hub: Hub, **kwargs: Any) -> dict[str, dict[str, Any]]:
    """Read all services, the shape checked: an object of models by name."""
    found = object_of(hub.get("/services", **kwargs))
    for name, model in found.items():
        assert isinstance(model, dict), f"the service {name!r} is {model!r}"
        assert model.get("name") == name, f"the service {name!r} is called {model.get('name')!r}"
    return found


def read(hub: Hub, name: str) -> dict[str, Any]:
    """Read one service."""
    return object_of(hub.get(path_of(name)))


def is_absent(hub: Hub, name: str) -> None:
    """Assert that there is no such service."""
    refused(hub.get(path_of(name)), 404)


def check_types(model: dict[str, Any]) -> None:
    """Assert that a model has exactly the fields of a service, each of its type."""
    only_fields(model, TYPES)
    wrong = {key: model[key] for key, kind in TYPES.items() if type(model[key]) is not kind}
    assert not wrong, f"of another type: {wrong}"
    assert model["kind"] == "service", model["kind"]
    assert all(isinstance(each, str) for each in model["command"] + model["roles"]), model


def owner_of(hub: Hub) -> str:
    """Return whose token this is, `kind name`; "" for one that the hub does not know."""
    answer = hub.get("/user")
    if answer.status in (401, 403):
        return ""
    model = object_of(answer)
    return f"{model.get('kind')} {model.get('name')}"
