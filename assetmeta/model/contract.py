"""The contract between core and backend. They never import each other; they meet here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, runtime_checkable

from msgspec import Struct

from assetmeta.model.codecs import Codec
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.ordering import ReferencesIn
from assetmeta.model.plans import AttributeChange, Change, Create, Fetch, Outcome, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


class Capabilities(Struct, frozen=True):
    """What a server can do. Anything else raises Unsupported before a request is sent.

    *keyset_column* names the attribute by which unsorted lists are ordered, when a filter can select what is beyond
    one of its values; pages then neither overlap nor leave gaps, whatever happens to the list meanwhile.
    *max_keys* is how many assets one read by identity may name, *max_page* the largest page to request, *max_fetches*
    how many fetches that are handed over together share a request. Without
    *windows* the dialect cuts windows itself and answers a fetch in parts of its own (`Rows.next_cursor`), or whole:
    do not request one window after the other.
    *evaluates* is whether the dialect evaluates conditions itself, so that they may use parts of values and
    compare attributes with each other. *exact* is whether `=` respects letter case by itself; where it does not,
    `==` does, and takes reading what `=` finds. *cleaning* is whether texts can be had without their markup (the paths
    that end in @CleanText or @CleanHtml).
    """

    asof: bool = False
    find: bool = False
    history: bool = False
    raw_filter: bool = False
    paths: bool = False
    aggregates: bool = False
    sort: bool = False
    count: bool = False
    operations: bool = False
    context: bool = False
    templates: bool = False
    delete: bool = False
    cleaning: bool = False
    exact: bool = True
    evaluates: bool = False
    windows: bool = True
    file_types: frozenset[str] = frozenset()
    keyset_column: str | None = None
    max_keys: int = 100
    max_page: int = 1000
    max_fetches: int = 1


class WriteObserver(Protocol):
    """Follows a write round by round. A change may have a later outcome, which replaces the earlier one."""

    def on_send(self, changes: Sequence[Change]) -> None:
        """Take what is about to be sent. An error raised here ends the write; these changes are not sent then."""
        ...

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Take what became of changes, also when the write is broken off."""
        ...


@runtime_checkable
class CommitObserver(WriteObserver, Protocol):
    """A WriteObserver that also follows what a commit does around its write."""

    def on_start(self, changes: Sequence[Change]) -> None:
        """Take the changes that a commit is about to send."""
        ...

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes of all changes of a commit, also of those that were not sent. The last call has none when
        the commit raises.
        """
        ...


class Unobserved:
    """A WriteObserver that does nothing."""

    def on_send(self, changes: Sequence[Change]) -> None: ...

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None: ...


UNOBSERVED = Unobserved()


class Backend(Protocol):
    """One dialect. Flows keep count and order: one Rows per fetch, one outcome per change. Failures of single changes
    are outcomes; anything that spoils the whole flow is raised.
    """

    @property
    def name(self) -> str: ...

    @property
    def can(self) -> Capabilities: ...

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read the whole schema, or only the named types and what they inherit from."""
        ...

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        ...

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        """Read. One Rows per fetch, same order."""
        ...

    def write(
        self, schema: Schema, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED
    ) -> Flow[list[Outcome]]:
        """Write. One outcome per change, same order; *observer* is called for each round as it is sent and answered."""
        ...

    def address(self, oid: Oid) -> str:
        """The path below the base URL at which a person sees the asset in a browser."""
        ...


@runtime_checkable
class SupportsExplain(Protocol):
    """A backend that explains what a read will send, and what is done on which side."""

    def explain(self, schema: Schema, fetch: Fetch) -> str:
        """Return it as text, one line per request or step. Sends nothing."""
        ...


@runtime_checkable
class SupportsNames(Protocol):
    """A backend that finds an asset by what people call it."""

    def key_of(self, type_name: str, text: str) -> Key | None:
        """Return the key that a text is; None for an alias, which has to be looked up. Sends nothing."""
        ...

    def look_up(self, schema: Schema, type_name: str, alias: str) -> Flow[Row]:
        """Return the asset that an alias names, with what the answer contains of it. Raises NotFound, BadValue,
        NotExactlyOne.
        """
        ...


@runtime_checkable
class SupportsAliases(SupportsNames, Protocol):
    """A backend whose assets have texts as keys, or are known by more than their key wherever one is meant: a name, a
    slug, a number within a project.
    """

    def taken_by_alias(self, type_name: str) -> bool:
        """Whether relations to the type may be written with an alias, which the server resolves."""
        ...


Mark = Mapping[str, Any]
"""What a server had at some moment, as JSON: {"after": the highest number of a type}, or {"since": a time by the
server's clock, "known": the keys of what was created around it, ...}.
"""


@runtime_checkable
class SupportsLookup(Protocol):
    """A backend that finds out what became of creates that were sent and never answered."""

    def take_mark(self, schema: Schema, creates: Sequence[Create]) -> Flow[Mapping[str, Mark]]:
        """Return a mark for each type among *creates* whose assets can be distinguished by when they were created.
        Reads only.
        """
        ...

    def find_created(
        self,
        schema: Schema,
        creates: Sequence[Create],
        marks: Mapping[str, Mark],
        claimed: Collection[Oid],
        keys: Mapping[str, str],
    ) -> Flow[list[Outcome | None]]:
        """Return what became of *creates*, same order: Done with the asset, None where it is not there, Unknown where
        the server does not return. Reads only.

        An asset is looked for by its natural key where *keys* names the attribute of its type, else by all values that
        were written among the assets created since the mark of its type, without those *claimed* by other creates.
        """
        ...


@runtime_checkable
class SupportsLoginCheck(Protocol):
    """A backend whose server answers a wrong login as it answers a missing right."""

    @property
    def login_check(self) -> Request:
        """A read that every accepted login may do, and that answers a wrong one as all else does."""
        ...

    def refuses_login(self, response: Response) -> bool | None:
        """Whether an answer refuses the login; None when it may just as well be about a right."""
        ...


@runtime_checkable
class SupportsReferences(Protocol):
    """A backend whose texts name assets, as formulas do: they wait for the creates of those assets, too."""

    @property
    def references_in(self) -> ReferencesIn:
        """Returns the assets that a delta names. Sends nothing."""
        ...


class ChangeMarks(Struct, frozen=True):
    """The attributes by which a server marks changes, on the types that have them: when (*at*) and by whom (*by*) an
    asset was changed last; where it keeps records, the one before this (*prior*) and whether it deleted the asset
    (*deleted*). *listed_by* names the types whose lists come in the order of *at*, where that is requested.
    """

    at: str | None = None
    by: str | None = None
    prior: str | None = None
    deleted: str | None = None
    listed_by: tuple[str, ...] = ()


@runtime_checkable
class SupportsChanges(Protocol):
    """A backend whose server marks when its assets were changed."""

    @property
    def change_marks(self) -> ChangeMarks:
        """Returns the attributes that do so. Sends nothing."""
        ...


class SupportsTemplates(Protocol):
    """A backend whose server suggests the values of a new asset."""

    def template(self, schema: Schema, type_name: str, context: Oid | None) -> Flow[tuple[AttributeChange, ...]]:
        """Read the suggested values of a new asset."""
        ...


class SupportsFiles(Protocol):
    """A backend whose server keeps bytes with assets of `can.file_types`."""

    @property
    def file_name_attribute(self) -> str:
        """The attribute that holds the file's name."""
        ...

    @property
    def file_facts(self) -> Mapping[str, str]:
        """The attributes that hold what is known of the bytes: their "size", and checksums by algorithm ("sha256")."""
        ...

    def safe_name(self, given: str) -> str:
        """Turn a file name that the server gave into one that is harmless on any computer."""
        ...

    def download(self, oid: Oid, sink: BinaryIO) -> Flow[str]:
        """Write the bytes to *sink* in chunks and return their media type."""
        ...

    def upload(self, oid: Oid, source: BinaryIO) -> Flow[None]:
        """Replace the bytes by those of *source*, streamed."""
        ...
