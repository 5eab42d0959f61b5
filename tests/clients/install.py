"""The clients, installed once into an environment of their own, outside the working tree."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.jupyterhub.install import InstallError, installation

# jsonschema: newer ones take half a second more at every import of jupyterhub.
_REQUIREMENTS = (
    "jupyterhub==6.1.1",
    "jupyterhub-idle-culler==2.0.0",
    "jhub-client==0.1.7",
    "nbgrader==0.9.6",
    "jupyter-server==2.21.1",  # jupyterhub-singleuser runs it, and kernels in it
    "ipykernel==7.4.0",
    "jupyterhub-exec==0.1.4",
    "jupyterhub-announcement==0.9.3",
    "jhub-apps==2026.9.1",
    "dask-gateway-server==2026.3.0",
    "authlib==1.9.10",
    "requests-oauthlib==2.0.0",
    "jsonschema<4.25",
)
_TIMEOUT = 900.0  # seconds; nbgrader brings a whole JupyterLab, jhub-apps Panel and more


def client_python() -> Path:
    """The Python that has the clients, which are installed first if need be.

    Raises `InstallError` if that cannot be done.
    """
    pins = hashlib.sha256(" ".join(_REQUIREMENTS).encode()).hexdigest()[:8]
    name = f"clients-{sys.implementation.cache_tag}-{pins}"
    return installation(name, _install) / "bin" / "python"


def _install(building: Path) -> None:
    python = str(building / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(building)],
        [python, "-m", "pip", "install", "--quiet", *_REQUIREMENTS],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT)
        if done.returncode:
            raise InstallError(f"Installing failed: {' '.join(command)}\n{done.stderr.strip()}")
