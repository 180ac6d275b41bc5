"""Proxies as people give them, looked at before the first request needs them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from assetmeta.model import optional
from assetmeta.model.errors import BadValue, nearest

_KEYS = ("http", "https", "all")
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")

LOGIN = (
    "Pass proxies='http://user:password@host:port' (special characters percent-encoded), or set it in HTTPS_PROXY and"
    " HTTP_PROXY."
)
"""How to log in at a proxy."""


def checked_proxies(given: Mapping[str, str] | str | None) -> dict[str, str] | None:
    """Return proxies by scheme, or None for those of the environment.

    Raises BadValue for keys that are no scheme and for what is no address, without showing a password; Unsupported for
    a SOCKS proxy without the extra `socks`.
    """
    if given is None:
        return None
    proxies = {"http": given, "https": given} if isinstance(given, str) else dict(given)
    for key, proxy in proxies.items():
        _check_key(key)
        if proxy is not None:
            _check_address(key, proxy)
    return proxies


def has_password(proxies: Mapping[str, str] | None) -> bool:
    """True when one of the proxies is given with a user or a password."""
    return any(proxy and "@" in proxy for proxy in (proxies or {}).values())


def _check_key(key: object) -> None:
    scheme, separator, host = str(key).partition("://")
    if isinstance(key, str) and scheme in _KEYS and (host or not separator):
        return
    raise BadValue(
        f"proxies= has the key {key!r:.40}; there are 'http', 'https' and 'all', also with a host ('https://host')."
        f"{nearest(str(key), _KEYS)} Hosts without a proxy are named in the environment: NO_PROXY."
    )


def _check_address(key: str, proxy: object) -> None:
    if not isinstance(proxy, str):
        raise BadValue(f"proxies= takes addresses as text; that of {key!r} is a {type(proxy).__name__}.")
    text = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(text)
        host, scheme, _ = parts.hostname, parts.scheme.lower(), parts.port
    except ValueError:
        host, scheme = None, "http"
    if scheme not in _SCHEMES:
        raise BadValue(f"proxies=: {scheme}:// is no kind of proxy; there are {', '.join(_SCHEMES)}.")
    if not host:
        raise BadValue(f"proxies=: the address for {key!r} must be such as 'http://host:3128'.")
    if scheme.startswith("socks"):
        optional.load("socks", extra="socks")
