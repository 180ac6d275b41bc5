"""Values that a write made disappear, such as the value of a formula that refers to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from assetmeta.core.plan_text import shown
from assetmeta.core.state import Instance
from assetmeta.core.values import cell_value, context_of
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.plans import Done, Outcome, Update
from assetmeta.model.values import Missing

_NOTHING = (None, "")


def noting_lost_values(asset: Instance, outcome: Outcome) -> Outcome:
    """Return *outcome* with a note on attributes that had a value, were not written, and have none in the server's
    answer to the write. To be called before the answer is taken over. Sends nothing.
    """
    if not isinstance(outcome, Done) or outcome.row is None or not isinstance(outcome.change, Update):
        return outcome
    lost = list(_lost(asset, outcome.change, outcome))
    if not lost:
        return outcome
    note = f"{', '.join(lost)}: there was a value before this change, and there is none now"
    return replace(outcome, notes=(*outcome.notes, note))


def _lost(asset: Instance, change: Update, outcome: Done) -> Iterator[str]:
    attributes = context_of(asset).schema.type(asset._state.oid.type).attributes
    written = {delta.name for delta in change.deltas}
    row = outcome.row
    for name, cell in zip(row.columns, row.values, strict=True) if row else ():
        attribute = attributes.get(name)
        if attribute is None or attribute.multi or attribute.is_relation or attribute.is_secret or name in written:
            continue
        before = asset._state.cell(name)
        if cell in _NOTHING and not isinstance(before, Missing) and before not in _NOTHING:
            yield f"{name} ({_was(asset, name)})"


def _was(asset: Instance, name: str) -> str:
    attribute = context_of(asset).schema.attribute(asset._state.oid.type, name)
    try:
        return f"was {shown(cell_value(asset, attribute, asset._state.cell(name)))}"
    except InvalidResponse:
        return "was unreadable"
