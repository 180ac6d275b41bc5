"""File names of servers, made harmless on any computer."""

from __future__ import annotations

import re

_MOST_BYTES = 200
"""File systems take 255 bytes; the rest is for numbers added to existing names, and for names of partial files."""

_LONGEST_EXTENSION = 40
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[. ]*(?:\..*)?\Z", re.IGNORECASE | re.DOTALL
)


def safe_name(text: str | None, otherwise: str = "attachment") -> str:
    """Return a harmless local file name for one of a server.

    It has no separator, drive letter, control or direction-changing character, leading or trailing dot or blank; it is
    no reserved device name and at most 200 bytes of UTF-8 long, its extension kept. *otherwise* is used for an
    empty name.
    """
    last = re.split(r"[/\\]", text or "")[-1]
    name = _UNSAFE.sub("_", re.sub(r"\A[A-Za-z]:", "", last)).strip().lstrip(". ").rstrip(". ")
    if not name.strip("_ "):
        name = otherwise
    if _RESERVED.match(name):
        name = f"_{name}"
    return name if _bytes(name) <= _MOST_BYTES else _shortened(name)


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem or _bytes(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room = _MOST_BYTES - _bytes(dot + extension)
    # A letter of which only some bytes fit is left out.
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + dot + extension


def _bytes(text: str) -> int:
    return len(text.encode())
