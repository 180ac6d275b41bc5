"""One step along a relation, as SQL: which table it enters, and what ties the record reached to the record left.

A step can be used in two forms. Tied: joined or tested record by record (`match`). Settled: as a set of the records
from which the step arrives at certain targets (`origins`), computed once for the whole query; the form for filters.
"""

from __future__ import annotations

from dataclasses import dataclass

from .bindings import Binding, Place, among, during
from .catalogue import SECURED_BY
from .computed import scalar_rule, security_scope
from .routes import Hop
from .store import FOREVER, column
from .tokens import asks_for_deleted
from .types import Closure, Column, Computed, Link, Reverse


@dataclass(frozen=True, slots=True)
class Step:
    """A relation followed from one record.

    *source* is what FROM lists, *match* the tie to the record left, *where* what else must hold, *place* the record
    reached. *outer* and *inner* are the two ends of the tie as expressions, None when it is not an equality.
    """

    source: str
    match: str
    where: tuple[str, ...]
    place: Place
    outer: str | None = None
    inner: str | None = None
    closure: Closure | None = None
    momented: bool = False

    @property
    def oid(self) -> str:
        """The OID token of the record reached."""
        return (
            f"{self.place.alias}.asset || ':' || {self.place.alias}.since"
            if self.momented
            else f"{self.place.alias}.asset"
        )

    @property
    def order(self) -> tuple[str, ...]:
        """In which order several records reached are listed."""
        alias = self.place.alias
        return (f"{alias}.id", f"{alias}.type", f"{alias}.since") if self.momented else (f"{alias}.id", f"{alias}.type")

    @property
    def conditions(self) -> str:
        """Everything about the record reached but the tie."""
        return " AND ".join(self.where) or "1"


def take_step(place: Place, hop: Hop, binding: Binding, *, deleted: bool = False) -> Step:
    """The step of *hop* from *place*. Deleted assets are not there, unless *deleted* or the filter of the hop asks."""
    kind = hop.reached
    if kind is None:
        raise TypeError(f"{hop.attribute.name} is no relation")
    time = None if hop.part.present else place.time
    reached = Place(binding.alias(), kind, time)
    where = [during(reached.alias, time)]
    if not deleted and not asks_for_deleted(hop.part.where, kind.attributes):
        where.append(f"{reached.alias}.state <> 255")
    if hop.part.downcast is not None:
        where.append(among(f"+{reached.alias}", kind.concrete))
    storage = hop.attribute.storage
    if isinstance(storage, Column):
        return _tied(f"{place.alias}.{column(storage.name)}", f"{reached.alias}.asset", reached, where)
    if isinstance(storage, Reverse):
        where.append(among(f"+{reached.alias}", kind.concrete))
        return _tied(f"{place.alias}.asset", f"{reached.alias}.{column(storage.column)}", reached, where)
    if isinstance(storage, Link):
        return _linked(place, storage, reached, where, binding)
    if isinstance(storage, Closure):
        seed = f"SELECT {place.alias}.asset"
        match = f"{reached.alias}.asset IN ({_closed(seed, storage, storage.direction, time, binding)})"
        return Step(f"record {reached.alias}", match, tuple(where), reached, f"{place.alias}.asset", None, storage)
    return _computed(storage, place, reached, where, binding)


def _tied(outer: str, inner: str, reached: Place, where: list[str], source: str = "") -> Step:
    return Step(source or f"record {reached.alias}", f"{inner} = {outer}", tuple(where), reached, outer, inner)


def _linked(place: Place, storage: Link, reached: Place, where: list[str], binding: Binding) -> Step:
    link = binding.alias("l")
    near, far = ("source", "target") if storage.side == "source" else ("target", "source")
    conditions = [
        f"{link}.relation = {binding.bind(storage.relation)}",
        during(link, place.time),
        f"{reached.alias}.asset = {link}.{far}",
        *where,
    ]
    source = f"link {link} CROSS JOIN record {reached.alias}"
    return _tied(f"{place.alias}.asset", f"{link}.{near}", reached, conditions, source)


def _computed(storage: Computed, place: Place, reached: Place, where: list[str], binding: Binding) -> Step:
    o, r = place.alias, reached.alias
    table = f"record {r}"
    if storage.rule == "ID":
        return _tied(f"{o}.row", f"{r}.row", Place(r, reached.kind, place.time), [])
    if storage.rule == "Now":
        return _tied(f"{o}.asset", f"{r}.asset", Place(r, reached.kind), [f"{r}.until = {FOREVER}"])
    if storage.rule == "Prior":
        match = f"{r}.asset = {o}.asset AND {r}.until = {o}.since"
        return Step(table, match, (), Place(r, reached.kind, f"{r}.since"), momented=True)
    if storage.rule == "History":
        past = () if place.time is None else (f"{r}.since <= {place.time}",)
        return Step(table, f"{r}.asset = {o}.asset", past, Place(r, reached.kind, f"{r}.since"), momented=True)
    if storage.rule == "Viewers":
        return Step(table, "1", (*where, f"{r}.type = 'Member'", f"{r}.state = 64"), reached, "1", "1")
    if storage.rule == "SecuredAssets":
        lent = " OR ".join(
            f"({r}.type = '{name}' AND {r}.{column(relation)} IN (SELECT p.asset FROM record p"
            f" WHERE p.{column('Scope')} = {o}.asset AND {during('p', place.time)}))"
            for name, relation in SECURED_BY.items()
        )
        match = f"({r}.{column('Scope')} = {o}.asset OR ({r}.asset = {o}.asset AND {r}.type = 'Scope') OR {lent})"
        inner = security_scope(reached, binding)
        kept = (*where, among(f"+{r}", reached.kind.concrete))
        return Step(table, match, kept, reached, f"{o}.asset", inner)
    return _tied(scalar_rule(storage.rule, place, binding), f"{r}.asset", reached, where)


def origins(step: Step, condition: str, binding: Binding) -> str | None:
    """The settled form: a SELECT of the values of `step.outer` from which the step reaches a record with *condition*.

    None when the step has no such form, or when its moment differs from record to record.
    """
    if step.outer is None or not step.place.settled:
        return None
    targets = f"FROM {step.source} WHERE {step.conditions} AND {condition}"
    if step.closure is None:
        return f"SELECT {step.inner} {targets}"
    back = "down" if step.closure.direction == "up" else "up"
    return _closed(f"SELECT {step.place.alias}.asset {targets}", step.closure, back, step.place.time, binding)


def _closed(seed: str, closure: Closure, direction: str, time: str | None, binding: Binding) -> str:
    """The assets reached from those of *seed* along a single relation, upwards or downwards."""
    m, c, p, q = (binding.alias(letter) for letter in "mcpq")
    first = _along(m, p, closure.column, direction, time)
    again = f" UNION {_along(c, q, closure.column, direction, time)}" if closure.deep else ""
    me = f" UNION SELECT asset FROM {m}" if closure.me else ""
    return f"WITH RECURSIVE {m}(asset) AS ({seed}), {c}(asset) AS ({first}{again}) SELECT asset FROM {c}{me}"


def _along(start: str, alias: str, name: str, direction: str, time: str | None) -> str:
    kept = f"{alias}.{column(name)}"
    live = f"{during(alias, time)} AND {alias}.state <> 255"
    if direction == "up":
        tie = f"{alias}.asset = {start}.asset AND {kept} IS NOT NULL"
        return f"SELECT {kept} FROM {start} CROSS JOIN record {alias} WHERE {tie} AND {live}"
    return f"SELECT {alias}.asset FROM {start} CROSS JOIN record {alias} WHERE {kept} = {start}.asset AND {live}"
