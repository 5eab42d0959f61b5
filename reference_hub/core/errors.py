"""Every refusal the hub can utter, one constructor each.

Status codes are JupyterHub 6.1's. Where 6.1 fails by accident (an uncaught exception behind a
500), the constructor used is the 400 that its other checks of the same kind give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class HubError(Exception):
    """A refusal, on its way to becoming ``{"status": ..., "message": ...}``."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def _bad_request(message: str) -> HubError:
    return HubError(400, message)


# Who is asking


def not_authenticated() -> HubError:
    """No usable credential. JupyterHub says 403 here, never 401."""
    return HubError(403, "This needs a valid token, and the request carries none.")


def lacks_scope(needed: Iterable[str]) -> HubError:
    """The token holds none of the scopes, whatever the resource."""
    return HubError(403, f"The token lacks the scope for this: any of {', '.join(needed)}.")


def out_of_reach() -> HubError:
    """The scope is held, but filtered to something else: told like absence, so nothing leaks."""
    return HubError(404, "There is no such resource, or it is not for this token to see.")


def filter_not_for_list(scope: str) -> HubError:
    """The held filter cannot select members of this list."""
    return HubError(403, f"The filter on {scope} does not apply to this list.")


def admins_only(what: str) -> HubError:
    """Only an owner with the admin flag may do this, scopes aside."""
    return HubError(403, f"Only an admin may {what}.")


def may_not_issue_token(name: str) -> HubError:
    """One answer for an absent and for a forbidden user."""
    return HubError(403, f"No tokens may be issued for {name!r}.")


def forged() -> HubError:
    """A form, or a write by cookie, without what only the hub's own pages know."""
    return HubError(403, "The _xsrf value is missing, or not the one of this session.")


def no_access_to_client(name: str) -> HubError:
    """The user may not use what an OAuth client stands for."""
    return HubError(403, f"You may not use {name}.")


def unknown_oauth_client() -> HubError:
    """No client of that id."""
    return HubError(400, "There is no OAuth client of that id.")


def wrong_redirect() -> HubError:
    """An address that a client is not registered with: nobody is sent there."""
    return HubError(400, "The client is not registered with that redirect_uri.")


# What is asked for


def no_such_path() -> HubError:
    """Nothing lives at this path."""
    return HubError(404, "There is nothing at this path.")


def method_not_allowed(method: str) -> HubError:
    """The path exists, the method does not."""
    return HubError(405, f"{method} is not offered here.")


def no_such_user(name: str) -> HubError:
    """The path names an absent user."""
    return HubError(404, f"There is no user {name!r}.")


def no_such_group(name: str) -> HubError:
    """The path names an absent group."""
    return HubError(404, f"There is no group {name!r}.")


def no_such_service(name: str) -> HubError:
    """The path names an absent service."""
    return HubError(404, f"There is no service {name!r}.")


def no_such_token(token_id: str) -> HubError:
    """Absent, expired, or somebody else's: indistinguishable on purpose."""
    return HubError(404, f"There is no token {token_id!r} here.")


def unknown_credential() -> HubError:
    """The token or cookie that was asked about is none, or none any longer."""
    return HubError(404, "There is no such token or cookie.")


def no_such_server(user: str, name: str) -> HubError:
    """The path names an absent server."""
    return HubError(404, f"User {user!r} has no server {name!r}.")


# What was sent


def undecodable(what: str) -> HubError:
    """Percent-escapes that are no UTF-8."""
    return _bad_request(f"The {what} is not valid UTF-8.")


def bad_json() -> HubError:
    """The body is not JSON as RFC 8259 has it."""
    return _bad_request("The body is not valid JSON.")


def not_an_object(what: str = "body") -> HubError:
    """JSON, but no object."""
    return _bad_request(f"The {what} must be a JSON object.")


def unknown_keys(keys: Iterable[str]) -> HubError:
    """An object with keys that nobody reads."""
    return _bad_request(f"Unknown keys: {', '.join(sorted(keys))}.")


def wrong_type(key: str, expected: str) -> HubError:
    """A value of the wrong JSON type."""
    return _bad_request(f"{key} must be {expected}.")


def missing(key: str) -> HubError:
    """A required key is absent or empty."""
    return _bad_request(f"The body must give {key}.")


def bad_argument(name: str, expected: str) -> HubError:
    """A query argument outside its values."""
    return _bad_request(f"The argument {name} must be {expected}.")


def bad_multipart() -> HubError:
    """The only content type that is refused: a multipart body that is none."""
    return _bad_request("The body is not the multipart form that its content type announces.")


def bad_timestamp(value: object) -> HubError:
    """Not an ISO 8601 time."""
    return _bad_request(f"{value!r} is not a timestamp.")


def timestamp_in_future() -> HubError:
    """Activity may run ahead of the hub's clock by less than an hour."""
    return _bad_request("The timestamp lies more than an hour in the future.")


# Users and groups


def invalid_names(kind: str, names: Iterable[str]) -> HubError:
    """Names that can never be given."""
    return _bad_request(f"Not a valid {kind} name: {', '.join(map(ascii, names))}.")


def user_exists(name: str) -> HubError:
    """Creating what is there already."""
    return HubError(409, f"User {name!r} exists already.")


def all_users_exist(count: int) -> HubError:
    """A bulk creation that would create nothing."""
    return HubError(409, f"All {count} users exist already.")


def name_taken(name: str) -> HubError:
    """Renaming a user onto another: 400 in JupyterHub, unlike the 409 of servers."""
    return _bad_request(f"The name {name!r} is taken.")


def not_changeable(key: str) -> HubError:
    """A user's key that PATCH accepts in type, but cannot set."""
    return _bad_request(f"{key} cannot be set here.")


def auth_state_disabled() -> HubError:
    """Auth state needs the authenticator's consent (`Authenticator.enable_auth_state`)."""
    return _bad_request("Auth state is not enabled on this hub.")


def cannot_delete_yourself() -> HubError:
    """A user may not delete themselves."""
    return _bad_request("You cannot delete yourself.")


def group_exists(name: str) -> HubError:
    """Creating what is there already."""
    return HubError(409, f"Group {name!r} exists already.")


def unknown_member(name: str) -> HubError:
    """A membership change that names an absent user: the body is wrong, so 400 and not 404."""
    return _bad_request(f"There is no user {name!r}.")


# Tokens and scopes


def unknown_scope(scope: str) -> HubError:
    """A scope or filter that does not exist."""
    return _bad_request(f"There is no scope {scope!r}.")


def unknown_role(role: str) -> HubError:
    """A role that does not exist."""
    return _bad_request(f"There is no role {role!r}.")


def scopes_exceed_owner(scopes: Iterable[str], owner: str) -> HubError:
    """Nobody can be given more than the owner holds."""
    return _bad_request(f"{owner} does not hold {', '.join(sorted(scopes))}.")


def scopes_and_roles() -> HubError:
    """The two ways to say what a token may do exclude each other."""
    return _bad_request("Give scopes or roles, not both.")


def bad_lifetime() -> HubError:
    """A token must end in the future, and within the calendar."""
    return _bad_request("expires_in must be a positive number of seconds, or null.")


def lifetime_too_long(longest: int) -> HubError:
    """`token_expires_in_max_seconds` is exceeded."""
    return _bad_request(f"expires_in must not exceed {longest} seconds on this hub.")


# Services


def service_exists(name: str) -> HubError:
    """Creating what is there already."""
    return HubError(409, f"Service {name!r} exists already.")


def service_not_created(name: str, why: str) -> HubError:
    """A service that cannot exist as described."""
    return _bad_request(f"Service {name!r} cannot be created: {why}.")


def service_from_config(name: str) -> HubError:
    """Configured services outlive the API. 405, as 6.1 has it, though no method is at fault."""
    return HubError(405, f"Service {name!r} comes from the configuration and stays.")


# Servers


def named_servers_disabled() -> HubError:
    """`allow_named_servers` is off."""
    return _bad_request("Named servers are not enabled on this hub.")


def too_many_named_servers(user: str, limit: int) -> HubError:
    """`named_server_limit_per_user` is reached."""
    return _bad_request(f"User {user!r} has the most named servers allowed: {limit}.")


def too_many_servers(what: str) -> HubError:
    """The hub is full, for now."""
    return HubError(429, f"Too many {what} servers on this hub; try again later.")


def server_exists(user: str, name: str) -> HubError:
    """Creating, or renaming onto, a server that is there already."""
    return HubError(409, f"User {user!r} has a server {name!r} already.")


def server_running(user: str, name: str) -> HubError:
    """Starting or changing a server that runs. There are clients that know it by these words."""
    return _bad_request(
        f"{user}:{name} is already running" if name else f"{user} is already running"
    )


def redirect_loop() -> HubError:
    """A proxy that sends back here what is sent to it, again and again."""
    return HubError(500, "The proxy does not lead to the server, however often it is tried.")


def server_not_starting(name: str) -> HubError:
    """There is no progress to tell of."""
    return _bad_request(f"The server {name!r} is not starting.")


def cannot_remove_default_server() -> HubError:
    """Only named servers can be removed."""
    return _bad_request("The default server cannot be removed.")


def spawn_failed(reason: str) -> HubError:
    """The spawner refused. 400 is what 6.1's ``SpawnException`` says unless told otherwise."""
    return _bad_request(f"The server did not start: {reason}.")


def server_not_running(path: str) -> HubError:
    """424, so that a client tells a stopped server from a path absent within a running one."""
    return HubError(424, f"No server is running at {path}.")


def server_forbids() -> HubError:
    """The running server knows the token and lets it not in, or does not know it."""
    return HubError(403, "The token has no access to this server.")


def wants_websocket() -> HubError:
    """What is a websocket was asked for as a page (JupyterHub's servers: 400)."""
    return HubError(426, "This is a websocket.", {"Upgrade": "websocket", "Connection": "upgrade"})


def server_unreachable() -> HubError:
    """The server is there for the hub, and for nobody else."""
    return HubError(503, "The server does not answer.")


# Shares


def no_such_share(recipient: str, server: str) -> HubError:
    """Absent for whatever reason: no user, no server, or no share of the two."""
    return HubError(404, f"Nothing of {server!r} is shared with {recipient!r}.")


def no_such_share_code() -> HubError:
    """Absent, expired, or another server's."""
    return HubError(404, "There is no such share code.")


def one_recipient() -> HubError:
    """A share is with one user or one group."""
    return _bad_request("The body must give user or group, and not both.")


def unknown_recipient(kind: str, name: str) -> HubError:
    """A share with somebody absent: the body is wrong, so 400 and not 404."""
    return _bad_request(f"There is no {kind} {name!r} to share with.")


def filter_not_shareable(scope: str, allowed: str) -> HubError:
    """Shares are about one server, and so are their scopes."""
    return _bad_request(f"The filter of {scope} must be {allowed}, or left out.")


def may_not_share(scope: str) -> HubError:
    """Nobody can share more than they hold themselves."""
    return HubError(403, f"The token does not hold {scope}, so it cannot share it.")


def may_not_name_recipient(scope: str) -> HubError:
    """Sharing with a name confirms that the name exists."""
    return HubError(403, f"The token lacks {scope}, so it cannot name whom to share with.")


def bad_share_code_lifetime(shortest: int, longest: int) -> HubError:
    """Share codes always expire, and not at once."""
    return _bad_request(f"expires_in must be {shortest} to {longest} seconds.")


def cannot_look_at_own_share_code() -> HubError:
    """Owners are not asked whether they accept what is theirs."""
    return HubError(403, "This share code is for one of your own servers.")


def cannot_accept_own_share_code() -> HubError:
    """Nobody accepts what is theirs already."""
    return _bad_request("This share code is for one of your own servers.")


def share_code_not_accepted() -> HubError:
    """Unknown, revoked or expired."""
    return _bad_request("This share code is not valid, or no longer.")
