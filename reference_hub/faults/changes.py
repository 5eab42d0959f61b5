"""How policies are replaced: small makers of changes that several faults share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ..core import access, errors
from ..core.call import Call, Reply, empty
from ..http import routes
from . import tables
from .fault import Change

Rewrite = Callable[[Any], Any]


def const(value: Any) -> Change:
    """A value instead of what was there."""
    return lambda original: value


def always(value: Any) -> Change:
    """A function that returns the same, whatever it is given."""
    return lambda original: lambda *args, **kwargs: value


def doing(function: Callable[..., Any]) -> Change:
    """Another function instead; it is handed the original first."""
    return lambda original: lambda *args, **kwargs: function(original, *args, **kwargs)


def on(operation: str) -> tuple[Any, str]:
    """Where an operation is looked up when the hub's routes are made."""
    method, path = tables.OPERATIONS[operation]
    return routes.API[path], method


def answering(rewrite: Rewrite) -> Change:
    """The operation as it was, its answer's value rewritten (in place, or by what is returned)."""

    def changed(original: Any, call: Call, *names: str) -> Any:
        reply = original(call, *names)
        if not isinstance(reply, Reply):
            return reply
        return replace(reply, value=rewrite(deepcopy(reply.value)))

    return doing(changed)


def rewriting(rewrite: Rewrite) -> Change:
    """The function as it was, what it returns rewritten."""
    return doing(lambda original, *args, **kwargs: rewrite(original(*args, **kwargs)))


def status(code: int) -> Change:
    """The operation as it was, with another status of success."""

    def changed(original: Any, call: Call, *names: str) -> Any:
        return replace(original(call, *names), status=code)

    return doing(changed)


def refusing(code: int) -> Change:
    """The refusal as it was, with another status."""

    def changed(original: Any, *args: Any) -> errors.HubError:
        return errors.HubError(code, original(*args).message)

    return doing(changed)


def breaking(original: Any, call: Call, *names: str) -> Any:
    """The operation is carried out, and the answer is a 500."""
    original(call, *names)
    raise errors.HubError(500, "It was planted.")


def never_refusing(original: Any, call: Call, *names: str) -> Any:
    """The operation as it was, but every refusal is an empty answer 200."""
    try:
        return original(call, *names)
    except errors.HubError:
        return empty()


def unchecked(original: Any, call: Call, *names: str) -> Any:
    """The operation for anybody with a token: its scopes are not asked for."""
    call.require = lambda *scopes, **resource: access.require_login(call.requester)  # type: ignore[method-assign]
    return original(call, *names)


def unfiltered(original: Any, call: Call, *names: str) -> Any:
    """The operation for whoever holds its scope for anything at all."""

    def require(*scopes: str, kind: str = "", name: str = "") -> access.Requester:
        requester = access.require_login(call.requester)
        if any(scope in requester.grants for scope in scopes):
            return requester
        return access.require(requester, scopes, kind, name)

    call.require = require  # type: ignore[method-assign]
    return original(call, *names)


def also(*more: str) -> Change:
    """The operation for those with another scope, too."""

    def changed(original: Any, call: Call, *names: str) -> Any:
        require = call.require
        call.require = lambda *scopes, **resource: require(*scopes, *more, **resource)  # type: ignore[method-assign]
        return original(call, *names)

    return doing(changed)


def models_in(value: Any) -> Iterator[dict[str, Any]]:
    """The models of an answer: it is one, or a list, a page or an object of them."""
    if isinstance(value, dict) and "_pagination" in value:
        value = value["items"]
    if isinstance(value, dict) and "api_tokens" in value:
        value = value["api_tokens"]
    if isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values()):
        value = list(value.values())
    yield from (each for each in (value if isinstance(value, list) else [value]) if each)


def each_model(*fields: str, do: Callable[[dict[str, Any], str], None]) -> Rewrite:
    """Do something with fields of every model of an answer that has them."""

    def rewrite(value: Any) -> Any:
        for model in models_in(value):
            for name in _present(model, fields):
                do(model, name)
        return value

    return rewrite


def _present(model: dict[str, Any], fields: Iterable[str]) -> list[str]:
    return [name for name in fields if name in model]
