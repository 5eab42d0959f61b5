"""The run's options, read from flags, ini twins and the environment, each checked once."""

from __future__ import annotations

import json
import math
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .accounts import pick
from .census import MOST_USERS
from .errors import UsageError
from .rules import CAPABILITIES
from .sandbox import PREFIX
from .secret import Secret
from .target import base_url, parse_version

REFERENCE = "reference"
#: Requests that are generated for an operation, beside those that its schema's corners make.
FUZZ_EXAMPLES = 10
TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - the name of a variable
_NO_TOKEN = f"""no token: the hub's API needs one. Give it in one of three ways:
  the environment variable {TOKEN_VARIABLE} (the best: nobody else sees it),
  --hub-token-file=FILE, a file that holds nothing but the token,
  --hub-token=TOKEN (visible to other users of this machine in the list of processes)"""


@dataclass(frozen=True)
class Settings:
    """What the person who started the run asked for. `url` None means the reference hub."""

    url: str | None
    token: Secret | None
    public: str | None
    ca_bundle: str | None
    trusts_env: bool
    prefix: str
    api_version: str | None
    spawn_seconds: float
    read_seconds: float
    spawns: bool
    user_options: dict[str, Any] | None
    rules: tuple[str, ...]
    allow_untested: bool
    strict: bool
    read_only: bool
    destructive: bool
    quiet: bool
    expected: tuple[str, ...]
    baseline: str | None
    write_baseline: Path | None
    report: Path | None
    limit_seconds: float | None
    most_users: int
    contract: Path | None
    fuzz_examples: int
    fuzz_seed: int
    page_limits: tuple[int, int] | None = None
    login: str | None = field(default=None, repr=False)
    oauth_client: str | None = field(default=None, repr=False)

    @property
    def for_client(self) -> dict[str, Any]:
        """What of it a client is made with."""
        return {
            "ca_bundle": self.ca_bundle,
            "read_seconds": self.read_seconds,
            "trust_env": self.trusts_env,
        }

    def keeps_from(self, capability: str) -> str:
        """Return the option that keeps the run from seeing a capability, "" where none does."""
        if self.read_only:
            return "--hub-read-only"
        needs_server = capability in ("spawn", "named-servers", "public-url")
        return "--hub-no-spawn" if needs_server and not self.spawns else ""


def read(config: pytest.Config) -> Settings:
    """Read and check every option. Raises UsageError for the first value that cannot be used."""
    url = _given(config, "hub_url")
    url = None if url in (None, REFERENCE) else base_url(url)
    public = _given(config, "hub_public_url")
    version = _given(config, "hub_api_version")
    return Settings(
        url=url,
        token=_token(config) if url else None,
        public=base_url(public) if public else None,
        ca_bundle=check_ca_bundle(_given(config, "hub_ca_bundle")),
        trusts_env=bool(config.getoption("hub_trust_env")),
        prefix=check_prefix(_given(config, "hub_prefix") or PREFIX),
        api_version=_version(version) if version else None,
        spawn_seconds=_seconds(config, "hub_spawn_timeout", 60.0),
        read_seconds=_seconds(config, "hub_timeout", 60.0),
        spawns=not config.getoption("hub_no_spawn"),
        user_options=_options(_given(config, "hub_user_options")),
        rules=tuple(config.getoption("hub_rule") or ()),
        allow_untested=bool(config.getoption("hub_allow_untested")),
        strict=bool(config.getoption("hub_strict")),
        read_only=bool(config.getoption("hub_read_only")),
        destructive=bool(config.getoption("hub_destructive")),
        quiet=bool(config.getoption("hub_quiet")) or url is None,  # nobody knows the embedded hub
        expected=_capabilities(_given(config, "hub_expect") or ""),
        baseline=_given(config, "hub_baseline"),
        write_baseline=_writable(config, "hub_write_baseline"),
        report=_writable(config, "hub_report"),
        limit_seconds=_limit(config),
        most_users=_number(config, "hub_max_users", at_least=1) or MOST_USERS,
        contract=_readable(config, "hub_contract"),
        fuzz_examples=_number(config, "hub_fuzz_examples", at_least=1) or FUZZ_EXAMPLES,
        fuzz_seed=_number(config, "hub_fuzz_seed", at_least=0) or 0,
        page_limits=page_limits(_given(config, "hub_page_limits")),
        login=_account(config, "hub-login"),
        oauth_client=_account(config, "hub-oauth-client"),
    )


def take_secrets(config: pytest.Config) -> None:
    """Wrap secrets given as flags, so that no later dump of the options shows them.

    Without the wrapping they would also travel to xdist's workers with their options.
    """
    for name, key in GIVEN.items():
        given = getattr(config.option, name)
        if isinstance(given, str):
            setattr(config.option, name, None)
            setattr(config.known_args_namespace, name, None)
            config.stash[key] = Secret(given.strip())


TOKEN = pytest.StashKey[Secret]()
#: Where `take_secrets` puts what was given as a flag.
GIVEN = {
    "hub_token": TOKEN,
    "hub_login": pytest.StashKey[Secret](),
    "hub_oauth_client": pytest.StashKey[Secret](),
}


def _given(config: pytest.Config, name: str) -> str | None:
    """Return the flag's value, else its ini twin's, else None.

    Raises UsageError for a flag without a value, as `--hub-url=$HUB` is where HUB is not set: it
    must not quietly mean something else.
    """
    flag = config.getoption(name, None)
    if flag is None:
        return str(config.getini(name)).strip() or None
    if not str(flag).strip():
        raise UsageError(f"--{name.replace('_', '-')} is given without a value")
    return str(flag)


def _token(config: pytest.Config) -> Secret:
    flag = config.stash.get(TOKEN, None)
    path = _given(config, "hub_token_file")
    return pick_token(flag.reveal() if flag else None, Path(path) if path else None, os.environ)


def _account(config: pytest.Config, option: str) -> str | None:
    name = option.replace("-", "_")
    flag = config.stash.get(GIVEN[name], None)
    return pick(option, flag, _given(config, f"{name}_file"), os.environ)


def pick_token(flag: str | None, path: Path | None, environment: Mapping[str, str]) -> Secret:
    """Return the token: the flag's, else the file's, else the environment's.

    Raises UsageError when there is none, or one that cannot be sent.
    """
    found = flag
    if found is None:  # an empty flag is no token, and must not quietly mean another one
        found = _token_in(path) if path else environment.get(TOKEN_VARIABLE, "")
    found = found.strip()
    if not found:
        raise UsageError(_NO_TOKEN)
    if not found.isascii() or not found.isprintable() or " " in found:
        raise UsageError("the token has characters that no HTTP header can carry; copy it anew")
    return Secret(found)


def _token_in(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:  # it holds the whole file, so nothing is raised from here
        reason = "it is no text"
    except OSError as error:
        reason = error.strerror or str(error)
    raise UsageError(f"--hub-token-file: {path} cannot be read: {reason}")


def check_ca_bundle(path: str | None) -> str | None:
    """Return the path. Raises UsageError when no certificates are there."""
    if not path:
        return None
    if not Path(path).exists():
        raise UsageError(f"--hub-ca-bundle: there is no {path}")
    if Path(path).is_file():
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"--hub-ca-bundle: {path} holds no certificates: {reason}") from None
    return path


def check_prefix(text: str) -> str:
    """Return the prefix. Raises UsageError when some hub would not take it in a name."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,19}", text):
        raise UsageError(
            f"--hub-prefix={text}: use 3 to 20 of a-z, 0-9 and dash, a letter first,"
            " so that every hub takes it in names of users, groups and servers"
        )
    return text


def _version(text: str) -> str:
    try:
        parse_version(text)
    except ValueError as error:
        raise UsageError(f"--hub-api-version: {error}") from None
    return text


def _seconds(config: pytest.Config, name: str, default: float) -> float:
    text = _given(config, name)
    flag = "--" + name.replace("_", "-")
    try:
        value = float(text) if text else default
    except ValueError:
        raise UsageError(f"{flag}={text}: give a number of seconds") from None
    if text and not 0 < value < math.inf:
        raise UsageError(f"{flag}={text}: give a number of seconds above 0")
    return value


def _limit(config: pytest.Config) -> float | None:
    limit = _seconds(config, "hub_time_limit", math.inf)
    return None if limit == math.inf else limit


def _capabilities(text: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    if unknown := sorted(set(found) - set(CAPABILITIES)):
        raise UsageError(f"--hub-expect: {', '.join(unknown)} is none of {', '.join(CAPABILITIES)}")
    return found


def _writable(config: pytest.Config, name: str) -> Path | None:
    """Return a file to be written, found out before the run that its folder is there."""
    text = _given(config, name)
    if not text:
        return None
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        flag = "--" + name.replace("_", "-")
        raise UsageError(f"{flag}={text}: give a file in a folder that is there")
    return path


def _readable(config: pytest.Config, name: str) -> Path | None:
    text = _given(config, name)
    if text and not Path(text).is_file():
        raise UsageError(f"--{name.replace('_', '-')}={text}: there is no such file")
    return Path(text) if text else None


def _number(config: pytest.Config, name: str, *, at_least: int) -> int | None:
    text = _given(config, name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < at_least:
        raise UsageError(
            f"--{name.replace('_', '-')}={text}: give a whole number from {at_least} on"
        )
    return int(text)


def page_limits(text: str | None) -> tuple[int, int] | None:
    """Return the default and the maximum limit of a page. Raises UsageError for what is neither."""
    if not text:
        return None
    found = re.fullmatch("([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", text)
    if not found or int(found[1]) > int(found[2]):
        raise UsageError(
            f"--hub-page-limits={text}: give the default and the maximum, such as 50:200"
        )
    return int(found[1]), int(found[2])


def _options(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--hub-user-options is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError('--hub-user-options: give a JSON object, such as {"profile": "small"}')
    return found
