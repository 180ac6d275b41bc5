"""What represents an asset and a missing value: Oid, moments and sentinels."""

from __future__ import annotations

import enum
import math
import re
import sys
from datetime import datetime
from typing import NamedTuple, Protocol, Self, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import plain, shown

Key = int | str
AsOf = int | str | datetime
"""A point in a server's history: a change number, or a time as the user gave it (ISO text or datetime)."""

LONGEST_KEY = 1000
_LONGEST_NUMBER = 64
_TOKEN = re.compile(
    rf"(?P<type>[A-Za-z_]\w*):(?P<key>[^:\s]{{1,{LONGEST_KEY}}})(?::(?P<moment>\d{{1,{_LONGEST_NUMBER}}}))?\Z"
)
_NEW = "new-"


class Missing(enum.Enum):
    """Why there is no value. `None` is never one of these: it means that the server returned null."""

    ABSENT = "the server did not return it"
    UNREAD = "it was not read yet"

    def __repr__(self) -> str:
        return self.name


ABSENT = Missing.ABSENT
UNREAD = Missing.UNREAD


class LastUncompared(Struct, frozen=True):
    """The base of values whose last field does not count when they are compared."""

    def __eq__(self, other: object) -> bool:
        return astuple(self)[:-1] == astuple(other)[:-1] if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(astuple(self)[:-1])


class Oid(NamedTuple):
    """The identity of an asset: type, key, and the moment for an asset as it was.

    Keys that look like integers are integers, so `Oid.of("Story", "5") == Oid.of("Story", 5)`.
    """

    type: str
    key: Key
    moment: AsOf | None = None

    @classmethod
    def of(cls, type_name: str, key: object, moment: AsOf | None = None) -> Oid:
        """Build an Oid from a key as a person writes it (5, "5", a uuid text). Raises BadValue for anything else."""
        try:
            key = plain(key)
        except ValueError as error:
            raise BadValue(
                f"{type_name}: {error}; the id of an asset is a number or a text.", type_name=type_name
            ) from None
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise BadValue(f"{type_name}({shown(key)}): the id of an asset is a number or a text.", type_name=type_name)
        if isinstance(key, str) and len(key) > LONGEST_KEY:
            raise BadValue(f"{type_name}: an id has {LONGEST_KEY} characters at most.", type_name=type_name)
        found = _numeric(key) if isinstance(key, str) else key
        # Python refuses to write or read numbers of thousands of digits, by a bare ValueError.
        if isinstance(found, int) and abs(found) >= 10**_LONGEST_NUMBER:
            raise BadValue(f"{type_name}: an id has {_LONGEST_NUMBER} digits at most.", type_name=type_name)
        return cls(type_name, found, moment)

    @classmethod
    def parse(cls, token: str) -> Oid:
        """Read `Type:key` or `Type:key:moment`. Raises BadValue for any other text."""
        # Nearly all tokens are a name and a number, and there are very many of them.
        kind, _, key = token.partition(":") if isinstance(token, str) else ("", "", "")
        if key.isdigit() and key.isascii() and len(key) < 19 and kind.isidentifier():
            return tuple.__new__(cls, (sys.intern(kind), int(key), None))
        key, _, moment = key.partition(":")
        if key.isdigit() and moment.isdigit() and token.isascii() and len(token) < 60 and kind.isidentifier():
            return cls(sys.intern(kind), int(key), int(moment))
        match = _TOKEN.match(token) if isinstance(token, str) else None
        if match is None:
            raise BadValue(
                f"{repr(token)[:80]} is not an asset token; write Type:id, for example Story:1005.",
                oid=str(token)[:80],
            )
        said = match["moment"]
        return cls(match["type"], _numeric(match["key"]), None if said is None else int(said))

    @classmethod
    def new(cls, type_name: str, number: int) -> Oid:
        """The provisional identity of an asset that the server does not have yet."""
        return cls(type_name, f"{_NEW}{number}")

    @property
    def is_new(self) -> bool:
        """True until the commit that creates the asset."""
        return isinstance(self.key, str) and self.key.startswith(_NEW)

    @property
    def current(self) -> Oid:
        """The same asset without a moment."""
        return self if self.moment is None else Oid(self.type, self.key)

    @property
    def token(self) -> str:
        """`Type:key`, with `:moment` where the moment is a change number."""
        return f"{self.type}:{self.key}:{self.moment}" if isinstance(self.moment, int) else f"{self.type}:{self.key}"

    def at(self, moment: AsOf | None) -> Oid:
        """The same asset as of *moment*."""
        return self if moment == self.moment else Oid(self.type, self.key, moment)

    def __str__(self) -> str:
        return self.token


def _numeric(text: str) -> Key:
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else text


class _Slices(Protocol):
    """A list, a tuple or another sequence, whose slices are of its own type."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Self: ...


_S = TypeVar("_S", bound=_Slices)


def chunks(items: _S, size: int) -> list[_S]:
    """Divide *items* into parts of *size*, in order; the last one may be shorter. A size below 1 is 1. The parts are of
    the type of *items*: lists of a list, tuples of a tuple; none of an empty one.
    """
    size = max(size, 1)
    return [items[start : start + size] for start in range(0, len(items), size)]


def same_value(one: object, other: object) -> bool:
    """True when two values of an attribute are the same to every server: an empty text is no value."""
    return one == other or (one in (None, "") and other in (None, ""))


def is_stored(sent: object, stored: object) -> bool:
    """True when *stored* is what a server keeps of a value that was *sent*: it trims texts and rounds numbers, and of
    an asset's identity the key counts, since some answers leave the type open.
    """
    if isinstance(sent, Oid) and isinstance(stored, Oid):
        return sent.key == stored.key
    if isinstance(sent, str) and isinstance(stored, str):
        return sent.strip() == stored.strip()
    if isinstance(sent, float) and isinstance(stored, int | float):
        return math.isclose(sent, stored, rel_tol=1e-9, abs_tol=1e-12)
    return same_value(sent, stored)
