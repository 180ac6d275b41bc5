"""A vali as a dataset, point by point. The short way is the operation `vali.import_dataset(headers=..., data=...)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assetmeta.core.state import forget
from assetmeta.model.errors import BadValue
from assetmeta.model.values import Oid
from assetmeta.tools.valispace.dialect import require_context


def dataset(vali: Any, rows: Sequence[Sequence[float]]) -> Any:
    """Give a vali a new dataset with a point for each of *rows* (`[x, y]`, or `[x, y, z]` for points that have several
    variables) and return the Dataset.

    The dataset and its empty points are made at once, one request each. Their numbers are pending until the commit,
    which sends one request per number. Raises BadValue, before anything is sent, for rows of different lengths, and
    after the dataset was made when its points have another number of variables.
    """
    context = require_context(vali, "Vali")
    widths = {len(row) for row in rows}
    if len(widths) != 1 or min(widths) < 2:
        raise BadValue("A dataset needs rows of the same length, with two numbers at least.", oid=vali.idref)
    made: Any = context.writer.create("Dataset", {"vali": vali}, None)
    points = [(point["id"], point["variables"]) for point in made.points[:1]]
    for _ in rows[len(points) :]:
        point: Any = context.writer.create("DatasetPoint", {"dataset": made}, None)
        points.append((point.intid, point.variables))
    for (key, variables), (x, *values) in zip(points, rows, strict=True):
        if len(variables) != len(values):
            raise BadValue(
                f"{made.idref}: a point has {len(variables)} variables, {len(values)} were given.", oid=made.idref
            )
        _assign(context, Oid("DatasetPoint", key), "value", x)
        for variable, y in zip(variables, values, strict=True):
            _assign(context, Oid("DatasetVariable", variable["id"]), "value_number", y)
    with context.lock:
        forget(vali)
        forget(made, ["points"])
    return made


def _assign(context: Any, oid: Oid, name: str, value: float) -> None:
    context.unit.assign_all(context.asset(oid), {name: value})
