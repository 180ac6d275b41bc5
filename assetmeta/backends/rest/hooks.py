"""How keys of a server are formed: the hook by which a dialect takes part in reading and writing objects.

The others are the codecs of a dialect (`RestBackend.CODECS`), how values are written in filters (rest/pushdown), which
lists a query takes, how they continue and how assets are read by their keys (rest/reader), and how it is written to
(rest/writer.WriteRules).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.model.plans import RawValue
from assetmeta.model.values import Key, Oid


class ParseContext(Struct, frozen=True):
    """Where an object was found: the *project* that it is in, as far as that is known, the key of the *owner* that it
    is part of or listed below, and whether it is *embedded* in another object. *cleaned* are the keys of texts that the
    server cleaned, with how.
    """

    project: Key | None = None
    owner: Json = None
    embedded: bool = False
    cleaned: Mapping[str, str] = {}

    def inside(self, key: Key) -> ParseContext:
        """The context of what an object with this *key* contains."""
        return ParseContext(self.project, key, self.embedded)


NO_CONTEXT = ParseContext()


class Identified(NamedTuple):
    """An object that was identified: its *key* (None: it has none), its *context*, completed by what it contains, and
    the attributes that follow from both (*implied*).
    """

    key: Key | None
    context: ParseContext = NO_CONTEXT
    implied: Mapping[str, RawValue] | None = None


class Keys(ABC):
    """How the keys of a server are formed: from answers, and to paths."""

    __slots__ = ()

    @abstractmethod
    def identify(self, resource: Resource, item: Object, context: ParseContext, key: Key | None = None) -> Identified:
        """Identify an object, and remember of it what saves requests later. *key* is the one that was requested, where
        the body may not contain it.
        """

    @abstractmethod
    def parse(self, resource: Resource, value: Json, context: ParseContext) -> Key | None:
        """The key in a reference (a bare id, its text, or an object with it), or that of an object; None for null, and
        for what has no key.
        """

    @abstractmethod
    def resolve(self, oid: Oid) -> Oid:
        """Return the identity as a write may name it. Raises BadValue for an asset that the server does not have."""

    @abstractmethod
    def item_path(self, resource: Resource, key: Key) -> str:
        """The path of an object. Raises BadValue for what is not a key."""

    @abstractmethod
    def confirm(self, resource: Resource, oid: Oid, item: Object, line: str) -> None:
        """Raise InvalidResponse for an object that is another than *oid*; *line* is the request that it answers."""

    def list_path(self, resource: Resource, parent: Key | None = None) -> str:
        """The path of the list of a type, below its parent where it has one."""
        return resource.path

    def choose(self, known: Field, value: Json) -> str | None:
        """The type that a reference leads to where there are several, and the value itself shows which; else None."""
        return None

    def is_alias(self, oid: Oid) -> bool:
        """True for an asset that is named by something else than its key; the server resolves that."""
        return False
