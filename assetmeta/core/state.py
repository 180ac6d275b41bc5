"""What is known of one asset: raw cells as the server sent them, and the user's pending edits.

A state holds identities, never assets. A scalar that was read once is kept, decoded, in the instance's own dictionary,
so that Python itself answers the second read; what changes a value goes through this file, which drops it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from msgspec import Struct

from assetmeta.model.plans import RawValue, Row, change_members
from assetmeta.model.values import ABSENT, UNREAD, Missing, Oid


class RowShape:
    """Which cell of a row belongs to which name. Equal shapes share one layout. *tokens* are the names that are no
    attribute but the text of something the server worked out. *decoders* are what reads the scalars, by class (see
    core.attributes).
    """

    __slots__ = ("_wider", "decoders", "index", "names", "tokens")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.index = {name: position for position, name in enumerate(names)}
        self.tokens = tuple(name for name in names if not name.isidentifier())
        self.decoders: dict[type, tuple[object, list[tuple[str, int, Any]]]] = {}
        self._wider: dict[tuple[str, ...], RowShape] = {}

    def wider(self, names: tuple[str, ...], layouts: RowShapes) -> RowShape:
        """The layout of these names followed by those of *names* that are not among them."""
        found = self._wider.get(names)
        if found is None:
            found = layouts.of(self.names + tuple(name for name in names if name not in self.index))
            self._wider[names] = found
        return found


class RowShapes:
    """All layouts of one session, each made once."""

    __slots__ = ("_by_names",)

    def __init__(self) -> None:
        self._by_names: dict[tuple[str, ...], RowShape] = {}

    def of(self, names: tuple[str, ...]) -> RowShape:
        """Return the layout of *names*."""
        found = self._by_names.get(names)
        if found is None:
            found = self._by_names[names] = RowShape(names)
        return found


EMPTY = RowShape(())

LoadedValue = RawValue | Missing

NOTHING_SENT: frozenset[str] = frozenset()
"""What all states share that have nothing on its way: each call of frozenset() makes another object."""


class Edit:
    """A pending change of one attribute.

    For a single value, *new* is what it becomes. For a multi-value attribute (*is_multi*), *added* and *removed* are
    what changes against whatever the server has.
    """

    __slots__ = ("added", "is_multi", "new", "removed")

    def __init__(self, new: object = None, *, is_multi: bool = False) -> None:
        self.new = new
        self.is_multi = is_multi
        self.added: list[object] = []
        self.removed: list[object] = []

    def applied_to(self, base: Iterable[object]) -> tuple[object, ...]:
        """Return the multi value that results from this edit of *base*, order kept, additions last."""
        return change_members(base, self.added, self.removed)


class State(Struct, eq=False):
    """Identity, cells and edits of one asset.

    *gone* is the error to raise on the next read when the server no longer shows the asset. *cohort* is what it was
    loaded together with. *sending* names the edits that a commit under way has sent. *changed* is the number of the
    last write that touched the asset: what a read brings that began before it is dropped.
    """

    oid: Oid
    layout: RowShape = EMPTY
    cells: tuple[LoadedValue, ...] = ()
    edits: dict[str, Edit] | None = None
    cohort: object = None
    gone: Exception | None = None
    sending: frozenset[str] = NOTHING_SENT
    changed: int = 0

    def cell(self, name: str) -> LoadedValue:
        """Return the raw cell of *name*; UNREAD when it was never loaded, ABSENT when the server left it out."""
        position = self.layout.index.get(name)
        return UNREAD if position is None else self.cells[position]

    def names(self) -> Iterator[str]:
        """Yield the names of all loaded cells."""
        for name, cell in zip(self.layout.names, self.cells, strict=True):
            if cell is not UNREAD and cell is not ABSENT:
                yield name


class Instance:
    """The part of an asset that carries its state; every asset class derives from it."""

    __slots__ = ("__dict__", "__weakref__", "_state")

    _state: State
    _context: ClassVar[Any]
    _type: ClassVar[Any]


def at_moment_of(asset: Instance, oid: Oid) -> Oid:
    """A related identity at the moment of *asset*, unless the server named a moment itself (as for `Prior`)."""
    return oid if oid.moment is not None else oid.at(asset._state.oid.moment)


def merge_rows(assets: Iterable[Instance], rows: Iterable[Row], layouts: RowShapes, since: int | None = None) -> None:
    """Take over a row for each asset; the rows were requested when *since* writes had been made. Pending edits are
    untouched, and stay what a read returns. A row from before the last write to its asset is dropped.
    """
    columns, layout = EMPTY.names, EMPTY
    for asset, row in zip(assets, rows, strict=True):
        state = asset._state
        if since is not None and state.changed > since:
            continue
        state.gone = None
        if state.layout is not EMPTY:
            _merge_more(asset, row, layouts)
            continue
        # Nothing was loaded, so nothing is decoded either; most rows are of assets that are new here.
        if row.columns is not columns:
            columns, layout = row.columns, layouts.of(row.columns)
        state.layout = layout
        state.cells = row.values


def merge_row(asset: Instance, row: Row, layouts: RowShapes) -> None:
    """Take over one row that is not older than any write; see `merge_rows`."""
    merge_rows((asset,), (row,), layouts)


def _merge_more(asset: Instance, row: Row, layouts: RowShapes) -> None:
    state = asset._state
    if state.layout.names == row.columns:
        state.cells = row.values
    else:
        wider = state.layout.wider(row.columns, layouts)
        cells = list(state.cells) + [UNREAD] * (len(wider.names) - len(state.cells))
        for name, value in zip(row.columns, row.values, strict=True):
            cells[wider.index[name]] = value
        state.layout, state.cells = wider, tuple(cells)
    drop_decoded(asset, row.columns)


def mark_absent(asset: Instance, names: Iterable[str], layouts: RowShapes) -> None:
    """Remember that *names* were requested and the server did not return them."""
    missing = tuple(name for name in names if asset._state.cell(name) is UNREAD)
    if missing:
        gone = asset._state.gone
        merge_row(asset, Row(asset._state.oid, missing, (ABSENT,) * len(missing)), layouts)  # type: ignore[arg-type]
        asset._state.gone = gone


def forget(asset: Instance, names: Iterable[str] | None = None) -> None:
    """Forget loaded cells (all of them when *names* is None); pending edits stay."""
    state = asset._state
    if names is None:
        names = list(asset.__dict__)
        state.layout, state.cells = EMPTY, ()
        if not state.oid.is_new:
            # A new asset that was dropped stays dropped.
            state.gone = None
    else:
        names = [name for name in names if name in state.layout.index]
        cells = list(state.cells)
        for name in names:
            cells[state.layout.index[name]] = UNREAD
        state.cells = tuple(cells)
    drop_decoded(asset, names)


def cache_value(asset: Instance, name: str, value: object) -> object:
    """Keep a value that was just read where Python finds it next time, and return it.

    Not where it can change unseen: on an asset that the server does not have yet, or when the cell is gone again. An
    edit made by another thread while the value was being loaded is the value.
    """
    with asset._context.lock:
        state = asset._state
        if state.edits and name in state.edits:
            return state.edits[name].new if not isinstance(state.edits[name].new, Oid) else value
        if not state.oid.is_new and state.cell(name) is not UNREAD:
            asset.__dict__[name] = value
        return value


def drop_decoded(asset: Instance, names: Iterable[str]) -> None:
    """Drop the decoded values of *names*, except where a pending edit is the value to be read."""
    decoded = asset.__dict__
    if not decoded:
        return
    edits = asset._state.edits or {}
    for name in names:
        if name not in edits:
            decoded.pop(name, None)
