"""The flow that reads a schema: API root and content types, then OPTIONS of the endpoints, then sample objects.

full    the root and the content types together; OPTIONS of every endpoint, side by side; one object of each endpoint
        that the bundled table does not know and that OPTIONS does not describe
root    the root and the content types together; OPTIONS and samples of endpoints that the table does not know
none    no request: the table alone

What a server refuses to tell (OPTIONS forbidden, no content types) is left to the table.
"""

from __future__ import annotations

from assetmeta.backends.responses import answers
from assetmeta.backends.rest.discovery import below, described, sample_objects
from assetmeta.backends.rest.http import get, read_page
from assetmeta.backends.valispace.api import Api
from assetmeta.backends.valispace.codecs import from_sample
from assetmeta.backends.valispace.options import Settings
from assetmeta.backends.valispace.schema import Discovery, schema
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.http import Flow, Response
from assetmeta.model.schema import Schema


def reflect(table: Api, settings: Settings) -> Flow[Schema]:
    """Read the schema. Raises what the root is refused with, such as AuthenticationFailed; all else can be done
    without.
    """
    if settings.survey == "none":
        return schema(table, Discovery())
    sent = yield (get(settings.place()), get(settings.place("contenttypes")))
    root, types = answers(sent)
    # A user who may not see the root may still use what is below it.
    listed = tuple(table.endpoints) if root.status == 403 else below(root, settings.root)
    endpoints = tuple(path for path in listed if path not in table.aliases)
    asked = [path for path in endpoints if settings.survey == "full" or path not in table.endpoints]
    said = yield from described(asked, settings.place)
    unknown = [path for path in asked if path not in table.endpoints and path not in said]
    samples = yield from sample_objects(unknown, settings.place)
    seen = {path: {name: from_sample(value) for name, value in item.items()} for path, item in samples.items()}
    return schema(table, Discovery(endpoints, {**said, **seen}, frozenset(said), _content_types(types)))


def _content_types(response: Response) -> dict[str, int]:
    """Content type ids by model: they differ from one deployment to the next (reference 3.2)."""
    try:
        objects = read_page(response).objects
    except AssetmetaError:
        return {}
    pairs = ((item.get("model"), item.get("id")) for item in objects)
    return {model: number for model, number in pairs if isinstance(model, str) and isinstance(number, int)}
