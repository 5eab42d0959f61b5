"""The run itself: pre-flight, collection, verdicts and the exit status, as pytest hooks.

Registered by `plugin` only when the suite is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from . import embedded, fixtures, plugin
from .client import Client, origin_of
from .errors import ConformanceError, HubError, SetupFailed, UsageError
from .report import failure, summary
from .rules import KNOWN, MARK, SKIPPING, Rule
from .sandbox import new_run_id
from .secret import Scrubber, scrub_log_records
from .settings import Settings, read, take_token
from .target import NEWEST, Target, discover, parse_version
from .transcript import Transcript

#: What a worker of pytest-xdist is told by the controller.
HANDED = plugin.PACKAGE
CHAPTERS = ("identity", "tokens", "scopes", "pagination", "servers")


class Run:
    """One conformance run: its settings, its hub, and what the fixtures are made of."""

    def __init__(self, config: pytest.Config, settings: Settings, files: list[str]) -> None:
        self.config = config
        self.settings = settings
        self.files = {Path(each) for each in files}
        self.scrubber = Scrubber()
        self.transcript = Transcript()
        self.tally = summary.Tally()
        self.target: Target | None = None
        self.embedded: embedded.EmbeddedHub | None = None
        self.token = settings.token
        self.id = new_run_id(settings.prefix)
        self._undo_logging = scrub_log_records(self.scrubber)

    @property
    def is_worker(self) -> bool:
        """Whether this is a worker of pytest-xdist."""
        return hasattr(self.config, "workerinput")

    @property
    def applies(self) -> tuple[int, int]:
        """The version of the contract that rules are chosen by."""
        if self.settings.api_version:
            return parse_version(self.settings.api_version)
        return self.target.applies if self.target else parse_version(NEWEST)

    def client(self, origin: str) -> Client:
        """Return a client of `origin` with the run's limits."""
        return Client(
            origin,
            self.scrubber,
            ca_bundle=self.settings.ca_bundle,
            read_seconds=self.settings.read_seconds,
        )

    # --- before any test

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Find out what hub this is, before anything is collected or any worker started."""
        if self.is_worker:
            handed = vars(self.config)["workerinput"][HANDED]
            self.token = self.scrubber.learn(handed["token"])
            self.target = Target.parse(handed["target"])
        elif not self.config.option.collectonly:
            try:
                self._check_rules()
                self._preflight()
            except UsageError as error:
                raise pytest.UsageError(self.scrubber.scrub(str(error))) from None

    def _check_rules(self) -> None:
        """Refuse an unknown `--hub-rule` before workers start: in a worker it would be a crash."""
        if self.settings.rules and set(self.config.args) == {str(each) for each in self.files}:
            for path in sorted(self.files):
                import_module(f"{plugin.PACKAGE}.suite.{path.stem}")
            _refuse_unknown({each for each in self.settings.rules if "[" not in each} - KNOWN)

    def _preflight(self) -> None:
        base = self.settings.url
        if base is None:
            self.embedded = embedded.start()
            base, self.token = self.embedded.url, self.embedded.token
        assert self.token
        self.scrubber.learn(self.token)
        client = self.client(origin_of(base))
        try:
            self.target = discover(client, base, self.token, public=self.settings.public)
        finally:
            client.close()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of pytest-xdist what the controller learned."""
        assert self.target
        assert self.token
        node.workerinput[HANDED] = {"target": self.target.dump(), "token": self.token.reveal()}

    def pytest_report_header(self) -> str | None:
        """Say which hub is checked, by whose right."""
        if self.target is None:
            return None
        return summary.header(self.target, self.applies, self.id)

    # --- collection

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> pytest.Module | None:
        """Collect our chapters by our own naming, whatever the project around them uses."""
        if module_path not in self.files:
            return None
        module: pytest.Module = Chapter.from_parent(
            parent, path=module_path, nodeid=_node_id(parent, module_path)
        )
        return module

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Give each rule its chapter's marker and its id as a property of JUnit reports."""
        if found := rule_of(item):
            item.add_marker(found.chapter)
            item.user_properties.append(("rule", rule_id(item, found)))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Narrow the run to `--hub-rule`; print the rules for `--hub-list-rules`."""
        if self.settings.rules:
            self._keep_rules(items)
        if self.config.option.hub_list_rules:
            summary.list_rules(self.config, [r for item in items if (r := rule_of(item))])
            items.clear()

    def _keep_rules(self, items: list[pytest.Item]) -> None:
        wanted = set(self.settings.rules)
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        known: set[str] = set()
        for item in items:
            found = rule_of(item)
            names = {found.id, rule_id(item, found)} if found else set()
            known |= names
            (kept if names & wanted else left).append(item)
        if not self.is_worker:  # what a worker raises looks like its crash; see `_check_rules`
            _refuse_unknown(wanted - known)
        self.config.hook.pytest_deselected(items=left)
        items[:] = kept

    # --- each rule

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End a rule that this version, or this run, cannot check."""
        self.transcript.start()
        if found := rule_of(item):
            fixtures.check_applies(self, found)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn an outcome into a verdict that explains itself and shows no secret."""
        report = yield
        found = rule_of(item)
        if found and report.outcome != "passed":
            self._explain(report, call, found, rule_id(item, found))
        if found and (report.when == "call" or report.outcome != "passed"):
            _say(item.user_properties, "verdict", verdict := _verdict(report, call))
            _say(report.user_properties, "verdict", verdict)
        report.longrepr = self.scrubber.scrub_tree(report.longrepr)
        report.sections = self.scrubber.scrub_tree(report.sections)
        return report

    def _explain(
        self, report: pytest.TestReport, call: pytest.CallInfo[None], found: Rule, name: str
    ) -> None:
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, SetupFailed) and report.when != "teardown":
            report.outcome = "skipped"
            report.longrepr = (str(report.fspath), report.location[1] or 0, f"untested: {error}")
        elif report.outcome == "failed" and error and self.config.option.tbstyle == "auto":
            told: Any = failure.explain(found, name, error, self.transcript, self.target)
            report.longrepr = told  # pytest asks for `toterminal` and `reprcrash`, no base class

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count verdicts, also those that workers report."""
        self.tally.add(report)

    # --- after the last rule

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit status: untested rules fail a run as failed ones do."""
        if self.is_worker:
            output: dict[str, Any] = vars(self.config)["workeroutput"]
            output[HANDED] = self.transcript.totals()
        elif self.config.option.hub_list_rules and session.exitstatus == 5:
            session.exitstatus = pytest.ExitCode.OK
        elif session.exitstatus == 0 and self.tally.untested and not self.settings.allow_untested:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add up what a worker sent."""
        self.transcript.add(getattr(node, "workeroutput", {}).get(HANDED, {}))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print verdicts by chapter, and the verdict of the run last."""
        if self.target and not self.is_worker:
            summary.write(terminalreporter, self.tally, self.transcript, self.target)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """End the embedded hub."""
        if self.embedded:
            self.embedded.stop()
        self._undo_logging()


class Chapter(pytest.Module):
    """A chapter of the suite: collected by our own naming, not by the project's around it."""

    def funcnamefilter(self, name: str) -> bool:
        """Every test function of a chapter is one."""
        return name.startswith("test_")

    def classnamefilter(self, name: str) -> bool:
        """Chapters have no classes."""
        return False


RUN = pytest.StashKey[Run]()


def activate(config: pytest.Config, files: list[str]) -> None:
    """Make this pytest run a conformance run.

    With no path on the command line (`testpaths` does not count) it collects the packaged
    chapters. Raises pytest.UsageError when an option cannot be used.
    """
    pytest.register_assert_rewrite(f"{plugin.PACKAGE}.suite")
    take_token(config)
    try:
        run = Run(config, read(config), files)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[RUN] = run
    config.pluginmanager.register(run, "hub_conformance.run")
    config.pluginmanager.register(fixtures, "hub_conformance.fixtures")
    for chapter in CHAPTERS:
        config.addinivalue_line("markers", f"{chapter}: the rules of the chapter {chapter}")
    config.addinivalue_line("markers", f"{MARK}(rule): what the test says about the contract")
    config.args = _paths(config, files)
    if config.option.hub_list_rules:
        config.option.collectonly = True
        config.option.verbose = -2
        config.option.no_header = True


def _paths(config: pytest.Config, files: list[str]) -> list[str]:
    """Return what to collect: the paths given, the package's name standing for its chapters."""
    given = list(config.option.file_or_dir or ())
    if not given:
        return files
    return [
        path
        for each in given
        for path in (files if config.option.pyargs and each == plugin.PACKAGE else [each])
    ]


def _node_id(parent: pytest.Collector, path: Path) -> Any:
    """Name a chapter by its place in the package: outside the rootdir pytest would leave it empty.

    pytest 9.2 made node ids a type of their own; before that they are strings.
    """
    kind: Any = type(getattr(parent, "_nodeid", ""))
    return kind(path.relative_to(plugin.SUITE.parent.parent).as_posix())


def _say(properties: list[tuple[str, Any]], key: str, value: str) -> None:
    """Set one property of a report, once: a failed teardown overrules what was said before."""
    properties[:] = [each for each in properties if each[0] != key] + [(key, value)]


def _refuse_unknown(ids: set[str]) -> None:
    if ids:
        raise pytest.UsageError(
            f"--hub-rule: no rule {', '.join(sorted(ids))} among those collected;"
            " --hub-list-rules prints them all"
        )


def rule_of(item: pytest.Item) -> Rule | None:
    """Return the rule that a collected item checks, if it is one."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark else None


def rule_id(item: pytest.Item, found: Rule) -> str:
    """Return the id of the rule, with the cell of a parametrized one: `pagination/total[users]`."""
    _, bracket, cell = item.name.partition("[")
    return f"{found.id}{bracket}{cell}"


def _verdict(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if report.outcome == "passed":
        return "passed"
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        reason = reason.removeprefix("Skipped: ")
        return next((each for each in SKIPPING if reason.startswith(each)), "untested")
    error = call.excinfo.value if call.excinfo else None
    is_finding = isinstance(error, (AssertionError, HubError, ConformanceError))
    return "failed" if is_finding else "error"
