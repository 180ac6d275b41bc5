"""Keys of assets and their paths (reference 3 and 6): the one place that escapes.

A key contains all that its path needs: `12` (a project, a space), `1234/35980` (a result: space and id),
`1234/35980/unit/fast%20ones` (content: space, result and path), `1234/35980/unit%2Ffast().adds` (a failure: its key).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from assetmeta.backends.responses import Json, confirm
from assetmeta.backends.rest.hooks import Identified, Keys, ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.rest.urls import own_address
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.model.errors import BadValue
from assetmeta.model.plans import RawValue
from assetmeta.model.values import Key, Oid

_NUMBER = re.compile(r"[0-9]+")
_ID = re.compile(r"[0-9]{1,60}")
_BEYOND = 10**60
_FILE = re.compile(r"[^/]+/files/([0-9]{1,60})/?")
_ANY_TEXT = "surrogatepass"
"""How texts of the server are encoded: its JSON can contain unpaired surrogates, which are no reason to lose a list."""

_DOTS = frozenset({"", ".", ".."})
_SHAPES = {
    "id": "a number",
    "path": "the content's path, escaped",
    "key": "the failure's key, escaped",
    "user_id": "the user's id",
}


@dataclass(frozen=True, slots=True)
class TestspaceKeys(Keys):
    """Keys that contain those of the parents. *base* is the URL of the session, whose files are known by their numbers.

    Numbers in bodies leave out what contains the asset, such as a result's space: that follows from the path that the
    object was read from, or from the object that names it.
    """

    # pytest takes what is called so for tests.
    __test__ = False

    base: str
    memory: ServerMemory

    def identify(self, resource: Resource, item: Object, context: ParseContext, key: Key | None = None) -> Identified:
        """Identify an object. It implies its parent, as far as that is known, and the folder of a content; the project
        of a space is remembered, which no path of a space contains.
        """
        key = key_of(resource, item, context.owner) if key is None else key  # type: ignore[arg-type]
        if key is None or resource.up is None:
            return Identified(key, context)
        _confirm_parent(resource, item, context)
        parent = context.owner if context.owner is not None else split_key(resource, key)[0]
        implied: dict[str, RawValue] = {}
        if isinstance(parent, int | str):
            implied[resource.up] = Oid(resource.fields[resource.up].to[0], parent)
        if resource.type == "Content":
            folder = folder_of(key)
            implied["folder"] = None if folder is None else Oid("Content", folder)
        if resource.type == "Space":
            project = number(item.get("project_id"))
            self.memory.remember(Oid("Space", key), project if project is not None else number(context.owner))
        return Identified(key, context, implied)

    def parse(self, resource: Resource, value: Json, context: ParseContext) -> Key | None:
        """The key of an object below the context's owner, or that of a number within the object that has it."""
        if isinstance(value, dict):
            return key_of(resource, value, context.owner)  # type: ignore[arg-type]
        if resource.type == "File":
            found = file_of(value, self.base)
            return found.key if found else None
        found_number = number(value)
        if found_number is None or resource.is_flat:
            return found_number
        # A metric or a result: its space is that of the object which names it, or the object itself.
        return join_key(str(context.owner).partition("/")[0], str(found_number))

    def resolve(self, oid: Oid) -> Oid:
        """Return the identity. Raises BadValue for an asset that the server does not have."""
        return Oid(oid.type, require_key(oid))

    def item_path(self, resource: Resource, key: Key) -> str:
        """The path of an object."""
        return item_path(resource, key)

    def list_path(self, resource: Resource, parent: Key | None = None) -> str:
        """The path of the list below *parent*."""
        return list_path(resource, parent)

    def confirm(self, resource: Resource, oid: Oid, item: Object, line: str) -> None:
        """Raise InvalidResponse for another object."""
        is_it = key_of(resource, item, split_key(resource, oid.key)[0]) == oid.key
        confirm(is_it, oid.token, f"{resource.type} {item.get(resource.own)!r}", line)


def key_of(resource: Resource, item: Object, parent: Key | None) -> Key | None:
    """The key of an object; None where its own key is missing, or its parent is not known."""
    own = item.get(resource.own)
    if resource.is_flat:
        return number(own)
    if parent is None:
        return None
    if resource.key == "number":
        found = number(own)
        return None if found is None else join_key(parent, str(found))
    return join_key(parent, escape(resource, own)) if isinstance(own, str) and own else None


def _confirm_parent(resource: Resource, item: Object, context: ParseContext) -> None:
    """Raise InvalidResponse for an object that names another parent than the one that it was listed below."""
    known = resource.fields[resource.up or ""]
    named, below = number(item.get(known.source_key or "")), number(context.owner)
    if named == below or None in (named, below):
        return
    parent = Oid(known.to[0], below).token  # type: ignore[arg-type]
    about = f"{resource.type} {item.get(resource.own)!r} of {known.to[0]} {named}"
    confirm(False, f"what is below {parent}", about, f"GET {list_path(resource, below)}")


def number(value: Json) -> int | None:
    """An id: a whole number, or its text."""
    if type(value) is int:
        return value if 0 <= value < _BEYOND else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if _ID.fullmatch(str(value)) else None


def file_of(link: Json, base: str) -> Oid | None:
    """The file behind a `download_url`; None where that is none of the files of the server at *base*."""
    path = own_address(link, base, is_file) if isinstance(link, str) else None
    found = _FILE.fullmatch(path.partition("?")[0]) if path is not None else None
    return Oid("File", int(found[1])) if found else None


def is_file(path: str) -> bool:
    """True for the path of a file below the server's URL."""
    return _FILE.fullmatch(path) is not None


def segment(text: str) -> str:
    """Escape one part of a path, its slashes included. Raises BadValue for a part that no path can contain."""
    if text in _DOTS:
        raise BadValue(f"{text!r} cannot be part of a path: servers and proxies take it for another path.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise BadValue(f"{text!r} cannot be part of a path: it contains an unpaired surrogate.") from None


def escape(resource: Resource, text: str) -> str:
    """The own part of a key. The slashes of a content's path lead into folders and stay."""
    return quote(text, safe="/" if resource.own == "path" else "", errors=_ANY_TEXT)


def plain(key: Key) -> str:
    """The text of the last part of a key, as the server knows it: a path, a failure's key, a number."""
    return unquote(str(key), errors=_ANY_TEXT)


def depth(resource: Resource) -> int:
    """How many parts of a key are its parent's."""
    if resource.is_flat or resource.parent is None:
        return 0
    parent = resource_of(resource.parent)
    return depth(parent) + 1


def split_key(resource: Resource, key: Key) -> tuple[Key | None, str]:
    """A key's parent, where the key contains it, and its own part."""
    parts = depth(resource)
    if not parts:
        return None, str(key)
    pieces = str(key).split("/", parts)
    above = "/".join(pieces[:parts])
    return int(above) if parts == 1 and _NUMBER.fullmatch(above) else above, "/".join(pieces[parts:])


def join_key(parent: Key | None, own: str) -> Key:
    """The key of what is *own* below a parent."""
    if parent is None:
        return int(own) if _NUMBER.fullmatch(own) else own
    return f"{parent}/{own}"


def is_key(resource: Resource, key: Key) -> bool:
    """True for a key as this dialect writes it; one asset has one."""
    parts = depth(resource)
    if not parts:
        return isinstance(key, int) and not isinstance(key, bool) and key >= 0
    pieces = str(key).split("/", parts)
    if len(pieces) != parts + 1 or not all(map(_NUMBER.fullmatch, pieces[:parts])):
        return False
    own = pieces[parts]
    if resource.key == "number":
        return _NUMBER.fullmatch(own) is not None
    return bool(own) and escape(resource, plain(own)) == own


def require_key(oid: Oid) -> Key:
    """Return a key that a request can be made of. Raises BadValue for any other, and for a new asset's."""
    resource = resource_of(oid.type)
    if oid.is_new:
        raise BadValue(f"{oid.token} is not on the server yet.", oid=oid.token, type_name=oid.type)
    if not is_key(resource, oid.key):
        why = f"the key of a {resource.type} is {shape(resource)}"
        raise BadValue(f"{oid.token} is not a valid key: {why}.", oid=oid.token, type_name=oid.type)
    if resource.own == "path" and not _DOTS.isdisjoint(plain(oid.key).split("/")):
        raise BadValue(f"{oid.token}: a path with empty parts or dots alone cannot be requested.", oid=oid.token)
    return oid.key


def shape(resource: Resource) -> str:
    """What a key of a type looks like, in words: "space/result/the content's path, escaped"."""
    parts = [_SHAPES[resource.own]]
    while not resource.is_flat and resource.parent is not None:
        resource = resource_of(resource.parent)
        parts.append(f"{resource.type.lower()} id")
    return "/".join(reversed(parts))


def item_path(resource: Resource, key: Key) -> str:
    """The path of one asset below the API."""
    parent, own = split_key(resource, key)
    if parent is None:
        return f"{resource.path}/{own}"
    return f"{list_path(resource, parent)}/{own}"


def list_path(resource: Resource, parent: Key | None) -> str:
    """The path of the list of all that is below *parent*."""
    if resource.parent is None or parent is None:
        return resource.path
    return f"{item_path(resource_of(resource.parent), parent)}/{resource.path}"


def folder_of(key: Key) -> Key | None:
    """The folder that a content is in; None for one at the top of its result."""
    parent, own = split_key(resource_of("Content"), key)
    above, slash, _ = own.rpartition("/")
    return join_key(parent, above) if slash and above else None


def page_of(oid: Oid) -> str | None:
    """The page of an asset in a browser, below the server's URL, or that of what it belongs to; None where there is
    none (reference 12.7: what the API calls results is `result_sets` there).
    """
    resource = resource_of(oid.type)
    if resource.page is not None:
        return resource.page.format(*str(oid.key).split("/"))
    parent = split_key(resource, oid.key)[0]
    return None if parent is None or resource.parent is None else page_of(Oid(resource.parent, parent))
