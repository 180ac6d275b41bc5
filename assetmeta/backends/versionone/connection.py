"""Addresses as people give them."""

from __future__ import annotations

from assetmeta.backends.rest import urls

EXAMPLE = "https://host/Instance"


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of an instance: https when no scheme was given, without a slash at the end.

    Raises BadValue for plain http to another computer, unless *allow_http*.
    """
    return urls.base_url(given, server="VersionOne server", example=EXAMPLE, allow_http=allow_http)
