"""What is particular about creating and changing objects of some kinds, one module per part of the product."""

from __future__ import annotations

from ..model import Kind, Row
from ..workspace import Workspace
from . import datasets, matrices, requirements, structure
from .rule import Rule

RULES: dict[str, type[Rule]] = {**structure.RULES, **matrices.RULES, **datasets.RULES, **requirements.RULES}
"""The rules by endpoint; all other kinds have none."""


def rule_of(kind: Kind, space: Workspace, id: int | None, old: Row | None) -> Rule:
    """The rule for one change of one object; *id* and *old* are None for a new one."""
    return RULES.get(kind.endpoint, Rule)(space, id, old)
