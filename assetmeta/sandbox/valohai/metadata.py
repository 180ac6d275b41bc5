"""The answers to OPTIONS: what a path is, what it takes, and which fields its objects have (section 11.3)."""

from __future__ import annotations

from assetmeta.sandbox.rest.bodies import PARSES
from assetmeta.sandbox.rest.negotiation import JSON

from .model import Kind


def metadata(name: str) -> dict[str, object]:
    """What is said about every path."""
    return {"name": name, "description": "", "renders": [JSON.media_type], "parses": list(PARSES)}


def actions(kind: Kind, *, creating: bool) -> dict[str, object]:
    """The fields of a kind, those that POST takes or those that PUT takes."""
    hidden = [field for field in kind.fields if not field.shapes and not field.writable(creating=creating)]
    return {
        field.name: field.described(writable=field.writable(creating=creating))
        for field in kind.fields
        if field not in hidden
    }
