"""Valis as datasets (section 2.4 of the protocol)."""

from __future__ import annotations

import math

from assetmeta.sandbox.rest.refusals import Refused
from assetmeta.sandbox.rest.values import as_object

from . import writes
from .catalogue import KINDS
from .deletion import delete
from .derived import POINTS, VARIABLES
from .model import Document
from .reader import document, row_of
from .workspace import Workspace

VALIS, DATASETS = KINDS["valis"], KINDS["datasets"]


def convert_to_dataset(space: Workspace, vali: int) -> Document:
    """`valis/{id}/convert-to-dataset/`: give a vali a dataset with one empty point, unless it has one."""
    row_of(space, VALIS, vali)
    if not space.store.pointing("datasets", "vali", vali):
        writes.create(space, DATASETS, {"vali": vali})
    return document(space, VALIS, vali)


def import_dataset(space: Workspace, vali: int, body: object) -> Document:
    """`valis/{id}/import-dataset/`: the rows of a table become the dataset of a vali, in place of a former one."""
    row_of(space, VALIS, vali)
    headers, rows = _table(body)
    for old in space.store.pointing("datasets", "vali", vali):
        delete(space, DATASETS, old)
    dataset = space.store.insert("datasets", {"vali": vali, "headers": headers})
    for x, *values in rows:
        point = space.store.insert(POINTS, {"dataset": dataset, "value": x})
        for y in values:
            space.store.insert(VARIABLES, {"point": point, "value_number": y})
    xs = [row[0] for row in rows]
    space.store.put("valis", vali, {"function_view_plot_min": min(xs), "function_view_plot_max": max(xs)})
    space.recalculate({vali})
    return document(space, VALIS, vali)


def _table(body: object) -> tuple[list[str], list[list[float]]]:
    """Headers and rows of the body; without headers a, b, c ... Raises Refused."""
    body = as_object(body)
    data, headers = body.get("data"), body.get("headers")
    if "data" not in body:
        raise Refused.of("data", "This field is required.")
    if not isinstance(data, list) or not data:
        raise Refused.of("data", "A list of rows is needed.")
    width = len(data[0]) if isinstance(data[0], list) else 0
    if width < 2 or not all(isinstance(row, list) and len(row) == width for row in data):
        raise Refused.of("data", "All rows must have the same number of values, two at least.")
    if headers is None:
        headers = [chr(ord("a") + number % 26) for number in range(width)]
    if not isinstance(headers, list) or len(headers) != width:
        raise Refused.of("headers", "There must be one header for each column.")
    return [str(header) for header in headers], [[_number(cell) for cell in row] for row in data]


def _number(cell: object) -> float:
    try:
        found = float(cell) if isinstance(cell, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise Refused.of("data", "A valid number is required.")
    return found
