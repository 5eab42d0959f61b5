"""How the pages look on a phone and on a laptop, and to those who do not see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize

from reference_hub.running import RunningHub

from .conftest import PATIENCE, configure, log_in

pytestmark = pytest.mark.browser

SIZES = {
    "phone": ViewportSize(width=360, height=640),
    "laptop": ViewportSize(width=1280, height=800),
}
LONG = "x" * 120
OWNER = f"bob<i>{LONG}"
#: Pages by name: where they are, and what is sent from there, field by field, if anything is.
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "home": ("hub/home", {}),
    "name-taken": ("hub/home", {"Name": "lab"}),
    "token": ("hub/token", {}),
    "new-token": ("hub/token", {"Note": LONG, "Scopes": "read:users!user"}),
    "unknown-scope": ("hub/token", {"Note": LONG, "Scopes": LONG}),
    "share": ("hub/accept-share?code=CODE", {}),
    "no-code": ("hub/accept-share", {}),
    "unknown-code": (f"hub/accept-share?code={LONG}", {}),
    "oauth": ("hub/api/oauth2/authorize?response_type=code&client_id=service-lab", {}),
    "refused": ("hub/api/oauth2/authorize?response_type=code&client_id=service-exam", {}),
    "not-found": (f"hub/{LONG}", {}),
    "server": ("user/ann/", {}),
    "no-server": (f"user/ann/{LONG}/", {}),
    "not-running": ("hub/user/ann/lab/", {}),
}


@pytest.fixture(scope="module")
def furnished(server: RunningHub) -> RunningHub:
    """A hub with something to show everywhere, long names and markup among it."""
    configure(server)
    server.start_server("ann")
    server.start_server("ann", "lab", delay=3600)
    server.start_server(OWNER, "lab")
    server.share(OWNER, "lab", user="ann")
    return server


@pytest.fixture(scope="module", params=SIZES)
def window(
    request: pytest.FixtureRequest, chromium: Browser, furnished: RunningHub
) -> Iterator[Page]:
    """A window in which ann has logged in."""
    size = SIZES[request.param]
    context = chromium.new_context(viewport=size, base_url=furnished.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    log_in(page)
    yield page
    context.close()


def judge(page: Page, screenshot: Path) -> None:
    """Assert what a machine can tell of how a page looks, and leave a picture for people."""
    page.screenshot(path=screenshot, full_page=True)
    width = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert width <= 0, f"it is {width} pixels wider than the window"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, window: Page, furnished: RunningHub, tmp_path: Path) -> None:
    path, fields = PAGES[name]
    window.goto(path.replace("CODE", furnished.share_code(OWNER, "lab")))
    for label, text in fields.items():
        window.get_by_label(label, exact=True).fill(text)
    if fields:
        window.keyboard.press("Enter")
        window.wait_for_selector("[aria-invalid], [role=status]")
    judge(window, tmp_path / f"{name}.png")


@pytest.mark.parametrize("size", SIZES)
def test_login_page(size: str, chromium: Browser, furnished: RunningHub, tmp_path: Path) -> None:
    with chromium.new_context(viewport=SIZES[size], base_url=furnished.url) as context:
        page = context.new_page()
        page.goto("hub/login")
        judge(page, tmp_path / "login.png")
        page.get_by_label("Name").fill(LONG)
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        judge(page, tmp_path / "refused.png")


def test_no_page_needs_a_script(chromium: Browser, furnished: RunningHub) -> None:
    with chromium.new_context(java_script_enabled=False, base_url=furnished.url) as context:
        page = context.new_page()
        log_in(page, "cora")
        page.get_by_role("button", name="Start Default server").click()
        page.get_by_text("It is running.").wait_for()


def test_what_a_browser_is_told(furnished: RunningHub) -> None:
    """Nobody may frame a page, and it loads nothing: no script and no style but its own."""
    answer = requests.get(f"{furnished.url}hub/login", timeout=10)
    policy = answer.headers["content-security-policy"]
    for each in ("frame-ancestors 'none'", "default-src 'none'", "style-src 'sha256-"):
        assert each in policy
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"].lower()
    assert "samesite=lax" in cookie
