"""Aliases, datasets and stores."""

from __future__ import annotations

from assetmeta.sandbox.rest.values import REQUIRED

from ..catalogue import KINDS
from ..model import Key, Row
from ..problems import Refused, leaf, missing_object
from .rule import Rule


class AliasRule(Rule):
    """An alias lies in the project of its datum, unless it has none yet."""

    def before(self, values: Row, old: Row | None) -> None:
        """Find the project. Raises Refused where there is none, or it is not the datum's."""
        datum = self.space.store.get("datum", values.get("datum"))
        if old is None and values.get("project") is None:
            if datum is None:
                raise Refused.of("project", REQUIRED, "required")
            values["project"] = datum["project"]
        project = values.get("project") or (old or {}).get("project")
        if datum is not None and datum["project"] != project:
            raise Refused.of("datum", "The datum is in another project.")


class DatasetVersionRule(Rule):
    """A version has files, written as `[{"datum": uuid}]`."""

    def before(self, values: Row, old: Row | None) -> None:
        """Resolve the data. Raises Refused."""
        if "files" in values:
            values["files"] = [{"datum": self._datum(entry, place)} for place, entry in enumerate(values["files"])]
        previous = self.space.store.get("dataset_version", values.get("previous_version"))
        if previous is not None and previous["dataset"] != values.get("dataset"):
            raise Refused.of("previous_version", "The previous version is of another dataset.")

    def _datum(self, entry: object, place: int) -> Key:
        """One entry. The leaves of a bad one stand under its place, in a list with empty maps for those before."""
        if not isinstance(entry, dict) or "datum" not in entry:
            raise self._bad_file(place, leaf(REQUIRED, "required"))
        found = self.finder.find(KINDS["datum"], entry["datum"])
        if found is None:
            raise self._bad_file(place, missing_object(entry["datum"]))
        return found

    def _bad_file(self, place: int, problem: object) -> Refused:
        return Refused({"files": [*({} for _ in range(place)), {"datum": [problem]}]})


class StoreRule(Rule):
    """A store is for teams, for one project, or for everybody of its owner."""

    def before(self, values: Row, old: Row | None) -> None:
        """Raises Refused where teams and a project are named together, with a text and a leaf in one list."""
        whole = {**(old or {}), **values}
        if whole.get("teams") and whole.get("project"):
            mode = whole.get("access_mode") or "owner_organization"
            problem = leaf(f'The access mode "{mode}" does not take both.', "access_mode_conflict")
            raise Refused({"non_field_errors": ["A store is for teams or for a project, not for both.", problem]})


RULES: dict[str, type[Rule]] = {
    "datum_alias": AliasRule,
    "dataset_version": DatasetVersionRule,
    "store": StoreRule,
}
