"""HTML texts: kept to the letter, with a plain form beside (reference 4.4).

A reference to another object is an element that holds its text:

    <span class="quill-autocomplete" host="requirement" itemid="2165"><requirement ...>$SPC-002</requirement></span>
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from assetmeta.model.codecs import Raw, Text

_REFERENCE = re.compile(r'<span[^>]*\bclass="[^"]*quill-autocomplete[^>]*>(.*?)</span>', re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_ENDS_LINE = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"})
_SILENT = frozenset({"script", "style"})


class Html(str):
    """A text with markup. It is the very text that the server sent; `plain` is what a person reads."""

    __slots__ = ()

    @property
    def plain(self) -> str:
        """The text without markup: references as their text, entities decoded, one line per paragraph."""
        return plain(self)


class Cleaned(str):
    """A text that lost its markup or its references on the way here. It is not for writing back: `str(text)` is."""

    __slots__ = ()


class HtmlText(Text):
    """Text with markup, kept character for character; a cleaned text is refused."""

    accepts: str = "text, plain or HTML"

    def decode(self, raw: Raw) -> object:
        return raw if raw is None or isinstance(raw, Cleaned) else Html(raw)

    def parse(self, value: object) -> object:
        if isinstance(value, Cleaned):
            raise ValueError(
                "it is a cleaned text, and writing it back would lose formatting and references; write str(text) if "
                "that is meant"
            )
        # A dataclass with slots is made anew, and a bare super() would still mean the class that it replaced.
        text = Text.parse(self, value)
        return text if text is None else Html(text)


def plain(text: str) -> str:
    """Return *text* without markup."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = "".join(reader.pieces).split("\n")
    return "\n".join(line.strip() for line in lines).strip()


def dereferenced(text: str) -> str:
    """Return *text* with its markup, but references turned into their text."""
    return _REFERENCE.sub(lambda match: _TAG.sub("", match[1]), text)


class _Reader(HTMLParser):
    """Collects the text of a document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag == "br":
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _ENDS_LINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
