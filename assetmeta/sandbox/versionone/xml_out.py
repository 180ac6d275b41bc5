"""Documents of rest-1.v1 in XML. Lists are written by one closure per column, since they may be long."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from .problems import Problem
from .requests import Change, Ref, Result, RowOut, Scalar, Value
from .spelling import rest_text
from .types import AttributeDef

CONTENT_TYPE = "text/xml; charset=utf-8"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

Column = Callable[[Value], str]

_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_QUOTED = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def escape(text: str) -> str:
    """*text* as element content.

    A carriage return is written as a reference, since parsers would make it a line feed. What XML cannot hold at all
    (an error document may repeat such input) becomes the replacement character.
    """
    return _SPECIAL.sub(lambda found: _TEXT.get(found[0], "\ufffd"), text) if _SPECIAL.search(text) else text


def quoted(text: str) -> str:
    """*text* as the value of an XML attribute, in its quotes."""
    return f'"{escape(text).translate(_QUOTED)}"'


def path(oid: str) -> str:
    """The path of an OID token below Data: Story/5, Story/5/17."""
    return oid.replace(":", "/")


def xml_error(target: str, problem: Problem) -> bytes:
    """The error document: `Error` with the summary, then one `Exception` per cause, the innermost last."""
    causes = "".join(
        f"<Exception class={quoted(cause.kind)}><Message>{escape(cause.message)}</Message></Exception>"
        for cause in problem.causes
    )
    summary = f"<Message>{escape(problem.message)}</Message>"
    return f"{DECLARATION}<Error href={quoted(target)}>{summary}{causes}</Error>".encode()


class XmlWriter:
    """Writes documents whose asset links start with *base* ("/VersionOne/rest-1.v1/Data/")."""

    content_type = CONTENT_TYPE

    def __init__(self, base: str, stylesheet: str | None = None) -> None:
        self.base = base
        self._head = DECLARATION
        if stylesheet:
            href = quoted(stylesheet).replace("?>", "?&gt;")
            self._head += f'<?xml-stylesheet type="text/xsl" href={href}?>\n'

    def listing(
        self, root: str, result: Result, start: int, size: int, *, momented: bool = False, counted: bool = True
    ) -> bytes:
        """A list: *root* is "Assets" or "History". *counted* False leaves out the total."""
        columns = self._columns(result.definitions)
        body = "".join([self._asset(row, columns, momented) for row in result.rows])
        total = f' total="{result.total}"' if counted else ""
        head = f'<{root}{total} pageSize="{size}" pageStart="{start}"'
        return self._document(f"{head}>{body}</{root}>" if body else f"{head} />")

    def single(self, row: RowOut, definitions: Mapping[str, AttributeDef], momented: bool) -> bytes:
        """One asset."""
        return self._document(self._asset(row, self._columns(definitions), momented))

    def attribute(self, row: RowOut, key: str, definition: AttributeDef, momented: bool) -> bytes:
        """One attribute as a document of its own, linked to itself and to its asset."""
        of = self.base + path(row.oid if momented else row.asset)
        links = f" href={quoted(f'{of}/{key}')} of={quoted(of)}"
        return self._document(self._column(key, definition, links)(row.values[key]))

    def template(self, href: str, changes: list[Change], definitions: Mapping[str, AttributeDef]) -> bytes:
        """A new asset, not yet stored: every suggested value carries its act."""
        body = "".join(self._suggested(name, group, definitions[name]) for name, group in grouped(changes).items())
        return self._document(
            f"<Asset href={quoted(href)}>{body}</Asset>" if body else f"<Asset href={quoted(href)} />"
        )

    def _document(self, text: str) -> bytes:
        return (self._head + text).encode()

    def _asset(self, row: RowOut, columns: Mapping[str, Column], momented: bool) -> str:
        oid = row.oid if momented else row.asset
        body = "".join([columns[key](value) for key, value in row.values.items()])
        head = f'<Asset href="{self.base}{path(oid)}" id="{oid}"'
        return f"{head}>{body}</Asset>" if body else f"{head} />"

    def _columns(self, definitions: Mapping[str, AttributeDef]) -> dict[str, Column]:
        return {key: self._column(key, definition) for key, definition in definitions.items()}

    def _column(self, key: str, definition: AttributeDef, links: str = "") -> Column:
        tag = "Relation" if definition.is_relation else "Attribute"
        head = f"<{tag} name={quoted(key)}{links}"
        empty, start, end = f"{head} />", f"{head}>", f"</{tag}>"
        if definition.is_relation:
            return self._relation(empty, start, end)
        spell = rest_text(definition.kind)
        if definition.multi:
            return multi_column(empty, start, end, spell)

        def single(value: Value) -> str:
            text = spell(cast("Scalar", value))
            return f"{start}{escape(text)}{end}" if text else empty

        return single

    def _relation(self, empty: str, start: str, end: str) -> Column:
        def column(value: Value) -> str:
            refs = [value] if isinstance(value, Ref) else cast("list[Ref]", value or [])
            body = "".join([self._link(ref) for ref in refs])
            return f"{start}{body}{end}" if body else empty

        return column

    def _link(self, ref: Ref, act: str = "") -> str:
        return f'<Asset href="{self.base}{path(ref.oid)}" idref="{ref.oid}"{act} />'

    def _suggested(self, name: str, changes: list[Change], definition: AttributeDef) -> str:
        act = "" if definition.multi else ' act="set"'
        tag = "Relation" if definition.is_relation else "Attribute"
        head = f"<{tag} name={quoted(name)}{act}>"
        if not definition.is_relation and not definition.multi:
            return f"{head}{escape(rest_text(definition.kind)(scalar_of(changes[0])))}</{tag}>"
        pieces = []
        for change in changes:
            child = f' act="{change.act}"' if definition.multi else ""
            if definition.is_relation:
                pieces.append(self._link(ref_of(change), child))
            else:
                pieces.append(f"<Value{child}>{escape(str(change.value))}</Value>")
        return f"{head}{''.join(pieces)}</{tag}>"


def multi_column(empty: str, start: str, end: str, spell: Callable[[Scalar], str]) -> Column:
    """The column of a multi-value scalar: a `Value` each, in order, an empty one for null."""

    def column(value: Value) -> str:
        texts = [spell(item) for item in cast("list[Scalar]", value or [])]
        body = "".join([f"<Value>{escape(text)}</Value>" if text else "<Value />" for text in texts])
        return f"{start}{body}{end}" if body else empty

    return column


def grouped(changes: list[Change]) -> dict[str, list[Change]]:
    """The changes by attribute, in order of first mention."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.name, []).append(change)
    return groups


def ref_of(change: Change) -> Ref:
    """The related asset a change names."""
    return change.value if isinstance(change.value, Ref) else Ref(str(change.value))


def scalar_of(change: Change) -> Scalar:
    """The scalar a change sets."""
    return cast("Scalar", change.value)
