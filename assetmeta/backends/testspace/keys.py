"""Keys of assets and the paths that they stand for (reference 3 and 6): the one place that escapes.

A key says all that its path takes: `12` (a project, a space), `1234/35980` (a result: space and id),
`1234/35980/unit/fast%20ones` (content: space, result and path), `1234/35980/unit%2Ffast().adds` (a failure: its key).
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.options import resource_of
from assetmeta.model.errors import BadValue
from assetmeta.model.values import Key, Oid

_NUMBER = re.compile(r"[0-9]+")
_ANY_TEXT = "surrogatepass"
"""How texts of the server are encoded: its JSON can hold halves of characters, which are no reason to lose a list."""

_DOTS = frozenset({"", ".", ".."})
_SHAPES = {
    "id": "a number",
    "path": "the content's path, escaped",
    "key": "the failure's key, escaped",
    "user_id": "the user's id",
}


def segment(text: str) -> str:
    """Escape one part of a path, its slashes included. Raises BadValue for a part that no path can hold."""
    if text in _DOTS:
        raise BadValue(f"{text!r} cannot be part of a path: servers and proxies take it for another place.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise BadValue(f"{text!r} cannot be part of a path: it has half a character in it.") from None


def escaped(kind: Resource, text: str) -> str:
    """The part of a key that tells siblings apart. The slashes of a content's path lead into folders and stay."""
    return quote(text, safe="/" if kind.own == "path" else "", errors=_ANY_TEXT)


def plain(key: Key) -> str:
    """The text of the last part of a key, as the server knows it: a path, a failure's key, a number."""
    return unquote(str(key), errors=_ANY_TEXT)


def depth(kind: Resource) -> int:
    """How many parts of a key are its parent's."""
    if kind.is_flat or kind.parent is None:
        return 0
    parent = resource_of(kind.parent)
    return depth(parent) + 1


def divided(kind: Resource, key: Key) -> tuple[Key | None, str]:
    """A key's parent, where the key tells it, and its own part."""
    parts = depth(kind)
    if not parts:
        return None, str(key)
    pieces = str(key).split("/", parts)
    above = "/".join(pieces[:parts])
    return int(above) if parts == 1 and _NUMBER.fullmatch(above) else above, "/".join(pieces[parts:])


def below(parent: Key | None, own: str) -> Key:
    """The key of what is *own* below a parent."""
    if parent is None:
        return int(own) if _NUMBER.fullmatch(own) else own
    return f"{parent}/{own}"


def is_key(kind: Resource, key: Key) -> bool:
    """True for a key as this dialect writes it; one asset has one."""
    parts = depth(kind)
    if not parts:
        return isinstance(key, int) and not isinstance(key, bool) and key >= 0
    pieces = str(key).split("/", parts)
    if len(pieces) != parts + 1 or not all(map(_NUMBER.fullmatch, pieces[:parts])):
        return False
    own = pieces[parts]
    if kind.own in ("id", "user_id"):
        return _NUMBER.fullmatch(own) is not None
    return bool(own) and escaped(kind, plain(own)) == own


def require_key(oid: Oid) -> Key:
    """Return a key that a request can be made of. Raises BadValue for any other, and for a new asset's."""
    kind = resource_of(oid.type)
    if oid.is_new:
        raise BadValue(f"{oid.token} is not on the server yet.", oid=oid.token, type_name=oid.type)
    if not is_key(kind, oid.key):
        why = f"the key of a {kind.type} is {shape(kind)}"
        raise BadValue(f"{oid.token} is no asset's identity: {why}.", oid=oid.token, type_name=oid.type)
    if kind.own == "path" and not _DOTS.isdisjoint(plain(oid.key).split("/")):
        raise BadValue(f"{oid.token}: a path with empty parts or dots alone cannot be asked for.", oid=oid.token)
    return oid.key


def shape(kind: Resource) -> str:
    """What a key of a type looks like, in words: "space/result/the content's path, escaped"."""
    parts = [_SHAPES[kind.own]]
    while not kind.is_flat and kind.parent is not None:
        kind = resource_of(kind.parent)
        parts.append(f"{kind.type.lower()} id")
    return "/".join(reversed(parts))


def item_path(kind: Resource, key: Key) -> str:
    """The path of one asset below the API."""
    parent, own = divided(kind, key)
    if parent is None:
        return f"{kind.path}/{own}"
    return f"{list_path(kind, parent)}/{own}"


def list_path(kind: Resource, parent: Key | None) -> str:
    """The path of the list of all that is below *parent*."""
    if kind.parent is None or parent is None:
        return kind.path
    return f"{item_path(resource_of(kind.parent), parent)}/{kind.path}"


def folder_of(key: Key) -> Key | None:
    """The folder that a content is in; None for one at the top of its result."""
    parent, own = divided(resource_of("Content"), key)
    above, slash, _ = own.rpartition("/")
    return below(parent, above) if slash and above else None
