"""Requests and answers as plain data: what a face is given and what it gives back. No socket, no server library."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body read to the end.

    *path* and *query* are as sent (still percent-encoded). Header names are lower case. *origin* is scheme and host
    as the client named them ("http://127.0.0.1:8080").
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = ""

    @property
    def target(self) -> str:
        """Path and query as they stood in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def segments(self) -> list[str]:
        """The decoded parts of the path. A doubled slash counts as one; an encoded slash stays in its part."""
        return [unquote(part) for part in self.path.split("/") if part]

    def decoded_segments(self) -> list[str]:
        """The parts of the decoded path, for servers that decode before they split: an encoded slash divides too."""
        return [part for part in unquote(self.path).split("/") if part]

    def parameters(self) -> list[tuple[str, str]]:
        """The decoded query parameters in order, names in lower case, those without a value included."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return [(name.lower(), value) for name, value in pairs]


@dataclass(frozen=True)
class Response:
    """One HTTP answer. *headers* are sent as they are; Content-Length is added by the server."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def basic_pair(authorization: str) -> tuple[str, str] | None:
    """User and password of a Basic Authorization header, or None where it is another, or not what it should be."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None
