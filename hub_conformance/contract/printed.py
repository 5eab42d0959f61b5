"""The document of one version as text, for tools other than ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import Version, parse_version, pruned

#: The versions that the contract was written for; those between and their patches are described
#: too, what came before and after is not.
OLDEST: Version = (2, 3)
NEWEST: Version = (6, 1)
WIDTH = 100


def as_yaml(version: str) -> str:
    """The pruned document as YAML, its keys in the document's own order.

    Raises ValueError for what is no version, or one that the contract does not describe.
    """
    import yaml  # not cheap to load

    number = parse_version(version)
    if not OLDEST <= number <= NEWEST:
        known = " to ".join("{}.{}".format(*each) for each in (OLDEST, NEWEST))
        raise ValueError(f"the contract describes hubs of {known}, not {version}")
    dumper = _plain_dumper()
    document = _without_marks(_with_scopes(pruned(number)))
    return yaml.dump(
        document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=WIDTH, indent=2
    )


def _with_scopes(document: Mapping[str, Any]) -> dict[str, Any]:
    """Name the scopes that open an operation in its `security` too, where other tools look.

    OpenAPI 3.1 lets any scheme there name what the credentials must have the right to.
    """
    schemes = [name for each in document["security"] for name in each]
    paths = {
        path: {method: _secured(node, schemes) for method, node in item.items()}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}


def _secured(node: Any, schemes: list[str]) -> Any:
    if not isinstance(node, dict) or not node.get("x-hub-scopes"):
        return node
    scopes = dict.fromkeys(each["scope"] for each in node["x-hub-scopes"])
    named = {"security": [{scheme: [scope]} for scope in scopes for scheme in schemes]}
    return {**node, **named}


def _plain_dumper() -> Any:
    """A dumper that writes a shared part out where it is used: not every tool knows aliases."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            # An entry of a list stands further in than its key, as in the document itself.
            super().increase_indent(flow, False)

    return Plain


def _without_marks(node: Any) -> Any:
    """Leave out the marks of versions, which say nothing within one."""
    if isinstance(node, list):
        return [_without_marks(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_marks(value)
        for key, value in node.items()
        if key not in ("x-hub-since", "x-hub-until")
    }
