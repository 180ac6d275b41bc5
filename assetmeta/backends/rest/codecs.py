"""Codecs that JSON dialects share: numbers, times with their offset, days, choices, JSON, links."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from msgspec import Struct

from assetmeta.model.codecs import Boolean, Codec, DateTime, Integer, Raw, Text, document_part
from assetmeta.model.errors import BadValue, nearest
from assetmeta.model.scalars import json_checked
from assetmeta.model.values import Oid


class Real(Struct, frozen=True):
    """A floating-point number, as the server keeps it."""

    is_number: ClassVar[bool] = True
    accepts: str = "a number: int, float, Decimal or text such as '2.5'"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else float(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else repr(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValueError(f"{type(value).__name__} is not a number")
        try:
            number = float(Decimal(str(value).strip()))
        except (InvalidOperation, OverflowError):
            raise ValueError(f"{value!r} is not a number") from None
        if not math.isfinite(number):
            raise ValueError(f"{value!r} is not a finite number")
        return number


class Instant(DateTime, frozen=True):
    """A point in time that is written with its offset."""

    def encode(self, value: object) -> str:
        if not isinstance(value, datetime):
            return ""
        return value.astimezone(self.tzinfo).isoformat().replace("+00:00", "Z")


class Day(Struct, frozen=True):
    """A date without a time."""

    accepts: str = "a date, or its ISO text such as 2026-03-01"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else date.fromisoformat(str(raw)[:10])

    def encode(self, value: object) -> str:
        return value.isoformat() if isinstance(value, date) else ""

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value.strip() if isinstance(value, str) else "")
        except ValueError:
            raise ValueError(f"{value!r} is not a date such as 2026-03-01") from None


class Choice(Struct, frozen=True):
    """One of a few values that the server names: *names* are (value, name for users) pairs.

    The value is what is read; either is accepted. Where not all are known (*open*), others are taken as they are.
    """

    names: tuple[tuple[int | str, str], ...]
    open: bool = False

    @property
    def accepts(self) -> str:
        return "one of " + ", ".join(f"{value} ({name})" if name else str(value) for value, name in self.names)

    @property
    def listed(self) -> tuple[object, ...]:
        return tuple(value for value, _ in self.names)

    def decode(self, raw: Raw) -> object:
        return raw

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        # A Boolean equals a number and is not meant by it.
        given = "" if isinstance(value, bool) else str(value).casefold()
        for known, name in self.names:
            if given and given in (str(known).casefold(), name.casefold()):
                return known
        if self.open and given and isinstance(value, int | str):
            return value
        near = nearest(str(value), [str(word) for pair in self.names for word in pair if word != ""])
        raise ValueError(f"{value!r} is not one of them.{near}".removesuffix("."))


def choice_kind(names: tuple[tuple[int | str, str], ...], *, open: bool) -> str:
    """Return the kind of a choice among *names*, which contains them all; *open* when there may be other values too."""
    return f"{'Choices' if open else 'Choice'} {json.dumps([list(pair) for pair in names], ensure_ascii=False)}"


def choice_of(kind: str) -> Choice | None:
    """The codec of a kind that `choice_kind` made; None for any other kind."""
    word, _, values = kind.partition(" [")
    if word not in ("Choice", "Choices") or not values:
        return None
    return Choice(tuple((value, str(name)) for value, name in json.loads(f"[{values}")), open=word == "Choices")


class Status(Struct, frozen=True):
    """The state of something: one of *names*, or another word that only this server has. Letter case is that of
    *names*, whichever the server or a person writes. In conditions there are *words* for several of them, too.
    """

    names: tuple[str, ...]
    words: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[object, ...]:
        return (*self.names, *self.words)

    @property
    def accepts(self) -> str:
        return "one of " + ", ".join(self.names)

    def decode(self, raw: Raw) -> object:
        return raw if raw is None else self._known(str(raw))

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{value!r} is not a status")
        return self._known(value.strip())

    def _known(self, text: str) -> str:
        return next((name for name in self.names if name.casefold() == text.casefold()), text)


def status_kind(names: tuple[str, ...], words: tuple[str, ...] = ()) -> str:
    """Return the kind of a status with these *names*, and *words* for several of them in conditions."""
    parts = [json.dumps(list(texts), ensure_ascii=False) for texts in (names, words) if texts]
    return f"Status {' '.join(parts)}"


def status_of(kind: str) -> Status | None:
    """The codec of a kind that `status_kind` made; None for any other kind."""
    word, _, values = kind.partition(" [")
    if word != "Status" or not values:
        return None
    names, _, words = values.partition("] [")
    return Status(_texts(f"[{names.removesuffix(']')}]"), _texts(f"[{words}") if words else ())


def _texts(values: str) -> tuple[str, ...]:
    return tuple(str(name) for name in json.loads(values))


class Document(Struct, frozen=True):
    """A piece of JSON: lists, dicts, texts, numbers. A raw value is its JSON text."""

    accepts: str = "what JSON can contain: a dict, a list, text, a number, True, False"

    def decode(self, raw: Raw) -> object:
        return json.loads(raw) if isinstance(raw, str) and raw else None

    def encode(self, value: object) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def parse(self, value: object) -> object:
        return json_checked(value, self.part)

    def from_text(self, text: str) -> object:
        """The value of a text that is JSON; any other text is its own value."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text

    def part(self, value: object) -> object:
        """What is written for a part of the document: the id of an asset. Raises ValueError for one that is new."""
        return document_part(value)


class Link(Struct, frozen=True):
    """The value of a relation: an Oid, or a bare id where the type of what it leads to is known."""

    related: str | None = None
    accepts: str = "an asset, or its token such as 'Project:24'"

    def decode(self, raw: Raw) -> object:
        return self.parse(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or value == "":
            return None
        if isinstance(value, Oid):
            return value
        try:
            if isinstance(value, int) and not isinstance(value, bool) and self.related:
                return Oid.of(self.related, value)
            return Oid.parse(value if isinstance(value, str) else "")
        except BadValue:
            raise ValueError(f"{value!r} is neither an asset nor a token such as 'Project:24'") from None


COMMON: Mapping[str, Codec] = {
    "Boolean": Boolean(),
    "Date": Day(),
    "DateTime": Instant(),
    "File": Text(),
    "Integer": Integer(),
    "Json": Document(),
    "Number": Real(),
    "Text": Text(),
}
"""The codecs of the kinds that JSON servers share."""


class CodecTable:
    """The codecs of one server: those of *own* kinds besides the common ones. Values of an unknown kind are of the
    *default* one. Relations, and statuses and choices, whose kind contains their values, need no entry; with
    *open_choices* other values than those are accepted, too.
    """

    def __init__(self, own: Mapping[str, Codec], *, default: str = "Json", open_choices: bool = False) -> None:
        self._codecs = {**COMMON, **own}
        self._default = self._codecs[default]
        self._open_choices = open_choices

    def __call__(self, kind: str, name: str = "", related: str | None = None) -> Codec:
        """Return the codec of a kind, and of the type that a relation leads to. The *name* of the attribute makes no
        difference.
        """
        if kind == "Relation":
            return Link(related)
        choice = choice_of(kind)
        if choice is not None:
            return Choice(choice.names, open=True) if self._open_choices else choice
        return status_of(kind) or self._codecs.get(kind, self._default)
