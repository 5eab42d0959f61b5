"""Starts a real JupyterHub in the foreground: `python -m tests.jupyterhub --help`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from .hub import HubDidNotStart, RealHub
from .install import REQUIREMENTS, InstallError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m tests.jupyterhub",
        description="Start a real JupyterHub with its real proxy until ctrl-C.",
    )
    versions = ", ".join(REQUIREMENTS)
    add = result.add_argument
    add("--version", default="6.1", help=f"one of {versions}, or its first two numbers")
    add("--port", type=int, default=0, help="the public port (any free one)")
    add("--base-url", default="/", help="the path that the hub is served under (/)")
    add("--page-default-limit", type=int, default=5, metavar="N", help="items (5; the hub's: 50)")
    add("--page-max-limit", type=int, default=8, metavar="N", help="items (8; the hub's: 200)")
    add("--no-named-servers", dest="named_servers", action="store_false")
    add("--slow-spawn-timeout", type=float, metavar="SECONDS", help="(the hub's: 10)")
    add("--open-version", action="store_true", help="servers tell their version to anybody")
    add("--extra-config", type=Path, metavar="FILE", help="more configuration, given `c`")
    add("--json", action="store_true", help="describe the hub in one line of JSON")
    return result


def build(options: argparse.Namespace) -> RealHub:
    """The hub that the command line describes."""
    return RealHub(
        options.version,
        page_default_limit=options.page_default_limit,
        page_max_limit=options.page_max_limit,
        named_servers=options.named_servers,
        base_url=options.base_url,
        slow_spawn_timeout=options.slow_spawn_timeout,
        open_version=options.open_version,
        extra_config=options.extra_config.read_text() if options.extra_config else "",
        port=options.port,
    )


def describe(hub: RealHub) -> str:
    """What a person needs to know to use the hub."""
    return f"""\
JupyterHub {hub.version}: {hub.url}
  internal API:   {hub.internal_url}
  admin service:  {hub.service_token}
  admin user:     {hub.admin_token}  ({hub.admin_name})
  plain user:     {hub.user_token}  ({hub.user_name})
  password:       {hub.password}
  login:          {hub.login}
  OAuth client:   {hub.oauth_client}
  log:            {hub.log_path}

  JUPYTERHUB_API_TOKEN={hub.service_token} pytest --hub-url={hub.url}

Ends on ctrl-C."""


def as_json(hub: RealHub) -> str:
    """The same for a program, in one line."""
    names = "version url internal_url service_token admin_token admin_name user_token user_name"
    described = {
        name: getattr(hub, name) for name in [*names.split(), "password", "login", "oauth_client"]
    }
    described |= {"log": str(hub.log_path), "supervisor_pid": hub.supervisor_pid}
    return json.dumps(described)


def _end(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run one hub; the exit status is 0 after ctrl-C or SIGTERM, else 1."""
    options = parser().parse_args()
    # SIGINT too: a process in a shell's background ignores it unless it is told not to.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    try:
        with build(options) as hub:
            print(as_json(hub) if options.json else describe(hub), flush=True)
            hub.wait()
            print(f"JupyterHub ended by itself.\n{hub.log}", file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    except (HubDidNotStart, InstallError) as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
