"""The flow of every write (reference 5.5, 8.1): changes in rounds, in one request where a resource takes several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.valispace import bulk
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import resolve_text
from assetmeta.backends.write_scheduler import Batches, Outcomes, alone, in_rounds
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Row


def rules(settings: Settings) -> WriteRules:
    """How Valispace is written to."""
    return WriteRules("Valispace", resolve_text=resolve_text, notes=_notes, fresh_lists=settings.fresh_lists)


def batches(writer: ChangeWriter) -> Batches:
    """Each change its own request, but for updates that share one."""

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        groups, singles = bulk.grouped(writer, ready)
        for change in singles:
            yield [change], alone(writer.write(change))
        for group in groups:
            yield [part.change for part in group], bulk.write(writer, group)

    return in_rounds(divide)


def _notes(row: Row, sent: Iterable[str]) -> Iterator[str]:
    """What there is to note about a vali whose formula or unit was written, and that has no value then: the server
    takes both without an error (reference 4.1).
    """
    cells = dict(zip(row.columns, row.values, strict=True))
    formula, unit = cells.get("formula"), cells.get("unit")
    if not {"formula", "unit"}.isdisjoint(sent) and formula and "value" in cells and cells["value"] is None:
        yield f"the formula {str(formula)!r:.80} gives no value{f' in {unit}' if unit else ''}"
