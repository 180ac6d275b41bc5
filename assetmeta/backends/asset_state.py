"""The states of VersionOne assets, in a file without further imports: the package exports it."""

from __future__ import annotations

import enum


class AssetState(enum.IntEnum):
    """The state of an asset. `Dead` is never stored: it is the limit from which on an asset is dead, so that
    `state >= AssetState.Dead` is true for all dead states, and a filter by it finds them.
    """

    Future = 0
    Active = 64
    Closed = 128
    Dead = 192
    Template = 200
    BrokenDown = 208
    GuestCollaborator = 209
    Deleted = 255

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)
