"""The REST API's operations: a :class:`~reference_hub.core.call.Call` in, a reply out.

Each operation first asks for its scope, then for its resource, then reads the body: in this order
JupyterHub refuses, and the first refusal is the one a client sees.
"""
