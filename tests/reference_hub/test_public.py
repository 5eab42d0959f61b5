from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reference_hub
from reference_hub.core.hub import Hub
from reference_hub.core.settings import Settings
from reference_hub.http.app import create_app

PACKAGE = Path(reference_hub.__file__).parent


def test_the_public_names() -> None:
    assert reference_hub.__all__ == ["Hub", "Settings", "create_app"]
    assert reference_hub.Hub is Hub
    assert reference_hub.Settings is Settings
    assert reference_hub.create_app is create_app
    with pytest.raises(AttributeError, match="bogus"):
        _ = reference_hub.bogus


def test_importing_the_package_imports_no_framework() -> None:
    code = "import reference_hub, sys; print(sorted({'starlette', 'uvicorn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.name)
def test_the_core_needs_the_standard_library_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported = {(node.module or "").split(".")[0]}
        else:
            continue
        assert imported <= sys.stdlib_module_names
        assert not imported & {"socket", "asyncio", "os", "io", "subprocess", "threading"}


def test_the_two_packages_do_not_know_each_other() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert "hub_conformance" not in path.read_text(), path
