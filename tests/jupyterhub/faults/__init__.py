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

#: Fault, and the rules that were seen to turn red by it.
SEEN_BY: dict[str, tuple[str, ...]] = {
    "activity-goes-back": ("servers/activity-never-goes-back",),
    "activity-of-a-server-is-the-users": ("activity/of-user-and-server-together",),
    "change-of-options-resets-the-display-name": ("servers/change-leaves-the-other-fields",),
    "code-shares-less-than-it-says": ("sessions/share-code-gives-the-scopes-it-names",),
    "code-works-once": ("sessions/share-code-can-be-taken-again",),
    "codes-end-with-the-first-withdrawn": ("shares/code-is-withdrawn-by-id",),
    "deleted-group-leaves-its-properties": ("groups/deleted-name-is-free-for-a-new-group",),
    "limit-one-above-the-maximum": ("pagination/limit-is-honoured",),
    "long-note-is-cut": ("tokens/note-is-kept",),
    "members-before-an-unknown-one-are-added": (
        "groups/unknown-user-among-others-changes-nothing",
    ),
    "name-filter-by-prefix": ("pagination/name-filter-finds-any-part",),
    "names-sorted-one-way-only": ("pagination/sort-by-name",),
    "next-loses-include-stopped-servers": ("pagination/next-url-keeps-the-filters",),
    "next-loses-name-filter": ("pagination/name-filter-finds-any-part",),
    "next-loses-sort": ("pagination/sort-by-id",),
    "next-loses-state": ("pagination/state-active",),
    "offset-ignored-beside-a-state": ("pagination/state-active",),
    "plain-list-has-the-default-limit": ("pagination/plain-list-defaults-to-the-maximum",),
    "promotion-keeps-the-role-when-taken-back": ("identity/admin-follows-promotion",),
    "properties-are-merged": ("groups/properties-are-replaced-as-a-whole",),
    "ready-means-active": ("pagination/starting-servers-are-not-ready",),
    "refused-activity-counts-for-the-user": ("activity/refused-as-a-whole",),
    "rename-counts-as-activity": ("users/rename-answers-the-changed-model",),
    "rename-loses-groups": ("users/rename-keeps-groups",),
    "rename-loses-tokens-notes": ("tokens/rename-changes-their-owner-only",),
    "rename-loses-user-options": ("servers/rename-moves-the-server",),
    "rename-resets-the-creation": ("users/rename-answers-the-changed-model",),
    "rename-starts-counting-anew": ("servers/rename-changes-nothing-else",),
    "revoking-takes-those-of-the-same-note": ("tokens/revoking-spares-those-of-the-same-note",),
    "server-started-when-its-user-was-made": ("servers/restart-is-a-new-start",),
    "share-shows-the-servers-options": ("shares/granted-to-a-user",),
    "taking-a-share-back-ends-the-groups": ("shares/taking-back-leaves-the-others",),
    "total-counts-what-is-left": ("pagination/sort-by-name",),
    "zone-is-dropped": ("activity/zone-is-counted-in",),
}


def plant(directory: str) -> None:
    """Plant all faults in the hub whose process this is; its switches are in its directory."""
    from . import access, lists, people, planting  # noqa: F401  # JupyterHub is there only

    planting.switches.append(Path(directory) / SWITCHES)
