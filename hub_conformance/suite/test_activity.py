"""Activity: times that are reported of a user, or of their servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._credentials import need_scopes
from ._shape import hub_time, moment, refused
from ._users import path_of, read, same_but

SEEN = "jupyterhub/apihandlers/users.py, ActivityAPIHandler"
#: Where the times of most rules lie: long ago, each later than all before it.
START = datetime(2021, 1, 1, tzinfo=UTC)
STOPPED = {"include_stopped_servers": "1"}


class Reports:
    """Reports the activity of one user, at times that only grow."""

    def __init__(self, hub: Hub, user: User) -> None:
        self.hub = hub
        self.user = user
        self.latest = START

    def next(self, **delta: float) -> datetime:
        """Return a time later than all before it, by an hour if nothing else is said."""
        self.latest += timedelta(**(delta or {"hours": 1}))
        return self.latest

    def send(self, when: Any, hub: Hub | None = None) -> Answer:
        """Report the user active at this time."""
        return self.post({"last_activity": when}, hub)

    def post(self, body: Any, hub: Hub | None = None) -> Answer:
        """Report this."""
        return (hub or self.hub).post(f"{self.user.path}/activity", json=body)

    def seen(self) -> datetime | None:
        """Return when the user was last active, as the hub has it."""
        found = read(self.hub, self.user.name).get("last_activity")
        return None if found is None else moment(found)

    def record(self, when: str, meant: datetime) -> None:
        """Report a time, and assert that this moment is on record from then on."""
        answer = self.send(when)
        assert answer.status == 200, answer
        assert self.seen() == meant, f"{when} became {self.seen()}"

    def refuse(self, *bodies: Any) -> None:
        """Assert that each of these is refused with 400, and that nothing of it is recorded."""
        before = read(self.hub, self.user.name, **STOPPED)
        for body in bodies:
            refused(self.post(body), 400)
        assert read(self.hub, self.user.name, **STOPPED) == before

    def on_record(self) -> datetime:
        """Record a time, and return it."""
        when = self.next()
        assert self.send(text(when)).status == 200
        return when


def text(when: datetime) -> str:
    """Return the time as the hub writes it."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def from_now(answer: Answer, **delta: float) -> datetime:
    """Return the time that is this far from the hub's own."""
    return hub_time(answer) + timedelta(**delta)


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    need_scopes(target, "users:activity", "read:users", "admin:users", "read:servers")


@pytest.fixture(scope="module")
def reports(hub: Hub, shared: Sandbox) -> Reports:
    """Reports of a user whom nothing else makes active."""
    return Reports(hub, shared.user("active"))


@pytest.fixture
def own(hub: Hub, user: User) -> Reports:
    """Reports of a user of the rule's own, who was never active."""
    return Reports(hub, user)


# --- of a user


@rule("activity/of-a-user-is-recorded")
def test_recorded(own: Reports, bob: User) -> None:
    """Reported activity answers 200, and is read and listed to the microsecond.

    It is all that changes of the user, and nothing of anybody else does.
    """
    before, other = read(own.hub, own.user.name), read(own.hub, bob.name)
    when = "2021-05-04T03:02:01.000123Z"
    answer = own.send(when)
    assert answer.status == 200, answer
    after = read(own.hub, own.user.name)
    assert moment(after.get("last_activity")) == moment(when), after.get("last_activity")
    assert same_but(after, "last_activity") == same_but(before, "last_activity")
    listed = own.hub.page("/users", name_filter=own.user.name).items
    assert [each.get("last_activity") for each in listed] == [after["last_activity"]]
    assert read(own.hub, bob.name) == other


@rule("activity/first-report-counts-however-old", see=SEEN)
def test_first(own: Reports) -> None:
    """The first activity of a user is recorded, however long ago it was."""
    when = "1850-01-01T00:00:00Z"
    own.record(when, moment(when))


@rule("activity/later-report-counts")
def test_later(reports: Reports) -> None:
    """Activity later than what is on record takes its place, be it by a microsecond."""
    for delta in ({"seconds": 1}, {"microseconds": 1}):
        when = reports.next(**delta)
        reports.record(text(when), when)


@rule("activity/never-goes-back")
def test_older(reports: Reports) -> None:
    """Activity older than what is on record, or as old, answers 200 and changes nothing."""
    when = reports.on_record()
    for delta in ({"seconds": 0}, {"microseconds": 1}, {"days": 400}):
        answer = reports.send(text(when - timedelta(**delta)))
        assert answer.status == 200, answer
        assert reports.seen() == when


# --- zones and forms


@pytest.mark.parametrize("minutes", [345, -480, 840], ids=lambda m: f"{m / 60:+g}h")
@rule("activity/zone-is-counted-in")
def test_zone(minutes: int, reports: Reports) -> None:
    """A time with another zone than UTC is the same moment on record."""
    when = reports.next(days=2)
    zone = timezone(timedelta(minutes=minutes))
    reports.record(when.astimezone(zone).isoformat(), when)


@rule("activity/no-zone-is-utc")
def test_no_zone(reports: Reports) -> None:
    """A time without a zone is taken as UTC."""
    when = reports.next()
    reports.record(when.replace(tzinfo=None).isoformat(), when)


@rule("activity/moments-are-compared-not-letters")
def test_zone_compared(reports: Reports) -> None:
    """Of two times in different zones the later moment counts, whichever is written later."""
    when = reports.on_record()
    east, west = (timezone(timedelta(hours=hours)) for hours in (10, -10))
    assert reports.send((when - timedelta(minutes=1)).astimezone(east).isoformat()).status == 200
    assert reports.seen() == when, "an older moment counted, written later"
    later = reports.next(minutes=1)
    reports.record(later.astimezone(west).isoformat(), later)


#: Ways of ISO 8601 and RFC 3339 to write a time, and the microseconds they leave of it.
FORMS = {
    "z": ("%Y-%m-%dT%H:%M:%SZ", 0),
    "offset": ("%Y-%m-%dT%H:%M:%S+00:00", 0),
    "milliseconds": ("%Y-%m-%dT%H:%M:%S.120Z", 120_000),
    "microseconds": ("%Y-%m-%dT%H:%M:%S.000007Z", 7),
    "nanoseconds": ("%Y-%m-%dT%H:%M:%S.000007000Z", 7),
    "space": ("%Y-%m-%d %H:%M:%SZ", 0),
    "basic": ("%Y%m%dT%H%M%SZ", 0),
}


@pytest.mark.parametrize("form", FORMS)
@rule("activity/forms-of-iso-8601")
def test_form(form: str, reports: Reports) -> None:
    """A time is taken in every common form of ISO 8601."""
    pattern, rest = FORMS[form]
    when = reports.next(days=1).replace(second=0, microsecond=0)
    reports.record(when.strftime(pattern), when.replace(microsecond=rest))


# --- the future


@rule("activity/a-little-ahead-is-accepted", see=SEEN)
def test_ahead(own: Reports) -> None:
    """Activity less than an hour ahead is recorded: clocks differ."""
    answer = own.hub.get(own.user.path)
    for minutes in (1, 58):
        when = from_now(answer, minutes=minutes)
        own.record(text(when), when)


@rule("activity/future-is-refused")
def test_future(reports: Reports) -> None:
    """Activity an hour ahead or more is refused with 400, in every zone; nothing is recorded."""
    reports.on_record()
    answer = reports.hub.get(reports.user.path)
    ahead = [from_now(answer, **delta) for delta in ({"minutes": 61}, {"hours": 3}, {"days": 365})]
    west = from_now(answer, minutes=61).astimezone(timezone(timedelta(hours=-8)))
    times = [*map(text, ahead), west.isoformat(), "9999-12-31T00:00:00Z"]
    reports.refuse(*({"last_activity": when} for when in times))


@rule("activity/now-of-another-zone-is-not-the-future")
def test_future_zone(own: Reports) -> None:
    """A time of now in a zone where it is hours later is recorded."""
    now = from_now(own.hub.get(own.user.path), seconds=0)
    own.record(now.astimezone(timezone(timedelta(hours=9))).isoformat(), now)


# --- what is refused

NO_TIMES = [
    "now",
    "2022-02-30T00:00:00Z",
    1643846400,
    ["2022-02-03T00:00:00Z"],
    True,
]


@rule("activity/no-time-is-refused")
def test_no_time(reports: Reports) -> None:
    """What is no time is refused with 400, and nothing is recorded."""
    reports.on_record()
    reports.refuse(*({"last_activity": value} for value in NO_TIMES))


@rule("activity/more-may-be-said", see=SEEN)
def test_more(reports: Reports) -> None:
    """A time counts beside keys that the hub does not know."""
    when = reports.next()
    answer = reports.post({"colour": {"blue": True}, "last_activity": text(when)})
    assert answer.status == 200, answer
    assert reports.seen() == when


@rule("activity/no-report-is-refused")
def test_no_report(reports: Reports) -> None:
    """A request that reports nothing is refused with 400."""
    reports.refuse({}, {"last_activity": None}, {"last_activity": ""}, {"servers": {}})
    refused(reports.hub.post(f"{reports.user.path}/activity"), 400)


@pytest.mark.parametrize(
    "when",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2022-02-03T00:00:00+99:00"],
    ids=["before", "after", "zone"],
)
@rule("activity/beyond-the-calendar-is-refused", see=SEEN)
def test_calendar(when: str, reports: Reports) -> None:
    """A time that no calendar has in UTC is refused with 400, and nothing is recorded."""
    before, answer = reports.on_record(), reports.send(when)
    assert reports.seen() == before
    refused(answer, 400)


# --- of servers


def server_seen(own: Reports) -> datetime | None:
    """Return when the user's default server was last active."""
    servers = read(own.hub, own.user.name, **STOPPED)["servers"]
    found = servers.get("", {}).get("last_activity")
    return None if found is None else moment(found)


def of_server(when: Any, server: str = "") -> dict[str, Any]:
    """Return the report of one server."""
    return {"servers": {server: {"last_activity": when}}}


@rule("activity/of-the-default-server-is-recorded", since="3.0")
def test_server(own: Reports) -> None:
    """Activity of the default server, under the empty name, is recorded of it and not of the user.

    It never goes back either.
    """
    when = own.next()
    for each in (when, when - timedelta(days=1)):
        answer = own.post(of_server(each.astimezone(timezone(timedelta(hours=5))).isoformat()))
        assert answer.status == 200, answer
        assert server_seen(own) == when
    assert own.seen() is None, "recorded of the user"


@rule("activity/of-user-and-server-together", since="3.0")
def test_together(own: Reports) -> None:
    """One request may report both, each with a time of its own."""
    first, second = own.next(), own.next()
    answer = own.post({"last_activity": text(second), **of_server(text(first))})
    assert answer.status == 200, answer
    assert (own.seen(), server_seen(own)) == (second, first)
    third = own.next()
    assert own.post({"last_activity": text(first), **of_server(text(third))}).status == 200
    assert (own.seen(), server_seen(own)) == (second, third)


@rule("activity/refused-as-a-whole", see=SEEN)
def test_whole(own: Reports) -> None:
    """Where one of the times is refused, or a server is unknown, nothing else is recorded."""
    assert own.post({"last_activity": text(own.next()), **of_server(text(START))}).status == 200
    good = text(own.next(days=1))
    far = "9999-01-01T00:00:00Z"
    unknown = {"servers": {"": {"last_activity": good}, "unknown": {"last_activity": good}}}
    own.refuse(
        {"last_activity": good, **unknown},
        {"last_activity": good, **of_server(far)},
        {"last_activity": good, "servers": {"": {}}},
        {"last_activity": good, "servers": {"": good}},
        {"last_activity": good, "servers": [good]},
        {"last_activity": far, **of_server(good)},
        {"last_activity": "now", **of_server(good)},
    )


# --- who


@rule("activity/a-user-reports-their-own")
def test_own(own: Reports, alice: User, anonymous: Hub) -> None:
    """A user may report their own activity; another user and a stranger may not."""
    assert own.user.hub.get("/user").status == 200
    when = from_now(own.hub.get(own.user.path), minutes=20)
    for hub, statuses in ((alice.hub, (403, 404)), (anonymous, (403,))):
        answer = own.send(text(when), hub)
        assert answer.status in statuses, answer
    assert own.seen() != when
    assert own.send(text(when), own.user.hub).status == 200
    assert own.seen() == when


@rule("activity/what-others-do-is-none-of-the-users")
def test_others(own: Reports) -> None:
    """Whatever an admin does to a user, or reads of them, is no activity of theirs."""
    hub, user, sandbox = own.hub, own.user, own.user.sandbox
    before, group = own.on_record(), sandbox.group("idle")
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{user.path}/tokens", {"note": sandbox.name("token")}),
        ("POST", f"/groups/{group}/users", {"users": [user.name]}),
        ("DELETE", f"/groups/{group}/users", {"users": [user.name]}),
        ("PATCH", user.path, {"admin": True}),
    ]
    for method, path, body in changes:
        answer = hub.request(method, path, json=body)
        assert answer.ok, answer
        assert hub.get(f"{user.path}/tokens").status == 200
        assert own.seen() == before, f"{answer!r} counted"


@rule("activity/use-does-not-turn-it-back", see=SEEN)
def test_use(own: Reports) -> None:
    """What a user does later with a token does not replace a time that lies ahead of it."""
    when = from_now(own.hub.get(own.user.path), minutes=50)
    assert own.send(text(when), own.user.hub).status == 200
    assert own.user.hub.get("/user").status == 200
    assert own.seen() == when


@rule("activity/of-an-absent-user-makes-none")
def test_absent(hub: Hub, sandbox: Sandbox) -> None:
    """Activity of a user who does not exist is refused with 404, and they are not made."""
    absent = User(sandbox.name("absent"), sandbox)
    refused(Reports(hub, absent).send(text(START)), 404)
    refused(hub.get(path_of(absent.name)), 404, explained=False)
