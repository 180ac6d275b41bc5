"""A short text for a large value: what a seed generates is the same in every version, or is changed on purpose."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import msgspec


def digest(value: object) -> str:
    """Sixteen digits for plain data, and for records of it as lists of values; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.astuple(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in dataclasses.fields(value)]
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
