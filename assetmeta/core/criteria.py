"""What a query wants: which assets, in which order, and what of each. Building one sends nothing.

Each verb returns a new value and checks its names at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from msgspec import field
from msgspec.structs import replace

from assetmeta.core.advice import advised, on_condition, on_order, on_suffix
from assetmeta.core.columns import Column
from assetmeta.core.comparisons import condition, refuse_foreign, refuse_sum
from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance
from assetmeta.model.codecs import Boolean, Lengths, Text
from assetmeta.model.conditions import (
    And,
    Compare,
    Exists,
    Not,
    Or,
    RawFilter,
    Term,
    and_terms,
    is_exact,
    leaves,
)
from assetmeta.model.errors import BadValue, UnknownName, Unsupported
from assetmeta.model.paths import CLEANED, LOCAL_AGGREGATES, Path, Step, in_parts, resolve
from assetmeta.model.plans import Fetch, Find, Sort
from assetmeta.model.scalars import checked_scalar, is_scalar, shown, whole_number
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.texts import writable_text
from assetmeta.model.values import AsOf, LastUncompared, Oid
from assetmeta.model.zones import checked_moment

_LACKS = {
    "asof": "does not show the past of its assets",
    "find": "has no text search; a condition with contains() looks for a part of a text",
    "raw_filter": "has no filter language of its own; use where()",
    "sort": "does not sort",
    "paths": "does not follow relations in a query",
    "aggregates": "works out nothing over related assets",
    "cleaning": "does not clean texts",
    "delete": "deletes nothing",
}
"""What a server cannot do, in words, by capability."""

_TERMS = (Compare, Exists, And, Or, Not, RawFilter)


class Criteria(LastUncompared, frozen=True):
    """The building half of a query; core.query has the half that sends requests."""

    context: SessionContext
    type_name: str
    selected: tuple[Path, ...] = ()
    terms: tuple[Term, ...] = ()
    sorts: tuple[Sort, ...] = ()
    finding: Find | None = None
    start: int = 0
    size: int | None = None
    moments: tuple[AsOf, ...] = ()
    with_deleted: bool = False
    _results: list[list[Any]] = field(default_factory=list)

    @property
    def schema(self) -> Schema:
        """The schema of the server."""
        return self.context.schema

    def _but(self, **changes: Any) -> Self:
        return replace(self, _results=[], **changes)

    @advised("It takes names and paths: select('Name', 'Owners.Name').")
    def select(self, *names: str | Column) -> Self:
        """Add what to load: attribute names, paths (`"Owners.Name"`), computed tokens, or columns. No name: the basics.

        Raises UnknownName for a name that the schema does not have, Unsupported for a path that the server cannot
        follow.
        """
        if not names:
            return self._but(selected=())
        return self._but(selected=tuple(dict.fromkeys((*self.selected, *map(self._path, names)))))

    def where(self, *conditions: Term | Mapping[str, Any], **equals: Any) -> Self:
        """Keep assets that satisfy every condition: `v1.Story.Estimate > 3`, `{"Scope.Name": "Web"}`, `Status="Done"`.

        A list means any of its values, None means not set, a text for a relation the name of the related asset.
        """
        terms = list(self.terms)
        for given in conditions:
            if isinstance(given, _TERMS):
                terms.append(self._checked(given))
            elif isinstance(given, Mapping):
                terms.extend(self._equal(name, value) for name, value in given.items())
            else:
                raise BadValue(on_condition(self.type_name, given, has_filter=self.context.backend.can.raw_filter))
        terms.extend(self._equal(name, value) for name, value in equals.items())
        return self._but(terms=tuple(terms))

    def _equal(self, name: str, value: Any) -> Term:
        # A dict is one piece of JSON, a named tuple one value with parts.
        whole = (
            isinstance(value, str | bytes | Mapping | Instance | Oid) or hasattr(value, "_fields") or is_scalar(value)
        )
        single = whole or not isinstance(value, Iterable)
        values = [value] if single else list(value)
        try:
            path = self._path(name)
        except UnknownName as error:
            advice = on_suffix(self.type_name, str(name), self.schema.type(self.type_name).attributes)
            if not advice:
                raise
            raise UnknownName(f"{error}{advice}", **vars(error)) from None
        return condition(self, path, "=", values)

    def _checked(self, term: Term) -> Term:
        for leaf in leaves(term):
            if isinstance(leaf, RawFilter):
                self._need("raw_filter")
            else:
                self._usable(leaf.path)
                refuse_foreign(self.schema, self.type_name, leaf)
        for part in and_terms(term):
            # The rest of an *or* is known to the server alone.
            if is_exact(part) and not all(is_exact(leaf) for leaf in leaves(part)):
                raise Unsupported(
                    f"{part}: exact(), startswith() and endswith() go together with others by &, and with "
                    "each other alone by |."
                )
        return term

    @advised("It takes a text in the server's own filter language; conditions are given to where({pairs}).")
    def filter(self, expression: str | Term) -> Self:
        """Keep assets that satisfy an expression in the server's own filter language, taken as it is.

        Text from users does not belong in it: give values to where(). An empty text is no filter. Raises Unsupported
        without such a language.
        """
        if isinstance(expression, _TERMS):
            return self.where(expression)
        self._need("raw_filter")
        if not isinstance(expression, str):
            raise BadValue(
                f"filter() takes text in the server's own filter language, not {shown(expression)}. Conditions are "
                "given to where(...)."
            )
        if not expression.strip():
            return self
        return self._but(terms=(*self.terms, RawFilter(expression)))

    @advised("It takes names, '-Estimate' for largest first: sort('-Estimate', 'Name').")
    def sort(self, *keys: str | Column | Sort) -> Self:
        """Sort by names or paths, `"-Name"` largest first; the first key counts most. No key: the server's order."""
        self._need("sort")
        sorts = list(self.sorts) if keys else []
        for before, key in zip((None, *keys), keys, strict=False):
            sort = self._sort(key, before)
            if all(known.path != sort.path for known in sorts):
                sorts.append(sort)
        return self._but(sorts=tuple(sorts))

    def _sort(self, key: object, before: object) -> Sort:
        if isinstance(key, Sort):
            sort = key
        elif isinstance(key, Column):
            sort = Sort(self._path(key))
        elif not isinstance(key, str):
            raise BadValue(f"sort() takes names and columns, not {shown(key)}.{_without_list(key)}")
        else:
            name = key.strip()
            try:
                path = self._path(name[1:] if name[:1] in ("+", "-") else name)
            except (BadValue, UnknownName) as error:
                advice = on_order(name, before)
                if not advice:
                    raise
                raise BadValue(f"{name!r} is not an attribute name.{advice}", type_name=self.type_name) from error
            sort = Sort(path, descending=name.startswith("-"))
        if resolve(self.schema, self.type_name, sort.path).multi:
            raise BadValue(f"{self.type_name}.{sort.path} has several values: nothing can be sorted by it.")
        return sort

    def find(self, text: str | None = None, field: str | Column | Iterable[str | Column] | None = None) -> Self:
        """Keep assets in which the server's text search finds *text* (whole words), in *field* or several fields.

        Without arguments the search is dropped.
        """
        text = checked_scalar(text, "find()")
        if hasattr(text, "ndim"):
            raise BadValue(f"find() takes a text, not {shown(text)}.")
        if not text:
            return self._but(finding=None)
        try:
            writable_text(str(text))
        except ValueError as error:
            raise BadValue(f"find(): {error}.") from None
        self._need("find")
        names = () if field is None else (field,) if isinstance(field, str | Column) else tuple(field)
        return self._but(finding=Find(str(text), tuple(self._path(name) for name in names)))

    def page(self, size: int | None = None, start: int | None = None) -> Self:
        """Keep at most *size* assets from position *start* (0 is the first). What is not given stays as it was.

        Without arguments the window is dropped.
        """
        if size is None and start is None:
            return self._but(size=None, start=0)
        return self._but(
            size=self.size if size is None else at_least(0, size, "page(size=...)"),
            start=self.start if start is None else at_least(0, start, "page(start=...)"),
        )

    def asof(self, *moments: AsOf | Iterable[AsOf]) -> Self:
        """Select the assets as they were at each moment (a datetime, ISO text, a date), one after the other.

        Each asset carries its moment as `AsOf`, and cannot be changed. A time without a zone is in the server's.
        """
        self._need("asof")
        given: list[object] = []
        for moment in moments:
            several = isinstance(moment, Iterable) and not isinstance(moment, str) and not is_scalar(moment)
            given.extend(moment if several else [moment])  # type: ignore[arg-type]
        if not given:
            raise BadValue("asof() takes one moment at least; without it, a query reads the assets as they are now.")
        return self._but(moments=self.moments + tuple(checked_moment(moment) for moment in given))

    def deleted(self, included: bool = True) -> Self:
        """Select deleted assets too."""
        return self._but(with_deleted=included)

    def _need(self, capability: str | None) -> None:
        if capability and not getattr(self.context.backend.can, capability):
            name = self.context.backend.name
            raise Unsupported(f"{name} {_LACKS.get(capability, f'has no {capability}')}.", type_name=self.type_name)

    def _path(self, name: str | Column) -> Path:
        if not isinstance(name, str | Column):
            raise BadValue(_no_name(name))
        return self._usable(name._path if isinstance(name, Column) else Path.parse(name))

    def _usable(self, path: Path) -> Path:
        """Return *path* as the server reads it. Raises UnknownName, and Unsupported for what the server cannot do."""
        if self.context.backend.can.evaluates:
            path = in_parts(self.schema, self.type_name, path)
        resolved = resolve(self.schema, self.type_name, path)
        if len(path.steps) > 1:
            self._need("paths")
        if path.aggregate in CLEANED:
            self._need("cleaning")
        elif path.aggregate:
            self._need_aggregate(path, resolved.attribute)
        self.context.remember(path)
        return path

    def _need_aggregate(self, path: Path, attribute: Attribute) -> None:
        """Raise Unsupported, or BadValue for a sum of what is no number, where aggregates are worked out here."""
        self._need("aggregates")
        backend = self.context.backend
        if not backend.can.evaluates:
            # What an unknown kind is, the server knows.
            if path.aggregate in ("Sum", "Min", "Max") and isinstance(attribute.codec, Lengths | Boolean | Text):
                refuse_sum(f"{self.type_name}.{path}", attribute)
            return
        if path.aggregate not in LOCAL_AGGREGATES:
            known = ", ".join(f"@{name}" for name in LOCAL_AGGREGATES)
            raise Unsupported(
                f"{self.type_name}.{path}: {backend.name} has no @{path.aggregate}; there are {known}.",
                type_name=self.type_name,
                attribute=str(path),
            )
        if path.aggregate == "Sum":
            refuse_sum(f"{self.type_name}.{path}", attribute)

    @property
    def _columns(self) -> tuple[Path, ...]:
        """What is shown of each asset: what was selected, as it was named, or the basic attributes."""
        return self.selected or tuple(Path((Step(name),)) for name in self.schema.type(self.type_name).basic)

    def fetch(self, moment: AsOf | None = None) -> Fetch:
        """The read that this query is, as data."""
        # A value comes whole, or not at all.
        whole = (Path(path.steps, path.aggregate) if path.part else path for path in self._columns)
        return Fetch(
            type_name=self.type_name,
            select=tuple(dict.fromkeys(whole)),
            where=None if not self.terms else self.terms[0] if len(self.terms) == 1 else And(self.terms),
            sort=self.sorts,
            start=self.start,
            size=self.size,
            find=self.finding,
            asof=moment,
            deleted=self.with_deleted,
        )

    def _fetches(self) -> list[Fetch]:
        """The reads of this query, one per moment."""
        return [self.fetch(moment) for moment in self.moments or (None,)]

    def clean_text(self, name: str, *names: str) -> Self:
        """Select these texts without markup: `asset["text.@CleanText"]`. Raises UnknownName, Unsupported."""
        return self.select(*(f"{text}.@CleanText" for text in (name, *names)))

    def clean_html(self, name: str, *names: str) -> Self:
        """Select these texts with references as plain text: `asset["text.@CleanHtml"]`. Raises as clean_text()."""
        return self.select(*(f"{text}.@CleanHtml" for text in (name, *names)))


def at_least(least: int, given: object, what: str) -> int:
    number = whole_number(given)
    if number is None or number < least:
        raise BadValue(f"{what} takes a whole number, {least} or more, not {shown(given)}.")
    return number


def _no_name(name: object) -> str:
    return f"Attributes are named by texts or columns, not {shown(name)}.{_without_list(name)}"


def _without_list(given: object) -> str:
    return " Several are given one by one, without the list." if isinstance(given, list | tuple | set) else ""
