"""Valispace (Requirements & Systems Portal of Altium 365): its JSON REST API behind one value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from assetmeta.backends import creations
from assetmeta.backends.filenames import safe_name
from assetmeta.backends.markup import Html
from assetmeta.backends.rest.discovery import discover
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.valispace import encode, explain, files, queries, writes
from assetmeta.backends.valispace.codecs import codec_for, from_sample
from assetmeta.backends.valispace.connection import CLIENT_ID, bare_token, base_url, token_uri
from assetmeta.backends.valispace.options import SURVEYS, Settings, bundled
from assetmeta.model.codecs import Codec
from assetmeta.model.contract import UNOBSERVED, Capabilities, Mark, WriteObserver
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Flow
from assetmeta.model.ordering import ReferencesIn
from assetmeta.model.plans import Change, Create, Fetch, Outcome, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Oid

__all__ = ["CLIENT_ID", "Cleaned", "Html", "Valispace", "bare_token", "base_url", "token_uri"]


@dataclass(frozen=True, slots=True)
class Valispace(Settings):
    """The Valispace dialect: `Valispace(survey="root")`. Implements Backend and Files.

    It remembers what it learns of the server in `learned`; give each session its own.
    """

    def __post_init__(self) -> None:
        if self.survey not in SURVEYS:
            raise BadValue(f"There is no survey {self.survey!r}; there are {', '.join(SURVEYS)}.")

    @property
    def name(self) -> str:
        """What the dialect is called."""
        return "valispace"

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
            cleaning=True,
            windows=False,
            evaluates=True,
            file_types=files.TYPES,
            max_keys=self.max_keys,
            max_page=1_000_000,
        )

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read the schema; see assetmeta.backends.rest.discovery for the requests. *names* make no difference."""
        found = yield from discover(bundled(), self.survey, self.root, self.place, from_sample)
        return build_schema(bundled(), codec_for, found)

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        return codec_for(kind, related)

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read; see assetmeta.backends.valispace.queries for which requests are sent."""
        return queries.fetch(schema, fetches, bundled(), self)

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Tell which requests a read sends, what the server filters and what is done here. Sends nothing."""
        return explain.explain(schema, fetch, bundled(), self)

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write; see assetmeta.backends.valispace.writes for order and failures."""
        return writes.write(schema, changes, bundled(), self, observer)

    @property
    def references_in(self) -> ReferencesIn:
        """Find the assets that a delta names, also new valis within formulas."""
        return encode.references_in

    def take_mark(self, schema: Schema, creates: Sequence[Create]) -> Flow[Mapping[str, Mark]]:
        """Return the highest id of each type. One list per type, of the same parents where the creates name some."""
        return creations.highest_listed(self.fetch, schema, creates)

    def find_created(
        self,
        schema: Schema,
        creates: Sequence[Create],
        marks: Mapping[str, Mark],
        claimed: Collection[Oid],
        keys: Mapping[str, str],
    ) -> Flow[list[Outcome | None]]:
        """Look up creates that were not answered; see assetmeta.backends.creations. One read per type."""
        return creations.Finder(schema, self.fetch, creations.after_number("id"), marks, claimed, keys).find(creates)

    @property
    def file_name_attribute(self) -> str:
        """Where a file's name is kept."""
        return "name"

    @property
    def file_facts(self) -> Mapping[str, str]:
        """None: the server keeps neither size nor checksum with a file."""
        return {}

    def safe_name(self, given: str) -> str:
        """Turn a file name that the server gave into a harmless local one."""
        return safe_name(given)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a file's bytes to *sink* and return their media type, in two requests."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Replace a file's bytes by those of *source*, in two requests."""
        return files.upload(oid, source, self)

    def address(self, oid: Oid) -> str:
        """The object as the API shows it to a person in a browser: the pages of the product need its project, too."""
        endpoint = bundled().types.get(oid.type)
        return self.place(endpoint.path, oid.key) if endpoint else self.place()
