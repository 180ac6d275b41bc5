"""What is to be done and what came of it: fetches and rows, changes and outcomes. Frozen, printable, comparable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from assetmeta.model.codecs import Raw
from assetmeta.model.conditions import Term
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.paths import Path
from assetmeta.model.values import AsOf, Oid, is_stored

RawValue = Raw | Oid | tuple[Raw, ...] | tuple[Oid, ...]
"""One raw value: a scalar as the wire gave it, an Oid, or a tuple of either for a multi-value attribute."""


class Sort(Struct, frozen=True):
    """One sort key."""

    path: Path
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.path}"


class Find(Struct, frozen=True):
    """Text search, in the given attributes or in the server's own choice of them when there are none."""

    text: str
    paths: tuple[Path, ...] = ()


class Fetch(Struct, frozen=True):
    """One read: which assets of *type_name*, and what of each.

    *oids*, when given, are exactly the assets wanted (all of this type or derived from it, all with the same moment).
    *size* None means all from *start* on. *counted* requests the total number of matches. *asof* reads the past;
    *history* reads every record of every asset instead of one. *page_size* is about how many assets one answer should
    hold where the server's lists come in pages of their own; *cursor* is the `next_cursor` of the answer before.
    *optional* names attributes among those selected that may be left out where they would take requests of their own.
    """

    type_name: str
    select: tuple[Path, ...] = ()
    where: Term | None = None
    sort: tuple[Sort, ...] = ()
    start: int = 0
    size: int | None = None
    find: Find | None = None
    asof: AsOf | None = None
    oids: tuple[Oid, ...] | None = None
    history: bool = False
    deleted: bool = False
    counted: bool = False
    page_size: int | None = None
    cursor: object = None
    optional: frozenset[str] = frozenset()


class Row(NamedTuple):
    """One asset's answer: `values[i]` belongs to `columns[i]`, a path's text. Rows of a shape share their columns."""

    oid: Oid
    columns: tuple[str, ...]
    values: tuple[RawValue, ...]


class Rows(Struct, frozen=True):
    """The answer to one fetch, in the server's order.

    *related* are further assets in the answer (nested selects); each may occur more than once. *total* counts all
    matches when the server returns it. *more* is True when the window may not be the end. *next_cursor*, when there is
    one, marks where the answer ends: the same fetch goes on with `cursor=next_cursor`.
    """

    rows: tuple[Row, ...] = ()
    related: tuple[Row, ...] = ()
    total: int | None = None
    more: bool = False
    next_cursor: object = None


def change_members(members: Iterable[object], added: Sequence[object], removed: Sequence[object]) -> tuple[object, ...]:
    """Return *members* without those *removed* and with those *added*, each once, order kept, additions last."""
    kept = [value for value in members if value not in removed]
    return (*kept, *(value for value in added if value not in kept))


class AttributeChange(Struct, frozen=True):
    """The change of one attribute: from *old* to *new*, or *added* to and *removed* from a multi-value attribute.

    *old* is UNREAD when it was never loaded. Values are Python values; relations are Oids.
    """

    name: str
    old: object
    new: object = None
    added: tuple[object, ...] = ()
    removed: tuple[object, ...] = ()
    is_multi: bool = False

    def applied_to(self, members: Iterable[object]) -> tuple[object, ...]:
        """Return the members of a multi-value attribute after this change of *members*; see `change_members`."""
        return change_members(members, self.added, self.removed)

    def holds(self, present: object) -> bool:
        """True when an attribute that has the value *present*, a tuple for several, has what this change writes."""
        if isinstance(self.new, tuple) and not isinstance(self.new, Oid):
            return isinstance(present, tuple) and set(self.new) == set(present)
        if not self.is_multi:
            return is_stored(self.new, present)
        return isinstance(present, tuple) and {*self.added} <= {*present} and {*present}.isdisjoint(self.removed)


class Create(Struct, frozen=True):
    """Make a new asset. *oid* is provisional; *context* lets the server fill in what follows from that asset."""

    oid: Oid
    deltas: tuple[AttributeChange, ...]
    context: Oid | None = None
    comment: str | None = None


class Update(Struct, frozen=True):
    """Change attributes of one asset."""

    oid: Oid
    deltas: tuple[AttributeChange, ...]
    comment: str | None = None


class Delete(Struct, frozen=True):
    """Delete one asset."""

    oid: Oid


class Call(Struct, frozen=True):
    """Execute one operation on one asset. *arguments* are (name, value) pairs."""

    oid: Oid
    operation: str
    arguments: tuple[tuple[str, object], ...] = ()


Change = Create | Update | Delete | Call


class Done(Struct, frozen=True):
    """The change was saved. *oid* is the asset's real identity (for an operation: the asset that the server names in
    its answer); *row* holds what the answer contains of it; *notes* describe where that is not what was sent. A *stale*
    one answer has nothing: whatever is loaded of the asset may be wrong now.
    """

    change: Change
    oid: Oid
    row: Row | None = None
    notes: tuple[str, ...] = ()
    stale: bool = False


class Failed(Struct, frozen=True):
    """The server turned the change down, or it surely never reached the server."""

    change: Change
    error: AssetmetaError


class Skipped(Struct, frozen=True):
    """The change was not sent: it needs *needs*, which was not saved, or *error* ended the write before its turn."""

    change: Change
    needs: Oid | None = None
    error: AssetmetaError | None = None


class Unknown(Struct, frozen=True):
    """The change was sent and no answer came: it may have been saved or not."""

    change: Change
    error: AssetmetaError


Outcome = Done | Failed | Skipped | Unknown
