"""What a cassette holds: exchanges without secrets and without the server's address, as pretty JSON."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assetmeta.model.errors import BadValue, Unreadable
from assetmeta.model.flows import Request
from assetmeta.model.record import Record
from assetmeta.wire.bodies import redacted_body, rules_of
from assetmeta.wire.body import CHUNK, Rewind
from assetmeta.wire.origin import Origin
from assetmeta.wire.redact import HIDDEN, redacted_headers, redacted_query, redacted_url

FORMAT = "assetmeta cassette 1"
BASE, ORIGIN = "{{base}}", "{{origin}}"
UNSTABLE = frozenset(
    ("connection", "content-encoding", "content-length", "date", "keep-alive", "set-cookie", "transfer-encoding")
)
"""Response headers that differ from one recording to the next, or do not fit the stored body."""

HARMLESS = frozenset(("accept", "accept-language", "content-disposition", "content-type", "if-match", "range"))
"""Request headers whose values are kept; any other may be a login of its own."""

Body = str | list[str] | dict[str, str] | None
"""A text, its lines when it has several, or bytes as {"base64": ...}; of a file only {"sha256": ...}."""


class Scrub(Record):
    """Takes the secrets and the server's address out of what is kept, and puts the address in again.

    *secrets* are texts, *names* those of fields that the schema calls secret.
    """

    base: str
    secrets: Callable[[], Iterable[str]]
    names: Callable[[], Iterable[str]] = tuple

    def text(self, text: str) -> str:
        """Return the text with placeholders for the address and for secrets."""
        text = redacted_body(text, rules_of(self.names(), self.secrets()))
        return text.replace(self.base, BASE).replace(str(Origin.of(self.base)), ORIGIN)

    def restored(self, text: str) -> str:
        """Return the text with the address of this session."""
        return text.replace(BASE, self.base).replace(ORIGIN, str(Origin.of(self.base)))

    def request(self, request: Request) -> dict[str, Any]:
        """Return what is kept of a request. Its file, if it has one, is read and rewound."""
        path = self.text(redacted_url(request.path))
        return {
            "method": request.method,
            "path": path.removeprefix(BASE) if path.startswith(BASE) else "/" + path.lstrip("/"),
            "query": [[name, self.text(value)] for name, value in redacted_query(request.query)],
            "headers": {
                name: self.text(value) if name in HARMLESS else HIDDEN
                for name, value in sorted(redacted_headers(request.headers).items())
            },
            "body": self.body(request.body) if isinstance(request.body, bytes) else _fingerprint(request),
        }

    def body(self, content: bytes) -> Body:
        """Return a body as JSON can hold it."""
        try:
            text = self.text(content.decode("utf-8"))
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(content).decode("ascii")}
        lines = text.splitlines(keepends=True)
        return lines if len(lines) > 1 else text or None

    def again(self, kept_request: dict[str, Any]) -> dict[str, Any]:
        """Return a kept request as it is kept now: what was recorded may hide less, or spell it in another way."""
        body = kept_request.get("body")
        if not isinstance(body, str | list):
            return kept_request
        return {**kept_request, "body": self.body("".join(body).encode("utf-8"))}

    def content(self, body: Body) -> bytes:
        """Return the bytes of a body that was kept."""
        if isinstance(body, dict):
            return base64.b64decode(body["base64"])
        return self.restored("".join(body or "")).encode("utf-8")


def stable_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the response headers worth keeping, sorted, secrets hidden."""
    return {name: value for name, value in sorted(redacted_headers(headers).items()) if name not in UNSTABLE}


def key_of(kept_request: dict[str, Any]) -> str:
    """Return what a request is recognised by: method, path, query and body; headers differ too easily."""
    return json.dumps([kept_request.get(name) for name in ("method", "path", "query", "body")], ensure_ascii=False)


def load(path: Path) -> list[dict[str, Any]]:
    """Read the exchanges of a cassette file. Raises Unreadable when it is not one."""
    try:
        document = json.loads(path.read_text("utf-8"))
        exchanges = [exchange for exchange in document["exchanges"] if exchange["request"] and exchange["response"]]
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Unreadable(f"{path} is not a cassette that can be read: {error}. Record it again.") from error
    if document.get("format") != FORMAT:
        raise Unreadable(f"{path} was written by another version of this library. Record it again.")
    return exchanges


def save(path: Path, exchanges: Iterable[dict[str, Any]]) -> None:
    """Write a cassette file in one step, exchanges sorted by request, so that two recordings can be compared."""
    ordered = sorted(exchanges, key=lambda exchange: key_of(exchange["request"]))
    text = json.dumps({"format": FORMAT, "exchanges": ordered}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
    os.replace(file.name, path)


def _fingerprint(request: Request) -> Body:
    if request.body is None or isinstance(request.body, bytes):
        return None
    mark = Rewind(request)
    if not mark.is_possible:
        raise BadValue("A cassette cannot hold a request whose file cannot be read twice.")
    digest = hashlib.sha256()
    while chunk := request.body.read(CHUNK):
        digest.update(chunk)
    mark.rewind()
    return {"sha256": digest.hexdigest()}
