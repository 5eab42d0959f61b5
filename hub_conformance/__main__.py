"""`python -m hub_conformance COMMAND`: what goes with a run, before it or after.

`cleanup` removes what a killed run left on a hub; `diff` compares two reports;
`defects` prints what real releases are known to get wrong; `contract` prints the API's document;
`permissions` the least role of whose token a run is given;
`kill-matrix` proves that the suite sees, by faults planted in the reference hub.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from . import cleanup, permissions
from .contract.printed import as_yaml
from .errors import ConformanceError, UsageError
from .guard import Named
from .kills import options as kill_matrix
from .report.defects import page
from .report.diff import changes, load
from .sandbox import PREFIX
from .settings import TOKEN_VARIABLE, check_ca_bundle, check_prefix, pick_token
from .target import NEWEST, base_url


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(prog="python -m hub_conformance")
    commands = result.add_subparsers(dest="command", required=True)
    clean = commands.add_parser("cleanup", help="remove what a killed run left on a hub")
    clean.add_argument("--hub-url", required=True, metavar="URL")
    clean.add_argument("--hub-token", metavar="TOKEN", help=f"better in {TOKEN_VARIABLE}")
    clean.add_argument("--hub-token-file", metavar="FILE", type=Path)
    clean.add_argument("--hub-ca-bundle", metavar="FILE")
    clean.add_argument(
        "--hub-trust-env", action="store_true", help="use the proxies of the environment"
    )
    clean.add_argument("--hub-prefix", metavar="TEXT", default=PREFIX)
    clean.add_argument(
        "--hub-login",
        metavar="USER",
        help="whose tokens to look through too",
    )
    clean.add_argument("--run-id", metavar="ID", help="remove what this one run left, no other's")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=_cleanup)
    diff = commands.add_parser("diff", help="what changed between two JSON reports")
    diff.add_argument("old", type=Path, metavar="OLD.json")
    diff.add_argument("new", type=Path, metavar="NEW.json")
    diff.set_defaults(run=_diff)
    defects = commands.add_parser("defects", help="print the known defects of real releases")
    defects.set_defaults(run=_defects)
    kill_matrix.add_to(commands)
    needed = commands.add_parser("permissions", help="print the least role that a run needs")
    needed.add_argument("--version", default=NEWEST, help="of the hub (default: %(default)s)")
    needed.set_defaults(run=_permissions)
    described = commands.add_parser("contract", help="print the API's OpenAPI 3.1 document")
    described.add_argument("--version", default=NEWEST, help="of the hub (default: %(default)s)")
    described.set_defaults(run=_contract)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 1 when something is left or has become worse, 4 for bad input."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except (ConformanceError, AssertionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _permissions(options: argparse.Namespace) -> int:
    try:
        print(permissions.page(options.version), end="")
    except ValueError as error:
        raise UsageError(f"--version: {error}") from None
    return 0


def _contract(options: argparse.Namespace) -> int:
    try:
        print(as_yaml(options.version), end="")
    except ValueError as error:
        raise UsageError(f"--version: {error}") from None
    return 0


def _cleanup(options: argparse.Namespace) -> int:
    prefix = check_prefix(options.hub_prefix)
    if options.run_id and not options.run_id.startswith(f"{prefix}-"):
        raise UsageError(f"--run-id={options.run_id} does not start with {prefix}-")
    token = pick_token(options.hub_token, options.hub_token_file, os.environ)
    hub, guard = cleanup.connect(
        base_url(options.hub_url),
        token,
        options.run_id or prefix,
        check_ca_bundle(options.hub_ca_bundle),
        (options.hub_login or "").partition(":")[0],
        trust_env=options.hub_trust_env,
    )
    found = cleanup.leftovers(hub, guard)
    if not options.run_id:
        found = _without_living(found, prefix)
    for named in found:
        print(f"{named.kind} {named.inside} {named.name}".replace("  ", " "))
    if not found:
        print(f"nothing on {hub.target.base} starts with {options.run_id or prefix}-")
        return 0
    if not options.yes and not _confirmed(len(found)):
        return 1
    left = cleanup.remove(hub, guard, found)
    print(f"removed {len(found) - len(left)} of {len(found)}")
    for line in left:
        print(f"left: {line}", file=sys.stderr)
    return 1 if left else 0


def _without_living(found: list[Named], prefix: str) -> list[Named]:
    """Leave out what runs that may still be going on have made, and say so."""
    living = cleanup.of_living_runs(found, prefix, datetime.now(UTC))
    for run in sorted(set(living.values())):
        print(f"{run} may still be going on, it started less than an hour ago: --run-id={run}")
    return [each for each in found if each not in living]


def _diff(options: argparse.Namespace) -> int:
    found = list(changes(load(options.old), load(options.new)))
    for change in sorted(found, key=lambda each: not each.is_regression):
        print(change)
    regressions = sum(each.is_regression for each in found)
    print(f"{regressions} regressions, {len(found) - regressions} other changes")
    return 1 if regressions else 0


def _defects(options: argparse.Namespace) -> int:
    print(page(), end="")
    return 0


def _confirmed(count: int) -> bool:
    try:
        return input(f"Remove these {count}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("not removed: nobody answered; --yes removes without asking", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(main())
