"""The kinds of attributes and their codecs. A choice carries its values in its kind, so that the kind says it all."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import ClassVar

from assetmeta.backends.kinds import Choice, Day, Document, Instant, Link, Real, choice_of
from assetmeta.model.codecs import Boolean, Codec, Integer, Number, Raw, Secret, Text
from assetmeta.model.record import Record

_UUID = re.compile(r"[0-9a-z]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    """True for a text of the form of a UUID as the server spells it: with hyphens, of any version."""
    return _UUID.fullmatch(text) is not None


class Uuid(Record):
    """A UUID, read as its text: that is what assets are known by. Other texts are left as they are."""

    accepts: str = "a UUID or its text"

    def decode(self, raw: Raw) -> object:
        return None if raw is None else str(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, str | uuid.UUID) or not str(value).strip():
            raise ValueError(f"{value!r} is not a UUID")
        text = str(value).strip()
        return text.lower() if is_uuid(text) else text


class Seconds(Record):
    """A length of time, which is a number of seconds on the wire."""

    is_number: ClassVar[bool] = True
    accepts: str = "a timedelta, or a number of seconds"

    def decode(self, raw: Raw) -> object:
        try:
            return None if raw is None or raw == "" else timedelta(seconds=float(raw))
        except OverflowError:
            raise ValueError(f"{raw!r:.40} seconds are too long a time") from None

    def encode(self, value: object) -> str:
        return repr(value.total_seconds()) if isinstance(value, timedelta) else ""

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, timedelta):
            return value
        number = Real().parse(value)
        try:
            return timedelta(seconds=number) if isinstance(number, float) else None
        except OverflowError:
            raise ValueError(f"{value!r} seconds are too long a time") from None


class Status(Record):
    """Where something is in its life: one of *names*, or another word that only this server has. Letter case is that of
    *names*, whichever the server or a person writes.
    """

    names: tuple[str, ...]

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
            raise ValueError(f"{value!r} is no status")
        return self._known(value.strip())

    def _known(self, text: str) -> str:
        return next((name for name in self.names if name.casefold() == text.casefold()), text)


class Concealed(dict[str, object]):
    """A dict that no repr shows, and so no plan, error or log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "{***}"


class SecretDocument(Secret):
    """A piece of JSON with secrets in it: what can be read of it is read, and what is written is never shown."""

    accepts: str = "what JSON can hold; it is never shown"

    def decode(self, raw: Raw) -> object:
        return Document().decode(raw)

    def encode(self, value: object) -> str:
        return Document().encode(value)

    def parse(self, value: object) -> object:
        found = Document().parse(value)
        return Concealed(found) if isinstance(found, dict) else found


_CODECS: dict[str, Codec] = {
    "Boolean": Boolean(),
    "Date": Day(),
    "DateTime": Instant(),
    "Decimal": Number(),
    "Duration": Seconds(),
    "File": Text(),
    "Integer": Integer(),
    "Json": Document(),
    "Number": Real(),
    "SecretJson": SecretDocument(),
    "Text": Text(),
    "Uuid": Uuid(),
}


def codec_for(kind: str, related: str | None = None) -> Codec:
    """Return the codec of a kind; one that we do not know is JSON, kept as it came."""
    if kind == "Relation":
        return Link(related)
    word, _, values = kind.partition(" [")
    if word == "Status" and values:
        return Status(tuple(str(name) for name in json.loads(f"[{values}")))
    return _open(choice_of(kind)) or _CODECS.get(kind, _CODECS["Json"])


def _open(choice: Choice | None) -> Choice | None:
    """A choice that takes other values, too: what a server may come to know is not ours to refuse."""
    return choice and Choice(choice.names, open=True)


def status_kind(names: tuple[str, ...]) -> str:
    """Return the kind of a status with these *names*."""
    return f"Status {json.dumps(list(names), ensure_ascii=False)}"
