"""OAuth 2, the authorization code grant (RFC 6749, with RFC 7636): asking, agreeing, exchanging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from .. import access, errors, html, oauth
from ..call import Reply
from ..hub import Hub
from ..oauth import Client, Code
from ..pages import Page, Visit, paragraph, redirect

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CODE_GRANT = "authorization_code"
#: What each kind of grant is proven by. Nobody is given refresh tokens, and no client may use any.
_PROOFS = {_CODE_GRANT: "code", "refresh_token": "refresh_token"}


class ForClient(Exception):
    """A refusal that the client is told, by the redirect that the user is sent on with."""

    def __init__(self, error: str, why: str = "") -> None:
        super().__init__(error)
        self.said = said(error, why)


def said(error: str, why: str) -> dict[str, str]:
    """A refusal as RFC 6749 has it; most need no description."""
    return {"error": error, **({"error_description": why} if why else {})}


def authorize(visit: Visit) -> Page:
    """``GET /oauth2/authorize``: ask the user, unless they agreed before."""
    client = client_of(visit)
    try:
        scopes = requested(visit, client)
    except ForClient as refusal:
        return hand_on(visit, client, **refusal.said)
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
        if not set(agreed) <= {*asked, *client.always, oauth.IDENTIFY}:
            raise ForClient("invalid_scope")
    except ForClient as refusal:
        return hand_on(visit, client, **refusal.said)
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
    if not kind:
        raise ForClient("invalid_request", "There is no response_type.")
    if kind != "code":
        raise ForClient("unsupported_response_type")
    if challenge_of(visit)["method"] not in oauth.METHODS:
        raise ForClient("invalid_request", "The code_challenge_method is not known here.")
    given = visit.query.get("scope")
    if given is None:
        return [*client.allowed, client.required]
    scopes = given.split()
    if not scopes or not client.may_have(scopes):
        raise ForClient("invalid_scope")
    return scopes


def challenge_of(visit: Visit) -> dict[str, str]:
    """What a code is asked for with, to be met when it is exchanged."""
    method = visit.query.get("code_challenge_method") or "plain"
    return {"challenge": visit.query.get("code_challenge") or "", "method": method}


def check_access(visit: Visit, client: Client) -> None:
    """Raise a 403 for a user who may not use what the client stands for."""
    kind, name = client.access
    requester = access.Requester(visit.hub, visit.known().token)
    if not requester.may(f"access:{kind}s", kind, name):
        raise errors.no_access_to_client(client.name)


def hand_code(visit: Visit, client: Client, scopes: Iterable[str]) -> Page:
    """Send the user on to the client with a code."""
    code = oauth.issue_code(visit.hub, client, visit.known(), scopes, **challenge_of(visit))
    return hand_on(visit, client, code=code)


def hand_on(visit: Visit, client: Client, **said: str) -> Page:
    """Send the user on to the client, with the state that it sent them here with."""
    state = visit.query.raw("state")
    query = urlencode({**said, **({"state": state} if state is not None else {})})
    return redirect(f"{client.redirect}{'&' if '?' in client.redirect else '?'}{query}")


def exchange(hub: Hub, form: Mapping[str, str]) -> Reply:
    """``POST /oauth2/token``: a code and the client's secret become a token."""
    grant = form.get("grant_type", "")
    if grant not in _PROOFS:
        return refuse("unsupported_grant_type")
    if not form.get(_PROOFS[grant]):
        return refuse("invalid_request", f"There is no {_PROOFS[grant]}.")
    client = oauth.find_client(hub, form.get("client_id", ""))
    if client is None or not client.is_proven_by(form.get("client_secret", "")):
        return refuse("invalid_client", status=401)
    if grant != _CODE_GRANT:
        return refuse("unauthorized_client")
    code = hub.codes.find(form["code"], hub.clock())
    if code is None or code.client.id != client.id:
        return refuse("invalid_grant")
    return refusal_of_code(code, client, form) or exchanged(hub, code, form["code"])


def refusal_of_code(code: Code, client: Client, form: Mapping[str, str]) -> Reply | None:
    """What a client is told that does not send with its code what it was asked for with."""
    if not code.is_met_by(form.get("code_verifier", "")):
        if "code_verifier" in form:
            return refuse("invalid_grant")
        return refuse("invalid_request", "The code was asked for with a code_challenge.")
    if form.get("redirect_uri", client.redirect) != client.redirect:
        return refuse("invalid_request", "The redirect_uri is not that of the client.")
    return None


def exchanged(hub: Hub, code: Code, secret: str) -> Reply:
    """The token for a code, which is of no use any more."""
    hub.codes.take(secret)
    _, token = oauth.issue_token(hub, code)
    value = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": oauth.TOKEN_LIFETIME,
        "scope": " ".join(code.scopes),
    }
    return Reply(value, headers=_NO_STORE)


def refuse(error: str, why: str = "", *, status: int = 400) -> Reply:
    """A refusal in the form of RFC 6749; who could not be identified is told how they may be."""
    scheme = {"WWW-Authenticate": f'Bearer error="{error}"'} if status == 401 else {}
    return Reply(said(error, why), status, headers={**_NO_STORE, **scheme})
