"""Following a path from one asset: `asset["Super.Scope.Name"]`, `asset["Owners.Name"]`, a computed token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assetmeta.core.context import moment_of
from assetmeta.core.relations import NullReference, RelatedList, related_asset
from assetmeta.core.state import Instance
from assetmeta.core.values import (
    cell_members,
    cell_value,
    context_of,
    load_raw,
    read_multi,
    read_single,
    undeclared,
)
from assetmeta.model.codecs import Integer
from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path, Resolved, counts, in_parts, resolve
from assetmeta.model.scalars import shown
from assetmeta.model.schema import Attribute
from assetmeta.model.values import UNREAD, Oid


def read(asset: Instance, attribute: Attribute) -> Any:
    """Return the value of one attribute as the user sees it: a value, an asset (or its stand-in), or a live view."""
    if attribute.multi:
        return RelatedList(asset, attribute)
    return related_asset(asset, attribute) if attribute.is_relation else read_single(asset, attribute)


def value_at(asset: Instance, name: object) -> Any:
    """Return what *name* refers to: an attribute, a path, something computed, or a key that the schema does not have.

    `AsOf` is the moment of the asset, unless the server has an attribute of that name. What is missing is loaded.
    """
    if not isinstance(name, str):
        token = asset._state.oid.token
        raise BadValue(f"{token} is indexed by names and paths, not by {shown(name)}.", oid=token)
    value = undeclared(asset, name)
    if value is not UNREAD:
        return value
    context = context_of(asset)
    if name == "AsOf" and name not in context.schema.type(asset._state.oid.type).attributes:
        return moment_of(asset)
    return walk(asset, context.path(name))


def walk(asset: Instance, path: Path) -> Any:
    """Return what *path* leads to from *asset*: one value, or a list where the path may reach several.

    What is missing is loaded, for the whole cohort at each step (see core.loading).
    """
    schema = context_of(asset).schema
    path = in_parts(schema, asset._state.oid.type, path)
    if path.part:
        return _part(walk(asset, Path(path.steps)), path.part)
    resolved = resolve(schema, asset._state.oid.type, path)
    if not path.is_plain:
        return computed(asset, path, resolved)
    if path.is_name:
        return read(asset, resolved.attribute)
    found = list(_reached(asset, [step.name for step in path.steps]))
    if resolved.multi or found:
        return found if resolved.multi else found[0]
    return NullReference(schema, resolved.attribute.related or "") if resolved.is_relation else None


def _part(whole: Any, name: str) -> Any:
    """The part of that name of a value, or of each of several."""
    return [_part(each, name) for each in whole] if isinstance(whole, list) else getattr(whole, name, None)


def _reached(asset: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(asset, NullReference):
        return
    attribute = context_of(asset).schema.attribute(asset._state.oid.type, names[0])
    value = read(asset, attribute)
    for member in value if attribute.multi else [value]:
        if len(names) > 1:
            yield from _reached(member, names[1:])
        else:
            yield member


def computed(asset: Instance, path: Path, resolved: Resolved) -> Any:
    """Return the value of an aggregate, a downcast or a filtered path: the server works it out, under its own text."""
    cell = load_raw(asset, str(path))
    if counts(path):
        raw = cell if isinstance(cell, str | int) else None
        return Integer().decode(raw)
    if not resolved.multi:
        return _asset_or_value(asset, cell_value(asset, resolved.attribute, cell))
    return [_asset_or_value(asset, member) for member in cell_members(asset, resolved.attribute, cell)]


def _asset_or_value(asset: Instance, value: object) -> Any:
    return context_of(asset).asset(value) if isinstance(value, Oid) else value


def is_loaded(asset: Instance, path: Path) -> bool:
    """True when walking *path* from *asset* would send nothing."""
    state = asset._state
    if path.part:
        return is_loaded(asset, Path(path.steps))
    if not path.is_plain:
        return state.cell(str(path)) is not UNREAD
    if state.edits and path.head in state.edits and not state.edits[path.head].is_multi:
        loaded = True
    else:
        loaded = state.cell(path.head) is not UNREAD or state.oid.is_new
    if not loaded or path.is_name:
        return loaded
    context = context_of(asset)
    attribute = context.schema.attribute(state.oid.type, path.head)
    found = read_multi(asset, attribute) if attribute.multi else (read_single(asset, attribute),)
    rest = Path(path.steps[1:])
    related = [context.identity.get(oid) for oid in found if isinstance(oid, Oid)]
    return all(member is not None and is_loaded(member, rest) for member in related)
