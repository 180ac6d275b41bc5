"""What can be done with data: purge them, give them properties, find them by alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import forbidden, not_found
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .catalogue import KINDS
from .model import Key
from .problems import Refused, leaf, missing_object
from .resource import Route
from .workspace import Workspace

DATUM = KINDS["datum"]
TAGS, ALIAS = "valohai.tags", "valohai.alias"
DONE = {"ok": True}


class DataPaths:
    """`data/<id>/purge/`, `data/<id>/metadata/`, `data/metadata/apply/`, `datum-aliases/resolve/`."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """All of them."""
        yield Route(("data", ANY, "purge"), "Purge", {"POST": self.purge})
        yield Route(("data", ANY, "metadata"), "Datum Metadata", {"POST": self.set_metadata})
        yield Route(("data", "metadata", "apply"), "Apply Metadata", {"POST": self.apply_metadata})
        yield Route(("datum-aliases", "resolve"), "Resolve", {"GET": self.resolve})

    def purge(self, call: Call) -> Answer:
        """POST: forget the bytes, keep the record."""
        id = call.find("datum")
        call.writable("datum", id)
        self.space.store.drop_blob("datum", id)
        self.space.change("datum", id, purged=True)
        return Answer(DONE)

    def set_metadata(self, call: Call) -> Answer:
        """POST a map: the properties of one datum; some of the keys act."""
        id = call.find("datum")
        call.writable("datum", id)
        errors = self._apply(call, id, call.fields())
        if errors:
            raise Refused(errors)
        return Answer(DONE)

    def apply_metadata(self, call: Call) -> Answer:
        """POST {"datum_metadata": {id: map}}: the properties of many data, all or none of them."""
        given = call.fields().get("datum_metadata")
        if not isinstance(given, Mapping):
            raise Refused.of("datum_metadata", "Expected a dictionary of items.", "not_a_dict")
        errors: dict[str, object] = {}
        for text, properties in given.items():
            id = call.finder.find(DATUM, text)
            if id is None:
                errors[text] = [missing_object(text)]
            elif not call.rights.changes(DATUM, id):
                raise forbidden()
            elif not isinstance(properties, Mapping):
                errors[text] = [leaf("Expected a dictionary of items.", "not_a_dict")]
            else:
                problems = self._apply(call, id, properties)
                errors |= {text: problems} if problems else {}
        if errors:
            raise Refused({"datum_metadata": errors})
        return Answer(DONE)

    def resolve(self, call: Call) -> Answer:
        """GET ?name=&project=: the datum that an alias means."""
        project = call.find("project", call.query.one("project") or "")
        alias = self._alias(project, call.query.one("name") or "")
        datum = self.space.store.rows("datum_alias")[alias]["datum"] if alias is not None else None
        if datum is None:
            raise not_found()
        return Answer({"datum": call.reader.show("datum", datum, "d")})

    def _alias(self, project: Key | None, name: str) -> Key | None:
        rows = self.space.store.rows("datum_alias")
        own = self.space.store.pointing("datum_alias", "project", project)
        return next((id for id in own if rows[id]["name"] == name and not rows[id]["deleted"]), None)

    def _apply(self, call: Call, id: Key, properties: Mapping[str, Any]) -> dict[str, object]:
        """Set the properties of one datum, and return what is wrong with them."""
        tags, alias = properties.get(TAGS), properties.get(ALIAS)
        errors: dict[str, object] = {}
        if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
            errors[TAGS] = [leaf("Expected a list of texts.", "not_a_list")]
        if alias is not None and not (isinstance(alias, str) and alias.strip()):
            errors[ALIAS] = [leaf("Not a valid string.")]
        if errors:
            return errors
        row = self.space.row("datum", id)
        changes: dict[str, object] = {"properties": {**row["properties"], **properties}}
        if tags is not None:
            changes["tags"] = list(dict.fromkeys(tags))
        self.space.change("datum", id, **changes)
        if alias is not None:
            self._point(row["project"], alias, id)
        return {}

    def _point(self, project: Key, name: str, datum: Key) -> None:
        """Let the alias of that name mean the datum, made where there is none."""
        alias = self._alias(project, name)
        if alias is None:
            self.space.add("datum_alias", name=name, datum=datum, project=project)
        else:
            self.space.change("datum_alias", alias, datum=datum)
