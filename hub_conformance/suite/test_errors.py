"""Errors: what is not there, methods that a path does not have, and paths that do not exist."""

from __future__ import annotations

import json

import pytest

from .. import contract
from ..client import Request
from ..errors import OutOfBounds
from ..hub import Hub
from ..rules import not_applicable, rule
from ._errors import ABSENCES, ABSENT_SERVER, METHODS, PATHS, Bench, turned_down

pytest_plugins = ("hub_conformance.suite._errors",)
pytestmark = pytest.mark.usefixtures("named_servers_where_needed")

#: Tokens are asked for as if the owner were known to everybody: absent is as good as forbidden.
FORBIDDEN = {("post-user-tokens", "name"): {403}}


# --- absent objects


@pytest.mark.parametrize(
    ("operation", "parameter"), ABSENCES, ids=[f"{each}:{name}" for each, name in ABSENCES]
)
@rule("errors/absent-object-is-not-found")
def test_absent(operation: str, parameter: str, bench: Bench) -> None:
    """What a path names and is not there is refused with 404 and the documented error body.

    Asking for the token of an absent user is refused with 403, as for any other's.
    """
    found = bench.operation(operation)
    path = bench.without(found, parameter)
    body = json.dumps(bench.body(operation)) if found.takes_body else None
    answer = bench.hub.request(found.method, path, data=body)
    expected = FORBIDDEN.get((operation, parameter), {404})
    turned_down(answer, expected, silent=bench.silent(operation, parameter))


@rule("errors/refused-write-makes-no-absent-object")
def test_nothing_made(bench: Bench) -> None:
    """After all that was written to an absent user, group and service, none of them is there."""
    for operation in ("patch-user", "post-user-activity", "post-user-tokens", "post-group-users"):
        found = bench.operation(operation)
        answer = bench.hub.request(
            found.method, bench.without(found, "name"), json=bench.body(operation)
        )
        assert answer.status in (403, 404), answer
    # Before 5.0 an absent service has its own finding: the hub breaks over it.
    for kind in ("users", "groups", "services")[: 3 if bench.stage.has("5.0") else 2]:
        answer = bench.hub.get(f"/{kind}/{bench.absent}")
        assert answer.status == 404, answer


@rule("errors/refused-write-makes-no-absent-server", needs="named-servers")
def test_no_server_made(bench: Bench) -> None:
    """After all that was written to an absent server, its user has no such server."""
    stage, hub = bench.stage, bench.hub
    path = f"/users/{stage.user}/servers/{ABSENT_SERVER}"
    turned_down(hub.delete(path, json={"remove": True}), {404})
    if stage.has("6.0"):
        turned_down(hub.patch(path, json={"user_options": {}}), {404})
    model = hub.get(f"/users/{stage.user}", params={"include_stopped_servers": "1"}).json
    assert ABSENT_SERVER not in model["servers"], model["servers"]


# --- methods and paths


@pytest.mark.parametrize("template", PATHS)
@rule("errors/other-methods-are-not-allowed")
def test_methods(template: str, bench: Bench) -> None:
    """A method that a path does not have is refused with 405 and the documented error body."""
    others = [each for each in METHODS if each not in bench.offered(template)]
    path, asked = bench.path(template), 0
    for method in others:
        try:
            answer = bench.hub.request(method, path)
        except OutOfBounds:  # some hub could take it for a change of all objects at once
            continue
        turned_down(answer, {405}, silent=bench.silent())
        asked += 1
    if not asked:
        not_applicable("it has every method, or others could change what is not of this run")


@pytest.mark.parametrize("template", PATHS)
@rule("errors/trailing-slash-is-another-path")
def test_slash(template: str, bench: Bench) -> None:
    """A path with a slash at its end is none of the API's, and neither redirected nor answered."""
    bench.offered(template)
    path = f"{bench.path(template)}/"
    if contract.find("GET", path):
        not_applicable("with a slash it is a path of the API: of a name that is empty")
    turned_down(bench.hub.get(path), {404}, silent=bench.silent())


@pytest.mark.parametrize("template", PATHS)
@rule("errors/nothing-below-a-path")
def test_below(template: str, bench: Bench) -> None:
    """Below the paths of the API there are no others: 404, with the documented error body."""
    bench.offered(template)
    path = f"{bench.path(template)}/zzz"
    if contract.find("GET", path):
        not_applicable("the last part names an object")
    turned_down(bench.hub.get(path), {404}, silent=bench.silent())


@pytest.mark.parametrize(
    "change",
    ["/Users/{}", "/users%2F{}", "/user/{}", "/users/{}%2Ftokens", "/v1/users/{}", "/api/users/{}"],
)
@rule("errors/paths-are-exact")
def test_exact(change: str, bench: Bench) -> None:
    """No other spelling of a path leads to it."""
    answer = bench.hub.get(change.format(bench.stage.user))
    turned_down(answer, {404}, silent=True)


@pytest.mark.parametrize(
    "path", ["/users/%ff", "/%ff", "/users?name_filter=%ff", "/users?offset=%ff"]
)
@rule("errors/undecodable-address-is-refused")
def test_undecodable(path: str, bench: Bench) -> None:
    """A path or query whose escapes are no UTF-8 is refused (400, or 404 for a path)."""
    before, _, query = path.partition("?")
    hub = bench.hub
    request = Request("GET", hub.target.api + before, query, credential=hub.credential)
    answer = hub.client.send(request)
    turned_down(answer, {400} if query else {400, 404}, silent=True)


@pytest.mark.parametrize("kind", ["users", "groups", "services"])
@rule("errors/odd-names-are-not-found")
def test_odd_names(kind: str, bench: Bench) -> None:
    """A name of control characters, or of thousands of letters, is not there: 400, 404 or 414."""
    if kind == "services" and not bench.stage.has("5.0"):
        not_applicable("before 5.0 no absent service is 404, as the rule about absent objects says")
    for name in ("%00", "%0A", "%20", "%C3%A9", "x" * 4000, "%F0%9F%92%A9" * 50):
        turned_down(bench.hub.get(f"/{kind}/{name}"), {400, 404, 414}, silent=True)


# --- the reason


@rule("errors/every-refusal-says-why", level="SHOULD")
def test_reasons(bench: Bench, hub: Hub) -> None:
    """The message of a refusal is never null or empty, also where the status says it all."""
    for method, path in (
        ("GET", f"/users/{bench.absent}"),
        ("GET", "/zzz"),
        ("PUT", f"/users/{bench.stage.user}"),
        ("POST", f"/users/{bench.absent}/server"),
    ):
        answer = hub.request(method, path)
        turned_down(answer, {404, 405})
