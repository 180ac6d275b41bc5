"""What a VersionOne error document says (rest-1.v1 and query.v1: error documents, XML and JSON)."""

from __future__ import annotations

from assetmeta.backends.responses import ErrorDetail, Json, parse_json, parse_xml
from assetmeta.backends.versionone.violations import find_violation
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Response


def parse_error(response: Response) -> ErrorDetail:
    """Read summary and causes out of an error document; a body that is none gives an empty complaint."""
    start = response.body.lstrip()[:1]
    try:
        if start == b"<":
            return _blaming(_from_xml(response))
        if start == b"{":
            return _blaming(_from_json(parse_json(response)))
    except InvalidResponse:
        # The status says enough; an HTML page of a proxy is quoted by the caller.
        return ErrorDetail()
    return ErrorDetail()


def _blaming(complaint: ErrorDetail) -> ErrorDetail:
    found = find_violation((complaint.summary, *complaint.causes))
    if found is None:
        return complaint
    return complaint._replace(type_name=found.type_name, attribute=found.attribute, advice=found.advice)


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
