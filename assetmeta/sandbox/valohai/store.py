"""The store of one installation: objects by kind and key."""

from __future__ import annotations

from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.rest import store as rest

from .catalogue import KINDS
from .model import Key


class Store(rest.Store[Key]):
    """Rows by the name of their kind and their key."""

    def __init__(self, source: Source = MEMORY) -> None:
        references = {kind.name: tuple(field.name for field in kind.relations) for kind in KINDS.values()}
        super().__init__(references, source)
