"""rest-1.v1/New: what the server suggests for a new asset (writing: new templates and context)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from assetmeta.backends.responses import answered, check
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.identities import require_key
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.rest_response import XML, cell, read_asset
from assetmeta.model.http import Flow, Request
from assetmeta.model.plans import AttributeChange
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid


def template(
    schema: Schema, type_name: str, context: Oid | None, settings: Settings
) -> Flow[tuple[AttributeChange, ...]]:
    """Ask for the values of a new asset, in one request. Without *context* the server suggests little or nothing.

    Attributes that the schema does not have are left out, and so are those that the server merely shows.
    """
    query = (("ctx", require_key(context).token),) if context is not None else ()
    request = Request("GET", f"{settings.rest}/New/{type_name}", query, XML, idempotent=True)
    asset = read_asset(check(answered((yield request)), parse_error))
    return tuple(_deltas(schema, type_name, asset))


def _deltas(schema: Schema, type_name: str, asset: etree._Element) -> Iterator[AttributeChange]:
    attributes = schema.type(type_name).attributes
    for element in asset:
        attribute = attributes.get(element.get("name", ""))
        suggested = element.get("act") == "set" or any(child.get("act") == "add" for child in element)
        if attribute is not None and suggested:
            yield _delta(attribute, element)


def _delta(attribute: Attribute, element: etree._Element) -> AttributeChange:
    value = cell(element, attribute.multi, None)
    if attribute.multi:
        several = value if isinstance(value, tuple) and not isinstance(value, Oid) else ()
        added = tuple(item if isinstance(item, Oid) else attribute.codec.decode(item) for item in several)
        return AttributeChange(attribute.name, (), added=added, is_multi=True)
    if isinstance(value, tuple):
        return AttributeChange(attribute.name, None, value if isinstance(value, Oid) else None)
    return AttributeChange(attribute.name, None, attribute.codec.decode(value))
