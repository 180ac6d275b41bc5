"""The codecs of Valohai: UUIDs, lengths of time, documents with secrets."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from msgspec import Struct

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.codecs import CodecTable, Document, Real
from assetmeta.backends.rest.discovery import FieldInfo, from_value
from assetmeta.model.codecs import Number, Raw, Secret, document_part
from assetmeta.model.frozen import frozen
from assetmeta.model.texts import Hidden
from assetmeta.model.values import Oid

_UUID = re.compile(r"[0-9a-z]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    """True for a text of the form of a UUID as the server spells it: with hyphens, of any version."""
    return _UUID.fullmatch(text) is not None


class Uuid(Struct, frozen=True):
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


class Seconds(Struct, frozen=True):
    """A length of time, which is a number of seconds on the wire."""

    is_number: ClassVar[bool] = True
    zero: ClassVar[timedelta] = timedelta()
    accepts: str = "a timedelta, or a number of seconds"

    def decode(self, raw: Raw) -> object:
        try:
            return None if raw is None or raw == "" else timedelta(seconds=float(raw))
        except OverflowError:
            raise ValueError(f"{raw!r:.40} seconds are too long a time") from None

    def encode(self, value: object) -> str:
        return repr(value.total_seconds()) if isinstance(value, timedelta) else ""

    def parse(self, value: object) -> object:
        if value is None:
            return None
        number = None if isinstance(value, timedelta) else Real().parse(value)
        try:
            length = value if isinstance(value, timedelta) else timedelta(seconds=number)  # type: ignore[arg-type]
        except OverflowError:
            raise ValueError(f"{value!r:.40} seconds are too long a time") from None
        if length < timedelta():
            raise ValueError(f"{length} is negative")
        return length


class JsonDocument(Document, frozen=True):
    """A piece of JSON. Commits in it are named by their identifier, and what is called like a secret is concealed."""

    def decode(self, raw: Raw) -> object:
        return _concealing(Document.decode(self, raw))

    def parse(self, value: object) -> object:
        return _concealing(Document.parse(self, value))

    def part(self, value: object) -> object:
        found = document_part(value)
        return str(found).rpartition("/")[2] if isinstance(value, Oid) and value.type == "Commit" else found


def _concealing(value: Any) -> Any:
    """Conceal environment variables that are a part of a larger document, as those of the nodes of a pipeline."""
    if isinstance(value, dict):
        return {
            name: frozen(item, concealed=True) if name == _SECRET else _concealing(item) for name, item in value.items()
        }
    return [_concealing(item) for item in value] if isinstance(value, list) else value


_SECRET = "environment_variables"


class Inputs(JsonDocument, frozen=True):
    """What a run reads: names with lists of addresses. Files of the server have addresses of their own (datum://id)."""

    accepts: str = "a dict from names to lists of addresses and of Datum assets"

    def part(self, value: object) -> object:
        found = document_part(value)
        if isinstance(value, Oid) and value.type != "Datum":
            raise ValueError(f"{value.token} is not a file; give a Datum, or an address such as 'datum://...'")
        return f"datum://{found}" if isinstance(value, Oid) else found


class Source(JsonDocument, frozen=True):
    """What a model version was made by: an execution, a pipeline, or a person."""

    accepts: str = "an Execution or a Pipeline, {'execution': id}, {'pipeline': id} or {'type': 'manual'}"

    def parse(self, value: object) -> object:
        if isinstance(value, Oid):
            value = {value.type.lower(): value}
        found = JsonDocument.parse(self, value)
        if found is None or (isinstance(found, dict) and "type" in found):
            return found
        [(made_by, key)] = found.items() if isinstance(found, dict) and len(found) == 1 else [("", None)]
        if made_by not in ("execution", "pipeline") or not isinstance(key, str):
            raise ValueError("it does not name the execution or pipeline that made the version")
        return {"type": made_by, "id": key}


class SecretDocument(Secret, frozen=True):
    """A piece of JSON with secrets in it: it is read and written like any other, and a repr shows its keys only."""

    accepts: str = "what JSON can contain; its values are never shown"

    def decode(self, raw: Raw) -> object:
        return _concealed(JsonDocument().decode(raw))

    def encode(self, value: object) -> str:
        return JsonDocument().encode(value)

    def parse(self, value: object) -> object:
        return _concealed(JsonDocument().parse(value))


def _concealed(value: object) -> object:
    return Hidden(value) if isinstance(value, str) else frozen(value, concealed=True)


codec_for = CodecTable(
    {
        "Decimal": Number(),
        "Duration": Seconds(),
        "Inputs": Inputs(),
        "Json": JsonDocument(),
        "SecretJson": SecretDocument(),
        "Source": Source(),
        "Uuid": Uuid(),
    },
    open_choices=True,
)
"""Returns the codec of a kind; values of an unknown one are JSON. Choices accept other values, too: a server may know
more than the description.
"""


def from_sample(name: str, value: Json) -> FieldInfo:
    """Guess the kind of a field from a value that an object has there: its id and its times are the server's own."""
    found = from_value(value)
    if isinstance(value, str) and is_uuid(value):
        return replace(found, kind="Uuid", read_only=name == "id")
    if name in ("ctime", "mtime"):
        return replace(found, kind="DateTime", read_only=True)
    return replace(found, read_only=name in ("id", "url", "urls"))
