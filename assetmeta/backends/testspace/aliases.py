"""Assets by their names (reference 3 and 6): paths take names of projects, spaces and results as well as ids.

    Project     abccorp:application
    Space       abccorp:application/master      12/feature/abc      12/feature%2Fabc
    Result      1234/result.6                   12/master/result.6  abccorp:application/feature%2Fabc/result.6
    Metric      1234/Test Cases                 the metrics of the space are listed: the server knows them by id only
    Content     1234/35980/unit/fast ones       space, result and path
    Failure     1234/35980/unit().adds          space, result and key
    User        ann                             the users are listed

A name is written as it is, or escaped; one with a slash or a percent sign has to be escaped where it is not the last.
Numbers in front of a result's name can mean a project or a space: `project/space/result` is tried first, then
`space id/result`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import confirm
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, get
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import (
    depth,
    escape,
    is_key,
    join_key,
    list_path,
    number,
    segment,
    shape,
    split_key,
)
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.pages import Pages, objects_of
from assetmeta.model.errors import BadValue, NotFound
from assetmeta.model.http import Flow
from assetmeta.model.plans import Row
from assetmeta.model.values import Key, Oid

_NUMBER = re.compile(r"[0-9]+")
_NAMED = {"Project": 1, "Space": 2, "Result": 3}
_LISTED_BY = {"Metric": "name", "User": "username"}


def key_of(type_name: str, text: str) -> Key | None:
    """Return the key that a text is; None for a name."""
    resource = resource_of(type_name)
    key: Key = int(text) if _NUMBER.fullmatch(text) and len(text) < 60 else text
    return key if is_key(resource, key) else None


def look_up(reader: LookupReader, type_name: str, alias: str) -> Flow[Row]:
    """Return the asset of a name, with all its attributes. One request; one per page for those found in a list.

    Raises NotFound, and BadValue for a text that is neither name nor key.
    """
    resource = resource_of(type_name)
    if type_name in _NAMED:
        found = yield from _by_paths(reader, resource, alias)
    elif type_name in _LISTED_BY:
        found = yield from _by_list(reader, resource, alias)
    elif resource.key in ("path", "text"):
        parent, own = _split(resource, alias)
        found = yield from reader.by_keys(resource, [join_key(parent, escape(resource, own))])
    else:
        raise _no_key(resource, alias)
    if not found:
        hint = " A slash within a name that is not the last one is written %2F." if alias.count("/") > 1 else ""
        why = f"There is no {type_name} {alias!r}, or this user may not see it.{hint}"
        raise NotFound(why, oid=alias, status=404)
    return reader.known.row(found[0])


_Names = tuple[tuple[str, str], ...]
"""The steps of a path: a collection, and the name or id of one of it."""


def _by_paths(reader: LookupReader, resource: Resource, alias: str) -> Flow[list[Oid]]:
    """Read an asset by each path of names and ids that an alias can mean, until one leads to it."""
    for names in _paths(resource, alias):
        found = yield from _by_path(reader, resource, names)
        if found:
            return found
    return []


def _by_path(reader: LookupReader, resource: Resource, names: _Names) -> Flow[list[Oid]]:
    path = "/".join(_named_path(names))
    response = yield from send_one(get(reader.options.endpoint_path(path)))
    if response.status == 404:
        return []
    found = objects_of(response)[:1]
    for item in found:
        _confirm(resource, names[-1][1], item, f"GET {path}")
    # A name may have led through others: the object contains its space.
    space = number(found[0].get("space_id")) if found and resource.type == "Result" else None
    return reader.take(resource, found, ParseContext(owner=space))


def _confirm(resource: Resource, wanted: str, item: Object, line: str) -> None:
    """Raise InvalidResponse for an object that has neither the number nor the name that was requested."""
    name = item.get("name")
    is_it = not isinstance(name, str) or name.casefold() == wanted.casefold() or str(item.get(resource.own)) == wanted
    confirm(is_it, f"{resource.type} {wanted!r}", f"{name!r}", line)


def _paths(resource: Resource, alias: str) -> Iterator[_Names]:
    """Yield what an alias can mean, the likeliest first; the last name may contain slashes. Raises BadValue."""
    collections = ("projects", "spaces", "results")
    most = _NAMED[resource.type]
    found = []
    for first in (0, 1) if resource.type == "Result" else (0,):
        parts = alias.split("/", most - first - 1)
        # Without a project in front a space is known by its number alone.
        if len(parts) == most - first and (first == 0 or _NUMBER.fullmatch(parts[0])):
            found.append(tuple(zip(collections[first:], map(unquote, parts), strict=False)))
    if not found:
        raise _no_key(resource, alias)
    yield from found


def _named_path(names: _Names) -> Iterator[str]:
    """The parts of the path, each collection before its part."""
    for collection, part in names:
        yield collection
        yield segment(part)


def _by_list(reader: LookupReader, resource: Resource, alias: str) -> Flow[list[Oid]]:
    """Read a list up to the asset of that name."""
    parent, own = _split(resource, alias)
    name = _LISTED_BY[resource.type]
    pages = Pages.of(list_path(resource, parent), reader.options, optional=parent is not None)
    while pages.next_request is not None:
        objects = yield from pages.read()
        found = [item for item in objects if item.get(name) == own]
        if found:
            return reader.take(resource, found[:1], ParseContext(owner=parent))
    return []


def _split(resource: Resource, alias: str) -> tuple[Key | None, str]:
    """The parent's key and the rest of an alias as it is meant."""
    parts = depth(resource)
    pieces = alias.split("/", parts)
    if len(pieces) != parts + 1 or not pieces[-1] or not all(map(_NUMBER.fullmatch, pieces[:parts])):
        raise _no_key(resource, alias)
    return split_key(resource, alias)[0], pieces[-1]


def _no_key(resource: Resource, alias: str) -> BadValue:
    name = {
        "Space": "project/space",
        "Result": "space id/result or project/space/result",
    }
    other = name.get(resource.type)
    also = f", or names: {other}" if other else ""
    return BadValue(f"{resource.type}({alias!r:.80}): it takes {shape(resource)}{also}.", type_name=resource.type)
