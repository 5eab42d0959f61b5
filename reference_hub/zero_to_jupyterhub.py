"""A Helm chart's values, zero-to-jupyterhub's ``config.yaml``, as configuration of the hub.

Keys are those of the chart's schema, and are applied in its order: ``hub.config`` first, then the
keys that stand for one trait each, services and roles, and ``hub.extraConfig`` last.
Source: ``jupyterhub_config.py`` of the chart (zero-to-jupyterhub-k8s 4).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from traitlets.config import Config

_TRAITS: Mapping[str, str] = {
    "allowNamedServers": "allow_named_servers",
    "namedServerLimitPerUser": "named_server_limit_per_user",
    "activeServerLimit": "active_server_limit",
    "concurrentSpawnLimit": "concurrent_spawn_limit",
    "baseUrl": "base_url",
}
_UNDERSTOOD = frozenset({*_TRAITS, "config", "services", "loadRoles", "extraConfig"})

_log = logging.getLogger("reference_hub")


def read(path: str) -> Config:
    """The configuration in a file of values; what has no meaning here is named in one warning.

    Raises OSError, YAMLError, ValueError, or what the code in ``extraConfig`` raises.
    """
    import yaml  # most hubs are started without such a file

    with open(path, encoding="utf-8") as file:
        values = _mapping(yaml.safe_load(file), "the file")
    hub = _mapping(values.get("hub"), "hub")
    warn_of(path, values, hub)
    return from_values(hub, path)


def warn_of(path: str, values: Mapping[str, Any], hub: Mapping[str, Any]) -> None:
    """Name the keys that say nothing about an API."""
    ignored = [name for name in values if name != "hub"]
    ignored += [f"hub.{name}" for name in hub if name not in _UNDERSTOOD]
    if ignored:
        _log.warning("%s: without meaning here, ignored: %s", path, ", ".join(sorted(ignored)))


def from_values(hub: Mapping[str, Any], path: str) -> Config:
    """What the values below ``hub`` amount to."""
    config = Config()
    for section, traits in _mapping(hub.get("config"), "hub.config").items():
        config[section].merge(_mapping(traits, f"hub.config.{section}"))
    for key, trait in _TRAITS.items():
        if hub.get(key) is not None:
            config.JupyterHub[trait] = hub[key]
    if services := _named(hub, "services"):
        config.JupyterHub.services = [_service(each) for each in services]
    if roles := _named(hub, "loadRoles"):
        config.JupyterHub.load_roles = roles
    for name, code in _extra_config(hub.get("extraConfig")).items():
        run(code, config, f"{path}: hub.extraConfig{name}")
    return config


def run(code: str, config: Config, where: str) -> None:
    """Run a piece of a ``jupyterhub_config.py``, as the chart does."""
    names = {"c": config, "get_config": lambda: config, "__file__": where}
    # The user's own configuration, which is code, like the file that `-f` names.
    exec(compile(code, where, "exec"), names)  # noqa: S102


def _extra_config(value: Any) -> dict[str, str]:
    # One text, or texts by name, which run in the order of their names.
    pieces = {"": value} if isinstance(value, str) else _mapping(value, "hub.extraConfig")
    for name, code in pieces.items():
        if not isinstance(code, str):
            raise ValueError(f"hub.extraConfig.{name} must be text")
    return {f".{name}" if name else "": pieces[name] for name in sorted(pieces)}


def _named(hub: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    # The key is the name, unless the entry has another.
    entries = _mapping(hub.get(key), f"hub.{key}")
    return [{"name": name, **_mapping(spec, f"hub.{key}")} for name, spec in entries.items()]


def _service(spec: dict[str, Any]) -> dict[str, Any]:
    # The chart writes this one key in its own style.
    return {("api_token" if key == "apiToken" else key): value for key, value in spec.items()}


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a mapping")
    return value
