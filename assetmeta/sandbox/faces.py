"""The register of faces: name to factory. A face's own modules are loaded when it is made."""

from __future__ import annotations

import threading
from difflib import get_close_matches
from typing import Any

from assetmeta.sandbox.extra import load
from assetmeta.sandbox.face import Face, Factory, Setup

LARGEST = 5000
"""Data sets of more assets are made anew each time: a copy would hold too much memory."""
KEPT = 16


class Snapshots:
    """The data sets made last, since the same name, assets and seed give the same data. Safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int, int], bytes] = {}

    def get(self, name: str, setup: Setup) -> bytes | None:
        """The data of an earlier face of the same setup, if it was kept."""
        with self._lock:
            return self._kept.get((name, setup.assets, setup.seed))

    def keep(self, name: str, setup: Setup, data: bytes) -> None:
        """Keep *data* in place of the oldest."""
        with self._lock:
            self._kept[name, setup.assets, setup.seed] = data
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]


SNAPSHOTS = Snapshots()


def loading(module: str, name: str) -> Factory:
    """The factory of the face *name* in *module*, a class with `filled(assets, seed, db)`."""

    def make(setup: Setup) -> Face[Any, Any]:
        small = setup.db is None and setup.assets <= LARGEST
        known = SNAPSHOTS.get(name, setup) if small else None
        face: Face[Any, Any] = getattr(load(module), name).filled(setup.assets, setup.seed, known or setup.db)
        if small and known is None:
            SNAPSHOTS.keep(name, setup, face.snapshot())
        return face

    return make


FACES: dict[str, Factory] = {
    "versionone": loading("assetmeta.sandbox.versionone.app", "VersionOne"),
    "valispace": loading("assetmeta.sandbox.valispace.app", "Valispace"),
    "valohai": loading("assetmeta.sandbox.valohai.app", "Valohai"),
    "testspace": loading("assetmeta.sandbox.testspace.app", "Testspace"),
}


def factory(name: str) -> Factory:
    """The factory registered as *name*. Raises ValueError for any other name."""
    try:
        return FACES[name.lower()]
    except KeyError:
        near = get_close_matches(name.lower(), FACES, 1)
        advice = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"the sandbox has no system {name!r}; it has {', '.join(FACES)}.{advice}") from None
