"""The flow that reads a schema. The server has none: it is the bundled table (reference 9).

none    no request
root    `GET /api`, whose link map shows that a Testspace server answers, and takes the login
"""

from __future__ import annotations

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check, parse_json
from assetmeta.backends.rest.http import get
from assetmeta.backends.testspace.api import Api
from assetmeta.backends.testspace.errors import parse_error
from assetmeta.backends.testspace.options import Settings
from assetmeta.backends.testspace.schema import schema
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema


def reflect(table: Api, settings: Settings) -> Flow[Schema]:
    """Make the schema. Raises, where the survey asks, what the server refuses with, and InvalidResponse for another
    one.
    """
    if settings.survey == "root":
        yield from links(settings)
    return schema(table)


def links(settings: Settings) -> Flow[dict[str, str]]:
    """Return the server's link map: templates of addresses by name. One request."""
    document = parse_json(check((yield from send_one(get(settings.place()))), parse_error))
    found = document if isinstance(document, dict) else {}
    if not isinstance(found.get("projects_url"), str):
        raise InvalidResponse(
            f"What is at /{settings.root} is no link map of Testspace: check the address of the server."
        )
    return {name: link for name, link in found.items() if isinstance(link, str)}
