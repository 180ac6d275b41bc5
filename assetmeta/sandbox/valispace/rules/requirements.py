"""Rules of requirements, sections, and verification (sections 2.6 to 2.8 of the protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import Refused, missing_object

from .. import history
from ..catalogue import CONTENT_TYPES
from ..derived import COMPONENT_VMS, GROUPS, REQUIREMENTS, verified_status
from ..model import Row
from ..renames import Renaming
from .rule import Rule

CUSTOM_ROWS = "data/custom-field-row"


class RequirementRule(Rule):
    """A requirement is in its specification or in a section of it. Every change of it is a version."""

    _renaming: Renaming | None = None

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        group = self.space.row(GROUPS, row["group"])
        if group is not None and group["specification"] != row["specification"]:
            if "group" in given:
                raise Refused.of("group", "The group is not part of the specification.")
            row["group"] = None
        for name in ("comment", "rationale"):
            if name in given:
                row["comment"] = row["rationale"] = given[name]
        if row["position"] is None and self.old is None:
            row["position"] = self._next_position(row["specification"])
        row["updated"] = self.space.now
        row["updated_by"] = self.space.user
        if self.old is None:
            row["created"] = row["updated"]
        elif self.differs(row, "identifier"):
            self._renaming = Renaming(self.space, self.space.store, self.id)

    def _next_position(self, specification: int) -> float:
        rows = self.space.store.rows(REQUIREMENTS)
        ids = self.space.store.pointing(REQUIREMENTS, "specification", specification)
        return max((float(rows[id]["position"] or 0) // 1 for id in ids), default=0.0) + 1

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if "custom_field_rows" in given:
            self._write_custom_rows(id, given["custom_field_rows"])
        if self._renaming is not None:
            self.space.recalculate(self._renaming.apply())
        elif self.old is not None and self.differs(row, "specification"):
            self.space.names.forget()
        history.record(self.space, id)

    def _write_custom_rows(self, id: int, given: object) -> None:
        """Replace the custom fields of the requirement by a list of {"custom_field", "value"}."""
        store = self.space.store
        if not isinstance(given, list):
            raise Refused.of("custom_field_rows", f'Expected a list of items but got type "{type(given).__name__}".')
        own = CONTENT_TYPES["requirement"]
        for row_id in store.hanging(CUSTOM_ROWS, "object_id", own, id):
            store.remove(CUSTOM_ROWS, row_id)
        for one in given:
            field = one.get("custom_field") if isinstance(one, Mapping) else None
            if not isinstance(field, int) or store.get("data/custom-fields", field) is None:
                raise Refused.of("custom_field_rows", missing_object(field))
            store.insert(
                CUSTOM_ROWS,
                {"custom_field": field, "value": one.get("value"), "content_type": own, "object_id": id},
            )


class SpecificationRule(Rule):
    """A move to another project moves the requirements, and with them what they own."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        if self.old is not None and self.differs(row, "project"):
            self.space.names.forget()


class GroupRule(Rule):
    """A section is in the specification of the section above it."""

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        parent = self.space.row(GROUPS, row["parent"])
        if parent is not None and parent["specification"] != row["specification"]:
            if "parent" in given:
                raise Refused.of("parent", "The parent is not part of the specification.")
            row["parent"] = None


class ComponentVmRule(Rule):
    """The time at which the status became a verified one is kept."""

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        if not self.differs(row, "status"):
            return
        row["verified_on"] = self.space.now if verified_status(self.space, row["status"]) else None


RULES: dict[str, type[Rule]] = {
    REQUIREMENTS: RequirementRule,
    "requirements/specifications": SpecificationRule,
    GROUPS: GroupRule,
    COMPONENT_VMS: ComponentVmRule,
}
