"""Owners by name, as projects are given one (reference 7.1): bodies show who owns a thing by id."""

from __future__ import annotations

from collections.abc import Iterable

from assetmeta.backends.jsonrest import get, read_object, read_page
from assetmeta.backends.together import single
from assetmeta.backends.valohai.encoding import Names
from assetmeta.backends.valohai.settings import Settings
from assetmeta.model.errors import BadValue, Refused
from assetmeta.model.flows import Flow
from assetmeta.model.values import Oid

_ALL = (("limit", "10000"),)


def names(oids: Iterable[Oid], settings: Settings) -> Flow[Names]:
    """Return the names of owners that are known by id; nothing is sent for none.

    One request for all organizations, one for the user who is logged in, and one for other users. Raises BadValue for
    an owner that is not among them.
    """
    found: dict[Oid, str] = {}
    for oid in dict.fromkeys(oids):
        if oid not in found:
            found.update((yield from _read(oid, settings)))
        if oid not in found:
            raise BadValue(f"{oid.token} has no name that this user may see; give the owner by name.", oid=oid.token)
    return found


def _read(oid: Oid, settings: Settings) -> Flow[dict[Oid, str]]:
    if oid.type == "Organization":
        return (yield from _listed("organizations", "Organization", "name", settings))
    me = read_object((yield from single(get(settings.place("users", "me")))))
    if me.get("id") == oid.key:
        return {oid: str(me.get("username"))}
    try:
        return (yield from _listed("users", "User", "username", settings))
    except Refused:
        return {}


def _listed(path: str, type_name: str, key: str, settings: Settings) -> Flow[dict[Oid, str]]:
    page = read_page((yield from single(get(settings.place(path), _ALL))))
    found: dict[Oid, str] = {}
    for item in page.objects:
        number, name = item.get("id"), item.get(key)
        if isinstance(number, int) and isinstance(name, str):
            found[Oid(type_name, number)] = name
    return found
