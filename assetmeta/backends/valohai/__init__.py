"""Valohai: its JSON REST API as a dialect."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from assetmeta.backends import creations
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.backend import RestBackend
from assetmeta.backends.rest.codecs import CodecTable
from assetmeta.backends.rest.discovery import FieldInfo
from assetmeta.backends.rest.hooks import Keys, ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.valohai import aliases, files, writes
from assetmeta.backends.valohai.codecs import codec_for, from_sample
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import ValohaiKeys, commit_parts, member_parts
from assetmeta.backends.valohai.marks import is_key, since, take_mark
from assetmeta.backends.valohai.queries import QueryReader, understood_as
from assetmeta.backends.write_scheduler import Batches
from assetmeta.model.contract import ChangeMarks, Mark
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Flow
from assetmeta.model.plans import Create, Fetch, Outcome, Row
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

__all__ = ["Valohai"]


@dataclass(frozen=True, slots=True)
class Valohai(Settings, RestBackend):
    """The Valohai dialect: `Valohai(survey="full")`. Implements Backend, SupportsExplain, SupportsAliases and
    SupportsFiles.
    """

    name: ClassVar[str] = "valohai"
    change_marks: ClassVar[ChangeMarks] = ChangeMarks(at="mtime", listed_by=("Execution", "Task"))
    FILE_TYPES: ClassVar[frozenset[str]] = files.TYPES
    file_facts: ClassVar[Mapping[str, str]] = files.FACTS
    MAX_PAGE: ClassVar[int] = 10_000
    codec: ClassVar[CodecTable] = codec_for

    @property
    def keys(self) -> Keys:
        """UUIDs and numbers, some with what an object is in."""
        return ValohaiKeys(self.api, self.memory)

    def reader(self, schema: Schema) -> QueryReader:
        """Return a read that has received nothing yet."""
        return QueryReader(schema, self.api, self.keys, self, RowStore(schema))

    def from_sample(self, name: str, value: Json) -> FieldInfo:
        """Guess what a field is that only the server has: UUIDs are recognised, and what the server sets itself."""
        return from_sample(name, value)

    def understand(self, schema: Schema, fetch: Fetch) -> Fetch:
        """The fetch with its conditions as they are meant. Raises Unsupported for what no request could answer."""
        return understood_as(schema, self.api, fetch)

    def rules(self, schema: Schema) -> WriteRules:
        """Return how Valohai is written to; see assetmeta.backends.valohai.writes."""
        return writes.rules(self.reader(schema), self)

    def batches(self, writer: ChangeWriter) -> Batches:
        """Properties of several data in one request."""
        return writes.batches(writer, self)

    def take_mark(self, schema: Schema, creates: Sequence[Create]) -> Flow[Mapping[str, Mark]]:
        """Return the time by the server's clock, and what there is; see assetmeta.backends.valohai.marks."""
        return take_mark(self.fetch, schema, creates, self)

    def find_created(
        self,
        schema: Schema,
        creates: Sequence[Create],
        marks: Mapping[str, Mark],
        claimed: Collection[Oid],
        keys: Mapping[str, str],
    ) -> Flow[list[Outcome | None]]:
        """Look up creates that were not answered; see assetmeta.backends.creations. One read per type."""
        return creations.Finder(schema, self.fetch, since, marks, claimed, keys, is_key=is_key).find(creates)

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return the key that a text is; None for an alias. Sends nothing."""
        return aliases.key_of(self.api, type_name, text, self)

    def taken_by_alias(self, type_name: str) -> bool:
        """Whether relations to the type may be written with an alias, such as a branch or a slug."""
        return aliases.taken_by_alias(self.api, type_name)

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Return the asset that an alias names; see assetmeta.backends.valohai.aliases for what there is."""
        return aliases.look_up(self.reader(schema), type_name, alias)

    def read_object(
        self, schema: Schema, type_name: str, item: Object, project: Key | None = None
    ) -> tuple[Oid, list[Row]]:
        """Return the identity of an object in an answer, and what the answer contains of it and of what is embedded in
        it. *project* is the one that it is in, where the object does not show that. Raises InvalidResponse for one
        without identity. Sends nothing.
        """
        reader = self.reader(schema)
        oid = reader.take_one(reader.resource(type_name), item, ParseContext(project))
        if oid is None:
            raise InvalidResponse(f"The answer does not name the {type_name} that it is about.", type_name=type_name)
        return oid, [reader.known.row(each) for each in reader.known.cells]

    def safe_name(self, given: str) -> str:
        """Turn a name that the server gave, which may contain slashes, into that of a harmless local file."""
        return files.local_name(given)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a datum's bytes to *sink* and return their media type."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Raise Unsupported: the API takes no bytes for a datum."""
        return files.upload(oid, source, self)

    def address(self, oid: Oid) -> str:
        """The object as the API shows it to a person in a browser: the pages of the product need names, too."""
        endpoint = self.api.types.get(oid.type)
        if endpoint is None:
            return self.endpoint_path()
        if endpoint.key == "commit":
            return self.endpoint_path(endpoint.path, commit_parts(oid.key)[1])
        if endpoint.nested_in is not None and endpoint.key == "member":
            return self.endpoint_path(self.api.types[endpoint.nested_in.type].path, member_parts(oid.key, oid.type)[0])
        return self.endpoint_path(endpoint.path, oid.key)
