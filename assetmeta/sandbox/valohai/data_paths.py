"""What can be done with data: purge, find by alias, give properties, adopt from a store, download (section 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import forbidden, not_found
from assetmeta.sandbox.rest.routing import ANY
from assetmeta.sandbox.rest.values import REQUIRED

from .call import Call
from .catalogue import KINDS
from .model import Key
from .problems import Refused, leaf, missing_object, refused_action
from .resource import Route

DATUM = KINDS["datum"]
TAGS, ALIAS = "valohai.tags", "valohai.alias"
DONE = {"ok": True}
NOT_FOUND = "adoptable_file_not_found"
ABSENT = "missing"
"""No bucket is behind the face, so every address in a store has a file, except those with this word in the name."""


def purge(call: Call) -> Answer:
    """POST: forget the bytes, keep the record."""
    id = call.find_writable("datum")
    call.space.store.drop_blob("datum", id)
    call.space.change("datum", id, purged=True)
    return Answer(DONE)


def set_metadata(call: Call) -> Answer:
    """POST a map: the properties of one datum; some of the keys act."""
    id = call.find_writable("datum")
    errors = _apply(call, id, call.fields())
    if errors:
        raise Refused(errors)
    return Answer(DONE)


def apply_metadata(call: Call) -> Answer:
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
            problems = _apply(call, id, properties)
            errors |= {text: problems} if problems else {}
    if errors:
        raise Refused({"datum_metadata": errors})
    return Answer(DONE)


def resolve(call: Call) -> Answer:
    """GET ?name=&project=: the datum that an alias means."""
    project = call.find("project", call.query.one("project") or "")
    alias = _alias(call, project, call.query.one("name") or "")
    datum = call.space.store.rows("datum_alias")[alias]["datum"] if alias is not None else None
    if datum is None:
        raise not_found()
    return Answer({"datum": call.reader.show("datum", datum, "d")})


def _alias(call: Call, project: Key | None, name: str) -> Key | None:
    rows = call.space.store.rows("datum_alias")
    own = call.space.store.pointing("datum_alias", "project", project)
    return next((id for id in own if rows[id]["name"] == name and not rows[id]["deleted"]), None)


def _apply(call: Call, id: Key, properties: Mapping[str, Any]) -> dict[str, object]:
    """Set the properties of one datum, and return what is wrong with them."""
    tags, alias = properties.get(TAGS), properties.get(ALIAS)
    errors: dict[str, object] = {}
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        errors[TAGS] = [leaf("Expected a list of texts.", "not_a_list")]
    if alias is not None and not (isinstance(alias, str) and alias.strip()):
        errors[ALIAS] = [leaf("Not a valid string.")]
    if errors:
        return errors
    row = call.space.row("datum", id)
    changes: dict[str, object] = {"properties": {**row["properties"], **properties}}
    if tags is not None:
        changes["tags"] = list(dict.fromkeys(tags))
    call.space.change("datum", id, **changes)
    if alias is not None:
        _point(call, row["project"], alias, id)
    return {}


def _point(call: Call, project: Key, name: str, datum: Key) -> None:
    """Let the alias of that name mean the datum, made where there is none."""
    alias = _alias(call, project, name)
    if alias is None:
        call.space.add("datum_alias", name=name, datum=datum, project=project)
    else:
        call.space.change("datum_alias", alias, datum=datum)


def adopt(call: Call) -> Answer:
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
    return Answer({"ok": True, "created": {str(url): _adopted(call, store, project, str(url))}})


def _adopted(call: Call, store: Key, project: Key, url: str) -> Key:
    name = call.space.row("store", store)["name"]
    prefix = str((call.reader.document("store", store))["uri_prefix"])
    file = url.removeprefix(prefix)
    if file in ("", url) or ABSENT in file:
        raise refused_action(f"Not found in {name}: '{url}'", NOT_FOUND)
    rows = call.space.store.rows("datum")
    if any(rows[id]["uri"] == url for id in call.space.store.pointing("datum", "store", store)):
        raise refused_action(f"{url} already exists in {name}")
    return call.space.add("datum", name=file, size=0, uri=url, project=project, store=store)


def download(call: Call) -> Answer:
    """GET data/{id}/download/: `{"url"}`, good for a while and without a token; or an attachment, as settings say.

    404 for a datum whose bytes were purged.
    """
    datum = call.find("datum")
    row = call.space.row("datum", datum)
    content = None if row["purged"] else call.space.store.read_blob("datum", datum)
    if content is None:
        raise not_found()
    storage = call.space.storage
    if storage is not None and storage.port is not None and not call.space.settings.streams_downloads:
        seconds = call.space.settings.link_seconds
        return Answer({"url": storage.address(call.origin, str(datum), str(row["name"]), seconds)})
    name = quote(str(row["name"]).rpartition("/")[2], safe="")
    headers = (("Content-Disposition", f"attachment; filename*=UTF-8''{name}"),)
    return Answer.raw(content[2], "application/octet-stream", headers)


ROUTES = (
    Route(("data", ANY, "purge"), "Purge", {"POST": purge}),
    Route(("data", ANY, "metadata"), "Datum Metadata", {"POST": set_metadata}),
    Route(("data", "metadata", "apply"), "Apply Metadata", {"POST": apply_metadata}),
    Route(("datum-aliases", "resolve"), "Resolve", {"GET": resolve}),
    Route(("stores", ANY, "adopt"), "Adopt", {"POST": adopt}),
    Route(("data", ANY, "download"), "Datum Download", {"GET": download}),
)
"""The paths, with who answers them."""
