"""The run itself: pre-flight, collection, and how it ends, as pytest hooks.

Registered by `plugin` only when the suite is asked for. `outcomes` has the hooks around each rule.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from . import baseline, cleanup, contract, embedded, fixtures, plugin, turns
from .accounts import Accounts
from .answer_check import AnswerCheck
from .capabilities import Capabilities
from .census import Census
from .client import Answer, Client, Request
from .contract.description import Description, of_file
from .errors import UsageError
from .fuzz import Findings, item_of
from .guard import owns
from .outcomes import Outcomes
from .patience import PREFLIGHT_SECONDS, Patience
from .receipt.keeper import Keeper
from .receipt.writes import Writes
from .report import document, summary
from .report.result import Result, Tally
from .rules import KNOWN, rule_of
from .sandbox import new_run_id
from .secret import Scrubber, scrub_log_records
from .settings import Settings
from .target import NEWEST, Target, contract_version, discover, parse_version
from .transcript import Transcript
from .urls import origin_of
from .verdicts import OK, exit_status

#: What a worker of pytest-xdist is told by the controller, and tells it in the end.
HANDED = plugin.PACKAGE
COLLECTED_NOTHING = 5


class Run:
    """One conformance run: its settings, its hub, and what the fixtures are made of."""

    def __init__(self, config: pytest.Config, settings: Settings, files: list[str]) -> None:
        self.config = config
        self.settings = settings
        self.files = {Path(each) for each in files}
        self.scrubber = Scrubber()
        self.transcript = Transcript()
        self.tally = Tally()
        self.target: Target | None = None
        self.answer_check: AnswerCheck | None = None
        self.findings = Findings()
        self.embedded: embedded.EmbeddedHub | None = None
        self.token = settings.token
        self.own = {self.token}  # credentials with all the rights of the run's owner
        self.accounts = Accounts()
        self.capabilities = Capabilities(settings.expected)
        self.outcomes = Outcomes(self)
        self.id = self._new_id()
        #: Whether a name belongs to this run, in whichever of its processes it was made.
        self.owns = partial(owns, self.id)
        self.writes = Writes(self.owns)
        self.keeper = Keeper(self)
        self.census: Census | None = None
        self.patience = Patience(settings.limit_seconds)
        self.left: list[str] = []  # what could not be removed, in words
        self.is_over = self.is_cut_short = False  # no rule is left to tell of it; not to its end
        #: What SIGTERM did before the run. A worker of pytest-xdist is ended by its controller.
        self._on_sigterm = None if self.is_worker else signal.getsignal(signal.SIGTERM)
        self._undo_logging = scrub_log_records(self.scrubber)

    def _new_id(self) -> str:
        """A new id; that of a worker of pytest-xdist starts with the controller's."""
        if not self.is_worker:
            return new_run_id(self.settings.prefix)
        given = vars(self.config)["workerinput"]
        return f"{given[HANDED]['run']}-{given['workerid']}"

    @cached_property
    def turns(self) -> turns.Turns:
        """How many users this process may have at once, and when."""
        return turns.of(self.config, self.settings.most_users)

    @property
    def is_worker(self) -> bool:
        """Whether this is a worker of pytest-xdist."""
        return hasattr(self.config, "workerinput")

    @property
    def applies(self) -> tuple[int, int]:
        """The version of the contract that rules are chosen by."""
        if self.settings.api_version:
            return contract_version(parse_version(self.settings.api_version))
        return self.target.applies if self.target else parse_version(NEWEST)

    @property
    def incomplete(self) -> str:
        """Why the run was ended before its last rule; "" when it was not."""
        return self.patience.over

    @property
    def is_partial(self) -> bool:
        """Whether options narrowed the run to some of its rules."""
        option = self.config.option
        return bool(self.settings.rules or option.markexpr or option.keyword) or (
            set(self.config.args) != {str(each) for each in self.files}
        )

    def client(self, origin: str, patience: Patience | None = None) -> Client:
        """Return a client of `origin` with the run's limits, or with those of `patience`."""
        options = self.settings.for_client
        return Client(origin, self.scrubber, patience=patience or self.patience, **options)

    # --- before any test

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Find out what hub this is, before anything is collected or any worker started."""
        if not self.is_worker:  # a CI job that is cancelled: removed like what ctrl-C leaves
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if self.is_worker:
                handed = vars(self.config)["workerinput"][HANDED]
                self.token = self.scrubber.learn(handed["token"])
                self.own = {self.token}
                self.target = Target.parse(handed["target"])
                self._read_accounts(handed["accounts"])
            elif not self.config.option.collectonly:
                self._check_rules()
                self._preflight()
            if self.target:
                self.census = Census(self.turns.room, self.owns, self.target.api)
                described = self._description()
                self.answer_check = AnswerCheck(self.target, self.applies, self.scrubber, described)
                self._read_baseline(self.target)
        except UsageError as error:
            raise pytest.UsageError(self.scrubber.scrub(str(error))) from None

    def _description(self) -> Description | None:
        """The description that `--hub-contract` names. Raises UsageError when it is none."""
        path = self.settings.contract
        if path is None:
            return None
        try:
            found = of_file(path, self.applies)
        except ValueError as error:
            raise UsageError(f"--hub-contract={path}: {error}") from None
        contract.adopt(found.document)
        return found

    def _check_rules(self) -> None:
        """Refuse an unknown `--hub-rule` before workers start: in a worker it would be a crash."""
        if self.settings.rules and not self.config.option.file_or_dir:
            self._import_chapters()
            _refuse_unknown(each for each in self.settings.rules if "[" not in each)

    def _import_chapters(self) -> None:
        for path in sorted(self.files):
            import_module(f"{plugin.PACKAGE}.suite.{path.stem}")

    def _preflight(self) -> None:
        base = self.settings.url
        if base is None:
            self.embedded = embedded.start()
            base, self.token = self.embedded.url, self.embedded.token
        assert self.token
        self.scrubber.learn(self.token)
        patience = Patience(PREFLIGHT_SECONDS)
        client = self.client(origin_of(base), patience)
        try:
            self.target = discover(client, base, self.token, public=self.settings.public)
        finally:
            client.close()
            self.patience.add(patience.totals())
        given = {"login": self.settings.login, "client": self.settings.oauth_client}
        self._read_accounts(self.embedded.accounts if self.embedded else given)

    def _read_accounts(self, given: Mapping[str, str | None]) -> None:
        """Keep who can log in, and the OAuth client. Raises UsageError for what is neither."""
        assert self.target
        self.accounts = Accounts.parse(given.get("login"), given.get("client"), self.target.prefix)
        self.accounts.learn(self.scrubber)

    def _read_baseline(self, target: Target) -> None:
        if not self.settings.baseline:
            return
        path = baseline.find_file(self.settings.baseline, self.applies)
        self.outcomes.baseline = found = baseline.load(path)
        if not self.config.option.file_or_dir:
            self._import_chapters()
            listed = {each.rule for each in found.known.values()}
            unknown = sorted(each for each in listed - KNOWN if not _is_generated(each))
            if unknown:
                raise UsageError(f"the baseline {path.name} lists unknown rules: {unknown}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of pytest-xdist what the controller learned."""
        assert self.target
        assert self.token
        node.workerinput[HANDED] = {
            "run": self.id,
            "target": self.target.dump(),
            "token": self.token.reveal(),
            "accounts": self.accounts.dump(),
            "turns": turns.folder(self.config),
        }

    def pytest_report_header(self) -> str | None:
        """Say which hub is checked, by whose right."""
        if self.target is None:
            return None
        return summary.header(
            self.target,
            f"{'.'.join(map(str, self.applies))}{self._why_this_version(self.target)}",
            self.id,
            self.settings.expected,
        )

    def _why_this_version(self, target: Target) -> str:
        if self.settings.api_version:
            return f" (by --hub-api-version={self.settings.api_version})"
        is_its_own = parse_version(target.version) == self.applies
        return "" if is_its_own else " (the nearest that the contract knows)"

    # --- each rule

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End a rule that this version, or this run, cannot check."""
        self.patience.is_cleaning = False
        self.transcript.start()
        if self.answer_check:
            self.answer_check.start()
        if found := rule_of(item):
            fixtures.check_applies(self, found)
            self.patience.check()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Let requests out that remove things, whatever the time."""
        self.patience.is_cleaning = True

    def before(self, request: Request) -> None:
        """The client's last hook: stop a run that has too many users."""
        if self.census:
            self.census.before(request)
        self.writes.note(request)

    def after(self, answer: Answer) -> None:
        """The client's hook: keep and check what came back."""
        self.patience.heard(answer.status)
        self.transcript.after(answer)
        if self.census:
            self.census.after(answer)
        if self.answer_check:
            self.answer_check.after(answer)
        if self.target:
            self.capabilities.after(answer, self.target)

    def cause_of(self, answer: Answer) -> str:
        """Name where a rule broke: the operation of an answer, and its status."""
        request = answer.request
        path = request.path.removeprefix(self.target.api if self.target else "")
        operation = contract.match(request.method, path)
        return f"{operation or request.method} answered {answer.status}"

    def met_by_many(self) -> Iterator[Result]:
        """Yield what many rules met together: answers against the contract, capabilities."""
        told: set[str] = set()
        if self.answer_check and not self.settings.rules:
            for result in self.answer_check.results(self.capabilities.absent):
                told |= {result.id} if result.verdict == "failed" else set()
                yield result
        yield from self.findings.results(told)
        is_whole = not (self.is_partial or self.incomplete)
        yield from self.capabilities.results(self.settings.keeps_from if is_whole else None)
        yield from self.end()

    def end(self) -> Iterator[Result]:
        """Remove what nobody has who could; yield what the receipt says."""
        if self.is_cut_short and not self.settings.read_only:
            self.left, self.is_cut_short = cleanup.sweep(self), False
        yield from self.keeper.end()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit status, and write the files that were asked for."""
        if self.is_worker:
            vars(self.config)["workeroutput"][HANDED] = self._dump()
        elif self.config.option.hub_list_rules and session.exitstatus == COLLECTED_NOTHING:
            session.exitstatus = OK
        elif not self.config.option.collectonly and self.target:
            self.is_cut_short |= session.exitstatus == pytest.ExitCode.INTERRUPTED
            self.outcomes.tell(session, self.end())
            if session.exitstatus in (OK, 1, COLLECTED_NOTHING) and len(self.tally):
                session.exitstatus = self._exit_status(int(session.exitstatus))
            self._write_files(int(session.exitstatus))

    def _exit_status(self, pytests: int) -> int:
        ours = exit_status(
            self.tally.counts,
            allow_untested=self.settings.allow_untested,
            incomplete=bool(self.incomplete),
            checked=self.tally.checked,
        )
        foreign = pytests == 1 and not self.tally.of("failed", "stale", "vacuous", "error")
        return 1 if foreign else ours

    def _write_files(self, status: int) -> None:
        if self.settings.report:
            document.write(self.settings.report, document.build(self, status))
        if self.settings.write_baseline and self.target:
            found = [each.failing.items() for each in self.tally.of("failed", "known")]
            told = {rule: reason for each in found for rule, reason in each}
            baseline.write(self.settings.write_baseline, self.target.version, told)

    def _dump(self) -> dict[str, Any]:
        return {
            "totals": self.transcript.totals(),
            "met": self.answer_check.dump() if self.answer_check else {},
            "findings": self.findings.dump(),
            "observed": self.capabilities.observed,
            "incomplete": self.incomplete,
            "patience": self.patience.totals(),
            "left": self.left,
            "writes": self.writes.dump(),
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add up what a worker did."""
        told = getattr(node, "workeroutput", {}).get(HANDED)
        self.is_cut_short |= told is None
        if told and self.answer_check:
            self.transcript.add(told["totals"])
            self.answer_check.add(told["met"])
            self.findings.load(told["findings"])
            self.patience.over = self.patience.over or told["incomplete"]
            self.patience.add(told["patience"])
            self.left += told["left"]
            self.writes.load(told["writes"])
            for name, has in told["observed"].items():
                self.capabilities.observe(name, has)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print verdicts by chapter, and the verdict of the run last."""
        if self.target and not self.is_worker:
            summary.write(terminalreporter, self.tally, self.closing())

    def closing(self) -> summary.Closing:
        """Return what the last line is made of."""
        assert self.target
        return summary.Closing(
            target=self.target,
            partial=self.is_partial,
            incomplete=self.incomplete,
            absent=self.capabilities.absent,
            seconds=self.patience.seconds,
            transcript=self.transcript,
            patience=self.patience,
            left=tuple(map(self.scrubber.scrub, self.left)),
            cleanup=cleanup.command(self.target.base, self.settings.prefix, self.id),
            receipt=self.keeper.receipt,
        )

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """End the embedded hub."""
        if self.embedded:
            self.embedded.stop()
        if self._on_sigterm is not None:
            signal.signal(signal.SIGTERM, self._on_sigterm)
        self._undo_logging()


RUN = pytest.StashKey[Run]()


def _refuse_unknown(ids: Iterable[str]) -> None:
    if unknown := sorted(each for each in set(ids) - KNOWN if not _is_generated(each)):
        raise UsageError(
            f"--hub-rule: no rule {', '.join(unknown)}; --hub-list-rules prints them all"
        )


def _is_generated(rule: str) -> bool:
    """Whether a rule's id is one of those that come up only where something is found."""
    return rule.startswith(("contract/", "receipt/")) or item_of(rule) != rule
