"""query.v1 results as rows (query.v1: value mapping).

A scalar is text, a relation {"_oid": "Scope:0"} or {"_oid": "NULL"}, several values a list, and a nested select
a list of objects even for a single relation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import repeat
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any

from msgspec import Struct, defstruct, field
from msgspec.json import Decoder
from msgspec.structs import astuple

from assetmeta.backends.responses import Json, parse_json, parse_typed
from assetmeta.backends.rest.http import text_of
from assetmeta.backends.versionone.query_request import Query, SelectNode
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Response
from assetmeta.model.plans import RawValue, Row
from assetmeta.model.texts import JsonText
from assetmeta.model.values import AsOf, Oid

Objects = list[dict[str, Json]]


def read_rows(response: Response, readers: Sequence[Reader]) -> list[list[Row]]:
    """Return the rows of a query.v1 answer: those of the query of each of *readers*, in order. Raises
    InvalidResponse.
    """
    records = _records(response, readers)
    if records is None:
        return [reader.rows(found) for reader, found in zip(readers, _objects(response, len(readers)), strict=True)]
    return [reader.rows_of(found) for reader, found in zip(readers, records, strict=True)]


class _Reference(Struct, gc=False):
    """A related asset."""

    token: str = field(name="_oid")


_Record = Struct
"""An asset as its query selected it: `_oid`, the tokens in order, then what is nested."""

_Value = str | _Reference | None | list[str | _Reference | None]


def _records(response: Response, readers: Sequence[Reader]) -> Sequence[Sequence[_Record]] | None:
    """The result sets, where everything in them is as the reference describes it; None otherwise, and for what has to
    be read asset by asset.
    """
    layouts = [reader.layout for reader in readers]
    return None if None in layouts else parse_typed(response, _decoder(*layouts))


@lru_cache(maxsize=1000)
def _decoder(*layouts: tuple[tuple[str, ...], tuple[str, ...]]) -> Decoder[tuple[list[_Record], ...]]:
    """Reads result sets of objects that have all of these tokens and nested names."""
    kinds: list[Any] = []
    for tokens, nested in layouts:
        names = ("_oid", *tokens, *nested)
        types = (str, *repeat(_Value, len(tokens)), *repeat(Any, len(nested)))
        fields = [(f"value{place}", kind) for place, kind in enumerate(types)]
        renamed = {f"value{place}": name for place, name in enumerate(names)}
        kinds.append(list[defstruct("Record", fields, rename=renamed, gc=False)])  # type: ignore[misc]
    return Decoder(tuple[tuple(kinds)])  # type: ignore[misc]


def _objects(response: Response, count: int) -> list[Objects]:
    """The result sets of any answer, as dicts."""
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


_TEXTS = {str, NoneType}
_SAMPLE = 256
"""A column that repeats itself among so many values shares equal texts."""

_DIGITS = 19
"""Numbers with fewer digits are surely plain ones."""

_make_oid: Callable[[Iterable[Any]], Oid] = partial(tuple.__new__, Oid)
_token: Callable[[Any], Json] = itemgetter("_oid")
_token_of: Callable[[Any], str] = attrgetter("token")
_make_row: Callable[[Iterable[Any]], Row] = partial(tuple.__new__, Row)


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
        return self.of_all([token])[0]  # type: ignore[return-value]

    def of_all(self, tokens: Sequence[Json]) -> list[Oid | None]:
        """Look many up at once."""
        new = [token for token in dict.fromkeys(tokens) if token not in self]
        found = _all_parsed(new)
        # Only relations to the past, Prior and History, name a moment when none was requested.
        self.update(zip(new, found if self.moment is None else [oid.at(self.moment) for oid in found], strict=True))
        return list(map(self.__getitem__, tokens))


class Reader:
    """Turns the objects of one query into rows."""

    def __init__(self, query: Query) -> None:
        self._shape = _Shape(query.layout)
        self._history = query.history
        self._oids = _Oids(query.moment)

    @property
    def layout(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """The tokens and the nested names of objects that can be read all together; None where each has to be looked
        at: records of histories, and values of unknown kinds.
        """
        shape = self._shape
        return None if self._history or shape.raw else (shape.tokens, tuple(name for name, _, _ in shape.nested))

    def rows_of(self, records: Sequence[_Record]) -> list[Row]:
        """Return one row per record, in order, as `rows` does."""
        if not records:
            return []
        tokens, *columns = zip(*map(astuple, records), strict=True)
        return self._in_columns(self._shape, columns, self._identities(tokens))

    def rows(self, objects: Objects) -> list[Row]:
        """Return one row per object, in order. Rows of nested selects are kept for `related`. Raises
        InvalidResponse.
        """
        if self._history:
            return [row for item in objects for row in self._rows(self._shape, [item], [self._record(item)])]
        return self._rows(self._shape, objects, self._identities([item.get("_oid") for item in objects]))

    def _identities(self, tokens: Sequence[Json]) -> list[Oid]:
        moment, oids = self._oids.moment, _all_parsed(tokens)
        return [oid if oid.moment == moment else oid.at(moment) for oid in oids]

    def related(self) -> tuple[Row, ...]:
        """The rows of all related assets seen so far, each once per place in the selection."""
        return tuple(found for shape in self._shape for found in shape.seen.values())

    def _record(self, item: dict[str, Json]) -> Oid:
        """The asset of a record of a history, which has its own moment, and so have the assets it names."""
        oid = _parsed(item.get("_oid"))
        self._oids = _Oids(oid.moment)
        return oid

    def _rows(self, shape: _Shape, objects: Objects, oids: Sequence[Oid]) -> list[Row]:
        """Read whole columns, which takes a fraction of the time that single cells take."""
        if objects and not shape.raw:
            try:
                columns: list[Sequence[Any]] = list(zip(*map(shape.take, objects), strict=True))
                columns += [[item[name] for item in objects] for name, _, _ in shape.nested]
                return self._in_columns(shape, columns, oids)
            except (KeyError, TypeError):
                # A value is missing or of an unknown kind.
                pass
        return [self._partial(shape, item, oid) for item, oid in zip(objects, oids, strict=True)]

    def _in_columns(self, shape: _Shape, columns: Sequence[Sequence[Any]], oids: Sequence[Oid]) -> list[Row]:
        """The rows of assets of which all values are there: *columns* are those of the tokens, then what is nested."""
        own = len(shape.tokens)
        found = list(map(self._column, columns[:own]))
        for place in shape.lists:
            found[place] = [() if value is None else value for value in found[place]]
        for (_, multi, inner), column in zip(shape.nested, columns[own:], strict=True):
            found.append(self._through(inner, column, multi))
        values = zip(*found, strict=True) if found else repeat(())
        return list(map(_make_row, zip(oids, repeat(shape.columns), values, strict=False)))

    def _column(self, column: Sequence[Json]) -> Sequence[RawValue]:
        """Read the values of one place in the selection."""
        kinds = set(map(type, column))
        if kinds <= _TEXTS:
            return _shared(column)
        if kinds == {_Reference}:
            return self._oids.of_all(list(map(_token_of, column)))
        if kinds == {dict}:
            return self._oids.of_all(list(map(_token, column)))
        return list(map(self._cell, column))

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
                values += self._through(inner, [item[name]], multi)
        return Row(oid, tuple(columns), tuple(values))

    def _through(self, shape: _Shape, values: Iterable[Json], multi: bool) -> list[RawValue]:
        """Read a nested select: keep the rows of the related assets, and return their identities."""
        found: list[RawValue] = []
        new: dict[Oid, dict[str, Json]] = {}
        for value in values:
            oids = []
            for item in value if isinstance(value, list) else [] if value is None else [value]:
                if not isinstance(item, dict):
                    raise _unexpected(f"{item!r:.80} is in the place of an asset")
                oid = self._oid(item.get("_oid"))
                if oid is not None:
                    oids.append(oid)
                    if oid not in shape.seen:
                        new.setdefault(oid, item)
            found.append(tuple(oids) if multi else oids[0] if oids else None)
        shape.seen.update(zip(new, self._rows(shape, list(new.values()), list(new)), strict=True))
        return found

    def _cell(self, value: Json | _Reference) -> RawValue:
        if isinstance(value, dict):
            return self._oid(value.get("_oid"))
        if isinstance(value, _Reference):
            return self._oid(value.token)
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

    def _member(self, value: Json | _Reference) -> RawValue:
        if isinstance(value, list):
            raise _unexpected("one of several values is a list itself")
        return self._cell(value)

    def _oid(self, token: Json) -> Oid | None:
        try:
            return self._oids[token]
        except TypeError:
            raise _unexpected(f"{token!r:.80} is not the identity of an asset") from None


def _shared(column: Sequence[Any]) -> Sequence[Any]:
    """The same texts, with one object for equal ones if the column repeats itself: a status, a Boolean, a number."""
    sample = column[:_SAMPLE]
    if 2 * len(set(sample)) > len(sample):
        return column
    texts: dict[Any, Any] = {}
    return list(map(texts.setdefault, column, column))


def _all_parsed(tokens: Sequence[Json]) -> list[Oid]:
    """The identities that many tokens are. Where each is a type and a number, as nearly always, they are read together.
    Raises InvalidResponse.
    """
    split = [token.partition(":") for token in tokens if isinstance(token, str)]
    kinds, keys = [kind for kind, _, _ in split], [key for _, _, key in split]
    digits = "".join(keys)
    types = {kind: sys.intern(kind) for kind in set(kinds)}
    is_plain = digits.isdigit() and digits.isascii() and all(map(str.isidentifier, types)) and all(keys)
    if len(split) == len(tokens) and is_plain and max(map(len, keys)) < _DIGITS:
        return list(map(_make_oid, zip(map(types.__getitem__, kinds), map(int, keys), repeat(None), strict=False)))
    return [_parsed(token) for token in tokens]


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
