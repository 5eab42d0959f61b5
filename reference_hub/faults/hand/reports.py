"""Faults in reports of activity."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ...core import times
from ...core.call import Call, Reply, empty
from ...core.hub import Hub
from ...core.operations import activity
from ..changes import doing, on
from ..fault import make


def _zone_dropped(original: Any, hub: Hub, value: Any) -> Any:
    if isinstance(value, str) and "+" in value:
        value = value.partition("+")[0]
    return original(hub, value)


def _whole_seconds(original: Any, hub: Hub, value: Any) -> Any:
    return original(hub, value).replace(microsecond=0)


def _users_first(original: Any, hub: Hub, user: Any, servers: Any) -> Any:
    user.last_activity = hub.clock()
    return original(hub, user, servers)


def _absent_passed_over(original: Any, hub: Hub, user: Any, servers: Any) -> Any:
    known = (
        {name: each for name, each in servers.items() if name in user.servers}
        if isinstance(servers, dict)
        else servers
    )
    return original(hub, user, known)


def _default_for_all(original: Any, user: Any, name: str) -> Any:
    original(user, name)
    return user.servers[""]


def _also_default(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    user = call.hub.find_user(name)
    if user:
        user.servers[""].last_activity = user.last_activity
    return reply  # type: ignore[no-any-return]


def _is_time(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


FAULTS = [
    make(
        "activity/zone-dropped",
        "subtle",
        "post-user-activity",
        "The zone of a reported time is dropped.",
        (activity, "timestamp", doing(_zone_dropped)),
    ),
    make(
        "activity/whole-seconds",
        "subtle",
        "post-user-activity",
        "Reported times are cut to whole seconds.",
        (activity, "timestamp", doing(_whole_seconds)),
    ),
    make(
        "activity/refused-report-counts",
        "subtle",
        "post-user-activity",
        "A report that is refused counts for the user.",
        (activity, "server_times", doing(_users_first)),
    ),
    make(
        "activity/absent-servers-passed-over",
        "subtle",
        "post-user-activity",
        "Times of servers that are not there are passed over.",
        (activity, "server_times", doing(_absent_passed_over)),
    ),
    make(
        "activity/default-for-named",
        "subtle",
        "post-user-activity",
        "Times of named servers count for the default one.",
        (activity, "_server", doing(_default_for_all)),
    ),
    make(
        "activity/user-report-counts-for-server",
        "subtle",
        "post-user-activity",
        "A user's time counts for their default server.",
        (*on("post-user-activity"), doing(_also_default)),
    ),
    make(
        "activity/empty-report-accepted",
        "subtle",
        "post-user-activity",
        "A report of nothing is accepted.",
        (
            *on("post-user-activity"),
            doing(lambda old, call, name: empty() if call.body.raw == b"{}" else old(call, name)),
        ),
    ),
    make(
        "activity/answers-204",
        "medium",
        "post-user-activity",
        "A report is answered 204.",
        (*on("post-user-activity"), doing(lambda old, *a: replace(old(*a), status=204))),
    ),
    make(
        "activity/bad-time-is-now",
        "subtle",
        "post-user-activity",
        "What is no time counts as the present.",
        (
            activity,
            "timestamp",
            doing(lambda old, hub, value: old(hub, value) if _is_time(value) else hub.clock()),
        ),
    ),
    make(
        "activity/renders-local-time",
        "subtle",
        "get-user get-user-token get-user-server",
        "Times are given without a zone.",
        (times, "render", doing(lambda old, moment: (said := old(moment)) and said.rstrip("Z"))),
    ),
]
