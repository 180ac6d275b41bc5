"""Assets before they are stored: each with its records in order of time, all pointing at each other as objects.

A `Book` collects them. Ids, numbers, ranks and moments are given out only at the end, in order of creation and of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from ..requests import LoadLink, LoadRow
from ..types import Catalogue, Link

TODAY = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
"""The last instant of the data set; a constant, so that the same seed gives the same data on any day."""

SPAN = timedelta(days=300)
"""How far back the data set reaches."""

START = TODAY - SPAN


class Draft:
    """One asset to be. *shipped* is the token of a row that exists already and is only pointed at."""

    __slots__ = ("oid", "records", "type_name")

    def __init__(self, type_name: str, shipped: str = "") -> None:
        self.type_name = type_name
        self.oid = shipped
        self.records: list[Record] = []

    @property
    def created(self) -> datetime:
        """The time of the first record; that of a shipped row is before all others."""
        return self.records[0].at if self.records else START

    @property
    def last(self) -> Record:
        """The newest record."""
        return self.records[-1]

    def get(self, name: str) -> object:
        """The newest value of a column, None when it was never set."""
        return next((record.values[name] for record in reversed(self.records) if name in record.values), None)


@dataclass(slots=True)
class Record:
    """One change: what it sets (other columns keep their values) and the links that it adds."""

    at: datetime
    state: int
    values: dict[str, object]
    by: Draft
    comment: str | None = None
    links: list[tuple[str, Draft | str]] = field(default_factory=list)
    moment: int = 0


ADMINISTRATOR = Draft("Member", "Member:20")
ROOT = Draft("Scope", "Scope:0")


class Book:
    """The drafts of one data set, and the one source of chance."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self.catalogue = catalogue
        self.random = Random(seed)  # noqa: S311
        self.drafts: list[Draft] = []
        self.blobs: list[tuple[Draft, bytes]] = []

    def new(
        self, type_name: str, at: datetime, by: Draft = ADMINISTRATOR, state: int = 64, /, **values: object
    ) -> Draft:
        """Draft an asset created *at* that time."""
        draft = Draft(type_name)
        draft.records.append(Record(min(at, TODAY), state, values, by))
        self.drafts.append(draft)
        return draft

    def change(
        self,
        draft: Draft,
        at: datetime,
        by: Draft,
        state: int | None = None,
        comment: str | None = None,
        /,
        **values: object,
    ) -> Record:
        """Add a record to a draft, never before its last one and never after today."""
        at = min(max(at, draft.last.at + timedelta(seconds=1)), TODAY)
        record = Record(at, draft.last.state if state is None else state, values, by, comment)
        draft.records.append(record)
        return record

    def between(self, first: datetime, last: datetime = TODAY) -> datetime:
        """A whole second between two times."""
        seconds = max(0, int((last - first).total_seconds()))
        return first + timedelta(seconds=self.random.randint(0, seconds))

    def after(self, at: datetime, days: float) -> datetime:
        """A time up to *days* after another, but not after today."""
        return self.between(at, min(at + timedelta(days=days), TODAY))

    def chance(self, share: float) -> bool:
        """True in about that share of the cases."""
        return self.random.random() < share

    def finish(self, first_id: int, numbers: dict[str, int]) -> list[Record]:
        """Give out ids, numbers and ranks in order of creation; return all records in order of time.

        *numbers* maps each numbered type to the next number that is free.
        """
        self.drafts.sort(key=lambda draft: draft.created)
        ranks = list(range(len(self.drafts)))
        self.random.shuffle(ranks)
        for place, draft in enumerate(self.drafts):
            draft.oid = f"{draft.type_name}:{first_id + place}"
            kind = self.catalogue.types[draft.type_name]
            first = draft.records[0].values
            if "Order" in kind.attributes:
                first["Order"] = (ranks[place] + 1) * 10
            if kind.number_prefix:
                first["Number"] = f"{kind.number_prefix}-{numbers[draft.type_name]:05d}"
                numbers[draft.type_name] += 1
        records = [record for draft in self.drafts for record in draft.records]
        records.sort(key=lambda record: record.at)
        return records

    def rows(self) -> Iterator[LoadRow]:
        """The finished records, each a full one: what a record does not set it takes from the one before."""
        for draft in self.drafts:
            values: dict[str, object] = {}
            ends = [*(later.moment for later in draft.records[1:]), None]
            for record, until in zip(draft.records, ends, strict=True):
                values = values | {
                    name: value.oid if isinstance(value, Draft) else value for name, value in record.values.items()
                }
                yield LoadRow(draft.oid, record.moment, record.state, values, record.by.oid, until, record.comment)

    def links(self) -> Iterator[LoadLink]:
        """The finished many-to-many values, each from the moment of its record on."""
        for draft in self.drafts:
            attributes = self.catalogue.types[draft.type_name].attributes
            for record in draft.records:
                for name, other in record.links:
                    storage = attributes[name].storage
                    if not isinstance(storage, Link):
                        raise TypeError(f"{draft.type_name}.{name} is not kept as links")
                    ends = [draft.oid, other.oid if isinstance(other, Draft) else other]
                    source, target = ends if storage.side == "source" else ends[::-1]
                    yield LoadLink(storage.relation, source, target, record.moment)
