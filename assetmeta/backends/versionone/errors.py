"""VersionOne error documents (rest-1.v1 and query.v1, XML and JSON), and the tags of validation in them, such as
Violation'Required'Story.Scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from assetmeta.backends.responses import ErrorDetail, Json, parse_json, parse_xml
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Response

_TAG = re.compile(r"\bViolation'(?P<rule>\w+)'(?P<type>\w+)(?:\.(?P<name>\w+))?")
_UNKNOWN = re.compile(r"\bUnknown (?:AttributeDefinition:|Operation) '?(?P<type>\w+)\.(?P<name>\w+)")

_ADVICE = {
    "Required": "{} is required: give it a value.",
    "Invalid": "{} takes no such value, or points to an asset that is missing, closed or of another type.",
    "ReadOnly": "{} cannot be written: leave it out.",
    "NotAllowed": "{} is not allowed now.",
}


class Violation(NamedTuple):
    """The attribute or operation that the server names, and advice where the rule is a known one."""

    type_name: str
    attribute: str | None
    advice: str | None = None


def find_violation(texts: Iterable[str | None]) -> Violation | None:
    """Return the first violation that the server's *texts* name; None when there is none."""
    for text in texts:
        found = _TAG.search(text or "")
        if found is not None:
            advice = _ADVICE.get(found["rule"])
            about = ".".join(filter(None, (found["type"], found["name"])))
            return Violation(found["type"], found["name"], advice and advice.format(about))
        found = _UNKNOWN.search(text or "")
        if found is not None:
            return Violation(found["type"], found["name"])
    return None


def parse_error(response: Response) -> ErrorDetail:
    """Return summary and causes of an error document; empty for a body that is none."""
    start = response.body.lstrip()[:1]
    try:
        if start == b"<":
            return _with_violation(_from_xml(response))
        if start == b"{":
            return _with_violation(_from_json(parse_json(response)))
    except InvalidResponse:
        # The caller quotes the status, or an HTML page of a proxy.
        return ErrorDetail()
    return ErrorDetail()


def _with_violation(detail: ErrorDetail) -> ErrorDetail:
    found = find_violation((detail.summary, *detail.causes))
    if found is None:
        return detail
    return detail._replace(type_name=found.type_name, attribute=found.attribute, advice=found.advice)


def _from_xml(response: Response) -> ErrorDetail:
    """`Error` holds a `Message` and sibling `Exception` elements, the innermost cause last."""
    root = parse_xml(response)
    if root.tag != "Error":
        return ErrorDetail()
    causes = [exception.findtext("Message") or exception.get("class") for exception in root.iter("Exception")]
    return ErrorDetail(root.findtext("Message") or None, tuple(cause for cause in causes if cause))


def _from_json(document: Json) -> ErrorDetail:
    if not isinstance(document, dict):
        return ErrorDetail()
    exceptions = document.get("exceptions")
    items = exceptions if isinstance(exceptions, list) else []
    messages = [item.get("message") for item in items if isinstance(item, dict)]
    causes = tuple(message for message in messages if isinstance(message, str) and message)
    for key in ("message", "error"):
        summary = document.get(key)
        if isinstance(summary, str) and summary:
            return ErrorDetail(summary, causes)
    return ErrorDetail(causes[0] if causes else None, causes)
