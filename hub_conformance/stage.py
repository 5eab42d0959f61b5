"""The objects of the sandbox that calls of the API act on, each made when it is first asked for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from .contract import Operation, ScopeDefinition, operations, scope_table
from .contract.document import parse_version
from .errors import SetupFailed
from .sandbox import Sandbox, User

#: With room for fewer users than these, those of no more use are removed at once.
SHORT = 6


class Stage:
    """Objects for calls of one version's operations. Rules change none of the shared ones.

    Users: `user` has nothing running, `runner` a default and a named server, both are in `group`;
    `outsider` is in `other_group` only. `crowd` is a group whose members come and go. The default
    server of `host` is shared with `guest` and `club`, the group that nobody else is in: a share
    adds to the rights of whoever has it. That of `sharer` is shared with this and that.

    Fresh users of one that `is_brief` are gone after the rule that asked for them.
    """

    def __init__(
        self, sandbox: Sandbox, version: str, *, spawns: bool = True, is_brief: bool = False
    ) -> None:
        self.sandbox = sandbox
        self.is_brief = is_brief
        self.version = version
        self.spawns = spawns
        self.groups: dict[str, frozenset[str]] = {}
        self._fresh_users: list[User] = []
        sandbox.outermost.idle.append(self._fresh_users)
        self._hosts: set[str] = set()
        self._servers = itertools.count(1)
        self._next_server = ""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that the version has, by id."""
        return operations(self.version)

    @property
    def table(self) -> Mapping[str, ScopeDefinition]:
        """The scopes that the version has, by name."""
        return scope_table(self.version)

    @property
    def user_options(self) -> dict[str, Any]:
        """User options that servers need to be started with."""
        return self.sandbox.user_options or {}

    def has(self, version: str) -> bool:
        """Whether the contract's version is this one or a later one."""
        return parse_version(self.version) >= parse_version(version)

    # --- shared objects

    @cached_property
    def user(self) -> str:
        """Name of a user in `group`, none of whose servers runs."""
        return self._member("member")

    @cached_property
    def runner(self) -> str:
        """Name of a user in `group` whose default server and `running` run."""
        name = self._member("runner")
        self.sandbox.server(User(name, self.sandbox))
        return name

    @cached_property
    def running(self) -> str:
        """Name of a running named server of `runner`."""
        self.sandbox.server(User(self.runner, self.sandbox), "run")
        return "run"

    @cached_property
    def host(self) -> str:
        """Name of a user in `group` whose default server is shared. From 5.0 on."""
        name = self._member("host")
        self._share(name, {"user": self.guest})
        self._share(name, {"group": self.club})
        self.sandbox.make("issue a share code", f"/share-codes/{name}/", {})
        return name

    @cached_property
    def guest(self) -> str:
        """Name of a user in `club` who has shares."""
        name = self._plain_user("guest")
        self.groups[name] = frozenset({self.club})
        body = {"users": [name]}
        self.sandbox.make("add users to a group", f"/groups/{self.club}/users", body)
        return name

    @cached_property
    def club(self) -> str:
        """Name of a group that has shares."""
        return self.sandbox.group("club")

    @cached_property
    def sharer(self) -> str:
        """Name of a user in `group`; with whom their default server is shared, changes."""
        return self._member("sharer")

    @cached_property
    def grantor(self) -> User:
        """An admin whom tokens with some scopes belong to. Every token may read their name."""
        return self.sandbox.grantor

    @cached_property
    def outsider(self) -> str:
        """Name of a user who is not in `group`, but in `other_group`."""
        return self._plain_user("outsider")

    @cached_property
    def group(self) -> str:
        """Name of a group that `user` and `runner` are in."""
        return self.sandbox.group("team")

    @cached_property
    def other_group(self) -> str:
        """Name of a group that `outsider` is in, and nobody else."""
        name = self.sandbox.group("others", [User(self.outsider, self.sandbox)])
        self.groups[self.outsider] = frozenset({name})
        return name

    @cached_property
    def crowd(self) -> str:
        """Name of a group whose members and properties change."""
        return self.sandbox.group("crowd")

    @cached_property
    def server(self) -> str:
        """Name of a stopped named server of `user`."""
        return self._stopped_server()

    @cached_property
    def second_server(self) -> str:
        """Name of another stopped named server of `user`."""
        return self._stopped_server()

    @cached_property
    def token_id(self) -> str:
        """Id of a token of `user`."""
        return self.fresh_token()

    @cached_property
    def service(self) -> str:
        """Name of a service: one of our own where the hub can add one, else any other."""
        if self.has("5.0"):
            with suppress(SetupFailed):
                return self.fresh_service()
        answer = self.sandbox.hub.get("/services")
        names = list(answer.json) if answer.ok and isinstance(answer.json, dict) else []
        if not names:
            raise SetupFailed("the hub has no service, and none can be added")
        return str(names[0])

    # --- fresh objects, one a call

    def fresh_user(self) -> str:
        """Return the name of a user in `group` that nobody has used yet."""
        if not self._fresh_users:
            made = self.sandbox.users(self.sandbox.batch(), "fresh")
            self._join(made)
            self._fresh_users += made
        user = self._fresh_users.pop()
        if self.is_brief:
            self.sandbox.outermost.innermost.take_over(user)
        return user.name

    def fresh_token(self) -> str:
        """Return the id of a token of `user` that nobody has used yet."""
        return self.sandbox.token(User(self.user, self.sandbox)).id

    def fresh_group(self) -> str:
        """Return the name of a group that nobody has used yet."""
        return self.sandbox.group("fresh")

    def fresh_server(self) -> str:
        """Return the name of a stopped named server of `user` that nobody has used yet."""
        return self._stopped_server()

    def fresh_service(self) -> str:
        """Return the name of a service that nobody has used yet. From 5.0 on."""
        name = self.new_service()
        self.sandbox.make("add a service", f"/services/{name}", {"info": {}})
        return name

    def fresh_host(self, kind: str) -> str:
        """Return the name of a user who shares their default server with `guest` or `club`.

        `kind`, "user" or "group", says with which; nobody has used the share yet. From 5.0 on.
        """
        name = self.fresh_user()
        self._hosts.add(name)
        self._share(name, {kind: self.guest if kind == "user" else self.club})
        return name

    def spend(self, names: Mapping[str, str]) -> None:
        """Note that a call has used up what these name: its host goes where room is short."""
        owner = names.get("owner", "")
        if owner in self._hosts and self.sandbox.room() < SHORT:
            self._hosts.remove(owner)
            self.sandbox.let_go(User(owner, self.sandbox))

    # --- names that are not taken yet

    def new_user(self) -> str:
        """Return a name for a user."""
        return self.sandbox.name("new")

    def new_group(self) -> str:
        """Return a name for a group."""
        return self.sandbox.name("new")

    def new_service(self) -> str:
        """Return a name for a service."""
        return self.sandbox.name("service")

    def new_server_name(self) -> str:
        """Return a name for a named server, valid in every version; none begins with another."""
        return f"s{next(self._servers)}e"

    def next_server(self) -> str:
        """Return a name for a named server of `user`, in place of the one that came before it.

        What was made under that name is removed: some hubs let users have few named servers.
        """
        if self._next_server:
            path = self.sandbox.server_path(User(self.user, self.sandbox), self._next_server)
            self.sandbox.hub.delete(path, json={"remove": True})
        self._next_server = self.new_server_name()
        return self._next_server

    def note(self) -> str:
        """Return a note for a token."""
        return self.sandbox.name("note")

    # --- making

    def _plain_user(self, label: str) -> str:
        return self.sandbox.user(label).name

    def _member(self, label: str) -> str:
        user = self.sandbox.user(label)
        self._join([user])
        return user.name

    def _share(self, owner: str, body: dict[str, Any]) -> None:
        self.sandbox.make("share a server", f"/shares/{owner}/", body)

    def _join(self, users: list[User]) -> None:
        names = [each.name for each in users]
        self.sandbox.make("add users to a group", f"/groups/{self.group}/users", {"users": names})
        self.groups.update(dict.fromkeys(names, frozenset({self.group})))

    def _stopped_server(self) -> str:
        name = self.new_server_name()
        user = User(self.user, self.sandbox)
        if self.has("6.0"):
            self.sandbox.make("create a server", self.sandbox.server_path(user, name), {}, "PUT")
        else:
            self.sandbox.server(user, name)
            self.sandbox.stop(user, name)
        return name
