"""Time zones by name."""

from __future__ import annotations

import importlib
from datetime import UTC, tzinfo


def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name. Raises KeyError or ValueError for a name that nobody knows."""
    if name == "UTC":
        return UTC
    # Loaded when a server keeps another time: nobody else should wait for it.
    found: tzinfo = importlib.import_module("zoneinfo").ZoneInfo(name)
    return found
