"""The pytest plugin: its options, and whether this run is one of ours.

Loaded at every start of pytest in every project that has it installed, so it imports nothing but
the standard library and pytest, and does nothing unless asked by `--hub-url`,
`--hub-list-rules` or `--pyargs hub_conformance`. The rest is in `session`, loaded then.
"""

from __future__ import annotations

from pathlib import Path

import pytest

PACKAGE = "hub_conformance"
SUITE = Path(__file__).with_name("suite")

#: Options with a value and an ini twin: name, metavar, help.
VALUES = (
    ("hub-url", "URL", "the hub to check, or `reference` for the embedded reference hub"),
    ("hub-token-file", "FILE", "a file that holds the API token"),
    ("hub-login-file", "FILE", "a file that holds the USER:PASSWORD of --hub-login"),
    ("hub-oauth-client-file", "FILE", "a file that holds what --hub-oauth-client takes"),
    ("hub-public-url", "URL", "the proxied address, where --hub-url is the hub's internal one"),
    ("hub-ca-bundle", "FILE", "certificates to trust instead of the system's"),
    ("hub-prefix", "TEXT", "how the names of all that the suite makes start (hubconf)"),
    ("hub-api-version", "X.Y", "hold the hub to this version of the contract, not its own"),
    ("hub-timeout", "SECONDS", "how long one answer may take (60)"),
    ("hub-spawn-timeout", "SECONDS", "how long a server may take to start or stop (60)"),
    (
        "hub-expect",
        "NAMES",
        "what the hub must have: named-servers, spawn, shares, services, public-url, user-role",
    ),
    (
        "hub-page-limits",
        "DEFAULT:MAX",
        "the configured limits of a page, such as 50:200, to hold the hub to",
    ),
    ("hub-baseline", "FILE", "known defects, or `jupyterhub` for those of its release"),
    ("hub-write-baseline", "FILE", "write a first baseline from what fails in this run"),
    ("hub-report", "FILE", "write a JSON report"),
    ("hub-contract", "FILE", "check answers against this OpenAPI document, and fuzz by it"),
    (
        "hub-fuzz-examples",
        "N",
        "requests to generate an operation, beside those of its schema (10)",
    ),
    ("hub-fuzz-seed", "N", "generate other requests than the usual ones (0)"),
    ("hub-max-users", "N", "users that the run makes at once, at most (20)"),
    ("hub-time-limit", "SECONDS", "end the run, incomplete, when it takes longer"),
    ("hub-user-options", "JSON", "user options that servers need to be started with"),
)
#: Options with a secret in them, which the environment or a file is the better place for.
ACCOUNTS = (
    (
        "hub-login",
        "USER:PASSWORD",
        "who logs in for the rules about sessions; better as HUB_CONFORMANCE_LOGIN",
    ),
    (
        "hub-oauth-client",
        "ID:SECRET[:REDIRECT]",
        "a service for the rules about OAuth; better as HUB_CONFORMANCE_OAUTH_CLIENT",
    ),
)
FLAGS = (
    ("hub-trust-env", "send through the proxies of the environment: HTTPS_PROXY, NO_PROXY, …"),
    ("hub-no-spawn", "start no server; what needs one is untested"),
    ("hub-read-only", "send nothing that may change the hub; what needs that is untested"),
    ("hub-destructive", "check also what a hub does not recover from; it is ended at last"),
    ("hub-quiet", "nobody else is on the hub: whatever changes there, this run has changed"),
    ("hub-strict", "count a SHOULD that does not hold as failed"),
    ("hub-allow-untested", "exit with 0 though rules were left untested"),
    ("hub-list-rules", "print id, level, versions and statement of each rule, and end"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and an ini twin to each that has a value."""
    group = parser.getgroup("hub conformance", "conformance of a hub to JupyterHub's REST API")
    for name, metavar, text in VALUES:
        twin = name.replace("-", "_")
        group.addoption(f"--{name}", dest=twin, metavar=metavar, default=None, help=text)
        parser.addini(twin, f"{text} (as --{name})", default="")
    group.addoption(
        "--hub-token",
        metavar="TOKEN",
        default=None,
        help="the API token; better in the environment, as JUPYTERHUB_API_TOKEN",
    )
    for name, metavar, text in ACCOUNTS:
        group.addoption(f"--{name}", metavar=metavar, default=None, help=text)
    group.addoption(
        "--hub-rule",
        metavar="ID",
        action="append",
        default=None,
        help="run this one rule; may be given several times",
    )
    for name, text in FLAGS:
        group.addoption(f"--{name}", action="store_true", default=False, help=text)


def is_asked_for(config: pytest.Config) -> bool:
    """Whether the command line asks for the suite. An ini value alone never does."""
    return bool(
        (hasattr(config, "workerinput") and PACKAGE in config.workerinput)
        or config.option.hub_url is not None
        or config.option.hub_list_rules
        or _named_as_package(config)
    )


def _named_as_package(config: pytest.Config) -> bool:
    given = getattr(config.option, "file_or_dir", None) or ()  # not there with --help
    return bool(config.option.pyargs) and any(
        each.partition("::")[0].split(".")[0] == PACKAGE for each in given
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest of the plugin when the suite is asked for."""
    if not is_asked_for(config):
        return
    from . import activation

    activation.activate(config, suite_files())


def suite_files() -> list[str]:
    """Return the packaged chapters, each by name: a project's `python_files` must not hide one."""
    return [str(path) for path in sorted(SUITE.glob("test_*.py"))]
