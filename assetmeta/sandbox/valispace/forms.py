"""Bodies of forms, where everything is text, as the values that JSON bodies have."""

from __future__ import annotations

import json

from assetmeta.sandbox.rest.bodies import Body

from .model import Field, Kind

TEXTS = frozenset({"string", "html", "url"})


def value_of(body: Body, kind: Kind) -> object:
    """The value of a body for objects of *kind*: a JSON value as it is, a form's texts by the types of the fields."""
    if not body.is_form or not isinstance(body.value, dict):
        return body.value
    return {name: converted(value, kind.by_name.get(name)) for name, value in body.value.items()}


def converted(value: object, field: Field | None) -> object:
    """A form's text, or the list of a repeated name, for *field*. An empty text is null for all but texts."""
    if field is None:
        return value
    if field.type == "many":
        texts = value if isinstance(value, list) else [value]
        return [text for text in texts if text != ""]
    last = str(value[-1] if isinstance(value, list) else value)
    if last == "" and field.type not in TEXTS:
        return None
    if field.type in ("json", "owner"):
        try:
            parsed: object = json.loads(last)
        except ValueError:
            return last
        return parsed
    return last
