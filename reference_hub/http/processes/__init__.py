"""Users' servers as processes of this machine, reached through the hub's own address.

Imported only where that is wanted: it needs what the extra ``jupyter`` installs.
"""
