"""What ``python -m reference_hub`` does: serve a hub and say where it is."""

from __future__ import annotations

import contextlib
import gc
import json
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .core import boot, roles, scope_table
from .core.hub import Hub
from .core.settings import Settings
from .launch import ADMIN, Launch, load

if TYPE_CHECKING:
    from .http import serve
    from .http.processes.spawner import Processes

_LOCAL = "127.0.0.1"
_MISTAKES = (boot.ConfigError, roles.RoleError, scope_table.CustomScopeError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped. Returns the exit status: 0, or 1 for what could not be done."""
    argv = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(argv):
        from . import config

        print(config.usage())
        return 0
    if listing := {"--list-faults", "--list-faults=json"} & set(argv):
        print(list_faults(as_json="--list-faults=json" in listing))
        return 0
    try:
        launch, settings = load(argv)
        check_address(launch)
        check_faults(launch)
        accounts = None
        if launch.with_accounts:
            settings, accounts = boot.with_accounts(settings)
        hub, token = build(settings)
        run(hub, launch, token, accounts)
    except _MISTAKES as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"cannot listen on port {launch.port}: {error.strerror or error}")
    return 0


def complain(message: str) -> int:
    """One line for a person, and the exit status for their script."""
    print(f"reference_hub: {message}", file=sys.stderr)
    return 1


def check_address(launch: Launch) -> None:
    """Raise for an address that others could reach, unless that is wanted."""
    if launch.ip != _LOCAL and not launch.allow_remote:
        raise boot.ConfigError(
            f"listens on {_LOCAL} only; to listen on {launch.ip}, add --allow-remote"
        )


def check_faults(launch: Launch) -> None:
    """Raise for a fault that does not exist."""
    if launch.fault:
        from .faults import registry

        try:
            for name in launch.fault:
                registry.find(name)
        except registry.UnknownFault as error:
            raise boot.ConfigError(str(error)) from None


def list_faults(*, as_json: bool) -> str:
    """Every fault that can be planted."""
    from .faults import registry

    show = registry.as_json if as_json else registry.as_table
    return show(registry.FAULTS.values())


def app_maker(launch: Launch) -> serve.MakeApp:
    """What makes the application: the hub alone, unless faults are wanted."""
    if not launch.allow_faults and not launch.fault:
        from .http.app import create_app

        return create_app
    from .faults import find
    from .faults.switch import Switchboard

    return lambda hub, stop: Switchboard(hub, stop, map(find, launch.fault))


def build(settings: Settings) -> tuple[Hub, str]:
    """The configured hub, and the secret of a new token for the user ``admin``."""
    token = secrets.token_urlsafe(24)
    own_tokens = {token: ADMIN, **settings.api_tokens}
    return boot.reset(Hub(replace(settings, api_tokens=own_tokens))), token


def process_maker(launch: Launch) -> Callable[[int], Processes] | None:
    """What makes the spawner of processes, given the hub's port; None where none is wanted.

    Raises for what is not installed.
    """
    if launch.spawner != "process":
        return None
    try:
        from .http.processes.spawner import Command, Processes
    except ImportError as error:
        raise boot.ConfigError(
            f"--spawner process needs {error.name}: pip install 'hub-conformance[jupyter]'"
        ) from None
    # An address that means every one is reached at the local one, too.
    host = _LOCAL if launch.ip in {"0.0.0.0", "::"} else bracketed(launch.ip)  # noqa: S104
    command = Command(launch.command, launch.environment)
    return lambda port: Processes(command, f"http://{host}:{port}")


def bracketed(ip: str) -> str:
    """An address as it stands in a URL."""
    return f"[{ip}]" if ":" in ip else ip


def run(hub: Hub, launch: Launch, token: str, accounts: boot.Accounts | None = None) -> None:
    """Serve the hub. Raises OSError if the address cannot be had."""
    from .http import serve  # the web framework: not needed to find a mistake in the options

    make_processes = process_maker(launch)
    sock = serve.listen(launch.ip, launch.port)
    port = sock.getsockname()[1]
    url = f"http://{bracketed(launch.ip)}:{port}{hub.settings.base_url}"
    running = make_processes(port) if make_processes else None
    if running is not None:
        hub.spawner = running

    def announce() -> None:
        gc.freeze()  # what is there by now stays until the end
        gc.enable()
        print(announcement(url, token, as_json=launch.json, accounts=accounts), flush=True)

    try:
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped in good order by then
            serve.serve(
                hub,
                sock,
                announce,
                exit_with_stdin=launch.exit_with_stdin,
                make_app=app_maker(launch),
                on_end=running.close if running else None,
            )
    finally:
        if running is not None:
            running.kill()


def announcement(
    url: str, token: str, *, as_json: bool, accounts: boot.Accounts | None = None
) -> str:
    """What is printed once connections are accepted."""
    if as_json:
        more = {"login": accounts.login, "oauth_client": accounts.client} if accounts else {}
        return json.dumps({"url": url, "token": token, "user": ADMIN, **more})
    lines = [
        f"The reference hub runs at {url}",
        f"Token of its admin user `{ADMIN}`: {token}",
    ]
    if accounts:
        lines += [f"Login: {accounts.login}", f"OAuth client: {accounts.client}"]
    return "\n".join(lines)
