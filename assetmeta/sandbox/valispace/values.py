"""The values of new objects."""

from __future__ import annotations

from .model import Kind, Row


def blank(kind: Kind) -> Row:
    """The row of a new object before anything is given."""
    return {field.name: [] if field.default == () else field.default for field in kind.stored}
