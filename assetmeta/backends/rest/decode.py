"""Objects of the API as cells, and the objects embedded in them as cells of their own assets.

A missing key gives no cell: the attribute is not loaded, rather than empty. A key that the schema does not have is kept
under its own name. How each column of a type is read is compiled once, from the description of its field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from assetmeta.backends.local.records import Cells, RowStore
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.hooks import NO_CONTEXT, Keys, ParseContext
from assetmeta.backends.rest.http import Object, text_of
from assetmeta.backends.rest.options import Options
from assetmeta.backends.rest.spec import Api, Field, Resource, field_of
from assetmeta.model.errors import InvalidResponse, UnknownName
from assetmeta.model.plans import RawValue
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Cleaned, JsonText
from assetmeta.model.values import Oid

_DATUM = re.compile(r'"datum://([0-9a-z]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12})["/?#\\]', re.IGNORECASE | re.ASCII)

DOCUMENTS = frozenset({"Json", "Health", "CaseCounts", "SuiteCounts", "AnnotationCounts", "FailureCounts"})
"""Kinds whose raw value is JSON text, whatever the value is."""

Read = Callable[[Json, Object, ParseContext], RawValue]
"""Reads one value; the object is the one that contains it."""

Target = Callable[[Json, Object, ParseContext], Oid | None]
"""Reads one reference; None for null, and for what is none."""

Choose = Callable[[Json, Object], Resource | None]
"""Chooses the type that a reference leads to."""


class _Column(NamedTuple):
    """How one attribute is read: the key that holds it, the *other* name of that key. *read* None: as it is."""

    name: str
    key: str
    other: str | None
    is_list: bool
    is_optional: bool
    null_when_embedded: bool
    read: Read | None


class _Shape(NamedTuple):
    """The columns of a type, and the keys that its description has."""

    columns: tuple[_Column, ...]
    declared: frozenset[str]


class _Layout(NamedTuple):
    """How objects of a type that have certain keys become cells. They are copied as they are, which is the quickest;
    the columns in *read* then take the place of what they were made of, and keys without a column are *dropped*.
    """

    dropped: tuple[str, ...]
    read: tuple[_Column, ...]


@dataclass(slots=True)
class Decoder:
    """Reads objects into what is *known*. *api*, *keys* and *options* are those of the dialect."""

    KEYS_REQUIRED: ClassVar[bool] = False

    schema: Schema
    api: Api
    keys: Keys
    options: Options
    known: RowStore
    _shapes: dict[str, _Shape] = field(default_factory=dict)
    _layouts: dict[tuple[str, ...], _Layout] = field(default_factory=dict)
    _references: dict[str, Target] = field(default_factory=dict)
    _embedded: dict[Hashable, tuple[Object, Oid]] = field(default_factory=dict)
    learns: bool = True
    """Whether the keys that objects have are remembered."""

    def resource(self, type_name: str) -> Resource:
        """The description of a type. Raises UnknownName for an abstract one."""
        return self.api.types.get(type_name) or self.api.resource(self.schema, type_name)

    def field(self, resource: Resource, name: str) -> Field:
        """The description of a field. Raises UnknownName."""
        return field_of(resource, self.schema, name)

    def take(self, resource: Resource, objects: Iterable[Object], context: ParseContext = NO_CONTEXT) -> list[Oid]:
        """Add objects to what is known; return their identities, same order, each once. An object without a key is left
        out. Raises InvalidResponse for one from a server whose objects all have keys: the list would be short.
        """
        found: dict[Oid, None] = {}
        for item in objects:
            oid = self.take_one(resource, item, context)
            if oid is not None:
                found[oid] = None
            elif self.KEYS_REQUIRED:
                own = f"{resource.own}: {item.get(resource.own)!r:.80}"
                raise InvalidResponse(
                    f"An object in the answer does not contain the key of a {resource.type} ({own}).",
                    type_name=resource.type,
                )
        return list(found)

    def take_one(
        self, resource: Resource, item: Object, context: ParseContext = NO_CONTEXT, oid: Oid | None = None
    ) -> Oid | None:
        """Add an object, and all that are embedded in it, to what is known; return its identity, if it has one.

        *oid* is what was requested, where the body may not contain that.
        """
        known = self.known.cells
        place: Hashable = None
        if context.embedded:
            # Most rows of a list embed the same few objects.
            owner = str(context.owner) if resource.key == "member" else ""
            place = (resource.type, str(item.get(resource.own)), context.project, owner)
            before, seen = self._embedded.get(place, _NONE)
            if before == item and seen in known:
                return seen
        key, context, implied = self.keys.identify(resource, item, context, None if oid is None else oid.key)
        if key is None:
            return None
        oid = Oid(resource.type, key) if oid is None else oid
        if place is not None:
            self._embedded[place] = (item, oid)
        cells: Cells = self._cells(resource, item, context, oid)
        loaded = known.get(oid) or {}
        known[oid] = {**loaded, **(implied or {}), **cells} if loaded or implied else cells
        return oid

    def _cells(self, resource: Resource, item: Object, context: ParseContext, oid: Oid) -> dict[str, RawValue]:
        layout = self._layouts.get((resource.type, *item)) or self._lay_out(resource, item)
        found: dict[str, Any] = dict(item)
        for key in layout.dropped:
            del found[key]
        inside = ParseContext(context.project, oid.key, context.embedded)
        for name, key, _, is_list, _, null_when_embedded, read in layout.read:
            value = item.get(key)
            if (is_list and not isinstance(value, list)) or (null_when_embedded and value is None and inside.embedded):
                # The name of a list that is read separately may be that of a number or an address in the object.
                found.pop(name, None)
            else:
                found[name] = value if read is None else read(value, item, inside)
        if not _NESTED.isdisjoint(map(type, found.values())):
            found = {name: text_of(value) if type(value) in _NESTED else value for name, value in found.items()}
        return self._separate_cleaned(resource, item, found, context.cleaned) if context.cleaned else found

    def _lay_out(self, resource: Resource, item: Object) -> _Layout:
        """Find out how objects with the keys of *item* are read, and remember that there are such."""
        shape = self._shapes.get(resource.type) or self._compile(resource)
        read, kept = [], set()
        for column in shape.columns:
            key = column.key if column.key in item or column.other not in item else column.other
            if key not in item and not column.is_optional:
                continue
            kept.add(column.name)
            if key != column.name or key not in item or column.read is not None or column.null_when_embedded:
                read.append(column._replace(key=key))
        for key in item.keys() - shape.declared:
            kept.add(key)
            read.append(_Column(key, key, None, False, False, False, _undeclared))
        found = self._layouts[resource.type, *item] = _Layout(
            tuple(key for key in item if key not in kept), tuple(read)
        )
        if self.learns:
            self.options.memory.remember_keys(resource.type, item.keys())
        return found

    def _separate_cleaned(
        self, resource: Resource, item: Object, found: dict[str, RawValue], cleaned: Mapping[str, str]
    ) -> dict[str, RawValue]:
        """Put texts that the server cleaned under columns of their own."""
        for name, key, other, *_ in self._shapes[resource.type].columns:
            source = key if key in item else other
            if name in found and source is not None and source in cleaned:
                value = found.pop(name)
                found[f"{name}.@{cleaned[source]}"] = Cleaned(value) if isinstance(value, str) else None
        return found

    def _compile(self, resource: Resource) -> _Shape:
        described = resource.fields
        names = self.schema.type(resource.type).attributes
        fields = {name: described[name] if name in described else self.field(resource, name) for name in names}
        others = ((known.source_key, known.alternative_key) for known in fields.values())
        declared = frozenset((*fields, *(key for pair in others for key in pair if key)))
        columns = [self._column(name, known) for name, known in fields.items() if known.kind != "File"]
        found = self._shapes[resource.type] = _Shape(tuple(columns), declared)
        return found

    def _column(self, name: str, known: Field) -> _Column:
        return _Column(
            name,
            known.source_key or name,
            known.alternative_key,
            known.reverse_of is not None or known.sublist is not None,
            known.optional,
            known.null_when_embedded,
            self._relation(known) if known.kind == "Relation" else _scalar(known),
        )

    def _relation(self, known: Field) -> Read:
        if known.shape == "uris":
            return lambda value, item, context: tuple(map(self._met, _data_in(value)))
        target = self._target(known)
        if known.shape == "file":

            def file(value: Json, item: Object, context: ParseContext) -> RawValue:
                oid = target(value, item, context)
                if oid is not None:
                    self.known.add(oid, {"id": oid.key, "name": item.get("name"), "download_url": value})  # type: ignore[dict-item]
                return oid

            return file
        if not known.many:
            return target

        def members(value: Json, item: Object, context: ParseContext) -> RawValue:
            if not value or not isinstance(value, list):
                return ()
            given = value
            if known.shape == "matrix":
                given = [cell for row in given for cell in (row if isinstance(row, list) else [row])]
            if known.wrap:
                given = [one.get(known.wrap, one) if isinstance(one, dict) else one for one in given]
            return tuple([oid for one in given if (oid := target(one, item, context)) is not None])

        return members

    def _target(self, known: Field) -> Target:
        """Reads a single reference: the asset that it leads to, None for null. What an embedded object contains becomes
        known.
        """
        choose = self._choice(known)
        if not self.api.embeds:
            return self._reference(choose) if isinstance(choose, Resource) else self._chosen_reference(choose)

        def target(value: Json, item: Object, context: ParseContext) -> Oid | None:
            resource = None if value is None else choose if isinstance(choose, Resource) else choose(value, item)
            if resource is None:
                return None
            if resource.key == "member":
                # Members refer to each other by their own ids, within the object that both are part of.
                context = context.inside(item.get("pipeline", context.owner))  # type: ignore[arg-type]
            if isinstance(value, dict) and known.shape != "source":
                return self.take_one(resource, value, ParseContext(context.project, context.owner, embedded=True))
            key = value if _is_key(resource, value) else self.keys.parse(resource, value, context)
            if key is None:
                return None
            oid = Oid(resource.type, key)  # type: ignore[arg-type]
            if "project" in resource.filters:
                self.options.memory.remember(oid, context.project)
            return self._met(oid)

        return target

    def _chosen_reference(self, choose: Choose) -> Target:
        """Reads a reference to an asset of one of several types, of which nothing else is sent."""

        def reference(value: Json, item: Object, context: ParseContext) -> Oid | None:
            resource = None if value is None else choose(value, item)
            return None if resource is None else self._reference(resource)(value, item, context)

        return reference

    def _reference(self, resource: Resource) -> Target:
        """Reads a reference to an asset of one type, of which nothing else is sent."""
        if resource.type in self._references:
            return self._references[resource.type]
        # Many objects refer to the same few.
        known: dict[Json, Oid] = {}

        def reference(value: Json, item: Object, context: ParseContext) -> Oid | None:
            if value is None:
                return None
            if not _is_key(resource, value):
                key = self.keys.parse(resource, value, context)
                return None if key is None else Oid(resource.type, key)
            found = known.get(value)
            if found is None:
                found = known[value] = Oid(resource.type, value)  # type: ignore[arg-type]
            return found

        self._references[resource.type] = reference
        return reference

    def _choice(self, known: Field) -> Resource | Choose:
        """The type that a reference leads to, or what chooses it among several."""
        resources = {name: self._concrete(name) for name in known.to}
        first = next(iter(resources.values()), None)
        if known.shape == "object" or known.type_in:
            numbered = {kind.number: kind.name for kind in self.schema.types.values() if kind.number is not None}

            def by_content_type(value: Json, item: Object) -> Resource | None:
                number = item.get(known.type_in) if known.type_in else None
                if known.shape == "object":
                    number = value.get("contenttype") if isinstance(value, dict) else None
                name = numbered.get(number) if isinstance(number, int) else None
                return self.resource(name) if name else None

            return by_content_type
        if known.when:
            flags = [(flag, self.resource(name)) for flag, name in known.when]

            def by_flag(value: Json, item: Object) -> Resource | None:
                for flag, there in flags:
                    if item.get(flag):
                        return there
                return first

            return by_flag
        if known.shape == "source":

            def by_word(value: Json, item: Object) -> Resource | None:
                word = value.get("type") if isinstance(value, dict) else None
                return first if first is not None and word == first.type.lower() else None

            return by_word
        if known.union:

            def by_value(value: Json, item: Object) -> Resource | None:
                name = self.keys.choose(known, value)
                return first if name is None else resources.get(name) or self._concrete(name)

            return by_value
        return first or (lambda value, item: None)

    def _concrete(self, type_name: str) -> Resource | None:
        try:
            return self.resource(type_name)
        except UnknownName:
            return None

    def _met(self, oid: Oid) -> Oid:
        """An asset of which nothing but its identity was sent: its id is known from now on, and what is read of it
        later is no more than what is wanted.
        """
        resource = self.resource(oid.type)
        if oid not in self.known.cells and "id" in resource.fields and resource.key != "member":
            self.known.add(oid, {"id": oid.key})
        return oid


_NESTED = frozenset({list, dict})
_NONE: tuple[Object | None, Oid | None] = (None, None)


def _is_key(resource: Resource, value: Json) -> bool:
    """True for a reference that is a key as it is: a number, or the text of a UUID. It needs no hook, which matters
    where lists have thousands of rows.
    """
    if resource.key == "int":
        return value.__class__ is int and value >= 0
    return resource.key == "uuid" and value.__class__ is str and value != ""


def _scalar(known: Field) -> Read | None:
    """How plain values are read; None: as they are."""
    if known.shape == "letters":
        return _letters
    if known.many:
        return _words
    if known.shape == "inputs":
        return lambda value, item, context: _document(inputs(value), item, context)
    return _document if known.kind in DOCUMENTS else None


def _document(value: Json, item: Object, context: ParseContext) -> RawValue:
    return None if value is None else text_of(value)


def _words(value: Json, item: Object, context: ParseContext) -> RawValue:
    """Plain members of a list; of objects their names."""
    members = value if isinstance(value, list) else []
    plain = [one.get("name") if isinstance(one, dict) else one for one in members]
    return tuple(one for one in plain if one is not None and not isinstance(one, list | dict))


def _letters(value: Json, item: Object, context: ParseContext) -> RawValue:
    """The letters of a text, or the members of a list."""
    return tuple(map(_raw_value, value)) if isinstance(value, list | str) else ()  # type: ignore[return-value]


def _raw_value(value: Json) -> RawValue:
    """What is under a key that is not in the schema: scalars as they are, all else as JSON."""
    return JsonText(text_of(value)) if isinstance(value, list | dict) else value


def _undeclared(value: Json, item: Object, context: ParseContext) -> RawValue:
    return _raw_value(value)


def _data_in(value: Json) -> tuple[Oid, ...]:
    """The data among the addresses of inputs; aliases and addresses elsewhere are not ids of assets."""
    return tuple(dict.fromkeys(Oid("Datum", key.lower()) for key in _DATUM.findall(text_of(inputs(value)))))


def inputs(value: Json) -> Json:
    """Inputs in the form in which they are written: a map from names to lists of addresses."""
    if not isinstance(value, list):
        return value
    named = [item for item in value if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return {str(item["name"]): item.get("urls", []) for item in named}
