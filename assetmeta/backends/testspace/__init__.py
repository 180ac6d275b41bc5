"""Testspace, a service that keeps test results: its JSON web API as a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from assetmeta.backends.local.records import RowStore
from assetmeta.backends.rest.backend import RestBackend
from assetmeta.backends.rest.codecs import CodecTable
from assetmeta.backends.rest.hooks import Keys
from assetmeta.backends.rest.http import get
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.testspace import aliases, connection, files, writes
from assetmeta.backends.testspace.codecs import codec_for
from assetmeta.backends.testspace.connection import Settings, bare_token, base_url
from assetmeta.backends.testspace.keys import TestspaceKeys, item_path, page_of
from assetmeta.backends.testspace.pages import read_links
from assetmeta.backends.testspace.queries import QueryReader, refuse
from assetmeta.backends.write_scheduler import Batches
from assetmeta.model.contract import ChangeMarks
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.plans import Fetch, Row
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

__all__ = ["Testspace", "bare_token", "base_url"]


@dataclass(frozen=True, slots=True)
class Testspace(Settings, RestBackend):
    """The Testspace dialect: `Testspace(base="https://name.testspace.com")`. Implements Backend, SupportsFiles,
    SupportsAliases, SupportsExplain and SupportsLoginCheck.
    """

    # pytest takes what is called so for tests.
    __test__ = False

    name: ClassVar[str] = "testspace"
    change_marks: ClassVar[ChangeMarks] = ChangeMarks(at="updated_at")
    SURVEYS: ClassVar[tuple[str, ...]] = ("none", "root")
    FILE_TYPES: ClassVar[frozenset[str]] = files.TYPES
    OPERATIONS: ClassVar[bool] = False
    codec: ClassVar[CodecTable] = codec_for

    @property
    def login_check(self) -> Request:
        """The link map of the API, which every user may read."""
        return get(self.endpoint_path())

    def refuses_login(self, response: Response) -> bool | None:
        """Whether a 403 refuses the login; None when it may be about a right."""
        return connection.refuses_login(response)

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Make the schema of the description, since the server does not describe itself. *names* make no difference.

        No request; one with survey="root", for the link map, which shows that a Testspace server answers and accepts
        the login. Raises the error that it is refused with, and InvalidResponse for another server.
        """
        if self.survey == "root":
            yield from read_links(self)
        return build_schema(self.api, codec_for, version="bundled")

    @property
    def keys(self) -> Keys:
        """Numbers and names, with those of the parents."""
        return TestspaceKeys(self.base, self.memory)

    def reader(self, schema: Schema) -> QueryReader:
        """Return a read that has received nothing yet."""
        return QueryReader(schema, self.api, self.keys, self, RowStore(schema))

    def understand(self, schema: Schema, fetch: Fetch) -> Fetch:
        """The fetch as it is. Raises Unsupported and BadValue for what no request could answer."""
        refuse(fetch)
        return fetch

    def rules(self, schema: Schema) -> WriteRules:
        """Return how Testspace is written to."""
        return writes.RULES

    def batches(self, writer: ChangeWriter) -> Batches:
        """Each change its own request; results of one space one after the other."""
        return writes.batches(writer)

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return the key that a text is; None for a name."""
        return aliases.key_of(type_name, text)

    def taken_by_alias(self, type_name: str) -> bool:
        """False: relations are numbers."""
        return False

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Return the asset of a name; see assetmeta.backends.testspace.aliases."""
        return aliases.look_up(self.reader(schema), type_name, alias)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a file's bytes to *sink* and return their media type. One request."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Raise Unsupported: results are pushed by the vendor's command-line client, not through the API."""
        yield from ()
        raise Unsupported(f"{oid.token}: Testspace takes no files through its API.", oid=oid.token)

    def address(self, oid: Oid) -> str:
        """The page that shows the asset, or what it belongs to; its address in the API where there is none."""
        return page_of(oid) or self.endpoint_path(item_path(self.api.types[oid.type], oid.key))

    def links(self) -> Flow[dict[str, str]]:
        """Return the server's link map, templates of addresses by name. One request. Raises InvalidResponse."""
        return read_links(self)

    def clear(self, oid: Oid) -> Flow[None]:
        """Delete all contents of a Result, with the failures that were tracked in them. One request."""
        return writes.clear(oid, self)
