"""Owners by name and by id (reference 7.1, 8): projects are given theirs by name, all else by id; bodies show ids."""

from __future__ import annotations

from collections.abc import Iterable

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.rest.encode import Names
from assetmeta.backends.rest.http import fetch_object, get, read_page
from assetmeta.backends.valohai.connection import Settings
from assetmeta.model.errors import BadValue, NotFound, Rejected
from assetmeta.model.http import Flow
from assetmeta.model.values import Oid

_ALL = (("limit", "10000"),)
_TYPES = ("Organization", "User")


def owner_names(oids: Iterable[Oid], settings: Settings) -> Flow[Names]:
    """Return the names of owners that are known by id; nothing is sent for none.

    One request for all organizations, one for the user who is logged in, and one for other users. An id alone may be
    that of an organization or of a user. Raises BadValue for an owner that is not among them, and for an id that both
    have.
    """
    found: dict[Oid, str] = {}
    for oid in dict.fromkeys(oids):
        kinds = [oid] if oid.type in _TYPES else [Oid(name, oid.key) for name in _TYPES]
        for each in kinds:
            if each not in found:
                found.update((yield from _read(each, settings)))
        named = {found[each]: each for each in kinds if each in found}
        if len(named) > 1:
            raise BadValue(f"{oid.key} is {' and '.join(each.token for each in named.values())}; name the type, too.")
        if not named:
            raise BadValue(
                f"No {' and no '.join(each.token for each in kinds)} is visible to this user; give the owner by name, "
                "as in owner='name'.",
                oid=oid.token,
                attribute="owner",
            )
        found[oid] = next(iter(named))
    return found


def owner_of(name: str, settings: Settings) -> Flow[Oid]:
    """Return the owner of a name: an organization, or else a user. One request, or up to three. Raises BadValue."""
    for type_name in _TYPES:
        found = yield from _owner_named(type_name, name, settings)
        if found is not None:
            return found
    raise BadValue(f"There is no organization and no user {name!r} that this user may see.", type_name="Owner")


def _owner_named(type_name: str, name: str, settings: Settings) -> Flow[Oid | None]:
    if type_name == "Organization":
        known = yield from _read_names("organizations", "Organization", "name", settings)
    else:
        known = yield from _read(Oid("User", 0), settings)
    return next((oid for oid, text in known.items() if text == name), None)


def _read(oid: Oid, settings: Settings) -> Flow[dict[Oid, str]]:
    if oid.type == "Organization":
        return (yield from _read_names("organizations", "Organization", "name", settings))
    me = yield from fetch_object(settings.endpoint_path("users", "me"))
    number = me.get("id")
    found = {Oid("User", number): str(me.get("username"))} if isinstance(number, int) else {}
    if oid in found:
        return found
    try:
        return {**found, **(yield from _read_names("users", "User", "username", settings))}
    except (NotFound, Rejected):
        # Not every user may list the others.
        return found


def _read_names(path: str, type_name: str, key: str, settings: Settings) -> Flow[dict[Oid, str]]:
    page = read_page((yield from send_one(get(settings.endpoint_path(path), _ALL))))
    found: dict[Oid, str] = {}
    for item in page.objects:
        number, name = item.get("id"), item.get(key)
        if isinstance(number, int) and isinstance(name, str):
            found[Oid(type_name, number)] = name
    return found
