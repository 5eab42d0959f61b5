"""Services: list, read, and those that are made at run time."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from .. import access, checks, errors, models, names, roles, scopes, tokens
from ..call import Call, Reply, created, empty
from ..entities import JSON, Service
from ..hub import Hub, digest

MIN_SECRET = 8  # characters


def find(hub: Hub, name: str) -> Service:
    """The service, or a 404."""
    if name not in hub.services:
        raise errors.no_such_service(name)
    return hub.services[name]


def list_services(call: Call) -> Reply:
    """``GET /services``: an object by name, never cut into pages."""
    requester = call.require_some("list:services")
    filters = requester.grants["list:services"]
    return Reply(
        {
            name: models.service_model(call.hub, requester, service)
            for name, service in call.hub.services.items()
            if scopes.covers(filters, "service", name, call.hub.groups_of)
        }
    )


def read_service(call: Call, name: str) -> Reply:
    """``GET /services/{name}``."""
    requester = call.require(
        "read:services", "read:services:name", "read:roles:services", kind="service", name=name
    )
    return Reply(models.service_model(call.hub, requester, find(call.hub, name)))


def create_service(call: Call, name: str) -> Reply:
    """``POST /services/{name}``: an external service; the hub starts no processes."""
    requester = call.require("admin:services", kind="service", name=name)
    body = call.body.json()
    if name in call.hub.services:
        raise errors.service_exists(name)
    if not body or not isinstance(body, dict):
        raise errors.not_an_object()
    spec = checks.check_keys({**body, "name": name}, checks.SERVICE_KEYS, "service")
    check_grantable(call.hub, requester, spec)
    check_spec(call.hub, spec)
    service = register(call.hub, spec, from_config=False)
    return created(models.service_model(call.hub, requester, service))


def check_grantable(hub: Hub, requester: access.Requester, spec: JSON) -> None:
    """Raise a 400 where the service would be given more than its maker holds."""
    asked = list(roles.DEFAULT_ROLES["admin"]) if spec.get("admin") else []
    allowed = spec.get("oauth_client_allowed_scopes", [])
    asked += checks.strings("oauth_client_allowed_scopes", allowed)
    tokens.check_issuable(hub, requester.owner, asked)


def check_spec(hub: Hub, spec: JSON) -> None:
    """Raise a 400 for a service that cannot exist."""
    if not names.is_valid_service_name(spec["name"]):
        raise errors.invalid_names("service", [spec["name"]])
    if spec.get("command"):
        _refuse(spec, "the hub cannot run a command for it at run time")
    if spec.get("url") and urlsplit_scheme(spec["url"]) not in {"http", "https"}:
        _refuse(spec, "its url must be http or https")
    check_oauth(spec)
    check_secret(hub, spec)


def urlsplit_scheme(url: str) -> str:
    """The scheme of a URL; empty for what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.hostname and parts.port != 0 else ""
    except ValueError:
        return ""


def check_oauth(spec: JSON) -> None:
    """Raise a 400 for OAuth details that do not add up to a client."""
    client_id = spec.get("oauth_client_id")
    if client_id and not client_id.startswith("service-"):
        _refuse(spec, "its oauth_client_id must start with service-")
    wants_oauth = client_id or spec.get("oauth_no_confirm")
    if wants_oauth and not spec.get("url") and not spec.get("oauth_redirect_uri"):
        _refuse(spec, "OAuth needs a url or an oauth_redirect_uri")


def check_secret(hub: Hub, spec: JSON) -> None:
    """Raise a 400 for a token that is too easy to guess, or in use."""
    secret = spec.get("api_token")
    if not secret:
        return
    if len(secret) < MIN_SECRET:
        _refuse(spec, f"its api_token needs at least {MIN_SECRET} characters")
    if hub.find_token(secret) is not None:
        _refuse(spec, "its api_token is in use")


def _refuse(spec: JSON, why: str) -> NoReturn:
    raise errors.service_not_created(spec["name"], why)


def register(hub: Hub, spec: JSON, *, from_config: bool) -> Service:
    """Make a checked service, with its token if one is given."""
    service = Service(
        name=spec["name"],
        admin=spec.get("admin", False),
        url=spec.get("url", ""),
        command=list(spec.get("command", [])),
        info=spec.get("info", {}),
        display=spec.get("display", True),
        oauth_client_id=spec.get("oauth_client_id") or f"service-{spec['name']}",
        oauth_redirect=redirect_of(hub, spec),
        oauth_scopes=tuple(spec.get("oauth_client_allowed_scopes", [])),
        oauth_no_confirm=spec.get("oauth_no_confirm", False),
        secret_digest=digest(spec["api_token"]) if spec.get("api_token") else "",
        from_config=from_config,
    )
    hub.add_service(service)
    if spec.get("api_token"):
        tokens.issue(hub, service, secret=spec["api_token"], note="given with the service")
    return service


def redirect_of(hub: Hub, spec: JSON) -> str:
    """Where users of a service are sent back to; "" where it is no OAuth client."""
    own = f"{hub.settings.base_url}services/{spec['name']}/oauth_callback"
    return spec.get("oauth_redirect_uri") or (own if spec.get("url") else "")


def delete_service(call: Call, name: str) -> Reply:
    """``DELETE /services/{name}``: 200, unlike other deletions; configured ones stay."""
    call.require("admin:services", kind="service", name=name)
    service = find(call.hub, name)
    if service.from_config:
        raise errors.service_from_config(name)
    call.hub.remove_service(service)
    return empty()
