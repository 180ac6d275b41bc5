"""The findings in a JSON error document, in its order.

Documents map field names to messages and may nest: `{"nodes": [{"template": {"step": [...]}}]}`. A message is a text or
an object with `message` and `code`, both mixed in one list. Some names are about the whole request instead of a field.
"""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.backends.responses import ErrorDetail, Json, parse_json
from assetmeta.model.errors import Finding, InvalidResponse, ServerError
from assetmeta.model.http import Response

WHOLE = frozenset({"detail", "non_field_errors", "__all__", "error", "message"})
"""Names of messages about the whole request."""


def findings(response: Response) -> tuple[Finding, ...]:
    """Return what an error document finds wrong, in its order; nothing for a body that is none. Never raises.

    A path is the names from the outside in, with the place in a list of objects: `nodes.0.template.step`. It is empty
    for what concerns the whole request.
    """
    try:
        document = parse_json(response)
        return tuple(_found(document, ()))
    except (InvalidResponse, RecursionError):
        # The status is enough; an HTML page is quoted by the caller.
        return ()


def code_of(response: Response, found: tuple[Finding, ...]) -> str | None:
    """Return the server's word for what is wrong: that of the whole document, or the one that all findings share."""
    try:
        document = parse_json(response)
    except InvalidResponse:
        return None
    code = document.get("code") if isinstance(document, dict) else None
    if isinstance(code, str):
        return code
    codes = {finding.code for finding in found}
    return codes.pop() if len(codes) == 1 else None


def _found(value: Json, path: tuple[str, ...]) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield from _of_object(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            nested = isinstance(item, list) or (isinstance(item, dict) and not _is_leaf(item))
            yield from _found(item, (*path, str(index)) if nested else path)
    elif value not in (None, ""):
        yield Finding(".".join(path), str(value))


def _of_object(value: dict[str, Json], path: tuple[str, ...]) -> Iterator[Finding]:
    if _is_leaf(value):
        code = value["code"]
        yield Finding(".".join(path), str(value["message"]), None if code is None else str(code))
        return
    for name, item in value.items():
        # Beside messages a code is a word for all of them.
        if name != "code" or len(value) == 1 or not isinstance(item, str | None):
            yield from _found(item, path if name in WHOLE else (*path, name))


def _is_leaf(value: dict[str, Json]) -> bool:
    return isinstance(value.get("message"), str) and "code" in value and not isinstance(value["code"], list | dict)


def parse_error(response: Response) -> ErrorDetail:
    """Read the messages of an error document: those of each field, or those about the whole request."""
    found = findings(response)
    messages = tuple(f"{path}: {message}" if path else message for path, message, _ in found)
    summary = messages[0] if messages else None
    return ErrorDetail(summary, messages, findings=found, code=code_of(response, found))


def field_errors(response: Response) -> dict[str, tuple[str, ...]]:
    """Return the messages of an error document by field, those about the whole request under an empty name."""
    found: dict[str, tuple[str, ...]] = {}
    for path, message, _ in findings(response):
        name = path.partition(".")[0]
        found[name] = (*found.get(name, ()), message)
    return found


def add_field(error: ServerError, response: Response) -> ServerError:
    """Add to an error the field that the server blames, when it blames exactly one."""
    fields = [name for name in field_errors(response) if name]
    if len(fields) == 1 and error.status == 400:
        error.attribute = fields[0]
    return error
