"""query.v1 results as rows (query.v1: value mapping).

A scalar is text, a relation {"_oid": "Scope:0"} or {"_oid": "NULL"}, several values a list, and a nested select
a list of objects even for a single relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter

from assetmeta.backends.responses import Json, parse_json
from assetmeta.backends.rest.http import text_of
from assetmeta.backends.versionone.query_request import Query, SelectNode
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Response
from assetmeta.model.plans import RawValue, Row
from assetmeta.model.texts import JsonText
from assetmeta.model.values import AsOf, Oid

Objects = list[dict[str, Json]]


def result_sets(response: Response, count: int) -> list[Objects]:
    """Return the *count* result sets of a query.v1 answer, in the requested order. Raises InvalidResponse."""
    document = parse_json(response)
    if not isinstance(document, list) or len(document) != count:
        raise _unexpected(f"{count} result sets were requested", response)
    found: list[Objects] = []
    for results in document:
        if not isinstance(results, list):
            raise _unexpected("a result set is a list of assets", response)
        found.append([item for item in results if isinstance(item, dict)])
    return found


def _taker(tokens: tuple[str, ...]) -> Callable[[dict[str, Json]], Iterable[Json]]:
    """Return a function that returns the values of *tokens*, in order, of an object. It raises KeyError for a
    missing one.
    """
    if len(tokens) > 1:
        return itemgetter(*tokens)
    return lambda item: [item[token] for token in tokens]


class _Shape:
    """The layout of one place in the selection, prepared for many objects. *seen* are the rows made so far."""

    def __init__(self, node: SelectNode) -> None:
        self.tokens = tuple(node.tokens)
        self.take = _taker(self.tokens)
        self.columns = (*node.tokens.values(), *node.nested)
        self.nested = tuple((name, name in node.multi, _Shape(inner)) for name, inner in node.nested.items())
        self.raw = node.raw & set(node.tokens.values())
        self.lists = tuple(place for place, column in enumerate(node.tokens.values()) if column in node.multi)
        self.seen: dict[Oid, Row] = {}

    def __iter__(self) -> Iterator[_Shape]:
        """This shape's nested shapes and theirs."""
        for _, _, inner in self.nested:
            yield inner
            yield from inner


class _Oids(dict[Json, Oid | None]):
    """Identities by token, each parsed once: the same few assets are named often.

    All are of one *moment*. A look-up raises InvalidResponse for text that is no identity, TypeError for a value of
    another type.
    """

    def __init__(self, moment: AsOf | None) -> None:
        super().__init__({"NULL": None})
        self.moment = moment

    def __missing__(self, token: Json) -> Oid:
        found = _parsed(token)
        # Only relations to the past, Prior and History, name a moment when none was requested.
        found = self[token] = found if self.moment is None else found.at(self.moment)
        return found


class Reader:
    """Turns the objects of one query into rows."""

    def __init__(self, query: Query) -> None:
        self._shape = _Shape(query.layout)
        self._history = query.history
        self._oids = _Oids(query.moment)

    def rows(self, objects: Objects) -> list[Row]:
        """Return one row per object, in order. Rows of nested selects are kept for `related`. Raises
        InvalidResponse.
        """
        return [self._row(self._shape, item, self._identity(item)) for item in objects]

    def related(self) -> tuple[Row, ...]:
        """The rows of all related assets seen so far, each once per place in the selection."""
        return tuple(found for shape in self._shape for found in shape.seen.values())

    def _identity(self, item: dict[str, Json]) -> Oid:
        """The asset of an object of the result. A record of a history has its own moment, and so have the assets it
        names.
        """
        token = item.get("_oid")
        if self._history and isinstance(token, str):
            self._oids = _Oids(_parsed(token).moment)
        oid = self._oid(token)
        if oid is None:
            raise _unexpected(f"{token!r} is not the identity of an asset")
        return oid if oid.moment == self._oids.moment else oid.at(self._oids.moment)

    def _row(self, shape: _Shape, item: dict[str, Json], oid: Oid) -> Row:
        oids = self._oids
        if shape.raw:
            return self._partial(shape, item, oid)
        try:
            # Nearly all values are texts and single relations, which are distinguished without a call.
            values: list[RawValue] = [
                value
                if type(value) is str or value is None
                else oids[value["_oid"]]
                if type(value) is dict
                else self._cell(value)
                for value in shape.take(item)
            ]
            for place in shape.lists:
                if values[place] is None:
                    values[place] = ()
            if shape.nested:
                values.extend(self._through(inner, item[name], multi) for name, multi, inner in shape.nested)
        except (KeyError, TypeError):
            return self._partial(shape, item, oid)
        return Row(oid, shape.columns, tuple(values))

    def _partial(self, shape: _Shape, item: dict[str, Json], oid: Oid) -> Row:
        """A row of what the object has, when a value is missing or of an unknown kind."""
        columns: list[str] = []
        values: list[RawValue] = []
        for place, token in enumerate(shape.tokens):
            if token in item:
                columns.append(shape.columns[place])
                is_raw = shape.columns[place] in shape.raw
                value = self._anything(item[token]) if is_raw else self._cell(item[token])
                values.append(() if value is None and place in shape.lists else value)
        for name, multi, inner in shape.nested:
            if name in item:
                columns.append(name)
                values.append(self._through(inner, item[name], multi))
        return Row(oid, tuple(columns), tuple(values))

    def _through(self, shape: _Shape, value: Json, multi: bool) -> RawValue:
        """Read a nested select: keep the rows of the related assets, and return their identities."""
        oids = []
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            if not isinstance(item, dict):
                raise _unexpected(f"{item!r:.80} is in the place of an asset")
            oid = self._oid(item.get("_oid"))
            if oid is not None:
                if oid not in shape.seen:
                    shape.seen[oid] = self._row(shape, item, oid)
                oids.append(oid)
        return tuple(oids) if multi else oids[0] if oids else None

    def _cell(self, value: Json) -> RawValue:
        if isinstance(value, dict):
            return self._oid(value.get("_oid"))
        if isinstance(value, list):
            # A list holds scalars or assets, never both, which the union of tuples cannot express.
            return tuple(map(self._member, value))  # type: ignore[return-value]
        return value

    def _anything(self, value: Json) -> RawValue:
        """A value of an unknown kind: an asset where it has the form of one, all else as the server sent it."""
        try:
            if isinstance(value, dict) and value.keys() == {"_oid"}:
                return self._cell(value)
        except InvalidResponse:
            pass
        return JsonText(text_of(value)) if isinstance(value, list | dict) else value

    def _member(self, value: Json) -> RawValue:
        if isinstance(value, list):
            raise _unexpected("one of several values is a list itself")
        return self._cell(value)

    def _oid(self, token: Json) -> Oid | None:
        try:
            return self._oids[token]
        except TypeError:
            raise _unexpected(f"{token!r:.80} is not the identity of an asset") from None


def _parsed(token: Json) -> Oid:
    try:
        found = Oid.parse(str(token))
    except BadValue:
        raise _unexpected(f"{token!r:.80} is not the identity of an asset") from None
    if not isinstance(found.key, int):
        raise _unexpected(f"{token!r:.80} is not the identity of an asset, its id is no number")
    return found


def _unexpected(reason: str, response: Response | None = None) -> InvalidResponse:
    status = response.status if response else None
    return InvalidResponse(f"The answer of query.v1 cannot be read: {reason}.", status=status, request="POST query.v1")
