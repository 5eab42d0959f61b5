"""Which rules a run has: chapters collected by our own naming, narrowed by `--hub-rule`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import plugin
from .fuzz import item_of
from .report.summary import list_rules
from .rules import DESTRUCTIVE, rule_id, rule_of

if TYPE_CHECKING:
    from .session import Run


class Collection:
    """Hooks around the collection of rules."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.chapters: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> pytest.Module | None:
        """Collect our chapters by our own naming, whatever the project around them uses."""
        if module_path not in self.run.files:
            return None
        module: pytest.Module = Chapter.from_parent(
            parent, path=module_path, nodeid=_node_id(parent, module_path)
        )
        return module

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Give each rule its chapter's marker and its id as a property of JUnit reports."""
        if found := rule_of(item):
            self._register(found.chapter)
            item.add_marker(found.chapter)
            item.user_properties.append(("rule", rule_id(item, found)))

    def _register(self, chapter: str) -> None:
        """Make a chapter's marker known, also that of rules outside this package."""
        if chapter not in self.chapters:
            self.chapters.add(chapter)
            self.run.config.addinivalue_line("markers", f"{chapter}: the rules of a chapter")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Narrow the run to `--hub-rule`; print the rules for `--hub-list-rules`.

        What a hub does not recover from comes last, what ends it very last.
        """
        items.sort(key=_harm)
        if self.run.settings.rules:
            self._keep_rules(items)
        if self.run.config.option.hub_list_rules:
            list_rules(self.run.config, [r for item in items if (r := rule_of(item))])
            items.clear()

    def _keep_rules(self, items: list[pytest.Item]) -> None:
        wanted = {item_of(each) for each in self.run.settings.rules}
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            found = rule_of(item)
            names = {found.id, rule_id(item, found)} if found else set()
            (kept if names & wanted else left).append(item)
        if not kept and not self.run.is_worker:  # what a worker raises looks like its crash
            raise pytest.UsageError(f"--hub-rule: nothing collected is {', '.join(sorted(wanted))}")
        self.run.config.hook.pytest_deselected(items=left)
        items[:] = kept


def _harm(item: pytest.Item) -> int:
    """How much is left of the hub after a rule: the higher, the less."""
    found = rule_of(item)
    needs = found.needs if found else ()
    return max((1 + DESTRUCTIVE.index(each) for each in needs if each in DESTRUCTIVE), default=0)


class Chapter(pytest.Module):
    """A chapter of the suite: collected by our own naming, not by the project's around it."""

    def funcnamefilter(self, name: str) -> bool:
        """Every test function of a chapter is one."""
        return name.startswith("test_")

    def classnamefilter(self, name: str) -> bool:
        """Chapters have no classes."""
        return False


def _node_id(parent: pytest.Collector, path: Path) -> Any:
    """Name a chapter by its place in the package: outside the rootdir pytest would leave it empty.

    pytest 9.2 made node ids a type of their own; before that they are strings.
    """
    kind: Any = type(getattr(parent, "_nodeid", ""))
    return kind(path.relative_to(plugin.SUITE.parent.parent).as_posix())
