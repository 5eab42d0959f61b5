"""Between HTTP and the core: requests become calls, replies become responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote_to_bytes

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from ..core import access, errors, html
from ..core.call import Body, Call, Query, Reply
from ..core.hub import Hub
from ..core.operations import info
from ..core.settings import Settings


def hub_headers(settings: Settings, *, page: bool = False) -> dict[str, str]:
    """The headers of every answer of the hub; a page may have its style, JSON nothing."""
    report = f"{settings.hub_prefix}security/csp-report"
    policy = html.POLICY if page else "default-src 'none'"
    return {
        "x-jupyterhub-version": info.VERSION,
        "access-control-allow-headers": "accept, content-type, authorization",
        "content-security-policy": f"frame-ancestors 'none'; report-uri {report}; {policy}",
    }


async def to_call(hub: Hub, request: Request, *, token_argument: bool = False) -> Call:
    """The request as the core sees it, its sender identified."""
    raw = await request.body()
    check_multipart(request.headers.get("content-type", ""), raw)
    query = Query(parse_query(request))
    return Call(
        hub=hub,
        requester=access.identify(hub, authorization(request, query, token_argument)),
        query=query,
        body=Body(raw),
        accept=",".join(request.headers.getlist("accept")),
        url=url_as_sent(request),
    )


def parse_query(request: HTTPConnection) -> Mapping[str, list[str]]:
    """The query arguments; what is no UTF-8 is refused when (and if) it is looked at."""
    raw = request.scope["query_string"].decode("latin-1")
    return parse_qs(raw, keep_blank_values=True, errors="surrogateescape") if raw else {}


def authorization(request: HTTPConnection, query: Query, token_argument: bool) -> str:
    """The Authorization header, or what a ``token`` argument (servers allow one) amounts to."""
    header = request.headers.get("authorization", "")
    if not header and token_argument and (token := query.get("token")):
        return f"token {token}"
    return header


def url_as_sent(request: Request) -> str:
    """The URL as the client wrote it, escapes and all."""
    scope = request.scope
    host = request.headers.get("host", "localhost")
    return f"{scope['scheme']}://{host}{scope['path']}{query_as_sent(request)}"


def query_as_sent(request: Request) -> str:
    """The query with its question mark, or nothing."""
    query = request.scope["query_string"].decode("latin-1")
    return f"?{query}" if query else ""


def check_multipart(content_type: str, raw: bytes) -> None:
    """Raise a 400 for a multipart body without its closing boundary.

    No operation reads forms, but the real hub parses them before anything else.
    """
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return
    boundary = parameters.partition("boundary=")[2].split(";")[0].strip().strip('"')
    if not boundary or f"--{boundary}--".encode("latin-1", "replace") not in raw:
        raise errors.bad_multipart()


def decode_parameters(parameters: Mapping[str, str]) -> list[str]:
    """Path parameters without their escapes. Raises a 400 for what is no UTF-8."""
    try:
        return [unquote_to_bytes(value).decode() for value in parameters.values()]
    except UnicodeDecodeError:
        raise errors.undecodable("path") from None


def to_response(reply: Reply, headers: Mapping[str, str]) -> Response:
    """The reply as HTTP. JSON is ASCII, so that any text a client stored can be sent back."""
    content = json.dumps(reply.value).encode() if reply.has_body else b""
    merged = {**headers, **{key.lower(): value for key, value in reply.headers.items()}}
    if reply.status != 204:  # no content, hence no type of it
        merged["content-type"] = reply.content_type
    return Response(content, reply.status, headers=merged)


def to_error(error: errors.HubError, headers: Mapping[str, str]) -> Response:
    """A refusal as HTTP: the same two keys everywhere."""
    value = {"message": error.message, "status": error.status}
    return to_response(Reply(value, error.status, headers=error.headers), headers)
