"""Configuration through traitlets, under JupyterHub's own names.

A ``jupyterhub_config.py`` written for a real hub is understood as far as it concerns the API. What
it says of proxies, databases or spawners has no meaning here and is passed over; a name that
JupyterHub does not know either is warned about, as JupyterHub does. A Helm chart's ``config.yaml``
is understood too: see :mod:`reference_hub.zero_to_jupyterhub`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from traitlets import Bool, Dict, Float, Int, List, Set, TraitError, Unicode, validate
from traitlets.config import Config, Configurable
from traitlets.config.loader import ConfigError as LoaderError
from traitlets.config.loader import KVArgParseConfigLoader, PyFileConfigLoader

from . import zero_to_jupyterhub
from .core.boot import ConfigError
from .core.settings import Settings
from .jupyterhub_traits import WITHOUT_MEANING_HERE
from .launch import ADMIN, COMMAND, OPTIONS, Launch, suggest

_log = logging.getLogger("reference_hub")


class JupyterHub(Configurable):
    """JupyterHub's traits, those that show in its API."""

    bind_url = Unicode("", help="Where to listen: http://ip:port/base_url.").tag(config=True)
    ip = Unicode("", help="Address to listen on, like --ip.").tag(config=True)
    port = Int(8000, min=0, max=65535, help="Port to listen on, like --port.").tag(config=True)
    base_url = Unicode("/", help="Prefix of every URL of the hub.").tag(config=True)
    api_page_default_limit = Int(50, help="Page size where a request names none.").tag(config=True)
    api_page_max_limit = Int(200, help="Largest page a request can have.").tag(config=True)
    allow_named_servers = Bool(True, help="Whether users may have named servers.").tag(config=True)
    named_server_limit_per_user = Int(0, help="Most named servers of a user; 0: any.").tag(
        config=True
    )
    active_server_limit = Int(0, help="Most servers running at once; 0: any.").tag(config=True)
    concurrent_spawn_limit = Int(0, help="Most servers starting at once; 0: any.").tag(config=True)
    token_expires_in_max_seconds = Int(0, help="Longest life of a token; 0: any.").tag(config=True)
    admin_users = Set(Unicode(), help="Names of admin users.").tag(config=True)
    api_tokens = Dict(Unicode(), help="Tokens of users: {token: user name}.").tag(config=True)
    services = List(Dict(), help="Services: [{name, api_token, admin, ...}].").tag(config=True)
    load_groups = Dict(help="Groups: {name: {users, properties}}.").tag(config=True)
    load_roles = List(Dict(), help="Roles: [{name, scopes, users, services, groups}].").tag(
        config=True
    )
    custom_scopes = Dict(Dict(), help="Scopes: {custom:name: {description, subscopes}}.").tag(
        config=True
    )
    extra_user_scopes = List(Unicode(), help="Scopes added to the role `user`.").tag(config=True)
    tornado_settings = Dict(help="Only slow_spawn_timeout (seconds) is used.").tag(config=True)


class Authenticator(Configurable):
    """The traits of JupyterHub's authenticators that show in its API."""

    admin_users = Set(Unicode(), help="Names of admin users.").tag(config=True)
    allowed_users = Set(Unicode(), help="Names of users who are there from the start.").tag(
        config=True
    )
    enable_auth_state = Bool(False, help="Whether users have an auth state.").tag(config=True)


class DummyAuthenticator(Configurable):
    """The authenticator with one password for all."""

    password = Unicode("", help="With which any user logs in; without one nobody does.").tag(
        config=True
    )


class _Scopes(List[str]):
    """Names of scopes. What a real hub would call with its spawner counts for none."""

    def __init__(self, **more: Any) -> None:
        super().__init__(Unicode(), **more)

    def validate(self, obj: Any, value: Any) -> Any:
        return super().validate(obj, [] if callable(value) else value)


class Spawner(Configurable):
    """The traits of JupyterHub's spawners that have a meaning here."""

    cmd = List(Unicode(), [COMMAND], help="What to run for each server.").tag(config=True)
    args = List(Unicode(), help="Arguments after Spawner.cmd.").tag(config=True)
    environment = Dict(help="Variables for what is run: {name: text}.").tag(config=True)
    start_timeout = Float(60.0, min=0, help="Seconds a server has to become ready.").tag(
        config=True
    )

    server_token_scopes = _Scopes(help="Scopes of a server's token (default: role `server`).").tag(
        config=True
    )
    oauth_client_allowed_scopes = _Scopes(help="What a server may do for those who visit it.").tag(
        config=True
    )

    @validate("cmd")
    def _words(self, proposal: Any) -> Any:
        if not proposal.value:
            raise TraitError("Spawner.cmd must name a command")
        return proposal.value


_SECTIONS: Mapping[str, type[Configurable]] = {
    "JupyterHub": JupyterHub,
    "Authenticator": Authenticator,
    "DummyAuthenticator": DummyAuthenticator,
    "Spawner": Spawner,
}


def load(own: Mapping[str, Any], traits: Sequence[str]) -> tuple[Launch, Settings]:
    """What the options say, `own` of `Launch`, over what is in the file that they may name.

    Raises :class:`ConfigError` with one sentence for whatever cannot be.
    """
    options = command_line(traits)
    try:
        config = read_file(own["config_file"]) if own.get("config_file") else Config()
        config.merge(options)
        check_names(config)
        config = understood(config)  # traitlets would warn of the rest
        spawner = Spawner(config=config)
        process = {
            "command": [*spawner.cmd, *spawner.args],
            "environment": {name: str(value) for name, value in spawner.environment.items()},
        }
        launch = Launch(**{**process, **address(config), **own})
        found = settings(JupyterHub(config=config), Authenticator(config=config))
        password = DummyAuthenticator(config=config).password
        own_settings = (
            "start_timeout",
            "server_token_scopes",
            "oauth_client_allowed_scopes",
        )
        more = {name: getattr(spawner, name) for name in own_settings}
        return launch, replace(found, password=password, **more)
    except (TraitError, ValueError) as error:
        # Some of traitlets' messages take several lines.
        raise ConfigError(" ".join(str(error).split())) from None


def address(config: Config) -> dict[str, Any]:
    """What JupyterHub's traits say of the address, as `ip` and `port`; its path is the base URL.

    An address without a host means every one to JupyterHub, and the usual local one here.
    """
    hub, found = JupyterHub(config=config), dict[str, Any]()
    url = urlsplit(hub.bind_url)
    if url.hostname and url.hostname != "localhost":
        found["ip"] = url.hostname
    if url.port is not None:
        found["port"] = url.port
    if url.path.strip("/") and "base_url" not in config.JupyterHub:
        config.JupyterHub.base_url = url.path
    for name in ("ip", "port"):
        if name in config.JupyterHub and getattr(hub, name) != "":
            found[name] = getattr(hub, name)
    return found


def command_line(traits: Sequence[str]) -> Config:
    """The options that are traits as configuration."""
    try:
        loader = KVArgParseConfigLoader(argv=list(traits), classes=list(_SECTIONS.values()))
        return Config(loader.load_config())
    except (LoaderError, TraitError, ValueError) as error:
        raise ConfigError(str(error)) from None


def read_file(path: str) -> Config:
    """A configuration file, which is (or holds) Python and may fail in any way."""
    try:
        if path.endswith((".yaml", ".yml")):
            return zero_to_jupyterhub.read(path)
        loader = PyFileConfigLoader(os.path.basename(path), os.path.dirname(path) or ".")
        return Config(loader.load_config())
    except (Exception, SystemExit) as error:
        reason = str(error) or type(error).__name__
        reason = " ".join(reason.split())
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}: {reason}") from None


def check_names(config: Config) -> None:
    """Warn of a trait that neither we nor JupyterHub know. Sections of others are theirs."""
    for section, configurable in _SECTIONS.items():
        known = set(configurable.class_trait_names(config=True))
        if section == "JupyterHub":
            known |= WITHOUT_MEANING_HERE
        for name in config.get(section, {}):
            # Subclasses of these have traits that nobody here can know.
            if name not in known and not section.endswith(("Authenticator", "Spawner")):
                _log.warning("unknown option %s.%s%s", section, name, suggest(name, known))


def understood(config: Config) -> Config:
    """The part of a configuration that has a meaning here."""
    kept = Config()
    for section, configurable in _SECTIONS.items():
        for name in configurable.class_trait_names(config=True):
            if name in config.get(section, {}):
                kept[section][name] = config[section][name]
    return kept


def settings(hub: JupyterHub, authenticator: Authenticator) -> Settings:
    """The traits as the core takes them."""
    own = {name: getattr(hub, name) for name in hub.trait_names(config=True)}
    other: dict[str, Any] = own.pop("tornado_settings")
    for name in ("bind_url", "ip", "port"):  # see `address`
        del own[name]
    own["admin_users"] = sorted({ADMIN, *hub.admin_users, *authenticator.admin_users})
    own["base_url"] = normal_base_url(hub.base_url)
    for name in ("api_page_default_limit", "api_page_max_limit"):
        if own[name] < 1:
            raise ConfigError(f"JupyterHub.{name} must be at least 1, not {own[name]}")
    return Settings(
        **own,
        allowed_users=sorted(authenticator.allowed_users),
        enable_auth_state=authenticator.enable_auth_state,
        slow_spawn_timeout=float(other.get("slow_spawn_timeout", Settings.slow_spawn_timeout)),
    )


def normal_base_url(base_url: str) -> str:
    """The base URL with a slash at either end."""
    inner = base_url.strip("/")
    return f"/{inner}/" if inner else "/"


def usage() -> str:
    """The text of ``--help``."""
    lines = [
        "python -m reference_hub [options]",
        "",
        "A small in-memory hub that keeps the contract of JupyterHub's REST API.",
        "",
    ]
    for name, option in OPTIONS.items():
        dashes = "-" if len(name) == 1 else "--"
        value = " VALUE" if option.read else ""
        lines.append(f"  {dashes}{name}{value}".ljust(30) + option.help)
    for section in (JupyterHub, Authenticator, DummyAuthenticator, Spawner):
        for name, trait in section.class_traits(config=True).items():
            lines.append(f"  --{section.__name__}.{name}=VALUE\n{'':30}{trait.help}")
    return "\n".join(lines)
