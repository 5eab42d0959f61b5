"""Fixtures of the project's own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from hub_conformance import embedded
from hub_conformance.client import Client
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber
from hub_conformance.target import discover
from hub_conformance.urls import origin_of

# How fast examples are drawn and run says more about the machine than about what is tested.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.fixture(scope="session")
def reference() -> Iterator[embedded.EmbeddedHub]:
    """A reference hub that outlives the runs that tests start against it."""
    started = embedded.start()
    yield started
    started.stop()


@pytest.fixture
def admin(reference: embedded.EmbeddedHub) -> Iterator[Hub]:
    """That hub through its admin's token, without guard or transcript."""
    client = Client(origin_of(reference.url), Scrubber())
    target = discover(client, reference.url, reference.token)
    yield Hub(client, target, reference.token, proxied=client)
    client.close()
