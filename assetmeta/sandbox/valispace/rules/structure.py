"""Rules of projects, components, valis, their types, and textvalis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import Refused

from ..derived import below
from ..formula.tree import FormulaError
from ..formula.units import is_unit, unit
from ..model import Row
from ..renames import Renaming
from .rule import Rule

DEFAULT_LISTS = {
    "requirements/states": ("Draft", "In Review", "Final"),
    "requirements/verification-methods": ("Analysis", "Inspection", "Review", "Rules", "Test"),
}
"""What every new project begins with."""


class ProjectRule(Rule):
    """A project is in a workspace and has lists of its own."""

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        if row["workspace"] is None:
            row["workspace"] = next(iter(self.space.store.ids("workspace")), None)

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if self.old is None:
            for endpoint, names in DEFAULT_LISTS.items():
                for name in names:
                    self.space.store.insert(endpoint, {"name": name, "project": id})


class ComponentRule(Rule):
    """A component has its parent's project. Its name is part of the names of all below it."""

    _renaming: Renaming | None = None

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        parent = self.space.row("components", row["parent"])
        if parent is not None:
            row["project"] = parent["project"]
        if row["project"] is None:
            raise Refused.of("project", "This field is required.")
        chosen = self.space.row("components", row["current_alternative"])
        if chosen is not None and (self.id is None or chosen["parent"] != self.id):
            raise Refused.of("current_alternative", "The alternative must be a child of the component.")
        if self.id is not None and self.differs(row, "name", "parent", "project"):
            self._renaming = Renaming(self.space, self.space.store, self.id)

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if self.old is None:
            self.space.names.grown()
            return
        if self.old["project"] != row["project"]:
            for component in below(self.space, "components", id):
                self.space.store.put("components", component, {"project": row["project"]})
        changed = set() if self._renaming is None else self._renaming.apply()
        if self._renaming is not None or self.differs(row, "current_alternative"):
            collectors = self.space.calculator.collectors((self.old["parent"], row["parent"], id))
            self.space.recalculate(changed, collectors)


class ValiRule(Rule):
    """A vali may have a type, which gives it name, unit and formula; every change of it is calculated."""

    _renaming: Renaming | None = None

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        if self.differs(row, "formula"):
            row["meant"] = {}
        kind = self.space.row("valitype", row["type"])
        if kind is None:
            row["uses_default_formula"] = False
        else:
            self._typed(row, kind)
        if self.space.switches.strict_units and not is_unit(row["unit"]):
            raise Refused.of("unit", f"'{row['unit']}' is not a unit.")
        if self.id is not None and self.differs(row, "shortname", "parent"):
            self._renaming = Renaming(self.space, self.space.store, None, {self.id})

    def _typed(self, row: Row, kind: Row) -> None:
        row["shortname"] = kind["name"]
        row["unit"] = row["unit"] or kind["unit"]
        if not convertible(row["unit"], kind["unit"]):
            raise Refused.of("unit", f"'{row['unit']}' is not convertible to '{kind['unit']}'.")
        if row["uses_default_formula"]:
            row["formula"] = kind["formula"]

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        changed, relinked = {id}, set[int]()
        if self.old is None:
            self.space.names.added(id, row)
        if self._renaming is not None:
            changed |= self._renaming.apply()
        if self.differs(row, "shortname", "parent", "type"):
            owners = {row["parent"], self.old["parent"] if self.old else None}
            above = [(self.space.row("components", owner) or {}).get("parent") for owner in owners]
            relinked = self.space.calculator.collectors(above)
        self.space.recalculate(changed, relinked)


class ValiTypeRule(Rule):
    """Changing a type changes the valis that have it."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if self.old is None:
            return
        valis = self.space.store.pointing("valis", "type", id)
        renaming = Renaming(self.space, self.space.store, None, set(valis)) if self.differs(row, "name") else None
        for vali in valis:
            old = self.space.store.rows("valis")[vali]
            formula = row["formula"] if old["uses_default_formula"] else old["formula"]
            self.space.store.put("valis", vali, {"shortname": row["name"], "formula": formula})
        changed = set(valis) | (renaming.apply() if renaming is not None else set())
        self.space.recalculate(changed)


def convertible(left: str, right: str) -> bool:
    """Whether values in one unit can be shown in the other. No unit goes with every unit."""
    if not left.strip() or not right.strip():
        return True
    try:
        return unit(left).dimensions == unit(right).dimensions
    except FormulaError:
        return False


RULES: dict[str, type[Rule]] = {
    "project": ProjectRule,
    "components": ComponentRule,
    "valis": ValiRule,
    "valitype": ValiTypeRule,
}
