"""Pages over HTTP: cookies, logins, and what keeps forged forms out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tests.reference_hub.tools import SECRETS

from .client import Client, Response
from .conftest import Live

PASSWORD = "password-of-all"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    """A hub that people can log in to."""
    before = live.hub.settings
    live.hub.settings = replace(before, password=PASSWORD)
    with live.client() as client:
        yield client
    live.hub.settings = before


class Visitor:
    """A browser that keeps the cookies."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}

    def __call__(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        cookie = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        raw = urlencode(form).encode() if form is not None else None
        sent = {"Cookie": cookie, **(FORM if form is not None else {}), **(headers or {})}
        self.client.connection.request(method, path, raw, sent)
        answer = self.client.connection.getresponse()
        for name, text in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, value = text.partition(";")[0].partition("=")
                self.cookies[key] = value.strip('"')
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, received, answer.read())

    def send(self, path: str, **form: str) -> Response:
        """Send a form as the page does that it stands on."""
        return self("POST", path, {"_xsrf": self.cookies["_xsrf"], **form})

    def log_in(self, password: str = PASSWORD, **form: str) -> Response:
        self("GET", "/hub/login")
        filled = {"username": "ann", "password": password, "_xsrf": self.cookies["_xsrf"], **form}
        return self("POST", "/hub/login", filled)


@pytest.fixture
def visitor(client: Client) -> Visitor:
    return Visitor(client)


def test_a_login_opens_pages_and_api(visitor: Visitor) -> None:
    assert visitor("GET", "/hub/home").headers["location"] == "/hub/login?next=%2Fhub%2Fhome"
    assert visitor.log_in().status == 302
    assert b"Logged in as ann" in visitor("GET", "/hub/home").content
    model = visitor("GET", "/hub/api/user").json
    assert (model["name"], model["token_id"], model["session_id"]) == ("ann", None, None)


@pytest.mark.parametrize(
    "form", [{"password": "x"}, {"_xsrf": "x"}, {"username": "a/b"}, {"password": ""}]
)
def test_a_login_that_is_refused(visitor: Visitor, form: dict[str, str]) -> None:
    assert visitor.log_in(**form).status == 403
    assert visitor("GET", "/hub/api/user").status == 403


def test_without_a_password_nobody_logs_in(live: Live, visitor: Visitor) -> None:
    live.hub.settings = replace(live.hub.settings, password="")
    assert visitor.log_in("").status == 403


@pytest.mark.parametrize("where", ["//x/", "https://x/", "/\\x/", "x", "/\nx"])
def test_a_login_leads_nowhere_else(visitor: Visitor, where: str) -> None:
    visitor.log_in()
    answer = visitor("GET", f"/hub/login?{urlencode({'next': where})}")
    assert answer.headers["location"] == "/hub/home"


def test_a_login_leads_to_where_one_wanted_to_go(visitor: Visitor) -> None:
    visitor.log_in()
    answer = visitor("GET", f"/hub/login?{urlencode({'next': '/hub/token?a=b'})}")
    assert answer.headers["location"] == "/hub/token?a=b"


def test_a_write_by_cookie_needs_its_value(visitor: Visitor) -> None:
    visitor.log_in()
    path = "/hub/api/users/ann/tokens"
    assert visitor("POST", path).status == 403
    assert visitor("POST", f"{path}?_xsrf=x").status == 403
    xsrf = visitor.cookies["_xsrf"]
    assert visitor("POST", f"{path}?_xsrf={xsrf}").status == 201
    assert visitor("POST", path, headers={"X-XSRFToken": xsrf}).status == 201
    headers = {"Content-Type": "text/plain", "X-XSRFToken": xsrf}
    assert visitor("POST", path, headers=headers).status == 403


def test_a_read_of_another_site_is_refused(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor("GET", "/hub/api/user", headers={"Sec-Fetch-Mode": "cors"}).status == 403


@pytest.mark.parametrize(("secret", "who"), [(SECRETS["bob"], "bob"), ("no-such", "ann")])
def test_a_token_decides_beside_a_cookie_unless_it_is_none(
    visitor: Visitor, secret: str, who: str
) -> None:
    visitor.log_in()
    answer = visitor("GET", "/hub/api/user", headers={"Authorization": f"token {secret}"})
    assert answer.json["name"] == who


@pytest.mark.parametrize("path", ["", "nope", "tree/x", "hub/nope", "hub/home", "user/ann/x"])
def test_writes_without_the_forms_value_learn_nothing(visitor: Visitor, path: str) -> None:
    visitor.log_in()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = visitor(method, f"/{path}", headers={"Authorization": "token x"})
        assert (refused.status, media_type(refused)) == (403, "text/html")
    told = visitor("PUT", f"/{path}?_xsrf={visitor.cookies['_xsrf']}")
    assert (told.status, media_type(told)) == (404 if path == "hub/nope" else 405, "text/html")


def media_type(answer: Response) -> str:
    return answer.headers["content-type"].partition(";")[0]


def test_a_logout_ends_the_session_for_every_copy(visitor: Visitor) -> None:
    visitor.log_in()
    before = dict(visitor.cookies)
    assert visitor("GET", "/hub/logout").status == 302
    visitor.cookies = before
    assert visitor("GET", "/hub/api/user").status == 403


def test_pages_escape_what_others_wrote(visitor: Visitor, client: Client) -> None:
    visitor.log_in()
    client("POST", "/hub/api/users/ann/tokens", {"note": "<b>bold</b>"})
    text = visitor("GET", "/hub/token").content.decode()
    assert "&lt;b&gt;bold" in text
    assert "<b>" not in text


def test_a_share_code_is_taken(visitor: Visitor, client: Client) -> None:
    code = client("POST", "/hub/api/share-codes/bob/", {}).json["code"]
    visitor.log_in()
    text = visitor("GET", f"/hub/accept-share?code={code}").content.decode()
    found = re.search(r'name="_xsrf" value="(\w+)"', text)
    assert found
    form = {"code": code, "_xsrf": found[1]}
    assert visitor("POST", "/hub/accept-share", {"code": code}).status == 403
    assert visitor("POST", "/hub/accept-share", form).headers["location"] == "/user/bob/"
    assert client("GET", "/hub/api/users/ann/shared/bob/").status == 200
    assert visitor("GET", "/hub/accept-share?code=x").status == 404


def test_methods_that_a_page_does_not_have(visitor: Visitor) -> None:
    visitor.log_in()
    for method, path, status in (
        ("POST", "/hub/logout", 405),
        ("PUT", "/hub/home", 405),
        ("GET", "/hub/nope", 404),
        ("POST", "/hub/nope", 404),
    ):
        answer = visitor(method, path, {"_xsrf": visitor.cookies["_xsrf"]})
        assert answer.status == status
        assert answer.headers["content-type"].startswith("text/html")


def test_a_session_does_not_resolve_credentials(visitor: Visitor) -> None:
    visitor.log_in()
    for path in ("token/x", "cookie/x/y"):
        assert visitor("GET", f"/hub/api/authorizations/{path}").status == 403
