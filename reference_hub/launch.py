"""How this hub is run: the options without a dot. Those with one are JupyterHub's traits.

Traitlets are loaded only where there is a trait or a file to read: that takes a tenth of a start.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .core.boot import ConfigError
from .core.settings import Settings

ADMIN = "admin"
"""The user that the printed token belongs to."""

COMMAND = "jupyterhub-singleuser"
SPAWNERS = ("simulated", "process")


@dataclass
class Launch:
    """How this hub is run; see `OPTIONS` for what each of these means."""

    ip: str = "127.0.0.1"
    port: int = 8000
    config_file: str = ""
    allow_remote: bool = False
    json: bool = False
    exit_with_stdin: bool = False
    with_accounts: bool = False
    spawner: str = SPAWNERS[0]
    singleuser_command: str = ""
    allow_faults: bool = False
    fault: list[str] = field(default_factory=list)
    # Of a server's process, from Spawner's traits or the option:
    command: list[str] = field(default_factory=lambda: [COMMAND])
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.singleuser_command:
            self.command = shlex.split(self.singleuser_command)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise ValueError("a number from 0 to 65535")


def _spawner(text: str) -> str:
    if text in SPAWNERS:
        return text
    raise ValueError(" or ".join(SPAWNERS))


def _words(text: str) -> str:
    try:
        if shlex.split(text):
            return text
    except ValueError:
        pass
    raise ValueError("a command and its arguments")


@dataclass(frozen=True)
class Option:
    """An option: which field of `Launch` it sets, and how its value is read (None: it is a flag).

    `read` raises ValueError saying what is expected.
    """

    field: str
    help: str
    read: Callable[[str], Any] | None = None


_FILE = Option("config_file", "A jupyterhub_config.py, or a Helm chart's config.yaml.", str)
OPTIONS = {
    "ip": Option("ip", "Address to listen on.", str),
    "port": Option("port", "Port to listen on; 0 takes a free one.", _port),
    "f": _FILE,
    "config": _FILE,
    "fault": Option("fault", "A fault to start with (repeatable); --list-faults[=json]", str),
    "spawner": Option("spawner", "simulated, or process: run Spawner.cmd.", _spawner),
    "singleuser-command": Option(
        "singleuser_command", "Spawner.cmd and its arguments, in one text.", _words
    ),
    "allow-remote": Option("allow_remote", "Allow other addresses than 127.0.0.1."),
    "json": Option("json", "Print one line of JSON when ready, nothing else."),
    "exit-with-stdin": Option("exit_with_stdin", "Stop when standard input ends."),
    "with-accounts": Option("with_accounts", "Add a user with a password and an OAuth service."),
    "allow-faults": Option("allow_faults", "Let admins switch faults on and off, at /faults."),
}


def load(argv: Sequence[str]) -> tuple[Launch, Settings]:
    """What the command line and the file it may name ask for; the command line wins.

    Raises :class:`ConfigError` with one sentence for whatever cannot be.
    """
    own, traits = parse(argv)
    if traits or own.get("config_file"):
        from . import config

        return config.load(own, traits)
    return Launch(**own), Settings(admin_users=[ADMIN])


def parse(argv: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what is said of `Launch`, and the arguments that are traits, with their values.

    Raises :class:`ConfigError` for an option that is neither, and for a value that is none.
    """
    own: dict[str, Any] = {}
    traits: list[str] = []
    rest = iter(argv)
    for argument in rest:
        if not argument.startswith("-"):
            raise ConfigError(f"unexpected argument {argument!r}")
        dashed, equals, value = argument.partition("=")
        name = dashed.lstrip("-")
        option = OPTIONS.get(name)
        if option is None and "." not in name:
            raise ConfigError(f"unknown option {dashed}{suggest(name, OPTIONS)}")
        if not equals and (option is None or option.read):
            value = _next(rest, dashed)
        if option is None:
            traits.append(f"{dashed}={value}")
        elif option.read is None and equals:
            raise ConfigError(f"{dashed} takes no value")
        else:
            _set(own, dashed, option, value)
    return own, traits


def _next(rest: Iterable[str], dashed: str) -> str:
    for value in rest:
        return value
    raise ConfigError(f"{dashed} needs a value")


def _set(own: dict[str, Any], dashed: str, option: Option, value: str) -> None:
    try:
        read = option.read(value) if option.read else True
    except ValueError as error:
        raise ConfigError(f"{dashed} takes {error}, not {value!r}") from None
    if option.field == "fault":
        own.setdefault("fault", []).append(read)
    else:
        own[option.field] = read


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about a misspelt name."""
    import difflib  # where nothing is misspelt it is not needed

    close = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
