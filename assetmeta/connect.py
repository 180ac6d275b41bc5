"""One entry point for all servers, chosen by an address or a profile."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any
from urllib.parse import urlsplit

from assetmeta.core.context import SessionContext
from assetmeta.model.errors import BadValue
from assetmeta.profiles import SECRETS, profile
from assetmeta.session import Session
from assetmeta.systems import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.wire.tracebacks import discreet

SYSTEMS: dict[str, Callable[..., Session]] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
"""Session classes by the name that their dialect has, in addresses and in the sandbox."""

_HOSTS = {
    "v1host.com": "versionone",
    "valispace.com": "valispace",
    "valohai.com": "valohai",
    "testspace.com": "testspace",
    "stridespace.com": "testspace",
}
"""Domains in which a vendor runs its servers for everybody."""

_TRAVELS = (str, int, float, bool, NoneType)
"""Settings of these types are the same in another process."""

_PREFIXED = re.compile(r"(?P<system>[A-Za-z0-9]+)\+(?P<url>.*)", re.DOTALL)


@discreet
def connect(target: str, /, *, profiles: str | Path | None = None, **settings: Any) -> Any:
    """Make the session that *target* means; sends nothing.

    *target* is an address, at best with the system before it (`versionone+https://host/Instance`,
    `valispace+https://host`, `valohai+https://host`, `testspace+https://host`); at the vendors' own domains the system
    is known. Any other text is the name of a profile (see assetmeta.profiles) in the file *profiles*. *settings* are
    those of the session class, and win over the profile's. Raises BadValue.
    """
    if not isinstance(target, str) or not target.strip():
        raise BadValue("connect() takes an address such as versionone+https://host/Instance, or a profile's name.")
    if not _is_address(target):
        known = _profile(target, profiles)
        url = known.pop("url", None)
        if not isinstance(url, str) or not _is_address(url):
            raise BadValue(f"Profile {target!r} has no url such as versionone+https://host/Instance.")
        try:
            session = connect(url, **{**known, **settings})
        except BadValue as error:
            raise BadValue(f"Profile {target!r}: {error}") from error
        session._context.own_profile = _again(target, profiles, settings)
        return session
    system, url = _divided(target.strip())
    try:
        return SYSTEMS[system](url, **settings)
    except TypeError as error:
        said = str(error)
        raise BadValue(f"The session for {system} cannot be made: {said}{'' if said[-1:] in '.?' else '.'}") from error


def _again(name: str, file: str | Path | None, settings: Mapping[str, Any]) -> Callable[[], Any] | None:
    """What makes such a session elsewhere; None where it was given a login, or what does not travel."""
    if any(key in SECRETS or not isinstance(value, _TRAVELS) for key, value in settings.items()):
        return None
    place = {} if file is None else {"profiles": str(file)}
    return partial(connect, name, **place, **settings)


def _profile(name: str, file: str | Path | None) -> dict[str, Any]:
    try:
        return profile(name, file, os.environ)
    except BadValue as error:
        if "." in name:
            raise BadValue(f"{error} If an address was meant: it begins with https://.") from None
        raise


def _is_address(text: str) -> bool:
    return "://" in text


def _divided(target: str) -> tuple[str, str]:
    """The system and the plain address. Raises BadValue where the system is unknown."""
    match = _PREFIXED.fullmatch(target)
    if match is not None:
        system = match["system"].lower()
        if system not in SYSTEMS:
            raise BadValue(f"There is no system {system!r}; there are {', '.join(SYSTEMS)}.")
        return system, match["url"]
    try:
        parts = urlsplit(target)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise BadValue(f"That is no address ({error}); give one such as versionone+https://host/Instance.") from None
    for domain, system in _HOSTS.items():
        if host == domain or host.endswith(f".{domain}"):
            return system, target
    raise BadValue(
        f"Which kind of server is at {host or 'this address'}? Put it before the address, for example "
        f"versionone+{parts.scheme}://{parts.netloc.rpartition('@')[2] or 'host'}; there are {', '.join(SYSTEMS)}."
    )


SessionContext.connect_by = staticmethod(connect)
