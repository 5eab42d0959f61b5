"""OAuth 2, the authorization code grant (RFC 6749, with RFC 7636): asking, agreeing, exchanging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from .. import access, errors, html, oauth
from ..call import Reply
from ..hub import Hub
from ..oauth import Client
from ..pages import Page, Visit, paragraph, redirect

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class ForClient(Exception):
    """A refusal that the client is told, by the redirect that the user is sent on with."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def authorize(visit: Visit) -> Page:
    """``GET /oauth2/authorize``: ask the user, unless they agreed before."""
    client = client_of(visit)
    try:
        scopes = requested(visit, client)
    except ForClient as refusal:
        return hand_on(visit, client, error=refusal.error)
    check_access(visit, client)
    if oauth.is_agreed(client, visit.known().user, scopes):
        return hand_code(visit, client, scopes)
    return visit.page(
        f"Let {client.name} know who you are?",
        paragraph(f"It is at {client.redirect}, and may do with your account what these allow:"),
        html.listing(html.tag("code", scope) for scope in scopes),
        visit.form_of(
            *(html.hidden("scopes", scope) for scope in scopes),
            html.acts(
                html.button("Agree"),
                html.tag("a", "No, back to the home page", href=visit.path("home")),
            ),
        ),
    )


def agree(visit: Visit) -> Page:
    """``POST /oauth2/authorize``: the user agrees to the scopes in the form."""
    client = client_of(visit)
    try:
        asked = requested(visit, client)
        agreed = list(visit.form.get("scopes", [])) or [oauth.IDENTIFY]
        if not set(agreed) <= {*asked, client.required, oauth.IDENTIFY}:
            raise ForClient("invalid_scope")
    except ForClient as refusal:
        return hand_on(visit, client, error=refusal.error)
    check_access(visit, client)
    return hand_code(visit, client, agreed)


def client_of(visit: Visit) -> Client:
    """Who asks. Raises a 400 for a client or address that is not registered: nobody is sent on."""
    client = oauth.find_client(visit.hub, visit.query.get("client_id") or "")
    if client is None:
        raise errors.unknown_oauth_client()
    given = visit.query.get("redirect_uri")
    if given is not None and given != client.redirect:
        raise errors.wrong_redirect()
    return client


def requested(visit: Visit, client: Client) -> list[str]:
    """The raw scopes asked for: all that the client may have, unless it says which."""
    kind = visit.query.get("response_type")
    if kind != "code":
        raise ForClient("unsupported_response_type" if kind else "invalid_request")
    given = visit.query.get("scope")
    if not given:
        return [*client.allowed, client.required]
    scopes = given.split()
    if not client.may_have(scopes):
        raise ForClient("invalid_scope")
    return scopes


def check_access(visit: Visit, client: Client) -> None:
    """Raise a 403 for a user who may not use what the client stands for."""
    kind, name = client.access
    requester = access.Requester(visit.hub, visit.known().token)
    if not requester.may(f"access:{kind}s", kind, name):
        raise errors.no_access_to_client(client.name)


def hand_code(visit: Visit, client: Client, scopes: Iterable[str]) -> Page:
    """Send the user on to the client with a code."""
    asked = {key: visit.query.get(key) or "" for key in ("code_challenge", "code_challenge_method")}
    given = {key: value for key, value in asked.items() if value}
    code = oauth.issue_code(visit.hub, client, visit.known(), scopes, given)
    return hand_on(visit, client, code=code)


def hand_on(visit: Visit, client: Client, **said: str) -> Page:
    """Send the user on to the client, with the state that it sent them here with."""
    state = visit.query.raw("state")
    query = urlencode({**said, **({"state": state} if state is not None else {})})
    return redirect(f"{client.redirect}{'&' if '?' in client.redirect else '?'}{query}")


def exchange(hub: Hub, form: Mapping[str, str]) -> Reply:
    """``POST /oauth2/token``: a code and the client's secret become a token."""
    client = oauth.find_client(hub, form.get("client_id", ""))
    grant = form.get("grant_type")
    if grant != "authorization_code":
        return refuse("unsupported_grant_type" if grant else "invalid_request")
    if client is None or not client.is_proven_by(form.get("client_secret", "")):
        return refuse("invalid_client", 401)
    if not form.get("code"):
        return refuse("invalid_request")
    code = hub.codes.find(form["code"], hub.clock())
    if code is None or code.client.id != client.id:
        return refuse("invalid_grant")
    if form.get("redirect_uri", client.redirect) != client.redirect:
        return refuse("invalid_request")
    if not code.is_met_by(form.get("code_verifier", "")):
        return refuse("invalid_grant")
    hub.codes.take(form["code"])
    _, secret = oauth.issue_token(hub, code)
    value = {
        "access_token": secret,
        "token_type": "Bearer",
        "expires_in": oauth.TOKEN_LIFETIME,
        "scope": " ".join(code.scopes),
    }
    return Reply(value, headers=_NO_STORE)


def refuse(error: str, status: int = 400) -> Reply:
    """A refusal in the form of RFC 6749."""
    return Reply({"error": error}, status, headers=_NO_STORE)
