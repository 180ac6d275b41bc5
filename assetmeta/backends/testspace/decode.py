"""Objects of the API as cells (reference 3 and 7): flat bodies, whose references are numbers.

`project_id` stays as it came, and gives the relation `project` besides. What a number leaves out, a result's space, is
known from the path that the object came by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.http import Object, text_of
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.backends.rest.urls import own_address
from assetmeta.backends.testspace.keys import below, divided, escaped, folder_of
from assetmeta.backends.testspace.options import resource_of
from assetmeta.model.plans import RawValue
from assetmeta.model.texts import JsonText
from assetmeta.model.values import Key, Oid

_TEXTS = frozenset({"Json", "Health", "CaseCounts", "SuiteCounts", "AnnotationCounts", "FailureCounts"})
_FILE = re.compile(r"[^/]+/files/([0-9]{1,60})/?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one object tells: its identity and cells, and those of a file that it only names."""

    oid: Oid
    cells: dict[str, RawValue]
    file: tuple[Oid, dict[str, RawValue]] | None = None


def told(kind: Resource, item: Object, parent: Key | None, base: str) -> Parsed | None:
    """Read an object that came from the list or the path of *parent*; None for one that does not say which it is.

    *base* is the URL of the session, whose files are known by their numbers. A key that the object lacks gives no cell:
    it is not loaded, rather than empty. A key that is not in the table is kept.
    """
    key = key_of(kind, item, parent)
    if key is None:
        return None
    cells = _implied(kind, item, key, parent, base)
    for name, known in kind.fields.items():
        if known.kind == "Relation":
            if known.source_key in item and not known.listed_separately and known.to[0] != "File":
                cells[name] = _target(kind, known, item[known.source_key], key)
        elif (name in item or known.optional) and known.is_readable:
            cells[name] = _cell(item.get(name), known)
    for name in item.keys() - kind.fields.keys():
        value = item[name]
        cells[name] = JsonText(text_of(value)) if isinstance(value, list | dict) else value
    return Parsed(Oid(kind.type, key), cells, _file(item, cells) if kind.type == "Content" else None)


def key_of(kind: Resource, item: Object, parent: Key | None) -> Key | None:
    """The key of an object; None where it lacks what tells it apart, or nobody knows where it is."""
    own = item.get(kind.own)
    if kind.is_flat:
        return number(own)
    if parent is None:
        return None
    if kind.own in ("id", "user_id"):
        found = number(own)
        return None if found is None else below(parent, str(found))
    return below(parent, escaped(kind, own)) if isinstance(own, str) and own else None


def number(value: Json) -> int | None:
    """An id: a whole number, or its text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if re.fullmatch(r"[0-9]{1,60}", str(value)) else None


def _target(kind: Resource, known: Field, value: Json, key: Key) -> Oid | None:
    """The asset that the number in a body leads to."""
    to, found = resource_of(known.to[0]), number(value)
    if found is None:
        return None
    if to.is_flat:
        return Oid(to.type, found)
    # A metric or a result: its space is that of the object which names it, or the object itself.
    space = key if kind.type == "Space" else str(key).partition("/")[0]
    return Oid(to.type, below(space, str(found)))


def _implied(kind: Resource, item: Object, key: Key, parent: Key | None, base: str) -> dict[str, RawValue]:
    """What the place of an object tells: its parent, as far as that is known, its folder, its file."""
    found: dict[str, RawValue] = {}
    above = parent if parent is not None else divided(kind, key)[0]
    if kind.up is not None and above is not None:
        found[kind.up] = Oid(kind.fields[kind.up].to[0], above)
    if kind.type == "Content":
        folder = folder_of(key)
        found["folder"] = None if folder is None else Oid("Content", folder)
        found["file"] = file_of(item.get("download_url"), base)
    return found


def file_of(link: Json, base: str) -> Oid | None:
    """The file behind a `download_url`; None where that is none of the files of the server at *base*."""
    path = own_address(link, base, is_file) if isinstance(link, str) else None
    found = _FILE.fullmatch(path.partition("?")[0]) if path is not None else None
    return Oid("File", int(found[1])) if found else None


def is_file(path: str) -> bool:
    """True for the path of a file below the server's URL."""
    return _FILE.fullmatch(path) is not None


def _file(item: Object, cells: dict[str, RawValue]) -> tuple[Oid, dict[str, RawValue]] | None:
    found = cells.get("file")
    if not isinstance(found, Oid):
        return None
    return found, {"id": found.key, "name": cells.get("name"), "download_url": cells.get("download_url")}


def _cell(value: Json, known: Field) -> RawValue:
    if known.many:
        return tuple(map(_scalar, value)) if isinstance(value, list) else tuple(value) if isinstance(value, str) else ()
    return None if value is None else text_of(value) if known.kind in _TEXTS else _scalar(value)


def _scalar(value: Json) -> str | int | float | bool | None:
    return text_of(value) if isinstance(value, list | dict) else value  # type: ignore[return-value]
