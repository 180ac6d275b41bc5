"""Changes as JSON, for plans on disk and the journals of jobs. No secret is in it.

    {"create": ["Task", "new-1"], "values": [{"name": "Parent", "new": {"asset": ["Story", 1005]}}, ...]}
    {"update": ["Story", 1005], "values": [{"name": "Estimate", "old": {"unread": true}, "new": {"decimal": "3.5"}}]}
    {"delete": ["Test", 17]}

A value is itself where JSON has its type, and else an object with one key that names the type.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from assetmeta.model.codecs import Span
from assetmeta.model.frozen import ConcealedDict, ConcealedList, frozen
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid
from assetmeta.model.zones import zone_named

Refer = Callable[[Oid], object]
"""What represents an asset in the JSON."""

Digest = Callable[[object], str | None]
"""What represents a secret there; None leaves it out."""

_PLAIN = frozenset({str, int, bool, float, type(None)})


class Withheld(Hidden):
    """What is left of a secret in a file: its digest, or nothing. It cannot be sent."""

    __slots__ = ()


def _by_key(oid: Oid) -> object:
    return {"asset": [oid.type, oid.key]}


def _left_out(secret: object) -> None:
    return None


def value_to_json(value: object, refer: Refer = _by_key, digest: Digest = _left_out) -> Any:
    """Return one value as JSON. Raises ValueError for what no attribute has."""
    if type(value) in _PLAIN:
        return value
    if type(value) is Oid:
        return refer(value)
    if isinstance(value, Withheld):
        return {"secret": str(value) or None}
    if isinstance(value, Hidden | ConcealedDict | ConcealedList):
        return {"secret": digest(value)}
    if value is UNREAD:
        return {"unread": True}
    if isinstance(value, dict):
        return {"dict": {key: value_to_json(item, refer, digest) for key, item in value.items()}}
    if isinstance(value, Span):
        return {"span": list(value)}
    if isinstance(value, list | tuple):
        word = "list" if isinstance(value, list) else "tuple"
        return {word: [value_to_json(item, refer, digest) for item in value]}
    return _scalar_to_json(value)


def _scalar_to_json(value: object) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat(), "zone": getattr(value.tzinfo, "key", None)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, timedelta):
        return {"length": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, str | int | float):
        # A subclass, such as a member of an enumeration.
        return next(kind(value) for kind in (str, int, float) if isinstance(value, kind))
    raise ValueError(f"a {type(value).__name__} cannot be kept in a file")


def value_from_json(found: Any) -> object:
    """Return the value that `value_to_json` was given. Raises ValueError, KeyError or TypeError for anything else."""
    if not isinstance(found, dict):
        return found
    word = next(iter(found))
    return _READERS[word](found[word]) if word != "datetime" else _moment(found)


def _moment(found: Mapping[str, Any]) -> datetime:
    moment = datetime.fromisoformat(found["datetime"])
    return moment.astimezone(zone_named(found["zone"])) if found.get("zone") else moment


def _oid(found: Any) -> Oid:
    type_name, key = found
    if not isinstance(type_name, str) or not isinstance(key, str | int):
        raise ValueError(f"{found!r:.80} is not an asset")
    return Oid(type_name, key)


_READERS: Mapping[str, Callable[[Any], object]] = {
    "asset": _oid,
    "unread": lambda found: UNREAD,
    "secret": lambda found: Withheld(found or ""),
    "dict": lambda found: frozen({key: value_from_json(item) for key, item in found.items()}),
    "list": lambda found: frozen(list(map(value_from_json, found))),
    "tuple": lambda found: tuple(map(value_from_json, found)),
    "span": lambda found: Span(*found),
    "decimal": Decimal,
    "date": date.fromisoformat,
    "length": lambda found: timedelta(*found),
    "bytes": base64.b64decode,
}


def change_to_json(change: Change, digest: Digest = _left_out) -> dict[str, Any]:
    """Return one change as JSON. Raises ValueError for an operation, and for what no attribute has."""
    if isinstance(change, Call):
        raise ValueError(f"the operation {change.operation} cannot be kept in a file")
    word = type(change).__name__.lower()
    found: dict[str, Any] = {word: [change.oid.type, change.oid.key]}
    if isinstance(change, Delete):
        return found
    found["values"] = [_delta_to_json(delta, isinstance(change, Create), digest) for delta in change.deltas]
    if isinstance(change, Create) and change.context is not None:
        found["context"] = [change.context.type, change.context.key]
    if change.comment is not None:
        found["comment"] = change.comment
    return found


def _delta_to_json(delta: AttributeChange, is_new: bool, digest: Digest) -> dict[str, Any]:
    found: dict[str, Any] = {"name": delta.name}
    if not is_new:
        found["old"] = value_to_json(delta.old, digest=digest)
    if delta.is_multi:
        found["added"] = [value_to_json(value, digest=digest) for value in delta.added]
        found["removed"] = [value_to_json(value, digest=digest) for value in delta.removed]
    else:
        new = delta.new
        # Nearly all values are plain, and there are very many of them.
        found["new"] = new if type(new) in _PLAIN else value_to_json(new, digest=digest)
    return found


def change_from_json(found: Mapping[str, Any]) -> Change:
    """Return the change that `change_to_json` was given. Raises ValueError, KeyError or TypeError for anything else."""
    if "delete" in found:
        return Delete(_oid(found["delete"]))
    deltas = tuple(_delta_from_json(each, "create" in found) for each in found["values"])
    if "update" in found:
        return Update(_oid(found["update"]), deltas, found.get("comment"))
    context = _oid(found["context"]) if "context" in found else None
    return Create(_oid(found["create"]), deltas, context, found.get("comment"))


def _delta_from_json(found: Mapping[str, Any], is_new: bool) -> AttributeChange:
    several = "added" in found
    old = (() if several else None) if is_new else value_from_json(found["old"])
    added, removed = (tuple(map(value_from_json, found.get(word, ()))) for word in ("added", "removed"))
    return AttributeChange(found["name"], old, value_from_json(found.get("new")), added, removed, is_multi=several)
