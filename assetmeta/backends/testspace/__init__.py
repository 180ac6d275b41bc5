"""Testspace, a service that keeps test results: its JSON web API behind one value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from assetmeta.backends import creations
from assetmeta.backends.filenames import safe_name
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.rest.http import get
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.testspace import aliases, errors, explain, files, queries, writes
from assetmeta.backends.testspace.codecs import codec_for
from assetmeta.backends.testspace.connection import bare_token, base_url
from assetmeta.backends.testspace.keys import item_path
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.options import SURVEYS, Settings, bundled
from assetmeta.backends.testspace.page_links import page_of
from assetmeta.backends.testspace.pages import read_links
from assetmeta.model.codecs import Codec
from assetmeta.model.contract import UNOBSERVED, Capabilities, Mark, WriteObserver
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.plans import Change, Create, Fetch, Outcome, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

__all__ = ["Testspace", "bare_token", "base_url"]


@dataclass(frozen=True, slots=True)
class Testspace(Settings):
    """The Testspace dialect: `Testspace(base="https://name.testspace.com")`. Implements Backend, Files, Aliases and
    Explains, SupportsLoginCheck.

    It remembers what it learns of the server in `learned`; give each session its own.
    """

    # pytest takes what is called so for tests.
    __test__ = False

    def __post_init__(self) -> None:
        if self.survey not in SURVEYS:
            raise BadValue(f"There is no survey {self.survey!r}; there are {', '.join(SURVEYS)}.")

    @property
    def name(self) -> str:
        """What the dialect is called."""
        return "testspace"

    @property
    def login_check(self) -> Request:
        """The link map of the API, which every user may read."""
        return get(self.place())

    def refuses_login(self, response: Response) -> bool | None:
        """Whether a 403 refuses the login; None when it may be about a right."""
        return errors.refuses_login(response)

    @property
    def can(self) -> Capabilities:
        """What there is on the server, and what is done here instead: conditions, order, windows, paths, counts."""
        return Capabilities(
            paths=True,
            aggregates=True,
            sort=True,
            count=True,
            delete=True,
            windows=False,
            evaluates=True,
            file_types=files.TYPES,
            max_keys=self.max_keys,
            max_page=1_000_000,
        )

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Make the schema of the description, since the server does not describe itself. *names* make no difference.

        No request; one with survey="root", for the link map, which shows that a Testspace server answers and accepts
        the login. Raises the error that it is refused with, and InvalidResponse for another server.
        """
        if self.survey == "root":
            yield from read_links(self)
        return build_schema(bundled(), codec_for, version="bundled")

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        return codec_for(kind, related)

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read; see assetmeta.backends.testspace.queries for which requests are sent."""
        return queries.fetch(schema, fetches, self)

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Tell which requests a read sends, what the server filters and what is done here. Sends nothing."""
        return explain.explain(fetch, self)

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write; see assetmeta.backends.testspace.writes for order and failures."""
        return writes.write(schema, changes, self, observer)

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return the key that a text is; None for a name."""
        return aliases.key_of(type_name, text)

    def taken_by_alias(self, type_name: str) -> bool:
        """False: relations are numbers."""
        return False

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Return the asset of a name; see assetmeta.backends.testspace.aliases."""
        return aliases.look_up(LookupReader(schema, self, RowStore(schema)), type_name, alias)

    def take_mark(self, schema: Schema, creates: Sequence[Create]) -> Flow[Mapping[str, Mark]]:
        """Return the highest id of each type. The lists below the parents that the creates name."""
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
        """Where a file's name is kept, as far as a content told it."""
        return "name"

    @property
    def file_facts(self) -> Mapping[str, str]:
        """None: the server keeps neither size nor checksum with a file."""
        return {}

    def safe_name(self, given: str) -> str:
        """Turn a file name that the server gave into a harmless local one."""
        return safe_name(given)

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write a file's bytes to *sink* and return their media type. One request."""
        return files.download(oid, sink, self)

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Raise Unsupported: results are pushed by the vendor's command-line client, not through the API."""
        yield from ()
        raise Unsupported(f"{oid.token}: Testspace takes no files through its API.", oid=oid.token)

    def address(self, oid: Oid) -> str:
        """The page that shows the asset, or what it belongs to; what the API tells of it where there is none."""
        return page_of(oid) or self.place(item_path(bundled().types[oid.type], oid.key))
