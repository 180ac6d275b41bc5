"""Objects as answers show them: plain, sparse, cleaned, complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from assetmeta.sandbox.rest.refusals import Missing

from . import filters, history, texts
from .catalogue import KINDS
from .derived import COMPONENT_VMS, REQUIREMENT_VMS, REQUIREMENTS, STATUSES, value_of
from .model import Document, Kind, Row
from .workspace import Workspace

IMAGES = ("image_1024", "image_512", "image_256", "image_128", "image_64")
METHODS = "requirements/verification-methods"


def row_of(space: Workspace, kind: Kind, id: int) -> Row:
    """The row of an object. Raises Missing."""
    row = space.store.get(kind.endpoint, id)
    if row is None:
        raise Missing(kind.title)
    return row


def document(space: Workspace, kind: Kind, id: int) -> Document:
    """One whole object. Raises Missing."""
    return render(space, kind, id, row_of(space, kind, id))


def render(space: Workspace, kind: Kind, id: int, row: Row) -> Document:
    """A row with everything that is worked out of it."""
    found = {
        field.name: value_of(space, kind.endpoint, id, row, field.name) for field in kind.fields if field.access != "wo"
    }
    if kind.endpoint == REQUIREMENTS and space.switches.rationale != "both":
        found.pop("comment" if space.switches.rationale == "rationale" else "rationale")
    return found


def documents(space: Workspace, kind: Kind, ids: Iterable[int], query: Mapping[str, str]) -> list[Document]:
    """A list of objects, shaped by the query."""
    rows = space.store.rows(kind.endpoint)
    wanted = names_in(query, "fields") if kind.sparse else []
    if wanted:
        return [
            {name: value_of(space, kind.endpoint, id, rows[id], name) for name in wanted if name in kind.by_name}
            for id in ids
        ]
    found = [render(space, kind, id, rows[id]) for id in ids]
    if kind.endpoint == "components" and space.switches.bare_lists:
        for one in found:
            del one["valis"]
    return [cleaned(space, one, query) for one in found]


def shaped(space: Workspace, kind: Kind, found: Document, query: Mapping[str, str]) -> Document:
    """One object, shaped by the query."""
    wanted = names_in(query, "fields") if kind.sparse else []
    if wanted:
        return {name: found[name] for name in wanted if name in found}
    return cleaned(space, found, query)


def cleaned(space: Workspace, found: Document, query: Mapping[str, str]) -> Document:
    """The object with the texts cleaned that `clean_text` and `clean_html` name; other names are ignored."""
    cleaners: dict[str, Callable[[Workspace, str], str]] = {
        **dict.fromkeys(names_in(query, "clean_html"), texts.without_references),
        **dict.fromkeys(names_in(query, "clean_text"), texts.plain),
    }
    for name, clean in cleaners.items():
        if isinstance(found.get(name), str):
            found[name] = clean(space, found[name])
    return found


def names_in(query: Mapping[str, str], parameter: str) -> list[str]:
    """The names of a comma list."""
    return [name.strip() for name in query.get(parameter, "").split(",") if name.strip()]


def full_list(space: Workspace, kind: Kind, query: Mapping[str, str]) -> list[Document]:
    """`full_list/`: the plain list with the addresses of small images, of which there are none."""
    found = documents(space, kind, filters.select(space, kind, query), query)
    for one in found:
        one.update(dict.fromkeys(IMAGES) if kind.endpoint == REQUIREMENTS else {})
    return found


def complete(space: Workspace, query: Mapping[str, str], as_of: date | None) -> list[Document]:
    """`requirements/complete/`: verification nested, tags and statuses by name. Nested texts are not cleaned.

    With *as_of*, requirements that did not exist then are left out, and the others have the fields of that time.
    """
    kind = KINDS[REQUIREMENTS]
    rows = space.store.rows(REQUIREMENTS)
    found = []
    for id in filters.select(space, kind, query):
        row = rows[id] if as_of is None else history.row_at(space, id, as_of)
        if row is None:
            continue
        one = cleaned(space, render(space, kind, id, row), query)
        one["tags"] = _names(space, "tag", one["tags"])
        one["verification_methods"] = [_nested_method(space, method) for method in one["verification_methods"]]
        found.append(one)
    return found


def _nested_method(space: Workspace, id: int) -> Document:
    row = space.store.rows(REQUIREMENT_VMS)[id]
    method = space.row(METHODS, row["method"])
    vms = space.store.pointing(COMPONENT_VMS, "method", id)
    return {
        "id": id,
        "method": None if method is None else {"id": row["method"], "name": method["name"]},
        "text": row["text"],
        "component_vms": [_nested_item(space, vm) for vm in vms],
    }


def _nested_item(space: Workspace, id: int) -> Document:
    found = document(space, KINDS[COMPONENT_VMS], id)
    status = space.row(STATUSES, found["status"])
    found["status"] = status["name"] if status else None
    found["tags"] = _names(space, "tag", found["tags"])
    return found


def _names(space: Workspace, endpoint: str, ids: Iterable[int]) -> list[Any]:
    rows = space.store.rows(endpoint)
    return [rows[id]["name"] for id in ids if id in rows]
