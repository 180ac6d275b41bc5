"""rest-1.v1/New: what the server suggests for a new asset (writing: new templates and context)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from assetmeta.backends.base import answered, check
from assetmeta.backends.versionone.complaints import explain
from assetmeta.backends.versionone.identities import checked
from assetmeta.backends.versionone.rest import XML, cell, read_asset
from assetmeta.backends.versionone.settings import Settings
from assetmeta.model.flows import Flow, Request
from assetmeta.model.plans import Delta
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid


def template(schema: Schema, type_name: str, context: Oid | None, settings: Settings) -> Flow[tuple[Delta, ...]]:
    """Ask for the values of a new asset, in one request. Without *context* the server suggests little or nothing.

    Attributes that the schema does not have are left out, and so are those that the server merely shows.
    """
    query = (("ctx", checked(context).token),) if context is not None else ()
    request = Request("GET", f"{settings.rest}/New/{type_name}", query, XML, idempotent=True)
    asset = read_asset(check(answered((yield request)), explain))
    return tuple(_deltas(schema, type_name, asset))


def _deltas(schema: Schema, type_name: str, asset: etree._Element) -> Iterator[Delta]:
    attributes = schema.type(type_name).attributes
    for element in asset:
        attribute = attributes.get(element.get("name", ""))
        suggested = element.get("act") == "set" or any(child.get("act") == "add" for child in element)
        if attribute is not None and suggested:
            yield _delta(attribute, element)


def _delta(attribute: Attribute, element: etree._Element) -> Delta:
    value = cell(element, attribute.multi, None)
    if attribute.multi:
        several = value if isinstance(value, tuple) and not isinstance(value, Oid) else ()
        added = tuple(item if isinstance(item, Oid) else attribute.codec.decode(item) for item in several)
        return Delta(attribute.name, (), added=added, is_multi=True)
    if isinstance(value, tuple):
        return Delta(attribute.name, None, value if isinstance(value, Oid) else None)
    return Delta(attribute.name, None, attribute.codec.decode(value))
