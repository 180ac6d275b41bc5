"""Bodies of api/asset, in JSON or YAML, read into commands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..problems import Problem
from ..question import malformed, read_documents

Document = Mapping[str, Any]
Kind = Literal["create", "update", "execute", "query", "config"]

CONTEXT = "#ContextOid"
DEEPEST = 100
LARGEST = 2_000_000
"""How deep a body may nest, and how many values it may hold: YAML can make much of little."""
TOO_LARGE = "The body is too large, or nests too deep"


@dataclass(frozen=True, slots=True)
class Command:
    """One command under its *alias* ("" until it has one). *source* is its place in the posted list.

    *problem* is what came in the way of projecting it. A *single* one is about one asset, in its normal form.
    """

    alias: str
    body: Document
    source: int
    problem: Problem | None = None
    single: bool = False


def read_commands(body: bytes) -> list[Command]:
    """The commands of a body, in order. Raises a 400 problem for what is no list of maps."""
    documents = read_documents(body)
    left = LARGEST
    for document in documents:
        left -= _size(document, left)
    return [_command(document, place) for place, document in enumerate(documents)]


def _size(document: object, most: int) -> int:
    """How many values a document holds. Raises a 400 problem for what has no place in one."""
    size, _ = _measured(document, {})
    if size > most:
        raise malformed(TOO_LARGE)
    return size


def _measured(value: object, known: dict[int, tuple[int, int]], depth: int = 0) -> tuple[int, int]:
    """How many values a value holds, itself among them, and how deep they nest. What several aliases of YAML share is
    looked at once.
    """
    size, height = known.get(id(value), (0, 0))
    if not size:
        size, height = 1, 0
        if depth <= DEEPEST:
            for part in _parts(value):
                more, below = _measured(part, known, depth + 1)
                size, height = size + more, max(height, below + 1)
        if isinstance(value, dict | list):
            known[id(value)] = size, height
    if depth + height > DEEPEST:
        raise malformed(TOO_LARGE)
    return size, height


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
        for key in value:
            if not isinstance(key, str):
                raise malformed(f"A key must be a text: {key}")
            _check_text(key)
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        _check_text(value)
    elif value is not None and not isinstance(value, (bool, int, float)):
        raise malformed(f"Not a value: {value!r}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise malformed(f"Not a finite number: {value}")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise malformed(f"Not a Unicode text: {text!a}") from None


def _command(document: object, place: int) -> Command:
    if not isinstance(document, Mapping):
        raise malformed(f"A command must be a map: {document!r}")
    alias, body = unwrapped(document)
    return Command(alias, body, place)


def unwrapped(document: Document) -> tuple[str, Document]:
    """The alias of an aliased map, and the map; "" and the map itself where it has none. Its `error` is ignored."""
    names = [name for name in document if name != "error"]
    if len(names) == 1 and len(names[0]) > 1 and names[0].startswith("@") and isinstance(document[names[0]], Mapping):
        return names[0], document[names[0]]
    return "", document


def kind_of(body: Document) -> Kind:
    """What a command does, told by its keys. Raises a 400 problem for a map that is no command."""
    if "AssetType" in body:
        return "create"
    if "update" in body and "execute" in body:
        raise malformed("Invalid key at node(s): root->execute")
    if "update" in body:
        return "update"
    if "execute" in body:
        return "execute"
    if "from" in body:
        return "query"
    if "config" in body:
        return "config"
    raise malformed(f"Not a command: {', '.join(body)}")
