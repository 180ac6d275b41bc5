"""The states of VersionOne assets, in a file that costs nothing to import."""

from __future__ import annotations

import enum


class AssetState(enum.IntEnum):
    """Where an asset is in its life. `Dead` is never stored: it is the border from which on an asset is dead, so
    `state >= AssetState.Dead` asks for it, and a filter by it finds all dead states.
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
