"""One asset per identity: a weak map, and a bounded memory of what was touched last.

The map holds bare weak references, which cost a fraction of those that report the end of what they refer to. What has
died is swept out now and then, so that no more dead entries than living ones pile up.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

from cachetools import LRUCache

from assetmeta.core.state import Instance
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import Oid

_FIRST_SWEEP = 1000
"""Entries before the map is looked through for the first time."""


class IdentityMap:
    """Maps Oids to the one asset of each, which lives while it is referenced or is among the last *keep* touched.

    Whoever calls `get_or_create`, `rename` or `clear` holds the lock of the context.
    """

    def __init__(self, keep: int) -> None:
        self._assets: dict[Oid, weakref.ref[Instance]] = {}
        self._sweep_at = _FIRST_SWEEP
        self.after_fork()
        renew_in_child(self)
        self.keep = max(keep, 1)
        self._kept: LRUCache[Oid, Instance] = LRUCache(maxsize=self.keep)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self._lock = threading.Lock()

    def get(self, oid: Oid) -> Instance | None:
        """Return the asset of *oid* if there is one."""
        found = self._assets.get(oid)
        return None if found is None else found()

    def get_or_create(self, oid: Oid, make: Callable[[Oid], Instance]) -> Instance:
        """Return the asset of *oid*, made by *make* if there is none yet."""
        known = self._assets.get(oid)
        found = None if known is None else known()
        if found is None:
            found = make(oid)
            self._assets[oid] = weakref.ref(found)
            if len(self._assets) > self._sweep_at:
                self._sweep()
        return found

    def _sweep(self) -> None:
        """Drop the entries of assets that are gone; the next sweep is due when there are twice as many as now."""
        self._assets = {oid: known for oid, known in self._assets.items() if known() is not None}
        self._sweep_at = max(2 * len(self._assets), _FIRST_SWEEP)

    def touch(self, asset: Instance) -> None:
        """Keep *asset* alive for a while, even without another reference."""
        with self._lock:
            self._kept[asset._state.oid] = asset

    def rename(self, asset: Instance, oid: Oid) -> None:
        """Give *asset* the identity that the server assigned to it."""
        twin = self.get(oid)
        with self._lock:
            self._assets.pop(asset._state.oid, None)
            self._kept.pop(asset._state.oid, None)
            asset._state.oid = oid
            self._assets[oid] = weakref.ref(asset)
        if twin is not None and twin is not asset:
            # The new asset was read before its creator had its identity: both objects share one state.
            # What was edited there is younger than what the commit has sent. Decoded values are shared likewise.
            asset._state.edits = {**(asset._state.edits or {}), **(twin._state.edits or {})} or None
            asset.__dict__.clear()
            object.__setattr__(twin, "__dict__", asset.__dict__)
            twin._state = asset._state

    def __iter__(self) -> Iterator[Instance]:
        return (asset for known in list(self._assets.values()) if (asset := known()) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Forget every asset; those that are referenced live on detached."""
        self._kept.clear()
        self._assets.clear()
