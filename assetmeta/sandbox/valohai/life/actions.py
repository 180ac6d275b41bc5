"""Actions of pipeline nodes: `{when, if, then}`, each a word or a list of words.

When: node-starting, node-complete, node-error. If: comparisons of `metadata.key` or `parameter.name` with a number, a
text or true and false, of which all must hold. Then: stop-pipeline, error-pipeline, require-approval; other words do
nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from ..model import Row
from ..workspace import Workspace
from .nodes import Node, executions_of

STARTING, COMPLETE, ERROR = "node-starting", "node-complete", "node-error"
STOP, FAIL, APPROVAL = "stop-pipeline", "error-pipeline", "require-approval"
CONDITION = re.compile(r"\s*(metadata|parameters?)\.([\w.-]+)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*")
LONGEST = 1000
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def called_for(space: Workspace, node: Node, when: str) -> list[str]:
    """What is to be done at *when*, in the order it was written."""
    found: list[str] = []
    for action in node["actions"]:
        if not isinstance(action, dict) or when not in words(action.get("when")):
            continue
        if all(holds(space, node, condition) for condition in words(action.get("if"))):
            found += words(action.get("then"))
    return found


def words(value: object) -> list[str]:
    """One text or a list of texts as a list."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [str(each)[:LONGEST] for each in found]


def holds(space: Workspace, node: Node, condition: str) -> bool:
    """Whether a comparison is true for the runs of *node*, or for what it will be run with. Never for nonsense."""
    match = CONDITION.fullmatch(condition)
    if match is None:
        return False
    rows = [space.row("execution", id) for id in executions_of(space, node)] or [planned(node)]
    values = [value for row in rows if (value := named(row, match[1], match[2])) is not None]
    return any(compared(value, match[3], literal(match[4])) for value in values)


def planned(node: Node) -> Row:
    """What a node that has not run is to be run with."""
    values: Row = node.get("values") or {}
    return values.get("template") or values


def named(row: Row, source: str, key: str) -> Any:
    """A value of an execution, None where it has none of that name."""
    return (row.get("cumulative_metadata" if source == "metadata" else "parameters") or {}).get(key)


def literal(text: str) -> Any:
    """A value as conditions spell it: a number, true or false, or a text with or without quotes."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def compared(value: Any, sign: str, other: Any) -> bool:
    """Whether the comparison is true; values of different types are unequal and have no order."""
    try:
        return bool(OPERATORS[sign](value, other))
    except TypeError:
        return False
