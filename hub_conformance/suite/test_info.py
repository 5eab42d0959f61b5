"""The hub itself: its version and details, health, metrics, and its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from ..client import Answer
from ..errors import HubError
from ..hub import Hub
from ..rules import not_applicable, not_requested, rule, untested
from ..sandbox import Sandbox, User
from ..secret import Secret
from ..session import Run
from ..target import Target
from ._credentials import need_scopes
from ._servers import model_of, servers_of
from ._shape import media_type, object_of, only_fields, refused

#: Where health and metrics are: beside the API and below its root.
PLACES = ("hub/{}", "hub/api/{}")
METRICS = "reference/metrics.html"
#: A line of Prometheus' text format: name, labels if any, value, and a time if there is one.
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(\{([a-zA-Z_]\w*="([^"\\\n]|\\.)*",?)*\})? (\S+)( -?\d+)?')
#: How long a hub may take to end, in seconds.
END_SECONDS = 30.0
#: How often a list that strangers change is read again before it is given up.
ATTEMPTS = 5
STRANGERS = Secret("0123456789abcdef0123456789abcdef")


# --- version and details


@rule("info/version-is-for-anybody")
def test_version(anonymous: Hub, target: Target) -> None:
    """The API's root tells the version to anybody, with a slash at its end or without, no more."""
    for path in ("", "/"):
        for hub in (anonymous, anonymous.using(STRANGERS)):
            assert object_of(hub.get(path)) == {"version": target.version}


@rule("info/version-from-any-origin", level="SHOULD", since="5.0")
def test_origin(anonymous: Hub) -> None:
    """Pages of any origin may ask for the version, unless the hub is configured otherwise."""
    headers = anonymous.get("/", headers={"Origin": "https://elsewhere.example"}).headers
    assert headers.get("Access-Control-Allow-Origin") == "*", headers


@rule("info/version-is-in-every-answer", level="SHOULD")
def test_header(anonymous: Hub, hub: Hub, target: Target) -> None:
    """Every answer says the hub's version in the header X-JupyterHub-Version, a refusal too."""
    for answer in (anonymous.get("/"), anonymous.get("/users"), hub.get("/user")):
        assert answer.headers.get("X-JupyterHub-Version") == target.version, answer


@rule("info/details-have-exactly-their-fields")
def test_details(hub: Hub, target: Target) -> None:
    """Details are the hub's version, Python's and its place, and the classes that are configured.

    Spawner and authenticator are each told with class and version.
    """
    need_scopes(hub.target, "read:hub")
    model = object_of(hub.get("/info"))
    only_fields(model, {"version", "python", "sys_executable", "spawner", "authenticator"})
    assert model["version"] == target.version
    for key in ("python", "sys_executable"):
        assert isinstance(model[key], str), f"{key} is {model[key]!r}"
        assert model[key], f"{key} is empty"
    for key in ("spawner", "authenticator"):
        assert isinstance(model[key], dict), f"{key} is {model[key]!r}"
        only_fields(model[key], {"class", "version"})
        assert isinstance(model[key]["version"], str), model[key]
        assert isinstance(model[key]["class"], str), model[key]
        assert re.fullmatch(r"\w+(\.\w+)+", model[key]["class"]), model[key]


@rule("info/details-need-their-right")
def test_details_refused(anonymous: Hub, alice: User, limited: Callable[..., Hub]) -> None:
    """Details are for those with `read:hub`: not for plain users, and not for anybody."""
    refused(anonymous.get("/info"), 403)
    refused(alice.hub.get("/info"), 403)
    assert object_of(limited("read:hub").get("/info")).get("version")


# --- health


@pytest.mark.parametrize("place", PLACES, ids=["hub", "api"])
@rule("info/health-is-for-anybody")
def test_health(place: str, anonymous: Hub, hub: Hub) -> None:
    """Health answers 200 to GET and HEAD, without credentials and whatever they are."""
    path = place.format("health")
    for each in (anonymous, anonymous.using(STRANGERS), hub):
        answer = each.outside("GET", path)
        assert answer.status == 200, answer
    answer = anonymous.outside("HEAD", path)
    assert (answer.status, answer.body) == (200, b""), answer


# --- metrics


@rule("info/metrics-are-prometheus-text", see=METRICS)
def test_metrics(hub: Hub) -> None:
    """Metrics are in Prometheus' text format: comments, and samples with a number each."""
    need_scopes(hub.target, "read:metrics")
    answer = hub.get("/metrics")
    assert answer.status == 200, answer
    assert media_type(answer) == "text/plain", media_type(answer)
    assert samples(answer), "there is no sample"
    assert any(line.startswith("# TYPE ") for line in answer.text.splitlines())


def samples(answer: Answer) -> dict[str, float]:
    """Return the value of each metric, the last one of those with labels."""
    found = {}
    for line in answer.text.splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line!r}"
            found[match[1]] = float(match[5])
    return found


@rule("info/metrics-are-the-same-at-both-places", see=METRICS)
def test_both(hub: Hub) -> None:
    """Metrics are beside the API and below its root, the same ones."""
    need_scopes(hub.target, "read:metrics")
    found = [set(samples(hub.outside("GET", place.format("metrics")))) for place in PLACES]
    assert gauges(found[0]) == gauges(found[1])


def gauges(names: set[str]) -> set[str]:
    """The metrics of the hub that are there from its start on."""
    return {name for name in names if name.endswith(("total_users", "running_servers"))}


@rule("info/metrics-need-their-right", see=METRICS)
def test_metrics_refused(
    anonymous: Hub, alice: User, limited: Callable[..., Hub], hub: Hub
) -> None:
    """Metrics are for those with `read:metrics`: refused to all others, at both places.

    It is no rule where the hub's configuration opens them, both, to anybody.
    """
    strangers = (anonymous, anonymous.using(STRANGERS), alice.hub)
    paths = [place.format("metrics") for place in PLACES]
    answers = [each.outside("GET", path) for path in paths for each in strangers]
    if all(answer.status == 200 for answer in answers):
        not_applicable("this hub shows its metrics to anybody")
    for answer in answers:
        assert answer.status == 403, answer
        assert b"_total" not in answer.body, "the refusal shows metrics"
    for path in paths:
        assert limited("read:metrics").outside("GET", path).status == 200
        assert limited("read:hub").outside("GET", path).status == 403


@rule("info/metrics-count-users", see=METRICS)
def test_users(hub: Hub, user: User, hub_run: Run) -> None:
    """The hub's own count of its users is the total of their list."""
    if hub_run.is_worker:
        not_requested("-n: other workers make users all the time")
    need_scopes(hub.target, "read:metrics")
    for _ in range(ATTEMPTS):
        before, counted, after = total(hub), count(hub, "total_users"), total(hub)
        if before == after:  # else strangers came or went
            assert counted == after, f"{counted:g} users counted, {after} listed"
            return
    untested("the number of users never held still")


def total(hub: Hub) -> int:
    """How many users are listed."""
    return hub.page("/users", limit=1).total


def count(hub: Hub, name: str) -> float:
    """Read one of the hub's own gauges, whatever the prefix of its name is."""
    found = samples(hub.get("/metrics"))
    values = [value for key, value in found.items() if key.endswith(f"_{name}")]
    if not values:
        not_applicable("this hub has metrics of its own")
    return values[0]


@rule("info/metrics-count-running-servers", needs="spawn", see=METRICS)
def test_servers(hub: Hub, runner: User) -> None:
    """The hub's own count of the servers that run is no less than those that are seen to run."""
    need_scopes(hub.target, "read:metrics")
    seen = [model for model in servers_of(runner).values() if model.get("ready")]
    counted = count(hub, "running_servers")
    assert counted >= len(seen) >= 1, f"{counted:g} servers counted, {len(seen)} seen to run"


@rule("info/metrics-follow-the-servers", needs="spawn", see=METRICS)
def test_servers_follow(hub: Hub, user: User, hub_run: Run) -> None:
    """The hub's own count of the servers that run grows by one with a start, and shrinks again."""
    if hub_run.is_worker:
        not_requested("-n: other workers start servers all the time")
    for scope in ("read:metrics", "list:users", "read:servers"):
        need_scopes(hub.target, scope)
    for _ in range(ATTEMPTS):
        before = count(hub, "running_servers"), ready(hub)
        user.sandbox.server(user)
        during = count(hub, "running_servers"), ready(hub)
        user.sandbox.stop(user)
        after = count(hub, "running_servers"), ready(hub)
        if during[1] - before[1] == during[1] - after[1] == 1:  # else strangers came or went
            assert (before[0] + 1, after[0]) == (during[0], before[0]), (before, during, after)
            return
    untested("the number of running servers never held still")


def ready(hub: Hub) -> int:
    """How many servers are ready."""
    models = [model for page in hub.walk("/users", state="active") for model in page.items]
    return sum(
        bool(server.get("ready"))
        for model in models
        for server in model.get("servers", {}).values()
    )


# --- the end


@rule("info/refused-shutdown-stops-nothing")
def test_shutdown_refused(hub: Hub, alice: User) -> None:
    """A shutdown with what is neither true nor false is refused with 400, and the hub goes on."""
    need_scopes(hub.target, "shutdown")
    for body in ({"proxy": "x"}, {"proxy": "x", "servers": False}, {"proxy": "x", "servers": "x"}):
        refused(hub.post("/shutdown", json=body), 400)
    assert object_of(alice.hub.get("/user")).get("name") == alice.name


@rule("info/refused-shutdown-leaves-servers", needs="spawn")
def test_servers_left(hub: Hub, runner: User) -> None:
    """A shutdown that was refused stops no server, also when it asked for that."""
    need_scopes(hub.target, "shutdown")
    refused(hub.post("/shutdown", json={"servers": True, "proxy": "x"}), 400)
    assert model_of(runner).get("ready") is True


@rule("info/shutdown-ends-the-hub", needs="shutdown")
def test_shutdown(given: Sandbox, whole: Sandbox, shared: Sandbox) -> None:
    """A shutdown is answered with 202 and a message, and then the hub ends."""
    hub = given.hub
    need_scopes(hub.target, "shutdown")
    left = [*shared.close(), *whole.close(), *given.close()]  # while there is a hub that removes it
    assert not left, "left behind on the hub: " + "; ".join(left)
    model = object_of(hub.post("/shutdown", json={"servers": True, "proxy": True}), 202)
    only_fields(model, {"message"})
    assert isinstance(model["message"], str), model
    deadline = time.monotonic() + END_SECONDS
    while answers(hub):
        assert time.monotonic() < deadline, f"the hub still answers after {END_SECONDS:g} s"
        time.sleep(0.1)


def answers(hub: Hub) -> bool:
    """Whether the hub itself answers on one of its pages: a proxy that outlives it says 503."""
    try:
        return hub.using(None).outside("GET", "hub/login").status < 500
    except HubError:
        return False
