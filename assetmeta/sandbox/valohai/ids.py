"""Keys that sort by the time they were made at: 48 bits of milliseconds, then a serial number, then noise."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from uuid import UUID

SPELLED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MILLISECONDS = 1 << 48
SERIALS = 1 << 16


def ordered(moment: datetime, serial: int) -> str:
    """The key of the object number *serial*, made at *moment*: lower case with hyphens, the same for the same two."""
    stamp = int(moment.timestamp() * 1000) % MILLISECONDS
    noise = hashlib.blake2b(f"{stamp}:{serial}".encode(), digest_size=8).digest()
    content = stamp.to_bytes(6, "big") + (serial % SERIALS).to_bytes(2, "big") + noise
    return str(UUID(bytes=content))


def read(text: str) -> str | None:
    """A key as the store spells it, or None where *text* is none. Capitals and missing hyphens are no matter."""
    if SPELLED.fullmatch(text):
        return text
    try:
        return str(UUID(text)) if text.isascii() and len(text) in (32, 36) else None
    except ValueError:
        return None
