"""The fixtures that rules are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, NoReturn

import pytest

from . import capabilities, rights
from .accounts import Login, OAuthClient
from .cells import table  # noqa: F401  # a fixture
from .contract import scope_table
from .contract.scopes import Resource, expand, known
from .guard import Guard
from .hub import Hub
from .named import CREATES, Trio, are_enabled, make_stopped, trio_names
from .rules import DESTRUCTIVE, MARK, Rule, not_applicable, not_requested, untested
from .sandbox import Sandbox, User
from .stage import Stage
from .target import Target
from .turns import turn
from .urls import origin_of

if TYPE_CHECKING:
    from .session import Run

#: The version that first honoured the scopes of a request for a token.
LIMITS = (3, 0)


def check_applies(run: Run, rule: Rule) -> None:
    """End a rule that this version does not have, or this run cannot check."""
    from .target import parse_version

    major, minor = run.applies
    if not parse_version(rule.since) <= run.applies:
        not_applicable(f"since {rule.since}, and this hub is held to {major}.{minor}")
    if rule.until and run.applies > parse_version(rule.until):
        not_applicable(f"until {rule.until}, and this hub is held to {major}.{minor}")
    if set(rule.needs) & set(DESTRUCTIVE):
        if not run.settings.destructive:
            not_requested("--hub-destructive: this changes the whole hub, and not for a while")
        if "shutdown" in rule.needs and run.is_worker:
            untested("-n: other workers may still need the hub that this would end")
    if "login" in rule.needs and run.accounts.login is None:
        not_requested("--hub-login: this needs a user who can log in with a password")
    if "oauth-client" in rule.needs and run.accounts.client is None:
        not_requested("--hub-oauth-client: this needs a service that is an OAuth client")
    if "spawn" in rule.needs and not run.settings.spawns:
        untested("--hub-no-spawn: no server may be started")
    if "public-url" in rule.needs and run.target and run.target.public is None:
        said = "this is the hub's internal address, and servers are reached through the proxied one"
        if "public-url" in run.settings.expected:
            untested(f"public-url is declared, and {said}")
        not_requested(f"--hub-public-url: {said}")


@pytest.fixture(scope="session")
def hub_run(pytestconfig: pytest.Config) -> Run:
    """The run: settings, target, transcript."""
    from .session import RUN

    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def target(hub_run: Run) -> Target:
    """What was learned about the hub before the first rule."""
    assert hub_run.target
    return hub_run.target


@pytest.fixture(scope="session")
def guard(hub_run: Run, target: Target) -> Guard:
    """The one place that decides whether a request may be sent."""
    caller = target.owner.name if target.owner.kind == "user" else ""
    return Guard(
        hub_run.id,
        target.api,
        target.prefix,
        caller,
        destructive=hub_run.settings.destructive,
        login=hub_run.accounts.login.user if hub_run.accounts.login else "",
    )


@pytest.fixture(scope="session")
def given(hub_run: Run, target: Target, guard: Guard) -> Iterator[Sandbox]:
    """What is made through the token that the run was given: a token of its own, emptied last."""
    clients = {origin: hub_run.client(origin) for origin in _origins(target)}
    for client in clients.values():
        # First: what is not sent any more names nothing, and leaves nothing to remove.
        client.before.append(lambda request: hub_run.patience.check())
        client.before.append(partial(rights.check, hub_run))
        if hub_run.census:
            client.before.append(hub_run.census.relieve)
        client.before += [guard.before, hub_run.before]
        client.after += [hub_run.after, hub_run.outcomes.refusals.after, guard.after]
    main = clients[target.origin]
    proxied = clients[origin_of(target.public)] if target.public else None
    sandbox = Sandbox(Hub(main, target, hub_run.token, proxied=proxied), guard)
    yield sandbox
    _emptied(sandbox, hub_run)
    for client in clients.values():
        client.close()


@pytest.fixture(scope="session")
def hub(given: Sandbox, hub_run: Run) -> Hub:
    """The hub, by the right of the run's owner.

    Through a token that the run makes for itself where it can: hubs hash one from a configuration
    file some thousand times at every request, and one of their own making once.
    """
    found = given.own_hub() or given.hub
    hub_run.own.add(found.credential)
    return found


def _origins(target: Target) -> set[str]:
    return {target.origin, *([origin_of(target.public)] if target.public else [])}


@pytest.fixture(scope="session")
def anonymous(hub: Hub) -> Hub:
    """The hub without any credential."""
    return hub.using(None)


@pytest.fixture(scope="session")
def whole(hub_run: Run, hub: Hub, guard: Guard) -> Iterator[Sandbox]:
    """The run's sandbox: what is made here lives until the end, as does what could not be removed.

    There is little in it, for whatever is on the hub at once counts against `--hub-max-users`.
    """
    sandbox = Sandbox(
        hub,
        guard,
        spawn_seconds=hub_run.settings.spawn_seconds,
        user_options=hub_run.settings.user_options,
        room=hub_run.census.room if hub_run.census else None,
    )
    if hub_run.census:
        hub_run.census.make_room = sandbox.make_room
    yield sandbox
    _emptied(sandbox, hub_run)


@pytest.fixture(scope="module", autouse=True)
def shared(whole: Sandbox, hub_run: Run) -> Iterator[Sandbox]:
    """A file's sandbox: what is made here is there for its rules, and is not changed by them."""
    with turn(hub_run, whole):
        inner = whole.inner()
        yield inner
        _emptied(inner)


@pytest.fixture(autouse=True)
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of the rule's own, emptied when the rule has ended.

    Always open, so that what a rule makes by a bare request is removed too.
    """
    inner = shared.inner()
    yield inner
    _emptied(inner)


def _emptied(sandbox: Sandbox, run: Run | None = None) -> None:
    """Remove what a sandbox made. What cannot be is told; in the end also how to remove it.

    Where the run was stopped before its last rule, pytest does this when nothing is reported any
    more: then the summary alone tells of it.
    """
    left = sandbox.close()
    if run is not None:
        run.left += left
        left = [] if run.is_over else left
    assert not left, "left behind on the hub: " + "; ".join(left)


@pytest.fixture(scope="module")
def alice(shared: Sandbox) -> User:
    """A plain user of a file's rules: never renamed, promoted, put in a group or deleted."""
    return shared.user("alice")


@pytest.fixture(scope="module")
def bob(shared: Sandbox) -> User:
    """Another plain user, shared by a file's rules, with nothing to do with alice."""
    return shared.user("bob")


@pytest.fixture
def user(sandbox: Sandbox) -> User:
    """A plain user of this rule alone, to be changed at will."""
    return sandbox.fresh_user()


@pytest.fixture(scope="session")
def version(hub_run: Run) -> tuple[int, int]:
    """The version of the contract that this hub is held to, as (major, minor)."""
    return hub_run.applies


@pytest.fixture(scope="module")
def named_servers(hub_run: Run, alice: User) -> bool:
    """Whether the hub lets users have named servers, as observed on first use."""
    known = hub_run.capabilities.observed.get("named-servers")
    if known is not None:
        return known
    has = are_enabled(alice, hub_run.applies, spawns=hub_run.settings.spawns)
    hub_run.capabilities.observe("named-servers", has)
    return has


@pytest.fixture(autouse=True)
def _what_is_needed(request: pytest.FixtureRequest, hub_run: Run) -> None:
    """End a rule, or the cell of one, that needs what this hub does not have."""
    mark = request.node.get_closest_marker(MARK)
    if mark is None:
        return
    callspec = getattr(request.node, "callspec", None)
    of_cell = capabilities.needed_by_cell(callspec.params) if callspec else None
    for name in (*mark.args[0].needs, of_cell):
        if name == "named-servers":
            request.getfixturevalue("enabled_named_servers")
        elif name == "user-role":
            request.getfixturevalue("default_user_role")
        elif name in capabilities.LATER and request.getfixturevalue("lacks")(name):
            _end_without(hub_run, name, capabilities.LATER[name])


@pytest.fixture(scope="module")
def enabled_named_servers(hub_run: Run, named_servers: bool) -> None:
    """End a rule where the hub's configuration has no named servers."""
    if not named_servers:
        _end_without(hub_run, "named-servers", "named servers are not enabled on this hub")


@pytest.fixture(scope="module")
def default_user_role(hub_run: Run, alice: User) -> None:
    """End a rule about the limits of plain users where the role of every user lends them more.

    That is a matter of configuration, such as for sharing servers; what they hold is believed as
    the hub tells it, and one rule of its own (`scopes/plain-user-has-exactly-self`) is about that.
    """
    if hub_run.applies < LIMITS:
        return
    known_scopes = scope_table(".".join(map(str, hub_run.applies)))
    told = alice.hub.get("/user").json
    held = told.get("scopes") if isinstance(told, dict) else None
    own = expand({"self"}, known_scopes, owner=Resource("user", alice.name))
    lent = known(held if isinstance(held, list) else (), known_scopes) - own
    hub_run.capabilities.observe("user-role", not lent)
    if lent:
        more = ", ".join(sorted(lent))
        _end_without(hub_run, "user-role", f"the role of every user lends them more: {more}")


@pytest.fixture(scope="module")
def lacks(hub_run: Run, shared: Sandbox, request: pytest.FixtureRequest) -> Callable[[str], bool]:
    """`lacks("shares")`, `lacks("services")`: whether the hub knows no such thing, asked once."""

    @cache
    def is_absent(name: str) -> bool:
        if hub_run.applies < capabilities.SINCE:  # then the version says that, not the hub
            return False
        if name in hub_run.capabilities.observed:
            return not hub_run.capabilities.observed[name]
        if name == "shares":  # neither by a user nor with one
            alice: User = request.getfixturevalue("alice")
            asked = [
                shared.hub.get(f"/shares/{alice.name}"),
                shared.hub.get(f"{alice.path}/shared"),
            ]
        else:
            asked = [shared.hub.post(f"/services/{shared.name('service')}", json={"info": {}})]
        found = all(answer.status in capabilities.ABSENT for answer in asked)
        if found:
            hub_run.capabilities.observe(name, False)
        return found

    return is_absent


def _end_without(run: Run, capability: str, said: str) -> NoReturn:
    """End a rule where the hub lacks something: what is declared leaves it untested."""
    if capability in run.settings.expected:
        untested(f"{capability} is declared, and {said}")
    not_applicable(said)


@pytest.fixture(scope="session")
def login(hub_run: Run) -> Login:
    """Who logs in with a password: for rules with `needs="login"`."""
    assert hub_run.accounts.login
    return hub_run.accounts.login


@pytest.fixture(scope="session")
def oauth_client(hub_run: Run) -> OAuthClient:
    """A service that is a client of the hub's OAuth: for rules with `needs="oauth-client"`."""
    assert hub_run.accounts.client
    return hub_run.accounts.client


@pytest.fixture(scope="module")
def runner(shared: Sandbox) -> User:
    """A user whose default server runs, shared by a file's rules: neither is ever changed."""
    user = shared.user("runner")
    shared.server(user)
    return user


@pytest.fixture(scope="module")
def trio(enabled_named_servers: None, runner: User, hub_run: Run) -> Trio:
    """`runner` with two named servers running beside the default one, never changed either."""
    first, second = trio_names(hub_run.applies)
    for server in (first, second):
        runner.sandbox.server(runner, server)
    return Trio(runner, first, second)


@pytest.fixture(scope="module")
def resting(enabled_named_servers: None, hub_run: Run, shared: Sandbox) -> tuple[User, str]:
    """A user with a named server that exists and does not run, shared and never changed."""
    if hub_run.applies < CREATES and not hub_run.settings.spawns:
        untested("--hub-no-spawn: before 6.0 a named server is made by starting it")
    user, name = shared.user("resting"), trio_names(hub_run.applies)[0]
    make_stopped(user, name, hub_run.applies)
    return user, name


@pytest.fixture(scope="module")
def limited(shared: Sandbox, hub_run: Run) -> Callable[..., Hub]:
    """`limited("read:users", …)`: the hub through a token with exactly these scopes.

    The token belongs to the run's grantor, so that any scope can be had. Minted once a set.
    Before 3.0 a token has all its owner's rights whatever it was asked with: a rule that needs a
    limited one does not apply there.
    """

    def with_scopes(*scopes: str) -> Hub:
        if hub_run.applies < LIMITS:
            not_applicable("since 3.0: before, no token is limited to scopes through the API")
        return shared.limited(*scopes)

    return with_scopes


@pytest.fixture(scope="module")
def stage(hub_run: Run, shared: Sandbox) -> Stage:
    """The objects that calls of the API act on, for rules that go through all operations."""
    version = "{}.{}".format(*hub_run.applies)
    made = Stage(shared, version, spawns=hub_run.settings.spawns)
    assert made.group  # a caller who may make nothing is told so once, not by every rule
    return made
