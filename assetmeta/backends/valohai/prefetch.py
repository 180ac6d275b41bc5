"""What assets lack: read by identity, or by lists of what refers to them (reference 12)."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, Pairs
from assetmeta.backends.rest.spec import Field, Resource, field_of
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.valohai.pages import read_all, read_all_if_cheaper, whole_or_none
from assetmeta.model.http import Flow
from assetmeta.model.values import Key, Oid


def tell(reading: LookupReader, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read what *oids*, all of one type, lack of *names*."""
    endpoint = reading.resource(type_name)
    own: list[str] = []
    for name in names:
        known = field_of(endpoint, reading.schema, name)
        lacking = reading.known.missing(oids, name) if known.listed_separately else []
        if not known.listed_separately:
            own.append(name)
        elif lacking and known.reverse_of is not None:
            yield from _reversed(reading, name, known, lacking)
        elif lacking:
            yield from _below(reading, endpoint, name, known, lacking)
    lacking = [oid for oid in oids if reading.lacks(endpoint, oid, own)]
    if lacking:
        yield from reading.by_keys(endpoint, [oid.key for oid in lacking], own)


def _reversed(reading: LookupReader, name: str, known: Field, oids: Sequence[Oid]) -> Flow[None]:
    """Make the reverse lists that no object holds: one list of what refers to each asset, side by side; where they are
    many, one list for all of a project, or for all there are.
    """
    there = reading.resource(known.to[0])
    via = known.reverse_of or ""
    parameter = there.filters[via].parameter if via in there.filters else None
    if parameter is None:
        yield from _short(reading, there, name, via, oids)
        return
    rest = list(oids)
    if len(oids) > reading.options.few:
        rest = yield from _shared(reading, there, name, via, oids)
    place = reading.options.endpoint_path(there.path)
    lists = [read_all(place, _query(there, ((parameter, str(oid.key)),)), reading.options) for oid in rest]
    for oid, objects in zip(rest, (yield from gather(lists)) if lists else (), strict=True):
        around = ParseContext(oid.key if oid.type == "Project" else None)
        found = reading.take(there, objects, around)
        for one in reading.known.missing(found, via):
            reading.known.take(one, {via: oid})
        # A server that ignores the filter sends all there are.
        reading.known.take(oid, {name: tuple(one for one in found if oid in reading.known.members(one, via))})


def _query(there: Resource, narrowed: Pairs) -> Pairs:
    return (*narrowed, *((("deleted", "false"),) if there.has_parameter("deleted") else ()))


def _shared(reading: LookupReader, there: Resource, name: str, via: str, oids: Sequence[Oid]) -> Flow[list[Oid]]:
    """Read lists of whole projects, or of all there are, and group them; return the assets for which lists of their own
    cost less, or whose rows do not say what they refer to.
    """
    groups: dict[Key | None, list[Oid]] = {}
    for oid in oids:
        place = reading.options.memory.places.get(oid) if "project" in there.filters and via != "project" else None
        groups.setdefault(place.project if place else None, []).append(oid)
    path = reading.options.endpoint_path(there.path)
    rest = dict.fromkeys(oids)
    for project, members in groups.items():
        if len(members) <= reading.options.few:
            continue
        query = _query(there, () if project is None else (("project", str(project)),))
        objects = yield from read_all_if_cheaper(path, query, len(members), reading.options)
        found = reading.take(there, objects or (), ParseContext(project))
        if objects is None or reading.known.missing(found, via):
            continue
        _group(reading, name, via, members, found)
        for oid in members:
            del rest[oid]
    return list(rest)


def _group(reading: LookupReader, name: str, via: str, owners: Sequence[Oid], found: Sequence[Oid]) -> None:
    """Give each of *owners* those of *found* that refer to it."""
    lists: dict[Oid, list[Oid]] = {oid: [] for oid in owners}
    for one in found:
        for owner in reading.known.targets([one], via):
            if owner in lists:
                lists[owner].append(one)
    for owner, members in lists.items():
        reading.known.take(owner, {name: tuple(members)})


def _short(reading: LookupReader, there: Resource, name: str, via: str, oids: Sequence[Oid]) -> Flow[None]:
    """Make reverse lists from a list that is short and knows no filter. One request."""
    found = reading.take(there, (yield from read_all(reading.options.endpoint_path(there.path), (), reading.options)))
    _group(reading, name, via, oids, found)


def _below(reading: LookupReader, endpoint: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[None]:
    """Read the lists that lie below objects, one for each, side by side. Some servers do not have them."""
    there = reading.resource(known.to[0])
    places = [reading.options.endpoint_path(endpoint.path, oid.key, known.sublist) for oid in oids]
    lists: Sequence[list[Object] | None] = yield from gather(
        [whole_or_none(place, (), reading.options) for place in places]
    )
    for oid, objects in zip(oids, lists, strict=True):
        reading.known.take(oid, {name: tuple(reading.take(there, objects or (), ParseContext(embedded=True)))})
