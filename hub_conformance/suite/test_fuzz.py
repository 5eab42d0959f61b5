"""Fuzzing: generated requests, valid and invalid ones, to each operation.

What they find is told as rules of their own, `fuzz/<operation>/<check>/<status>`; here an operation
passes when its requests came through to what it does.
"""

from __future__ import annotations

import pytest

from ..contract import operations
from ..fuzz import ITEM, LINKS
from ..rules import not_applicable, rule, untested, vacuous
from ..sandbox import Sandbox
from ..session import RUN, Run
from ..stage import Stage
from ..target import NEWEST
from ._fuzz_cases import Generator
from ._fuzz_links import LIVES_OF, Links
from ._fuzz_names import CALLED
from ._fuzz_run import COUNTED, Fuzzer


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item an operation: those that can be called, and those of `--hub-contract` alone."""
    if "operation" not in metafunc.fixturenames:
        return
    check = metafunc.config.stash[RUN].answer_check
    known = operations(NEWEST)
    theirs = check.description.operations.values() if check else ()
    more = [
        each.operation
        for each in theirs
        if each.operation not in known and each.method == "GET" and "{" not in each.path
    ]
    metafunc.parametrize("operation", [*(each for each in known if each in CALLED), *more])


@pytest.fixture(scope="module")
def fuzzer(hub_run: Run, shared: Sandbox) -> Fuzzer:
    """Generated requests, and objects for them that no other chapter sees."""
    check = hub_run.answer_check
    assert check
    settings = hub_run.settings
    version = "{}.{}".format(*hub_run.applies)
    return Fuzzer(
        hub_run,
        Stage(shared, version, spawns=settings.spawns, is_brief=True),
        Generator(check.description, settings.fuzz_examples, settings.fuzz_seed),
    )


@rule(ITEM)
def test_operation(
    operation: str, fuzzer: Fuzzer, hub_run: Run, request: pytest.FixtureRequest
) -> None:
    """Generated requests come through to what an operation does.

    What they find beside that are rules of their own: fuzz/<operation>/<check>/<status>.
    """
    if operation not in fuzzer.description.operations:
        not_applicable("this version, or the description given, has no such operation")
    if "server-name" in operation:
        request.getfixturevalue("enabled_named_servers")
    fuzzed = fuzzer.operation(operation)
    try:
        fuzzed.fuzz(fuzzer.generator.cases(operation))
    finally:
        counts = {each: fuzzed.counts[each] for each in COUNTED}
        hub_run.findings.count(f"{ITEM}[{operation}]", counts)
    fuzzed.judge_reach()


@pytest.mark.parametrize("kind", LIVES_OF)
@rule(LINKS)
def test_links(kind: str, fuzzer: Fuzzer, request: pytest.FixtureRequest) -> None:
    """What was made can be read, by name and in its list, and what was deleted is gone.

    What does not hold is a rule of its own: fuzz/links/<check>/<operation>/<status>.
    """
    links = Links(fuzzer, LIVES_OF[kind])
    if not links.applies:
        not_applicable(f"this version cannot make a {kind} and read it")
    if kind == "server":
        request.getfixturevalue("enabled_named_servers")
    if links.follow():
        return
    if not fuzzer.is_admin:
        untested(f"the token may not make and delete a {kind}")
    vacuous(f"no {kind} could be made and deleted")
