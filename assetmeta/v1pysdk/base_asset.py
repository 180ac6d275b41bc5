"""Assets as the SDK shows them: a face of a core asset each, with texts, plain lists and changes kept as given."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pprint import pformat
from typing import Any, ClassVar, Self, cast

from assetmeta.core.asset import Asset
from assetmeta.core.relations import NullReference, RelatedList
from assetmeta.core.state import Instance, LoadedValue, forget, merge_row
from assetmeta.core.values import cell_members, cell_value
from assetmeta.core.walk import is_loaded, read, walk
from assetmeta.model.errors import BadValue, UnknownName, nearest
from assetmeta.model.plans import RawValue, Row
from assetmeta.model.printable import printable
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import ABSENT, UNREAD, Oid
from assetmeta.v1pysdk.none_deref import NoneDeref
from assetmeta.v1pysdk.query import V1Query

_OWN = ("_v1_oid", "_v1_core", "_v1_new_data", "_v1_asof")


class IterableType(type):
    """The class of asset classes: `list(v1.Story)` reads all stories with their basic attributes."""

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls.query())  # type: ignore[attr-defined]

    def __repr__(cls) -> str:
        return printable(f"<asset type {cls.__name__}>")


class BaseAsset(metaclass=IterableType):
    """One asset. Attributes are texts, assets or lists of assets; what was set is written by the next commit.

    `v1.Story(1005)` is one object however often it is named. Attributes that the server does not have can be set on it
    and are kept, but never sent.
    """

    _v1_v1meta: ClassVar[Any]
    _v1_asset_type_name: ClassVar[str]
    _v1_oid: Any
    _v1_core: Asset
    _v1_new_data: dict[str, Any]
    _v1_asof: Any

    def __new__(cls, oid: Any) -> Self:
        """Return the one asset of that id. Sends nothing, except for an abstract type: one request to find out which
        concrete one it is. Raises ValueError.
        """
        found: Self = cls._v1_v1meta.face(cls._v1_asset_type_name, oid)
        return found

    @classmethod
    def query(cls, where: str | None = None, sel: str | None = None) -> V1Query:
        """Start a query, optionally with a filter and a comma-separated selection."""
        return V1Query(cls, sel, where)

    @classmethod
    def select(cls, *names: str) -> V1Query:
        """Query all assets, loading these attributes; see V1Query.select."""
        return V1Query(cls).select(*names)

    @classmethod
    def where(cls, terms: Mapping[str, Any] | None = None, **equals: Any) -> V1Query:
        """Query the assets with these values; see V1Query.where."""
        return V1Query(cls).where(terms, **equals)

    @classmethod
    def filter(cls, filterexpr: str | None) -> V1Query:
        """Query with a filter in the server's language; see V1Query.filter."""
        return V1Query(cls).filter(filterexpr)

    @classmethod
    def sort(cls, *names: str) -> V1Query:
        """Query all assets in this order; see V1Query.sort."""
        return V1Query(cls).sort(*names)

    @classmethod
    def find(cls, text: str | None = None, field: str | None = None) -> V1Query:
        """Query by the server's text search; see V1Query.find."""
        return V1Query(cls).find(text, field)

    @classmethod
    def page(cls, size: int | None = None, start: int | None = None) -> V1Query:
        """Query a window; see V1Query.page."""
        return V1Query(cls).page(size, start)

    @classmethod
    def asof(cls, *moments: Any) -> V1Query:
        """Query the past; see V1Query.asof."""
        return V1Query(cls).asof(*moments)

    @classmethod
    def create(cls, **newdata: Any) -> Any:
        """Create an asset at once and return it. One request. Raises V1Error when the server refuses it."""
        return cls._v1_v1meta.create_asset(cls._v1_asset_type_name, newdata)

    @classmethod
    def from_query_select(cls, xml: Any, asof: Any = None) -> Any:
        """Return the asset of an `<Asset>` element, with the element's values loaded. Sends nothing."""
        meta = cls._v1_v1meta
        return meta.asset_from_oid(xml.get("id")).with_data(meta.unpack_asset(xml))

    @property
    def intid(self) -> Any:
        """The id as it was first given: a number from the program, a text from the server."""
        return self._v1_oid

    @property
    def idref(self) -> str:
        """The token, such as `Story:1005`."""
        return f"{self._v1_asset_type_name}:{self._v1_oid}"

    @property
    def reprref(self) -> str:
        """`Story(1005)`."""
        return f"{self._v1_asset_type_name}({self._v1_oid})"

    @property
    def url(self) -> str:
        """The page of the asset in the product's own user interface."""
        found: str = self._v1_v1meta.server.build_url("/assetdetail.v1", query={"oid": self.idref})
        return found

    @property
    def AsOf(self) -> Any:
        """The time as of which the asset is seen, as it was given; None for now."""
        return self._v1_asof

    @property
    def data(self) -> LoadedValues:
        """What is loaded: texts, and a list of assets for every relation. Sends nothing."""
        return LoadedValues(self)

    def __getitem__(self, key: str) -> Any:
        """Return a loaded value by name, path (`"Owners.Name"`, a list of texts) or computed token. Sends nothing.

        Raises KeyError for what is not loaded.
        """
        return LoadedValues.find(self, key)

    __iter__ = None

    def set(self, **values: Any) -> Self:
        """Set several attributes, to be written by the next commit; returns the asset."""
        self.pending(values)
        return self

    def pending(self, values: Mapping[str, Any]) -> None:
        """Set several attributes from a mapping, to be written by the next commit."""
        for name, value in dict(values).items():
            self._v1_set(name, value)

    def with_data(self, values: Mapping[str, Any]) -> Self:
        """Take *values* as loaded, as if the server had just sent them; returns the asset. Sends nothing."""
        core, context = self._v1_core, self._v1_core._context
        known = {str(name): value for name, value in dict(values).items() if name != "AsOf"}
        cells = tuple(self._v1_cell(name, value) for name, value in known.items())
        with context.lock:
            merge_row(core, Row(core._state.oid, tuple(known), cells), context.layouts)
        return self

    @property
    def needs_refresh(self) -> bool:
        """Whether nothing is loaded. Set to true, what is loaded is forgotten, and read again when it is next used."""
        return not self._v1_core._state.cells

    @needs_refresh.setter
    def needs_refresh(self, value: object) -> None:
        if value:
            with self._v1_core._context.lock:
                forget(self._v1_core)

    _v1_needs_refresh = needs_refresh

    def _v1_refresh(self) -> None:
        """Read the basic attributes again. One request. Raises V1Error."""
        self._v1_v1meta.read_asset(self._v1_asset_type_name, self._v1_oid)

    def _v1_cell(self, name: str, value: Any) -> RawValue:
        attribute = self._v1_type.attributes.get(name)
        if attribute is not None and attribute.is_relation:
            oids = tuple(self._v1_v1meta.identity(each) for each in as_list(value))
            return oids if attribute.multi else oids[0] if oids else None
        if value is None or isinstance(value, NoneDeref):
            return None
        if attribute is not None and attribute.multi and isinstance(value, list | tuple):
            return tuple(str(each) for each in value)
        return str(value)

    @property
    def _v1_type(self) -> AssetType:
        return type(self._v1_core)._type

    def _v1_get(self, attribute: Attribute) -> Any:
        """What was set and not written yet, or else what the server has; what is missing is loaded."""
        if attribute.name in self._v1_new_data:
            value = self._v1_new_data[attribute.name]
            return NoneDeref() if value is None and attribute.is_relation and not attribute.multi else value
        meta = self._v1_v1meta
        with meta.errors():
            found = read(self._v1_core, attribute)
            if not isinstance(found, RelatedList):
                return meta.shown(found)
            values = [meta.shown(value) for value in found]
        # Of a text with several values the SDK shows the first.
        return values if attribute.is_relation else values[0] if values else None

    def _v1_set(self, name: str, value: Any) -> None:
        oid = self._v1_core._state.oid
        if oid.moment is not None:
            # The past cannot be written: as in the SDK, what is set is for the asset as it is now.
            self._v1_v1meta.shown(oid.current)._v1_set(name, value)
            return
        attribute = self._v1_type.attributes.get(name)
        if attribute is not None and attribute.is_relation:
            value = self._v1_v1meta.related(attribute, value)
        self._v1_new_data[name] = value
        self._v1_v1meta.add_to_dirty_list(self)

    def _v1_call(self, name: str, arguments: Mapping[str, Any]) -> None:
        meta, core = self._v1_v1meta, self._v1_core
        with meta.errors():
            core._context.writer.call(core, name, {key: meta.argument(each) for key, each in arguments.items()})

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _OWN or hasattr(type(self), name):
            return
        self._v1_v1meta.hold(self)
        near = nearest(name, self._v1_type.attributes)
        if near:
            warnings.warn(
                f"{self._v1_asset_type_name} has no attribute {name!r}: it is kept here and never sent.{near}",
                stacklevel=2,
            )

    def __repr__(self) -> str:
        text = self.reprref
        for what, values in (("with_data", self.data), ("pending", self._v1_new_data)):
            shown = {name: _short(value) for name, value in values.items() if value}
            if shown:
                text += f".{what}({pformat(shown)})"
        return printable(text)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return self._v1_core.__reduce__()


class Attachment:
    """What the SDK adds to attachments: their bytes."""

    _v1_v1meta: ClassVar[Any]

    def get_blob(self) -> bytes:
        """Download the bytes. One request. Raises HTTPError."""
        found: bytes = self._v1_v1meta.get_attachment_blob(self)
        return found

    def set_blob(self, blob: Any) -> Any:
        """Upload bytes at once. One request. Raises HTTPError."""
        return self._v1_v1meta.set_attachment_blob(self, blob)

    file_data = property(get_blob, set_blob, doc="The bytes: read by one request, replaced at once by one request.")


special_classes: dict[str, type] = {"Attachment": Attachment}
"""What the classes of some types have besides, by type name."""


class LoadedValues(dict[str, Any]):
    """A copy of what is loaded of an asset; a path or a token that is loaded is found too."""

    def __init__(self, asset: BaseAsset) -> None:
        super().__init__()
        state = asset._v1_core._state
        for name, cell in zip(state.layout.names, state.cells, strict=True):
            if cell is not UNREAD and cell is not ABSENT:
                self[name] = _value(asset, name, cell)
        if self:
            self["AsOf"] = asset._v1_asof
        self._asset = asset

    def __missing__(self, key: str) -> Any:
        return self.find(self._asset, key)

    @staticmethod
    def find(asset: BaseAsset, key: str) -> Any:
        """Return a loaded value. Raises KeyError."""
        core = asset._v1_core
        if key == "AsOf":
            return asset._v1_asof
        cell = core._state.cell(key)
        if cell is not UNREAD and cell is not ABSENT:
            return _value(asset, key, cell)
        try:
            path = core._context.path(key)
            if path.is_name or not is_loaded(core, path):
                raise KeyError(key)
            return asset._v1_v1meta.shown(walk(core, path))
        except (BadValue, UnknownName, AttributeError, TypeError):
            raise KeyError(key) from None


def _value(asset: BaseAsset, name: str, cell: LoadedValue) -> Any:
    """A loaded cell as the SDK's data has it: assets always in a list."""
    core, meta = asset._v1_core, asset._v1_v1meta
    attribute = asset._v1_type.attributes.get(name)
    if attribute is None:
        return _computed(asset, name, cell)
    if attribute.is_relation:
        return [meta.shown(oid) for oid in cell_members(core, attribute, cell)]
    values = cell_members(core, attribute, cell) if attribute.multi else (cell_value(core, attribute, cell),)
    return meta.shown(values[0]) if values else None


def _computed(asset: BaseAsset, name: str, cell: LoadedValue) -> Any:
    """What the server worked out, under its own text; for what is no token at all, what was put there."""
    meta = asset._v1_v1meta
    try:
        found = walk(asset._v1_core, asset._v1_core._context.path(name))
    except (BadValue, UnknownName):
        return cell
    return meta.shown(found)


def _short(value: Any) -> Any:
    """A value for repr: assets by their short form, so that what refers to itself ends."""
    if isinstance(value, list):
        return [_short(each) for each in value]
    return _Short(value.reprref) if isinstance(value, BaseAsset) else value


class _Short(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return printable(str(self))


def asset_class(meta: Any, kind: AssetType) -> type[BaseAsset]:
    """Make the class of a type: a property for each attribute, a method for each operation."""
    members: dict[str, Any] = {"_v1_v1meta": meta, "_v1_asset_type_name": kind.name, "__module__": "assetmeta.v1pysdk"}
    members |= {name: _operation(name) for name in kind.operations if not name.startswith("_")}
    members |= {name: _property(each) for name, each in kind.attributes.items() if not name.startswith("_")}
    bases = (BaseAsset, special_classes[kind.name]) if kind.name in special_classes else (BaseAsset,)
    return cast("type[BaseAsset]", IterableType(kind.name, bases, members))


def _property(attribute: Attribute) -> property:
    return property(
        lambda asset: asset._v1_get(attribute),
        lambda asset, value: asset._v1_set(attribute.name, value),
        doc=f"{attribute!r}",
    )


def _operation(name: str) -> Any:
    def operation(self: BaseAsset, **arguments: Any) -> None:
        self._v1_call(name, arguments)

    operation.__name__ = name
    operation.__doc__ = f"Execute {name} at once. One request. Raises V1Error when it is not allowed now."
    return operation


def as_list(value: Any) -> list[Any]:
    """The members that a program gives for a relation: any iterable, one asset, or nothing."""
    if value is None or isinstance(value, NoneDeref | NullReference):
        return []
    single = isinstance(value, BaseAsset | Instance | Oid | str) or not isinstance(value, Iterable)
    return [value] if single else list(value)
