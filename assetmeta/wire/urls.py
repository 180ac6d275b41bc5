"""Scheme + host + port: what credentials belong to, and what paths are resolved against."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

import requests
from msgspec import Struct

from assetmeta.model.errors import BadValue
from assetmeta.wire.redact import redacted_url, without_user

DEFAULT_PORTS = {"http": 80, "https": 443}
_WHOLE = re.compile(r"https?://", re.IGNORECASE)
_PLAIN_SERVER = re.compile(r"https?://[\w.\-:\[\]]+(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)
_ODD_HOST = re.compile(r"https?://[^/?#]*[\x00-\x20\x7f\\]", re.IGNORECASE)


class Origin(Struct, frozen=True):
    """A scheme, host and port. Two URLs share credentials only when their origins are equal."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Return the origin of a whole URL. Raises BadValue when the URL is not a plain http(s) one."""
        # Each request asks several times. What is remembered holds no path and no user, thus no secret.
        server = _PLAIN_SERVER.match(url)
        return _plain_origin(server.group()) if server else _origin(url)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def _origin(url: str) -> Origin:
    parts = urlsplit(prepared_url(url))
    return Origin(parts.scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS[parts.scheme])


_plain_origin = lru_cache(maxsize=64)(_origin)


def is_whole(path: str) -> bool:
    """True when the path is a URL of its own."""
    return _WHOLE.match(path) is not None


def prepared_url(url: str) -> str:
    """Return the URL as the HTTP library will read it, without a user.

    A backslash, blank or control character in the host is where URL parsers disagree, so those raise BadValue.
    """
    if not is_whole(url) or _ODD_HOST.match(url):
        raise BadValue(f"{redacted_url(url)!r} is not a URL to send requests to: it must be http(s)://host/...")
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(without_user(url), None)
        urlsplit(str(prepared.url)).port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise BadValue(f"{redacted_url(url)!r} is not a URL to send requests to: {error}") from None
    return str(prepared.url)


def checked_base(url: str) -> str:
    """Return a session's base URL without trailing slashes. Raises BadValue for anything but http(s)://host[/path]."""
    url = url.strip()
    if without_user(url) != url:
        raise BadValue("The URL holds a user name or password. Pass username= and password= (or token=) instead.")
    if "?" in url or "#" in url:
        raise BadValue(f"{redacted_url(url)!r} has a query or fragment; the base URL must be http(s)://host/path.")
    return prepared_url(url).rstrip("/")


def resolved(base: str, path: str) -> str:
    """Return the URL of a request's path: the path itself when it is a whole URL, else below the base URL.

    Raises BadValue for a whole URL that cannot be sent to safely.
    """
    return prepared_url(path) if is_whole(path) else f"{base}/{path.lstrip('/')}"
