"""Objects of the API as cells, and the objects embedded in them as cells of their own assets (reference 7, 8, 14).

The same relation comes as an object, a bare id or a text, depending on where it stands; rows of lists lack keys that
whole objects have. A key that is missing gives no cell: it is not loaded, rather than empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assetmeta.backends.local.records import RowStore
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.http import Object, text_of
from assetmeta.backends.rest.spec import Api, Field, Resource, field_of
from assetmeta.backends.valohai.codecs import is_uuid
from assetmeta.backends.valohai.keys import commit_parts, parse_key_from
from assetmeta.backends.valohai.options import ServerMemory
from assetmeta.model.codecs import Raw
from assetmeta.model.plans import RawValue
from assetmeta.model.schema import Schema
from assetmeta.model.texts import JsonText
from assetmeta.model.values import Key, Oid

_DATUM = re.compile(r'"datum://([^"/?#\\]+)')


@dataclass(frozen=True, slots=True)
class ParseContext:
    """Where an object was met: the *project* that it is in, as far as that is told, the id of the *owner* that it
    stands in, and whether it is *embedded* in another.
    """

    project: Key | None = None
    owner: Json = None
    embedded: bool = False


NO_CONTEXT = ParseContext()


@dataclass(slots=True)
class Reader:
    """Reads objects into what is *known*."""

    schema: Schema
    table: Api
    known: RowStore
    learned: ServerMemory
    _seen: dict[Oid, Object] = field(default_factory=dict)
    _fields: dict[str, dict[str, Field]] = field(default_factory=dict)

    def take(
        self, endpoint: Resource, item: Object, around: ParseContext = NO_CONTEXT, oid: Oid | None = None
    ) -> Oid | None:
        """Add an object, and all that are embedded in it, to what is known; return its identity, if it has one.

        *oid* is what it was asked for as, where its body may not say that.
        """
        project = self._project(endpoint, item) or around.project
        if oid is None:
            key = parse_key_from(endpoint, item, project, around.owner or item.get("pipeline"))
            if key is None:
                return None
            oid = Oid(endpoint.type, key)
        if around.embedded and oid in self.known.cells and self._seen.get(oid) == item:
            # Most rows of a list embed the same few objects.
            return oid
        if oid.type == "Organization":
            self.learned.organizations.add(oid.key)
        counter = item.get("counter")
        self.learned.met(oid, project, counter if isinstance(counter, int) and endpoint.alias == "counter" else None)
        self.known.take(oid, self._cells(endpoint, item, ParseContext(project, oid.key, around.embedded), oid))
        if around.embedded:
            self._seen[oid] = item
        return oid

    def _project(self, endpoint: Resource, item: Object) -> Key | None:
        """The project that an object says it is in, or that of the deployment that it names."""
        if endpoint.type == "Project":
            found = item.get("id")
        else:
            found = item.get("project", item.get("project_id"))
        found = found.get("id") if isinstance(found, dict) else found
        if isinstance(found, str):
            return found
        deployment = item.get("deployment")
        place = self.learned.places.get(Oid("Deployment", deployment)) if isinstance(deployment, str) else None
        return place.project if place else None

    def fields(self, endpoint: Resource) -> dict[str, Field]:
        """The fields of a type by name; some bodies hold also what is usually not shown."""
        found = self._fields.get(endpoint.type)
        if found is None:
            names = self.schema.type(endpoint.type).attributes
            found = {name: field_of(endpoint, self.schema, name) for name in names}
            self._fields[endpoint.type] = found
        return found

    def _cells(self, endpoint: Resource, item: Object, here: ParseContext, oid: Oid) -> dict[str, RawValue]:
        found: dict[str, RawValue] = {}
        told: set[str] = set()
        for name, known in self.fields(endpoint).items():
            key = known.source_key or name
            # A key may bear the name of a list that is made by asking for it, and be a number or an address.
            if key not in item or (known.listed_separately and not isinstance(item[key], list)):
                continue
            told.add(key)
            if not (here.embedded and known.null_when_embedded and item[key] is None):
                found[name] = self._cell(known, item[key], item, here)
        declared = self.fields(endpoint)
        found |= {key: _undeclared(value) for key, value in item.items() if key not in told and key not in declared}
        if endpoint.key == "commit" and "project" not in found:
            project, _ = commit_parts(oid.key)
            if project is not None:
                found |= {"project_id": project, "project": Oid("Project", project)}
        return found

    def _cell(self, known: Field, value: Json, item: Object, here: ParseContext) -> RawValue:
        if known.kind != "Relation":
            return _words(value) if known.many else _scalar(value, known)
        if known.shape == "uris":
            return tuple(self._met(self.table.types[oid.type], oid) for oid in _data_in(value))
        if known.shape == "source":
            return self._source(known, value, here)
        if not known.many:
            return self._target(known, value, item, here)
        members = value if isinstance(value, list) else []
        unwrapped = [one[known.wrap] if isinstance(one, dict) and known.wrap in one else one for one in members]
        targets = [self._target(known, one, item, here) for one in unwrapped]
        return tuple(oid for oid in targets if oid is not None)

    def _target(self, known: Field, value: Json, item: Object, here: ParseContext) -> Oid | None:
        """The asset that a reference leads to; what an embedded object tells of it becomes known."""
        endpoint = self._way(known, value)
        if endpoint is None or value is None:
            return None
        # Members refer to each other by their own ids, within the object that both stand in.
        owner = item.get("pipeline", here.owner) if endpoint.key == "member" else None
        if isinstance(value, dict):
            return self.take(endpoint, value, ParseContext(here.project, owner, embedded=True))
        key = parse_key_from(endpoint, value, here.project, owner)
        if key is None:
            return None
        oid = Oid(endpoint.type, key)
        if "project" in endpoint.filters:
            self.learned.met(oid, here.project)
        return self._met(endpoint, oid)

    def _met(self, endpoint: Resource, oid: Oid) -> Oid:
        """An asset of which nothing but its identity was told: its id is known from now on, and what is asked for
        later is no more than what somebody looks at.
        """
        if oid not in self.known.cells and "id" in endpoint.fields and endpoint.key != "member":
            self.known.take(oid, {"id": oid.key})
        return oid

    def _way(self, known: Field, value: Json) -> Resource | None:
        """Where a reference leads: what its own address says, or else the likeliest endpoint."""
        ways = [self.table.types[name] for name in known.to if name in self.table.types]
        if known.union and (value.get("id") if isinstance(value, dict) else value) in self.learned.organizations:
            return self.table.types["Organization"]
        url = value.get("url") if isinstance(value, dict) and len(ways) > 1 else None
        if isinstance(url, str):
            steps = urlsplit(url).path.split("/")
            return next((way for way in ways if way.path in steps), ways[0])
        return ways[0] if ways else None

    def _source(self, known: Field, value: Json, here: ParseContext) -> Oid | None:
        """What a source is, where it is of the type that the field leads to."""
        endpoint = self._way(known, value)
        if endpoint is None or not isinstance(value, Mapping) or value.get("type") != endpoint.type.lower():
            return None
        key = parse_key_from(endpoint, value.get("id"), here.project, None)
        return None if key is None else self._met(endpoint, Oid(endpoint.type, key))


def _data_in(value: Json) -> tuple[Oid, ...]:
    """The data among the addresses of inputs; aliases and addresses elsewhere are no assets' ids."""
    found = _DATUM.findall(text_of(inputs(value)))
    return tuple(dict.fromkeys(Oid("Datum", key.lower()) for key in found if is_uuid(key)))


def inputs(value: Json) -> Json:
    """Inputs in the form in which they are written: a map from names to lists of addresses."""
    if not isinstance(value, list):
        return value
    named = [item for item in value if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return {str(item["name"]): item.get("urls", []) for item in named}


def _words(value: Json) -> tuple[Raw, ...]:
    """Plain members of a list; of objects their names."""
    members = value if isinstance(value, list) else []
    plain = [one.get("name") if isinstance(one, dict) else one for one in members]
    return tuple(one for one in plain if one is not None and not isinstance(one, list | dict))


def _scalar(value: Json, known: Field) -> RawValue:
    if value is None:
        return None
    if known.shape == "inputs":
        value = inputs(value)
    return text_of(value) if known.kind == "Json" or isinstance(value, list | dict) else value


def _undeclared(value: Json) -> RawValue:
    """What stands under a key that nobody declared: scalars as they are, all else as JSON."""
    return JsonText(text_of(value)) if isinstance(value, list | dict) else value
