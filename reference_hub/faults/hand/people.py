"""Faults in users, groups, services, activity and shares."""

from __future__ import annotations

from typing import Any

from ...core import checks, models, names, share_models, shares, times
from ...core import hub as hubs
from ...core.call import Reply, empty
from ...core.hub import Hub
from ...core.operations import activity, groups, services, share_codes, users
from ...core.operations import shares as share_operations
from ..changes import always, answering, doing, on
from ..fault import make


def _rename_without_groups(original: Any, hub: Hub, user: Any, name: str) -> None:
    for group in list(user.groups.values()):
        groups.leave(user, group)
    original(hub, user, name)


def _rename_without_tokens(original: Any, hub: Hub, user: Any, name: str) -> None:
    for token in list(user.tokens.values()):
        hub.remove_token(token)
    original(hub, user, name)


def _old_name_too(original: Any, hub: Hub, user: Any, name: str) -> None:
    old = user.name
    original(hub, user, name)
    hub._users_by_name[old] = user


def _tokens_outlive(original: Any, hub: Hub, user: Any) -> None:
    kept, user.tokens = user.tokens, {}
    original(hub, user)
    user.tokens = kept


def _members_outlive(original: Any, hub: Hub, user: Any) -> None:
    joined, user.groups = user.groups, {}
    original(hub, user)
    user.groups = joined


def _merge(original: Any, call: Any, name: str) -> Any:
    before = dict(groups.find(call.hub, name).properties)
    original(call, name)
    group = groups.find(call.hub, name)
    group.properties = {**before, **group.properties}
    return Reply(models.group_model(call.requester, group))


def _only_first_member(original: Any, call: Any) -> Any:
    return original(call)[:1]


def _absent_members(original: Any, hub: Hub, value: Any) -> Any:
    known = [name for name in value if hub.find_user(str(name).lower())]
    return original(hub, known)


def _revoked_codes_live(original: Any, table: Any, code: Any) -> None:
    del table._by_server[code.server][code.id]


def _grant_replaces(original: Any, table: Any, server: Any, recipient: Any, *rest: Any) -> Any:
    old = table.find(server, recipient)
    if old:
        table.remove(old)
    return original(table, server, recipient, *rest)


def _revoke_all(original: Any, table: Any, share: Any, scopes: Any = None) -> Any:
    return original(table, share, None)


FAULTS = [
    make(
        "users/rename-loses-groups",
        "subtle",
        "patch-user",
        "A rename loses the groups.",
        (Hub, "rename_user", doing(_rename_without_groups)),
    ),
    make(
        "users/rename-loses-tokens",
        "subtle",
        "patch-user",
        "A rename revokes the tokens.",
        (Hub, "rename_user", doing(_rename_without_tokens)),
    ),
    make(
        "users/old-name-remains",
        "subtle",
        "patch-user get-user",
        "A renamed user is found by the old name, too.",
        (Hub, "rename_user", doing(_old_name_too)),
    ),
    make(
        "users/rename-ignored",
        "medium",
        "patch-user",
        "A rename is not done.",
        (Hub, "rename_user", always(None)),
    ),
    make(
        "users/tokens-outlive-owner",
        "subtle",
        "delete-user get-current-user",
        "Tokens of a deleted user go on working.",
        (Hub, "remove_user", doing(_tokens_outlive)),
    ),
    make(
        "users/members-outlive-user",
        "subtle",
        "delete-user get-group",
        "A deleted user stays in the lists of groups.",
        (Hub, "remove_user", doing(_members_outlive)),
    ),
    make(
        "users/any-name",
        "medium",
        "post-user post-users patch-user",
        "Names of users are not checked.",
        (names, "is_valid_username", always(True)),
    ),
    make(
        "users/admin-flag-ignored",
        "medium",
        "post-user post-users patch-user",
        "admin is ignored.",
        (users, "set_admin", always(None)),
        (
            hubs,
            "set_admin",
            doing(
                lambda old, entity, admin: old(entity, admin) if entity.kind == "service" else None
            ),
        ),
    ),
    make(
        "users/delete-yourself",
        "subtle",
        "delete-user",
        "Users can delete themselves.",
        (
            *on("delete-user"),
            doing(
                lambda old, call, name: (
                    call.hub.remove_user(users.find(call.hub, name)) or empty(204)
                    if call.requester
                    and call.requester.owner.name == name
                    and call.requester.may("delete:users", "user", name)
                    else old(call, name)
                )
            ),
        ),
    ),
    make(
        "users/unknown-keys-accepted",
        "subtle",
        "patch-user post-user",
        "Unknown keys of a user are passed over.",
        (
            checks,
            "check_keys",
            doing(
                lambda old, model, types, what: old(
                    {k: v for k, v in model.items() if k in types}
                    if isinstance(model, dict)
                    else model,
                    types,
                    what,
                )
            ),
        ),
    ),
    make(
        "groups/properties-merged",
        "subtle",
        "put-group-properties",
        "Properties are merged, not replaced.",
        (*on("put-group-properties"), doing(_merge)),
    ),
    make(
        "groups/only-first-member",
        "subtle",
        "post-group-users delete-group-users",
        "Of several members only the first is heeded.",
        (groups, "named_users", doing(_only_first_member)),
    ),
    make(
        "groups/absent-members-passed-over",
        "subtle",
        "post-group-users post-group",
        "Members who do not exist are passed over.",
        (groups, "find_members", doing(_absent_members)),
    ),
    make(
        "groups/leave-is-ignored",
        "medium",
        "delete-group-users",
        "Nobody ever leaves a group.",
        (groups, "leave", always(None)),
    ),
    make(
        "groups/join-one-side",
        "subtle",
        "post-group-users get-user",
        "A new member shows in the group and not in the user.",
        (groups, "join", doing(lambda _, user, group: group.users.__setitem__(user.number, user))),
    ),
    make(
        "groups/leave-one-side",
        "subtle",
        "delete-group-users get-user",
        "Who left a group keeps it in their model.",
        (groups, "leave", doing(lambda _, user, group: group.users.pop(user.number, None))),
    ),
    make(
        "groups/delete-leaves-membership",
        "subtle",
        "delete-group get-user",
        "A deleted group stays in its members' models.",
        (Hub, "remove_group", doing(lambda _, hub, group: hub.groups.pop(group.name))),
    ),
    make(
        "groups/existing-overwritten",
        "subtle",
        "post-group post-groups",
        "A group that exists is made anew, empty.",
        (groups, "check_creatable", always(None)),
    ),
    make(
        "services/secret-in-use",
        "subtle",
        "post-service",
        "A service's secret is not checked for being in use.",
        (services, "check_secret", always(None)),
    ),
    make(
        "services/token-outlives",
        "subtle",
        "delete-service",
        "The token of a deleted service goes on working.",
        (Hub, "remove_service", doing(lambda _, hub, each: hub.services.pop(each.name))),
    ),
    make(
        "services/more-than-maker-holds",
        "subtle",
        "post-service",
        "A service gets more than its maker holds.",
        (services, "check_grantable", always(None)),
    ),
    make(
        "activity/goes-back",
        "subtle",
        "post-user-activity",
        "An earlier time replaces a later one.",
        (activity, "later", doing(lambda _, known, reported: reported)),
    ),
    make(
        "activity/ignored",
        "medium",
        "post-user-activity",
        "Reported times are not kept.",
        (activity, "later", doing(lambda _, known, reported: known)),
    ),
    make(
        "activity/future-accepted",
        "subtle",
        "post-user-activity",
        "Times far ahead are accepted.",
        (activity, "timestamp", doing(lambda _, hub, value: times.parse(value))),
    ),
    make(
        "activity/servers-ignored",
        "subtle",
        "post-user-activity",
        "Times of servers are not kept.",
        (activity, "server_times", always([])),
    ),
    make(
        "shares/grant-replaces",
        "subtle",
        "post-shares-server",
        "A second grant replaces the first.",
        (shares.ShareTable, "grant", doing(_grant_replaces)),
    ),
    make(
        "shares/revoke-takes-all",
        "subtle",
        "patch-shares-server",
        "Taking one scope takes the share.",
        (shares.ShareTable, "revoke", doing(_revoke_all)),
    ),
    make(
        "shares/revoke-keeps-access",
        "medium",
        "patch-shares-server delete-shares-server",
        "Shares are not taken away.",
        (shares.ShareTable, "remove", always(None)),
    ),
    make(
        "shares/more-than-held",
        "subtle",
        "post-shares-server post-share-code",
        "More is shared than the requester holds.",
        (share_operations, "check_may_share", always(None)),
    ),
    make(
        "shares/not-through-groups",
        "subtle",
        "get-user-shared",
        "Shares with a user's groups are not in their list.",
        (
            shares.ShareTable,
            "of_recipients",
            doing(lambda old, table, them: old(table, list(them)[:1])),
        ),
    ),
    make(
        "shares/code-lives-after-revoke",
        "subtle",
        "delete-share-code",
        "A revoked code can be exchanged.",
        (shares.ShareCodeTable, "remove", doing(_revoked_codes_live)),
    ),
    make(
        "shares/codes-without-bounds",
        "subtle",
        "post-share-code",
        "A code may live for any time.",
        (share_codes, "_SHORTEST", lambda _: 0),
    ),
    make(
        "shares/code-in-list",
        "subtle",
        "get-share-codes-server get-share-codes-owner",
        "Lists show the codes.",
        (
            share_models,
            "share_code_model",
            doing(lambda old, hub, code: {**old(hub, code), "code": code.digest}),
        ),
    ),
    make(
        "identity/whoami-another",
        "gross",
        "get-current-user",
        "GET /user tells another name.",
        (*on("get-current-user"), answering(lambda v: {**v, "name": "somebody"})),
    ),
]
