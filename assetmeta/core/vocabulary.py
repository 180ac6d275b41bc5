"""The names of lists: what `Status="Done"` may say, read from the server once per session.

The names of a list type (statuses, priorities) come along with the first query that mentions one of them; a name that
is none is an error, since the answer would be empty without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from assetmeta.model.conditions import Compare, leaves
from assetmeta.model.errors import BadValue, nearest
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema

_LONGEST = 1000
"""Names of a list that are looked at; a longer one is no list to choose from."""

Read = Callable[[Sequence[Fetch]], list[Rows]]


class Vocabulary:
    """The names of one session's list types, by type; None for a list that is too long."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str] | None] = {}

    def checked(self, schema: Schema, fetches: Sequence[Fetch], read: Read) -> list[Rows]:
        """Perform *fetches* by *read*, the lists that they mention along with them. Raises BadValue for a name that no
        asset of its list has.
        """
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
        return {name: names for name, names in self._names.items() if names is not None}

    def _learn(self, schema: Schema, types: Sequence[str], answers: Sequence[Rows]) -> None:
        for type_name, rows in zip(types, answers, strict=True):
            name = schema.type(type_name).display or ""
            found = (dict(zip(row.columns, row.values, strict=True)).get(name) for row in rows.rows)
            self._names[type_name] = None if rows.more else frozenset(text for text in found if isinstance(text, str))

    def _check(self, schema: Schema, fetches: Sequence[Fetch], read: Read | None) -> None:
        """Raise BadValue for an unknown name. With *read* the list is read again first: somebody may have added it."""
        for type_name, leaf in (found for fetch in fetches for found in _mentioned(schema, fetch)):
            unknown = self._unknown(type_name, leaf)
            if unknown is not None and read is not None:
                self._learn(schema, [type_name], read([_list(schema, type_name)]))
                unknown = self._unknown(type_name, leaf)
            if unknown is not None:
                names = sorted(self._names[type_name] or ())
                near = nearest(unknown, names) or f" There are {', '.join(names[:20]) or 'none'}."
                raise BadValue(
                    f"{leaf.path}: there is no {type_name} {unknown!r}.{near} column.exact(...) asks for any text.",
                    type_name=type_name,
                    attribute=str(leaf.path),
                )

    def _unknown(self, type_name: str, leaf: Compare) -> str | None:
        names = self._names.get(type_name)
        if names is None:
            return None
        folded = {name.casefold() for name in names}
        texts = (value for value in leaf.values if isinstance(value, str))
        return next((text for text in texts if text.casefold() not in folded), None)


def _mentioned(schema: Schema, fetch: Fetch) -> Iterator[tuple[str, Compare]]:
    """Yield the conditions that name assets of a list type: the type, and the condition."""
    for leaf in leaves(fetch.where) if fetch.where is not None else ():
        if isinstance(leaf, Compare) and leaf.operator in ("=", "!=") and leaf.path.is_plain and not leaf.path.is_name:
            reached = resolve(schema, fetch.type_name, leaf.path)
            kind = schema.type(reached.type_name)
            if kind.choices and reached.attribute.name == kind.display:
                yield kind.name, leaf


def _list(schema: Schema, type_name: str) -> Fetch:
    name = Path((Step(schema.type(type_name).display or ""),))
    return Fetch(type_name, select=(name,), size=_LONGEST)
