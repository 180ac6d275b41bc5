"""The register of faces: name to factory."""

from __future__ import annotations

from assetmeta.sandbox.face import Face, Factory, Setup
from assetmeta.sandbox.valispace.app import Valispace
from assetmeta.sandbox.versionone.app import VersionOne


def versionone(setup: Setup) -> Face:
    """The VersionOne face."""
    return VersionOne.filled(setup.assets, setup.seed, setup.db)


def valispace(setup: Setup) -> Face:
    """The Valispace face."""
    return Valispace.filled(setup.assets, setup.seed, setup.db)


FACES: dict[str, Factory] = {"versionone": versionone, "valispace": valispace}


def factory(name: str) -> Factory:
    """The factory registered as *name*. Raises ValueError for any other name."""
    try:
        return FACES[name.lower()]
    except KeyError:
        raise ValueError(f"the sandbox has no system {name!r}; it has {', '.join(FACES)}") from None
