"""Addresses and tokens as users give them, and the links that servers make."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urljoin, urlsplit

from assetmeta.model.errors import BadValue
from assetmeta.model.http import is_loopback

_PORTS = {"http": 80, "https": 443}
_DOTS = frozenset({".", ".."})
_SIGNED = re.compile(r"(?:\A|&)(?:x-(?:amz|goog)-signature|signature|sig)=", re.IGNORECASE)


def base_url(given: str, *, server: str, example: str, below: str = "", allow_http: bool = False) -> str:
    """Return the base URL of a server: https when no scheme was given, without a slash at the end.

    *below* is the path of the API, which is removed from the end of what was given. *server* and *example* are for
    messages. Raises BadValue for what is not an address, and for plain http to another computer unless *allow_http*.
    """
    text = given.strip().rstrip("/")
    if not text or text.endswith(":"):
        raise BadValue(f"The URL of the {server} is empty; give one such as {example}.")
    if not re.match(r"https?://", text, re.IGNORECASE):
        if "://" in text:
            raise BadValue(f"{text.partition('://')[0]}:// is not supported by a {server}; use https://.")
        text = f"https://{text}"
    text = text.removesuffix(below).rstrip("/")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadValue(f"This is not a URL of a {server} ({error}); give one such as {example}.") from None
    if parts.scheme.lower() == "http" and not allow_http and not is_loopback(text):
        raise BadValue(
            f"http://{parts.hostname} would carry the credentials unprotected. Use https://, or pass allow_http=True "
            "where the network itself is safe."
        )
    return text


def without_scheme(token: str, word: str) -> str:
    """Return a token without the *word* in front of it, which examples and tools write, such as `Bearer`."""
    first, blank, rest = token.strip().partition(" ")
    return rest.strip() if blank and first.casefold() == word.casefold() else token


def own_address(link: str, base: str, fits: Callable[[str], bool]) -> str | None:
    """Return what to request for a link that the server made: the path and query below *base*, the URL of the session,
    or a whole URL at its origin. None for a link that leads elsewhere, or nowhere.

    Behind a reverse proxy a server writes links as it sees itself: at an inner host, with http, without the proxy's
    path. The user's address counts then, and the part of the link's path for which *fits* is true, the longest one.
    Nothing is mended that carries a signature: it is for a storage of its own. *base* may be unknown (empty).
    """
    try:
        parts = urlsplit(link.strip())
        is_here = not parts.netloc or (bool(base) and origin(link) == origin(base))
    except ValueError:
        return None
    if (parts.scheme and not (parts.netloc and parts.scheme.lower() in _PORTS)) or not _DOTS.isdisjoint(
        unquote(parts.path).split("/")
    ):
        return None
    query = f"?{parts.query}" if parts.query else ""
    path, above = parts.path, urlsplit(base).path.rstrip("/")
    if is_here and (not path.startswith("/") or path.startswith(f"{above}/")):
        return path.removeprefix(f"{above}/") + query
    segments = path.split("/")
    ends = ("/".join(segments[start:]) for start in range(1, len(segments)))
    fitting = None if not is_here and _SIGNED.search(parts.query) else next(filter(fits, ends), None)
    if fitting is not None:
        return fitting + query
    return urljoin(base, path) + query if is_here else None


def address_of(link: str, base: str, fits: Callable[[str], bool]) -> str:
    """Return what to request for a link that may also lead elsewhere, where no credentials are sent: as `own_address`,
    or the link itself as a whole URL.
    """
    return own_address(link, base, fits) or urljoin(base or "https:", link.strip())


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL. Raises ValueError."""
    parts = urlsplit(url.strip())
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower())
