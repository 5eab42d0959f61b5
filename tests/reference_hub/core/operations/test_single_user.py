from __future__ import annotations

import pytest

from reference_hub.core import errors
from reference_hub.core.operations import servers, single_user, users
from tests.reference_hub.tools import Ask, refusal


def visit(ask: Ask, who: str | None, path: str, user: str = "ann") -> int:
    found = single_user.route(ask.hub, user, path)
    assert found is not None
    try:
        return single_user.serve(ask.call(who), *found).status
    except errors.HubError as error:
        return error.status


def test_the_longest_route_wins(ask: Ask) -> None:
    assert single_user.route(ask.hub, "ann", "api") is None
    assert single_user.route(ask.hub, "nobody", "api") is None
    ask(servers.start_server, "ann")
    ask(servers.create_server, "ann", "lab")
    found = single_user.route(ask.hub, "ann", "lab/api")
    assert found is not None
    assert (found[0].name, found[1]) == ("", "lab/api")
    ask(servers.start_server, "ann", "lab")
    found = single_user.route(ask.hub, "ann", "lab/api")
    assert found is not None
    assert (found[0].name, found[1]) == ("lab", "api")


def test_who_may_enter(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    assert visit(ask, "ann", "api") == 200
    assert visit(ask, "admin", "api/status") == 200
    assert visit(ask, "bob", "api") == 403
    assert visit(ask, "plain", "api/status") == 403
    assert visit(ask, None, "api") == 403
    assert visit(ask, "ann", "api/nope") == 404


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("access:servers", 200),
        ("access:servers!user=ann", 200),
        ("access:servers!group=team", 200),
        ("access:servers!server=ann/lab", 200),
        ("access:servers!server=ann/", 403),
        ("access:servers!user=bob", 403),
        ("servers", 403),
        ("shares!user=ann", 200),
    ],
)
def test_which_scope_lets_in(ask: Ask, scope: str, status: int) -> None:
    ask(servers.start_server, "ann", "lab")
    assert visit(ask, ask.token("admin", scope), "lab/api") == status


def test_the_hub_stands_in_for_what_does_not_run(ask: Ask) -> None:
    ask(users.create_user, "cat")
    with refusal(424):
        single_user.check_stand_in(ask.call("ann"), "GET", "ann", "api")
    with refusal(404):
        single_user.check_stand_in(ask.call("ann"), "GET", "cat", "api")
    with refusal(404):
        single_user.check_stand_in(ask.call("admin"), "GET", "nobody", "api")
    with refusal(403):
        single_user.check_stand_in(ask.call(None), "GET", "ann", "api")
    with refusal(424):
        single_user.check_stand_in(ask.call(None), "POST", "ann", "api")


def test_it_steps_back_for_what_does(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    ask(servers.create_server, "ann", "lab")
    single_user.check_stand_in(ask.call("ann"), "GET", "ann", "api")
    with refusal(424):
        single_user.check_stand_in(ask.call("ann"), "GET", "ann", "lab/api")
