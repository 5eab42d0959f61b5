"""Faults planted in a real JupyterHub 6.1, to show that the rules see more than our own hub's."""

from __future__ import annotations

from pathlib import Path

#: Text for `RealHub(extra_config=…)`: plants all faults, each off until it is switched on.
CONFIG = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.jupyterhub.faults import plant
plant(c.LightSpawner.home_dir_template)
"""
SWITCHES = "faults"


def plant(directory: str) -> None:
    """Plant all faults in the hub whose process this is; its switches are in its directory."""
    from . import access, lists, people, planting  # noqa: F401  # JupyterHub is there only

    planting.switches.append(Path(directory) / SWITCHES)
