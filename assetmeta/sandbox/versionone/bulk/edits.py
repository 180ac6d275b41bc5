"""The values of creates and updates: their normal form, and the changes of an asset that they come down to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..engine import Engine
from ..problems import unknown_attribute, violation
from ..requests import Change, Ref
from ..types import AttributeDef, Closure, Computed, TypeDef
from .document import Document, unwrapped
from .values import Values

TEXTS = frozenset({"Text", "LongText"})
SWAP, BEFORE, AFTER = {"find", "replace"}, {"Before"}, {"After"}
OTHER_FORMS = (SWAP, BEFORE, AFTER)
_VERBS = ("add", "remove")


def normal(value: object) -> object:
    """The normal form of one attribute's value: `{"add": [...], "remove": [...]}` for everything that sets or changes.

    Find and replace, places in the order, and what is no such value stay as they are.
    """
    if isinstance(value, list):
        return {"add": value, "remove": []}
    if not isinstance(value, Mapping) or "from" in value or "AssetType" in unwrapped(value)[1]:
        return {"add": [value], "remove": []}
    if set(value) in OTHER_FORMS:
        return value
    if value.keys() <= {"add", "remove"}:
        return {verb: listed(value.get(verb, [])) for verb in _VERBS}
    if all(each in _VERBS for each in value.values()):
        return {verb: [key for key, each in value.items() if each == verb] for verb in _VERBS}
    return value


def listed(value: Any) -> list[Any]:
    """A list as it is, any other value as the only item of one."""
    return value if isinstance(value, list) else [value]


class Edits:
    """Makes changes of the values of one request's commands."""

    def __init__(self, engine: Engine, values: Values) -> None:
        self.engine = engine
        self.values = values

    def changes(self, kind: TypeDef, document: Document, asset: str | None = None) -> list[Change]:
        """The changes a document makes to an asset of a type, None for a new one. Raises a 400 problem."""
        found: list[Change] = []
        for name, value in document.items():
            attribute = kind.attributes.get(name)
            if attribute is None:
                raise unknown_attribute(kind.name, name)
            found += self._changes(kind, attribute, normal(value), asset)
        return found

    def _changes(self, kind: TypeDef, attribute: AttributeDef, form: object, asset: str | None) -> Iterator[Change]:
        if not isinstance(form, Mapping):
            raise violation("Invalid", kind.name, attribute.name)
        keys = set(form)
        if keys == set(_VERBS):
            edited = self._several if attribute.multi else self._single
            return edited(kind, attribute, form["add"], form["remove"])
        if keys == SWAP and asset is not None:
            return self._swapped(kind, attribute, form, asset)
        if keys in (BEFORE, AFTER) and attribute.kind == "Rank":
            return self._placed(kind, attribute, form)
        raise violation("Invalid", kind.name, attribute.name)

    def _several(
        self, kind: TypeDef, attribute: AttributeDef, add: list[object], remove: list[object]
    ) -> Iterator[Change]:
        for value in remove:
            for each in self._resolved(kind, attribute, value):
                yield Change(attribute.name, "remove", each)
        for value in add:
            for each in self._resolved(kind, attribute, value):
                yield Change(attribute.name, "add", each)

    def _single(
        self, kind: TypeDef, attribute: AttributeDef, add: list[object], remove: list[object]
    ) -> Iterator[Change]:
        """A single value: the one to add replaces it, however many are to be removed."""
        if len(add) > 1:
            raise violation("Invalid", kind.name, attribute.name)
        for value in add:
            found = self._resolved(kind, attribute, value)
            if not found and isinstance(value, Mapping):
                raise self.values.unresolved(kind, attribute)
            yield Change(attribute.name, "set", found[0] if found else None)
        for value in () if add else remove:
            for each in self._resolved(kind, attribute, value):
                yield Change(attribute.name, "remove", each)

    def _resolved(
        self, kind: TypeDef, attribute: AttributeDef, value: object
    ) -> list[str | int | float | bool | Ref | None]:
        if attribute.is_relation:
            return [Ref(oid) for oid in self.values.oids(kind, attribute, value)]
        if value is None or isinstance(value, (str, int, float, bool)):
            return [value]
        raise violation("Invalid", kind.name, attribute.name)

    def _swapped(self, kind: TypeDef, attribute: AttributeDef, form: Document, asset: str) -> Iterator[Change]:
        """Find and replace: a part of a text, or one of the assets of a relation. What is not there stays away."""
        if isinstance(attribute.storage, (Closure, Computed)):
            raise violation("ReadOnly", kind.name, attribute.name)
        present = self.engine.stored(asset, attribute.name)
        for old, new in self._pairs(kind, attribute, form, present):
            if not attribute.multi:
                yield Change(attribute.name, "set", new)
                continue
            yield Change(attribute.name, "remove", old)
            yield Change(attribute.name, "add", new)

    def _pairs(
        self, kind: TypeDef, attribute: AttributeDef, form: Document, present: list[object]
    ) -> Iterator[tuple[str | Ref, str | Ref]]:
        """The values that are replaced, each with what comes in its place."""
        old, new = form["find"], form["replace"]
        if attribute.is_relation:
            found, wanted = self._one(kind, attribute, old), self._one(kind, attribute, new)
            if found in present:
                yield Ref(found), Ref(wanted)
        elif attribute.kind in TEXTS and isinstance(old, str) and isinstance(new, str):
            for text in map(str, present):
                if old and old in text:
                    yield text, text.replace(old, new)
        else:
            raise violation("Invalid", kind.name, attribute.name)

    def _one(self, kind: TypeDef, attribute: AttributeDef, value: object) -> str:
        found = self.values.oids(kind, attribute, value)
        if not found:
            raise self.values.unresolved(kind, attribute)
        return found[0]

    def _placed(self, kind: TypeDef, attribute: AttributeDef, form: Document) -> Iterator[Change]:
        """Before or after another asset: written as its rank and a sign."""
        ((side, value),) = form.items()
        if not isinstance(value, (str, Mapping)):
            raise violation("Invalid", kind.name, attribute.name)
        neighbour = self.values.argument(value)
        rank = self.engine.stored(str(neighbour), attribute.name)
        if not rank:
            raise violation("Invalid", kind.name, attribute.name)
        yield Change(attribute.name, "set", f"{rank[0]}{'-' if side == 'Before' else '+'}")
