"""A map of the schema: finding types, attributes and operations by a word, and ways from one type to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assetmeta.model.codecs import Choices
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import shown
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.table import Table

_LONGEST = 5
"""Relations on the longest way that is looked for."""

_SHOWN = 500
"""Rows that are rendered: the largest types have some 150 attributes."""

_WAYS = 20
"""Ways that are returned; there may be thousands of the same length."""


@dataclass(frozen=True)
class _Found:
    """One entry of the map that matches. Smaller *rank* is the better match."""

    rank: int
    name: str
    what: str
    text: str


def search(schema: Schema, word: str, lists: Mapping[str, Iterable[str]]) -> Table:
    """Return the types, attributes, operations and list values whose name or label contains *word*, best first, as a
    table of (name, what, description). *lists* holds the names of list types. An attribute that many types inherit
    counts for the type that has it first. Sends nothing. Raises BadValue for an empty word.
    """
    wanted = word.strip().casefold() if isinstance(word, str) else ""
    if not wanted:
        raise BadValue(f"search() takes a word to look for, not {shown(word)}.")
    found = sorted(_matches(schema, wanted, lists), key=lambda one: (one.rank, len(one.name), one.name))
    rows = [(one.name, one.what, one.text) for one in found]
    return Table(f"{word.strip()!r}: {len(rows)} found", ("name", "what", "description"), rows, shown=_SHOWN)


def _matches(schema: Schema, wanted: str, lists: Mapping[str, Iterable[str]]) -> Iterator[_Found]:
    for kind in map(schema.type, list(schema.types)):
        rank = _rank(wanted, kind.name, kind.label)
        if rank is not None:
            yield _Found(rank, kind.name, "type", _type_text(kind))
        inherited = _inherited(schema, kind)
        for attribute in kind.attributes.values():
            name = f"{kind.name}.{attribute.name}"
            rank = _rank(wanted, attribute.name, attribute.label)
            if rank is not None and attribute.name not in inherited:
                yield _Found(rank + 1, name, "attribute", attribute_text(attribute))
            if isinstance(attribute.codec, Choices) and attribute.name not in inherited:
                for choice in attribute.codec.listed:
                    rank = _rank(wanted, str(choice))
                    if rank is not None:
                        yield _Found(
                            rank + 2, f"{name} = {choice!r}", "value", f"one of {len(attribute.codec.listed)} values"
                        )
        for operation in kind.operations:
            rank = _rank(wanted, operation)
            if rank is not None and operation not in inherited:
                yield _Found(rank + 1, f"{kind.name}.{operation}()", "operation", "")
    users = _users(schema, lists) if lists else {}
    for type_name, names in lists.items():
        for choice in names:
            rank = _rank(wanted, choice)
            if rank is not None:
                places = users.get(type_name, ())
                yield _Found(rank + 2, f"{type_name} {choice!r}", "value", _users_text(type_name, places))


def _users(schema: Schema, lists: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The attributes that lead to each list type, `Story.Status`, where a type has them first."""
    found: dict[str, list[str]] = {}
    for kind in map(schema.type, list(schema.types)):
        inherited = _inherited(schema, kind)
        for attribute in kind.attributes.values():
            if (
                attribute.related is not None
                and attribute.related in lists
                and attribute.name not in inherited
                and attribute.writable
            ):
                found.setdefault(attribute.related, []).append(f"{kind.name}.{attribute.name}")
    return found


def _users_text(type_name: str, places: Sequence[str]) -> str:
    """What a list value is for: `a value of Story.Status`."""
    if not places:
        return f"an asset of {type_name}"
    return f"a value of {', '.join(places[:2])}{' and others' if len(places) > 2 else ''}"


def _rank(wanted: str, *texts: str) -> int | None:
    """How well a word matches the best of *texts*: 0 the whole, 10 the beginning, 20 elsewhere; None not at all."""
    folded = [text.casefold() for text in texts if text]
    if wanted in folded or f"{wanted}s" in folded:
        return 0
    if any(text.startswith(wanted) for text in folded):
        return 10
    return 20 if any(wanted in text for text in folded) else None


def _inherited(schema: Schema, kind: AssetType) -> frozenset[str]:
    base = schema.types.get(kind.base) if kind.base else None
    return frozenset([*base.attributes, *base.operations]) if base else frozenset()


def _type_text(kind: AssetType) -> str:
    base = f"a kind of {kind.base}, " if kind.base else ""
    numbers = f"{len(kind.attributes)} attributes, {len(kind.operations)} operations"
    return f"{base}{'abstract, ' if kind.abstract else ''}{numbers}"


def attribute_text(attribute: Attribute) -> str:
    """What an attribute holds, in a few words: `several Member`, `Numeric, read-only`."""
    what = f"{'several' if attribute.multi else 'one'} {attribute.related}" if attribute.related else attribute.kind
    return ", ".join([what, *_flags(attribute)])


def _flags(attribute: Attribute) -> list[str]:
    flags = {"required": attribute.required, "read-only": not attribute.writable, "custom": attribute.custom}
    return [flag for flag, holds in flags.items() if holds]


def describe(kind: AssetType, word: str | None = None) -> Table:
    """Return a type's attributes and operations as a table of (name, type, notes, choices, leads to), only those whose
    name or label contains *word* when one is given. Sends nothing. Raises BadValue for a word that is no text.
    """
    if not isinstance(word, str | None):
        raise BadValue(f"describe() takes a part of a name, not {shown(word)}.")
    wanted = (word or "").strip().casefold()
    rows = [
        (
            attribute.name,
            f"several {attribute.kind}" if attribute.multi else attribute.kind,
            ", ".join(_flags(attribute)),
            _choices(attribute),
            attribute.related or "",
        )
        for _, attribute in sorted(kind.attributes.items())
        if not wanted or _rank(wanted, attribute.name, attribute.label) is not None
    ]
    rows += [
        (f"{name}()", "operation", "", "", "")
        for name in sorted(kind.operations)
        if not wanted or _rank(wanted, name) is not None
    ]
    chosen = f" ({len(rows)} with {wanted!r})" if wanted else ""
    columns = ("name", "type", "notes", "choices", "leads to")
    return Table(f"{kind.name}: {_type_text(kind)}{chosen}", columns, rows, shown=_SHOWN)


def _choices(attribute: Attribute) -> str:
    return " | ".join(map(str, attribute.codec.listed)) if isinstance(attribute.codec, Choices) else ""


def paths(schema: Schema, start: str, end: str, narrowing: bool = True) -> list[str]:
    """Return the shortest ways over relations from one type to another, as paths that `select()` takes, those
    over what people set and over single values first; an empty list when there is none of at most five relations. With
    *narrowing* a relation to a more general type is one to this type: `Workitems:Story`. Sends nothing. Raises
    UnknownName.
    """
    schema.type(start), schema.type(end)
    known = frozenset(schema.types)
    reached, edge = {start}, [(start, "", 0)]
    for _ in range(_LONGEST):
        ways, next_edge, seen = [], [], set[str]()
        for type_name, path, cost in edge:
            for attribute in schema.type(type_name).attributes.values():
                if attribute.related not in known or attribute.related is None:
                    continue
                step, price = f"{path}{attribute.name}", cost + _price(attribute)
                if schema.is_a(attribute.related, end):
                    ways.append((price, step))
                elif narrowing and schema.is_a(end, attribute.related):
                    ways.append((price + 1, f"{step}:{end}"))
                elif attribute.related not in reached:
                    seen.add(attribute.related)
                    next_edge.append((attribute.related, f"{step}.", price))
        if ways:
            return [path for _, path in sorted(ways)[:_WAYS]]
        reached |= seen
        edge = next_edge
    return []


def _price(attribute: Attribute) -> int:
    """Ways over what people set are better than over what the server keeps, single values better than several."""
    return 2 * attribute.multi + 3 * (not attribute.writable)
