"""Shares: granted and revoked by the owner of a server, listed and given up by the recipient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import access, checks, errors, pagination, share_models, shares
from ..call import Call, Reply, empty
from ..entities import JSON, Group, Server, User
from ..hub import Hub
from ..shares import Share
from . import groups, servers, users

_KEYS = frozenset({"scopes", "user", "group"})


@dataclass(frozen=True)
class ShareRequest:
    """What the body of a grant or a revocation says; ``scopes`` are None if it gives none."""

    recipient_kind: str
    recipient: str
    scopes: Sequence[str] | None

    @property
    def is_for_group(self) -> bool:
        """Whether the recipient is a group."""
        return self.recipient_kind == "group"


# What a path names


def owned_servers(hub: Hub, owner_name: str) -> list[Server]:
    """Every server of a user, or a 404."""
    return list(users.find(hub, owner_name).servers.values())


def find_server(hub: Hub, owner_name: str, server_name: str) -> Server | None:
    """The server, None if it or its owner is absent."""
    owner = hub.find_user(owner_name)
    return owner.servers.get(server_name) if owner else None


def get_server(hub: Hub, owner_name: str, server_name: str) -> Server:
    """The server, or a 404, the same one for an absent owner."""
    server = find_server(hub, owner_name, server_name)
    if server is None:
        raise errors.no_such_server(owner_name, server_name)
    return server


def get_share(
    hub: Hub, recipient: User | Group | None, name: str, owner: str, server: str
) -> Share:
    """The share of a recipient, who may be absent, and a server; or a 404."""
    found = find_server(hub, owner, server)
    share = hub.shares.find(found, recipient) if found and recipient else None
    if share is None:
        raise errors.no_such_share(name, servers.full_name(owner, server))
    return share


# What a body says


def read_request(call: Call) -> ShareRequest:
    """The body of a grant or a revocation. Raises a 400 for whatever else it holds."""
    body = call.body.optional_object()
    if strangers := body.keys() - _KEYS:
        raise errors.unknown_keys(strangers)
    user, group = (checks.optional(body, key, str) for key in ("user", "group"))
    if bool(user) == bool(group):
        raise errors.one_recipient()
    kind = "user" if user else "group"
    return ShareRequest(kind, user or group, read_scopes(call.hub, body))


def read_scopes(hub: Hub, body: dict[str, JSON]) -> list[str] | None:
    """The scopes that a body asks for, None for none. Raises a 400 if one does not exist."""
    if body.get("scopes") is None:
        return None
    scopes = checks.strings("scopes", body["scopes"])
    hub.scope_table.check_exist(scopes)
    return scopes or None


def shareable_names(scopes: Iterable[str] | None, server: str) -> frozenset[str]:
    """The scopes' names, or the default. Raises a 400 for another filter than the server's."""
    if scopes is None:
        return shares.DEFAULT_SCOPES
    allowed = shares.server_filter(server)
    for scope in scopes:
        if scope.partition("!")[2] not in ("", allowed):
            raise errors.filter_not_shareable(scope, f"!{allowed}")
    return frozenset(scope.partition("!")[0] for scope in scopes)


def check_may_share(requester: access.Requester, names: Iterable[str], server: str) -> None:
    """Raise a 403 where more would be shared than the requester holds."""
    for name in sorted(names):
        if not requester.may(name, "server", server):
            raise errors.may_not_share(f"{name}!{shares.server_filter(server)}")


def named_recipient(requester: access.Requester, request: ShareRequest) -> User | Group:
    """Whom to share with. Raises a 403 if their names are not the requester's to know."""
    scope = f"read:{request.recipient_kind}s:name"
    if not requester.may(scope, request.recipient_kind, request.recipient):
        raise errors.may_not_name_recipient(scope)
    recipient = find_recipient(requester.hub, request)
    if recipient is None:
        raise errors.unknown_recipient(request.recipient_kind, request.recipient)
    return recipient


def find_recipient(hub: Hub, request: ShareRequest) -> User | Group | None:
    """The user or group that a body names, None if absent."""
    if request.is_for_group:
        return hub.groups.get(request.recipient)
    return hub.find_user(request.recipient)


# From the owner's side


def list_of_owner(call: Call, owner: str) -> Reply:
    """``GET /shares/{owner}``: everybody who was let into any of the owner's servers."""
    call.require("read:shares", kind="user", name=owner)
    return list_reply(call, call.hub.shares.of_servers(owned_servers(call.hub, owner)))


def list_of_server(call: Call, owner: str, server: str) -> Reply:
    """``GET /shares/{owner}/{server}``: everybody who was let in."""
    call.require("read:shares", kind="server", name=servers.full_name(owner, server))
    return list_reply(call, call.hub.shares.of_servers([get_server(call.hub, owner, server)]))


def list_reply(call: Call, found: Sequence[Share]) -> Reply:
    """A page of shares, whether the request asks for pages or not."""
    page = pagination.window(call)
    items = [share_models.share_model(call.hub, share) for share in page.cut(found)]
    return Reply(pagination.page_model(call, page, items, len(found)))


def one_server_only(call: Call, owner: str) -> Reply:
    """What is offered for one server and not for all: 405, for those who could do it there."""
    call.require("shares", kind="user", name=owner)
    raise errors.method_not_allowed("Sharing all servers at once")


def grant(call: Call, owner: str, server_name: str) -> Reply:
    """``POST /shares/{owner}/{server}``: 200, whether the share is new, larger or as it was."""
    where = servers.full_name(owner, server_name)
    requester = call.require("shares", kind="server", name=where)
    request = read_request(call)
    names = shareable_names(request.scopes, where)
    server = get_server(call.hub, owner, server_name)
    check_may_share(requester, names, where)
    recipient = named_recipient(requester, request)
    share = call.hub.shares.grant(server, recipient, names, call.hub.clock())
    return Reply(share_models.share_model(call.hub, share))


def revoke(call: Call, owner: str, server_name: str) -> Reply:
    """``PATCH /shares/{owner}/{server}``: the share that is left, ``{}`` if none is."""
    call.require("shares", kind="server", name=servers.full_name(owner, server_name))
    request = read_request(call)
    server = get_server(call.hub, owner, server_name)
    # An absent recipient has no share: nothing is wrong, and nothing is told.
    recipient = find_recipient(call.hub, request)
    share = call.hub.shares.find(server, recipient) if recipient else None
    left = call.hub.shares.revoke(share, request.scopes) if share else None
    return Reply(share_models.share_model(call.hub, left) if left else {})


def revoke_all(call: Call, owner: str, server_name: str) -> Reply:
    """``DELETE /shares/{owner}/{server}``: nobody is left; the codes remain."""
    call.require("shares", kind="server", name=servers.full_name(owner, server_name))
    server = get_server(call.hub, owner, server_name)
    call.hub.shares.forget_server(server)
    return empty(204)


# From the recipient's side


def list_of_user(call: Call, name: str) -> Reply:
    """``GET /users/{name}/shared``: what the user was let into, also as a member of groups."""
    call.require("read:users:shares", kind="user", name=name)
    user = users.find(call.hub, name)
    return list_reply(call, call.hub.shares.of_recipients([user, *user.groups.values()]))


def list_of_group(call: Call, name: str) -> Reply:
    """``GET /groups/{name}/shared``."""
    call.require("read:groups:shares", kind="group", name=name)
    return list_reply(call, call.hub.shares.of_recipients([groups.find(call.hub, name)]))


def read_of_user(call: Call, name: str, owner: str, server: str) -> Reply:
    """``GET /users/{name}/shared/{owner}/{server}``: the user's own, none through groups."""
    call.require("read:users:shares", kind="user", name=name)
    share = get_share(call.hub, call.hub.find_user(name), name, owner, server)
    return Reply(share_models.share_model(call.hub, share))


def read_of_group(call: Call, name: str, owner: str, server: str) -> Reply:
    """``GET /groups/{name}/shared/{owner}/{server}``."""
    call.require("read:groups:shares", kind="group", name=name)
    share = get_share(call.hub, groups.find(call.hub, name), name, owner, server)
    return Reply(share_models.share_model(call.hub, share))


def leave_as_user(call: Call, name: str, owner: str, server: str) -> Reply:
    """``DELETE /users/{name}/shared/{owner}/{server}``: recipients may want no access."""
    call.require("users:shares", kind="user", name=name)
    call.hub.shares.remove(get_share(call.hub, call.hub.find_user(name), name, owner, server))
    return empty(204)


def leave_as_group(call: Call, name: str, owner: str, server: str) -> Reply:
    """``DELETE /groups/{name}/shared/{owner}/{server}``."""
    call.require("groups:shares", kind="group", name=name)
    call.hub.shares.remove(get_share(call.hub, groups.find(call.hub, name), name, owner, server))
    return empty(204)
