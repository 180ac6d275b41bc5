"""What kinds add to the plain way of writing, one module per part of the product, gathered by kind."""

from __future__ import annotations

from . import files, projects, serving
from .rule import Rule

RULES: dict[str, type[Rule]] = {**projects.RULES, **files.RULES, **serving.RULES}
"""The rules by the name of the kind; the others have none."""
