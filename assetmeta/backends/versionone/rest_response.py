"""rest-1.v1 documents as rows (reading: response documents).

An element has the requested token as name, letter by letter; the order is arbitrary, and there may be elements that
were not requested. An empty element is null or an empty list: the schema decides which.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lxml import etree
from msgspec import Struct

from assetmeta.backends.responses import parse_xml
from assetmeta.model.codecs import Raw
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Response
from assetmeta.model.plans import RawValue, Row
from assetmeta.model.values import AsOf, Oid

XML = (("Accept", "text/xml"),)


class Column(Struct, frozen=True):
    """One column of a row: its name there, and whether it holds several values."""

    column: str
    multi: bool


class Listed(Struct, frozen=True):
    """The assets of a list or history document, and how many match in all (None when it has no total)."""

    assets: tuple[etree._Element, ...]
    total: int | None


def read_list(response: Response) -> Listed:
    """Read an `Assets` or `History` document; a lone `Asset` is a list of one. Raises InvalidResponse."""
    root = parse_xml(response)
    if root.tag == "Asset":
        return Listed((root,), None)
    if root.tag not in ("Assets", "History"):
        raise unexpected(root, response)
    total = root.get("total", "")
    return Listed(tuple(root.iterchildren("Asset")), int(total) if total.isascii() and total.isdigit() else None)


def read_asset(response: Response) -> etree._Element:
    """Return the `Asset` root of a document. Raises InvalidResponse."""
    root = parse_xml(response)
    if root.tag != "Asset":
        raise unexpected(root, response)
    return root


def row(asset: etree._Element, wanted: Mapping[str, Column], oid: Oid, moment: AsOf | None) -> Row:
    """Return one asset's row: what it has of *wanted* (token -> column). Related assets get *moment*."""
    columns: list[str] = []
    values: list[RawValue] = []
    for element in asset:
        want = wanted.get(element.get("name", ""))
        if want is not None:
            columns.append(want.column)
            # Most elements hold text alone, and looking for children is slow.
            values.append(cell(element, want.multi, moment) if want.multi or len(element) else element.text or None)
    return Row(oid, _shared(tuple(columns)), tuple(values))


@lru_cache(maxsize=1000)
def _shared(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The same tuple for equal columns, which all rows of a document have."""
    return columns


def cell(element: etree._Element, multi: bool, moment: AsOf | None) -> RawValue:
    """Return the value of an `Attribute` or `Relation` element."""
    if element.tag == "Relation":
        oids = _references(element, moment)
        return oids if multi else oids[0] if oids else None
    nested = tuple(_text(value) for value in element.iterchildren("Value"))
    if multi:
        return nested or ((element.text,) if element.text else ())
    return nested[0] if nested else _text(element)


def identity(asset: etree._Element, response: Response) -> Oid:
    """Return the Oid of an asset element, with its moment where it has one. Raises InvalidResponse."""
    try:
        found = Oid.parse(asset.get("id", ""))
    except BadValue:
        raise unexpected(asset, response) from None
    if not isinstance(found.key, int):
        raise unexpected(asset, response)
    return found


def unexpected(root: etree._Element, response: Response) -> InvalidResponse:
    """The error for a well-formed document that is not the requested one."""
    line = response.request.line if response.request else "the request"
    return InvalidResponse(
        f"The answer to {line} cannot be read: <{root.tag} id={root.get('id')!r}> was not expected.",
        status=response.status,
        request=line,
    )


def _references(element: etree._Element, moment: AsOf | None) -> tuple[Oid, ...]:
    tokens = [asset.get("idref", "NULL") for asset in element if asset.tag == "Asset"]
    found = [_parsed(token) for token in tokens if token != "NULL"]
    # Only relations to the past, Prior and History, name a moment when none was requested.
    return tuple(found) if moment is None else tuple([oid.at(moment) for oid in found])


@lru_cache(maxsize=1000)
def _parsed(token: str) -> Oid:
    try:
        found = Oid.parse(token)
    except BadValue as error:
        raise InvalidResponse(f"The answer names an asset as {token!r:.80}, which is no identity.") from error
    if not isinstance(found.key, int):
        raise InvalidResponse(f"The answer names an asset as {token!r:.80}, which is no identity: its id is no number.")
    return found


def _text(element: etree._Element) -> Raw:
    return element.text or None
