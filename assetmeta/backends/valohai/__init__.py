"""Valohai: its JSON REST API behind one value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from assetmeta.backends import creations
from assetmeta.backends.rest.discovery import discover
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.valohai import aliases, explain, files, queries, writes
from assetmeta.backends.valohai.codecs import codec_for, from_sample
from assetmeta.backends.valohai.keys import commit_parts, member_parts
from assetmeta.backends.valohai.marks import is_key, since, take_mark
from assetmeta.backends.valohai.options import SURVEYS, Settings, bundled
from assetmeta.model.codecs import Codec
from assetmeta.model.contract import UNOBSERVED, Capabilities, Mark, WriteObserver
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Create, Fetch, Outcome, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

__all__ = ["Valohai"]


@dataclass(frozen=True, slots=True)
class Valohai(Settings):
    """The Valohai dialect: `Valohai(survey="full")`. Implements Backend, Explains, Aliases and Files.

    It remembers what it learns of the server in `learned`; give each session its own.
    """

    def __post_init__(self) -> None:
        if self.survey not in SURVEYS:
            raise BadValue(f"There is no survey {self.survey!r}; there are {', '.join(SURVEYS)}.")

    @property
    def name(self) -> str:
        """What the dialect is called."""
        return "valohai"

    @property
    def can(self) -> Capabilities:
        """What there is on the server, and what is done here instead: conditions, order, windows, paths, counts."""
        return Capabilities(
            paths=True,
            aggregates=True,
            sort=True,
            count=True,
            operations=True,
            delete=True,
            windows=False,
            evaluates=True,
            file_types=files.TYPES,
            max_keys=self.max_keys,
            max_page=10_000,
        )

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read the schema; see assetmeta.backends.rest.discovery for the requests. *names* make no difference."""
        found = yield from discover(bundled(), self.survey, self.root, self.place, from_sample)
        return build_schema(bundled(), codec_for, found)

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        return codec_for(kind, related)

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read; see assetmeta.backends.valohai.queries for which requests are sent."""
        return queries.fetch(schema, fetches, bundled(), self)

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Tell which requests a read sends, what the server filters and what is done here. Sends nothing."""
        return explain.explain(schema, fetch, bundled(), self)

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return the key that a text is; None for an alias. Sends nothing."""
        return aliases.key_of(bundled(), type_name, text, self)

    def taken_by_alias(self, type_name: str) -> bool:
        """Whether relations to the type may be written with an alias, such as a branch or a slug."""
        return aliases.taken_by_alias(bundled(), type_name)

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Return the asset that an alias names; see assetmeta.backends.valohai.aliases for what there is."""
        return aliases.look_up(schema, type_name, alias, bundled(), self)

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write; see assetmeta.backends.valohai.writes for order and failures."""
        return writes.write(schema, changes, bundled(), self, observer)

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

    @property
    def file_name_attribute(self) -> str:
        """Where a datum's name is kept."""
        return "name"

    @property
    def file_facts(self) -> Mapping[str, str]:
        """A datum's size and checksums, as far as its store knows them."""
        return files.FACTS

    def safe_name(self, given: str) -> str:
        """Turn a name that the server gave, which may hold slashes, into that of a harmless local file."""
        return files.local_name(given)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a datum's bytes to *sink* and return their media type."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Raise Unsupported: the API takes no bytes for a datum."""
        return files.upload(oid, source, self)

    def address(self, oid: Oid) -> str:
        """The object as the API shows it to a person in a browser: the pages of the product need names, too."""
        endpoint = bundled().types.get(oid.type)
        if endpoint is None:
            return self.place()
        if endpoint.key == "commit":
            return self.place(endpoint.path, commit_parts(oid.key)[1])
        if endpoint.nested_in is not None and endpoint.key == "member":
            return self.place(bundled().types[endpoint.nested_in.type].path, member_parts(oid.key, oid.type)[0])
        return self.place(endpoint.path, oid.key)
