"""What would be if a vali had another value: nothing of it stays (section 2.1 of the protocol)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from assetmeta.sandbox.rest.refusals import Missing, Refused, missing_object
from assetmeta.sandbox.rest.values import as_object

from .catalogue import KINDS
from .model import Document
from .reader import row_of
from .workspace import Workspace

VALIS = KINDS["valis"]
MOST_STEPS = 1000


class _Undo(Exception):
    """Ends a transaction so that nothing of it stays."""


@contextmanager
def supposed(space: Workspace, vali: int, formula: str, unit: str) -> Iterator[None]:
    """Within the block the vali has another formula, and all that depends on it is calculated."""
    calculator = space.calculator
    before = set(calculator.dangling)
    try:
        with space.store.transaction():
            space.store.put("valis", vali, {"formula": formula, "unit": unit})
            calculator.changed({vali})
            yield
            raise _Undo
    except _Undo:
        pass
    finally:
        calculator.dangling = before


def graph(space: Workspace, vali: int, target: int, query: Mapping[str, str]) -> Document:
    """The target's value for each step of the vali's: {"vali", "target", "data": [[x, y], ...]}."""
    row = row_of(space, VALIS, vali)
    row_of(space, VALIS, target)
    first, last, step = (_number(query, name) for name in ("range_min", "range_max", "range_step_size"))
    if step <= 0 or last < first:
        raise Refused.of("range_step_size", "The range must go up in steps greater than zero.")
    steps = (last - first) / step
    if not steps < MOST_STEPS:
        raise Refused.of("range_step_size", f"There can be no more than {MOST_STEPS} steps.")
    count = math.floor(steps + 1e-9) + 1
    unit = row["unit"] or row.get("shown_unit") or ""
    data = []
    for number in range(count):
        x = first + number * step
        with supposed(space, vali, repr(x), unit):
            data.append([x, space.store.rows("valis")[target]["value"]])
    return {"vali": vali, "target": target, "data": data}


def preview(space: Workspace, vali: int, body: object) -> Document:
    """{"result"}: the value of the vali if its dependency had the formula `new_value`."""
    row_of(space, VALIS, vali)
    body = as_object(body)
    errors: dict[str, object] = {
        name: ["This field is required."] for name in ("dependency", "new_value") if name not in body
    }
    if errors:
        raise Refused(errors)
    dependency = str(body["dependency"])
    if not (dependency.isascii() and dependency.isdigit()) or space.store.get("valis", int(dependency)) is None:
        raise Refused.of("dependency", missing_object(dependency))
    return {"result": _supposing(space, int(dependency), str(body["new_value"]), vali)}


def what_if(space: Workspace, vali: str, target: str, value: str) -> Document:
    """{"result"}: the value of the target if the vali had the given one; both by name. Raises Missing."""
    found = [next(iter(space.names.search(name)), None) for name in (vali, target)]
    if found[0] is None or found[1] is None:
        raise Missing(VALIS.title)
    return {"vali": vali, "target": target, "value": value, "result": _supposing(space, found[0], value, found[1])}


def _supposing(space: Workspace, vali: int, formula: str, target: int) -> float | None:
    row = space.store.rows("valis")[vali]
    with supposed(space, vali, formula, row["unit"] or row.get("shown_unit") or ""):
        result = space.store.rows("valis")[target]["value"]
    return None if result is None else float(result)


def _number(query: Mapping[str, str], name: str) -> float:
    try:
        found = float(query[name])
    except KeyError:
        raise Refused.of(name, "This field is required.") from None
    except ValueError:
        raise Refused.of(name, "A valid number is required.") from None
    if not math.isfinite(found):
        raise Refused.of(name, "A valid number is required.")
    return found
