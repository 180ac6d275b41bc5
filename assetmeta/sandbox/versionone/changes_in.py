"""Change documents of rest-1.v1 read into changes, from XML and from JSON.

The first character of the body decides which it is: clients label bodies as they please.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NoReturn, cast

from lxml import etree

from .problems import Cause, Problem
from .requests import Change, Ref
from .types import TypeDef

Act = Literal["set", "add", "remove"]
Plain = str | int | float | bool | None

SUMMARY = "Invalid document"
ACTS = frozenset({"set", "add", "remove"})
ROOT_KEYS = frozenset({"_type", "href", "id", "Attributes"})
VALUE_KEYS = frozenset({"_type", "name", "href", "value", "act", "idref", "id"})
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def refused(detail: str) -> Problem:
    """A document that cannot be read."""
    return Problem(400, SUMMARY, (Cause("VersionOne.DataException", detail),))


def read_changes(body: bytes, kind: TypeDef) -> list[Change]:
    """The changes a document asks for, in its order. *kind* tells single from multi. Raises a 400 problem."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return list(from_xml(body, kind))
    if start == b"{":
        return list(from_json(body, kind))
    raise refused("The body is neither XML nor JSON")


def from_xml(body: bytes, kind: TypeDef) -> Iterator[Change]:
    """The changes of an XML document. One with a DOCTYPE is refused."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refused(f"Malformed XML: {error}") from None
    docinfo = root.getroottree().docinfo
    if docinfo is None or docinfo.internalDTD is not None:
        raise refused("A DOCTYPE is not allowed")
    if root.tag != "Asset":
        raise refused(f"The root element must be Asset, not {root.tag}")
    for element in root:
        yield from xml_changes(element, kind)


def xml_changes(element: etree._Element, kind: TypeDef) -> Iterator[Change]:
    """The changes of one `Attribute` or `Relation` element. Without an act it changes nothing."""
    name = element.get("name")
    if element.tag not in ("Attribute", "Relation") or not name:
        raise refused(f"Unexpected element {element.tag}")
    child = "Asset" if element.tag == "Relation" else "Value"
    for each in element:
        if each.tag != child or len(each):
            raise refused(f"Unexpected element {each.tag} in {name}")
    act = element.get("act")
    if act is not None:
        if checked(act, name) != "set":
            raise refused(f"The act of {name} must be set, not {act}")
        values = [xml_value(each, name) for each in element]
        yield set_change(name, values if len(element) else [element.text] if element.text else [], kind)
        return
    for each in element:
        if (own := each.get("act")) is not None:
            yield entry_change(name, own, xml_value(each, name))


def xml_value(child: etree._Element, name: str) -> str | Ref | None:
    """The value of an `Asset` or `Value` child."""
    if child.tag == "Value":
        return child.text
    idref = child.get("idref")
    if not idref:
        raise refused(f"An Asset of {name} has no idref")
    return Ref(idref)


def from_json(body: bytes, kind: TypeDef) -> Iterator[Change]:
    """The changes of a JSON document."""
    document = parsed_json(body)
    unknown = set(document) - ROOT_KEYS
    attributes = document.get("Attributes")
    if unknown or not isinstance(attributes, dict):
        raise refused(f"Unexpected key {sorted(unknown)[0]}" if unknown else "The document has no Attributes")
    for name, entry in attributes.items():
        yield from json_changes(name, entry, kind)


def parsed_json(body: bytes) -> dict[str, Any]:
    """The object a body holds. Raises a 400 problem for anything else."""

    def constant(word: str) -> NoReturn:
        raise ValueError(f"{word} is not a JSON number")

    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise refused(f"Malformed JSON: {error}") from None
    if not isinstance(document, dict):
        raise refused("The document is not an object")
    return document


def json_changes(name: str, entry: object, kind: TypeDef) -> Iterator[Change]:
    """The changes of one key of "Attributes": `{"value", "act"}`, or a list of `{"idref" or "value", "act"}`."""
    if isinstance(entry, list):
        entry = {"value": entry}
    if not isinstance(entry, dict) or set(entry) - VALUE_KEYS:
        raise refused(f"Attribute {name} must be an object with value and act")
    value, act = entry.get("value"), entry.get("act")
    if act is not None and checked(act, name) != "set":
        yield from (entry_change(name, act, json_value(item, name)) for item in listed(value))
    elif act is not None:
        values = [json_value(item, name) for item in listed(value)]
        yield set_change(name, [item for item in values if item not in (None, "")], kind)
    else:
        for item in listed(value):
            if isinstance(item, dict) and item.get("act") is not None:
                yield entry_change(name, item["act"], json_value(item, name))


def listed(value: object) -> list[object]:
    """A list as it is, anything else as the only item."""
    return value if isinstance(value, list) else [value]


def json_value(item: object, name: str) -> str | int | float | bool | Ref | None:
    """One value: a scalar, `{"idref": oid}`, or `{"value": scalar}`."""
    if isinstance(item, dict):
        if set(item) - VALUE_KEYS:
            raise refused(f"Unexpected key in {name}")
        if "idref" in item:
            if not isinstance(item["idref"], str) or not item["idref"]:
                raise refused(f"An idref of {name} is no OID token")
            return Ref(item["idref"])
        return json_value(item.get("value"), name)
    if isinstance(item, list):
        raise refused(f"A value of {name} is a list")
    if isinstance(item, str) and _ILLEGAL.search(item):
        raise refused(f"A value of {name} has characters that cannot be written")
    return cast("Plain", item)


def set_change(name: str, values: list[Any], kind: TypeDef) -> Change:
    """Set the whole value: all of *values* for a multi-value attribute, the only one (or null) otherwise."""
    definition = kind.attributes.get(name)
    if definition is not None and definition.multi:
        return Change(name, "set", tuple(value if isinstance(value, Ref) else str(value) for value in values))
    if len(values) > 1:
        raise refused(f"{name} takes one value, not {len(values)}")
    return Change(name, "set", values[0] if values else None)


def entry_change(name: str, act: object, value: str | int | float | bool | Ref | None) -> Change:
    """Add, remove, or set one value."""
    if value is None or value == "":
        raise refused(f"{name} has an empty value to {act}")
    return Change(name, checked(act, name), value)


def checked(act: object, name: str) -> Act:
    """The act as a word of the protocol. Raises a 400 problem for any other."""
    if act not in ACTS:
        raise refused(f"Unknown act {act} of {name}")
    return cast("Act", act)
