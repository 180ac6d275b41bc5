"""What the endpoints ask of the engine and what they get back: plain values, no HTTP and no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .tokens import Filter, SortKey, Token
from .types import AttributeDef

EVERYTHING = 2147483647
"""The page size that a list announces when none was asked for."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A related asset, as an OID token: "Member:20", with a moment only for records ("Story:5:17")."""

    oid: str


Scalar = str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The state right after change *number*: `Data/Story/1025/1389`."""

    number: int


@dataclass(frozen=True, slots=True)
class AsOf:
    """The state at a time (UTC): each asset's last record at or before it."""

    time: datetime


@dataclass(frozen=True, slots=True)
class History:
    """Every record of every asset, each seen at its own moment (rest-1.v1/Hist, query.v1 `asof: All`)."""


At = Moment | AsOf | History


@dataclass(frozen=True, slots=True)
class SubSelect:
    """A nested query of query.v1: `{from: Owners, select: [...]}`. *key* is its name in the row."""

    key: str
    token: Token
    select: tuple[Selection, ...] = ()
    where: Filter | None = None
    sort: tuple[SortKey, ...] = ()


Selection = Token | SubSelect


@dataclass(frozen=True, slots=True)
class Query:
    """One query of any endpoint.

    *type_name* may be abstract. *select* None asks for the default selection, an empty one for ids only. *oid* narrows
    the query to one asset ("Story:1005"): `Engine.select` then raises a 404 problem when it is not there, unless
    *lenient*, which turns that into an empty result (query.v1's `from: <oid>`, Hist of one asset). *variables* are
    named without the dollar sign. *extras* adds what rest-1.v1 adds to selected relations: their display attribute
    and short name. *size* None means no limit.
    """

    type_name: str
    select: tuple[Selection, ...] | None = None
    where: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    start: int = 0
    size: int | None = None
    find: str | None = None
    find_in: tuple[Token, ...] = ()
    oid: str | None = None
    lenient: bool = False
    at: At | None = None
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    member: str = "Member:20"
    extras: bool = False


@dataclass(slots=True)
class RowOut:
    """One asset of a result. *asset* has no moment; *moment* is that of the record shown.

    *values* is keyed by token text, letter by letter as asked, without a leading type qualifier. A value is a scalar, a
    `Ref` or None (single relation), a list of scalars or of `Ref` (multi-value), or a list of `RowOut` (`SubSelect`).
    Dates are texts: `2017-09-06`, `2017-09-06T15:06:26.753`, and `2017-09-06T15:06:26.7530000Z` for UTC attributes.
    States are their number, blobs base64 text.
    """

    asset: str
    moment: int
    values: dict[str, Value]

    @property
    def oid(self) -> str:
        """The token with its moment: "Story:1005:214"."""
        return f"{self.asset}:{self.moment}"


Value = Scalar | Ref | list[Scalar] | list[Ref] | list[RowOut]


@dataclass(slots=True)
class Result:
    """The rows of a query, in order, and *total*: how many there are without paging.

    *definitions* tells for each key of the rows what it is (kind, multi, relation); for a path it is the definition of
    the attribute reached, multi when any step is. `SubSelect` keys, and those inside them, are in *nested*.
    """

    rows: list[RowOut]
    total: int
    definitions: dict[str, AttributeDef] = field(default_factory=dict)
    nested: dict[str, dict[str, AttributeDef]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One changed value of a change document.

    *act* "set" writes a scalar or a single relation (an OID token as text, or a `Ref`); None or "" clears it. On a
    multi-value attribute "set" with a tuple replaces the whole value, "add" and "remove" take one value each: one
    `Change` per asset or text added or removed. Texts are converted by the attribute's kind, JSON numbers and Booleans
    are taken as they are. A Rank takes "454+" (right after the asset whose rank is 454), "454-", or a number.
    """

    name: str
    act: Literal["set", "add", "remove"]
    value: str | int | float | bool | bytes | Ref | tuple[str | Ref, ...] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write: the asset, its newest moment, and the names of the attributes that were written."""

    asset: str
    moment: int
    names: tuple[str, ...] = ()

    @property
    def oid(self) -> str:
        """The token with its moment: "Story:1005:214"."""
        return f"{self.asset}:{self.moment}"


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One record to load as it is, without validation.

    *values* is keyed by column name; dates are `date`, `datetime` or ISO text, relations OID tokens. Derived values
    (the Scope of a Task) and the Number must be given. Several rows of one asset, *since* growing, give it a history:
    *until* is worked out when it is None. *comment* is the ChangeComment, *reason* the ChangeReason.
    """

    asset: str
    since: int
    state: int
    values: dict[str, object]
    changed_by: str = "Member:20"
    until: int | None = None
    comment: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LoadLink:
    """One row of a many-to-many relation or of a multi-value scalar (*target* is then the text)."""

    relation: str
    source: str
    target: str
    since: int
