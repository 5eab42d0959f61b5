"""The embedded reference hub: the default target, started as a process of its own.

The suite never imports the reference hub; it speaks HTTP to it like to any other hub.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import UsageError
from .secret import Secret

START_SECONDS = 30.0
#: Small pages, so that the sandbox's few users reach past the default and the maximum.
PAGE_LIMITS = (5, 8)
SETTINGS = (
    f"--JupyterHub.api_page_default_limit={PAGE_LIMITS[0]}",
    f"--JupyterHub.api_page_max_limit={PAGE_LIMITS[1]}",
)


@dataclass(frozen=True)
class EmbeddedHub:
    """A running reference hub: its URL, an admin's token, and the process to end.

    `accounts` are who can log in and an OAuth client, in the form that the options have.
    """

    url: str
    token: Secret
    process: subprocess.Popen[str]
    accounts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def stop(self) -> None:
        """End the process: it stops when its standard input closes."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start(*options: str, errors: int | None = None) -> EmbeddedHub:
    """Start the reference hub on a free port of 127.0.0.1 and wait until it accepts requests.

    `options` stand in for `SETTINGS`, `errors` for where its standard error goes. It ends with this
    process, whatever ends this process. Raises UsageError when it does not start.
    """
    command = [sys.executable, "-m", "reference_hub", "--port=0", "--json", "--exit-with-stdin"]
    command.append("--with-accounts")
    process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        [*command, *(options or SETTINGS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else ""
    try:
        said = json.loads(line)
        accounts = {"login": said["login"], "client": said["oauth_client"]}
        return EmbeddedHub(said["url"], Secret(said["token"]), process, accounts)
    except (ValueError, KeyError):
        process.kill()
        process.communicate()
        raise UsageError(
            f"the embedded reference hub did not start: `{' '.join(command[1:4])}` said {line!r}"
        ) from None
