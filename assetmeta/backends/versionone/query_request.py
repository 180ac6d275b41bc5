"""Fetches as query.v1 documents (query.v1: request).

Paths through relations become nested selects, so that every related asset comes with its identity:

    Name, Super.Scope.Name  ->  ["Name", {"from": "Super", "select": [{"from": "Scope", "select": ["Name"]}]}]

Tokens that compute something (aggregates, filters, downcasts) stay tokens and come back under their own text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.bodies import HEADERS, yaml_safe_json
from assetmeta.backends.versionone.codecs import is_unknown
from assetmeta.backends.versionone.moments import asked_moment, asof_text
from assetmeta.backends.versionone.tokens import TokenBuilder
from assetmeta.model.http import Request
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch, Sort
from assetmeta.model.record import Record
from assetmeta.model.schema import Schema
from assetmeta.model.values import AsOf, Oid

ALL_RECORDS = "All"
"""The `asof` that asks query.v1 for every record of every asset."""

_DELETED_TOO = "IsDeleted='true','false'"
"""The server hides deleted assets unless a filter speaks of IsDeleted; this one does and admits all."""


@dataclass(slots=True)
class SelectNode:
    """What is selected of the assets at one place: tokens with the columns they fill, and relations gone through.

    *multi* names the columns with several values, *raw* those of a kind that we do not know.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    multi: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    nested: dict[str, SelectNode] = field(default_factory=dict)

    def select(self) -> list[Json]:
        """The `select` list of this node and, inside it, of those below."""
        chosen: list[Json] = list(self.tokens)
        chosen.extend({"from": name, **node.body()} for name, node in self.nested.items())
        return chosen

    def body(self) -> dict[str, Json]:
        """`select`, left out when only identities are wanted."""
        chosen = self.select()
        return {"select": chosen} if chosen else {}


class Query(Record):
    """One fetch, spelled: the document without its page, the layout of the answer and the moment of its assets."""

    document: Mapping[str, Json]
    layout: SelectNode
    moment: AsOf | None
    history: bool = False

    @property
    def filters(self) -> list[str]:
        """The filter entries, joined by *and*."""
        found = self.document.get("filter", [])
        return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []

    @property
    def variables(self) -> dict[str, str]:
        """The variables that the filters and tokens use."""
        found = self.document.get("with", {})
        return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def build_query(schema: Schema, fetch: Fetch, zone: str, oids: Sequence[Oid] | None = None, nest: bool = True) -> Query:
    """Spell *fetch*, for *oids* alone when they are given. Without *nest* a path through a relation selects the
    relation. Raises BadValue or UnknownName before anything is sent.
    """
    schema.type(fetch.type_name)
    spelling = TokenBuilder(schema)
    layout = _layout(schema, spelling, fetch, nest)
    filters = [spelling.oids(oids)] if oids is not None else []
    filters += spelling.filters(fetch.where, fetch.type_name)
    if fetch.deleted and not fetch.history:
        filters.append(_DELETED_TOO)
    moment = asked_moment(fetch.asof, fetch.oids)
    parts: dict[str, Json] = {
        "filter": list(filters),
        "sort": list(sort_keys(spelling, fetch.sort, fetch.type_name)),
        "find": fetch.find.text if fetch.find else None,
        "findin": [spelling.token(path, fetch.type_name) for path in fetch.find.paths] if fetch.find else None,
        "asof": ALL_RECORDS if fetch.history else _asof(moment, zone),
        "with": dict(spelling.variables),
    }
    document: dict[str, Json] = {"from": fetch.type_name, **layout.body()}
    document.update({key: value for key, value in parts.items() if value})
    return Query(document, layout, moment, fetch.history)


def _asof(moment: AsOf | None, zone: str) -> str | None:
    # A change number is no time: rest-1.v1 takes it in the URL of one asset.
    return None if moment is None or isinstance(moment, int) else asof_text(moment, zone)


def sort_keys(spelling: TokenBuilder, keys: Sequence[Sort], owner: str) -> list[str]:
    """Spell a sort list. ID ends it, because pages of equal keys would otherwise overlap; without keys the server's
    own order, by ID, is kept.
    """
    yaml_safe_json = [f"{'-' if key.descending else '+'}{spelling.token(key.path, owner)}" for key in keys]
    if yaml_safe_json and all(str(key.path) != "ID" for key in keys):
        yaml_safe_json.append("+ID")
    return yaml_safe_json


def request(documents: Sequence[Mapping[str, Json]]) -> Request:
    """Put one or several documents into one POST; query.v1 only reads, so it may be repeated."""
    body: object = dict(documents[0]) if len(documents) == 1 else [dict(document) for document in documents]
    return Request("POST", "query.v1", headers=HEADERS, body=yaml_safe_json(body).encode(), idempotent=True)


def page(start: int, size: int) -> dict[str, Json]:
    """The `page` entry for *size* assets from *start* on."""
    return {"page": {"start": start, "size": size}}


def _layout(schema: Schema, spelling: TokenBuilder, fetch: Fetch, nest: bool) -> SelectNode:
    root = SelectNode()
    for path in fetch.select:
        resolve(schema, fetch.type_name, path)
        if path.is_plain and not path.is_name:
            if nest:
                _go_through(schema, root, fetch.type_name, path.steps)
            else:
                _choose(schema, spelling, root, fetch.type_name, Path(path.steps[:1]))
        else:
            _choose(schema, spelling, root, fetch.type_name, path)
    _drop_doubles(root)
    return root


def _choose(schema: Schema, spelling: TokenBuilder, node: SelectNode, owner: str, path: Path) -> None:
    node.tokens[spelling.token(path, owner)] = str(path)
    found = resolve(schema, owner, path)
    if found.multi:
        node.multi.add(str(path))
    if path.is_name and is_unknown(found.attribute.kind):
        node.raw.add(str(path))


def _go_through(schema: Schema, node: SelectNode, owner: str, steps: Sequence[Step]) -> None:
    """Follow plain *steps* from *node*, making nodes on the way."""
    for step in steps[:-1]:
        attribute = schema.attribute(owner, step.name)
        if attribute.multi:
            node.multi.add(step.name)
        node = node.nested.setdefault(step.name, SelectNode())
        owner = attribute.related or owner
    name = steps[-1].name
    node.tokens[name] = name
    attribute = schema.attribute(owner, name)
    if attribute.multi:
        node.multi.add(name)
    if is_unknown(attribute.kind):
        node.raw.add(name)


def _drop_doubles(node: SelectNode) -> None:
    """A relation that is gone through needs no token of its own: the nested answer names the same assets."""
    for name, inner in node.nested.items():
        node.tokens.pop(name, None)
        _drop_doubles(inner)


def chunks(oids: Iterable[Oid], size: int) -> list[tuple[Oid, ...]]:
    """Cut *oids*, without repeats, into tuples of at most *size*."""
    unique = list(dict.fromkeys(oids))
    return [tuple(unique[place : place + size]) for place in range(0, len(unique), size)]
