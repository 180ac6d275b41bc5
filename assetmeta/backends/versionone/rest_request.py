"""Changes as rest-1.v1 requests (writing: create, update, operations)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.tokens import place, require_key
from assetmeta.model.errors import BadValue, ReadOnly, Unsupported
from assetmeta.model.http import Request
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

RealOids = Mapping[Oid, Oid]
"""Provisional identities and the real ones that the server gave for them."""

_XML = (("Content-Type", "text/xml; charset=utf-8"), ("Accept", "text/xml"))


def write_request(schema: Schema, change: Change, known: RealOids, settings: Settings) -> Request:
    """Return the request of one change. Raises BadValue for what no document can contain, ReadOnly for an asset of the
    past, Unsupported for an operation with arguments, which only the bulk API takes.
    """
    if isinstance(change, Call) and change.arguments:
        raise unsupported(change)
    if change.oid.moment is not None:
        raise ReadOnly(f"{change.oid} is an asset of the past, which cannot be changed.", oid=change.oid.token)
    query: list[tuple[str, str]] = []
    body = b""
    if isinstance(change, Create):
        where = change.oid.type
        if change.context is not None:
            query.append(("ctx", real(change.context, known).token))
    else:
        where = place(real(change.oid, known))
    if isinstance(change, Create | Update):
        body = document(schema, change.oid.type, change.deltas, known)
        if change.comment is not None:
            # The server removes one pair of quotes, so that a comment may itself begin and end with them.
            query.append(("Comment", f"'{change.comment}'"))
    else:
        query.append(("op", change.operation if isinstance(change, Call) else "Delete"))
    return Request("POST", f"{settings.rest}/Data/{where}", tuple(query), _XML, body=body, writes=True)


def document(schema: Schema, type_name: str, deltas: Iterable[AttributeChange], known: RealOids) -> bytes:
    """Return the `Asset` document for *deltas*: attributes that it does not name stay as they are. Raises BadValue."""
    root = etree.Element("Asset")
    for delta in deltas:
        attribute = schema.attribute(type_name, delta.name)
        try:
            _element(root, attribute, delta, known)
        except ValueError as error:
            if isinstance(error, BadValue):
                raise
            raise BadValue(
                f"{type_name}.{delta.name} cannot be sent: {error}", type_name=type_name, attribute=delta.name
            ) from error
    return etree.tostring(root, encoding="utf-8", xml_declaration=False)


def real(oid: Oid, known: RealOids) -> Oid:
    """Return the identity on the server. Raises BadValue for an asset that was not created yet."""
    return require_key(known.get(oid, oid))


def unsupported(call: Call) -> Unsupported:
    """The error for an operation with arguments where there is no bulk API."""
    return Unsupported(
        f"{call.operation} cannot be called with arguments here: the server takes them through api/asset only.",
        oid=call.oid.token,
        attribute=call.operation,
    )


def _element(root: etree._Element, attribute: Attribute, delta: AttributeChange, known: RealOids) -> None:
    if attribute.is_relation:
        element = etree.SubElement(root, "Relation", name=attribute.name)
    else:
        element = etree.SubElement(root, "Attribute", name=attribute.name)
    if attribute.multi or delta.is_multi:
        added, removed = moves(delta)
        _moves(element, attribute, added, "add", known)
        _moves(element, attribute, removed, "remove", known)
        return
    element.set("act", "set")
    if not attribute.is_relation:
        element.text = attribute.codec.encode(delta.new) or None
    elif isinstance(delta.new, Oid):
        etree.SubElement(element, "Asset", idref=real(delta.new, known).token)
    elif delta.new is not None:
        raise BadValue(f"{delta.name} takes an asset, not {delta.new!r}.", attribute=delta.name)


def moves(delta: AttributeChange) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """What is added to and removed from a multi-value attribute; a new list is compared with the old one.

    Raises BadValue when a new list is given and the old one was never read: the server can only add and remove.
    """
    if delta.added or delta.removed or delta.new is None:
        return delta.added, delta.removed
    new, old = _several(delta.new), _several(delta.old)
    if new is None or old is None:
        raise BadValue(f"{delta.name} cannot be replaced as a whole unless it was read before.", attribute=delta.name)
    return tuple(value for value in new if value not in old), tuple(value for value in old if value not in new)


def _several(value: object) -> tuple[object, ...] | None:
    return tuple(value) if isinstance(value, tuple | list | set | frozenset) and not isinstance(value, Oid) else None


def _moves(element: etree._Element, attribute: Attribute, values: Iterable[object], act: str, known: RealOids) -> None:
    for value in values:
        if not attribute.is_relation:
            etree.SubElement(element, "Value", act=act).text = attribute.codec.encode(value) or None
        elif isinstance(value, Oid):
            etree.SubElement(element, "Asset", idref=real(value, known).token, act=act)
        else:
            raise BadValue(f"{attribute.name} takes assets, not {value!r}.", attribute=attribute.name)
