"""The rows: one file each, with what it needs and a function that measures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.bench import Bench, Size
from benchmarks.rows import (
    commit,
    decode,
    imports,
    memory,
    overlap,
    read,
    rest,
    scale,
    schema,
    server,
    stream,
    valispace,
    values,
    walk,
    xml,
)
from benchmarks.table import Line


def _nothing(size: Size) -> int:
    return 0


def _decoded(size: Size) -> int:
    return size.decoded


@dataclass(frozen=True, slots=True)
class Row:
    """How a row is measured, and how many stories and workitems the sandbox without latency must hold for it."""

    measure: Callable[[Bench], list[Line]]
    stories: Callable[[Size], int] = _nothing
    workitems: Callable[[Size], int] = _nothing


ROWS: Mapping[str, Row] = {
    "import": Row(imports.measure),
    "schema": Row(schema.measure),
    "decode": Row(decode.measure, stories=_decoded),
    "values": Row(values.measure, stories=_decoded),
    "xml": Row(xml.measure, stories=_decoded),
    "read": Row(read.measure, stories=_decoded),
    "memory": Row(memory.measure, stories=_decoded),
    "walk": Row(walk.measure),
    "commit": Row(commit.measure),
    "rest": Row(rest.measure),
    "valispace": Row(valispace.measure),
    "overlap": Row(overlap.measure),
    "stream": Row(stream.measure, workitems=lambda size: size.streamed),
    "sandbox": Row(server.measure),
    "scale": Row(scale.measure, workitems=lambda size: size.scaled),
}
