"""Valispace (Requirements & Systems Portal of Altium 365): its JSON REST API as a dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from assetmeta.backends.local.executor import refuse
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.markup import Html
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.backend import RestBackend
from assetmeta.backends.rest.codecs import CodecTable
from assetmeta.backends.rest.discovery import FieldInfo
from assetmeta.backends.rest.encode import number_of
from assetmeta.backends.rest.hooks import Keys
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.valispace import bulk, files
from assetmeta.backends.valispace.codecs import codec_for, from_sample
from assetmeta.backends.valispace.connection import CLIENT_ID, Settings, bare_token, base_url, token_uri
from assetmeta.backends.valispace.keys import ValispaceKeys, references_in, resolve_text
from assetmeta.backends.valispace.queries import QueryReader
from assetmeta.backends.write_scheduler import Batches
from assetmeta.model.http import Flow
from assetmeta.model.ordering import ReferencesIn
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Oid

__all__ = ["CLIENT_ID", "Cleaned", "Html", "Valispace", "bare_token", "base_url", "token_uri"]


@dataclass(frozen=True, slots=True)
class Valispace(Settings, RestBackend):
    """The Valispace dialect: `Valispace(survey="root")`. Implements Backend, SupportsExplain and SupportsFiles."""

    name: ClassVar[str] = "valispace"
    FILE_TYPES: ClassVar[frozenset[str]] = files.TYPES
    CLEANING: ClassVar[bool] = True
    codec: ClassVar[CodecTable] = codec_for

    @property
    def keys(self) -> Keys:
        """Numbers."""
        return ValispaceKeys(self.memory)

    def reader(self, schema: Schema) -> QueryReader:
        """Return a read that has received nothing yet."""
        return QueryReader(schema, self.api, self.keys, self, RowStore(schema))

    def from_sample(self, name: str, value: Json) -> FieldInfo:
        """Guess what a field is that only the server has; texts with markup are recognised."""
        return from_sample(name, value)

    def understand(self, schema: Schema, fetch: Fetch) -> Fetch:
        """The fetch as it is. Raises Unsupported for what no request could answer."""
        refuse(fetch, "Valispace")
        return fetch

    def rules(self, schema: Schema) -> WriteRules:
        """Return how Valispace is written to; updates may share a request (assetmeta.backends.valispace.bulk)."""
        return WriteRules("Valispace", resolve_text=resolve_text, notes=bulk.notes, fresh_lists=self.fresh_lists)

    def batches(self, writer: ChangeWriter) -> Batches:
        """Updates in one request, where a resource takes several."""
        return bulk.batches(writer)

    @property
    def references_in(self) -> ReferencesIn:
        """Returns the assets that a delta names, also new valis within formulas."""
        return references_in

    def content_type(self, schema: Schema, oid: Oid) -> int:
        """Return the number of an asset's type on this server. Raises BadValue where it has none, or where the session
        did not read them.
        """
        return number_of(schema, oid)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a file's bytes to *sink* and return their media type, in two requests."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Replace a file's bytes by those of *source*, in two requests."""
        return files.upload(oid, source, self)

    def address(self, oid: Oid) -> str:
        """The object as the API shows it to a person in a browser: the pages of the product need its project, too."""
        endpoint = self.api.types.get(oid.type)
        return self.endpoint_path(endpoint.path, oid.key) if endpoint else self.endpoint_path()
