"""What a formula sees of the store: the values it refers to, child components, datasets."""

from __future__ import annotations

from .formula.curve import Curve
from .formula.quantity import Quantity, exact, given_in
from .formula.tree import FormulaError, Reference
from .formula.units import ONE, Unit
from .model import Row
from .names import Names
from .results import unit_of_row
from .store import Store

PARTS = {
    "max": "maximum",
    "min": "minimum",
    "margin_plus": "margin_plus",
    "margin_minus": "margin_minus",
    "wc_plus": "wc_plus",
    "wc_minus": "wc_minus",
}
"""The properties of a reference, by what follows the backslash."""
PLAIN_PARTS = ("margin_plus", "margin_minus")


class Scope:
    """The surroundings of the formula of one vali."""

    def __init__(self, store: Store, names: Names, id: int) -> None:
        self._store = store
        self._names = names
        self._id = id
        self._row = store.rows("valis")[id]

    def target(self, reference: Reference) -> int | None:
        """The id of the vali that a reference means; None when there is none.

        A short name goes on meaning the same vali when another one comes that it fits as well.
        """
        if reference.target.isdigit():
            id = int(reference.target)
            return id if self._store.get("valis", id) is not None else None
        before = self._row.get("meant", {}).get(reference.target)
        if before is not None and self._names.fits(before, reference.target):
            return int(before)
        return self._names.resolve(reference.target, self._names.project(self._row["parent"]))

    def quantity(self, reference: Reference) -> Quantity:
        """The referenced value, or one of the six properties."""
        row = self._referenced(reference)
        if not reference.part:
            return quantity_of(row)
        if reference.part not in PARTS:
            raise FormulaError(f"a vali has no {reference.part!r}")
        number = row[PARTS[reference.part]]
        if number is None:
            raise FormulaError(f"${reference.target} has no {reference.part}")
        if reference.part in PLAIN_PARTS:
            return exact(number, bare=True)
        shown = unit_of_row(row)
        return given_in(exact(number, bare=True), shown) if shown != ONE else exact(number, bare=True)

    def children_ids(self) -> list[int]:
        """The valis of the child components that are of the same type or, without a type, of the same name.

        Of an alternative container only the chosen component counts.
        """
        parent = self._row["parent"]
        container = self._store.get("components", parent)
        if container is None:
            return []
        chosen = container.get("current_alternative")
        children = [chosen] if chosen is not None else self._store.pointing("components", "parent", parent)
        valis = (id for child in children for id in self._store.pointing("valis", "parent", child))
        return [id for id in valis if self._alike(self._store.rows("valis")[id])]

    def _alike(self, other: Row) -> bool:
        if self._row["type"] is not None:
            return bool(other["type"] == self._row["type"])
        return bool(other["shortname"] == self._row["shortname"])

    def children(self) -> list[Quantity]:
        """The values of `children_ids`. Raises FormulaError when one of them is empty."""
        return [quantity_of(self._store.rows("valis")[id]) for id in self.children_ids()]

    def curve(self, reference: Reference | None) -> tuple[Curve, Unit]:
        """The latest dataset of a vali."""
        id = self._id if reference is None else self.target(reference)
        if id is None:
            raise FormulaError("there is no such vali")
        datasets = self._store.pointing("datasets", "vali", id)
        if not datasets:
            raise FormulaError("the vali is no dataset")
        return curve_of(self._store, datasets[-1]), unit_of_row(self._store.rows("valis")[id])

    def _referenced(self, reference: Reference) -> Row:
        id = self.target(reference)
        if id is None:
            raise FormulaError(f"${reference.target} is not known")
        return self._store.rows("valis")[id]


def quantity_of(row: Row) -> Quantity:
    """The value of a vali with its worst cases. Raises FormulaError when it is empty."""
    if row["value_baseunit"] is None:
        raise FormulaError("a vali that is used has no value")
    shown = unit_of_row(row)
    return Quantity(row["value_baseunit"], row["low"], row["high"], shown, not shown.text)


def curve_of(store: Store, dataset: int) -> Curve:
    """The points of a dataset, each with its first variable."""
    points = "vali/functions/datasets/points"
    variables = f"{points}/variables"
    pairs = []
    for point in store.pointing(points, "dataset", dataset):
        first = store.pointing(variables, "point", point)[:1]
        for variable in first:
            pairs.append((store.rows(points)[point]["value"], store.rows(variables)[variable]["value_number"]))
    return Curve.of(pairs)
