"""The sandbox's objects put into generated requests: into their paths, and for placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..client import Answer
from ..errors import NoRoom, OutOfBounds
from ..guard import DATA, MANY, ONE
from ..operations import RECIPES, Names, Recipe
from ..stage import Stage
from ._fuzz_domain import domain_of

_PLACEHOLDER = re.compile(r"\$(new|server|secret|member|outsider|team|guest|club)(?::(.+))?")
#: The body as a whole is data, whatever stands in it.
_ALL_DATA = frozenset({"put-group-properties"})

_OBJECTS: Mapping[str, Callable[[Stage], str]] = {
    "new": lambda stage: stage.sandbox.name("fuzz"),
    "secret": lambda stage: stage.sandbox.name("secret"),
    "server": lambda stage: stage.new_server_name(),
    "member": lambda stage: stage.user,
    "outsider": lambda stage: stage.outsider,
    "team": lambda stage: stage.group,
    "guest": lambda stage: stage.guest,
    "club": lambda stage: stage.club,
}

_NOT_OF_OWNER = frozenset({405})


def _owner(stage: Stage) -> Names:
    return {"owner": stage.host}


#: How to call what no scope opens or closes, beside the recipes.
MORE: Mapping[str, Recipe] = {
    each.id: each
    for each in (
        Recipe("get-api"),
        Recipe("get-health"),
        Recipe("head-health"),
        Recipe("get-metrics"),
        Recipe("post-shares-owner", _owner, expected=_NOT_OF_OWNER),
        Recipe("patch-shares-owner", _owner, expected=_NOT_OF_OWNER),
        Recipe("delete-shares-owner", _owner, expected=_NOT_OF_OWNER),
        Recipe("post-share-codes-owner", _owner, expected=_NOT_OF_OWNER),
        Recipe("delete-share-codes-owner", _owner, expected=_NOT_OF_OWNER),
    )
}
CALLED: Mapping[str, Recipe] = {**RECIPES, **MORE}


class Objects:
    """What the path of one operation names: the same objects until a request uses them up."""

    def __init__(self, operation: str, stage: Stage) -> None:
        self.recipe = CALLED[operation]
        self.domain = domain_of(operation)
        self.stage = stage
        self.names = self._made()

    def _made(self) -> Names:
        # By way of the recipe, which knows what may not be called here.
        if self.domain.names is not None:
            return self.domain.names(self.stage)
        return dict(self.recipe.call(self.stage).names)

    def after(self, answer: Answer, body: Any) -> None:
        """Make new objects after an answer that used these up, or may have spoiled them."""
        spends = self.recipe.consumes or (self.domain.spent is not None and self.domain.spent(body))
        if (answer.ok and spends) or answer.status >= 500:
            self.renew()

    def renew(self) -> None:
        """Make new objects, where there is no room for them in place of those of this rule."""
        try:
            self.names = self._made()
        except NoRoom:
            self.stage.sandbox.outermost.innermost.empty()
            self.names = self._made()


def filled(operation: str, body: Any, stage: Stage) -> Any:
    """Return a body with the sandbox's names in place of placeholders and of generated names.

    One placeholder is one name within a request, and another one in the next.
    """
    made: dict[str, str] = {}

    def name_of(text: str) -> str:
        if text not in made:
            found = _PLACEHOLDER.fullmatch(text)
            assert found
            made[text] = _OBJECTS[found[1]](stage) + (
                f"-{found[2]}" if found[2] and found[1] != "server" else ""
            )
        return made[text]

    def put(value: Any, key: str) -> Any:
        if isinstance(value, str):
            if _PLACEHOLDER.fullmatch(value):
                return name_of(value)
            return _own(value, stage) if key else value
        if isinstance(value, list):
            return [put(each, key) for each in value]
        if isinstance(value, dict):
            return {
                _own(each, stage) if key else each: put(value[each], _naming(each, key))
                for each in value
            }
        return value

    _check_created(operation, body)
    _check_startable(operation, body, stage)
    is_list = isinstance(body, list) and operation not in _ALL_DATA
    return put(body, "names" if is_list else "")


def _check_created(operation: str, body: Any) -> None:
    """Raise OutOfBounds where some hub may make an object of what is no name of this run.

    Some take null in place of a name, and nobody can remove what they make of it.
    """
    names = body.get(domain_of(operation).creates) if isinstance(body, dict) else None
    parts = names if isinstance(names, list) else []
    renames = operation == "patch-user" and isinstance(body, dict) and "name" in body
    if not all(isinstance(each, str) for each in parts) or (
        renames and not isinstance(body["name"], str)
    ):
        raise OutOfBounds("there is something else among names to be made; it was not sent")


def _check_startable(operation: str, body: Any, stage: Stage) -> None:
    """Raise OutOfBounds where a hub would begin to start a server, and not get to its end.

    Those before 6.0 do with a body that is no object, and cannot stop it any more either.
    """
    starts = CALLED[operation].spawns if operation in CALLED else False
    if starts and body and not isinstance(body, dict) and not stage.has("6.0"):
        raise OutOfBounds("it starts what cannot be stopped; it was not sent")


def _naming(key: str, above: str) -> str:
    """The key that makes names of the texts below it, "" where they are none."""
    folded = key.casefold()
    if folded in DATA:
        return ""
    return key if folded in ONE or folded in MANY or folded == "name" else above


def _own(text: str, stage: Stage) -> str:
    """A generated name as one of this run's. The empty one stays what it is."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())[:12]
    return f"{stage.sandbox.run}-{plain or 'x'}" if text else text
