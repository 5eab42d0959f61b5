"""A hub that is busy with other users' work: no rule fails for what strangers do."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from hub_conformance import plugin
from hub_conformance.client import Client, origin_of
from hub_conformance.embedded import EmbeddedHub
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber
from hub_conformance.target import discover

#: Seconds between two changes.
PAUSE = 0.05
#: Chapters that read whole lists, and totals.
READING = ("pagination", "groups_many", "users_many", "proxy")


@contextlib.contextmanager
def churning(reference: EmbeddedHub) -> Iterator[list[int]]:
    """Strangers who come, join groups, start servers and go; yields the statuses they met."""
    client = Client(origin_of(reference.url), Scrubber())
    hub = Hub(client, discover(client, reference.url, reference.token), reference.token)
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


def test_strangers_turn_no_rule_red(
    pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    files = [str(plugin.SUITE / f"test_{each}.py") for each in READING]
    arguments = ("-p", "no:schemathesis", f"--hub-url={reference.url}", *files)
    with churning(reference) as met:
        result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == 0, "\n".join(result.outlines)
    assert len(met) > 50
    assert {status // 100 for status in met} == {2}, "the strangers were not served"
