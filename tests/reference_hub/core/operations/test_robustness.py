"""Whatever is sent, every operation answers or refuses, and refuses with a 4xx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_hub.core import boot
from reference_hub.http.routes import API
from tests.reference_hub.tools import Ask

KEYS = [
    "name", "admin", "users", "usernames", "groups", "roles", "scopes", "note", "expires_in",
    "last_activity", "servers", "display_name", "user_options", "remove", "delay", "fail", "url",
    "api_token", "info", "command", "auth_state", "proxy", "oauth_client_allowed_scopes", "",
]  # fmt: skip
WORDS = ["ann", "bob", "", "lab", "team", "inherit", "self!user", "http://[x", "\ud800", "a/b"]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(max_size=5),
    st.datetimes().map(lambda moment: moment.isoformat()),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3)
OPERATIONS = [
    pytest.param(operation, path.count("{"), id=f"{method} {path}")
    for path, operations in API.items()
    for method, operation in operations.items()
]


@pytest.mark.parametrize(("operation", "arity"), OPERATIONS)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_input_breaks_an_operation(
    ask: Ask, operation: Any, arity: int, data: st.DataObject
) -> None:
    boot.reset(ask.hub)
    names = [data.draw(st.sampled_from(WORDS) | st.text()) for _ in range(arity)]
    body = data.draw(BODIES)
    answer = ask(operation, *names, raw=json.dumps(body).encode())
    assert 200 <= answer.status < 500
