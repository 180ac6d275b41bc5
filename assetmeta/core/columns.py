"""Columns: attributes seen from their class or from a query. They build conditions, and iterate over values.

v1.Story.Estimate > 3                       a condition
v1.Story.Owners.Name.in_(["Ann", "Bo"])     a condition over related assets
v1.Scope.Workitems.of_type(v1.Story)[v1.Story.Estimate > 3].Estimate.sum()      a value per project, to select
list(v1.Story.Name)                         the values, one request per page
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Protocol

from msgspec.structs import replace

from assetmeta.core.comparisons import Target, condition, refuse_foreign, refuse_order, refuse_sum, sort_of
from assetmeta.model.codecs import Lengths, Span
from assetmeta.model.conditions import (
    ENDS,
    EXACT,
    STARTS,
    And,
    Compare,
    Exists,
    Not,
    Or,
    RawFilter,
    Term,
    is_exact,
    leaves,
)
from assetmeta.model.errors import BadValue, UnknownName, Unsupported
from assetmeta.model.paths import Path, Resolved, Step, in_parts, resolve
from assetmeta.model.plans import Sort
from assetmeta.model.printable import printable
from assetmeta.model.scalars import shown


class Source(Target, Protocol):
    """Where a column's assets come from: a type or a query."""

    def values(self, path: Path) -> Iterator[Any]: ...


class Column:
    """One attribute, or a path from it, of every asset of a source."""

    __slots__ = ("_path", "_source")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, source: Source, path: Path) -> None:
        self._source = source
        self._path = path

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self._resolved().attribute.description

    def _resolved(self) -> Resolved:
        return resolve(self._source.schema, self._source.type_name, self._path)

    def __getattr__(self, name: str) -> Column:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._step(name)

    def _step(self, name: str) -> Column:
        if self._path.part or self._path.aggregate:
            raise UnknownName(
                f"{self!r} is a value, no relation: there is no {name} in it.",
                type_name=self._source.type_name,
                attribute=str(self),
            )
        path = in_parts(self._source.schema, self._source.type_name, Path((*self._path.steps, Step(name))))
        if path.part and not self._source.context.backend.can.evaluates:
            path = Path((*self._path.steps, Step(name)))
        column = Column(self._source, path)
        column._resolved()
        return column

    def __getitem__(self, key: Any) -> Column:
        """`column["name"]` reaches an attribute whose name is taken; `column[condition]` keeps matching assets only."""
        if isinstance(key, str):
            return self._step(key)
        if isinstance(key, Compare | Exists | And | Or | Not | RawFilter):
            narrowed = self._path.steps[-1].downcast or self._resolved().attribute.related
            for leaf in leaves(key):
                if narrowed and not isinstance(leaf, RawFilter):
                    refuse_foreign(self._source.schema, narrowed, leaf)
            if is_exact(key):
                raise Unsupported(
                    f"{self!r}[...]: the server applies this condition by itself and does not support it."
                )
            return self._with_last(where=key)
        raise BadValue(f"{self!r}[...] takes an attribute name or a condition, not {shown(key)}.")

    def of_type(self, narrower: Any) -> Column:
        """Keep only related assets of one type (a class of this session, or a type name)."""
        kind = getattr(narrower, "_type", None)
        name = narrower if isinstance(narrower, str) else narrower.__name__ if kind is None else kind.name
        schema, related = self._source.schema, self._resolved().attribute.related or ""
        schema.type(name)
        if related and not schema.is_a(name, related) and not schema.is_a(related, name):
            raise BadValue(f"{self!r} leads to {related}, and no {name} is one.", type_name=name)
        return self._with_last(downcast=name)

    def _with_last(self, **changes: Any) -> Column:
        resolved = self._resolved()
        if not resolved.is_relation:
            raise BadValue(f"{self!r} is not a relation; only related assets can be narrowed.")
        last = replace(self._path.steps[-1], **changes)
        return Column(self._source, Path((*self._path.steps[:-1], last)))

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return self._compare("=", other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return self._compare("!=", other)

    def __lt__(self, other: object) -> Term:
        return self._compare("<", other)

    def __le__(self, other: object) -> Term:
        return self._compare("<=", other)

    def __gt__(self, other: object) -> Term:
        return self._compare(">", other)

    def __ge__(self, other: object) -> Term:
        return self._compare(">=", other)

    def in_(self, values: Iterable[object]) -> Term:
        """True for assets whose value is any of *values*; for none when there are no values."""
        return condition(self._source, self._path, "=", self._several(values))

    def not_in(self, values: Iterable[object]) -> Term:
        """True for assets whose value is none of *values*; for all when there are no values."""
        return condition(self._source, self._path, "!=", self._several(values))

    def _several(self, values: Iterable[object]) -> list[object]:
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise BadValue(f"{self!r} is compared with several values: give a list of them, not {shown(values)}.")
        return list(values)

    def exact(self, *values: object) -> Term:
        """True for assets whose value is one of *values* letter by letter, also where the server's own `=` ignores
        letter case, and also values that the server does not list. What the server finds is then checked again here, so
        that counting reads it, too.
        """
        if not values:
            raise BadValue(f"{self!r}.exact() takes the value, or several.")
        return condition(self._source, self._path, EXACT, list(values))

    def contains(self, text: str) -> Term:
        """True where *text* is part of the value (the server's own matching; letter case is up to the server)."""
        return self._compare("~=", text)

    def startswith(self, text: str) -> Term:
        """True where the value begins with *text*, letter case aside. Where the server does not support that, values
        that contain the text are read and checked again here.
        """
        return self._edge(STARTS, text)

    def endswith(self, text: str) -> Term:
        """True where the value ends with *text*; all else is as for startswith()."""
        return self._edge(ENDS, text)

    def _edge(self, operator: str, text: str) -> Term:
        if not isinstance(text, str) or not text:
            raise BadValue(f"{self!r} begins or ends with a text, not {shown(text)}.")
        if not self._path.is_plain and not self._source.context.backend.can.evaluates:
            raise Unsupported(f"{self!r}: how what the server works out begins and ends cannot be looked for.")
        return self._compare(operator, text)

    def between(self, low: object, high: object) -> Term:
        """True where the value is neither below *low* nor above *high*; both count as within."""
        return And((self >= low, self <= high))

    def exists(self) -> Term:
        """True for assets that have a value here."""
        return Exists(self._path, owner=self._source.type_name)

    def missing(self) -> Term:
        """True for assets that have no value here."""
        return Exists(self._path, present=False, owner=self._source.type_name)

    def _compare(self, operator: str, other: object) -> Term:
        if isinstance(other, Column) and self._source.context.backend.can.evaluates and operator != "~=":
            mine, theirs = self._resolved(), other._resolved()
            if self._source.type_name != other._source.type_name:
                raise BadValue(f"{self!r} {operator} {other!r}: both have to be attributes of one type.")
            if mine.is_relation != theirs.is_relation:
                raise BadValue(f"{self!r} {operator} {other!r}: a relation is compared with a relation.")
            refuse_order(f"{self._source.type_name}.{self._path}", mine, self._path, operator)
            one, another = sort_of(mine), sort_of(theirs)
            if one and another and one != another:
                raise BadValue(f"{self!r} {operator} {other!r}: {one} and {another} cannot be compared.")
            return Compare(self._path, operator, (other._path,), owner=self._source.type_name)
        if isinstance(other, Column):
            raise BadValue(
                f"{self!r} {operator} {other!r}: the server compares attributes with values, not attributes."
            )
        return condition(self._source, self._path, operator, [other])

    def asc(self) -> Sort:
        """Sort by this, smallest first."""
        return Sort(self._path)

    def desc(self) -> Sort:
        """Sort by this, largest first."""
        return Sort(self._path, descending=True)

    __pos__ = asc
    __neg__ = desc

    def count(self) -> Any:
        """How many: of related assets, an expression; of the source's own values, the number that are set."""
        return self._aggregate("Count", len)

    def sum(self) -> Any:
        """The sum. Through a relation (`v1.Scope.Workitems.Estimate`) it is an expression that the server works out for
        each asset, to be selected, compared or sorted by. Of the source's own attribute (`v1.Story.Estimate`) it is the
        number, over all values that are set: one request per page.
        """
        return self._aggregate("Sum", None)

    def avg(self) -> Any:
        """The mean of the source's own values that are set, or None without any: one request per page. Raises
        Unsupported through a relation, where servers work out sum() and count().
        """
        if self._path.part or (len(self._path.steps) == 1 and not self._resolved().attribute.multi):
            found = [value for value in self if value is not None]
            if not found:
                return None
            return self._total(found) / len(found)
        raise Unsupported(f"{self!r}.avg(): servers work out sum() and count() over related assets, no mean.")

    def _total(self, found: list[Any]) -> Any:
        if self._path.part:
            return sum(found)
        attribute = self._resolved().attribute
        if isinstance(attribute.codec, Lengths):
            raise BadValue(f"{self!r} is {attribute.kind}, which has no mean; sum() adds them up.")
        refuse_sum(repr(self), attribute)
        return self._added_up(found)

    def _added_up(self, found: list[Any]) -> Any:
        """The sum of values of this attribute: lengths of time add up to one, numbers to a number."""
        codec = self._resolved().attribute.codec
        if not isinstance(codec, Lengths):
            return sum(found, start=getattr(codec, "zero", 0))
        spans = self._in_one_unit(codec, found)
        return Span(sum(span.amount for span in spans), spans[0].unit if spans else "Days")

    def _in_one_unit(self, codec: Lengths, found: list[Any]) -> list[Span]:
        try:
            return codec.in_one_unit(found)
        except ValueError as error:
            raise BadValue(f"{self!r}: {error}. Read the values, and add up or compare those of one unit.") from None

    def min(self) -> Any:
        """The smallest value, or None; an expression through a relation, as in sum()."""
        return self._aggregate("Min", lambda values: self._extreme(min, values))

    def max(self) -> Any:
        """The largest value, or None; an expression through a relation, as in sum()."""
        return self._aggregate("Max", lambda values: self._extreme(max, values))

    def _extreme(self, which: Any, values: list[Any]) -> Any:
        codec = self._resolved().attribute.codec
        if self._path.part or not isinstance(codec, Lengths):
            return which(values, default=None)
        lengths = zip(self._in_one_unit(codec, values), values, strict=True)
        return which(lengths, key=lambda pair: pair[0].amount, default=(None, None))[1]

    def _aggregate(self, name: str, total: Any) -> Any:
        resolved = self._resolved()
        if self._path.part:
            return self._of_parts(name, total)
        own = len(self._path.steps) == 1 and not resolved.attribute.multi
        if name == "Sum" and not (own and isinstance(resolved.attribute.codec, Lengths)):
            refuse_sum(repr(self), resolved.attribute)
        if own:
            found = [value for value in self if value is not None]
            return self._added_up(found) if name == "Sum" else total(found)
        if name in {"Min", "Max"} and "Date" in resolved.attribute.kind:
            name += "Date"
        return Column(self._source, Path(self._path.steps, name))

    def _of_parts(self, name: str, total: Any) -> Any:
        """An aggregate over the parts of values: no server works it out, so it is over those of all assets."""
        several = (value if isinstance(value, list) else [value] for value in self)
        found = [value for values in several for value in values if value is not None]
        if name != "Sum":
            return total(found)
        if not all(isinstance(value, int | float | Decimal) for value in found):
            raise BadValue(f"{self!r} is not a number, and only numbers have a sum.", attribute=str(self))
        return sum(found)

    def __iter__(self) -> Iterator[Any]:
        """Yield the value of each asset, in order; a list for each where the path may reach several."""
        return self._source.values(self._path)

    def __bool__(self) -> bool:
        raise BadValue(f"{self!r} is an attribute of many assets; compare it with a value, or iterate over it.")

    def __str__(self) -> str:
        return str(self._path)

    def __repr__(self) -> str:
        return printable(f"{self._source!r}.{self._path}")

    def __dir__(self) -> list[str]:
        related = self._resolved().attribute.related
        found = self._source.schema.types.get(related) if related else None
        return sorted({*super().__dir__(), *(found.attributes if found else ())})
