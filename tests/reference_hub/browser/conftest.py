"""A real Chromium, and a hub that people can log in to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from reference_hub.running import RunningHub

PASSWORD = "password-of-all"
PATIENCE = 30_000  # milliseconds, for a machine that has much else to do
expect.set_options(timeout=PATIENCE)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium_path() -> str:
    """Where Chromium is. Without one these tests fail: of one left out nobody would hear."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.fail(
            "There is no Chromium: `.ci/chromium` installs Debian's as root; "
            "else set CHROMIUM to the path of one.",
            pytrace=False,
        )
    return found


# Not for the whole session: while Playwright runs, its event loop counts as running in this thread.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, with a profile of its own that is thrown away."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server() -> Iterator[RunningHub]:
    """The hub that all these tests share."""
    with RunningHub() as hub:
        yield hub


def configure(hub: RunningHub) -> None:
    """Let people log in, and ann (not bob) use the service `lab`; nobody may use `exam`."""
    services = [
        {
            "name": name,
            "api_token": f"secret-of-the-{name}",
            "oauth_redirect_uri": f"/services/{name}/oauth_callback",
            "oauth_client_allowed_scopes": ["read:users!user"],
        }
        for name in ("lab", "exam")
    ]
    role = {"name": "lab-users", "scopes": ["access:services!service=lab"], "users": ["ann"]}
    hub.configure(password=PASSWORD, services=services, load_roles=[role])


@pytest.fixture
def hub(server: RunningHub) -> RunningHub:
    """A hub as good as new, with that configuration."""
    server.reset()
    configure(server)
    return server


@pytest.fixture
def context(chromium: Browser, hub: RunningHub) -> Iterator[BrowserContext]:
    """Somebody's browser, as large as a laptop's window."""
    size = {"width": 1280, "height": 800}
    context = chromium.new_context(viewport=size, base_url=hub.url)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


def log_in(page: Page, name: str = "ann") -> None:
    """Log in as a person would."""
    page.goto("hub/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/hub/home")
