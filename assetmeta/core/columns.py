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

from assetmeta.core.context import SessionContext
from assetmeta.core.values import as_oid, parsed, related_oid
from assetmeta.model.codecs import Boolean, DateTime, Lengths, Span, Text
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
from assetmeta.model.contract import SupportsAliases
from assetmeta.model.errors import BadValue, UnknownName, Unsupported, nearest
from assetmeta.model.paths import Path, Resolved, Step, counts, in_parts, resolve
from assetmeta.model.plans import Sort
from assetmeta.model.printable import printable
from assetmeta.model.scalars import shown, whole_number
from assetmeta.model.schema import Attribute, Schema


class Target(Protocol):
    """What a condition is about: the assets of a type, in a session."""

    @property
    def context(self) -> SessionContext: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def type_name(self) -> str: ...


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
            one, another = _sort_of(mine), _sort_of(theirs)
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


def refuse_sum(what: str, attribute: Attribute) -> None:
    """Raise BadValue when a server cannot add up the values of an attribute."""
    if isinstance(attribute.codec, Lengths):
        raise BadValue(
            f"{what} is {attribute.kind}, and over related assets servers work out numbers alone. Query those assets:"
            f" sum(), min() and max() of their own {attribute.name} are worked out here.",
            attribute=attribute.name,
        )
    if not getattr(attribute.codec, "is_number", False):
        raise BadValue(f"{what} is {attribute.kind}, and only numbers have a sum.", attribute=attribute.name)


_BY_SIZE = frozenset({"<", "<=", ">", ">="})


def refuse_order(what: str, resolved: Resolved, path: Path, operator: str) -> None:
    """Raise BadValue for a comparison by size, or by a part of the text, of what has no such thing, whatever a server
    would make of it.
    """
    attribute = resolved.attribute
    if operator in ("=", "!=", EXACT) or counts(path):
        return
    if isinstance(attribute.codec, Boolean) and not resolved.is_relation:
        given = f"{path}=True" if path.is_name else f'{{"{path}": True}}'
        why = f"is Boolean, which is true or false and nothing else. Use = or !=, or where({given})"
    elif operator not in _BY_SIZE:
        return
    elif resolved.is_relation:
        why = f"leads to {attribute.related}, and assets have no order. Compare an attribute of them"
    elif isinstance(attribute.codec, Lengths):
        why = f"is {attribute.kind}, of which the server compares the texts. Read the values and compare them"
    else:
        return
    raise BadValue(f"{what} {operator} ...: it {why}.", attribute=attribute.name)


def refuse_foreign(schema: Schema, type_name: str, leaf: Compare | Exists) -> None:
    """A condition built from another type's column is about that type, even where a name happens to be the same."""
    owner = leaf.owner
    if owner and not schema.is_a(type_name, owner) and not schema.is_a(owner, type_name):
        raise BadValue(f"{leaf} is a condition on {owner}, and this is a query of {type_name}.")


def condition(source: Target, path: Path, operator: str, values: list[Any]) -> Term:
    """Build the condition *path* *operator* any of *values*. Names and values are checked now.

    None means existence. A text given for a relation is an asset's token, or else the name of the related asset.
    Raises UnknownName and BadValue.
    """
    type_name = source.type_name
    resolved = resolve(source.schema, type_name, path)
    if not values:
        # What no single condition expresses: no asset both has a value and has none, every asset does one of the two.
        both: tuple[Term, Term] = (Exists(path, owner=type_name), Exists(path, present=False, owner=type_name))
        return Or(both) if operator == "!=" else And(both)
    wanted = [value for value in values if value is not None]
    if not (resolved.is_relation and all(isinstance(value, str) for value in wanted)):
        refuse_order(f"{type_name}.{path}", resolved, path, operator)
    if len(wanted) < len(values):
        if operator not in {"=", "!=", EXACT}:
            raise BadValue(f"{type_name}.{path} {operator} None means nothing; compare with = or !=.")
        null: Term = Exists(path, present=operator == "!=", owner=type_name)
        if not wanted:
            return null
        rest = condition(source, path, operator, wanted)
        return And((null, rest)) if operator == "!=" else Or((null, rest))
    display = source.schema.type(resolved.attribute.related or "").display if resolved.is_relation else None
    called = [value for value in wanted if display and isinstance(value, str) and not _names(source, resolved, value)]
    if display and called:
        far = condition(source, Path((*path.steps, Step(display))), operator, called)
        others = [value for value in wanted if value not in called]
        if not others:
            return far
        near = condition(source, path, operator, others)
        return And((near, far)) if operator == "!=" else Or((near, far))
    operands = tuple(_operand(source.context, resolved, path, operator, value) for value in wanted)
    sent = _exactly(source.context, path, operands) if operator == EXACT else operator
    unlisted = operator == EXACT and source.schema.type(resolved.type_name).choices
    return Compare(path, sent, operands, any_text=unlisted, owner=type_name)


def _exactly(context: SessionContext, path: Path, operands: tuple[object, ...]) -> str:
    """The operator of exact equality: what is no text has no letter case."""
    if context.backend.can.exact or not any(isinstance(value, str) for value in operands):
        return "="
    if not path.is_plain:
        raise Unsupported(f"{path}.exact(): what the server works out is compared by the server, letter case aside.")
    return EXACT


def _names(source: Target, resolved: Resolved, text: str) -> bool:
    """True for `Type:id` of a type that there is, and for a text that is a key; all other texts are names."""
    oid = as_oid(text)
    if oid is not None and oid.type in source.schema.types:
        return True
    backend, related = source.context.backend, resolved.attribute.related or ""
    return isinstance(backend, SupportsAliases) and backend.key_of(related, text) is not None


def _operand(context: SessionContext, resolved: Resolved, path: Path, operator: str, value: object) -> object:
    if resolved.is_relation:
        return related_oid(context, resolved.type_name, resolved.attribute, value, look_up=False)
    if counts(path):
        number = whole_number(value)
        if number is None:
            raise BadValue(f"{resolved.type_name}.{path} is a number of assets, not {shown(value)}.")
        return number
    if not isinstance(value, str) and as_oid(value) is not None:
        raise BadValue(f"{resolved.type_name}.{path} is {resolved.attribute.kind}, not an asset.")
    found = parsed(context, resolved.type_name, resolved.attribute, value, in_condition=True)
    if operator in ("=", "!="):
        _check_choice(resolved, found)
    return _tag(resolved, found) if operator in ("=", "!=", EXACT) else found


def _tag(resolved: Resolved, value: object) -> object:
    """The whole tag of a localized text that is given by its last part: `Role.Name'Observer` for `Observer`."""
    if not getattr(resolved.attribute.codec, "localized", False) or not isinstance(value, str) or "'" in value:
        return value
    return f"{resolved.type_name}.{resolved.attribute.name}'{value}"


def _sort_of(resolved: Resolved) -> str | None:
    """What the values of an attribute are, as far as that decides what they can be compared with."""
    codec = resolved.attribute.codec
    if resolved.is_relation or isinstance(codec, Boolean):
        return None if resolved.is_relation else "a truth value"
    if getattr(codec, "is_number", False):
        return "a number"
    return "a time" if isinstance(codec, DateTime) else "a text" if isinstance(codec, Text) else None


def _check_choice(resolved: Resolved, value: object) -> None:
    """Raise BadValue for a value that is not among those which the server lists."""
    codec = resolved.attribute.codec
    # A condition may have thousands of values, and asking for a protocol takes longer than all else about one.
    listed: tuple[object, ...] | None = getattr(codec, "listed", None)
    if listed is None or value in listed:
        return
    name, words = f"{resolved.type_name}.{resolved.attribute.name}", [str(word) for word in listed]
    raise BadValue(
        f"{name}: {value!r} is none of its values.{nearest(str(value), words)} It takes {codec.accepts}. "
        "column.exact(...) takes any other.",
        type_name=resolved.type_name,
        attribute=resolved.attribute.name,
    )
