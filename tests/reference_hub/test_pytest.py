"""The fixtures for authors of clients, in runs of pytest like theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "for-client-authors.md"
BLOCK = re.compile(r"```python\n(# (\w+\.py)\n.*?)```", re.DOTALL)
#: As in a project that has neither the suite nor what it brings.
ALONE = ("-p", "no:schemathesis", "-p", "no:hub_conformance", "-W", "error")

SEVERAL = """
import httpx
import pytest
import requests

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.parametrize("number", range(8))
@pytest.mark.anyio
async def test_asynchronous(reference_hub, number):
    reference_hub.add_user(f"user-{number}")
    headers = {"Authorization": f"token {reference_hub.admin_token}"}
    async with httpx.AsyncClient(base_url=reference_hub.api_url, headers=headers) as client:
        users = (await client.get("/users")).json()
    assert [user["name"] for user in users] == ["admin", f"user-{number}"]
    assert len(reference_hub.requests) == 1

def test_two(reference_hub, more_reference_hubs):
    first, second = reference_hub, more_reference_hubs(base_url="/second/")
    first.clock.advance(60)
    first.answer_with(503, "/users")
    headers = {"Authorization": f"token {second.admin_token}"}
    assert requests.get(f"{second.api_url}/users", headers=headers, timeout=5).status_code == 200
    assert requests.get(f"{first.api_url}/user", headers=headers, timeout=5).status_code == 403
    assert second.hub.clock() < first.hub.clock()
    assert [len(each.requests) for each in (first, second)] == [1, 1]

def test_a_fault_is_left(reference_hub):
    reference_hub.fault("tokens/never-expire")

def test_no_fault_is_left(more_reference_hubs):
    hub = more_reference_hubs()
    token = hub.token("admin", expires_in=60)
    hub.clock.advance(61)
    headers = {"Authorization": f"token {token}"}
    assert requests.get(f"{hub.api_url}/users", headers=headers, timeout=5).status_code == 403
"""


@pytest.fixture
def documented() -> dict[str, str]:
    """The document's files by name, word for word."""
    return {name: text for text, name in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))}


def test_the_document_as_it_stands(pytester: pytest.Pytester, documented: dict[str, str]) -> None:
    assert len(documented) == 4
    for name, text in documented.items():
        (pytester.path / name).write_text(text, encoding="utf-8")
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=5)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_asynchronous_and_several(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makeconftest('pytest_plugins = ["reference_hub.pytest"]')
    pytester.makepyfile(SEVERAL)
    pytester.runpytest_subprocess(*ALONE, *workers).assert_outcomes(passed=11)
