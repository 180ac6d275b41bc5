"""The flow of every write (reference 7, 9, 11): changes in rounds, each its own request, properties of data together.

Answers to writes may be words. Owners of projects are written by name, all else by id; an id or a name that a change
does not have is read before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.rest.encode import Encoder, Names
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.rest.writer import ChangeWriter, Prepare, WriteRules, accept
from assetmeta.backends.valohai import owners, properties
from assetmeta.backends.valohai.aliases import look_up, taken_by_alias
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.write_scheduler import Batches, Outcomes, in_rounds
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import AttributeChange, Change
from assetmeta.model.values import Oid

_INSTEAD = {
    "Commit": "commits come from project.fetch() or from code that is uploaded (assetmeta.tools.valohai.upload_code)",
    "Datum": "data come from executions and from files that are adopted; purge() removes the bytes of one",
    "PipelineNode": "nodes are made with their pipeline (new_nodes)",
    "PipelineEdge": "edges are made with their pipeline (new_edges)",
    "DeploymentEndpoint": "endpoints are made with their deployment version (endpoint_configurations)",
}


def rules(reader: LookupReader, settings: Settings) -> WriteRules:
    """How Valohai is written to."""
    return WriteRules(
        "Valohai",
        answer_object=_answer_object,
        prepare=_preparation(reader, settings),
        instead=_INSTEAD,
        completes=True,
    )


def batches(writer: ChangeWriter, settings: Settings) -> Batches:
    """Each change its own request, but for properties of data."""

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        together, singles = properties.group_calls(ready)
        for change in singles:
            yield [change], writer.write_alone(change)
        if together:
            yield list(together), properties.set_properties(together, settings)

    return in_rounds(divide, properties.is_whole, properties.MOST)


def _answer_object(response: Response) -> Object | None:
    """The object in an answer. One in words contains nothing of the object, which is read again when it is used."""
    found = accept(response)
    return found if isinstance(found, dict) and ("id" in found or "identifier" in found) else None


def _preparation(reader: LookupReader, settings: Settings) -> Prepare:
    def prepare(resource: Resource, deltas: Sequence[AttributeChange], encoder: Encoder) -> Flow[Names]:
        """Read the names of owners that are known by id, and the ids of assets that are given by an alias."""
        names = yield from owners.owner_names(_named_by_id(encoder, resource, deltas), settings)
        for oid in identified_by_alias(encoder, resource, deltas):
            if oid.type in reader.api.unions:
                encoder.aliases[oid] = yield from owners.owner_of(str(oid.key), settings)
            elif taken_by_alias(reader.api, oid.type):
                encoder.aliases[oid] = (yield from look_up(reader, oid.type, str(oid.key))).oid
        return names

    return prepare


def _named_by_id(encoder: Encoder, resource: Resource, deltas: Sequence[AttributeChange]) -> list[Oid]:
    """The owners among the new values that have to be written by name and are known by their id."""
    named = [delta.new for delta in deltas if delta.name in resource.fields and _form(resource, delta.name) == "name"]
    return [oid for oid in named if isinstance(oid, Oid) and not encoder.keys.is_alias(oid)]


def identified_by_alias(encoder: Encoder, resource: Resource, deltas: Sequence[AttributeChange]) -> list[Oid]:
    """The assets among the new values that have to be written by id and are known by an alias."""
    values = [value for delta in deltas if _form(resource, delta.name) == "id" for value in (delta.new, *delta.added)]
    oids = [value for value in values if isinstance(value, Oid) and not value.is_new and encoder.keys.is_alias(value)]
    return list(dict.fromkeys(oids))


def _form(resource: Resource, name: str) -> str:
    known = resource.fields.get(name)
    return known.write_as if known else "id"
