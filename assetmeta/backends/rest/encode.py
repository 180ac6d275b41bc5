"""Python values as the server accepts them: ids for assets, numbers as numbers, an empty text or null for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from assetmeta.backends.rest.hooks import Keys
from assetmeta.backends.rest.http import Sendable
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.rest.spec import Api, Field, Resource
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.frozen import ConcealedDict, ConcealedList, frozen
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.texts import Hidden
from assetmeta.model.values import Oid

Real = Callable[[Oid], "Oid | None"]
"""Returns the real identity of an asset that was created under a provisional one."""

Names = Mapping[Oid, str]
"""Names of assets that are written by name."""

DOCUMENTS = frozenset({"Json", "SecretJson", "Source", "Inputs"})
"""Kinds whose values are pieces of JSON, and sent as they are."""

_TEXTS = frozenset({"Text", "Html", "Formula"})
_LEAST = 4
"""Characters of a text that can be a secret; shorter ones would be found in any words."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes bodies of changes. *resolve_text* puts real identities into texts that name assets."""

    schema: Schema
    api: Api
    keys: Keys
    memory: ServerMemory
    resolve_text: Callable[[str, Real], str] | None = None
    aliases: dict[Oid, Oid] = field(default_factory=dict)

    def oid(self, oid: Oid) -> Oid:
        """Return the identity that the server knows. Raises BadValue for an asset that it does not have."""
        return self.keys.resolve((self.aliases.get(oid) or self.memory.real_oid(oid) or oid).current)

    def value(self, value: object) -> object:
        """Put real identities in the place of provisional ones, also within texts."""
        if isinstance(value, Oid):
            return self.oid(value)
        if self.resolve_text is not None and isinstance(value, str):
            return self.resolve_text(value, self.memory.real_oid)
        return value

    def document(
        self,
        resource: Resource,
        deltas: Iterable[AttributeChange],
        lists: Mapping[str, tuple[object, ...]],
        names: Names,
        *,
        creating: bool,
    ) -> dict[str, Sendable]:
        """Return the body that makes *deltas* so. *lists* are the present members of lists that are written whole.

        Raises ReadOnly for what the server sets itself, or takes only while an asset is created; BadValue.
        """
        found: dict[str, Sendable] = {}
        for delta in deltas:
            attribute = self.schema.attribute(resource.type, delta.name)
            known = resource.fields.get(delta.name) or Field(attribute.kind, access="rw")
            self._check_access(resource, attribute, known, creating=creating)
            if known.action is not None or known.access == "parent":
                continue
            key = self._key(resource, delta.name, known)
            if delta.is_multi:
                members = map(self.value, delta.applied_to(lists.get(delta.name, ())))
                written = [self.sendable(resource, attribute, known, value, names) for value in members]
                found[key] = [{known.wrap: value} for value in written] if known.wrap else written
                continue
            value = self.value(delta.new)
            found[key] = self.sendable(resource, attribute, known, value, names)
            if known.type_in is not None:
                found.setdefault(known.type_in, number_of(self.schema, value) if isinstance(value, Oid) else None)
        return found

    def _key(self, resource: Resource, name: str, known: Field) -> str:
        """The key to write a field under: of an old and a new name, the one that this server's objects have."""
        seen = self.memory.present.get(resource.type, set()) if known.alternative_key else set()
        if known.alternative_key in seen and name not in seen:
            return known.alternative_key
        return known.written_key or name

    def _check_access(self, resource: Resource, attribute: Attribute, known: Field, *, creating: bool) -> None:
        if attribute.writable and (known.is_creatable if creating else known.is_updatable):
            return
        only_new = known.is_creatable and not known.is_updatable
        why = "it is set while the asset is created and never after" if only_new else "the server works it out itself"
        raise ReadOnly(
            f"{resource.type}.{attribute.name} is read-only: {why}.", type_name=resource.type, attribute=attribute.name
        )

    def sendable(self, resource: Resource, attribute: Attribute, known: Field, value: object, names: Names) -> Sendable:
        """Return one value as JSON. Raises BadValue for an asset of a type that the field does not take."""
        if isinstance(value, Oid):
            return self._reference(resource, attribute.name, known, value, names)
        if value is None:
            return "" if attribute.kind in _TEXTS and not known.nullable else None
        if known.shape == "inputs":
            return inputs(value)
        if attribute.kind in DOCUMENTS:
            return value  # type: ignore[return-value]
        written = _plain(attribute, value)
        filter_ = resource.filters.get(attribute.name)
        return written.lower() if filter_ and filter_.lowercased and isinstance(written, str) else written

    def _reference(self, resource: Resource, name: str, known: Field, oid: Oid, names: Names) -> Sendable:
        if known.to and oid.type not in known.to and oid.type != known.union:
            raise BadValue(
                f"{resource.type}.{name} takes a {' or a '.join(known.to)}, not {oid.token}.",
                type_name=resource.type,
                attribute=name,
            )
        if known.shape == "object":
            return {"id": oid.key, "contenttype": number_of(self.schema, oid)}
        if known.write_as == "name":
            return names.get(oid, oid.key)
        is_commit = self.resource_key(oid) == "commit" and not self.keys.is_alias(oid)
        return str(oid.key).partition("/")[2] if is_commit else oid.key

    def resource_key(self, oid: Oid) -> str:
        """The form of the keys of an asset's type."""
        known = self.api.types.get(oid.type)
        return known.key if known else ""


def _plain(attribute: Attribute, value: object) -> Sendable:
    """A plain value: numbers as numbers, lengths of time as seconds, times and decimals as texts."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal) and attribute.kind == "Number":
        return float(value)
    return attribute.codec.encode(value)


def number_of(schema: Schema, oid: Oid) -> int:
    """The content type id of an asset's type on this server. Raises BadValue where it has none, or where the session
    did not read them.
    """
    number = schema.type(oid.type).number
    if number is None and all(kind.number is None for kind in schema.types.values()):
        raise BadValue(
            f"{oid.token} cannot be referred to: that takes the content type of {oid.type}, and this session knows "
            'none. survey="none" does not read them; ValispaceMeta(..., survey="root") does (two requests).',
            oid=oid.token,
        )
    if number is None:
        raise BadValue(f"This server names no content type for {oid.type}; {oid.token} cannot be referred to.")
    return number


def inputs(value: object) -> Sendable:
    """Return inputs as a map from names to lists of addresses, also where they are given as they are read (a list of
    `name` and `urls`) or with a single address for a list.
    """
    if isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value):
        value = {item["name"]: item.get("urls", []) for item in value}
    if not isinstance(value, Mapping):
        raise BadValue(f"Inputs are a dict from names to lists of addresses, not {value!r:.80}.", attribute="inputs")
    return {str(name): [urls] if isinstance(urls, str) else urls for name, urls in value.items()}


def as_read(attribute: Attribute, known: Field, cell: object) -> Sendable:
    """Return what an object contains in the form in which it is written back, as a PUT of the whole object needs."""
    if isinstance(cell, Oid):
        return cell.key
    if isinstance(cell, tuple):
        members = [as_read(attribute, known, member) for member in cell]
        return [{known.wrap: member} for member in members] if known.wrap else members
    if attribute.kind in DOCUMENTS and isinstance(cell, str):
        return attribute.codec.decode(cell)  # type: ignore[return-value]
    return float(cell) if isinstance(cell, Decimal) else cell  # type: ignore[return-value]


def secrets_of(change: Change, concealed: Iterable[str] = ()) -> tuple[str, ...]:
    """The texts that a change writes and that are never shown; *concealed* names such arguments of a call."""
    if isinstance(change, Create | Update):
        values: list[object] = [delta.new for delta in change.deltas]
    else:
        arguments = change.arguments if isinstance(change, Call) else ()
        values = [frozen([value], concealed=True) if name in concealed else value for name, value in arguments]
    return tuple(text for value in values for text in _hidden(value, within=False) if len(text) >= _LEAST)


def secrets_in(value: object) -> tuple[str, ...]:
    """The texts in a value that is secret as a whole."""
    return tuple(text for text in _hidden(value, within=True) if len(text) >= _LEAST)


def _hidden(value: object, *, within: bool) -> Iterator[str]:
    """The texts in a value that no repr shows; *within* one of those that are secret as a whole, all of them."""
    if isinstance(value, Hidden) or (within and isinstance(value, str)):
        yield str(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _hidden(item, within=within or isinstance(value, ConcealedDict))
    elif isinstance(value, list):
        for item in value:
            yield from _hidden(item, within=within or isinstance(value, ConcealedList))
