"""Related assets by name, when a relation is written: `task.Status = "In Progress"`, as conditions name them.

The names of list types are read once per session (see core.vocabulary), those of other types in chunks: no more
requests than the number of different names needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance
from assetmeta.core.vocabulary import by_text
from assetmeta.model.conditions import Compare, Or, Term
from assetmeta.model.errors import BadValue, nearest
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.values import Oid, chunks

_SUGGESTED = 1000
"""Names that are read to suggest the nearest ones for one that is unknown."""

_SHOWN = 20
"""Names of a list that an error shows."""


def find_named(
    context: SessionContext, type_name: str, names: Iterable[str], by: str | None = None
) -> dict[str, Oid | BadValue]:
    """Return the asset of each name among those of a type, or the error that gives the reason.

    A name is the text of the type's display attribute, or of its short one (`S-01005`); *by* names another attribute.
    One that fits letter by letter counts first, then one that fits but for letter case. Requests: one for a list type,
    the first time; otherwise one per chunk of `can.max_keys` names, and one more for names to suggest, the first time.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    columns = _columns(context, type_name) if by is None else (by,)
    if not columns:
        why = f"assets of type {type_name} have no name. Give the asset, or its token such as '{type_name}:1005'."
        return {name: BadValue(why, type_name=type_name) for name in wanted}
    known = _listed(context, type_name, wanted, by)
    found = _read(context, type_name, columns, wanted) if known is None else known
    folded: dict[str, dict[Oid, None]] = {}
    for text, oids in found.items():
        folded.setdefault(text.casefold(), {}).update(dict.fromkeys(oids))
    fitting = {name: found.get(name) or tuple(folded.get(name.casefold(), ())) for name in wanted}
    suggested: Iterable[str] | None = known
    results: dict[str, Oid | BadValue] = {}
    for name, oids in fitting.items():
        if len(oids) == 1:
            results[name] = oids[0]
        elif oids:
            results[name] = _ambiguous(type_name, columns, name, oids)
        else:
            suggested = _suggestions(context, type_name, columns) if suggested is None else suggested
            results[name] = _unknown(type_name, columns, name, suggested, is_list=known is not None)
    return results


def _columns(context: SessionContext, type_name: str) -> tuple[str, ...]:
    """The attributes that hold what people call an asset."""
    kind = context.schema.type(type_name)
    named = (kind.display, kind.short)
    return tuple(dict.fromkeys(name for name in named if name is not None and name in kind.attributes))


def _listed(
    context: SessionContext, type_name: str, names: Sequence[str], by: str | None
) -> Mapping[str, tuple[Oid, ...]] | None:
    kind = context.schema.type(type_name)
    if context.vocabulary is None or by not in (None, kind.display):
        return None
    return context.vocabulary.known(context.schema, type_name, names, context.read)


def _read(
    context: SessionContext, type_name: str, columns: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[Oid, ...]]:
    paths = tuple(Path((Step(column),)) for column in columns)
    fetches = []
    for kind in _members(context, type_name):
        for some in chunks(tuple(names), chunk_size(context)):
            same: list[Term] = [Compare(path, "=", some) for path in paths]
            where = same[0] if len(same) == 1 else Or(tuple(same))
            fetches.append(Fetch(kind, select=paths, where=where))
    found: dict[str, dict[Oid, None]] = {}
    for rows, _ in read_all(context, fetches):
        for text, oids in by_text(rows, columns).items():
            found.setdefault(text, {}).update(dict.fromkeys(oids))
    return {text: tuple(oids) for text, oids in found.items()}


def chunk_size(context: SessionContext) -> int:
    """How many values one condition may have. A dialect that goes through its lists itself takes all of them, since
    each condition is another time through the list.
    """
    can = context.backend.can
    return can.max_keys if can.windows else 1_000_000


def read_all(context: SessionContext, fetches: Sequence[Fetch]) -> list[tuple[Rows, list[Instance]]]:
    """Perform fetches and return what came, with its assets, in the same order. As many share a request as the server
    takes.
    """
    together = context.backend.can.max_fetches if context.backend.can.windows else len(fetches)
    answers = []
    for some in chunks(fetches, together):
        since = context.writes
        for rows in context.read(some):
            context.know((*rows.rows, *rows.related))
            answers.append((rows, context.merge_rows(rows.rows, since)))
    return answers


def _members(context: SessionContext, type_name: str) -> tuple[str, ...]:
    """The types that are read for a type: it, or those that it comprises."""
    return context.schema.type(type_name).members or (type_name,)


def _suggestions(context: SessionContext, type_name: str, columns: Sequence[str]) -> list[str]:
    """Names that a type has, or had when they were read: once per session."""
    found = context.suggested.get((type_name, *columns))
    if found is None:
        paths = tuple(Path((Step(column),)) for column in columns)
        fetches = [Fetch(kind, select=paths, size=_SUGGESTED) for kind in _members(context, type_name)]
        found = [text for rows in context.read(fetches) for text in by_text(rows, columns)]
        context.suggested[type_name, *columns] = found
    return found


def _ambiguous(type_name: str, columns: Sequence[str], name: str, oids: Sequence[Oid]) -> BadValue:
    tokens = ", ".join(oid.token for oid in oids[:5]) + (" ..." if len(oids) > 5 else "")
    called = " or ".join(columns)
    return BadValue(
        f"{len(oids)} assets of type {type_name} have the {called} {name!r} ({tokens}): give one of these tokens.",
        type_name=type_name,
    )


def _unknown(type_name: str, columns: Sequence[str], name: str, known: Iterable[str], *, is_list: bool) -> BadValue:
    near = nearest(name, known)
    if not near and is_list:
        near = f" There are {', '.join(sorted(known)[:_SHOWN]) or 'none'}."
    called = "" if is_list else f" with the {' or '.join(columns)}"
    return BadValue(
        f"there is no {type_name}{called} {name!r}, or this user may not see it.{near}", type_name=type_name
    )
