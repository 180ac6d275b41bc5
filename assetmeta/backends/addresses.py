"""Addresses of servers as people give them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from assetmeta.model.errors import BadValue

_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(?:\.\d+){3}|::1", re.IGNORECASE)


def base_url(given: str, *, server: str, example: str, below: str = "", allow_http: bool = False) -> str:
    """Return the base URL of a server: https when no scheme was given, without a slash at the end.

    *below* is the API's place, which may stand at the end of what was given and is taken off. *server* and *example*
    are for messages. Raises BadValue for what is no address, and for plain http to another computer unless
    *allow_http*.
    """
    text = given.strip().rstrip("/")
    if not text or text.endswith(":"):
        raise BadValue(f"The URL of the {server} is empty; give one such as {example}.")
    if not re.match(r"https?://", text, re.IGNORECASE):
        if "://" in text:
            raise BadValue(f"{text.partition('://')[0]}:// is no way to a {server}; use https://.")
        text = f"https://{text}"
    text = text.removesuffix(below).rstrip("/")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadValue(f"That is no URL of a {server} ({error}); give one such as {example}.") from None
    if parts.scheme.lower() == "http" and not allow_http and not _LOOPBACK.fullmatch(parts.hostname or ""):
        raise BadValue(
            f"http://{parts.hostname} would carry the credentials unprotected. Use https://, or pass allow_http=True "
            "where the network itself is safe."
        )
    return text
