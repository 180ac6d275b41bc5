"""The flow that reads a schema. The server has none: it is the bundled table (reference 9).

none    no request
root    `GET /api`, whose link map shows that a Testspace server answers, and takes the login
"""

from __future__ import annotations

from assetmeta.backends.base import check, parse_json
from assetmeta.backends.jsonrest import get
from assetmeta.backends.testspace.complaints import explain
from assetmeta.backends.testspace.meta import schema
from assetmeta.backends.testspace.settings import Settings
from assetmeta.backends.testspace.table import Table
from assetmeta.backends.together import single
from assetmeta.model.errors import Unreadable
from assetmeta.model.flows import Flow
from assetmeta.model.schema import Schema


def reflect(table: Table, settings: Settings) -> Flow[Schema]:
    """Make the schema. Raises, where the survey asks, what the server refuses with, and Unreadable for another one."""
    if settings.survey == "root":
        yield from links(settings)
    return schema(table)


def links(settings: Settings) -> Flow[dict[str, str]]:
    """Return the server's link map: templates of addresses by name. One request."""
    document = parse_json(check((yield from single(get(settings.place()))), explain))
    found = document if isinstance(document, dict) else {}
    if not isinstance(found.get("projects_url"), str):
        raise Unreadable(f"What is at /{settings.root} is no link map of Testspace: check the address of the server.")
    return {name: link for name, link in found.items() if isinstance(link, str)}
