"""Creating, changing and deleting objects: values, rules of the kind, rights, uniqueness, consequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import forbidden

from .call import Call
from .catalogue import BELONGING, KINDS
from .model import Key, Kind, Row
from .problems import Refused
from .rules import RULES
from .rules.rule import Rule
from .validation import validated
from .workspace import Workspace


def create(call: Call, kind: Kind, body: Mapping[str, Any], *, is_form: bool = False) -> Key:
    """Create an object from a body and return its key. Raises Refused, or Refusal (403)."""
    values = validated(call.finder, kind, body, is_form=is_form)
    rule = _rule(call, kind, body)
    for name in ("creator", "owner"):
        if name in kind.by_name and kind.by_name[name].stored and values.get(name) is None:
            values[name] = call.user
    rule.before(values, None)
    if not call.rights.creates(kind, values):
        raise forbidden()
    whole = kind.blank() | values
    _check_unique(call.space, kind, None, whole)
    id = call.space.add(kind.name, **values)
    rule.after(id, None)
    return id


def update(call: Call, kind: Kind, id: Key, body: Mapping[str, Any], *, is_form: bool = False) -> None:
    """Change an object by a body that has some of its fields. Raises Refused, or Refusal (403)."""
    call.writable(kind.name, id)
    old = call.space.row(kind.name, id)
    values = validated(call.finder, kind, body, old=old, is_form=is_form)
    rule = _rule(call, kind, body)
    rule.before(values, old)
    _check_unique(call.space, kind, id, {**old, **values})
    call.space.change(kind.name, id, **values)
    rule.after(id, old)


def delete(call: Call, kind: Kind, id: Key) -> None:
    """Delete an object, or mark it as deleted. Raises Refusal (403)."""
    if not call.rights.removes(kind, id):
        raise forbidden()
    _rule(call, kind, {}).removing(id)
    if kind.soft:
        call.space.change(kind.name, id, deleted=True)
    else:
        remove(call.space, kind, id)


def remove(space: Workspace, kind: Kind, id: Key) -> None:
    """Forget an object with everything that belongs to it; other references to it become null."""
    gone: dict[tuple[str, Key], None] = {}
    _gather(space, kind.name, id, gone)
    for name, each in gone:
        space.store.remove(name, each)
    for name, each in gone:
        _let_go(space, name, each)


def _gather(space: Workspace, kind_name: str, id: Key, gone: dict[tuple[str, Key], None]) -> None:
    if (kind_name, id) in gone:
        return
    gone[kind_name, id] = None
    for name, field in BELONGING[kind_name]:
        for each in space.store.pointing(name, field, id):
            _gather(space, name, each, gone)


def _let_go(space: Workspace, gone_kind: str, gone: Key) -> None:
    """Take the references to an object away that is no longer there."""
    for kind in KINDS.values():
        for field in kind.relations:
            if gone_kind not in field.to:
                continue
            for id in space.store.pointing(kind.name, field.name, gone):
                if field.type == "refs":
                    left = [each for each in space.row(kind.name, id)[field.name] if each != gone]
                    space.store.put(kind.name, id, {field.name: left})
                elif field.required:
                    remove(space, kind, id)
                else:
                    space.store.put(kind.name, id, {field.name: None})


def _rule(call: Call, kind: Kind, body: Mapping[str, Any]) -> Rule:
    return RULES.get(kind.name, Rule)(call.space, call.finder, call.user, body)


def _check_unique(space: Workspace, kind: Kind, id: Key | None, row: Row) -> None:
    """Raises Refused when another object has the same values where they must differ."""
    for names in kind.unique:
        near, *others = names
        rows = space.store.rows(kind.name)
        for twin in space.store.pointing(kind.name, near, row[near]):
            other = rows[twin]
            if twin != id and not other.get("deleted") and all(other[name] == row[name] for name in others):
                raise Refused.whole(f"The fields {', '.join(names)} must make a unique set.")
