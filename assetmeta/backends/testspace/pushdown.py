"""Which lists a query has to go through, and which of the parents on the way can be passed over.

The server filters nothing but spaces by name (reference 4). But where a list hangs below a parent, a condition on the
parent is a choice of lists:

    Result.space = 1234                     one list, that of the space
    Result.space.project = 12               the spaces of one project, then the results of each
    Result.space.name = master              of each project, the spaces of that name
    Result.space.project.archived = false   the spaces of those projects only

All conditions are looked at again here, over what came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from assetmeta.backends.local.operators import compares_attributes, equality, paths_in
from assetmeta.backends.rest.http import Pairs
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import require_key
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term, and_terms
from assetmeta.model.paths import Path
from assetmeta.model.values import Key, Oid


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One kind of list on the way down. *query* goes along with each, *terms* are what its objects have to satisfy
    before anything below them is read.
    """

    kind: Resource
    query: Pairs = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPlan:
    """The lists of a query, from the top down to its own type. *parents* are those of the first; None for the lists at
    the top of the API. *keys* name the assets themselves. *folders* are those that contents are wanted of: only the top
    where that is an empty tuple, with all that is below where it is None.
    """

    levels: tuple[ListLevel, ...]
    parents: tuple[Key, ...] | None = None
    keys: tuple[Key, ...] | None = None
    folders: tuple[Key, ...] | None = None


def way(kind: Resource, where: Term | None) -> ListPlan:
    """Return the lists that hold all assets which *where* may admit. Raises BadValue for an identity that is none."""
    terms = and_terms(where)
    levels: list[ListLevel] = []
    here, prefix = kind, ""
    keys = _keys(kind, terms)
    if keys is not None:
        return ListPlan((), keys=keys)
    folders = _folders(terms) if kind.type == "Content" else None
    if folders:
        return ListPlan((ListLevel(kind),), folders=folders)
    while True:
        levels.insert(0, ListLevel(here, tuple(_query(here, prefix, terms)), tuple(_rebased(here, prefix, terms))))
        if here.up is None:
            return ListPlan(tuple(levels), folders=folders)
        above = f"{prefix}{here.up}"
        parents = _assets(above, here, terms)
        if parents is not None:
            return ListPlan(tuple(levels), parents, folders=folders)
        here, prefix = resource_of(here.parent or ""), f"{above}."


def _keys(kind: Resource, terms: Sequence[Term]) -> tuple[Key, ...] | None:
    """The keys that a condition on `id` names, where a number is a whole key."""
    for term in terms if kind.is_flat else ():
        found = equality(term)
        if found and found[0] == kind.own:
            return tuple(dict.fromkeys(key for key in found[1] if isinstance(key, int) and key >= 0))
    return None


def _assets(path: str, holder: Resource, terms: Sequence[Term]) -> tuple[Key, ...] | None:
    """The parents that a condition names: by the relation, or by the id that stands beside it."""
    known = holder.fields[holder.up or ""]
    to = resource_of(known.to[0])
    stem = path.removesuffix(holder.up or "")
    for term in terms:
        found = equality(term)
        if found is None:
            continue
        if found[0] == path:
            return tuple(dict.fromkeys(require_key(oid) for oid in found[1] if isinstance(oid, Oid)))
        if to.is_flat and known.source_key is not None and found[0] == f"{stem}{known.source_key}":
            return tuple(dict.fromkeys(key for key in found[1] if isinstance(key, int) and key >= 0))
    return None


def _folders(terms: Sequence[Term]) -> tuple[Key, ...] | None:
    for term in terms:
        if isinstance(term, Exists) and not term.present and str(term.path) == "folder":
            return ()
        found = equality(term)
        if found and found[0] == "folder":
            return tuple(dict.fromkeys(require_key(oid) for oid in found[1] if isinstance(oid, Oid)))
    return None


def _query(kind: Resource, prefix: str, terms: Sequence[Term]) -> Iterator[tuple[str, str]]:
    """The filters that the server applies: equality with one value."""
    for term in terms:
        found = equality(term)
        for name in kind.filters if found else ():
            if found and found[0] == f"{prefix}{name}" and len(found[1]) == 1:
                yield name, str(found[1][0])


def _rebased(kind: Resource, prefix: str, terms: Sequence[Term]) -> Iterator[Term]:
    """The conditions that speak of nothing but the objects of a level above the query's own, as these see them."""
    for term in (term for term in terms if prefix and not compares_attributes(term)):
        names = [str(path).removeprefix(prefix) for path in paths_in(term) if str(path).startswith(prefix)]
        own = [name for name in names if name in kind.fields and not kind.fields[name].listed_separately]
        if own and len(own) == len(list(paths_in(term))):
            yield _moved(term, len(prefix.split(".")) - 1)


def _moved(term: Term, steps: int) -> Term:
    """A term with the first *steps* of its paths taken off."""
    if isinstance(term, And | Or):
        return type(term)(tuple(_moved(part, steps) for part in term.terms))
    if isinstance(term, Not):
        return Not(_moved(term.term, steps))
    if isinstance(term, RawFilter):
        return term
    path = Path(term.path.steps[steps:], term.path.aggregate)
    return replace(term, path=path) if isinstance(term, Compare | Exists) else term
