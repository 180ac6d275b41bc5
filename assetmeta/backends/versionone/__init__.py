"""VersionOne (Digital.ai Agility): meta.v1, rest-1.v1 and query.v1 behind one value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from assetmeta.backends import creations
from assetmeta.backends.filenames import safe_name
from assetmeta.backends.versionone import extras, reads, schema, writes
from assetmeta.backends.versionone.codecs import codec_for
from assetmeta.backends.versionone.options import Settings
from assetmeta.model.codecs import Codec
from assetmeta.model.contract import UNOBSERVED, Capabilities, ChangeMarks, Mark, WriteObserver
from assetmeta.model.http import Flow
from assetmeta.model.plans import AttributeChange, Change, Create, Fetch, Outcome, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

__all__ = ["VersionOne"]


@dataclass(frozen=True, slots=True)
class VersionOne(Settings):
    """The VersionOne dialect: `VersionOne(zone="Europe/Berlin")`. Implements Backend, SupportsNames,
    SupportsTemplates and SupportsFiles.
    """

    @property
    def name(self) -> str:
        """The name of the dialect."""
        return "versionone"

    @property
    def can(self) -> Capabilities:
        """What this server can do."""
        return Capabilities(
            asof=True,
            find=True,
            history=True,
            raw_filter=True,
            paths=True,
            aggregates=True,
            sort=True,
            count=True,
            operations=True,
            context=True,
            templates=True,
            delete=True,
            file_types=extras.TYPES,
            exact=False,
            keyset_column="Key",
            max_keys=self.max_keys,
            max_page=self.max_page,
            max_fetches=self.max_queries,
        )

    @property
    def change_marks(self) -> ChangeMarks:
        """Every asset and every record of its history has a time in UTC, a member and the record before."""
        return ChangeMarks(at="ChangeDateUTC", by="ChangedBy", prior="Prior", deleted="IsDeleted")

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read meta.v1: all types in one request, or each of *names* and its bases in one request each."""
        return schema.reflect(self.zone, names)

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that is stored without its codecs."""
        return codec_for(kind, name, self.zone, related)

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read; see assetmeta.backends.versionone.reads for which requests are sent."""
        return reads.fetch(schema, fetches, self)

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return a text that is an id as a key; None for a number such as S-01005, or a name."""
        return reads.key_of(text)

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Find an asset by its number, or by its name where its type has no numbers, in one request."""
        return reads.look_up(schema, type_name, alias, self)

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write; see assetmeta.backends.versionone.writes for order and failures."""
        return writes.write(schema, changes, self, observer)

    def template(self, schema: Schema, type_name: str, context: Oid | None) -> Flow[tuple[AttributeChange, ...]]:
        """Return the values that the server suggests for a new asset, in one request."""
        return extras.template(schema, type_name, context, self)

    def take_mark(self, schema: Schema, creates: Sequence[Create]) -> Flow[Mapping[str, Mark]]:
        """Return the highest key of each type: keys are given in order. Types share a request."""
        return creations.highest(self.fetch, schema, creates, "Key")

    def find_created(
        self,
        schema: Schema,
        creates: Sequence[Create],
        marks: Mapping[str, Mark],
        claimed: Collection[Oid],
        keys: Mapping[str, str],
    ) -> Flow[list[Outcome | None]]:
        """Look up creates that were not answered; see assetmeta.backends.creations. One read per type."""
        return creations.Finder(
            schema, self.fetch, creations.after_number("Key"), marks, claimed, keys, narrows=False
        ).find(creates)

    @property
    def file_name_attribute(self) -> str:
        """The attribute that holds an attachment's file name."""
        return "Filename"

    @property
    def file_facts(self) -> Mapping[str, str]:
        """Empty: the server stores neither size nor checksum of a file."""
        return {}

    def safe_name(self, given: str) -> str:
        """Return a harmless local file name for a Filename of the server."""
        return safe_name(given)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write an attachment's bytes to *sink* and return their media type, in one request."""
        return extras.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Replace an attachment's bytes by those of *source*, in one request."""
        return extras.upload(oid, source, self)

    def address(self, oid: Oid) -> str:
        """The page of an asset in the product's own user interface."""
        return f"assetdetail.v1?oid={oid.current.token}"
