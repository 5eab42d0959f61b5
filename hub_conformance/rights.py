"""What a run may not do: held back before it is sent, or refused for want of a scope.

Held back is what it may not even try: to write where it only reads, to make admins without being
one. What the hub refuses to a token that has not the right says nothing about the hub: a rule that
fails over such an answer is untested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from . import contract
from .client import Answer, Request
from .contract.scopes import (
    Resource,
    Scopes,
    UnknownScope,
    excess_scopes,
    expand,
    known,
    parse,
    refusal,
)
from .errors import NeedsAdmin, SetupFailed
from .target import Owner, Target

if TYPE_CHECKING:
    from .session import Run

#: Statuses of a refusal for want of a scope: 404 where it is held for other objects only, 400 where
#: it would be passed on.
REFUSED = (400, 403, 404)
#: Keys of a body that name scopes to be passed on: with a token or a share, through a service.
PASSED_ON = ("scopes", "oauth_client_allowed_scopes")


def check(run: Run, request: Request) -> None:
    """Raise SetupFailed for what is held back, before anybody notes names that are to be removed.

    Limited tokens may try what they like: that they are refused is what rules are about.
    """
    if run.settings.read_only and (request.writes or "/spawn" in request.path):
        raise SetupFailed("--hub-read-only: this needs a request that may change the hub")
    has_flag = run.target is None or run.target.owner.makes_admins
    if not has_flag and request.credential in run.own and makes_admin(request):
        raise NeedsAdmin("without the hub's admin flag no admin can be made")


def makes_admin(request: Request) -> bool:
    """Whether a request asks for a user to be an admin; of a service that is another thing."""
    body = request.json if request.writes and "/users" in request.path else None
    return isinstance(body, dict) and body.get("admin") is True


class Refusals:
    """What the run's own token was refused for want of a scope, since the rule or a cell began."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._reason = ""

    def after(self, answer: Answer) -> None:
        """Note the first answer of that kind."""
        self._reason = self._reason or self.of(answer)

    def take(self) -> str:
        """Return why there was one, and begin anew; "" where there was none."""
        reason, self._reason = self._reason, ""
        return reason

    def of(self, answer: Answer) -> str:
        """Say which scope an answer was refused for; "" where the token has the right, or all."""
        request, target = answer.request, self.run.target
        if answer.status not in REFUSED or request.credential not in self.run.own or not target:
            return ""
        return lacking(target, "{}.{}".format(*self.run.applies), request)


def lacking(target: Target, version: str, request: Request) -> str:
    """Say which scope a request takes that the run's owner has not; "" where they may make it.

    So it is for whoever the hub tells no scopes of, as far as we know.
    """
    from .operations import resource_of  # of the rooms above this one

    found = contract.find(request.method, request.path.removeprefix(target.api))
    operation = contract.operations(version).get(found.operation_id) if found else None
    held = held_by(target.owner, version)
    if not found or not operation or not held:
        return ""
    needed = _passed_on(request.json, target.owner, held, version)
    if refusal(operation, held, resource_of(operation, found.parameters, {})) is not None:
        needed = [each.scope for each in operation.scopes]
    return f"the token has not the scope {' or '.join(sorted(needed))}" if needed else ""


def _passed_on(body: object, owner: Owner, held: Scopes, version: str) -> Collection[str]:
    """What a body would pass on that its sender does not hold."""
    named = [body.get(key) for key in PASSED_ON] if isinstance(body, dict) else []
    texts = [each for found in named if isinstance(found, list) for each in found]
    table = contract.scope_table(version)
    sender = Resource(owner.kind, owner.name)
    return excess_scopes(list(_readable(known(texts, table))), sender, held, table)


@cache
def held_by(owner: Owner, version: str) -> Scopes:
    """All that the scopes amount to which the hub says an owner has."""
    table = contract.scope_table(version)
    scopes = _readable(known(owner.scopes, table))
    return expand(scopes, table, owner=Resource(owner.kind, owner.name))


def _readable(scopes: Scopes) -> Iterator[str]:
    """Those with a filter of a known kind: a hub may say anything."""
    for scope in scopes:
        with suppress(UnknownScope):
            parse(scope)
            yield scope
