"""The names of lists: what `Status="Done"` may name, read from the server once per session.

The names of a list type (statuses, priorities) come along with the first query that mentions one of them, or are read
when the first one is assigned; a name that is none is an error. A relation to other types may be compared with a name,
too: where nothing is found, the name is looked up, and one that no asset has is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term, and_terms, leaves
from assetmeta.model.errors import BadValue, ServerError, Unsupported, nearest
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_LONGEST = 1000
"""Names of a list that are looked at; a longer one is no list to choose from."""

_MOST_MET = 1000
"""Names of related assets that are remembered as there: conditions may name ever others."""

Read = Callable[[Sequence[Fetch]], list[Rows]]


class Vocabulary:
    """The assets of one session's list types by their names, by type; None for a list that is too long. *exact* is
    whether the server respects letter case in names.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self._folded: Callable[[str], str] = str if exact else str.casefold
        self._names: dict[str, Mapping[str, tuple[Oid, ...]] | None] = {}
        self._met: set[tuple[str, tuple[object, ...]]] = set()

    def known(
        self, schema: Schema, type_name: str, names: Sequence[str], read: Read
    ) -> Mapping[str, tuple[Oid, ...]] | None:
        """Return the assets of a list type by their names; None where the type is no list, or too long a one.

        One request, the first time; one more when one of *names* is unknown, since it may have been added meanwhile.
        """
        kind = schema.type(type_name)
        if not kind.choices or kind.display is None:
            return None
        was_read = type_name not in self._names
        if was_read:
            self._learn(schema, [type_name], read([_list(schema, type_name)]))
        if not was_read and any(self._lacks(type_name, name, str.casefold) for name in names):
            self._learn(schema, [type_name], read([_list(schema, type_name)]))
        return self._names[type_name]

    def checked(self, schema: Schema, fetches: Sequence[Fetch], read: Read) -> list[Rows]:
        """Perform *fetches* by *read*, the lists that they mention along with them. Raises BadValue for a name that no
        asset of its list has, and where nothing is found for one that no related asset has: one request for each such
        name, once per session, and one more for the nearest names in the error.
        """
        answers = self._listed(schema, fetches, read)
        for fetch, rows in zip(fetches, answers, strict=True):
            if _is_empty(fetch, rows):
                for leaf in _by_name(fetch):
                    self._look_up(schema, fetch, leaf, read)
        return answers

    def _listed(self, schema: Schema, fetches: Sequence[Fetch], read: Read) -> list[Rows]:
        """The answers to *fetches*, whose names of lists are checked."""
        asked = {type_name: None for fetch in fetches for type_name, _ in _mentioned(schema, fetch)}
        missing = [type_name for type_name in asked if type_name not in self._names]
        if all(type_name in self._names for type_name in asked):
            self._check(schema, fetches, read)
            return read(fetches)
        answers = read([*fetches, *(_list(schema, type_name) for type_name in missing)])
        self._learn(schema, missing, answers[len(fetches) :])
        self._check(schema, fetches, None)
        return answers[: len(fetches)]

    def of_all(self, schema: Schema, read: Read) -> dict[str, frozenset[str]]:
        """Return the names of all list types that are short enough to choose from, reading by *read* those that were
        not read yet.
        """
        missing = [name for name in schema.types if schema.types[name].choices and name not in self._names]
        if missing:
            self._learn(schema, missing, read([_list(schema, type_name) for type_name in missing]))
        return {name: frozenset(names) for name, names in self._names.items() if names is not None}

    def names_of(self, oids: Iterable[Oid]) -> dict[Oid, str]:
        """Return the names of those that are in a list which was read. Sends nothing."""
        wanted = set(oids)
        lists = (self._names.get(type_name) or {} for type_name in {oid.type for oid in wanted})
        return {oid: text for names in lists for text, found in names.items() for oid in found if oid in wanted}

    def texts(self, type_name: str) -> list[str]:
        """Return the names of a list type as far as they were read. Sends nothing."""
        return sorted(self._names.get(type_name) or ())

    def _learn(self, schema: Schema, types: Sequence[str], answers: Sequence[Rows]) -> None:
        for type_name, rows in zip(types, answers, strict=True):
            name = schema.type(type_name).display or ""
            names = by_text(rows, (name,))
            if getattr(schema.attribute(type_name, name).codec, "localized", False):
                names |= {tag.rpartition("'")[2]: oids for tag, oids in names.items()}
            self._names[type_name] = None if rows.more else names

    def _check(self, schema: Schema, fetches: Sequence[Fetch], read: Read | None) -> None:
        """Raise BadValue for an unknown name. With *read* the list is read again first: it may have been added
        meanwhile.
        """
        for type_name, leaf in (found for fetch in fetches for found in _mentioned(schema, fetch)):
            unknown = self._unknown(type_name, leaf)
            if unknown is not None and read is not None:
                self._learn(schema, [type_name], read([_list(schema, type_name)]))
                unknown = self._unknown(type_name, leaf)
            if unknown is not None:
                names = sorted(self._names[type_name] or ())
                near = nearest(unknown, names) or f" There are {', '.join(names[:20]) or 'none'}."
                raise BadValue(
                    f"{leaf.path}: there is no {type_name} {unknown!r}.{near} column.exact(...) takes any text.",
                    type_name=type_name,
                    attribute=str(leaf.path),
                )

    def _look_up(self, schema: Schema, fetch: Fetch, leaf: Compare, read: Read) -> None:
        """Raise BadValue when no asset has any of the names that a relation was compared with. What the server does not
        list, or not to this user, is not looked up.
        """
        reached = resolve(schema, fetch.type_name, leaf.path)
        kind = schema.type(reached.type_name)
        if kind.choices or (kind.name, leaf.values) in self._met:
            return
        name = Path(leaf.path.steps[-1:])
        wanted = Fetch(kind.name, select=(name,), where=Compare(name, "=", leaf.values), deleted=fetch.deleted)
        types = kind.members or (kind.name,)
        try:
            found = any(rows.rows for rows in read([replace(wanted, type_name=one, size=1) for one in types]))
            near = [] if found else read([replace(wanted, type_name=one, where=None, size=_LONGEST) for one in types])
        except (Unsupported, ServerError):
            return
        if found:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            self._met.add((kind.name, leaf.values))
            return
        texts = [text for rows in near for text in by_text(rows, (str(name),))]
        several = [nearest(str(value), texts) for value in leaf.values]
        relation = Path(leaf.path.steps[:-1])
        number = f'where({{"{relation}.{kind.short}": ...}}) compares the {kind.short}, ' if kind.short else ""
        raise BadValue(
            f"{relation}: there is no {kind.name} with the {name} {leaf.values[0]!r}, or this user may not see it."
            f'{next(filter(None, several), "")} {number}where({{"{leaf.path}": ...}}) takes any text.',
            type_name=fetch.type_name,
            attribute=str(leaf.path),
        )

    def _unknown(self, type_name: str, leaf: Compare) -> str | None:
        texts = (value for value in leaf.values if isinstance(value, str))
        return next((text for text in texts if self._lacks(type_name, text, self._folded)), None)

    def _lacks(self, type_name: str, text: str, folded: Callable[[str], str]) -> bool:
        """True when a list is known, and *text* is none of its names, both of them *folded*."""
        names = self._names.get(type_name)
        return names is not None and folded(text) not in set(map(folded, names))


def _is_empty(fetch: Fetch, rows: Rows) -> bool:
    """True when nothing at all is found, as far as an answer shows it."""
    if rows.rows or rows.more or rows.next_cursor is not None or fetch.start or fetch.cursor is not None:
        return False
    return fetch.asof is None and (rows.total == 0 if fetch.counted else fetch.size != 0)


def _by_name(fetch: Fetch) -> Iterator[Compare]:
    """Yield the conditions that have to hold and compare a relation with names."""
    for term in and_terms(fetch.where):
        if isinstance(term, Compare) and term.by_name and term.operator == "=":
            yield term


def _mentioned(schema: Schema, fetch: Fetch) -> Iterator[tuple[str, Compare]]:
    """Yield the conditions that name assets of a list type, also those inside narrowed relations: the type, and the
    condition.
    """
    if fetch.where is not None:
        yield from _in_term(schema, fetch.type_name, fetch.where)
    for path in (*fetch.select, *(sort.path for sort in fetch.sort)):
        yield from _in_path(schema, fetch.type_name, path)


def _in_term(schema: Schema, owner: str, term: Term) -> Iterator[tuple[str, Compare]]:
    for leaf in leaves(term):
        if isinstance(leaf, RawFilter):
            continue
        yield from _in_path(schema, owner, leaf.path)
        if not isinstance(leaf, Compare) or leaf.any_text:
            continue
        if leaf.operator in ("=", "!=") and not (leaf.path.aggregate or leaf.path.part):
            reached = resolve(schema, owner, leaf.path)
            kind = schema.type(reached.type_name)
            if len(leaf.path.steps) > 1 and kind.choices and reached.attribute.name == kind.display:
                yield kind.name, leaf


def _in_path(schema: Schema, owner: str, path: Path) -> Iterator[tuple[str, Compare]]:
    if all(step.where is None for step in path.steps):
        return
    for step in path.steps:
        owner = step.downcast or schema.attribute(owner, step.name).related or owner
        if isinstance(step.where, Compare | Exists | And | Or | Not):
            yield from _in_term(schema, owner, step.where)


def by_text(rows: Rows, columns: Sequence[str]) -> dict[str, tuple[Oid, ...]]:
    """The assets of an answer by the texts that they have in *columns*."""
    found: dict[str, dict[Oid, None]] = {}
    for row in rows.rows:
        values = dict(zip(row.columns, row.values, strict=True))
        for column in columns:
            text = values.get(column)
            if isinstance(text, str):
                found.setdefault(text, {})[row.oid] = None
    return {text: tuple(oids) for text, oids in found.items()}


def _list(schema: Schema, type_name: str) -> Fetch:
    name = Path((Step(schema.type(type_name).display or ""),))
    return Fetch(type_name, select=(name,), size=_LONGEST)
