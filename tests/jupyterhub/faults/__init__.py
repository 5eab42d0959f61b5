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
    "addresses-come-with-readiness": ("servers/starting-server-is-at-its-place",),
    "admins-change-themselves-without-a-scope": (
        "scopes/limited-token-of-an-admin-is-limited-on-themselves[patch-user]",
    ),
    "agreement-covers-more": ("oauth/more-scopes-are-asked-about-again",),
    "agreement-covers-others": ("access/agreeing-to-a-service-is-for-that-alone",),
    "any-site-reads-with-cookies": ("sessions/answers-are-not-for-other-sites",),
    "change-ends-shares": ("shares/outlive-a-change-of-the-server",),
    "change-is-lost-after-a-run": ("servers/changed-user-options-are-used-by-the-next-start",),
    "change-of-options-resets-the-display-name": ("servers/change-leaves-the-other-fields",),
    "changes-by-cookie-need-no-token": ("sessions/every-method-by-cookie-carries-one-too",),
    "code-shares-less-than-it-says": ("sessions/share-code-gives-the-scopes-it-names",),
    "code-works-once": ("sessions/share-code-can-be-taken-again",),
    "codes-end-with-the-first-withdrawn": ("shares/code-is-withdrawn-by-id",),
    "conflict-comes-before-the-right": ("scopes/existence-does-not-leak[post-group]",),
    "default-server-takes-all-routes-along": ("proxy/only-the-stopped-servers-route-goes",),
    "deleted-group-leaves-its-properties": ("groups/deleted-name-is-free-for-a-new-group",),
    "demotion-leaves-filters-for-servers": ("scopes/token-and-owner-meet",),
    "demotion-leaves-scopes-for-the-hub": ("scopes/token-and-owner-meet",),
    "empty-options-are-none": ("servers/empty-options-take-the-place-of-others",),
    "exchange-of-a-holder-is-not-counted": ("sessions/codes-taken-one-after-another-add-up",),
    "expired-token-follows-progress": ("identity/expired-token-opens-nothing",),
    "expired-token-with-scopes-lives-on": ("identity/expired-token-opens-nothing",),
    "filter-for-a-member-opens-the-group": ("scopes/filter-of-another-kind-refuses[get-group]",),
    "filter-is-a-pattern": ("scopes/filter-that-names-others-refuses[get-user]",),
    "filters-beyond-the-tenth-are-forgotten": ("scopes/filters-of-one-scope-add-up[get-group]",),
    "forms-reach-the-api": ("sessions/no-kind-of-form-reaches-the-api",),
    "groups-beyond-the-fourth-do-not-count": ("scopes/each-of-many-groups-covers",),
    "head-tells-that-a-user-exists": ("scopes/existence-does-not-leak[get-user]",),
    "header-tells-that-a-user-exists": ("scopes/existence-does-not-leak[get-user]",),
    "last-exchange-is-the-issue": ("sessions/codes-taken-one-after-another-add-up",),
    "limit-one-above-the-maximum": ("pagination/limit-is-honoured",),
    "list-of-ready-users-is-not-filtered": ("scopes/nobody-active-among-the-covered[ready]",),
    "list-tells-of-no-default-server": ("servers/user-is-the-same-wherever-read",),
    "login-form-leads-anywhere": ("sessions/login-form-leads-nowhere-else",),
    "login-is-sent-to-servers": ("sessions/servers-are-not-sent-the-login",),
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
    "nothing-is-checked-beside-inherit": (
        "scopes/no-token-beyond-ones-own-rights[inherit-and-bad]",
    ),
    "null-forgets-options": ("servers/start-and-stop-keep-what-was-given",),
    "offset-ignored-beside-a-state": ("pagination/state-active",),
    "one-start-at-a-time": ("servers/two-start-at-once",),
    "only-the-last-scope-is-checked": ("scopes/no-token-beyond-ones-own-rights[bad-and-good]",),
    "other-scheme-inherits": ("scopes/other-scopes-do-not-open-an-operation[get-users]",),
    "own-server-starts-without-a-scope": (
        "scopes/part-of-ones-rights-opens-its-part[post-user-server]",
    ),
    "own-shares-are-read-without-a-scope": (
        "scopes/part-of-ones-rights-opens-its-part[get-user-shared]",
    ),
    "own-tokens-are-revoked-without-a-scope": (
        "scopes/part-of-ones-rights-opens-its-part[delete-user-token]",
    ),
    "plain-challenge-is-not-checked": ("oauth/code-verifier-is-checked",),
    "plain-list-has-the-default-limit": ("pagination/plain-list-defaults-to-the-maximum",),
    "progress-for-one-reader": ("servers/progress-is-for-any-number-of-readers",),
    "promotion-keeps-the-role-when-taken-back": ("identity/admin-follows-promotion",),
    "properties-are-merged": ("groups/properties-are-replaced-as-a-whole",),
    "reading-counts-as-activity": ("servers/reading-a-running-server-is-no-activity",),
    "ready-means-active": ("pagination/starting-servers-are-not-ready",),
    "redirect-below-the-registered": ("oauth/another-redirect-is-refused",),
    "redirect-without-its-fragment": ("oauth/another-redirect-is-refused",),
    "refusal-loses-the-state": ("oauth/other-response-types-are-refused",),
    "refused-activity-counts-for-the-user": ("activity/refused-as-a-whole",),
    "refused-start-leaves-its-options": ("servers/start-of-a-running-server-is-refused",),
    "removal-takes-the-same-name-of-others": ("servers/one-name-of-two-users-is-two-servers",),
    "rename-counts-as-activity": ("users/rename-answers-the-changed-model",),
    "rename-loses-groups": ("users/rename-keeps-groups",),
    "rename-loses-tokens-notes": ("tokens/rename-changes-their-owner-only",),
    "rename-loses-user-options": ("servers/rename-moves-the-server",),
    "rename-resets-the-creation": ("users/rename-answers-the-changed-model",),
    "rename-starts-counting-anew": ("servers/rename-changes-nothing-else",),
    "renamed-server-keeps-its-place": ("servers/renamed-server-answers-at-its-new-place",),
    "revoked-token-counts-by-the-other-scheme": ("identity/revoked-token-opens-nothing",),
    "revoking-takes-those-of-the-same-note": ("tokens/revoking-spares-those-of-the-same-note",),
    "scripts-of-the-same-site-read": ("sessions/read-of-another-site-is-refused",),
    "second-page-of-groups-is-not-filtered": ("scopes/pages-of-covered-groups",),
    "server-started-when-its-user-was-made": ("servers/restart-is-a-new-start",),
    "servers-need-no-agreement": ("access/another-users-server-is-asked-about",),
    "services-read-all-shares": ("scopes/service-without-roles-opens-nothing",),
    "services-remove-each-other": ("scopes/service-without-roles-opens-nothing",),
    "share-code-is-refused-to-holders": ("sessions/codes-taken-one-after-another-add-up",),
    "share-code-leads-anywhere": ("sessions/taking-a-code-leads-nowhere-else",),
    "share-code-replaces-what-is-shared": ("sessions/codes-taken-one-after-another-add-up",),
    "share-shows-the-servers-options": ("shares/granted-to-a-user",),
    "shares-of-ones-group-need-no-scope": (
        "scopes/membership-opens-nothing-of-the-group[get-group-shared]",
    ),
    "start-ends-shares": ("shares/outlive-a-start-and-a-stop",),
    "state-of-a-stopped-server-is-told": ("servers/state-is-hidden-wherever-read",),
    "stop-ends-share-codes": ("shares/outlive-a-start-and-a-stop",),
    "stop-forgets-the-display-name": ("servers/start-and-stop-keep-what-was-given",),
    "stopped-servers-are-shown-to-oneself": ("servers/stopped-are-hidden-unless-asked-for",),
    "stopped-servers-are-shown-with-oneself": (
        "scopes/identity-shows-what-scopes-allow[read:metrics]",
    ),
    "taking-a-share-back-ends-the-groups": ("shares/taking-back-leaves-the-others",),
    "token-in-a-header-for-keys": ("identity/token-counts-in-its-header-only[api-key]",),
    "token-in-the-query-of-a-deletion": (
        "identity/token-counts-in-its-header-only[token-in-query]",
    ),
    "token-page-shows-everybodys": ("sessions/token-page-shows-ones-own-tokens-only",),
    "total-counts-what-is-left": ("pagination/sort-by-name",),
    "two-groups-cover-every-member": ("scopes/filter-that-names-others-refuses[get-user]",),
    "two-groups-show-every-user": ("scopes/filters-for-others-show-no-field[User]",),
    "unrelated-scope-shows-roles": ("scopes/user-shows-what-scopes-allow",),
    "withdrawn-code-takes-its-shares": ("sessions/withdrawn-code-leaves-what-it-gave",),
    "wrong-password-makes-users": ("sessions/unknown-user-is-not-made-by-a-wrong-password",),
    "zone-is-dropped": ("activity/zone-is-counted-in",),
}


def plant(directory: str) -> None:
    """Plant all faults in the hub whose process this is; its switches are in its directory."""
    from . import access, lists, pages, people, planting, rights, servers  # noqa: F401  # JupyterHub is there only

    planting.switches.append(Path(directory) / SWITCHES)
