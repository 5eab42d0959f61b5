"""Real clients of JupyterHub's API, unchanged from PyPI, run against the reference hub."""
