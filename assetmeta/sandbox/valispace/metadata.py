"""The answers to OPTIONS: what an endpoint is, what it takes, and which fields its objects have.

The shape is that of Django REST framework: relations are plain "field"s, and `actions` is there only where the user
may write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .model import Field, Kind

NEW_WORD = re.compile(r"(?<=[a-z])[A-Z]|[A-Z](?![A-Z]|$)")


def actions(method: str, fields: Sequence[Field]) -> dict[str, object]:
    """The fields that *method* ("POST" or "PUT") takes and the ones it ignores."""
    return {method: {field.name: described(field) for field in fields}}


def described(field: Field) -> dict[str, object]:
    """What metadata says about one field."""
    about = field.described(writable=field.writable)
    if field.type == "owner":
        about["children"] = {name: whole_number(name) for name in ("id", "contenttype")}
    return about


def whole_number(name: str) -> dict[str, object]:
    """One key of a nested object."""
    return {"type": "integer", "required": True, "read_only": False, "label": name.capitalize()}


def view_name(kind: Kind, suffix: str) -> str:
    """The name of a view, in words: "Requirement VM List"."""
    words = NEW_WORD.sub(lambda match: f" {match[0]}", kind.title).strip()
    return f"{words} {suffix}"
