"""The rules about websockets on hubs whose servers have none, or that are reached without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_conformance import embedded
from hub_conformance.embedded import EmbeddedHub

from .forwarder import Asked, Pass, Said, Spoiler, forwarding
from .test_fuzz import Outcome

CHOSEN = ("-m", "access", "-k", "websocket")
ENDPOINT = "/api/events/subscribe"
OWNERS = "access/websocket-opens-for-the-owner"


def without(asked: Asked, pass_on: Pass) -> Said:
    """Servers that have no websocket."""
    return Said(404, b"{}") if asked.target.endswith(ENDPOINT) else pass_on(asked)


def deaf(asked: Asked, pass_on: Pass) -> Said:
    """A proxy that knows nothing of upgrades: what it passes on is a request like any other."""
    return Said(426, b"{}") if asked.target.endswith(ENDPOINT) else pass_on(asked)


def somewhere(asked: Asked, pass_on: Pass) -> Said:
    """Servers of another kind, which have a page for every path."""
    page = Said(200, b"<p>Welcome", "text/html")
    return page if asked.target.endswith(ENDPOINT) else pass_on(asked)


def rules_of(found: Outcome, verdict: str) -> set[str]:
    """Ids of rules with a verdict, their cells put together."""
    named = {each.partition("[")[0] for each in found.of(verdict)}
    return {each for each in named if each.startswith("access/")}


@pytest.mark.parametrize("spoil", [without, somewhere])
def test_servers_without_a_websocket(
    reference: EmbeddedHub, tmp_path: Path, spoil: Spoiler
) -> None:
    with forwarding(reference.url.rstrip("/"), spoil) as url:
        found = Outcome(tmp_path, url, reference.token.reveal(), *CHOSEN)
    assert found.run.returncode == 0, found.run.stdout
    assert len(rules_of(found, "not applicable")) == 9
    assert rules_of(found, "passed") == set()
    assert f"have no websocket at {ENDPOINT[1:]}" in found.run.stdout


def test_proxy_that_passes_no_websockets_is_one_finding(
    reference: EmbeddedHub, tmp_path: Path
) -> None:
    with forwarding(reference.url.rstrip("/"), deaf) as url:
        found = Outcome(tmp_path, url, reference.token.reveal(), *CHOSEN)
    assert rules_of(found, "failed") == {OWNERS}
    assert len(rules_of(found, "not applicable")) == 8
    assert f"{OWNERS} tells of it" in found.run.stdout


def test_fault_of_every_websocket_is_one_finding(tmp_path: Path) -> None:
    hub = embedded.start("--fault=access/websocket-carries-nothing")
    try:
        found = Outcome(tmp_path, hub.url, hub.token.reveal(), *CHOSEN)
    finally:
        hub.stop()
    assert rules_of(found, "failed") == {OWNERS}
    assert "it was closed (1011) before it answered a ping" in found.run.stdout
