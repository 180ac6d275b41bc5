"""Assets by what people call them: `S-01005`, or a name where the type has no numbers (meta.v1: ShortName, Name)."""

from __future__ import annotations

import re

from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.reads import fetch
from assetmeta.model.conditions import Compare, Or
from assetmeta.model.errors import BadValue, NotExactlyOne, NotFound
from assetmeta.model.http import Flow
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Row
from assetmeta.model.schema import AssetType, Schema
from assetmeta.model.values import Key

_ID = re.compile(r"-?[0-9]+")
_NUMBER = "Number"
"""What servers that do not state a ShortName (before meta.v1 had it) number their assets by."""

_MOST = 50
"""The server's comparison ignores letter case, so several names can fit; of so many the exact one is found."""


def key_of(text: str) -> Key | None:
    """Return the id that a text is; None for anything else."""
    return int(text) if _ID.fullmatch(text) and len(text) < 60 else None


def look_up(schema: Schema, type_name: str, alias: str, settings: Settings) -> Flow[Row]:
    """Return the asset that *alias* names, with its basic attributes. One request.

    Raises NotFound, NotExactlyOne when several assets have that name, BadValue where the type has neither number nor
    name.
    """
    kind = schema.type(type_name)
    names = _naming(kind)
    if not names or not alias.strip():
        raise BadValue(f"{type_name}({alias!r:.80}): give the id of the asset, a whole number.", type_name=type_name)
    select = tuple(Path((Step(each),)) for each in dict.fromkeys((*names, *kind.basic)))
    same = [Compare(path, "=", (alias,)) for path in select[: len(names)]]
    where = same[0] if len(same) == 1 else Or(tuple(same))
    [found] = yield from fetch(schema, [Fetch(type_name, select=select, where=where, size=_MOST)], settings)
    exact = [row for row in found.rows if any(row.values[row.columns.index(name)] == alias for name in names)]
    rows, called = exact or found.rows, " or ".join(names)
    if not rows:
        why = f"There is no {type_name} with the {called} {alias!r}, or this user may not see it."
        raise NotFound(why, type_name=type_name, attribute=names[0], oid=alias, status=404)
    if len(rows) > 1:
        tokens = ", ".join(row.oid.token for row in rows[:5])
        why = f"{len(rows)} assets of type {type_name} have the {called} {alias!r} ({tokens}): give the id of one."
        raise NotExactlyOne(why, type_name=type_name, attribute=names[0])
    return rows[0]


def _naming(kind: AssetType) -> tuple[str, ...]:
    """The attributes that people name assets of a type by: the number, or else the short name and the name."""
    known = [name for name in (kind.short, _NUMBER, kind.display) if name and name in kind.attributes]
    return (_NUMBER,) if _NUMBER in known else tuple(dict.fromkeys(known))
