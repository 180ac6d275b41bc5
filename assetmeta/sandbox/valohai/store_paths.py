"""`stores/<id>/adopt/`: make a datum of a file that lies in a store already."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import forbidden
from assetmeta.sandbox.rest.routing import ANY
from assetmeta.sandbox.rest.values import REQUIRED

from .call import Call
from .catalogue import KINDS
from .model import Key
from .problems import Refused, leaf, missing_object, refused_action
from .resource import Route
from .workspace import Workspace

NOT_FOUND = "adoptable_file_not_found"
ABSENT = "missing"
"""No bucket is behind the face, so every address in a store has a file, except those with this word in the name."""


class StorePaths:
    """The one action of stores."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """The one path."""
        yield Route(("stores", ANY, "adopt"), "Adopt", {"POST": self.adopt})

    def adopt(self, call: Call) -> Answer:
        """POST {"url", "project"}: {"ok": true, "created": {url: datum id}}. Raises Problem (400)."""
        store, fields = call.find("store"), call.fields()
        url = fields.get("url")
        project = call.finder.find(KINDS["project"], fields.get("project"))
        errors: dict[str, object] = {}
        if not isinstance(url, str) or not url:
            errors["url"] = [leaf(REQUIRED, "required")]
        if project is None:
            given = fields.get("project")
            errors["project"] = [leaf(REQUIRED, "required") if given is None else missing_object(given)]
        if errors or project is None:
            raise Refused(errors)
        if not call.rights.changes(KINDS["project"], project):
            raise forbidden()
        return Answer({"ok": True, "created": {str(url): self._adopted(call, store, project, str(url))}})

    def _adopted(self, call: Call, store: Key, project: Key, url: str) -> Key:
        name = self.space.row("store", store)["name"]
        prefix = str((call.reader.document("store", store))["uri_prefix"])
        file = url.removeprefix(prefix)
        if file in ("", url) or ABSENT in file:
            raise refused_action(f"Not found in {name}: '{url}'", NOT_FOUND)
        rows = self.space.store.rows("datum")
        if any(rows[id]["uri"] == url for id in self.space.store.pointing("datum", "store", store)):
            raise refused_action(f"{url} already exists in {name}")
        return self.space.add("datum", name=file, size=0, uri=url, project=project, store=store)
