"""Assets and their classes: what every generated class inherits, on the instance and on the class itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from assetmeta.core.access import as_oid, cell_members, cell_value, workspace_of
from assetmeta.core.columns import Column
from assetmeta.core.query import Query
from assetmeta.core.state import State, Tracked, merge
from assetmeta.core.walk import is_loaded, walk
from assetmeta.core.workspace import Workspace
from assetmeta.model.errors import BadValue, ReadOnly, UnknownName, nearest
from assetmeta.model.plans import Row
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import ABSENT, UNREAD, Moment, Oid


class AssetClass(type):
    """The class of asset classes: `v1.Story` is called for one asset, iterated for all, and starts queries.

    A server attribute of the same name takes the place of a verb here; `session.query("Story")` always has them all.
    """

    _workspace: Workspace
    _type: AssetType

    def __call__(cls, key: Any) -> Any:
        """Return the one asset of that id (5, "5" or "Story:5"). Sends nothing. Raises BadValue."""
        if cls._type.abstract:
            raise BadValue(
                f"{cls.__name__} is abstract, so {key!r} cannot say which asset is meant; use the concrete type, or "
                f"query {cls.__name__}.",
                type_name=cls.__name__,
            )
        given = as_oid(key) if isinstance(key, str) and ":" in key else None
        if given is not None and given.type != cls.__name__:
            raise BadValue(f"{key} is not a {cls.__name__}.", type_name=cls.__name__, oid=str(key))
        asset = cls._workspace.asset(given or Oid.of(cls.__name__, key))
        cls._workspace.identity.touch(asset)
        return asset

    def _query(cls) -> Query:
        return Query(cls._workspace, cls.__name__)

    def query(cls, where: str | None = None, sel: str | None = None) -> Query:
        """Start a query, optionally with a filter text and a comma-separated selection."""
        query = cls._query() if where is None else cls._query().filter(where)
        return query.select(*_split_selection(sel)) if sel else query

    def select(cls, *names: Any) -> Query:
        """Query all assets, loading these attributes; see Query.select."""
        return cls._query().select(*names)

    def where(cls, *conditions: Any, **equals: Any) -> Query:
        """Query the assets that satisfy conditions; see Query.where."""
        return cls._query().where(*conditions, **equals)

    def filter(cls, expression: Any) -> Query:
        """Query with a filter in the server's language; see Query.filter."""
        return cls._query().filter(expression)

    def sort(cls, *keys: Any) -> Query:
        """Query all assets in this order; see Query.sort."""
        return cls._query().sort(*keys)

    def find(cls, text: str | None = None, field: Any = None) -> Query:
        """Query by the server's text search; see Query.find."""
        return cls._query().find(text, field)

    def page(cls, size: int | None = None, start: int | None = None) -> Query:
        """Query a window; see Query.page."""
        return cls._query().page(size, start)

    def asof(cls, *moments: Any) -> Query:
        """Query the past; see Query.asof."""
        return cls._query().asof(*moments)

    def deleted(cls, included: bool = True) -> Query:
        """Query deleted assets too; see Query.deleted."""
        return cls._query().deleted(included)

    def all(cls) -> list[Any]:
        """Return all assets of this type, with their basic attributes; one request per page."""
        return cls._query().all()

    def first(cls) -> Any:
        """Return the first asset, or None. One request."""
        return cls._query().first()

    def count(cls) -> int:
        """Return how many assets there are. One request."""
        return cls._query().count()

    def pages(cls, size: int | None = None) -> Iterator[list[Any]]:
        """Yield all assets in lists of at most *size*, one request each."""
        return cls._query().pages(size)

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls._query())

    def __getitem__(cls, part: slice | int | str) -> Any:
        """`v1.Story[:10]`, `v1.Story[0]`, `v1.Story["Name"]`; see Query."""
        return cls._query()[part]

    def __contains__(cls, asset: object) -> bool:
        return isinstance(asset, cls)

    def create(cls, context: Any = None, /, **values: Any) -> Any:
        """Create an asset at once and return it. One request.

        With a *context* asset the server fills in what follows from it. Raises Refused when the server turns it down,
        BadValue and UnknownName before anything is sent.
        """
        return cls._workspace.writer.create_now(cls.__name__, values, as_oid(context))

    def new(cls, context: Any = None, /, **values: Any) -> Any:
        """Return a new asset that the next commit creates. Sends nothing. Raises BadValue and UnknownName."""
        oid = cls._workspace.unit.fresh_oid(cls.__name__)
        return cls._workspace.unit.begin(oid, values, as_oid(context))

    def template(cls, context: Any = None, /, **values: Any) -> Any:
        """Return a new pending asset with the values that the server suggests, and *values* over them. One request.

        Raises Unsupported where the server suggests nothing.
        """
        return cls._workspace.writer.suggested(cls.__name__, as_oid(context), values)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        cls._type.attribute(name)
        raise UnknownName(f"{cls.__name__} has no {name!r}.", type_name=cls.__name__, attribute=name)

    def __setattr__(cls, name: str, value: object) -> None:
        if not name.startswith("_"):
            raise ReadOnly(f"{cls.__name__}.{name}: set attributes on an asset, or query.set(...) on several.")
        super().__setattr__(name, value)

    def __dir__(cls) -> list[str]:
        verbs = (name for name in vars(AssetClass) if not name.startswith("_"))
        return sorted({*super().__dir__(), *verbs})

    def __repr__(cls) -> str:
        found = cls.__dict__.get("_type")
        if found is None:
            return super().__repr__()
        return f"<asset type {cls.__name__}: {len(found.attributes)} attributes, {len(found.operations)} operations>"


class Asset(Tracked, metaclass=AssetClass):
    """One asset of the server. Attributes are loaded when they are first read, and written by the session's commit."""

    __slots__ = ()

    _workspace: ClassVar[Workspace]
    _type: ClassVar[AssetType]

    @property
    def idref(self) -> str:
        """The asset's token, such as `Story:1005`."""
        return self._state.oid.token

    @property
    def intid(self) -> Any:
        """The asset's id without its type."""
        return self._state.oid.key

    @property
    def reprref(self) -> str:
        """`Story(1005)`."""
        return short_form(self._state.oid)

    @property
    def AsOf(self) -> Moment | None:
        """The moment as of which this asset is seen, as it was asked for; None for the present."""
        return self._state.oid.moment

    @property
    def url(self) -> str:
        """Where a person sees the asset in a browser."""
        return self._workspace.link(self._workspace.backend.address(self._state.oid))

    @property
    def data(self) -> Mapping[str, Any]:
        """What is loaded, by attribute name, and computed tokens by their text. Reading it sends nothing."""
        return LoadedData(self)

    def set(self, **values: Any) -> Any:
        """Set several attributes, pending until the commit; returns the asset."""
        self.pending(values)
        return self

    def pending(self, values: Mapping[str, Any]) -> None:
        """Set several attributes from a mapping, pending until the commit."""
        for name, value in values.items():
            _assign(self, name, value)

    def with_data(self, values: Mapping[str, Any]) -> Any:
        """Take *values* as loaded, as if the server had just sent them; returns the asset. Sends nothing."""
        known = {name: value for name, value in values.items() if name != "AsOf"}
        cells = tuple(_cell(self._type.attribute(name), value) for name, value in known.items())
        with self._workspace.lock:
            merge(self, Row(self._state.oid, tuple(known), cells), self._workspace.layouts)
        return self

    def __getitem__(self, name: str | Column) -> Any:
        """Return an attribute, the value at a path (a list where it may reach several), or a computed column's value.

        What is missing is loaded.
        """
        if isinstance(name, Column):
            self._workspace.remember(name._path)
            return walk(self, name._path)
        return self.AsOf if name == "AsOf" else walk(self, self._workspace.path(name))

    def __setitem__(self, name: str, value: object) -> None:
        _assign(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_state":
            object.__setattr__(self, name, value)
        elif name in self._type.attributes:
            _assign(self, name, value)
        elif isinstance(member := getattr(type(self), name, None), property) and member.fset is not None:
            member.fset(self, value)
        else:
            self._type.attribute(name)
            raise ReadOnly(f"{self.reprref}.{name} cannot be set.", type_name=self._type.name, attribute=name)

    def __delattr__(self, name: str) -> None:
        attribute = self._type.attribute(name)
        _assign(self, name, () if attribute.multi else None)

    def __getattr__(self, name: str) -> Any:
        # Reached only for names that the class does not have: it explains the slip and never asks the server.
        if name.startswith("_"):
            raise AttributeError(name)
        kind = type(self)
        near = nearest(name, [*kind._type.attributes, *kind._type.operations])
        raise UnknownName(f"{kind.__name__} has no attribute {name!r}.{near}", type_name=kind.__name__, attribute=name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._type.operations})

    def __repr__(self) -> str:
        state = self._state
        text = short_form(state.oid)
        names = [name for name in (self._type.short, self._type.display) if name and name in self._type.attributes]
        shown = {name: _peek(self, self._type.attributes[name]) for name in dict.fromkeys(names)}
        told = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value not in (None, ABSENT))
        if told:
            text = f"{text[:-1]}, {told})"
        if state.edits:
            changes = {name: _edit_text(edit) for name, edit in state.edits.items()}
            text += f".pending({{{', '.join(f'{name!r}: {change}' for name, change in changes.items())}}})"
        return text

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, (self._state.oid, dict(_snapshot_values(self)))


class Snapshot:
    """A picklable copy of what was loaded of an asset: its *oid* and *values* by name; related assets are Oids.

    It belongs to no session; `session.attach(snapshot)` makes it a live asset again.
    """

    __slots__ = ("oid", "values")

    def __init__(self, oid: Oid, values: dict[str, Any]) -> None:
        self.oid = oid
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and (self.oid, self.values) == (other.oid, other.values)

    def __hash__(self) -> int:
        return hash(self.oid)

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, (self.oid, self.values)

    def __repr__(self) -> str:
        return f"<snapshot of {self.oid.token}: {len(self.values)} values>"


class LoadedData(Mapping[str, Any]):
    """A read-only view of what is loaded of one asset; a path such as "Owners.Name" works when all of it is loaded."""

    __slots__ = ("_asset",)

    def __init__(self, asset: Asset) -> None:
        self._asset = asset

    def __getitem__(self, name: str) -> Any:
        if name == "AsOf":
            return self._asset.AsOf
        path = workspace_of(self._asset).path(name)
        if not is_loaded(self._asset, path):
            raise KeyError(name)
        return walk(self._asset, path)

    def __iter__(self) -> Iterator[str]:
        yield from self._asset._state.names()
        if self._asset.AsOf is not None:
            yield "AsOf"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self.items()))


def short_form(oid: Oid) -> str:
    """Return `Story(1005)`, with the moment where there is one."""
    return f"{oid.type}({oid.key})" if oid.moment is None else f"{oid.type}({oid.key}, asof={oid.moment!s})"


def blank(kind: type[Asset], oid: Oid) -> Asset:
    """Make an asset of which only the identity is known."""
    asset = object.__new__(kind)
    object.__setattr__(asset, "_state", State(oid))
    return asset


def _assign(asset: Asset, name: str, value: object) -> None:
    workspace_of(asset).unit.assign(asset, asset._type.attribute(name), value)


def _split_selection(text: str) -> list[str]:
    """Split a comma-separated selection outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def _cell(attribute: Attribute, value: object) -> Any:
    if attribute.multi:
        members = value if isinstance(value, list | tuple) else [value]
        return tuple(_member_cell(attribute, member) for member in members)
    return _member_cell(attribute, value)


def _member_cell(attribute: Attribute, value: object) -> Any:
    if value is None:
        return None
    return as_oid(value) if attribute.is_relation else attribute.codec.encode(attribute.codec.parse(value))


def _peek(asset: Asset, attribute: Attribute) -> object:
    if asset._state.edits and attribute.name in asset._state.edits:
        return ABSENT
    cell = asset._state.cell(attribute.name)
    return ABSENT if cell is UNREAD or isinstance(cell, tuple) else cell


def _edit_text(edit: Any) -> str:
    if not edit.is_multi:
        return edit.new.token if isinstance(edit.new, Oid) else repr(edit.new)
    marks = [f"+{member}" for member in edit.added] + [f"-{member}" for member in edit.removed]
    return f"[{', '.join(marks)}]"


def _snapshot_values(asset: Asset) -> Iterator[tuple[str, Any]]:
    for name in asset._state.names():
        attribute = asset._type.attributes.get(name)
        if attribute is None:
            continue
        cell = asset._state.cell(name)
        members = list(cell_members(asset, attribute, cell)) if attribute.multi else None
        yield name, cell_value(asset, attribute, cell) if members is None else members
