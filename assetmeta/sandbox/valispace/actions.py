"""Actions on single objects: children of requirements, members of tasks, look-ups by name, log-in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from difflib import SequenceMatcher

from assetmeta.sandbox.rest.refusals import Refused, missing_object
from assetmeta.sandbox.rest.values import as_object

from . import history
from .catalogue import KINDS
from .derived import REQUIREMENTS
from .model import Document
from .reader import document, row_of
from .workspace import Workspace

LEAST_LIKENESS = 0.5
ROUNDS = 1000


def add_child(space: Workspace, parent: int, body: object) -> Document:
    """`requirements/{id}/add-child/` with `{"child": id}`. A child that is one already stays one."""
    child = _child(space, parent, body)
    if parent == child or parent in _below(space, child):
        raise Refused.of("child", "A requirement cannot be below itself.")
    parents = space.store.rows(REQUIREMENTS)[child]["parents"]
    if parent not in parents:
        _set_parents(space, child, [*parents, parent])
    return document(space, KINDS[REQUIREMENTS], parent)


def remove_child(space: Workspace, parent: int, body: object) -> Document:
    """`requirements/{id}/remove-child/` with `{"child": id}`."""
    child = _child(space, parent, body)
    parents = space.store.rows(REQUIREMENTS)[child]["parents"]
    if parent in parents:
        _set_parents(space, child, [one for one in parents if one != parent])
    return document(space, KINDS[REQUIREMENTS], parent)


def add_member(space: Workspace, task: int, body: object) -> Document:
    """`user-tasks/{id}/add-member/` with `{"member": id}`."""
    kind = KINDS["user-tasks"]
    members = row_of(space, kind, task)["members"]
    member = _pk(space, body, "member", "user")
    if member not in members:
        space.store.put(kind.endpoint, task, {"members": [*members, member]})
    return document(space, kind, task)


def fuzzy(space: Workspace, text: str) -> Document:
    """The vali whose full name is most like the text, or {} when none is."""
    wanted = text.casefold()
    best: tuple[float, int, int] | None = None
    for id, row in space.store.rows("valis").items():
        likeness = _likeness(wanted, space.names.vali(row).casefold())
        if likeness >= LEAST_LIKENESS and (best is None or (-likeness, id) < (-best[0], best[1])):
            best = (likeness, id, id)
    return {} if best is None else document(space, KINDS["valis"], best[1])


def login(space: Workspace, username: str, password: str) -> int | None:
    """The id of the user of that name and password."""
    for id, row in space.store.rows("user").items():
        if row["username"] == username and row.get("secret"):
            return id if hmac.compare_digest(row["secret"], hashed(password, row["secret"])) else None
    return None


def hashed(password: str, like: str = "") -> str:
    """A password as rows have it: salt and hash. With *like* the salt of that one."""
    salt = like.partition("$")[0] or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), ROUNDS)
    return f"{salt}${digest.hex()}"


def _likeness(wanted: str, name: str) -> float:
    if wanted == name:
        return 2.0
    if wanted in name:
        return 1.0 + len(wanted) / len(name)
    matcher = SequenceMatcher(None, wanted, name)
    if matcher.real_quick_ratio() < LEAST_LIKENESS or matcher.quick_ratio() < LEAST_LIKENESS:
        return 0.0
    return matcher.ratio()


def _set_parents(space: Workspace, child: int, parents: list[int]) -> None:
    space.store.put(REQUIREMENTS, child, {"parents": parents, "updated": space.now, "updated_by": space.user})
    history.record(space, child)


def _child(space: Workspace, parent: int, body: object) -> int:
    row_of(space, KINDS[REQUIREMENTS], parent)
    return _pk(space, body, "child", REQUIREMENTS)


def _below(space: Workspace, requirement: int) -> set[int]:
    found: set[int] = set()
    front = [requirement]
    while front:
        new = [id for id in space.store.pointing(REQUIREMENTS, "parents", front.pop()) if id not in found]
        found.update(new)
        front.extend(new)
    return found


def _pk(space: Workspace, body: object, name: str, endpoint: str) -> int:
    body = as_object(body)
    if name not in body:
        raise Refused.of(name, "This field is required.")
    text = str(body[name])
    if isinstance(body[name], bool) or not (text.isascii() and text.isdigit()):
        raise Refused.of(name, f"Incorrect type. Expected pk value, received {type(body[name]).__name__}.")
    if space.store.get(endpoint, int(text)) is None:
        raise Refused.of(name, missing_object(text))
    return int(text)
