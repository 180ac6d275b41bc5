"""The codec of UUIDs, in a file of its own, so that only the dialects that have them load `uuid`."""

from __future__ import annotations

import uuid

from assetmeta.model.codecs import Raw
from assetmeta.model.record import Record


class Guid(Record):
    """A UUID; null is an empty text on the wire."""

    accepts: str = "a UUID or its text"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else uuid.UUID(str(raw))

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, uuid.UUID):
            return value
        try:
            return uuid.UUID(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not a UUID") from None
