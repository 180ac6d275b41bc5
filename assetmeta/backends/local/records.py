"""What one read has received: raw cells by asset, to be looked up along paths without a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from assetmeta.model.codecs import Raw
from assetmeta.model.errors import Unsupported
from assetmeta.model.paths import Path, resolve
from assetmeta.model.plans import RawValue, Row, Rows
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

Cells = Mapping[str, RawValue]


@dataclass(frozen=True, slots=True)
class RowStore:
    """Cells by asset. Cells that a path needs and that were not received count as null. *whole* are the assets of which
    whole objects were received, so that reading them again brings nothing more, *gone* those that do not exist.
    """

    schema: Schema
    cells: dict[Oid, Cells] = field(default_factory=dict)
    whole: set[Oid] = field(default_factory=set)
    gone: set[Oid] = field(default_factory=set)
    _shapes: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Schema, *answers: Rows) -> RowStore:
        """The cells in *answers*, of related assets too."""
        known = cls(schema)
        for row in (row for answer in answers for row in (*answer.rows, *answer.related)):
            known.add(row.oid, dict(zip(row.columns, row.values, strict=True)))
        return known

    def add(self, oid: Oid, cells: Cells) -> None:
        """Add cells of an asset to those that are known."""
        before = self.cells.get(oid)
        self.cells[oid] = cells if before is None else {**before, **cells}

    def clear(self) -> None:
        """Remove all assets, and that whole objects of them were received; not which do not exist."""
        self.cells.clear()
        self.whole.clear()

    def missing(self, oids: Iterable[Oid], name: str) -> list[Oid]:
        """The assets among *oids* of which *name* was not received, each once."""
        return [oid for oid in dict.fromkeys(oids) if name not in self.cells.get(oid, {})]

    def has(self, oid: Oid, name: str) -> bool:
        """True when the asset's type has an attribute *name*."""
        return name in self.schema.type(oid.type).attributes

    def members(self, oid: Oid, name: str) -> tuple[RawValue, ...]:
        """The raw values of one attribute of one asset, none for null."""
        cell = self.cells.get(oid, {}).get(name)
        if cell is None:
            return ()
        return cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else (cell,)

    def related_ids(self, oids: Iterable[Oid], name: str) -> list[Oid]:
        """The assets that a relation of *oids* leads to, each once."""
        found = (cell for oid in oids for cell in self.members(oid, name))
        return list(dict.fromkeys(cell for cell in found if isinstance(cell, Oid)))

    def values(self, oid: Oid, path: Path) -> list[object]:
        """Return the Python values (Oids for assets) that *path* reaches from *oid*; nulls are left out."""
        if path.aggregate:
            found = self._aggregate(oid, path)
            return [] if found is None else [found]
        return list(self._reach(oid, path))

    def _reach(self, oid: Oid, path: Path) -> Iterator[object]:
        here = [oid]
        for step in path.steps[:-1]:
            here = self.related_ids(here, step.name)
        last = path.steps[-1].name
        for owner in here:
            attribute = self.schema.type(owner.type).attributes.get(last)
            for cell in self.members(owner, last) if attribute else ():
                value = cell if isinstance(cell, Oid) else decode_cell(attribute, cell)
                value = getattr(value, path.part, None) if path.part else value
                if value is not None or not path.part:
                    yield value

    def _aggregate(self, oid: Oid, path: Path) -> object:
        found = list(self._reach(oid, Path(path.steps)))
        codec = resolve(self.schema, oid.type, path).attribute.codec
        return aggregate(path.aggregate or "", found, getattr(codec, "zero", 0))

    def cell(self, oid: Oid, path: Path) -> RawValue:
        """The raw cell under which a computed path is kept."""
        value = self.values(oid, path)
        first = value[0] if value else None
        if first is None or isinstance(first, str | int | float | Decimal):
            return first
        return resolve(self.schema, oid.type, path).attribute.codec.encode(first)

    def row(self, oid: Oid) -> Row:
        """All that is known of an asset. Rows of a shape share their columns."""
        cells = self.cells.get(oid, {})
        columns = tuple(cells)
        return Row(oid, self._shapes.setdefault(columns, columns), tuple(cells.values()))


def decode_cell(attribute: Attribute | None, cell: RawValue) -> object:
    """Turn a raw value into a Python value; one that cannot be read stays as it is."""
    if attribute is None or isinstance(cell, tuple):
        return cell
    try:
        return attribute.codec.decode(_scalar(cell))
    except (ValueError, ArithmeticError, TypeError, RecursionError):
        return cell


def _scalar(cell: RawValue) -> Raw:
    return cell if cell is None or isinstance(cell, str | int | float | Decimal) else str(cell)


def aggregate(word: str, values: list[object], zero: object = 0) -> object:
    """Compute one aggregate over values that are set; *zero* is the sum of none. Raises Unsupported for one that only
    other servers know.
    """
    if word == "Count":
        return len(values)
    if word == "DistinctCount":
        return len(set(values))
    if word == "Sum":
        numbers: list[Any] = [value for value in values if isinstance(value, int | float | Decimal | timedelta)]
        return sum(numbers[1:], start=numbers[0]) if numbers else zero
    if word in ("Min", "MinDate"):
        return min(values, default=None)  # type: ignore[type-var]
    if word in ("Max", "MaxDate"):
        return max(values, default=None)  # type: ignore[type-var]
    raise Unsupported(f"@{word} is not computed here.")
