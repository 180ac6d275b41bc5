"""One asset per identity: a weak map, and a bounded memory of what was touched last."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

from cachetools import LRUCache

from assetmeta.core.state import Tracked
from assetmeta.model.values import Oid


class IdentityMap:
    """Maps Oids to the one asset of each, which lives while somebody holds it or is among the last *keep* touched."""

    def __init__(self, keep: int) -> None:
        self._assets: weakref.WeakValueDictionary[Oid, Tracked] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()
        self._kept: LRUCache[Oid, Tracked] = LRUCache(maxsize=max(keep, 1))

    def get(self, oid: Oid) -> Tracked | None:
        """Return the asset of *oid* if there is one."""
        return self._assets.get(oid)

    def obtain(self, oid: Oid, make: Callable[[Oid], Tracked]) -> Tracked:
        """Return the asset of *oid*, made by *make* if there is none yet."""
        found = self._assets.get(oid)
        if found is None:
            found = make(oid)
            self._assets[oid] = found
        return found

    def touch(self, asset: Tracked) -> None:
        """Keep *asset* alive for a while, though nobody may hold it."""
        with self._lock:
            self._kept[asset._state.oid] = asset

    def rename(self, asset: Tracked, oid: Oid) -> None:
        """Give *asset* the identity that the server assigned to it."""
        twin = self._assets.get(oid)
        with self._lock:
            self._assets.pop(asset._state.oid, None)
            self._kept.pop(asset._state.oid, None)
            asset._state.oid = oid
            self._assets[oid] = asset
        if twin is not None and twin is not asset:
            # Somebody read the new asset before its creator knew what it is called: both objects stand for one state.
            # What was edited there is younger than what the commit has sent. Decoded values are shared likewise.
            asset._state.edits = {**(asset._state.edits or {}), **(twin._state.edits or {})} or None
            asset.__dict__.clear()
            object.__setattr__(twin, "__dict__", asset.__dict__)
            twin._state = asset._state

    def __iter__(self) -> Iterator[Tracked]:
        return iter(list(self._assets.values()))

    def __len__(self) -> int:
        return len(self._assets)

    def clear(self) -> None:
        """Forget every asset; those that somebody holds live on as strangers."""
        self._kept.clear()
        self._assets.clear()
