"""The contract's document: reading it, and pruning it to one version of the hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Version = tuple[int, int]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def parse_version(text: str) -> Version:
    """Major and minor number of a version such as "6.1", "6.1.1" or "5.0.0b2".

    Raises ValueError for anything else: the contract differs by minor version only.
    """
    found = re.match(r"(\d+)\.(\d+)(?!\d)", text)
    if found is None:
        raise ValueError(f"not a version of a hub: {text!r} (expected something like '6.1')")
    return int(found[1]), int(found[2])


@cache
def read() -> dict[str, Any]:
    """The whole document, for all versions. Shared: do not change it."""
    if _REPLACED:
        return _REPLACED[0]
    import yaml  # here, so that importing the contract costs nothing until it is used

    # The C parser is seven times as fast, and missing only where PyYAML was built without libyaml.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files(__package__).joinpath("openapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - either loader is a safe one
    return document


@cache
def pruned(version: Version) -> dict[str, Any]:
    """The document as one version of the hub serves it. Shared: do not change it."""
    return pruned_to(read(), version)


def pruned_to(document: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """Somebody's document as one version of the hub serves it."""
    kept: dict[str, Any] = _prune(document, document, version)
    kept["paths"] = {path: item for path, item in kept["paths"].items() if _has_operations(item)}
    kept["info"] = {**kept.get("info", {}), "version": "{}.{}".format(*version)}
    return kept


def replace_by(document: dict[str, Any]) -> None:
    """Have `read` return another document from now on: see `rights`."""
    _REPLACED[:] = [document]
    for cached in (read, pruned):
        cached.cache_clear()


_REPLACED: list[dict[str, Any]] = []


def resolve(document: Mapping[str, Any], reference: str) -> Any:
    """What a reference of the form `#/a/b` points at. Raises KeyError when it dangles."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def inlined(document: Mapping[str, Any], node: Any) -> Any:
    """A copy of a schema or parameter with its references replaced by what they point at.

    Keys beside a reference win over those of its target. The document has no circles.
    """
    if isinstance(node, list):
        return [inlined(document, item) for item in node]
    if not isinstance(node, Mapping):
        return node
    if isinstance(node.get("$ref"), str):
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return inlined(document, {**resolve(document, node["$ref"]), **beside})
    return {key: inlined(document, value) for key, value in node.items()}


def walk_operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path template, method in upper case, and operation object with its path's parameters."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                own = item[method].get("parameters", [])
                parameters = [*item.get("parameters", []), *own]
                yield path, method.upper(), {**item[method], "parameters": parameters}


def _has_operations(item: Mapping[str, Any]) -> bool:
    return any(method in item for method in METHODS)


def _applies(node: Any, version: Version) -> bool:
    if not isinstance(node, Mapping):
        return True
    since, until = node.get("x-hub-since"), node.get("x-hub-until")
    if since is not None and version < parse_version(since):
        return False
    return until is None or version <= parse_version(until)


def _kept(document: Mapping[str, Any], node: Any, version: Version) -> bool:
    """Whether a node belongs to a version, by its own marks and by those of what it refers to."""
    if not _applies(node, version):
        return False
    if isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        return _applies(resolve(document, node["$ref"]), version)
    return True


def _prune(document: Mapping[str, Any], node: Any, version: Version) -> Any:
    if isinstance(node, list):
        return [_prune(document, item, version) for item in node if _kept(document, item, version)]
    if not isinstance(node, dict):
        return node
    pruned_node = {
        key: _prune(document, value, version)
        for key, value in node.items()
        if _kept(document, value, version)
    }
    _forget_required(node, pruned_node)
    return pruned_node


def _forget_required(before: Mapping[str, Any], after: dict[str, Any]) -> None:
    """Drop from `required` the properties that the version does not have."""
    if isinstance(before.get("properties"), dict) and isinstance(before.get("required"), list):
        gone = before["properties"].keys() - after["properties"].keys()
        after["required"] = [name for name in before["required"] if name not in gone]
