"""The codecs of Testspace: counts and health as small values, histories as letters (reference 7)."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

from msgspec import Struct

from assetmeta.backends.rest.codecs import CodecTable, Document
from assetmeta.model.codecs import AnyValue, Codec, Integer, Raw, Secret, Text
from assetmeta.model.texts import Hidden

Number = int | float | Decimal


class CaseCounts(NamedTuple):
    """How many cases there are of each status. Older servers do not count *untested* ones."""

    passed: int | None = None
    failed: int | None = None
    not_applicable: int | None = None
    errored: int | None = None
    untested: int | None = None


class SuiteCounts(NamedTuple):
    """How many suites there are of each status."""

    passed: int | None = None
    failed: int | None = None
    not_applicable: int | None = None


class AnnotationCounts(NamedTuple):
    """How many annotations there are of each severity."""

    errors: int | None = None
    warnings: int | None = None
    infos: int | None = None


class FailureCounts(NamedTuple):
    """How many tracked failures are in each state."""

    new: int | None = None
    flaky: int | None = None
    consistent: int | None = None
    passing: int | None = None
    resolved: int | None = None
    exempt: int | None = None


class Badge(NamedTuple):
    """What a metric's badge shows for one result."""

    metric_id: int | None = None
    name: str | None = None
    value: Number | str | None = None
    status: str | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """Read the keys that a badge has; others are left out."""
        return cls(**{name: given[name] for name in cls._fields if name in given})


class Health(NamedTuple):
    """The health of a result: a state such as "failure", the words for it, and the badges of metrics."""

    state: str | None = None
    description: str | None = None
    badges: tuple[Badge, ...] = ()

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """Read the keys that a health has; others are left out."""
        badges = given.get("badges")
        found = [Badge.of(badge) for badge in badges if isinstance(badge, dict)] if isinstance(badges, list) else []
        return cls(given.get("state"), given.get("description"), tuple(found))


class Mark(enum.StrEnum):
    """The outcome of a case in one result, as a failure's history contains it."""

    PASSED = "P"
    FAILED = "F"
    ERRORED = "E"
    NOT_APPLICABLE = "N"
    MISSING = "M"

    def __repr__(self) -> str:
        return repr(self.value)


class Counts(Struct, frozen=True):
    """Numbers in a fixed order, as a tuple with names. Fewer than names leave the rest None, further ones are left out:
    newer servers count more than older ones.
    """

    shape: Callable[..., tuple[int | None, ...]]
    names: tuple[str, ...]
    accepts: str = "nothing: the server counts"

    @property
    def parts(self) -> Mapping[str, Codec]:
        return dict.fromkeys(self.names, Integer())

    def decode(self, raw: Raw) -> object:
        found = _document(raw)
        return self.shape(*found[: len(self.names)]) if isinstance(found, list) else found

    def encode(self, value: object) -> str:
        return json.dumps(list(value)) if isinstance(value, tuple) else ""

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > len(self.names):
            raise ValueError(f"counts are a list of {len(self.names)} numbers at most: {', '.join(self.names)}")
        return self.shape(*value)


class Healths(Struct, frozen=True):
    """A Health out of its JSON."""

    accepts: str = "nothing: the server works it out"
    parts: ClassVar[Mapping[str, Codec]] = {"state": Text(), "description": Text(), "badges": Document()}

    def decode(self, raw: Raw) -> object:
        found = _document(raw)
        return Health.of(found) if isinstance(found, dict) else found

    def encode(self, value: object) -> str:
        return ""

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, Health):
            return value
        raise ValueError("the server works it out")


class Marks(Struct, frozen=True):
    """One letter of a history; an unknown letter is kept as text."""

    accepts: str = "a Mark or its letter: P, F, E, N or M"

    def decode(self, raw: Raw) -> object:
        try:
            return Mark(str(raw))
        except ValueError:
            return raw

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, str):
            return self.decode(value)
        raise ValueError(f"{value!r} is not a letter")


class HiddenText(Secret, frozen=True):
    """A text with a secret in it: it can be read, and no repr, plan or log shows it."""

    def decode(self, raw: Raw) -> object:
        """Return the text, which shows as '***'."""
        return None if raw is None else Hidden(raw)


def _document(raw: Raw) -> Any:
    return json.loads(raw, parse_float=Decimal) if isinstance(raw, str) and raw else None


codec_for = CodecTable(
    {
        "AnnotationCounts": Counts(AnnotationCounts, AnnotationCounts._fields),
        "Any": AnyValue(),
        "CaseCounts": Counts(CaseCounts, CaseCounts._fields),
        "FailureCounts": Counts(FailureCounts, FailureCounts._fields),
        "Health": Healths(),
        "HiddenText": HiddenText(),
        "History": Marks(),
        "SuiteCounts": Counts(SuiteCounts, SuiteCounts._fields),
    },
    default="Any",
)
"""Returns the codec of a kind; values of an unknown one stay as they are."""
