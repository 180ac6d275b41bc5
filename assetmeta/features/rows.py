"""Upsert: rows become pending changes. Assets are found by a key, and only values that differ are changed.

Everything that is wrong with the table as a whole (columns, keys that occur twice) raises before anything is pending;
what is wrong with one row refuses that row, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.core.context import SessionContext
from assetmeta.core.edits import old_value
from assetmeta.core.names import chunk_size, find_named, read_all
from assetmeta.core.row_report import (
    CHANGED,
    CREATED,
    MISSING,
    REFUSED,
    UNCHANGED,
    RowResult,
    UpsertReport,
)
from assetmeta.core.state import Instance
from assetmeta.core.values import (
    COMPOSED,
    is_token,
    oid_of_session,
    parsed_cell,
    read_multi,
    read_single,
    related_oid,
)
from assetmeta.features.row_sources import GivenRow, is_empty, plain_cell, read_rows
from assetmeta.model.conditions import Compare
from assetmeta.model.errors import BadValue, NotExactlyOne, NotFound, ReadOnly, UnknownName, Unsupported, nearest
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch
from assetmeta.model.scalars import shown
from assetmeta.model.schema import Attribute
from assetmeta.model.values import UNREAD, Oid, chunks, same_value

MISSING_MODES = ("create", "skip", "error")
EMPTY_MODES = ("leave", "clear")

_NAMED = 10
"""Keys and columns that an error names."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the rows: its title and its attribute. *by* is the attribute by which its cells name related
    assets, None where that is their name.
    """

    title: str
    attribute: Attribute
    by: str | None = None


@dataclass(slots=True)
class Candidate:
    """One row with its number, key and cells, and what becomes of them: *values* by attribute, or the *reason* why the
    row is refused.
    """

    number: int
    key: object
    cells: Mapping[str, object]
    reason: str = ""
    values: dict[str, object] = field(default_factory=dict)


def upsert(
    context: SessionContext,
    type_name: str,
    rows: object,
    *,
    key: str,
    missing: str = "create",
    columns: Mapping[str, str | None] | None = None,
    empty: str = "leave",
) -> UpsertReport:
    """Make the assets of a type agree with *rows*; see AssetClass.upsert. Requests: those that look up the names of
    related assets, and one per chunk of keys. Raises BadValue, UnknownName, ReadOnly, NotFound and NotExactlyOne.
    """
    _check_word("missing", missing, MISSING_MODES)
    _check_word("empty", empty, EMPTY_MODES)
    kind = context.schema.type(type_name)
    key_attribute = _key_attribute(context, type_name, key)
    if missing == "create" and kind.abstract:
        raise BadValue(f"{type_name} is abstract: upsert a concrete type, or use missing='skip'.", type_name=type_name)
    given = read_rows(rows)
    if not given.rows:
        return UpsertReport(type_name, key)
    chosen = _columns(context, type_name, given.columns, columns or {}, key)
    own = next(column for column in chosen if column.attribute.name == key)
    values = [column for column in chosen if column is not own]
    candidates = [_candidate(context, type_name, own, row) for row in given.rows]
    _check_repeated_keys(type_name, key, candidates)
    _fill(context, type_name, candidates, values, clears=empty == "clear")
    found = _existing(context, type_name, key_attribute, candidates, values)
    if missing == "error":
        _check_missing(type_name, key, [one for one in candidates if not one.reason and one.key not in found])
    with context.unit.all_or_nothing():
        results = [_apply(context, type_name, key_attribute, one, found, missing) for one in candidates]
    return UpsertReport(type_name, key, tuple(results))


def _check_word(name: str, given: object, known: Sequence[str]) -> None:
    if given not in known:
        raise BadValue(f"{name}= is one of {', '.join(map(repr, known))}, not {shown(given, 40)}.")


def _key_attribute(context: SessionContext, type_name: str, key: str) -> Attribute:
    """The attribute of the key. Raises UnknownName, and BadValue for one that cannot identify assets."""
    attribute = context.schema.attribute(type_name, key)
    if attribute.multi or attribute.is_secret:
        why = "holds several values" if attribute.multi else "cannot be read"
        raise BadValue(f"{type_name}.{key} {why} and cannot be the key.", type_name=type_name, attribute=key)
    return attribute


def _columns(
    context: SessionContext, type_name: str, titles: Sequence[str], renamed: Mapping[str, str | None], key: str
) -> list[Column]:
    """The columns that are not left out. Raises BadValue, UnknownName and ReadOnly."""
    strangers = [title for title in renamed if title not in titles]
    if strangers:
        near = nearest(strangers[0], titles)
        raise BadValue(f"columns= names {_listed(strangers)}, which the rows do not have.{near}", type_name=type_name)
    names = {title: renamed.get(title, title) for title in titles}
    _check_names(context, type_name, names)
    found = [_column(context, type_name, title, name, key) for title, name in names.items() if name is not None]
    by_attribute: dict[str, list[str]] = {}
    for column in found:
        by_attribute.setdefault(column.attribute.name, []).append(column.title)
    for name, several in by_attribute.items():
        if len(several) > 1:
            raise BadValue(
                f"Several columns are {type_name}.{name}: {_listed(several)}.", type_name=type_name, attribute=name
            )
    if key not in by_attribute:
        raise BadValue(
            f"The rows have no column for the key {key}, only {_listed(titles)}. Name its column with columns=.",
            type_name=type_name,
            attribute=key,
        )
    return found


def _check_names(context: SessionContext, type_name: str, names: Mapping[str, str | None]) -> None:
    unknown: dict[str, str] = {}
    for title, name in names.items():
        if name is not None:
            try:
                resolve(context.schema, type_name, Path.parse(name))
            except UnknownName as error:
                unknown[title] = str(error)
            except BadValue as error:
                unknown[title] = f"{error}{nearest(name, context.schema.type(type_name).attributes)}"
    if unknown:
        named = "; ".join(f"{title!r}: {error}" for title, error in list(unknown.items())[:_NAMED])
        raise UnknownName(
            f"Columns that are no attributes of {type_name}: {named} Name the attribute of a column with columns=, or "
            f"leave it out with columns={{{next(iter(unknown))!r}: None}}.",
            type_name=type_name,
            attribute=names[next(iter(unknown))],
        )


def _column(context: SessionContext, type_name: str, title: str, name: str, key: str) -> Column:
    path = Path.parse(name)
    attribute = context.schema.attribute(type_name, path.head)
    by = path.steps[-1].name if len(path.steps) == 2 else None
    is_deep = len(path.steps) > 2 or (by is not None and resolve(context.schema, type_name, path).is_relation)
    if not path.is_plain or is_deep:
        raise BadValue(
            f"Column {title!r}: {name} cannot be written. Give an attribute, or a relation and the attribute that "
            "names the related asset, such as Scope.Name.",
            type_name=type_name,
            attribute=name,
        )
    if not attribute.writable and attribute.name != key:
        raise ReadOnly(
            f"Column {title!r}: {type_name}.{attribute.name} is read-only. Leave it out with columns={{{title!r}: "
            "None}.",
            type_name=type_name,
            attribute=attribute.name,
        )
    return Column(title, attribute, by)


def _candidate(context: SessionContext, type_name: str, own: Column, row: GivenRow) -> Candidate:
    """A row with its key parsed, or the reason why it has none."""
    found = Candidate(row.number, row.cells.get(own.title), row.cells, row.problem)
    if row.problem:
        return found
    if is_empty(found.key):
        found.key, found.reason = None, f"it has no {own.attribute.name}, which is the key"
        return found
    try:
        # Blanks around a key are slips of a spreadsheet: with them it would be the key of another asset.
        cell = plain_cell(found.key.strip() if isinstance(found.key, str) else found.key)
        if own.attribute.is_relation:
            found.key = related_oid(context, type_name, own.attribute, cell, look_up=False)
        else:
            found.key = parsed_cell(context, type_name, own.attribute, cell)
        hash(found.key)
    except (ValueError, TypeError) as error:
        found.reason = str(error)
    return found


def _check_repeated_keys(type_name: str, key: str, candidates: Iterable[Candidate]) -> None:
    numbers: dict[object, list[int]] = {}
    for one in candidates:
        if not one.reason:
            numbers.setdefault(one.key, []).append(one.number)
    double = {found: rows for found, rows in numbers.items() if len(rows) > 1}
    if double:
        named = "; ".join(
            f"{found} in rows {', '.join(map(str, rows))}" for found, rows in list(double.items())[:_NAMED]
        )
        raise BadValue(
            f"{type_name}.{key} is the key, and occurs in several rows: {named}.",
            type_name=type_name,
            attribute=key,
        )


def _check_missing(type_name: str, key: str, missing: Sequence[Candidate]) -> None:
    if missing:
        named = _listed([f"{one.key} (row {one.number})" for one in missing])
        raise NotFound(
            f"No {type_name} has the {key} of {len(missing)} rows: {named}.",
            type_name=type_name,
            attribute=key,
        )


def _fill(
    context: SessionContext,
    type_name: str,
    candidates: Iterable[Candidate],
    columns: Sequence[Column],
    *,
    clears: bool,
) -> None:
    """Parse the cells of all rows into values; *clears* has empty cells clear theirs. Requests: those that look up the
    names of related assets (see core.names).
    """
    sound = [one for one in candidates if not one.reason]
    names = RelatedNames(context)
    for one in sound:
        for column in columns:
            if column.attribute.is_relation and column.title in one.cells:
                names.add(column, _members(column, one.cells[column.title]))
    names.read()
    for one in sound:
        for column in columns:
            cell = one.cells.get(column.title, UNREAD)
            if cell is UNREAD or one.reason or (is_empty(cell) and not clears):
                continue
            try:
                one.values[column.attribute.name] = _value(context, type_name, column, cell, names)
            except (ValueError, TypeError) as error:
                one.reason = str(error)


def _members(column: Column, cell: object) -> list[object]:
    """The single values of a cell: those of a list, or of a text with semicolons where there may be several."""
    if is_empty(cell):
        return []
    if not column.attribute.multi:
        return [cell]
    if isinstance(cell, str):
        return [text.strip() for text in cell.split(";") if text.strip()]
    return list(cell) if isinstance(cell, list | tuple | set | frozenset) else [cell]


def _value(context: SessionContext, type_name: str, column: Column, cell: object, names: RelatedNames) -> object:
    """The value of one cell, checked. Raises ValueError."""
    attribute = column.attribute
    found = [
        names.oid(type_name, column, plain_cell(member))
        if attribute.is_relation
        else parsed_cell(context, type_name, attribute, plain_cell(member))
        for member in _members(column, cell)
    ]
    if attribute.multi:
        return tuple(dict.fromkeys(found))
    return found[0] if found else None


class RelatedNames:
    """The related assets that the cells of all rows name, read together."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._wanted: dict[tuple[str, str | None], dict[str, None]] = {}
        self._found: dict[tuple[str, str | None], dict[str, Oid | BadValue]] = {}

    def add(self, column: Column, members: Iterable[object]) -> None:
        """Note the names among the values of a cell."""
        for member in members:
            if self._is_name(column, member):
                self._wanted.setdefault(_related_by(column), {})[str(member).strip()] = None

    def _is_name(self, column: Column, member: object) -> bool:
        if column.by is not None:
            return not isinstance(member, Instance | Oid)
        if not isinstance(member, str) or is_token(self._context.schema, oid_of_session(self._context, member.strip())):
            return False
        aliases = self._context.aliases
        return aliases is None or aliases.key_of(column.attribute.related or "", member.strip()) is None

    def read(self) -> None:
        """Look all names up. One request per chunk of names of a type, and one for each name within another asset
        (`project:12`) that was not found.
        """
        for (type_name, by), names in self._wanted.items():
            try:
                found = find_named(self._context, type_name, names, by)
            except (Unsupported, UnknownName) as error:
                found = dict.fromkeys(names, BadValue(str(error), type_name=type_name))
            for name, result in found.items():
                if isinstance(result, BadValue) and by is None:
                    found[name] = self._by_alias(type_name, name) or result
            self._found[type_name, by] = found

    def _by_alias(self, type_name: str, name: str) -> Oid | None:
        """The asset that has *name* as an alias, None where there is none. One request for `project:12`."""
        backend = self._context.aliases
        if backend is None:
            return None
        if backend.taken_by_alias(type_name):
            return Oid(type_name, name)
        if COMPOSED.search(name) is None:
            return None
        try:
            return self._context.named(type_name, name)._state.oid
        except (BadValue, NotFound):
            return None

    def oid(self, type_name: str, column: Column, member: object) -> Oid:
        """The related asset that one value of a cell names, is, or has as its token. Raises BadValue."""
        if self._is_name(column, member):
            found = self._found[_related_by(column)][str(member).strip()]
            if isinstance(found, BadValue):
                raise BadValue(f"{type_name}.{column.attribute.name}: {found}", attribute=column.attribute.name)
            member = found
        given = member.strip() if isinstance(member, str) else member
        return related_oid(self._context, type_name, column.attribute, given, look_up=False)


def _related_by(column: Column) -> tuple[str, str | None]:
    """The related type, and the attribute that names its assets: what is looked up together."""
    return (column.attribute.related or "", column.by)


def _existing(
    context: SessionContext, type_name: str, key: Attribute, candidates: Iterable[Candidate], columns: Sequence[Column]
) -> dict[object, Instance]:
    """The existing assets, by their keys, with the attributes of all columns. One request per chunk of keys.
    Raises NotExactlyOne for a key that several assets have.
    """
    wanted = [one.key for one in candidates if not one.reason]
    names = dict.fromkeys((key.name, *(column.attribute.name for column in columns)))
    select = tuple(Path((Step(name),)) for name in names)
    fetches = [
        Fetch(type_name, select=select, where=Compare(select[0], "=", tuple(keys)))
        for keys in chunks(wanted, chunk_size(context))
    ]
    found: dict[object, dict[Oid, Instance]] = {}
    for _, assets in read_all(context, fetches):
        for asset in assets:
            # A server may ignore letter case; the keys found are compared exactly, here.
            found.setdefault(old_value(asset, key), {})[asset._state.oid] = asset
    double = {value: found[value] for value in wanted if len(found.get(value, ())) > 1}
    if double:
        named = "; ".join(f"{value} ({_listed(list(map(str, oids)))})" for value, oids in list(double.items())[:_NAMED])
        raise NotExactlyOne(
            f"Several assets have the same {type_name}.{key.name}: {named}. Use a key that differs between them.",
            type_name=type_name,
            attribute=key.name,
        )
    return {value: next(iter(found[value].values())) for value in wanted if value in found}


def _apply(
    context: SessionContext,
    type_name: str,
    key: Attribute,
    one: Candidate,
    found: Mapping[object, Instance],
    missing: str,
) -> RowResult:
    """Make the changes of one row pending and return its result."""
    asset = found.get(one.key) if not one.reason else None
    if not one.reason and asset is None and missing == "create" and not key.writable:
        one.reason = f"no {type_name} has this {key.name}, which the server alone gives"
    if one.reason:
        return RowResult(one.number, one.key, REFUSED, reason=one.reason)
    try:
        if asset is not None:
            return _update(context, one, asset)
        if missing != "create":
            return RowResult(one.number, one.key, MISSING)
        values = {key.name: one.key, **{name: value for name, value in one.values.items() if value is not None}}
        made = context.unit.register_new(context.unit.fresh_oid(type_name), values, None)
        return RowResult(one.number, one.key, CREATED, made, tuple(values))
    except (BadValue, ReadOnly) as error:
        return RowResult(one.number, one.key, REFUSED, reason=str(error))


def _update(context: SessionContext, one: Candidate, asset: Instance) -> RowResult:
    attributes = context.schema.type(asset._state.oid.type).attributes
    differing = {name: value for name, value in one.values.items() if _differs(asset, attributes[name], value)}
    if not differing:
        return RowResult(one.number, one.key, UNCHANGED, asset)
    context.unit.assign_all(asset, differing)
    return RowResult(one.number, one.key, CHANGED, asset, tuple(differing))


def _differs(asset: Instance, attribute: Attribute, value: object) -> bool:
    if asset._state.cell(attribute.name) is UNREAD:
        return True
    if attribute.multi:
        wanted = frozenset(value) if isinstance(value, tuple) else frozenset()
        return frozenset(_present(read_multi(asset, attribute))) != wanted
    present = read_single(asset, attribute)
    return not same_value(present.current if isinstance(present, Oid) else present, value)


def _present(members: Iterable[object]) -> Iterator[object]:
    for member in members:
        yield member.current if isinstance(member, Oid) else member


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
