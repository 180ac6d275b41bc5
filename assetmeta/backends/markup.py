"""HTML texts, which VersionOne and Valispace keep: left to the letter, with a plain form beside.

A reference of Valispace to another object is an element that contains its text (reference 4.4):

    <span class="quill-autocomplete" host="requirement" itemid="2165"><requirement ...>$SPC-002</requirement></span>
"""

from __future__ import annotations

import re
from html import unescape
from itertools import zip_longest

from inscriptis import Inscriptis
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_properties import Display
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement
from lxml.etree import ParserError
from lxml.html import HtmlElement as Element
from lxml.html import HTMLParser, document_fromstring

from assetmeta.model.codecs import Raw, Text
from assetmeta.model.texts import Cleaned

# No pattern looks beyond the next "<", so that none takes longer than the text is.
_MARKUP = re.compile(r"<[A-Za-z/!?]|&#?[A-Za-z0-9]{1,31};")
_TAG = re.compile(r"<[^<>]*>")
_SPAN = re.compile(r"<span\b[^<>]*>|</span\s*>", re.IGNORECASE)
_REFERENCE = re.compile(r"""\bclass\s*=\s*(?:"[^"<>]*|'[^'<>]*)?\bquill-autocomplete\b""", re.IGNORECASE)

_BLOCKS = (
    "address article aside blockquote caption center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr legend main menu nav optgroup option p search section summary"
)
"""What the HTML standard (rendering of flow content) puts on lines of its own, besides lists and preformatted texts."""

_LAYOUT = ParserConfig(
    css=STRICT_CSS_PROFILE | {name: HtmlElement(display=Display.block) for name in _BLOCKS.split()},
)
"""How a browser lays texts out, but for the empty lines around paragraphs."""


class Html(str):
    """A text with markup. It is the very text that the server sent; `plain` is what a person reads."""

    __slots__ = ()

    @property
    def plain(self) -> Cleaned:
        """The text without markup: a line for each paragraph, lists and tables laid out, references as their text,
        entities decoded. No attribute takes it, since its markup is lost; `str(text.plain)` is taken.
        """
        return Cleaned(plain(self))


class HtmlText(Text, frozen=True):
    """Text with markup, kept character for character; a cleaned text is refused."""

    accepts: str = "text, plain or HTML"

    def decode(self, raw: Raw) -> object:
        if type(raw) is str and raw:
            return Html(raw)
        # A class with slots is made a second time, and a bare super() would still mean the first one.
        text = Text.decode(self, raw)
        return Html(text) if isinstance(text, str) and not isinstance(text, Cleaned) else text

    def parse(self, value: object) -> object:
        text = Text.parse(self, value)
        return Html(text) if isinstance(text, str) else text


_MOST_CELLS = 5_000
_PADDING, _FREE = 4, 100_000
"""A table may be so many times as large as its texts, and so many characters larger in any case."""


def plain(text: str) -> str:
    """Return *text* without markup, laid out as a browser shows it; a text that has none keeps its lines.

    It never raises: what is nested too deeply to be laid out loses its tags alone.
    """
    found = _laid_out(text) if _MARKUP.search(text) else text
    lines = [line.rstrip() for line in found.split("\n")]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return "\n".join(lines)


def _laid_out(text: str) -> str:
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
        for element in tree.iter():
            # Attributes could make any amount of blanks.
            element.attrib.clear()
        _complete_tables(tree)
        _bound_tables(tree)
        found: str = Inscriptis(tree, _LAYOUT).get_text()
    except ParserError:
        # There is nothing in it but comments.
        return ""
    except RecursionError:
        return unescape(_TAG.sub("", text))
    return found


def _complete_tables(tree: Element) -> None:
    """Put rows and cells that are outside a table, as in texts that were cut out of one, into one; and each
    table on lines of its own.
    """
    for cell in list(tree.iter("td", "th")):
        if not _is_within(cell, "tr"):
            _wrap(cell, "tr", ("td", "th"))
    for row in list(tree.iter("tr")):
        if not _is_within(row, "table"):
            _wrap(row, "table", ("tr",))
    for table in list(tree.iter("table")):
        _wrap(table, "div", ("table",))


def _bound_tables(tree: Element) -> None:
    """Turn large tables into lines of texts with blanks between them. Padding makes each row as wide as the widest one,
    so that one long cell among many rows would multiply the text; and each cell takes its time to be laid out.
    """
    elements = list(tree.iter())
    sizes: dict[Element, int] = {}
    for element in reversed(elements):
        sizes[element] = len(element.text or "") + sum(sizes[child] + len(child.tail or "") for child in element)
    turned: set[Element] = set()
    for element in elements:
        if element.getparent() in turned:
            # It was in a larger one.
            turned.add(element)
        elif element.tag == "table" and _is_large(rows := _rows(element), sizes):
            turned.update([element, *element])
            captions = [_joined(caption) for caption in element.iterchildren("caption")]
            lines = ["  ".join(map(_joined, row)).rstrip() for row in rows]
            for child in list(element):
                element.remove(child)
            element.tag, element.text = "pre", "\n".join([*captions, *lines])


def _rows(table: Element) -> list[list[Element]]:
    """The cells of a table's own rows."""
    groups = [table, *table.iterchildren("thead", "tbody", "tfoot")]
    return [list(row.iterchildren("td", "th")) for group in groups for row in group.iterchildren("tr")]


def _is_large(rows: list[list[Element]], sizes: dict[Element, int]) -> bool:
    lengths = [[sizes[cell] for cell in row] for row in rows]
    widths = [max(column) for column in zip_longest(*lengths, fillvalue=0)]
    most = _PADDING * sum(map(sum, lengths)) + _FREE
    return sum(map(len, rows)) > _MOST_CELLS or len(rows) * sum(widths) > most


def _joined(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _is_within(element: Element, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None


def _wrap(first: Element, tag: str, kinds: tuple[str, ...]) -> None:
    """Make *first* and what follows it of the same *kinds* the children of a new element."""
    around = first.makeelement(tag)
    first.addprevious(around)
    following: Element | None = first
    while following is not None and following.tag in kinds:
        element, following = following, following.getnext()
        tail = (element.tail or "").strip()
        around.append(element)
        if tail:
            element.tail, around.tail = None, tail
            break


def dereferenced(text: str) -> str:
    """Return *text* with its markup to the letter, but references turned into their text."""
    pieces: list[str] = []
    done = depth = start = 0
    for tag in _SPAN.finditer(text):
        if depth:
            depth += -1 if tag[0].startswith("</") else 1
            if not depth:
                pieces += text[done:start], _TAG.sub("", text[start : tag.end()])
                done = tag.end()
        elif _REFERENCE.search(tag[0]):
            depth, start = 1, tag.start()
    return "".join((*pieces, text[done:]))
