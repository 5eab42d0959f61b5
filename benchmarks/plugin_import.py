"""What the plugin costs a project that has it installed and does not use it.

    python benchmarks/plugin_import.py

Prints the least time of several fresh interpreters that import pytest and then the plugin.
"""

from __future__ import annotations

import subprocess
import sys

ROUNDS = 15
MEASURE = """
import time, pytest
start = time.perf_counter()
import hub_conformance.plugin
print((time.perf_counter() - start) * 1000)
"""


def main() -> None:
    """Measure and print."""
    times = [
        float(
            subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, check=True).stdout
        )
        for _ in range(ROUNDS)
    ]
    print(f"import of hub_conformance.plugin beyond pytest: {min(times):.2f} ms (limit 10 ms)")


if __name__ == "__main__":
    main()
