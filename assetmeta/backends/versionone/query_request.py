"""Fetches as query.v1 documents (query.v1: request).

Paths through relations become nested selects, so that the answer has the identity of every related asset:

    Name, Super.Scope.Name  ->  ["Name", {"from": "Super", "select": [{"from": "Scope", "select": ["Name"]}]}]

Tokens that compute something (aggregates, filters, downcasts) stay tokens; their text is the key in the answer.

Bodies are JSON text, which the endpoints parse as YAML. A count is the `total` of an empty page of rest-1.v1 where the
filter fits into a URL (reading: query parameters).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from msgspec import Struct

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.codecs import is_unknown
from assetmeta.backends.versionone.rest_response import XML
from assetmeta.backends.versionone.tokens import TokenBuilder, asof_text, moment_of
from assetmeta.model.http import Request
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Fetch, Sort
from assetmeta.model.schema import Schema
from assetmeta.model.values import AsOf, Oid

HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))

# YAML parsers break lines at U+0085, U+2028 and U+2029 even inside quotes and take an escaped surrogate pair for two
# characters: so most text is sent as it is, and exactly these characters are escaped.
_YAML_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")

ALL_RECORDS = "All"
"""The `asof` with which query.v1 returns every record of every asset."""

LONGEST_URL = 1500
"""Characters of a query string that every proxy accepts."""

# `,` and `|` separate values of rest-1.v1 variables, `;` does on some servers, and none can be escaped.
_PLAIN_VARIABLE = re.compile(r"\w[\w .@+\-]*\w|\w", re.ASCII)

_DELETED_TOO = "IsDeleted='true','false'"
"""The server hides deleted assets unless a filter uses IsDeleted; this one does and admits all."""


def yaml_safe_json(document: object) -> str:
    """Return *document* as JSON text that a YAML parser reads the same."""
    text = json.dumps(document, ensure_ascii=False)
    return _YAML_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@dataclass(slots=True)
class SelectNode:
    """What is selected of the assets at one place: tokens with the columns they fill, and relations that are followed.

    *multi* names the columns with several values, *raw* those of an unknown kind.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    multi: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    nested: dict[str, SelectNode] = field(default_factory=dict)

    def select(self) -> list[Json]:
        """The `select` list of this node and, inside it, of the nested ones."""
        chosen: list[Json] = list(self.tokens)
        chosen.extend({"from": name, **node.body()} for name, node in self.nested.items())
        return chosen

    def body(self) -> dict[str, Json]:
        """`select`; nothing when only identities are read."""
        chosen = self.select()
        return {"select": chosen} if chosen else {}


class Query(Struct, frozen=True):
    """One fetch as a document without its page, with the layout of the answer and the moment of its assets."""

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
    """Return *fetch* as a query, for *oids* alone when they are given. Without *nest* a path through a relation selects
    the relation. Raises BadValue or UnknownName before anything is sent.
    """
    schema.type(fetch.type_name)
    builder = TokenBuilder(schema)
    layout = _layout(schema, builder, fetch, nest)
    filters = [builder.oids(oids)] if oids is not None else []
    filters += builder.filters(fetch.where, fetch.type_name)
    if fetch.deleted and not fetch.history:
        filters.append(_DELETED_TOO)
    moment = moment_of(fetch.asof, fetch.oids)
    parts: dict[str, Json] = {
        "filter": list(filters),
        "sort": list(sort_keys(builder, fetch.sort, fetch.type_name)),
        "find": fetch.find.text if fetch.find else None,
        "findin": [builder.token(path, fetch.type_name) for path in fetch.find.paths] if fetch.find else None,
        "asof": ALL_RECORDS if fetch.history else _asof(moment, zone),
        "with": dict(builder.variables),
    }
    document: dict[str, Json] = {"from": fetch.type_name, **layout.body()}
    document.update({key: value for key, value in parts.items() if value})
    return Query(document, layout, moment, fetch.history)


def _asof(moment: AsOf | None, zone: str) -> str | None:
    # A change number is no time: rest-1.v1 takes it in the URL of one asset.
    return None if moment is None or isinstance(moment, int) else asof_text(moment, zone)


def sort_keys(builder: TokenBuilder, keys: Sequence[Sort], owner: str) -> list[str]:
    """Return a sort list. It ends with ID, because pages of equal keys would overlap otherwise; without keys the server
    sorts by ID.
    """
    tokens = [f"{'-' if key.descending else '+'}{builder.token(key.path, owner)}" for key in keys]
    if tokens and all(str(key.path) != "ID" for key in keys):
        tokens.append("+ID")
    return tokens


def request(documents: Sequence[Mapping[str, Json]]) -> Request:
    """Return one POST of one or several documents; query.v1 only reads, so it may be repeated."""
    body: object = dict(documents[0]) if len(documents) == 1 else [dict(document) for document in documents]
    return Request("POST", "query.v1", headers=HEADERS, body=yaml_safe_json(body).encode(), idempotent=True)


def page(start: int, size: int) -> dict[str, Json]:
    """The `page` entry for *size* assets from *start* on."""
    return {"page": {"start": start, "size": size}}


def _layout(schema: Schema, builder: TokenBuilder, fetch: Fetch, nest: bool) -> SelectNode:
    root = SelectNode()
    for path in fetch.select:
        resolve(schema, fetch.type_name, path)
        if path.is_plain and not path.is_name:
            if nest:
                _follow(schema, root, fetch.type_name, path.steps)
            else:
                _choose(schema, builder, root, fetch.type_name, Path(path.steps[:1]))
        else:
            _choose(schema, builder, root, fetch.type_name, path)
    _drop_doubles(root)
    return root


def _choose(schema: Schema, builder: TokenBuilder, node: SelectNode, owner: str, path: Path) -> None:
    node.tokens[builder.token(path, owner)] = str(path)
    found = resolve(schema, owner, path)
    if found.multi:
        node.multi.add(str(path))
    if path.is_name and is_unknown(found.attribute.kind):
        node.raw.add(str(path))


def _follow(schema: Schema, node: SelectNode, owner: str, steps: Sequence[Step]) -> None:
    """Follow plain *steps* from *node*, adding nodes."""
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
    """A relation that is followed needs no token of its own: the nested answer names the same assets."""
    for name, inner in node.nested.items():
        node.tokens.pop(name, None)
        _drop_doubles(inner)


def parameters(query: Query) -> list[tuple[str, str]] | None:
    """Return the query's conditions as rest-1.v1 parameters, or None when they cannot be sent there."""
    document = query.document
    pairs: list[tuple[str, str]] = []
    if query.filters:
        entries = query.filters
        pairs.append(("where", ";".join(f"({entry})" for entry in entries) if len(entries) > 1 else entries[0]))
    if query.variables:
        if not all(_PLAIN_VARIABLE.fullmatch(value) for value in query.variables.values()):
            return None
        pairs.append(("with", "|".join(f"{name}={value}" for name, value in query.variables.items())))
    pairs += [(key, str(document[key])) for key in ("find", "asof") if document.get(key) not in (None, ALL_RECORDS)]
    fields = document.get("findin")
    if isinstance(fields, list):
        pairs.append(("findin", ",".join(map(str, fields))))
    return pairs


def fits(pairs: list[tuple[str, str]]) -> bool:
    """True when *pairs* make a query string that is short enough."""
    return sum(length(key) + length(value) + 2 for key, value in pairs) <= LONGEST_URL


def length(text: str) -> int:
    """The length of a text in a query string, in characters."""
    return len(quote_plus(text))


def count_request(query: Query, root: str) -> Request | None:
    """Return the request whose `total` is the number of matches, or None when only paging can count them."""
    pairs = parameters(query)
    if pairs is None or not fits(pairs):
        return None
    pairs = [("sel", ""), ("page", "1,0"), ("needTotal", "true"), *pairs]
    # `asof` is documented for Hist, where a time returns one record per asset.
    part = "Hist" if "asof" in query.document else "Data"
    return Request("GET", f"{root}/{part}/{query.document['from']}", tuple(pairs), XML, idempotent=True)
