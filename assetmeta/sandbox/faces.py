"""The register of faces: name to factory. A face's own modules are loaded when it is made."""

from __future__ import annotations

from typing import Any

from assetmeta.sandbox.extra import load
from assetmeta.sandbox.face import Face, Factory, Setup


def loading(module: str, name: str) -> Factory:
    """The factory of the face *name* in *module*, a class with `filled(assets, seed, db)`."""

    def make(setup: Setup) -> Face[Any, Any]:
        face: Face[Any, Any] = getattr(load(module), name).filled(setup.assets, setup.seed, setup.db)
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
        raise ValueError(f"the sandbox has no system {name!r}; it has {', '.join(FACES)}") from None
