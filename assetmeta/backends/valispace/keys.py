"""Keys of Valispace: whole numbers, also where a reference is a text or an object with an id (reference 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assetmeta.backends.responses import Json, confirm
from assetmeta.backends.rest.encode import Real
from assetmeta.backends.rest.hooks import Identified, Keys, ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.rest.pushdown import plain_text
from assetmeta.backends.rest.spec import Resource
from assetmeta.model import ordering
from assetmeta.model.errors import BadValue
from assetmeta.model.plans import AttributeChange
from assetmeta.model.values import Key, Oid

_PROVISIONAL = re.compile(r"\$(new-[0-9]+)")


@dataclass(frozen=True, slots=True)
class ValispaceKeys(Keys):
    """Numbers, wherever an object is found."""

    memory: ServerMemory

    def identify(self, resource: Resource, item: Object, context: ParseContext, key: Key | None = None) -> Identified:
        """Identify an object, and remember its project as the one that is in use."""
        key = identity(item) if key is None else key
        project = key if resource.type == "Project" else None
        if project is None and "project" in resource.fields:
            project = identity(item.get("project"))
        if project is not None and next(reversed(self.memory.projects), None) != project:
            self.memory.remember_project(project)
        return Identified(key, context)

    def parse(self, resource: Resource, value: Json, context: ParseContext) -> Key | None:
        """The id in a reference."""
        return identity(value)

    def resolve(self, oid: Oid) -> Oid:
        """Return the identity. Raises BadValue for an asset that the server does not have."""
        return Oid(oid.type, require_key(oid.type, oid.key))

    def item_path(self, resource: Resource, key: Key) -> str:
        """The path of an object."""
        return f"{resource.path}/{require_key(resource.type, key)}"

    def confirm(self, resource: Resource, oid: Oid, item: Object, line: str) -> None:
        """Raise InvalidResponse for another object; one without an id is taken for the one that was requested."""
        confirm(identity(item.get("id")) in (None, oid.key), oid.token, f"id {item.get('id')!r}", line)


def identities(objects: Iterable[Object]) -> list[Key | None]:
    """The ids of objects, same order."""
    return [identity(item.get("id")) for item in objects]


def identity(value: Json) -> Key | None:
    """The id in a reference: a number, a numeric text, or an object with an `id`."""
    if isinstance(value, dict):
        value = value.get("id")
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if isinstance(value, str) and value.isdecimal() else value if isinstance(value, int) else None


def require_key(type_name: str, key: Key) -> Key:
    """Return a key that can be part of a path. Raises BadValue for text, and for a new asset's key."""
    if not isinstance(key, int):
        token = Oid(type_name, key).token
        why = (
            "is not a valid key: an id is a number. A query finds assets by names, as in Project.where(name=...).one()"
        )
        if Oid(type_name, key).is_new:
            why = "is not on the server yet"
        raise BadValue(f"{token} {why}.", oid=token, type_name=type_name)
    return key


def parse_key(resource: Resource, value: object) -> Key | None:
    """The key that a value in a condition is."""
    return value if isinstance(value, int) else None


def filter_text(value: object) -> str | None:
    """A value as a query parameter. Raises BadValue for an asset that the server does not have."""
    return str(require_key(value.type, value.key)) if isinstance(value, Oid) else plain_text(value)


def references_in(delta: AttributeChange) -> list[Oid]:
    """The assets that a delta names, also new valis within formulas."""
    texts = [value for value in (delta.new, *delta.added) if isinstance(value, str) and "$new-" in value]
    return [*ordering.references_in(delta), *(Oid("Vali", key) for text in texts for key in _PROVISIONAL.findall(text))]


def resolve_text(text: str, real: Real) -> str:
    """Put real identities into a formula: `$205` in the place of `$new-1`."""
    return _PROVISIONAL.sub(lambda match: _dollar(match[0], Oid("Vali", match[1]), real), text)


def _dollar(text: str, oid: Oid, real: Real) -> str:
    # `$new-1` that was never created here is a property called "new", less one.
    found = real(oid)
    return text if found is None else f"${found.key}"
