"""Keys of Valohai: UUIDs, numbers, and keys of two parts where one is not enough.

Commit                        <project>/<identifier>; a hyphen in place of a project that is not known
PipelineNode, PipelineEdge    <pipeline>/<id>: they are members of their pipeline and nothing else
Repository                    its number, or the project where bodies leave the number out
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from msgspec.structs import replace

from assetmeta.backends.responses import Json, confirm
from assetmeta.backends.rest.hooks import Identified, Keys, ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.rest.pushdown import plain_text
from assetmeta.backends.rest.spec import Api, Field, Resource
from assetmeta.backends.valohai.codecs import is_uuid
from assetmeta.model.errors import BadValue
from assetmeta.model.plans import RawValue
from assetmeta.model.values import Key, Oid

_NOWHERE = "-"


@dataclass(frozen=True, slots=True)
class ValohaiKeys(Keys):
    """Keys that contain the project, or the pipeline, of an object where its own id is not enough."""

    api: Api
    memory: ServerMemory

    def identify(self, resource: Resource, item: Object, context: ParseContext, key: Key | None = None) -> Identified:
        """Identify an object, and remember where it is, and its number there. A commit implies its project."""
        context = self._complete_context(resource, item, context)
        key = self.parse(resource, item, context) if key is None else key
        if key is None:
            return Identified(None)
        if resource.type == "Organization":
            self.memory.remember_organization(key)
        counter = item.get("counter") if resource.alias == "counter" else None
        if context.project is not None:
            number = counter if isinstance(counter, int) else None
            self.memory.remember(Oid(resource.type, key), context.project, number)
        project = commit_parts(key)[0] if resource.key == "commit" else None
        implied: dict[str, RawValue] | None = (
            None if project is None else {"project_id": project, "project": Oid("Project", project)}
        )
        return Identified(key, context, implied)

    def _complete_context(self, resource: Resource, item: Object, context: ParseContext) -> ParseContext:
        """Add the project that an object contains, or that of the deployment that it names."""
        found = item.get("id") if resource.type == "Project" else item.get("project", item.get("project_id"))
        found = found.get("id") if isinstance(found, dict) else found
        if not isinstance(found, str):
            deployment = item.get("deployment")
            known = self.memory.places.get(Oid("Deployment", deployment)) if isinstance(deployment, str) else None
            found = str(known.project) if known else None
        return context if found in (None, context.project) else replace(context, project=found)

    def parse(self, resource: Resource, value: Json, context: ParseContext) -> Key | None:
        """The key in a reference, with the project or the pipeline that it was found in where keys contain that."""
        owner = context.owner or (value.get("pipeline") if isinstance(value, dict) else None)
        return parse_key_from(resource, value, context.project, owner)

    def choose(self, known: Field, value: Json) -> str | None:
        """The type in the address of an object; Organization for an owner that is known to be one."""
        whole = value if isinstance(value, dict) else {}
        if known.union and (whole.get("id") if whole else value) in self.memory.organizations:
            return "Organization"
        url = whole.get("url")
        steps = urlsplit(url).path.split("/") if isinstance(url, str) else []
        return next((name for name in known.to if self.api.types[name].path in steps), None)

    def resolve(self, oid: Oid) -> Oid:
        """Return the identity, which may be an alias. Raises BadValue for an asset that is not on the server yet."""
        if oid.is_new:
            raise BadValue(f"{oid.token} is not on the server yet.", oid=oid.token, type_name=oid.type)
        return oid

    def is_alias(self, oid: Oid) -> bool:
        """True for a slug, a name, a branch and their like."""
        return is_alias(self.api, oid)

    def item_path(self, resource: Resource, key: Key) -> str:
        """The path of an object."""
        return f"{resource.path}/{path_key(Oid(resource.type, key))}"

    def confirm(self, resource: Resource, oid: Oid, item: Object, line: str) -> None:
        """Raise InvalidResponse for another object."""
        require_same(resource, oid, item, line)


def is_alias(api: Api, oid: Oid) -> bool:
    """True for an asset that is named by something else than its key; the server resolves that."""
    resource = api.types.get(oid.type)
    return isinstance(oid.key, str) and (resource is None or parse_key(resource, oid.key) is None)


def path_key(oid: Oid) -> Key:
    """Return an asset's key as it is part of a path. Raises BadValue for what is not an id, such as an alias."""
    if isinstance(oid.key, int) or is_uuid(oid.key):
        return oid.key
    raise BadValue(f"{oid.token} is not a valid key: ids are numbers or UUIDs.", oid=oid.token, type_name=oid.type)


def commit_key(project: Key | None, identifier: str) -> str:
    """The key of a commit. A project whose id is none of the server's kind is as good as unknown."""
    return f"{project if isinstance(project, str) and is_uuid(project) else _NOWHERE}/{identifier}"


def commit_parts(key: Key) -> tuple[str | None, str]:
    """The project, if it is known, and the identifier of a commit. Raises BadValue for a key without both."""
    project, slash, identifier = str(key).partition("/")
    if not slash or not identifier or not (project == _NOWHERE or is_uuid(project)):
        raise BadValue(
            f"Commit:{key} names no project: write <project uuid>/<identifier>, or <project uuid>:<branch>.",
            type_name="Commit",
        )
    return None if project == _NOWHERE else project, identifier


def member_parts(key: Key, type_name: str) -> tuple[str, str]:
    """The object that a member is part of, and its own id. Raises BadValue for a key without both."""
    owner, slash, own = str(key).partition("/")
    if not slash or not own or not owner:
        raise BadValue(
            f"{type_name}:{key} does not name what it is part of: write <pipeline uuid>/<id>.", type_name=type_name
        )
    return owner, own


def parse_key(resource: Resource, text: str) -> Key | None:
    """The key that a text is for assets of *resource*, None when it is none."""
    text = text.strip()
    if resource.key in ("commit", "member"):
        first, slash, rest = text.partition("/")
        return text if slash and rest and (is_uuid(first) or first == _NOWHERE) else None
    if is_uuid(text):
        return text.lower()
    return int(text) if resource.key == "int" and re.fullmatch(r"[0-9]{1,18}", text) else None


def require_key(resource: Resource, key: Key) -> Key:
    """Return a key that can be part of a path. Raises BadValue for a new asset's key, and for what is not a key."""
    token = Oid(resource.type, key).token
    if Oid(resource.type, key).is_new:
        raise BadValue(f"{token} is not on the server yet.", oid=token, type_name=resource.type)
    if resource.key == "commit":
        commit_parts(key)
    elif resource.key == "member":
        member_parts(key, resource.type)
    elif isinstance(key, str) and not re.fullmatch(r"(?!\.+\Z)[\w.~-]+", key):
        raise BadValue(f"{token} is not a valid key: ids are numbers or UUIDs.", oid=token, type_name=resource.type)
    return key


def require_same(resource: Resource, oid: Oid, item: Object, line: str) -> Object:
    """Return the object that a request for *oid* was answered with. Raises InvalidResponse for another one; an object
    without a key is taken for the one that was requested.
    """
    if resource.key == "commit":
        confirm(*_commit(oid, item), line)
    elif resource.key != "member" and item.get("id") is not None:
        confirm(str(item["id"]).lower() == str(oid.key).lower(), oid.token, f"id {item['id']!r}", line)
    return item


def _commit(oid: Oid, item: Object) -> tuple[bool, str, str]:
    """Whether an object is the commit that was requested: by its identifier, the beginning of it, or a branch."""
    project, name = commit_parts(oid.key)
    given = item.get("identifier")
    known = given is None or str(given).startswith(name) or name in _names(item)
    place = item.get("project", item.get("project_id"))
    place = place.get("id") if isinstance(place, dict) else place
    is_there = project is None or not isinstance(place, str) or place.lower() == project.lower()
    return known and is_there, oid.token, f"commit {given!r} of project {place!r}"


def _names(item: Object) -> Iterator[str]:
    names = item.get("ref_names")
    for name in (item.get("ref"), *(names if isinstance(names, list) else ())):
        if isinstance(name, str):
            yield name
            yield name.rpartition("/")[2]


def parse_key_from(resource: Resource, value: Json, project: Key | None, owner: Json) -> Key | None:
    """The key in a reference: a bare id, its text, or an object with it; None for null and for what has none.

    *project* is the one that the reference was found in, *owner* the object that members are part of.
    """
    whole = value if isinstance(value, Mapping) else None
    value = whole.get("identifier" if resource.key == "commit" else "id") if whole is not None else value
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return project if whole and resource.type == "Repository" else None
    if resource.key == "commit":
        return commit_key(project, str(value))
    if resource.key == "member":
        return None if owner is None else f"{owner}/{value}"
    if resource.key == "int":
        return int(value) if re.fullmatch(r"[0-9]{1,18}", str(value)) else None
    return value


def condition_key(resource: Resource, value: object) -> Key | None:
    """The key that a value in a condition is."""
    return parse_key(resource, str(value))


def filter_text(value: object) -> str | None:
    """A value as a query parameter; None also for a text with a comma, which would be several values."""
    if isinstance(value, Oid):
        return str(value.key)
    return None if isinstance(value, str) and "," in value else plain_text(value)
