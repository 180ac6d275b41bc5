"""Assets by other texts than their keys (reference 3):

    <project>:<number>, <project>:latest     executions, tasks and pipelines
    <project>:<identifier or branch>         commits
    <name>, <project>:<name>                 aliases of data, and the data that they mean
    datum://<id>, datum://<name>             data, as inputs name them
    <name>, <slug>                           projects, environments, models, datasets, deployments ...

A project is given by its UUID or by its name, which takes a request more. A number is remembered once it is known;
`latest` changes and is requested each time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from assetmeta.backends.responses import Json, confirm
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, Pairs, fetch_object_or_none
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai.codecs import is_uuid
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import commit_key, parse_key, require_same
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.valohai.pages import read_all
from assetmeta.model.errors import BadValue, NotFound
from assetmeta.model.http import Flow
from assetmeta.model.plans import Row
from assetmeta.model.values import Key, Oid

LATEST = "latest"
_NUMBER = re.compile(r"[0-9]{1,18}")

WRITTEN_BY_ALIAS = frozenset({"Commit", "Environment"})
"""Types that writes name by an identifier, a branch or a slug, which the server resolves."""


def key_of(api: Api, type_name: str, text: str, settings: Settings) -> Key | None:
    """Return the key that a text is, None for an alias. Sends nothing."""
    if type_name in api.unions:
        return int(text) if _NUMBER.fullmatch(text) else None
    resource = api.types.get(type_name)
    if resource is None:
        # Of a type that only the server knows, nothing but keys can be known.
        return int(text) if _NUMBER.fullmatch(text) else text
    if resource.type == "Repository" and is_uuid(text):
        return text.lower()
    found = parse_key(resource, _address_removed(resource, text))
    if found is None and resource.alias == "counter":
        project, _, number = text.rpartition(":")
        known = settings.memory.numbered.get((type_name, project.lower(), _number(number)))
        return known.key if known else None
    return found


def taken_by_alias(api: Api, type_name: str) -> bool:
    """Whether relations to the type may be written with an alias."""
    return type_name in WRITTEN_BY_ALIAS or type_name in api.unions


def look_up(reader: LookupReader, type_name: str, alias: str) -> Flow[Row]:
    """Return the asset that an alias names, with what was received of it. One request, and one more for a project that
    is given by name or a commit that is given by its branch. Raises NotFound, BadValue.
    """
    resource = reader.resource(type_name)
    if resource.alias == "counter":
        found = yield from _by_number(reader, resource, alias)
    elif resource.alias == "identifier":
        found = yield from _by_identifier(reader, resource, alias)
    elif resource.alias == "alias":
        found = yield from _by_alias(reader, resource, alias)
    elif resource.alias is not None and resource.short_list:
        found = yield from _by_field(reader, resource, resource.alias, alias, ())
    elif resource.alias is not None:
        query, rest = yield from _split_project(reader, alias)
        found = yield from _by_field(reader, resource, resource.alias, rest, query)
    else:
        raise BadValue(f"{type_name}({alias!r}): this is not a UUID, and {resource.label}s have no other key.")
    return reader.known.row(found)


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else -1


def _by_number(reader: LookupReader, resource: Resource, alias: str) -> Flow[Oid]:
    project, _, number = alias.rpartition(":")
    if not project or (number != LATEST and _number(number) < 0):
        raise BadValue(
            f"{resource.type}({alias!r}): give its UUID, <project>:<number> or <project>:{LATEST}.",
            type_name=resource.type,
        )
    key = yield from _project(reader, project)
    place = reader.options.endpoint_path(resource.path, f"{key}:{number}")
    item = yield from fetch_object_or_none(place, reader.query(resource, ()))
    if item is None:
        raise NotFound(
            f"There is no {resource.type} {alias!r}, or this user may not see it.", type_name=resource.type, status=404
        )
    counter, home = item.get("counter"), item.get("project")
    home = home.get("id") if isinstance(home, dict) else home
    is_it = (number == LATEST or counter in (None, _number(number))) and home in (None, key)
    confirm(is_it, f"{resource.type} {alias!r}", f"number {counter!r} of project {home!r}", f"GET {place}")
    return _add(reader, resource, item, alias, key)


def _by_identifier(reader: LookupReader, resource: Resource, alias: str) -> Flow[Oid]:
    project, _, name = alias.rpartition(":")
    if not project or not name:
        raise BadValue(
            f"Commit({alias!r}): a commit is found within a project: <project>:<identifier or branch>.",
            type_name="Commit",
        )
    key = yield from _project(reader, project)
    own = (("project", str(key)),)
    place = reader.options.endpoint_path(resource.path, quote(name, safe="~"))
    item = yield from fetch_object_or_none(place, own)
    if item is not None:
        require_same(resource, Oid("Commit", commit_key(key, name)), item, f"GET {place}")
        return reader.take_one(resource, item, ParseContext(key)) or Oid("Commit", commit_key(key, name))
    objects = yield from read_all(reader.options.endpoint_path(resource.path), own, reader.options)
    branch = [one for one in objects if one.get("ref") == name or name in _texts(one.get("ref_names"))]
    if not branch:
        raise NotFound(f"The project has no commit and no branch {name!r}.", type_name="Commit", status=404)
    return _add(reader, resource, max(branch, key=lambda one: str(one.get("commit_time") or "")), alias, key)


def _by_alias(reader: LookupReader, resource: Resource, alias: str) -> Flow[Oid]:
    """Read the datum that an alias means."""
    query, name = yield from _split_project(reader, _address_removed(resource, alias))
    place = reader.options.endpoint_path("datum-aliases", "resolve")
    item = (yield from fetch_object_or_none(place, (("name", name), *query))) or {}
    confirm(item.get("name") in (None, name), f"the alias {name!r}", f"{item.get('name')!r}", f"GET {place}")
    datum = item.get("datum")
    if not isinstance(datum, dict):
        where = "in this project." if query else "here. Aliases of a project are found within it: <project>:<alias>."
        raise NotFound(f"There is no alias {name!r} of a datum {where}", type_name=resource.type, status=404)
    return _add(reader, resource, datum, alias, None)


def _address_removed(resource: Resource, text: str) -> str:
    """The id or alias in the address of a datum, `datum://<id or alias>` (reference 7.6); other texts as they are."""
    return text.removeprefix("datum://") if resource.alias == "alias" else text


def _split_project(reader: LookupReader, alias: str) -> Flow[tuple[Pairs, str]]:
    """A project in front of a name, as a filter, and the name."""
    project, colon, name = alias.rpartition(":")
    if not colon:
        return (), alias
    key = yield from _project(reader, project)
    return (("project", str(key)),), name


def _project(reader: LookupReader, text: str) -> Flow[Key]:
    if is_uuid(text):
        return text.lower()
    resource = reader.resource("Project")
    return (yield from _by_field(reader, resource, "name", text, ())).key


def _by_field(reader: LookupReader, resource: Resource, name: str, value: str, query: Pairs) -> Flow[Oid]:
    """Find the one object of a list whose field *name* has a *value*."""
    objects = yield from read_all(reader.options.endpoint_path(resource.path), query, reader.options)
    found = [item for item in objects if item.get(name) == value]
    if len(found) > 1:
        keys = ", ".join(str(item.get("id")) for item in found[:5])
        raise BadValue(
            f"There are {len(found)} assets of type {resource.type} whose {name} is {value!r} ({keys}); give the id.",
            type_name=resource.type,
        )
    if not found:
        raise NotFound(f"No {resource.type} has the {name} {value!r}.", type_name=resource.type, status=404)
    return _add(reader, resource, found[0], value, None)


def _add(reader: LookupReader, resource: Resource, item: Object, alias: str, project: Key | None) -> Oid:
    oid = reader.take_one(resource, item, ParseContext(project))
    if oid is None:
        raise NotFound(f"The answer for {resource.type}({alias!r}) has no id.", type_name=resource.type, status=404)
    return oid


def _texts(value: Json) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
