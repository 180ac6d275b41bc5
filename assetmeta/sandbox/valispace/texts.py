"""Texts with HTML: made plain, or freed of references (section 4.4 of the protocol)."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser

from .catalogue import KINDS
from .derived import value_of
from .workspace import Workspace

REFERENCE = re.compile(r"<span\b[^>]*\bclass=\"quill-autocomplete\"[^>]*>.*?</span>", re.DOTALL)
ATTRIBUTE = re.compile(r"\b(\w+)=\"([^\"]*)\"")
TAG = re.compile(r"<[^>]*>")
BREAKS = {"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "ul", "ol", "table"}
DISPLAY_NAME = "displayName"


def plain(space: Workspace, text: str) -> str:
    """The text without formatting: references as text, entities decoded, a new line for each block."""
    reader = _Plain()
    reader.feed(without_references(space, text))
    reader.close()
    return re.sub(r"\n+", "\n", "".join(reader.pieces)).strip("\n")


def without_references(space: Workspace, text: str) -> str:
    """The text with its formatting, its references as text."""
    return REFERENCE.sub(lambda match: escape(_shown(space, match[0]), quote=False), text)


def _shown(space: Workspace, element: str) -> str:
    """What a reference shows: the field of the object as it is now, else what was written."""
    written = unescape(TAG.sub("", element))
    attributes = dict(ATTRIBUTE.findall(element.partition(">")[0]))
    kind = next((kind for kind in KINDS.values() if kind.model == attributes.get("host")), None)
    item, field = attributes.get("itemid", ""), attributes.get("field", "")
    if kind is None or not item.isdigit():
        return written
    row = space.store.get(kind.endpoint, int(item))
    if row is None:
        return written
    if field == DISPLAY_NAME:
        return f"{row.get('first_name', '')} {row.get('last_name', '')}".strip() or str(row.get("username", ""))
    if field not in kind.by_name:
        return written
    value = value_of(space, kind.endpoint, int(item), row, field)
    unit = row.get("unit") or row.get("shown_unit") or "" if field == "value" else ""
    return written if value is None else f"{value} {unit}".rstrip()


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
