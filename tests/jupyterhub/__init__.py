"""Real JupyterHubs to judge the suite by: installed, started and stopped for the tests.

`python -m tests.jupyterhub` starts one in the foreground.
"""
