"""The bytes of files and images under `/media/`, where `download_url` leads to; and those addresses made whole.

The addresses that the engine knows are paths (`/media/files/311/report.pdf`); answers name the host that was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.pages import HTML, unknown_path
from assetmeta.sandbox.rest.refusals import Missing, Refusal

from .engine import Engine
from .model import Document
from .tokens import Tokens, authenticate

ROOT = "/media/"
ADDRESS = "download_url"
ENDPOINTS = ("files", "analyses/blocks/image")
METHODS = "GET, HEAD"


class Media:
    """Hands out bytes to those who have a token."""

    def __init__(self, engine: Engine, tokens: Tokens) -> None:
        self.engine = engine
        self.tokens = tokens

    def answer(self, request: Request, path: str) -> Response:
        """GET /media/{endpoint}/{id}/{name}."""
        endpoint, _, rest = path.removeprefix(ROOT).rpartition("/")[0].rpartition("/")
        if endpoint not in ENDPOINTS or not rest.isdecimal() or len(rest) > 18:
            return unknown_path()
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"", HTML, (("Allow", METHODS),))
        try:
            authenticate(request.headers.get("authorization"), self.tokens)
            found = self.engine.content(endpoint, int(rest))
        except Missing:
            return unknown_path()
        except Refusal as refusal:
            return Response(refusal.status, b"", HTML, refusal.headers)
        disposition = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
        return Response(200, found.content, found.mimetype, (("Content-Disposition", disposition),))


def with_host(rows: Sequence[Document], origin: str) -> list[Document]:
    """The rows with the addresses of their bytes made whole; other addresses stay."""
    return [whole(row, origin) for row in rows]


def whole(row: Document, origin: str) -> Document:
    """One row of `with_host`."""
    address = row.get(ADDRESS)
    return row | {ADDRESS: origin + address} if isinstance(address, str) and address.startswith(ROOT) else row
