"""Models, and deployments with their versions and endpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..catalogue import KINDS
from ..code.config import BadConfig, config_of
from ..derived.projects import slug
from ..model import Key, Row
from ..problems import Refused, leaf, missing_object
from .rule import Rule

SOURCES = ("execution", "pipeline", "manual")
NO_ENDPOINT = "The commit has no such endpoint."
NUMBERS = ("cpu_request", "memory_limit", "memory_request")


class ModelRule(Rule):
    """A model has a slug, and from the start a creator."""

    def before(self, values: Row, old: Row | None) -> None:
        """Make the slug of the first name; it stays when the name changes."""
        if old is None:
            taken = {row["slug"] for row in self.space.store.rows("model").values()}
            stem = slug(values["name"])
            candidates = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
            values["slug"] = next(text for text in candidates if text not in taken)


class ModelVersionRule(Rule):
    """A version names what it was made by."""

    def before(self, values: Row, old: Row | None) -> None:
        """Raises Refused for a source that does not exist."""
        if "source" not in values:
            return
        given = values["source"]
        made_by, id = given.get("type"), given.get("id")
        if "type" not in given:
            raise Refused({"source": {"type": [leaf("This field is required.", "required")]}})
        if made_by not in SOURCES:
            raise Refused({"source": {"type": [leaf(f'"{made_by}" is not a valid choice.', "invalid_choice")]}})
        values["source"] = {"type": made_by}
        if made_by != "manual":
            if "id" not in given:
                raise Refused({"source": {"id": [leaf("This field is required.", "required")]}})
            found = self.finder.find(KINDS[made_by], id)
            if found is None:
                raise Refused({"source": {"id": [missing_object(id)]}})
            values["source"]["id"] = found


class DeploymentRule(Rule):
    """A deployment runs on the one cluster there is."""

    def before(self, values: Row, old: Row | None) -> None:
        """Name the cluster."""
        if old is None:
            rows = self.space.store.rows("deployment")
            known = next((row["target"] for row in rows.values() if row["target"]), None)
            values["target"] = known or self.space.new_id()


class DeploymentVersionRule(Rule):
    """A version comes with the endpoints that its configurations name."""

    def before(self, values: Row, old: Row | None) -> None:
        """Raises Refused for configurations that cannot be read; nested as they are."""
        if old is None:
            errors = {}
            listed = self._listed(values.get("commit"))
            for name, given in values.get("endpoint_configurations", {}).items():
                unknown = listed and name not in listed
                problems = {"non_field_errors": [NO_ENDPOINT]} if unknown else self._problems(given)
                if problems:
                    errors[name] = problems
            if errors:
                raise Refused({"endpoint_configurations": errors})

    def after(self, id: Key, old: Row | None) -> None:
        """Make the endpoints of a new version."""
        if old is None:
            for name, given in self.space.row("deployment_version", id)["endpoint_configurations"].items():
                self._add_endpoint(id, name, given)

    def _listed(self, commit: Key | None) -> Collection[str]:
        """The endpoints that the commit's configuration lists; none where it has none that can be read."""
        row = self.space.store.get("commit", commit)
        try:
            return config_of(row["config"]).endpoints if row and row["has_config"] else ()
        except BadConfig:
            return ()

    def _problems(self, given: object) -> Mapping[str, object]:
        if not isinstance(given, dict):
            return {"non_field_errors": ["Not a valid configuration."]}
        errors: dict[str, object] = {
            name: [leaf("A valid number is required.")]
            for name in (*NUMBERS, "replicas")
            if isinstance(given.get(name, 0), bool) or not isinstance(given.get(name, 0), (int, float))
        }
        files = given.get("files") or {}
        if not isinstance(files, dict):
            return errors | {"files": [leaf("Expected a dictionary of items.", "not_a_dict")]}
        lost = {name: each for name, each in files.items() if self.finder.find(KINDS["datum"], each) is None}
        if lost:
            errors["files"] = {name: [missing_object(each)] for name, each in lost.items()}
        return errors

    def _add_endpoint(self, version: Key, name: str, given: Mapping[str, Any]) -> None:
        files = [
            {"id": self.space.new_id(), "name": file, "datum": self.finder.find(KINDS["datum"], datum)}
            for file, datum in (given.get("files") or {}).items()
        ]
        self.space.add(
            "deployment_endpoint",
            name=name,
            version=version,
            enabled=bool(given.get("enabled", True)),
            cpu_request=given.get("cpu_request", 0.1),
            memory_limit=given.get("memory_limit", 0),
            memory_request=given.get("memory_request", 0),
            files=files,
        )


class VersionAliasRule(Rule):
    """An alias means a version of its own deployment."""

    def before(self, values: Row, old: Row | None) -> None:
        """Raises Refused for a version of another one."""
        deployment = values.get("deployment") or (old or {}).get("deployment")
        target = self.space.store.get("deployment_version", values.get("target"))
        if target is not None and target["deployment"] != deployment:
            raise Refused.of("target", "The version is of another deployment.")


RULES: dict[str, type[Rule]] = {
    "model": ModelRule,
    "model_version": ModelVersionRule,
    "deployment": DeploymentRule,
    "deployment_version": DeploymentVersionRule,
    "deployment_version_alias": VersionAliasRule,
}
