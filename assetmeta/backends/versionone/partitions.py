"""Conditions that no single query can express: those with very many values, and exact ones.

Very many values become several queries whose results are joined.

    Number = S-1 | ... | S-3000     ->  Number = S-1 | ... | S-1000   and two more, each with all the other conditions
    Number != S-1 | ... | S-3000    ->  all the other conditions, without what Number = S-1 | ... | S-3000 finds

Each value takes a variable of the query, and the server's database takes about two thousand. The parts are read for
identities, in the requested order; an asset in several of them counts once. The order is the server's: letter case is
ignored, no value comes first (last for a rank), equal ones are in order of id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from assetmeta.backends.local.records import RowStore
from assetmeta.backends.versionone.codecs import Rank
from assetmeta.model.conditions import LOOSER, And, Compare, Not, Or, Term, and_terms, is_exact
from assetmeta.model.paths import Path, Resolved, Step, counts, resolve
from assetmeta.model.plans import Fetch, Rows, Sort
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid, chunks

_ORDERS = 5
"""Relations that an order may lead through before it is taken for a circle."""


def partition(wanted: Fetch, most: int) -> list[Fetch]:
    """Return the fetches that *wanted* is divided into, with at most *most* values in a condition that can be divided.

    Of the conditions that must all hold, the longest is divided: `=` any of its values, or such a part of an *or*.
    """
    if wanted.where is None or wanted.oids is not None or wanted.history:
        return [wanted]
    terms = wanted.where.terms if isinstance(wanted.where, And) else (wanted.where,)
    parts = [list(_divided(term, most)) for term in terms]
    chosen = max(range(len(parts)), key=lambda place: len(parts[place]), default=0)
    if not parts or len(parts[chosen]) < 2:
        return [wanted]
    return [replace(wanted, where=And((*terms[:chosen], part, *terms[chosen + 1 :]))) for part in parts[chosen]]


def exclusion(wanted: Fetch, most: int) -> tuple[Fetch, Fetch] | None:
    """Return two fetches whose difference is *wanted*, where one of the conditions that must all hold excludes more
    than *most* values: the fetch without that condition, and the fetch of what it excludes. None where none does.
    """
    if wanted.where is None or wanted.oids is not None or wanted.history:
        return None
    terms = and_terms(wanted.where)
    for place, term in enumerate(terms):
        opposite = _opposite(term)
        if opposite is not None and len(list(_divided(opposite, most))) > 1:
            others = (*terms[:place], *terms[place + 1 :])
            kept = None if not others else others[0] if len(others) == 1 else And(others)
            return replace(wanted, where=kept), replace(wanted, where=And((*others, opposite)), counted=False)
    return None


def _opposite(term: Term) -> Term | None:
    """What *term* excludes, where it is a negation."""
    if isinstance(term, Compare) and term.operator == "!=":
        return replace(term, operator="=")
    return term.term if isinstance(term, Not) else None


def _divided(term: Term, most: int) -> Iterator[Term]:
    """Yield terms; an asset that satisfies *term* satisfies one of them."""
    if isinstance(term, Compare) and term.operator == "=" and len(term.values) > most:
        for values in chunks(_once(term.values), most):
            yield replace(term, values=values)
    elif isinstance(term, Or):
        parts = [list(_divided(inner, most)) for inner in term.terms]
        few = tuple(inner for several in parts if len(several) == 1 for inner in several)
        if few:
            yield few[0] if len(few) == 1 else Or(few)
        for several in parts:
            yield from several if len(several) > 1 else ()
    else:
        yield term


def loosened(term: Term | None) -> Term | None:
    """Return the condition to send instead of exact equality: it admits all that *term* does, and more."""
    kept = [loose for part in and_terms(term) if (loose := _loosened(part)) is not None]
    return None if not kept else kept[0] if len(kept) == 1 else And(tuple(kept))


def _loosened(term: Term) -> Term | None:
    if not is_exact(term):
        return term
    if isinstance(term, Compare):
        return replace(term, operator=LOOSER[term.operator])
    if isinstance(term, And):
        return loosened(term)
    parts = [_loosened(part) for part in term.terms] if isinstance(term, Or) else [None]
    # A negated exact condition admits nearly all assets, and the server cannot evaluate it.
    return Or(tuple(part for part in parts if part is not None)) if None not in parts else None


def _once(values: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(dict.fromkeys(values))


def united(schema: Schema, wanted: Fetch, answers: Sequence[Rows]) -> list[Oid]:
    """Return the assets of all *answers*, each once, in the order of *wanted*."""
    known = RowStore.of(schema, *answers)
    found = sorted(dict.fromkeys(row.oid for answer in answers for row in answer.rows), key=_by_id)
    for sort in reversed(wanted.sort):
        order = _Order(schema, wanted.type_name, sort)
        found.sort(key=lambda oid, order=order: order.key(known, oid), reverse=sort.descending)  # type: ignore[misc]
    return found


def _by_id(oid: Oid) -> tuple[int, str]:
    return (oid.key, "") if isinstance(oid.key, int) else (0, oid.key)


def orders(schema: Schema, wanted: Fetch) -> tuple[Path, ...]:
    """The paths to read for sorting assets."""
    return tuple(_Order(schema, wanted.type_name, sort).path for sort in wanted.sort)


class _Order:
    """One sort key. A relation sorts by the order attribute of the related type, else by id."""

    def __init__(self, schema: Schema, type_name: str, sort: Sort) -> None:
        self.path = sort.path
        self._reached = resolve(schema, type_name, sort.path)
        for _ in range(_ORDERS):
            further = _ordered_by(schema, self.path, self._reached)
            if further is None:
                break
            self.path = further
            self._reached = resolve(schema, type_name, further)
        # An asset without a relation comes before those with one, whatever orders these.
        self._missing = 2 if isinstance(self._reached.attribute.codec, Rank) and self.path == sort.path else 0

    def key(self, known: RowStore, oid: Oid) -> tuple[int, str, object]:
        """The sort key of an asset."""
        value = self._value(known, oid)
        if value is None:
            return (self._missing, "", 0)
        if isinstance(value, str):
            return (1, "text", value.casefold())
        if isinstance(value, Oid):
            return (1, "asset", _by_id(value))
        return (1, "", value)

    def _value(self, known: RowStore, oid: Oid) -> object:
        if self.path.is_plain:
            return next(iter(known.values(oid, self.path)), None)
        # A computed value has the text of its token as column.
        cell = next(iter(known.members(oid, str(self.path))), None)
        if cell is None or isinstance(cell, Oid | tuple):
            return cell
        return int(str(cell)) if counts(self.path) else self._reached.attribute.codec.decode(cell)


def _ordered_by(schema: Schema, path: Path, reached: Resolved) -> Path | None:
    if not reached.is_relation or path.aggregate:
        return None
    kind = schema.types.get(path.steps[-1].downcast or reached.attribute.related or "")
    name = kind.order if kind is not None else None
    if kind is None or name is None or name == "ID" or name not in kind.attributes:
        return None
    return Path((*path.steps, Step(name)))
