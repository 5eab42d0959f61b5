"""What follows from one request to the next: what is made can be read, what is deleted is gone.

Each kind of object lives once for every way to make it that the generator thinks of: it is made,
read by name and in its list, and deleted; then every operation whose path can name such an object
is called on it, and none may find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..client import Answer
from ..contract import Operation
from ..errors import OutOfBounds, SetupFailed
from ..fuzz import Finding
from ..hub import Hub, quoted
from ..operations import RECIPES
from ..sandbox import User
from ..stage import Stage
from ..transcript import exchange_of
from ._fuzz_cases import ABSENT
from ._fuzz_domain import domain_of
from ._fuzz_judge import VALID, Judge
from ._fuzz_names import filled
from ._fuzz_run import Fuzzer

#: Lives of a kind, at most: what is to be seen is seen in the first few.
LIVES = 2
#: By kind, the name of each object that the path of a call may name.
Objects = dict[str, str]


@dataclass(frozen=True)
class Life:
    """One kind of object, as path parameters call it.

    `make`, `read` and `end` are operations; `objects` gives the names in their paths by kind, and
    `listed` says whether the list of its kind has it. `before` is done while it is there, and
    `makes` are operations that would make it anew.
    """

    kind: str
    make: str
    read: str
    end: str
    objects: Callable[[Stage], Objects]
    listed: Callable[[Hub, Objects], bool]
    body_of_end: Any = ABSENT
    before: Callable[[Stage, Objects], Objects] = lambda stage, objects: {}
    makes: frozenset[str] = frozenset()


def _user_listed(hub: Hub, objects: Objects) -> bool:
    pages = hub.walk("/users", name_filter=objects["user"])
    return any(objects["user"] in page.names for page in pages)


def _group_listed(hub: Hub, objects: Objects) -> bool:
    return any(objects["group"] in page.names for page in hub.walk("/groups"))


def _service_listed(hub: Hub, objects: Objects) -> bool:
    found = hub.get("/services").json
    return isinstance(found, dict) and objects["service"] in found


def _server_listed(hub: Hub, objects: Objects) -> bool:
    path = f"/users/{quoted(objects['user'])}"
    model = hub.get(path, params={"include_stopped_servers": "1"}).json
    servers = model.get("servers") if isinstance(model, dict) else None
    return isinstance(servers, dict) and objects["server"] in servers


def _furnish(stage: Stage, objects: Objects) -> Objects:
    """Give a user a token, and a group: what hangs on a user is in the way of their end."""
    user = User(objects["user"], stage.sandbox)
    body = {"users": [user.name]}
    stage.sandbox.make("add a user to a group", f"/groups/{stage.crowd}/users", body)
    return {"token": stage.sandbox.token(user).id}


def _populate(stage: Stage, objects: Objects) -> Objects:
    body = {"users": [stage.outsider]}
    stage.sandbox.make("add a user to a group", f"/groups/{objects['group']}/users", body)
    return {}


LIVES_OF: Mapping[str, Life] = {
    each.kind: each
    for each in (
        Life(
            "user",
            "post-user",
            "get-user",
            "delete-user",
            lambda stage: {"user": stage.new_user()},
            _user_listed,
            before=_furnish,
        ),
        Life(
            "group",
            "post-group",
            "get-group",
            "delete-group",
            lambda stage: {"group": stage.new_group()},
            _group_listed,
            before=_populate,
        ),
        Life(
            "server",
            "put-user-server-name",
            "get-user-server-name",
            "delete-user-server-name",
            lambda stage: {"user": stage.fresh_user(), "server": stage.new_server_name()},
            _server_listed,
            body_of_end={"remove": True},
            makes=frozenset({"post-user-server-name"}),
        ),
        Life(
            "service",
            "post-service",
            "get-service",
            "delete-service",
            lambda stage: {"service": stage.new_service()},
            _service_listed,
        ),
    )
}


class Links:
    """Follows the objects of one kind from their making to after their end."""

    def __init__(self, fuzzer: Fuzzer, life: Life) -> None:
        self.fuzzer = fuzzer
        self.stage = fuzzer.stage
        self.hub = fuzzer.stage.sandbox.hub
        self.life = life

    @property
    def applies(self) -> bool:
        """Whether the version, and the description, have what it takes."""
        needed = {self.life.make, self.life.read, self.life.end}
        both = self.stage.operations.keys() & self.fuzzer.description.operations.keys()
        return needed <= both

    def follow(self) -> int:
        """Follow some lives; return how many came to their end."""
        ended = 0
        for number, body in enumerate(self._bodies()):
            objects = self.life.objects(self.stage)
            made = self._call(self.life.make, objects, body)
            if not made.ok:  # for the operation's own item to tell
                continue
            self._check_there(objects, made)
            objects |= self.life.before(self.stage, objects)
            end = self._call(self.life.end, objects, self.life.body_of_end)
            if end.status == 202:
                self.stage.sandbox.until(lambda: self._is_gone(objects), "what was deleted to go")  # noqa: B023 - called at once
            if end.ok:
                self._check_gone(objects, end, everywhere=number == 0)
                ended += 1
        return ended

    def _bodies(self) -> list[Any]:
        """Some bodies to make it with that the generator thinks of."""
        operation = self.life.make
        judge = Judge(self.fuzzer.description.operations[operation], domain_of(operation))
        valid = []
        for case in self.fuzzer.generator.cases(operation):
            with suppress(OutOfBounds):
                body = case.body
                body = body if body is ABSENT else filled(operation, body, self.stage)
                if judge.kind(case, body) == VALID:
                    valid.append(body)
        return valid[:: max(1, len(valid) // LIVES)][:LIVES]

    def _call(self, operation: str, objects: Objects, body: Any) -> Answer:
        known = self.stage.operations[operation]
        names = {each.name: objects[each.kind] for each in known.path_parameters}
        content = {} if body is ABSENT else {"json": body}
        return self.hub.request(known.method, known.url(**names), **content)

    def _check_there(self, objects: Objects, made: Answer) -> None:
        read = self._call(self.life.read, objects, ABSENT)
        model = read.json if read.ok else {}
        name = model.get("name") if isinstance(model, dict) else None
        if name != objects[self.life.kind]:
            self._tell("created-can-be-read", self.life.read, read, "it was made, and is not read")
        elif not self.life.listed(self.hub, objects):
            self._tell("created-can-be-read", self.life.make, made, "it was made, and not listed")

    def _is_gone(self, objects: Objects) -> bool:
        return self._call(self.life.read, objects, ABSENT).status == 404

    def _check_gone(self, objects: Objects, end: Answer, *, everywhere: bool) -> None:
        """Tell what still finds it; `everywhere` asks every operation that can name it."""
        both = [self.stage.operations[each] for each in (self.life.read, self.life.end)]
        for operation in self._naming() if everywhere else both:
            try:
                call = RECIPES[operation.id].call(self.stage)
            except SetupFailed:  # it would start a server, and may not
                continue
            kinds = {each.name: each.kind for each in operation.path_parameters}
            names = {
                name: objects.get(kinds.get(name, ""), theirs)
                for name, theirs in call.names.items()
            }
            check = self.fuzzer.run.answer_check
            assert check
            with check.taking():
                answer = replace(call, names=names).send(self.hub)
            if answer.status not in (404, operation.outside_filter):
                said = f"the {self.life.kind} is deleted, and this is not answered as if it were"
                self._tell("no-use-after-delete", operation.id, answer, said)
        if self.life.listed(self.hub, objects):
            said = f"the {self.life.kind} is deleted, and still listed"
            self._tell("no-use-after-delete", self.life.end, end, said)

    def _naming(self) -> Iterator[Operation]:
        """The operations whose path names such an object, but for those that make one."""
        makes = {self.life.make, *self.life.makes}
        for operation in self.stage.operations.values():
            kinds = {each.kind for each in operation.path_parameters}
            if self.life.kind in kinds and operation.id in RECIPES and operation.id not in makes:
                yield operation

    def _tell(self, check: str, operation: str, answer: Answer, said: str) -> None:
        run = self.fuzzer.run
        if run.outcomes.refusals.of(answer):  # which says nothing about the hub
            return
        run.findings.add(
            Finding(
                operation=operation,
                check=check,
                status=answer.status,
                said=run.scrubber.scrub(f"{said}: {answer!r}"),
                exchange=exchange_of(answer, self.hub.target.origin),
                links=True,
            )
        )
