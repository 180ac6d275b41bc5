"""Valispace (Requirements & Systems Portal of Altium 365): its JSON REST API as a dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from assetmeta.backends.markup import Html
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.backend import RestBackend
from assetmeta.backends.rest.discovery import FieldInfo
from assetmeta.backends.rest.spec import Api
from assetmeta.backends.rest.writer import ChangeWriter
from assetmeta.backends.valispace import explain, files, writes
from assetmeta.backends.valispace.codecs import codec_for, from_sample
from assetmeta.backends.valispace.connection import CLIENT_ID, Settings, bare_token, base_url, bundled, token_uri
from assetmeta.backends.valispace.keys import references_in
from assetmeta.backends.valispace.lookup import reader
from assetmeta.backends.valispace.queries import Lists, refuse
from assetmeta.backends.write_scheduler import Batches
from assetmeta.model.codecs import Codec
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

    NAME: ClassVar[str] = "valispace"
    FILE_TYPES: ClassVar[frozenset[str]] = files.TYPES
    CLEANING: ClassVar[bool] = True

    @property
    def api(self) -> Api:
        """The description of the server."""
        return bundled()

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        return codec_for(kind, related)

    def from_sample(self, name: str, value: Json) -> FieldInfo:
        """Guess what a field is that only the server has; texts with markup are recognised."""
        return from_sample(name, value)

    def understand(self, schema: Schema, fetch: Fetch) -> Fetch:
        """The fetch as it is. Raises Unsupported for what no request could answer."""
        refuse(fetch)
        return fetch

    def source(self, schema: Schema) -> Lists:
        """Return how one read reaches lists and assets; see assetmeta.backends.valispace.queries."""
        return Lists(reader(schema, self.api, self))

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Describe which requests a read sends, what the server filters and what is done here. Sends nothing."""
        return explain.explain(schema, fetch, self.api, self)

    def writer(self, schema: Schema) -> ChangeWriter:
        """Return what performs changes; see assetmeta.backends.valispace.writes."""
        return ChangeWriter(reader(schema, self.api, self), writes.rules(self))

    def batches(self, writer: ChangeWriter) -> Batches:
        """Updates in one request, where a resource takes several."""
        return writes.batches(writer)

    @property
    def references_in(self) -> ReferencesIn:
        """Returns the assets that a delta names, also new valis within formulas."""
        return references_in

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
