"""The parts of a REST dialect that are the same for all: what a session calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from assetmeta.backends import creations
from assetmeta.backends.filenames import safe_name
from assetmeta.backends.local.executor import execute_all
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.codecs import CodecTable
from assetmeta.backends.rest.discovery import FieldInfo, discover, from_value
from assetmeta.backends.rest.explain import explain
from assetmeta.backends.rest.hooks import Keys
from assetmeta.backends.rest.options import Options
from assetmeta.backends.rest.reader import RestReader
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.rest.spec import Api, bundled
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.verification import Verifier
from assetmeta.backends.write_scheduler import Batches, WriteSchedule, run_writes
from assetmeta.model.contract import UNOBSERVED, Capabilities, ChangeMarks, Mark, WriteObserver
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Flow
from assetmeta.model.ordering import ReferencesIn, references_in
from assetmeta.model.plans import Change, Create, Fetch, Outcome, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


@dataclass(frozen=True, slots=True)
class RestBackend(Options, ABC):
    """A dialect of a REST server, but for the methods that are abstract here. What it receives of the server is
    kept in `memory`; give each session its own.
    """

    name: ClassVar[str]
    """The name of the dialect, which is that of its package."""
    codec: ClassVar[CodecTable]
    """Returns the codec of a kind, for a schema that was kept without its codecs."""
    SURVEYS: ClassVar[tuple[str, ...]] = ("full", "root", "none")
    """How much of the schema can be read from the server: see assetmeta.backends.rest.discovery."""
    FILE_TYPES: ClassVar[frozenset[str]] = frozenset()
    OPERATIONS: ClassVar[bool] = True
    CLEANING: ClassVar[bool] = False
    MAX_PAGE: ClassVar[int] = 1_000_000
    change_marks: ClassVar[ChangeMarks] = ChangeMarks()
    """The attributes by which the server marks changes, on the types that have them."""
    file_name_attribute: ClassVar[str] = "name"
    """The attribute with a file's name."""
    file_facts: ClassVar[Mapping[str, str]] = {}
    """None: most servers keep neither size nor checksum with a file."""

    def __post_init__(self) -> None:
        if self.survey not in self.SURVEYS:
            raise BadValue(f"There is no survey {self.survey!r}; there are {', '.join(self.SURVEYS)}.")

    @property
    def api(self) -> Api:
        """The description of the server, which is part of the dialect."""
        return bundled(f"assetmeta.backends.{self.name}")

    @property
    @abstractmethod
    def keys(self) -> Keys:
        """How keys are formed."""

    @abstractmethod
    def reader(self, schema: Schema) -> RestReader:
        """Return a read that has received nothing yet."""

    @abstractmethod
    def understand(self, schema: Schema, fetch: Fetch) -> Fetch:
        """Return a fetch with its conditions as they are meant. Raises Unsupported for what no request could answer."""

    @abstractmethod
    def rules(self, schema: Schema) -> WriteRules:
        """Return how the server is written to."""

    @abstractmethod
    def batches(self, writer: ChangeWriter) -> Batches:
        """Return how changes share requests, or follow each other."""

    @property
    def can(self) -> Capabilities:
        """What the server can do, and what is done in the client: conditions, order, windows, paths, counts."""
        return Capabilities(
            paths=True,
            aggregates=True,
            sort=True,
            count=True,
            operations=self.OPERATIONS,
            delete=True,
            cleaning=self.CLEANING,
            windows=False,
            evaluates=True,
            file_types=self.FILE_TYPES,
            max_keys=self.max_keys,
            max_page=self.MAX_PAGE,
        )

    def from_sample(self, name: str, value: Json) -> FieldInfo:
        """Guess what a field is that only the server has."""
        return from_value(value)

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read the schema; see assetmeta.backends.rest.discovery for the requests. *names* make no difference."""
        found = yield from discover(self.api, self.survey, self.root, self.endpoint_path, self.from_sample)
        return build_schema(self.api, self.codec, found)

    def writer(self, schema: Schema) -> ChangeWriter:
        """Return what performs the changes of one write."""
        return ChangeWriter(self.reader(schema), self.rules(schema))

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read. One Rows per fetch, same order.

        An asset that a fetch names alone and that does not exist raises NotFound; among several it is left out. Raises
        Unsupported, before anything is sent, for what the server cannot do.
        """
        understood = [self.understand(schema, fetch) for fetch in fetches]
        return execute_all(understood, lambda: self.reader(schema))

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Describe which requests a read sends, what the server does of it and what is done here. Sends nothing."""
        return explain(self.reader(schema), self.understand(schema, fetch))

    @property
    def references_in(self) -> ReferencesIn:
        """Returns the assets that a delta names."""
        return references_in

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write. One outcome per change, same order; see assetmeta.backends.write_scheduler for order and failures."""
        self.memory.begin_write()
        writer = self.writer(schema)
        verifier = Verifier(schema, lambda fetches: self.fetch(schema, fetches), writer.encoder.value)
        return run_writes(WriteSchedule(changes, self.references_in), self.batches(writer), verifier, observer)

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

    def safe_name(self, given: str) -> str:
        """Turn a file name that the server gave into a harmless local one."""
        return safe_name(given)
