"""The codec of UUIDs. The module `uuid`, which is slow to load, is loaded with the first value."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from assetmeta.model import optional
from assetmeta.model.codecs import Raw


class Guid(Struct, frozen=True):
    """A UUID; null is an empty text on the wire."""

    accepts: str = "a UUID or its text"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else _uuid().UUID(str(raw))

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, _uuid().UUID):
            return value
        try:
            return _uuid().UUID(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not a UUID") from None


def _uuid() -> Any:
    return optional.load("uuid")
