"""Installs each JupyterHub, and the proxy they share, once, in a cache outside the working tree.

An installation is built under a temporary name and renamed when it is whole, so a half-built one
is never used. A lock file lets several processes ask for the same one at the same time.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# jupyter_events brings jsonschema with all its formats, among them from 4.25 on one whose grammar
# is compiled at every import. That is half of a hub's start, and no API answer depends on it.
_QUICK = "jsonschema<4.25"

# The newest patch of each minor version that the contract is judged on, and what pip is told.
REQUIREMENTS = {
    # Without the second line 2.3.1 installs and dies at its start.
    "2.3.1": ["jupyterhub==2.3.1", "sqlalchemy<2"],
    "3.1.1": ["jupyterhub==3.1.1"],
    "4.1.6": ["jupyterhub==4.1.6"],
    "5.5.4": ["jupyterhub==5.5.4", _QUICK],
    "6.1.1": ["jupyterhub==6.1.1", _QUICK],
}
PROXY_VERSION = "5.3.0"
INSTALL_TIMEOUT = 300.0  # seconds; npm would wait for an unreachable registry much longer


class InstallError(RuntimeError):
    """An installation could not be made; the message says what to do."""


def full_version(version: str) -> str:
    """The installable version that `version` ("6.1" or "6.1.1") means.

    Raises `InstallError` for a version that the project is not judged on.
    """
    for known in REQUIREMENTS:
        if version == known or known.startswith(f"{version}."):
            return known
    raise InstallError(f"JupyterHub {version} is none of {', '.join(REQUIREMENTS)}.")


def cache_directory() -> Path:
    """Where installations live: `$HUB_CONFORMANCE_CACHE`, else below the user's cache."""
    if chosen := os.environ.get("HUB_CONFORMANCE_CACHE"):
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "hub-conformance"


def hub_python(version: str) -> Path:
    """The Python that has JupyterHub `version` installed, which is installed first if need be."""
    version = full_version(version)
    pins = hashlib.sha256(" ".join(REQUIREMENTS[version]).encode()).hexdigest()[:8]
    name = f"jupyterhub-{version}-{sys.implementation.cache_tag}-{pins}"
    installed = installation(name, lambda building: _install_hub(version, building))
    return installed / "bin" / "python"


def proxy_command() -> list[str]:
    """The command that runs the real proxy, which is installed first if need be.

    Raises `InstallError` where Node.js is missing.
    """
    node = _tool("node")
    name = f"configurable-http-proxy-{PROXY_VERSION}"
    package = installation(name, _install_proxy) / "node_modules" / "configurable-http-proxy"
    return [node, str(package / "bin" / "configurable-http-proxy")]


def installation(name: str, build: Callable[[Path], None]) -> Path:
    """The directory `name` of the cache; `build(temporary)` makes it if it is missing."""
    cache = cache_directory()
    final = cache / name
    if final.is_dir():
        return final
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{name}.lock"):
        if not final.is_dir():
            _build_and_rename(final, build)
    return final


def _build_and_rename(final: Path, build: Callable[[Path], None]) -> None:
    prefix = f"{final.name}.building-"
    # We hold the lock, so what is there was left by a process that was killed.
    for abandoned in final.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=prefix, dir=final.parent))
    try:
        build(building)
        building.rename(final)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The lock ends with its process, however that ends; the file itself may stay.
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_hub(version: str, building: Path) -> None:
    # Compiled at once: half of a hub's first start would be the compiling of its modules. (pip
    # does so unasked. A module's path inside is corrected at import, so renaming does no harm.)
    python, requirements = str(building / "bin" / "python"), REQUIREMENTS[version]
    if uv := _uv():
        _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(building)])
        install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        _run([*install, *requirements])
    else:
        _run([sys.executable, "-m", "venv", str(building)])
        _run([python, "-m", "pip", "install", "--quiet", *requirements])


def _install_proxy(building: Path) -> None:
    npm = [_tool("npm"), "install", "--prefix", str(building), "--no-audit", "--no-fund"]
    _run([*npm, "--loglevel=error", f"configurable-http-proxy@{PROXY_VERSION}"])


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def _tool(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise InstallError(
        f"A real hub needs its real proxy, configurable-http-proxy {PROXY_VERSION}, and that "
        f"needs `{name}`, which is not on PATH. Install Node.js 20 or newer with npm "
        "(https://nodejs.org, or your system's packages) and run this again."
    )


def _run(command: Sequence[str]) -> None:
    said, also = subprocess.PIPE, subprocess.STDOUT
    try:
        done = subprocess.run(command, text=True, stdout=said, stderr=also, timeout=INSTALL_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise _failure(command, f"it was not done after {INSTALL_TIMEOUT:.0f} s") from None
    if done.returncode:
        raise _failure(command, f"exit status {done.returncode}\n{done.stdout.strip()}")


def _failure(command: Sequence[str], why: str) -> InstallError:
    return InstallError(
        f"Installing failed: {' '.join(command)}: {why}\nIs the package index reachable from here?"
    )
