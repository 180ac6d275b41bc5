"""Measurements that need a process of their own, and how they are run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def probe(name: str, *arguments: object) -> dict[str, Any]:
    """Run `python -m benchmarks.probes.NAME` and return what it tells, one JSON object."""
    command = [sys.executable, "-m", f"benchmarks.probes.{name}", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
