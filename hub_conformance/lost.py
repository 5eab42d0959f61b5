"""Attempts that were in vain: writes whose answer was lost, and files that take more users.

What the sandbox makes is looked up before it is asked for again. A rule is checked anew, with
objects of its own that nobody has touched: what the first attempt made is removed with it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import call_and_report, runtestprotocol

from .client import Answer
from .errors import ConnectionLost
from .guard import Named
from .hub import quoted
from .rules import rule_of

if TYPE_CHECKING:
    from .sandbox import Sandbox
    from .session import Run


def made_after_all(sandbox: Sandbox, method: str, path: str, body: dict[str, Any]) -> Answer | None:
    """Look up what a request was to make; return the answer that shows it, None to ask again.

    A token that was issued without anybody learning its secret is revoked. Members and shares are
    simply asked for again: having them twice is having them once.
    """
    match path.split("/")[1:]:
        case ["users"]:
            names = list(body.get("usernames", ()))
            found = [sandbox.hub.get(f"/users/{name}") for name in names]
            body["usernames"] = [
                name for name, answer in zip(names, found, strict=True) if not answer.ok
            ]
            return None if body["usernames"] else found[-1]
        case ["users", _] | ["groups", _] | ["services", _]:
            return _if_ok(sandbox.hub.get(path))
        case ["users", name, "server"]:
            return _server(sandbox, method, name, "")
        case ["users", name, "servers", server]:
            return _server(sandbox, method, name, server)
        case ["users", name, "tokens"]:
            _revoke(sandbox, name, body.get("note"))
    return None


def _if_ok(answer: Answer) -> Answer | None:
    return answer if answer.ok else None


def _server(sandbox: Sandbox, method: str, name: str, server: str) -> Answer | None:
    """Look for a server: started by POST, by PUT only made."""
    answer = sandbox.hub.get(f"/users/{name}", params={"include_stopped_servers": "1"})
    model = answer.json.get("servers", {}).get(server) if answer.ok else None
    there = model and (method == "PUT" or model.get("ready") or model.get("pending"))
    return answer if there else None


def _revoke(sandbox: Sandbox, name: str, note: object) -> None:
    answer = sandbox.hub.get(f"/users/{name}/tokens")
    for token in answer.json.get("api_tokens", ()) if answer.ok else ():
        if note and token.get("note") == note:
            named = Named("token", str(token["id"]), inside=name)
            sandbox.guard.adopt([named])
            sandbox.guard.noted(named)
            sandbox.hub.delete(f"/users/{name}/tokens/{quoted(named.name)}")


def _has(mark: str, reports: list[pytest.TestReport]) -> bool:
    return any(getattr(each, mark, False) for each in reports)


def _shared(fixturedef: Any, request: pytest.FixtureRequest) -> Sandbox | None:
    """Where a fixture makes what all rules of a file use; None for any other fixture."""
    if fixturedef.scope != "module" or fixturedef.argname == "shared":
        return None
    found: Sandbox | None = request.getfixturevalue("shared") if rule_of(_item(request)) else None
    return found


def _item(request: pytest.FixtureRequest) -> pytest.Item:
    item: pytest.Item = request._pyfuncitem
    return item


class Repeating:
    """A hook that checks a rule once more: on a better connection, or with room for more users."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._lost: list[Any] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: Any, request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Note which fixture a lost connection ended: pytest keeps that for all that need it.

        What it had made is removed at once: it counts against what may be there, for a whole file.
        """
        shared = _shared(fixturedef, request)
        before = shared.made if shared else frozenset()
        try:
            return (yield)
        except ConnectionLost:
            self._lost.append((fixturedef, request))
            if shared:
                shared.undo(before)
            raise

    def _forget(self) -> None:
        """Have those fixtures made anew."""
        for fixturedef, request in self._lost:
            fixturedef.finish(request)
        self._lost.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run one rule, as pytest does, and once more where the connection is to blame."""
        where = {"nodeid": item.nodeid, "location": item.location}
        item.ihook.pytest_runtest_logstart(**where)
        reports = self._reports(item, nextitem)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(**where)
        return True

    def _reports(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        if not rule_of(item):
            return runtestprotocol(item, log=False, nextitem=nextitem)
        reports = self._attempt(item, nextitem)
        if _has("hub_short", reports) and self.run.turns.can_have_more:
            self.run.turns.ask_for_all()
            reports = self._attempt(item, nextitem)
        if _has("hub_lost", reports):
            self._forget()
            self.run.patience.repeated += 1
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        return reports

    def _attempt(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        """Return the reports of a rule; what it needs anew where they are in vain is torn down."""
        private: Any = item
        if hasattr(item, "_request") and not item._request:
            private._initrequest()
        reports = [call_and_report(item, "setup", log=False)]
        if reports[0].passed and not item.config.getoption("setuponly", default=False):
            reports.append(call_and_report(item, "call", log=False))
        after = self._kept(item, reports) or nextitem
        reports.append(call_and_report(item, "teardown", log=False, nextitem=after))
        if hasattr(item, "_request"):
            private._request = False
            private.funcargs = None
        return reports

    def _kept(self, item: pytest.Item, reports: list[pytest.TestReport]) -> Any:
        """What stays, with its fixtures, for another attempt; None where there is to be none."""
        if _has("hub_short", reports) and self.run.turns.can_have_more:
            module = item.getparent(pytest.Module)
            return module and module.parent
        return item.parent if _has("hub_lost", reports) else None
