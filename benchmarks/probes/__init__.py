"""Measurements that need a process of their own, and how they are run."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.interpreter import told_by


def probe(name: str, *arguments: object) -> dict[str, Any]:
    """Run `python -m benchmarks.probes.NAME` and return what it tells, one JSON object."""
    told = told_by("-m", f"benchmarks.probes.{name}", *map(str, arguments))
    found: dict[str, Any] = json.loads(told)
    return found
