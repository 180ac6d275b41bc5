"""`PUT vali-assistant/general-custom-prompt/`: the assistant of the web application.

No language model stands behind the sandbox: it checks the request as a server must and proposes each object's text
as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import Problem, Refused, missing_object

from .call import Call
from .catalogue import BY_CONTENT_TYPE
from .engine import Engine
from .model import Kind
from .router import Resource
from .validation import TEXTS

NEEDED = ("custom_prompt", "content_type_id", "field", "objects_ids")
REQUIRED = "This field is required."


class Assistant:
    """The assistant's one path."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def resources(self) -> Iterator[Resource]:
        """The path."""
        yield Resource(("vali-assistant", "general-custom-prompt"), "General Custom Prompt", {"PUT": self.prompt})

    def prompt(self, call: Call) -> Answer:
        """One proposal per object: {"results": [{"id", field: text}]}."""
        body = call.body.value
        if not isinstance(body, dict):
            name = type(body).__name__
            raise Refused.whole(f"Invalid data. Expected a dictionary, but got {name}.")
        missing = {name: [REQUIRED] for name in NEEDED if name not in body}
        if missing:
            raise Refused(missing)
        kind = kind_of(body["content_type_id"])
        name = field_of(kind, body["field"])
        return Answer({"results": [self._proposal(kind, name, number) for number in ids_of(body)]})

    def _proposal(self, kind: Kind, field: str, number: int) -> dict[str, object]:
        try:
            found = self.engine.get(kind.endpoint, number)
        except Problem:
            text = missing_object(number)
            raise Refused.of("objects_ids", text) from None
        return {"id": number, field: found.get(field)}


def kind_of(content_type: object) -> Kind:
    """The kind of a content type id."""
    found = BY_CONTENT_TYPE.get(content_type) if isinstance(content_type, int) else None
    if found is None:
        raise Refused.of("content_type_id", missing_object(content_type))
    return found


def field_of(kind: Kind, name: object) -> str:
    """The name of a text field of *kind* that may be written."""
    found = kind.by_name.get(name) if isinstance(name, str) else None
    if found is None or not found.writable or found.type not in TEXTS:
        raise Refused.of("field", f'"{name}" is not a valid choice.')
    return found.name


def ids_of(body: Mapping[str, object]) -> list[int]:
    """The ids that the prompt is about."""
    ids = body["objects_ids"]
    if not isinstance(ids, list):
        raise Refused.of("objects_ids", f'Expected a list of items but got type "{type(ids).__name__}".')
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in ids):
        raise Refused.of("objects_ids", "A valid integer is required.")
    return ids
