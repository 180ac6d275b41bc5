"""meta.v1 as a Schema: types flattened by the server, each attribute with the flags of the type that shows it.

What a document does not contain counts as absent or False: old servers send neither `iscustom` nor `ShortName`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from lxml import etree
from msgspec.structs import replace

from assetmeta.backends.responses import answered, answers, check_place, parse_xml
from assetmeta.backends.versionone.codecs import codec_for
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.model.errors import InvalidResponse, UnknownName
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema

_XML = (("Accept", "text/xml"),)
_NEVER_WRITTEN = re.compile(r"(?:AndDown|AndUp|AndMe)\Z|(?:History|Viewers)\Z")
_CREATION = ("CreateDate", "CreateDateUTC", "CreatedBy", "CreateReason", "CreateComment")
_STORED = frozenset({"ID", "AssetType", "Key", "Number", "Name", *_CREATION})
_BASIC_READONLY = frozenset({"AssetState", "Number"})
_NOT_BASIC = frozenset({"LongText", "Blob", "Password"})


def reflect(zone: str, names: Sequence[str] | None = None) -> Flow[Schema]:
    """Read meta.v1: the whole document in one request, or meta.v1/{Type} for each of *names* and, in rounds, for the
    bases they name. Raises NotFound for a type that the server does not have.
    """
    if names is None:
        response = answered((yield Request("GET", "meta.v1/", headers=_XML, idempotent=True, public=True)))
        return _known(_checked(response), zone)
    found: dict[str, AssetType] = {}
    version, wanted = "", list(dict.fromkeys(names))
    for name in wanted:
        if not name.isidentifier():
            raise UnknownName(f"The server has no asset type {name!r}.", type_name=name)
    while wanted:
        sent = yield tuple(
            Request("GET", f"meta.v1/{name}", headers=_XML, idempotent=True, public=True) for name in wanted
        )
        for response in answers(sent):
            part = _read(parse_xml(_checked(response)), zone)
            found.update(part.types)
            version = part.version or version
        bases = (kind.base for kind in found.values())
        wanted = list(dict.fromkeys(base for base in bases if base and base not in found))
    return _whole(found, version)


_read_before: dict[tuple[bytes, str | None, str], Schema] = {}
_KEPT = 4


def _known(response: Response, zone: str) -> Schema:
    """Return the schema of a document of all types. Sessions that get the same document share it: reading one takes
    a tenth of a second.
    """
    key = (sha256(response.body).digest(), response.headers.get("content-type"), zone)
    schema = _read_before.get(key)
    if schema is None:
        schema = read_schema(parse_xml(response), zone)
        if len(_read_before) >= _KEPT:
            _read_before.clear()
        _read_before[key] = schema
    return schema


def _checked(response: Response) -> Response:
    """Return a 2xx *response*. A 404 here mostly means that the address is not that of a VersionOne instance."""
    where = response.url or "meta.v1"
    advice = (
        f"Check instance_url=: {where} was requested, and the part before meta.v1 is the address of the instance, such "
        "as https://host/Instance."
    )
    return check_place(response, parse_error, advice=advice)


def read_schema(root: etree._Element, zone: str = "UTC") -> Schema:
    """Turn a meta.v1 document, of all types or of one, into a Schema. Raises InvalidResponse for another document."""
    part = _read(root, zone)
    return _whole(part.types, part.version)


def _whole(types: Mapping[str, AssetType], version: str) -> Schema:
    for kind in types.values():
        last = types[tuple(_lineage(kind, types))[-1]]
        if last.base in types:
            names = " -> ".join((*_lineage(last, types), last.name))
            raise InvalidResponse(f"The meta.v1 document cannot be read: types are based on each other ({names}).")
    return Schema(_with_reverse(types), version)


def _read(root: etree._Element, zone: str) -> Schema:
    if root.tag not in ("Meta", "AssetType"):
        raise InvalidResponse(f"A meta.v1 document was expected, not <{root.tag}>.")
    elements = root.iterchildren("AssetType") if root.tag == "Meta" else [root]
    types = {found.name: found for found in (_type(element, zone) for element in elements)}
    return Schema(types, root.get("version", ""))


_LIST = "List"
"""The base of the types that are lists to choose from, custom ones included."""
_FIXED_LISTS = frozenset({"Role", "State"})
"""Types without a base whose few assets every server has."""


def _type(element: etree._Element, zone: str) -> AssetType:
    name = element.get("name", "")
    tokens = {child.tag: _after_type(child.get("tokenref")) for child in element if child.get("tokenref")}
    base = element.find("Base")
    known = {tokens.get("DefaultDisplayBy"), tokens.get("ShortName")}
    attributes = (_attribute(child, name, known, zone) for child in element.iterchildren("AttributeDefinition"))
    operations = (_operation(child) for child in element.iterchildren("Operation"))
    return AssetType(
        name,
        {attribute.name: attribute for attribute in attributes},
        {operation.name: operation for operation in operations},
        base=base.get("nameref") if base is not None else None,
        abstract=_flag(element, "abstract"),
        display=tokens.get("DefaultDisplayBy"),
        short=tokens.get("ShortName"),
        order=tokens.get("DefaultOrderBy"),
        choices=name in _FIXED_LISTS or (base is not None and base.get("nameref") == _LIST),
        label=element.get("displayname", ""),
    )


def _attribute(element: etree._Element, owner: str, known: set[str | None], zone: str) -> Attribute:
    """*known* are the attributes by which users name assets.

    Basic attributes are loaded by a query that selects nothing: single values that can be written, and of the others
    the number, the state and the names, but neither long texts nor bytes.
    """
    get = element.attrib.get
    name, kind = get("name", ""), get("attributetype", "")
    related, reciprocal = _ends(element, owner) if kind == "Relation" else (None, None)
    readonly, multi = get("isreadonly") == "True", get("ismultivalue") == "True"
    return Attribute(
        name,
        kind,
        codec_for(kind, name, zone, related),
        related,
        reciprocal,
        required=get("isrequired") == "True",
        readonly=readonly,
        writable=not readonly,
        multi=multi,
        custom=get("iscustom") == "True" or name.startswith("Custom_"),
        # Every move changes the ranks of other assets, so a rank is as volatile as a computed value.
        computed=(readonly and name not in _STORED) or kind == "Rank",
        basic=not multi
        and kind not in _NOT_BASIC
        and (not readonly or name in _BASIC_READONLY or (name in known and kind != "Relation")),
        label=get("displayname", ""),
    )


def _ends(element: etree._Element, owner: str) -> tuple[str, str | None]:
    """Return the related type and the reciprocal token; either may be missing in a document."""
    related = element.find("RelatedAsset")
    reciprocal = element.find("ReciprocalRelation")
    token = reciprocal.get("tokenref") if reciprocal is not None else None
    name = related.get("nameref") if related is not None else None
    if not name:
        name = token.partition(".")[0] if token else owner
    return name, token


def _operation(element: etree._Element) -> Operation:
    validator = element.find("Validator")
    return Operation(element.get("name", ""), _after_type(validator.get("tokenref")) if validator is not None else None)


def _after_type(token: str | None) -> str | None:
    """`Story.IsDeletable` -> `IsDeletable`."""
    return token.partition(".")[2] or token if token else None


def _flag(element: etree._Element, name: str) -> bool:
    return element.get(name) == "True"


def _with_reverse(types: Mapping[str, AssetType]) -> dict[str, AssetType]:
    """Mark the reverse sides of writable single relations as writable, although meta.v1 marks them read-only.

    rest-1.v1 updates: adding to `Epic.Subs` sets `Story.Super`. A base type may show the single side as read-only and
    a derived type as writable (`Workitem.Super`, `Story.Super`), so derived types count. When the other type was not
    loaded, it counts as writable, and the server refuses the write if it is not.
    """
    single = _writable_singles(types)
    found = {}
    for kind in types.values():
        changed = {
            attribute.name: replace(attribute, writable=True)
            for attribute in kind.attributes.values()
            if attribute.readonly and attribute.multi and _is_reverse(attribute, types, single)
        }
        found[kind.name] = replace(kind, attributes={**kind.attributes, **changed}) if changed else kind
    return found


def _writable_singles(types: Mapping[str, AssetType]) -> set[tuple[str, str]]:
    """All (type, attribute) where the attribute is a writable single relation there or in a derived type."""
    found: set[tuple[str, str]] = set()
    for kind in types.values():
        names = [a.name for a in kind.attributes.values() if a.related and not a.multi and not a.readonly]
        for owner in _lineage(kind, types):
            found.update((owner, name) for name in names)
    return found


def _lineage(kind: AssetType, types: Mapping[str, AssetType]) -> Iterable[str]:
    seen: dict[str, None] = {}
    current: AssetType | None = kind
    while current is not None and current.name not in seen:
        seen[current.name] = None
        current = types.get(current.base) if current.base else None
    return seen


def _is_reverse(attribute: Attribute, types: Mapping[str, AssetType], single: set[tuple[str, str]]) -> bool:
    owner, _, name = (attribute.reciprocal or "").partition(".")
    if not name or _NEVER_WRITTEN.search(attribute.name):
        return False
    return (owner, name) in single if owner in types else not _NEVER_WRITTEN.search(name)
