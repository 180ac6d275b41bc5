"""The words for states (section 9 of the protocol)."""

from __future__ import annotations

INCOMPLETE = ("created", "queued", "started", "stopping")
COMPLETE = ("complete", "error", "crashed", "stopped")
FAILED = ("error", "crashed")
