"""Suite files (reference 7.5): the cases of a suite and their annotations, out of XML or JSON.

Automated suites are XML, `test_suite` with `test_case` elements; manual ones are JSON with the same names. All values
are texts there. An annotation may carry a payload, compressed and in base64, which is unpacked when it is used.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from assetmeta.backends.responses import Json, parse_json, parse_xml
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Response

MAX_PAYLOAD = 64 * 1024 * 1024
"""Bytes of an annotation's payload; more is refused while it is unpacked."""

_DEEPEST = 100
_GZIP = 31
_NUMBER = re.compile(r"[0-9]{1,18}")
_COUNTS = ("passed", "failed", "errored", "not_applicable", "in_progress", "unknown")

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note on a case: a *description*, a payload of some *mime_type*, or both. It may contain further ones.

    *level* is its severity, such as "error". *packed* is the payload as it came.
    """

    name: str
    level: str | None = None
    mime_type: str | None = None
    description: str | None = None
    children: tuple[Annotation, ...] = ()
    comments: tuple[str, ...] = ()
    packed: str = field(default="", repr=False)

    @property
    def data(self) -> bytes:
        """The payload, unpacked; nothing where there is none. Raises InvalidResponse for a damaged or too large one."""
        if not self.packed:
            return b""
        unpacker = zlib.decompressobj(_GZIP)
        try:
            found = unpacker.decompress(base64.b64decode("".join(self.packed.split()), validate=True), MAX_PAYLOAD)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise InvalidResponse(f"The payload of the annotation {self.name!r:.80} is damaged ({error}).") from error
        if unpacker.unconsumed_tail or (not unpacker.eof and len(found) == MAX_PAYLOAD):
            raise InvalidResponse(
                f"The payload of the annotation {self.name!r:.80} is larger than {MAX_PAYLOAD} bytes."
            )
        if not unpacker.eof:
            raise InvalidResponse(f"The payload of the annotation {self.name!r:.80} is damaged: its end is missing.")
        return found

    @property
    def text(self) -> str:
        """The payload as text in UTF-8."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. *status* is "passed", "failed", "not_applicable", "errored" or a newer word; *duration* is in
    seconds; *start_time* is as the server wrote it, without a zone.
    """

    name: str
    status: str | None = None
    duration: float | None = None
    start_time: str | None = None
    description: str | None = None
    annotations: tuple[Annotation, ...] = ()
    other: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite file. *type* is "auto" or "manual"; *counts* are the numbers of cases by status, as the file has them."""

    name: str
    type: str | None = None
    runner: str | None = None
    duration: float | None = None
    start_time: str | None = None
    description: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    other: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Node:
    """An element of either format: attributes as texts, and what is below it by the kind that it is."""

    texts: Texts
    below: Mapping[str, tuple[_Node, ...]]
    comments: tuple[str, ...] = ()
    packed: str = ""


def read(response: Response) -> Suite:
    """Read a suite file, in whichever format it is. Raises InvalidResponse for anything else."""
    if response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        root = parse_xml(response)
        if root.tag != "test_suite":
            raise InvalidResponse(
                f"The file is not a suite: it begins with {str(root.tag)[:40]!r}.", status=response.status
            )
        return _suite(_of_element(root))
    document = parse_json(response)
    inner = document.get("suite", document) if isinstance(document, dict) else None
    if not isinstance(inner, dict) or "name" not in inner:
        raise InvalidResponse("The file is not a suite: it has neither a name nor cases.", status=response.status)
    return _suite(_of_object(inner, 0))


def _suite(node: _Node) -> Suite:
    texts = dict(node.texts)
    counts = {name: int(texts.pop(name)) for name in _COUNTS if _NUMBER.fullmatch(texts.get(name, ""))}
    cases = tuple(map(_case, node.below.get("cases", ())))
    return Suite(
        texts.pop("name", ""),
        type=texts.pop("type", None),
        runner=texts.pop("runner", None),
        duration=_seconds(texts.pop("duration", None)),
        start_time=texts.pop("start_time", None),
        description=texts.pop("description", None),
        counts=counts,
        cases=cases,
        other=texts,
    )


def _case(node: _Node) -> Case:
    texts = dict(node.texts)
    return Case(
        texts.pop("name", ""),
        status=texts.pop("status", None),
        duration=_seconds(texts.pop("duration", None)),
        start_time=texts.pop("start_time", None),
        description=texts.pop("description", None),
        annotations=tuple(map(_annotation, node.below.get("annotations", ()))),
        other=texts,
    )


def _annotation(node: _Node) -> Annotation:
    texts = node.texts
    children = tuple(map(_annotation, node.below.get("annotations", ())))
    return Annotation(
        texts.get("name", ""),
        level=texts.get("level"),
        mime_type=texts.get("mime_type"),
        description=texts.get("description"),
        children=children,
        comments=node.comments,
        packed=node.packed,
    )


def _of_element(element: etree._Element) -> _Node:
    """An element as a node. The parser limits how deep it is nested."""
    cases = tuple(_of_element(child) for child in element.iterchildren("test_case"))
    notes = tuple(_of_element(child) for child in element.iterchildren("annotation"))
    comments = tuple(child.text or "" for child in element.iterchildren("comment"))
    texts = {str(name): str(value) for name, value in element.attrib.items()}
    return _Node(texts, {"cases": cases, "annotations": notes}, comments, (element.text or "").strip())


def _of_object(item: Mapping[str, Json], depth: int) -> _Node:
    """An object as a node; its annotations are under `annotations` or, within another, `children`."""
    if depth > _DEEPEST:
        raise InvalidResponse(f"The suite is nested deeper than {_DEEPEST} levels.")
    plain = {name: value for name, value in item.items() if not isinstance(value, list | dict | None)}
    texts = {name: _text(value) for name, value in plain.items()}
    notes = [*_objects(item.get("annotations")), *_objects(item.get("children"))]
    below = {"cases": _objects(item.get("cases")), "annotations": notes}
    comments = item.get("comments")
    return _Node(
        texts,
        {name: tuple(_of_object(each, depth + 1) for each in found) for name, found in below.items()},
        tuple(_text(word) for word in comments) if isinstance(comments, list) else (),
        _text(item.get("payload") or ""),
    )


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def walk(annotations: tuple[Annotation, ...]) -> Iterator[Annotation]:
    """Yield annotations and those within them, the outer ones first."""
    for note in annotations:
        yield note
        yield from walk(note.children)
