"""Rules of datasets and their points (section 2.4 of the protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..derived import POINTS, VARIABLES
from ..model import Row
from .rule import Rule


class DatasetRule(Rule):
    """A new dataset has one empty point with one variable."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if self.old is None:
            point = self.space.store.insert(POINTS, {"dataset": id, "value": None})
            self.space.store.insert(VARIABLES, {"point": point, "value_number": None})
        self.space.recalculate({row["vali"], *([self.old["vali"]] if self.old else [])})


class PointRule(Rule):
    """A new point has as many variables as the first one of its dataset."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        store = self.space.store
        if self.old is None:
            first = store.pointing(POINTS, "dataset", row["dataset"])[0]
            for _ in range(max(1, len(store.pointing(VARIABLES, "point", first)))):
                store.insert(VARIABLES, {"point": id, "value_number": None})
        self.space.recalculate({store.rows("datasets")[row["dataset"]]["vali"]})


class VariableRule(Rule):
    """What uses the dataset is calculated anew."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        dataset = self.space.store.rows(POINTS)[row["point"]]["dataset"]
        self.space.recalculate({self.space.store.rows("datasets")[dataset]["vali"]})


RULES: dict[str, type[Rule]] = {"datasets": DatasetRule, POINTS: PointRule, VARIABLES: VariableRule}
