"""What makes a pytest run a conformance run: the options read, the hooks registered."""

from __future__ import annotations

import pytest

from . import fixtures, plugin
from .collection import Collection
from .errors import UsageError
from .lost import Repeating
from .report.progress import Progress
from .rules import MARK
from .session import RUN, Run
from .settings import read, take_secrets


def activate(config: pytest.Config, files: list[str]) -> None:
    """Make this pytest run a conformance run.

    With no path on the command line (`testpaths` does not count) it collects the packaged
    chapters. Raises pytest.UsageError when an option cannot be used.
    """
    pytest.register_assert_rewrite(f"{plugin.PACKAGE}.suite")
    take_secrets(config)
    try:
        run = Run(config, read(config), files)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    register(config, run)
    config.pluginmanager.register(fixtures, "hub_conformance.fixtures")
    if config.option.verbose >= 0 and not run.is_worker:
        config.pluginmanager.register(Progress(run), "hub_conformance.progress")
    config.addinivalue_line("markers", f"{MARK}(rule): what the test says about the contract")
    config.args = _paths(config, files)
    if config.option.hub_list_rules:
        config.option.collectonly = True
        config.option.verbose = -2
        config.option.no_header = True


def register(config: pytest.Config, run: Run) -> None:
    """Have pytest call the hooks of a run, instead of those of an earlier one."""
    config.stash[RUN] = run
    hooks = (run, Collection(run), run.outcomes, Repeating(run))
    for name, each in zip(("run", "collection", "outcomes", "repeating"), hooks, strict=True):
        if config.pluginmanager.has_plugin(f"{plugin.PACKAGE}.{name}"):
            config.pluginmanager.unregister(name=f"{plugin.PACKAGE}.{name}")
        config.pluginmanager.register(each, f"{plugin.PACKAGE}.{name}")


def _paths(config: pytest.Config, files: list[str]) -> list[str]:
    """Return what to collect: the paths given, the package's name standing for its chapters."""
    given = list(getattr(config.option, "file_or_dir", None) or ())  # not there with --help
    if not given:
        return files
    return [
        path
        for each in given
        for path in (files if config.option.pyargs and each == plugin.PACKAGE else [each])
    ]
