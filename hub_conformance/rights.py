"""What a run may not even try: to write where it only reads, to make admins without being one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import Request
from .errors import NeedsAdmin, SetupFailed

if TYPE_CHECKING:
    from .session import Run


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
