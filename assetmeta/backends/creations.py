"""Creates that were sent and never answered: which of them the server has. One place for all dialects.

An asset is the one that a create made when all values that were written and can be read are its own, and it was created
after a mark that was taken before the create was sent. What servers make of texts is not always what was sent: where an
unclaimed asset has the name and the relations of a create and other values, the outcome stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.local.records import decode_cell
from assetmeta.backends.verification import Verifier
from assetmeta.model.conditions import And, Compare, Term
from assetmeta.model.contract import Mark
from assetmeta.model.errors import AssetmetaError, Unreachable, Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.identities import resolve_value
from assetmeta.model.ordering import needs
from assetmeta.model.paths import Path
from assetmeta.model.plans import (
    AttributeChange,
    Create,
    Done,
    Fetch,
    Outcome,
    RawValue,
    Row,
    Rows,
    Sort,
    Unknown,
    Update,
)
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

Fetcher = Callable[[Schema, Sequence[Fetch]], Flow[list[Rows]]]
Since = Callable[[str, Mark], Term | None]
"""Returns the condition for what was created after a mark of a type; None where all assets are compared."""

IsKey = Callable[[Oid], bool]
"""False for an asset that is written by another name than its key, which no answer repeats."""

_UNREADABLE = frozenset({"Blob", "Password", "Rank"})
_MOST_VALUES = 100
"""Values of one condition; a create with others is looked for in a longer list."""


def highest(fetch: Fetcher, schema: Schema, creates: Sequence[Create], name: str) -> Flow[dict[str, Mark]]:
    """Return the highest value of the number *name* by type, for a server that sorts by it. One fetch per type."""
    path = Path.parse(name)
    types = list(dict.fromkeys(create.oid.type for create in creates))
    answers = yield from fetch(schema, [Fetch(each, (path,), sort=(Sort(path, True),), size=1) for each in types])
    return {
        each: {"after": max((number_of(row.oid) for row in rows.rows), default=0)}
        for each, rows in zip(types, answers, strict=True)
    }


def highest_listed(fetch: Fetcher, schema: Schema, creates: Sequence[Create]) -> Flow[dict[str, Mark]]:
    """Return the highest id by type, for a server whose lists come whole: one list per type, those of the same parents
    where the creates name some. Types that cannot be listed are left out.
    """
    found: dict[str, Mark] = {}
    for name, several in by_type(creates).items():
        narrow = relation_condition(schema, several)
        if narrow is NOTHING:
            found[name] = {"after": 0}
            continue
        try:
            [rows] = yield from fetch(schema, [Fetch(name, (Path.parse("id"),), narrow)])
        except Unsupported:
            continue
        found[name] = {"after": max((number_of(row.oid) for row in rows.rows), default=0)}
    return found


def number_of(oid: Oid) -> int:
    """The number in an identity: all of it, or its last part."""
    text = str(oid.key).rpartition("/")[2]
    return int(text) if text.isdigit() else 0


def after_number(name: str) -> Since:
    """Return the condition that the number *name* is beyond the mark."""
    path = Path.parse(name)
    return lambda type_name, mark: Compare(path, ">", (mark["after"],))


def by_type(creates: Iterable[Create]) -> dict[str, list[Create]]:
    """The creates of each type, same order."""
    found: dict[str, list[Create]] = {}
    for create in creates:
        found.setdefault(create.oid.type, []).append(create)
    return found


NOTHING = And(())
"""Narrows a list to nothing: all creates are below assets that are not there yet."""


def _is_key(oid: Oid) -> bool:
    return True


def relation_condition(schema: Schema, creates: Sequence[Create], is_key: IsKey = _is_key) -> Term | None:
    """Return the condition for what has the same relations as some of *creates*, all of one type, as far as each of
    them has the relation; None where there is no such relation, NOTHING where all of them lead to new assets.
    """
    terms: list[Term] = []
    values: dict[str, list[Oid]] = {}
    for create in creates:
        for delta in create.deltas:
            if isinstance(delta.new, Oid) and (delta.new.is_new or is_key(delta.new)):
                values.setdefault(delta.name, []).append(delta.new)
    for name, oids in values.items():
        real = tuple(dict.fromkeys(oid for oid in oids if not oid.is_new))
        if len(oids) < len(creates) or len(real) > _MOST_VALUES:
            continue
        if not real:
            return NOTHING
        terms.append(Compare(Path.parse(name), "=", real))
    return And(tuple(terms)) if terms else None


@dataclass(slots=True)
class Finder:
    """Finds what *creates* made. *since* is the dialect's condition for what is new."""

    schema: Schema
    fetch: Fetcher
    since: Since
    marks: Mapping[str, Mark]
    claimed: Collection[Oid]
    keys: Mapping[str, str]
    narrows: bool = True
    is_key: IsKey = _is_key
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _real: dict[Oid, Oid] = field(default_factory=dict)
    _taken: set[Oid] = field(default_factory=set)

    def find(self, creates: Sequence[Create]) -> Flow[list[Outcome | None]]:
        """Return what became of *creates*, same order, those that others refer to first. One read per type."""
        for name, several in by_type(creates).items():
            if name in self.marks or name in self.keys:
                self._rows[name] = yield from self._read(name, several)
        found = [self._found(create, creates) for create in creates]
        unknown: set[Oid] = set()
        for index, create in enumerate(creates):
            outcome = found[index] or self._doubt(create)
            if outcome is None and not unknown.isdisjoint(needs(create)):
                # It may be there below what its parent made.
                outcome = Unknown(create, _unanswered_error(create, "it refers to an asset of which the same is true"))
            if isinstance(outcome, Unknown):
                unknown.add(create.oid)
            found[index] = outcome
        return found

    def _read(self, name: str, creates: Sequence[Create]) -> Flow[list[Row]]:
        names = dict.fromkeys(delta.name for create in creates for delta in self._readable(create))
        terms: list[Term] = []
        key = self.keys.get(name)
        if key is not None:
            values = tuple(
                dict.fromkeys(delta.new for create in creates for delta in create.deltas if delta.name == key)
            )
            terms.append(Compare(Path.parse(key), "=", values))
        else:
            since = self.since(name, self.marks[name])
            terms += [since] if since is not None else []
            narrow = relation_condition(self.schema, creates, self.is_key) if self.narrows else None
            terms += [narrow] if narrow is not None and narrow is not NOTHING else []
        where = None if not terms else terms[0] if len(terms) == 1 else And(tuple(terms))
        [rows] = yield from self.fetch(self.schema, [Fetch(name, tuple(map(Path.parse, names)), where)])
        known = set(self.marks.get(name, {}).get("known", ())) if key is None else set()
        fresh = [row for row in rows.rows if row.oid not in self.claimed and row.oid.key not in known]
        return sorted(fresh, key=lambda row: (number_of(row.oid), str(row.oid.key)))

    def _readable(self, create: Create) -> list[AttributeChange]:
        kind = self.schema.type(create.oid.type)
        attributes = ((delta, kind.attribute(delta.name)) for delta in create.deltas)
        return [
            delta
            for delta, each in attributes
            if each.kind not in _UNREADABLE and not each.is_secret and self._is_known(delta)
        ]

    def _is_known(self, delta: AttributeChange) -> bool:
        values = (delta.new, *delta.added)
        return all(value.is_new or self.is_key(value) for value in values if isinstance(value, Oid))

    def _found(self, create: Create, others: Sequence[Create]) -> Outcome | None:
        """The asset that a create made; None where none is exactly as it should be."""
        rows = self._rows.get(create.oid.type)
        if rows is None:
            return Unknown(
                create, _unanswered_error(create, "the server does not show which assets of its type are new")
            )
        if any(oid not in self._real for oid in needs(create)):
            # It needs an asset that is not there.
            return None
        fitting = [row for row in rows if row.oid not in self._taken and self._fits(create, row)]
        if not fitting:
            return None
        if create.oid.type in self.keys and len(fitting) > 1:
            tokens = ", ".join(row.oid.token for row in fitting[:5])
            return Unknown(create, _unanswered_error(create, f"{len(fitting)} assets have its key ({tokens})"))
        # Of assets that are alike, the one with the parts that this create's parts would be.
        chosen = max(fitting, key=lambda row: self._parts(create, row, others)) if len(fitting) > 1 else fitting[0]
        self._taken.add(chosen.oid)
        self._real[create.oid] = chosen.oid
        return Done(create, chosen.oid, stale=True)

    def _parts(self, create: Create, row: Row, others: Sequence[Create]) -> int:
        """How many creates that refer to *create* are there, if *row* is what it made."""
        real = {**self._real, create.oid: row.oid}
        parts = [other for other in others if create.oid in needs(other) and needs(other) <= real.keys()]
        return sum(any(self._fits(part, below, real) for below in self._rows.get(part.oid.type, ())) for part in parts)

    def _fits(self, create: Create, row: Row, real: Mapping[Oid, Oid] | None = None) -> bool:
        """True when a row has all that was written, as far as it contains that, and contains any of it."""
        known = self._real if real is None else real
        cells = dict(zip(row.columns, row.values, strict=True))
        key = self.keys.get(create.oid.type)
        compared = [delta for delta in self._readable(create) if delta.name in cells and key in (None, delta.name)]
        return bool(compared) and all(self._has(create, delta, cells, known) for delta in compared)

    def _has(
        self, create: Create, delta: AttributeChange, cells: Mapping[str, RawValue], real: Mapping[Oid, Oid]
    ) -> bool:
        verifier = Verifier(
            self.schema, lambda fetches: self.fetch(self.schema, fetches), lambda value: resolve_value(value, real)
        )
        if verifier.holds(Update(create.oid, (delta,)), cells):
            return True
        stored = decode_cell(self.schema.attribute(create.oid.type, delta.name), cells[delta.name])
        # Servers complete documents of new assets by defaults.
        return isinstance(delta.new, dict) and isinstance(stored, dict) and delta.new.items() <= stored.items()

    def _doubt(self, create: Create) -> Outcome | None:
        """Unknown for a create like which an unclaimed asset is in name and relations; None where there is none."""
        kind = self.schema.type(create.oid.type)
        own = [
            delta
            for delta in self._readable(create)
            if delta.name == kind.display or kind.attribute(delta.name).is_relation
        ]
        if not own or any(oid not in self._real for oid in needs(create)) or create.oid.type in self.keys:
            return None
        for row in self._rows.get(create.oid.type, ()):
            cells = dict(zip(row.columns, row.values, strict=True))
            is_complete = all(delta.name in cells for delta in own)
            if row.oid not in self._taken and is_complete and all(self._has(create, d, cells, self._real) for d in own):
                why = f"{row.oid.token}, which was created since, has its name and relations, and other values"
                return Unknown(create, _unanswered_error(create, why))
        return None


def _unanswered_error(create: Create, why: str) -> AssetmetaError:
    return Unreachable(
        f"{create.oid.token} was sent and not answered, and a read does not settle whether it exists: {why}.",
        oid=create.oid.token,
    )
