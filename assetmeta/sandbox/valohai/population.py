"""A realistic, connected data set of any size, the same for the same seed: `populate(space, 10_000, seed=1)`."""

from __future__ import annotations

from .workspace import Workspace


def populate(space: Workspace, assets: int, seed: int = 1) -> int:
    """Fill a fresh deployment with about *assets* objects and return how many there are."""
    return 0
