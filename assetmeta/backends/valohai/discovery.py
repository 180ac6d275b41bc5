"""The flow that reads a schema: the API root, then OPTIONS of the endpoints, then sample objects (reference 11).

full    the root; OPTIONS of every endpoint that has a list, side by side; one object of each endpoint that the bundled
        table does not know and that OPTIONS does not describe
root    the root; OPTIONS and samples of endpoints that the table does not know: one request where there is none
none    no request: the table alone

What a server does not tell (no root, OPTIONS forbidden) is left to the table.
"""

from __future__ import annotations

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.rest.discovery import FieldInfo, below, described, from_value, sample_objects
from assetmeta.backends.rest.http import Object, get
from assetmeta.backends.valohai.api import Api
from assetmeta.backends.valohai.options import Settings
from assetmeta.backends.valohai.schema import Discovery, from_sample, schema
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema

_NO_ROOT = frozenset({403, 404, 405})
_NO_OBJECTS = frozenset({"get-token", "launch", "server"})
"""What a root may list that holds no objects."""


def reflect(table: Api, settings: Settings) -> Flow[Schema]:
    """Read the schema. Raises what the root is refused with, such as AuthenticationFailed; all else can be done
    without.
    """
    if settings.survey == "none":
        return schema(table, Discovery())
    root = yield from send_one(get(settings.place()))
    listed = () if root.status in _NO_ROOT else below(root, settings.root)
    endpoints = tuple(path for path in listed if path.partition("/")[0] not in _NO_OBJECTS)
    asked = [path for path in endpoints if path not in table.endpoints]
    if settings.survey == "full":
        asked += [path for path, endpoint in table.endpoints.items() if endpoint.listed]
    said = yield from described(asked, settings.place)
    unknown = [path for path in asked if path not in table.endpoints and path not in said]
    samples = yield from sample_objects(unknown, settings.place)
    seen = {path: _fields(item) for path, item in samples.items()}
    return schema(table, Discovery(endpoints, {**said, **seen}))


def _fields(sample: Object) -> dict[str, FieldInfo]:
    return {name: from_sample(name, from_value(value), value) for name, value in sample.items()}
