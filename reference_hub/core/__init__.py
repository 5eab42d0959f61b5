"""The hub without its network: state, permissions and operations as pure functions.

Modules here call each other through the module (``pagination.clamp_limit(...)``, never a function
imported by name), so that a planted fault can replace one small function and be seen everywhere.
"""
