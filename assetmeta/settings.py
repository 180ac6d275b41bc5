"""What a session is set up with: the settings that every session takes, their checks, and where its schema is kept.

Signatures list the settings behind `**settings: Unpack[...]` by name, for help, prompts and notebooks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypeVar

from requests.auth import AuthBase

from assetmeta.model.contract import Backend
from assetmeta.model.errors import BadValue, nearest
from assetmeta.model.folders import cache_folder, expanded
from assetmeta.model.http import is_loopback
from assetmeta.model.scalars import shown, whole_number
from assetmeta.version import __version__
from assetmeta.wire.auth import Credential
from assetmeta.wire.driver import WireSettings
from assetmeta.wire.file_cache import FileCache

F = TypeVar("F", bound=Callable[..., Any])


class SessionSettings(WireSettings, total=False):
    """The settings that every session takes, by name. Session documents them."""

    loading: str
    keep: int
    page_size: int
    prefetch: int
    reflect: str
    schema_cache: str | Path | bool | None
    schema_age: float
    rate: str | Sequence[str] | None


_ADDRESS = (
    *("url", "base_url", "uri", "host", "hostname", "server", "domain", "address", "instance", "instance_url"),
    *("endpoint", "site", "deployment", "organization", "organisation", "org", "subdomain", "account", "scheme"),
)
_MEANT = {
    "username": ("user", "user_name", "login", "email"),
    "password": ("pwd", "pass", "passwd"),
    "token": ("access_token", "api_token", "auth_token", "api_key", "apikey", "key", "bearer", "secret"),
    "verify": ("ssl_verify", "verify_ssl", "ssl", "insecure", "cert_verify", "ca_bundle", "ca_cert", "cafile"),
    "retries": ("max_retries", "retry"),
    "pool": ("pool_size", "workers", "max_workers", "threads", "connections"),
    "headers": ("http_headers", "extra_headers"),
}
"""Other words for settings, as other libraries have them."""


def refuse_unknown(kind: type, settings: Iterable[str], takers: Iterable[type[object]]) -> None:
    """Raise TypeError for the name of a setting that none of the classes *takers* takes; *kind* is the one called."""
    known = [name for taker in takers for name in keywords(taker.__init__)]
    for name in settings:
        if name not in known:
            raise TypeError(f"{kind.__name__}() has no setting {name!r}.{_advice(kind, name, known)}")


def _advice(kind: type, name: str, known: Sequence[str]) -> str:
    """What was probably meant, as a sentence."""
    word = name.casefold()
    place = next((each for each in signature(kind).parameters if each.endswith("url")), None)
    if word in _ADDRESS and place is not None:
        return f" The address of the server is {place}=, or the first argument."
    for meant, others in _MEANT.items():
        if word in others and meant in known:
            return f" Did you mean {meant}?"
    return nearest(name, [*known, *([place] if place else ())])


def checked_address(given: object, name: str = "url") -> str:
    """Return an address as it was given. Raises BadValue for what is no text."""
    if not isinstance(given, str):
        raise BadValue(f"{name}= takes the address of a server, a text, not {given!r:.40}.")
    return given


def check_settings(keep: object, page_size: object, prefetch: object, schema_cache: object, schema_age: object) -> None:
    """Raise BadValue for what no session can be set up with."""
    for name, size, least in (("page_size", page_size, 1), ("keep", keep, 0), ("prefetch", prefetch, 0)):
        number = whole_number(size)
        if number is None or number < least:
            raise BadValue(f"{name}= takes a whole number, {least} or more, not {shown(size, 40)}.")
    if not isinstance(schema_age, int | float):
        raise BadValue(f"schema_age= takes a number of seconds, not {shown(schema_age, 40)}.")
    if not isinstance(schema_cache, str | os.PathLike | bool | None):
        raise BadValue(f"schema_cache= takes a folder, True or None, not {shown(schema_cache, 40)}.")


def schema_file(
    folder: str | Path | bool | None, age: float, base_url: str, backend: Backend, auth: AuthBase | None, replays: bool
) -> FileCache | None:
    """Return where the schema of a server is kept for a user, in *folder* or, when that is True, in the user's cache;
    None where it is not kept: for a login that does not show who it is, and in the user's cache for servers of this
    computer and for sessions with a cassette (*replays*).
    """
    who = auth.identity if isinstance(auth, Credential) else None
    if folder is True and (replays or is_loopback(base_url)):
        return None
    if folder is None or folder is False or who is None:
        return None
    try:
        place = cache_folder() / "schemas" if folder is True else expanded(folder)
    except BadValue:
        if folder is True:
            # A user without a home folder has no cache, and did not request one.
            return None
        raise
    return FileCache(place, "\n".join([backend.name, base_url, who, repr(backend), __version__]), age)


def names_settings(settings: type, taker: Callable[..., Any]) -> Callable[[F], F]:
    """Let the signature of a function that hands its `**settings` to *taker* show each of them, with its default.

    *settings* is the TypedDict that type checkers and editors read; names that *taker* does not take are left out, as
    are those that the function takes itself.
    """

    def decorate(function: F) -> F:
        shown = signature(function)
        own = [each for each in shown.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        taken = {each.name: each for each in signature(taker).parameters.values()}
        named = [
            taken[name].replace(kind=Parameter.KEYWORD_ONLY)
            for name in settings.__annotations__
            if name in taken and name not in shown.parameters
        ]
        function.__signature__ = shown.replace(parameters=[*own, *named])  # type: ignore[attr-defined]
        return function

    return decorate


def keywords(function: Callable[..., Any]) -> list[str]:
    """The names that a function takes as keywords only, in its order."""
    return [each.name for each in signature(function).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]
