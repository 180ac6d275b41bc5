"""The machine and the versions that figures belong to."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("assetmeta", "requests", "urllib3", "lxml", "cachetools", "SQLAlchemy", "v1pysdk", "starlette", "uvicorn")


def facts() -> list[str]:
    """One line each: date, processor, system, Python, libraries."""
    known = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"Processor: {_processor()}, {os.cpu_count()} cores, load {_load()}",
        f"System: {platform.system()} {platform.release()} {platform.machine()}",
        f"Python: {platform.python_implementation()} {platform.python_version()}",
        f"Libraries: {known}",
    ]


def run() -> dict[str, object]:
    """What the history keeps of a run besides its lines: when, of which versions, and on what kind of machine."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "load": _load(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        described = []
    models = (line.partition(":")[2].strip() for line in described if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
