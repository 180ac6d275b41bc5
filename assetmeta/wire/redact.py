"""The one place that decides what is secret: whatever is shown, logged or kept passes through here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from assetmeta.model.http import Request, Response

HIDDEN = "REDACTED"

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
"""Lower-case names of headers that carry secrets."""

_LOGIN = ("access_token", "refresh_token", "id_token", "token", "password", "passwd", "client_secret", "assertion")
_KEYS = ("api_key", "apikey", "sig", "signature", "x-amz-signature", "x-amz-credential", "x-amz-security-token")
SECRET_NAMES = frozenset((*_LOGIN, *_KEYS, "x-goog-signature", "x-goog-credential"))
"""Lower-case names of query parameters that carry secrets, those of signed file URLs among them."""

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_QUOTES = _IN_TEXT | str.maketrans({'"': "&quot;", "'": "&apos;"})
"""How XML writes characters in a text and in an attribute."""

_SHORTEST = 8
"""Characters of a secret that is looked for in texts of the server."""

_USER = re.compile(r"^([a-z][a-z0-9+.-]*:/+|//)?[^/?#]*@", re.IGNORECASE)


def redacted_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers with lower-case names, secret values hidden."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {name.lower(): HIDDEN if name.lower() in SECRET_HEADERS else value for name, value in pairs}


def redacted_query(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the pairs in order, secret values hidden."""
    return tuple((name, HIDDEN if name.lower() in SECRET_NAMES else value) for name, value in pairs)


def split_query(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a path or URL without its query, fragment and user, and the query's pairs, secret values hidden."""
    bare, _, query = path.partition("#")[0].partition("?")
    return without_user(bare), redacted_query(parse_qsl(query, keep_blank_values=True))


def without_user(url: str) -> str:
    """Return the URL without a `user:password@` before its host, also where its scheme is missing or malformed."""
    return _USER.sub(r"\1", url)


def redacted_url(url: str) -> str:
    """Return the URL with its user and the secrets of its query hidden."""
    bare, query = split_query(url)
    return f"{bare}?{urlencode(query)}" if query else bare


def redacted_line(request: Request) -> str:
    """Return "GET /path" for messages: queries may hold user data and are left out."""
    return f"{request.method} {split_query(request.path)[0]}"


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the given secrets, also where they are written as in a URL, in JSON or in XML."""
    forms = {form for secret in secrets if secret for form in _written(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def unquoting(response: Response, secrets: Iterable[str]) -> Response:
    """Return an answer without the secrets that it quotes, where errors show its text: any but 2xx, and HTML.

    Short secrets stay, which are words of the language as well.
    """
    if response.ok and not response.is_page:
        return response
    text = response.body.decode("utf-8", "surrogateescape")
    safe = scrubbed(text, (secret for secret in secrets if len(secret) >= _SHORTEST))
    if safe == text:
        return response
    return Response(response.status, response.headers, safe.encode("utf-8", "surrogateescape"), response.request)


def _written(secret: str) -> set[str]:
    in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_xml = {secret.translate(_IN_TEXT), secret.translate(_IN_QUOTES)}
    return {secret, quote(secret, safe=""), quote_plus(secret)} | in_json | in_xml
