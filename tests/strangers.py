"""Strangers on a hub, who do what people do while the suite is run."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

from hub_conformance.client import Client
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import discover
from hub_conformance.urls import origin_of

#: Seconds between two changes.
PAUSE = 0.05
#: Chapters that read whole lists, and totals.
READING = (
    "pagination",
    "pagination_filters",
    "pagination_limits",
    "pagination_models",
    "pagination_states",
    "pagination_windows",
    "groups_many",
    "users_many",
    "proxy",
)


@contextlib.contextmanager
def churning(url: str, token: Secret) -> Iterator[list[int]]:
    """Strangers who come, join groups, start servers and go; yields the statuses they met."""
    client = Client(origin_of(url), Scrubber())
    base = f"{url.rstrip('/')}/"
    hub = Hub(client, discover(client, base, token), token)
    ended, met = threading.Event(), list[int]()

    def change() -> None:
        for number in itertools.count():
            user, group = f"/users/stranger{number}", f"/groups/strangers{number}"
            for method, path, body in (
                ("POST", user, {}),
                ("POST", group, {}),
                ("POST", f"{group}/users", {"users": [f"stranger{number}"]}),
                ("POST", f"{user}/tokens", {}),
                ("POST", f"{user}/server", {}),
                ("DELETE", f"{user}/server", {}),
                ("DELETE", group, {}),
                ("DELETE", user, {}),
            ):
                met.append(hub.request(method, path, json=body).status)
                if ended.wait(PAUSE) and path == user and method == "DELETE":
                    return

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield met
    finally:
        ended.set()
        thread.join()
        client.close()
