"""What a read will send, what the server does about it, and what is done here: as text, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from assetmeta.backends.local.executor import explain_local
from assetmeta.backends.local.prefetch import Tree, all_paths, path_tree
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import Settings, resource_of
from assetmeta.backends.testspace.keys import item_path, list_path
from assetmeta.backends.testspace.pushdown import ListPlan, way
from assetmeta.backends.testspace.queries import refuse
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Key


def explain(wanted: Fetch, settings: Settings) -> str:
    """Return the requests of a read, one a line, and below them who filters, sorts and cuts. Raises Unsupported."""
    refuse(wanted)
    kind = resource_of(wanted.type_name)
    found = way(kind, wanted.where)
    return "\n".join([*_requests(kind, found, wanted, settings), *_beyond(kind, wanted), *_rest(found, wanted)])


def _requests(kind: Resource, found: ListPlan, wanted: Fetch, settings: Settings) -> Iterator[str]:
    keys = found.keys if wanted.oids is None else tuple(oid.key for oid in wanted.oids)
    if keys is not None:
        yield f"read {len(set(keys))} {kind.type} by identity: each, or by the lists that they are in"
        return
    for path in _first(kind, found):
        yield f"GET {settings.endpoint_path(path)}{_query(found, 0)}"
    for depth, level in enumerate(found.levels[1:], start=1):
        above = found.levels[depth - 1]
        passed = f" that has {' and '.join(map(str, above.terms))}" if above.terms else ""
        place = f"{{{above.kind.type}}}/{level.kind.path}{_query(found, depth)}"
        yield f"then GET {place} for each {above.kind.type}{passed}, up to {settings.width} side by side"
    if kind.type == "Content" and found.folders is None:
        yield "then GET contents/{path} for each folder"
    yield "and one request for each further page of a list"


def _first(kind: Resource, found: ListPlan) -> list[str]:
    """The paths of the lists that the way begins with."""
    top = found.levels[0].kind
    if found.folders:
        return [item_path(kind, key) for key in found.folders]
    parents: tuple[Key | None, ...] = (None,) if found.parents is None else found.parents
    return [list_path(top, parent) for parent in parents]


def _query(found: ListPlan, depth: int) -> str:
    query = found.levels[depth].query
    return f"?{urlencode(query)}" if query else ""


def _beyond(kind: Resource, wanted: Fetch) -> Iterator[str]:
    """One line for each relation that is followed beyond what the lists bring."""
    yield from _followed(kind, path_tree(all_paths(wanted)), "", kind.up if wanted.oids is None else None)


def _followed(kind: Resource, names: Tree, trail: str, along: str | None) -> Iterator[str]:
    for name, more in names.items():
        known = kind.fields.get(name)
        if known is None or not known.to:
            continue
        there = resource_of(known.to[0])
        if known.listed_separately:
            yield f"then the list {trail}{name} of each {kind.type}, side by side"
        elif more and name != along:
            yield f"then what {trail}{name} leads to, for all at once: by the lists of its parents, or each by itself"
        yield from _followed(there, more, f"{trail}{name}.", there.up if name == along else None)


def _rest(found: ListPlan, wanted: Fetch) -> Iterator[str]:
    pushed = [f"{level.kind.type}.{name}={value}" for level in found.levels for name, value in level.query]
    if pushed:
        yield f"the server filters: {'; '.join(pushed)}"
    yield from explain_local(wanted, again=bool(pushed))
