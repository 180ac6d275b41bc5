"""What a write means for what is loaded: written values become loaded, whatever the server works out is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from assetmeta.core.cohort import targets
from assetmeta.core.state import KnownCell, Tracked, forget, merge
from assetmeta.core.workspace import Workspace
from assetmeta.model.errors import NotFound
from assetmeta.model.plans import Delta, Row
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import UNREAD, Oid


def after_write(workspace: Workspace, asset: Tracked, deltas: Sequence[Delta], row: Row | None) -> None:
    """Take over what a create or update of *asset* wrote; *row* is what the server's answer told of it."""
    kind = workspace.schema.type(asset._state.oid.type)
    written = {delta.name: _cell(asset, kind.attributes[delta.name], delta) for delta in deltas}
    forget(asset, [*written, *volatile(kind, asset._state.layout.names)])
    known = {name: cell for name, cell in written.items() if cell is not UNREAD}
    merge(asset, Row(asset._state.oid, tuple(known), tuple(known.values())), workspace.layouts)  # type: ignore[arg-type]
    if row is not None:
        merge(asset, row._replace(oid=asset._state.oid), workspace.layouts)
    relations = [delta for delta in deltas if kind.attributes[delta.name].is_relation]
    for delta in relations:
        _forget_far_side(workspace, kind.attributes[delta.name], delta)
    if relations:
        forget_dependent(workspace, {asset._state.oid})


def after_operation(workspace: Workspace, asset: Tracked) -> None:
    """Forget what was loaded of *asset*, and what others computed from it: an operation may have changed anything."""
    forget(asset)
    forget_dependent(workspace, {asset._state.oid})


def after_delete(workspace: Workspace, asset: Tracked) -> None:
    """Forget a deleted asset; reading it again raises NotFound."""
    oid = asset._state.oid
    forget(asset)
    asset._state.gone = NotFound(f"{oid.token} was deleted by this session.", oid=oid.token, status=404)
    forget_dependent(workspace, {oid})


def volatile(kind: AssetType, names: Iterable[str]) -> Iterator[str]:
    """The names among *names* whose values change without being written: computed attributes, tokens, ranks."""
    for name in names:
        attribute = kind.attributes.get(name)
        if attribute is None or attribute.computed or attribute.kind == "Rank":
            yield name


def _cell(asset: Tracked, attribute: Attribute, delta: Delta) -> KnownCell:
    """The raw cell that a written value becomes; UNREAD where only the server can tell."""
    if delta.is_multi:
        before = asset._state.cell(attribute.name)
        if not isinstance(before, tuple) or not attribute.is_relation:
            return UNREAD
        kept = [oid for oid in before if oid not in delta.removed]
        return (*kept, *(oid for oid in delta.added if oid not in kept))  # type: ignore[return-value]
    if isinstance(delta.new, Oid):
        return delta.new
    if delta.new is None:
        return None
    text = attribute.codec.encode(delta.new)
    try:
        return text if attribute.codec.decode(text) == delta.new else UNREAD
    except ValueError:
        # What is written is not always what is read: a rank is set by naming a neighbour's.
        return UNREAD


def _forget_far_side(workspace: Workspace, attribute: Attribute, delta: Delta) -> None:
    back = (attribute.reciprocal or "").rpartition(".")[2]
    for value in (delta.old, delta.new, *delta.added, *delta.removed):
        far = workspace.identity.get(value) if isinstance(value, Oid) else None
        if far is not None:
            kind = workspace.schema.type(far._state.oid.type)
            forget(far, [back, *volatile(kind, far._state.layout.names)])


def forget_dependent(workspace: Workspace, oids: set[Oid]) -> None:
    """Forget the computed values of every asset that refers to one of *oids*: they may be worked out from it."""
    for other in workspace.identity:
        kind = workspace.schema.types.get(other._state.oid.type)
        relations = kind.attributes if kind else {}
        names = other._state.layout.names
        if any(oid in oids for name in names if name in relations for oid in targets(other, name)):
            forget(other, list(volatile(kind, names)) if kind else None)


def renamed(deltas: Iterable[Delta], real: Mapping[Oid, Oid]) -> tuple[Delta, ...]:
    """Return *deltas* with provisional identities replaced by real ones."""
    return tuple(
        Delta(
            delta.name,
            delta.old,
            _real(delta.new, real),
            tuple(_real(value, real) for value in delta.added),
            tuple(_real(value, real) for value in delta.removed),
            delta.is_multi,
        )
        for delta in deltas
    )


def _real(value: object, real: Mapping[Oid, Oid]) -> object:
    return real.get(value, value) if isinstance(value, Oid) else value
