"""Which lists a query reads, and which of the parents above them can be left out.

The server filters nothing but spaces by name (reference 4). But where a list is below a parent, a condition on the
parent is a choice of lists:

    Result.space = 1234                     one list, that of the space
    Result.space.project = 12               the spaces of one project, then the results of each
    Result.space.name = master              of each project, the spaces of that name
    Result.space.project.archived = false   the spaces of those projects only

All conditions are evaluated again in the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.backends.local.operators import equality
from assetmeta.backends.rest.http import Pairs
from assetmeta.backends.rest.pushdown import Pushdown, plain_text, push_down_terms, rebase
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import require_key
from assetmeta.model.conditions import Exists, Term, and_terms
from assetmeta.model.values import Key, Oid


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One kind of list from the top down. *query* is part of each request, *terms* are what its objects have to satisfy
    before anything below them is read.
    """

    resource: Resource
    query: Pairs = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPlan:
    """The lists of a query, from the top down to its own type. *parents* are those of the first; None for the lists at
    the top of the API. *keys* name the assets themselves. *folders* are those whose contents are wanted: only the top
    where that is an empty tuple, with all that is below where it is None.
    """

    levels: tuple[ListLevel, ...]
    parents: tuple[Key, ...] | None = None
    keys: tuple[Key, ...] | None = None
    folders: tuple[Key, ...] | None = None

    @property
    def pushed(self) -> tuple[str, ...]:
        """The conditions that the server applies."""
        return tuple(f"{level.resource.type}.{name}={value}" for level in self.levels for name, value in level.query)

    @property
    def whole(self) -> bool:
        """True where all that the server has is read."""
        return self.parents is None and not self.folders and not any(level.terms for level in self.levels)


def plan_lists(resource: Resource, where: Term | None) -> ListPlan:
    """Return the lists that contain all assets which may match *where*. Raises BadValue for what is not a key."""
    terms = and_terms(where)
    own = _filters(resource, terms)
    if own.keys is not None and resource.is_flat:
        return ListPlan((), keys=tuple(dict.fromkeys(own.keys)))
    folders = _folders(terms) if resource.type == "Content" else None
    if folders:
        return ListPlan((ListLevel(resource),), folders=folders)
    levels = [ListLevel(resource, _query(own))]
    here, prefix = resource, ""
    while here.up is not None:
        parents = _parents(here, prefix, terms)
        above, prefix = resource_of(here.parent or ""), f"{prefix}{here.up}."
        conditions = tuple(rebase(above, prefix, terms))
        found = _filters(above, conditions)
        if parents is None and above.is_flat:
            parents = found.keys
        if parents is not None:
            return ListPlan(tuple(levels), tuple(dict.fromkeys(parents)), folders=folders)
        levels.insert(0, ListLevel(above, _query(found), conditions))
        here = above
    return ListPlan(tuple(levels), folders=folders)


def _filters(resource: Resource, terms: Sequence[Term]) -> Pushdown:
    return push_down_terms(resource, terms, _condition_key, plain_text)


def _query(found: Pushdown) -> Pairs:
    """The filters of one list; of several there would be more lists than without."""
    return found.queries[0] if len(found.queries) == 1 else ()


def _condition_key(resource: Resource, value: object) -> Key | None:
    """The key that a number in a condition is."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parents(resource: Resource, prefix: str, terms: Sequence[Term]) -> tuple[Key, ...] | None:
    """The parents that a condition names: by the relation, or by the id beside it."""
    known = resource.fields[resource.up or ""]
    is_flat = resource_of(known.to[0]).is_flat
    for term in terms:
        path, values = equality(term) or ("", ())
        if path == f"{prefix}{resource.up}":
            return tuple(require_key(oid) for oid in values if isinstance(oid, Oid))
        if is_flat and known.source_key is not None and path == f"{prefix}{known.source_key}":
            return tuple(key for value in values if (key := _condition_key(resource, value)) is not None)
    return None


def _folders(terms: Sequence[Term]) -> tuple[Key, ...] | None:
    for term in terms:
        if isinstance(term, Exists) and not term.present and str(term.path) == "folder":
            return ()
        path, values = equality(term) or ("", ())
        if path == "folder":
            return tuple(dict.fromkeys(require_key(oid) for oid in values if isinstance(oid, Oid)))
    return None
