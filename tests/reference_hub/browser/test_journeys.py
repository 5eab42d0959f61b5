"""What people do at the reference hub's pages, in a real browser."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from reference_hub import Settings
from reference_hub.running import RunningHub

from .conftest import PASSWORD, log_in

pytestmark = pytest.mark.browser

MOST_TABS = 60


def ask(hub: RunningHub, method: str, path: str, token: str, **body: Any) -> requests.Response:
    headers = {"Authorization": f"token {token}"}
    return requests.request(method, f"{hub.api_url}{path}", headers=headers, timeout=10, **body)


def has_focus(found: Locator) -> bool:
    return bool(found.evaluate("element => element === document.activeElement"))


def tab_to(found: Locator) -> Locator:
    """Press the tab key until the focus, which is to be seen at every stop, is there."""
    expect(found).to_have_count(1)
    for _ in range(MOST_TABS):
        if has_focus(found):
            return found
        found.page.keyboard.press("Tab")
        style = found.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", "nothing shows where the focus is"
    raise AssertionError(f"the tab key does not lead to {found}")


def press(found: Locator) -> None:
    """What a button or a link does, by the keyboard."""
    tab_to(found)
    found.page.keyboard.press("Enter")


def write(found: Locator, text: str) -> None:
    """Fill in a field by the keyboard."""
    tab_to(found)
    found.page.keyboard.press("Control+A")
    found.page.keyboard.type(text)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def card(page: Page, title: str) -> Locator:
    return page.locator(".cards > li").filter(has=page.get_by_role("heading", name=title))


def test_by_the_keyboard_alone(page: Page, hub: RunningHub) -> None:
    page.goto("")
    expect(page).to_have_url(re.compile("/hub/login"))
    write(page.get_by_label("Name"), "ann")
    write(page.get_by_label("Password"), "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Name")).to_have_value("ann")
    assert has_focus(page.get_by_label("Password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your servers")

    press(button(page, "Start Default server"))
    expect(card(page, "Default server")).to_contain_text("It is running.")
    assert ask(hub, "GET", "/users/ann/server", hub.admin_token).json()["ready"]
    press(link(page, "Open Default server"))
    expect(page.get_by_text("you are in it as ann")).to_be_visible()
    press(link(page, "Back to the hub"))

    write(page.get_by_label("Name"), "lab")
    press(button(page, "Add this server"))
    expect(card(page, "lab")).to_contain_text("It is stopped.")
    press(button(page, "Start lab"))
    expect(card(page, "lab")).to_contain_text("It is running.")
    press(button(page, "Stop lab"))
    expect(card(page, "lab")).to_contain_text("It is stopped.")
    press(button(page, "Remove lab"))
    expect(card(page, "lab")).to_have_count(0)
    press(button(page, "Stop Default server"))
    expect(card(page, "Default server")).to_contain_text("It is stopped.")
    press(link(page, "Log out"))
    expect(page).to_have_url(re.compile("/hub/login"))
    page.goto("hub/home")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_server_that_cannot_be_added(page: Page) -> None:
    log_in(page)
    for name, said in (("lab", "lab"), ("lab", "already"), ("No Name!", "Not a valid server name")):
        page.get_by_label("Name").fill(name)
        button(page, "Add this server").click()
        expect(page.locator("main")).to_contain_text(said)
    field = page.get_by_label("Name")
    expect(field).to_have_value("No Name!")
    expect(field).to_have_accessible_description(re.compile("Not a valid server name"))
    assert has_focus(field)
    expect(card(page, "lab")).to_have_count(1)


def test_a_start_that_takes_time_or_fails(page: Page, hub: RunningHub) -> None:
    hub.start_server("ann", delay=60)
    hub.add_user("ben")
    log_in(page)
    expect(card(page, "Default server")).to_contain_text("It is starting.")
    page.goto("user/ann/")
    expect(page.get_by_role("alert")).to_contain_text("No server is running")
    hub.clock.advance(61)
    page.reload()
    expect(page.get_by_text("you are in it as ann")).to_be_visible()
    options = {"user_options": {"fail": True}}
    ask(hub, "PUT", "/users/ann/servers/bad", hub.admin_token, json=options)
    page.goto("hub/home")
    button(page, "Start bad").click()
    expect(page.get_by_role("alert")).to_contain_text("The server did not start")
    expect(card(page, "bad")).to_contain_text("The last start failed")


def test_a_page_that_is_out_of_date(page: Page, hub: RunningHub) -> None:
    log_in(page)
    hub.start_server("ann")
    button(page, "Start Default server").click()
    expect(page.get_by_role("alert")).to_contain_text("is already running")
    expect(card(page, "Default server")).to_contain_text("It is running.")
    token = ask(hub, "POST", "/users/ann/tokens", hub.admin_token, json={"note": "gone"}).json()
    page.goto("hub/token")
    ask(hub, "DELETE", f"/users/ann/tokens/{token['id']}", hub.admin_token)
    button(page, "Revoke gone").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no token")
    expect(card(page, "gone")).to_have_count(0)


def test_a_token_from_request_to_revocation(page: Page, hub: RunningHub) -> None:
    log_in(page)
    link(page, "Tokens").click()
    page.get_by_label("Note").fill("for <b>my</b> script")
    page.get_by_label("Expires").select_option("in a week")
    page.get_by_label("Scopes").fill("read:users!user no:such")
    button(page, "Request a token").click()
    scopes = page.get_by_label("Scopes")
    expect(scopes).to_have_accessible_description(re.compile("There is no scope 'no:such'"))
    expect(scopes).to_have_value("read:users!user no:such")
    expect(page.get_by_label("Note")).to_have_value("for <b>my</b> script")
    assert page.get_by_label("Expires").input_value() == str(7 * 86400)
    assert has_focus(scopes)

    scopes.fill("read:users!user")
    button(page, "Request a token").click()
    secret = page.get_by_label("New token").input_value()
    answer = ask(hub, "GET", "/user", secret)
    assert (answer.status_code, answer.json()["name"]) == (200, "ann")
    page.reload()
    expect(page.get_by_label("New token")).to_have_count(0)
    assert secret not in page.content()
    expect(card(page, "for <b>my</b> script")).to_contain_text("read:users!user")
    button(page, "Revoke for <b>my</b> script").click()
    expect(card(page, "for <b>my</b> script")).to_have_count(0)
    assert ask(hub, "GET", "/user", secret).status_code == 403


def test_tokens_that_have_expired_are_not_shown(page: Page, hub: RunningHub) -> None:
    log_in(page)
    page.goto("hub/token")
    page.get_by_label("Note").fill("short")
    page.get_by_label("Expires").select_option("in an hour")
    button(page, "Request a token").click()
    expect(card(page, "short")).to_have_count(1)
    hub.clock.advance(3601)
    page.reload()
    expect(card(page, "short")).to_have_count(0)


def test_a_share_is_accepted(page: Page, hub: RunningHub) -> None:
    hub.start_server("bob", "lab")
    code = hub.share_code("bob", "lab")
    page.goto(f"hub/accept-share?code={code}")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Log in").click()
    expect(page.locator("main")).to_contain_text("bob lets you into the server lab.")
    button(page, "Accept").click()
    button(page, "Agree").click()  # that bob's server learns who comes
    expect(page.get_by_text("you are in it as ann")).to_be_visible()
    page.goto("hub/home")
    expect(page.locator("main")).to_contain_text("lab of bob")


def test_a_share_code_that_has_expired(page: Page, hub: RunningHub) -> None:
    hub.start_server("bob")
    code = hub.share_code("bob")
    log_in(page)
    page.goto(f"hub/accept-share?code={code}")
    hub.clock.advance(86401)
    button(page, "Accept").click()
    field = page.get_by_label("Share code")
    expect(field).to_have_value(code)
    expect(field).to_have_accessible_description(re.compile("not valid, or no longer"))
    page.reload()
    page.goto("hub/home")
    expect(page.locator("main")).not_to_contain_text("bob")


def test_a_service_is_let_know_who_one_is(page: Page, hub: RunningHub) -> None:
    log_in(page)
    page.goto("hub/api/oauth2/authorize?response_type=code&client_id=service-lab&state=s%26t")
    expect(page.get_by_role("heading", level=1)).to_have_text("Let lab know who you are?")
    expect(page.locator("main")).to_contain_text("read:users!user")
    button(page, "Agree").click()
    page.wait_for_url("**/services/lab/oauth_callback?*")
    given = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
    assert given["state"] == "s&t"
    form = {
        "client_id": "service-lab",
        "client_secret": "secret-of-the-lab",
        "grant_type": "authorization_code",
        "code": given["code"],
    }
    answer = requests.post(f"{hub.api_url}/oauth2/token", data=form, timeout=10)
    assert ask(hub, "GET", "/user", answer.json()["access_token"]).json()["name"] == "ann"
    page.goto("hub/token")
    expect(page.locator(".cards")).to_contain_text("lab")


def test_pages_that_are_not_for_one(page: Page, hub: RunningHub) -> None:
    hub.start_server("ann")
    log_in(page, "bob")
    answer = page.goto("hub/api/oauth2/authorize?response_type=code&client_id=service-lab")
    assert answer
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_have_text("You may not use lab.")
    page.goto("user/ann/")
    expect(page.get_by_role("heading", level=1)).to_have_text("403 Forbidden")
    answer = page.goto("hub/nowhere")
    assert answer
    assert answer.status == 404
    link(page, "Back to the home page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your servers")


MARKUP = "<img src=x onerror=\"document.title='broken'\">"


def is_whole(page: Page) -> bool:
    """Nothing of what others wrote has become part of the page."""
    return "broken" not in page.title() and page.locator("img").count() == 0


def test_markup_is_shown_and_not_obeyed(page: Page, hub: RunningHub) -> None:
    hub.start_server(MARKUP)  # of a user of that name: only slashes are forbidden there
    code = hub.share_code(MARKUP)
    log_in(page)
    for where in ("hub/token?new=", "hub/accept-share?code=", "hub/user/", "hub/", "user/"):
        page.goto(where + quote(MARKUP))
        assert is_whole(page)
    page.goto("hub/token")
    page.get_by_label("Note").fill(MARKUP)
    page.get_by_label("Scopes").fill(MARKUP)
    button(page, "Request a token").click()
    expect(page.locator("main")).to_contain_text("There is no scope")
    assert is_whole(page)
    page.get_by_label("Scopes").fill("")
    button(page, "Request a token").click()
    expect(card(page, MARKUP)).to_have_count(1)
    page.goto("hub/home")
    page.get_by_label("Name").fill(MARKUP)
    button(page, "Add this server").click()
    expect(page.get_by_label("Name")).to_have_value(MARKUP)
    page.goto(f"hub/accept-share?code={code}")
    expect(page.locator("main")).to_contain_text(f"{MARKUP} lets you into")
    button(page, "Accept").click()
    button(page, "Agree").click()
    page.goto("hub/home")
    expect(page.locator("main")).to_contain_text(f"of {MARKUP}")
    assert is_whole(page)


def test_below_a_base_url(chromium: Browser) -> None:
    with (
        RunningHub(Settings(base_url="/some/where/", password=PASSWORD)) as hub,
        chromium.new_context(base_url=hub.url) as context,
    ):
        page = context.new_page()
        log_in(page)
        button(page, "Start Default server").click()
        link(page, "Open Default server").click()
        expect(page.get_by_text("you are in it as ann")).to_be_visible()
        link(page, "Back to the hub").click()
        button(page, "Stop Default server").click()
        page.goto("user/ann/")
        expect(page.get_by_role("alert")).to_contain_text("No server is running")
        link(page, "Tokens").click()
        button(page, "Request a token").click()
        expect(page.get_by_label("New token")).to_be_visible()
        link(page, "Log out").click()
        expect(page).to_have_url(f"{hub.url}hub/login")


@pytest.mark.parametrize("name", ["ann@example.org", "änn o'neil", "a+b;c (d)"])
def test_names_of_all_kinds(page: Page, hub: RunningHub, name: str) -> None:
    hub.start_server(name)
    hub.start_server(name, "lab")
    log_in(page, name)
    for server in ("Default server", "lab"):
        link(page, f"Open {server}").click()
        expect(page.get_by_text(f"you are in it as {name}")).to_be_visible()
        page.reload()
        expect(page.get_by_text(f"you are in it as {name}")).to_be_visible()
        link(page, "Back to the hub").click()
    page.goto("hub/token")
    expect(page.locator("main")).to_contain_text("the server at")


@pytest.mark.parametrize("where", ["//x.invalid/", "https://x.invalid/", "/\\x.invalid/"])
def test_a_login_leads_nowhere_else(page: Page, hub: RunningHub, where: str) -> None:
    page.goto(f"hub/login?next={quote(where)}")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Log in").click()
    page.wait_for_load_state()
    assert page.url == f"{hub.url}hub/home"
