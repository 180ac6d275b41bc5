"""Comparisons: conditions of a path, an operator and operands, which are checked against the schema."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec.structs import replace

from assetmeta.core.context import SessionContext
from assetmeta.core.values import as_oid, parsed, related_oid
from assetmeta.model.codecs import Boolean, DateTime, Lengths, Text
from assetmeta.model.conditions import (
    EXACT,
    And,
    Compare,
    Exists,
    Or,
    Term,
)
from assetmeta.model.contract import SupportsAliases
from assetmeta.model.errors import BadValue, Unsupported, nearest
from assetmeta.model.paths import Path, Resolved, Step, counts, resolve
from assetmeta.model.scalars import shown, whole_number
from assetmeta.model.schema import Attribute, Schema


class Target(Protocol):
    """What a condition is about: the assets of a type, in a session."""

    @property
    def context(self) -> SessionContext: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def type_name(self) -> str: ...


def refuse_sum(what: str, attribute: Attribute) -> None:
    """Raise BadValue when a server cannot add up the values of an attribute."""
    if isinstance(attribute.codec, Lengths):
        raise BadValue(
            f"{what} is {attribute.kind}, and over related assets servers work out numbers alone. Query those assets:"
            f" sum(), min() and max() of their own {attribute.name} are worked out here.",
            attribute=attribute.name,
        )
    if not getattr(attribute.codec, "is_number", False):
        raise BadValue(f"{what} is {attribute.kind}, and only numbers have a sum.", attribute=attribute.name)


_BY_SIZE = frozenset({"<", "<=", ">", ">="})


def refuse_order(what: str, resolved: Resolved, path: Path, operator: str) -> None:
    """Raise BadValue for a comparison by size, or by a part of the text, of what has no such thing, whatever a server
    would make of it.
    """
    attribute = resolved.attribute
    if operator in ("=", "!=", EXACT) or counts(path):
        return
    if isinstance(attribute.codec, Boolean) and not resolved.is_relation:
        given = f"{path}=True" if path.is_name else f'{{"{path}": True}}'
        why = f"is Boolean, which is true or false and nothing else. Use = or !=, or where({given})"
    elif operator not in _BY_SIZE:
        return
    elif resolved.is_relation:
        why = f"leads to {attribute.related}, and assets have no order. Compare an attribute of them"
    elif isinstance(attribute.codec, Lengths):
        why = f"is {attribute.kind}, of which the server compares the texts. Read the values and compare them"
    else:
        return
    raise BadValue(f"{what} {operator} ...: it {why}.", attribute=attribute.name)


def refuse_foreign(schema: Schema, type_name: str, leaf: Compare | Exists) -> None:
    """A condition built from another type's column is about that type, even where a name happens to be the same."""
    owner = leaf.owner
    if owner and not schema.is_a(type_name, owner) and not schema.is_a(owner, type_name):
        raise BadValue(f"{leaf} is a condition on {owner}, and this is a query of {type_name}.")


def condition(source: Target, path: Path, operator: str, values: list[Any]) -> Term:
    """Build the condition *path* *operator* any of *values*. Names and values are checked now.

    None means existence. A text given for a relation is an asset's token, or else the name of the related asset.
    Raises UnknownName and BadValue.
    """
    type_name = source.type_name
    resolved = resolve(source.schema, type_name, path)
    if not values:
        # What no single condition expresses: no asset both has a value and has none, every asset does one of the two.
        both: tuple[Term, Term] = (Exists(path, owner=type_name), Exists(path, present=False, owner=type_name))
        return Or(both) if operator == "!=" else And(both)
    wanted = [value for value in values if value is not None]
    if not (resolved.is_relation and all(isinstance(value, str) for value in wanted)):
        refuse_order(f"{type_name}.{path}", resolved, path, operator)
    if len(wanted) < len(values):
        if operator not in {"=", "!=", EXACT}:
            raise BadValue(f"{type_name}.{path} {operator} None means nothing; compare with = or !=.")
        null: Term = Exists(path, present=operator == "!=", owner=type_name)
        if not wanted:
            return null
        rest = condition(source, path, operator, wanted)
        return And((null, rest)) if operator == "!=" else Or((null, rest))
    display = source.schema.type(resolved.attribute.related or "").display if resolved.is_relation else None
    called = [value for value in wanted if display and isinstance(value, str) and not _names(source, resolved, value)]
    if display and called:
        far = condition(source, Path((*path.steps, Step(display))), operator, called)
        if isinstance(far, Compare) and operator == "=":
            far = replace(far, by_name=True)
        others = [value for value in wanted if value not in called]
        if not others:
            return far
        near = condition(source, path, operator, others)
        return And((near, far)) if operator == "!=" else Or((near, far))
    operands = tuple(_operand(source.context, resolved, path, operator, value) for value in wanted)
    sent = _exactly(source.context, path, operands) if operator == EXACT else operator
    unlisted = operator == EXACT and source.schema.type(resolved.type_name).choices
    return Compare(path, sent, operands, any_text=unlisted, owner=type_name)


def _exactly(context: SessionContext, path: Path, operands: tuple[object, ...]) -> str:
    """The operator of exact equality: what is no text has no letter case."""
    if context.backend.can.exact or not any(isinstance(value, str) for value in operands):
        return "="
    if not path.is_plain:
        raise Unsupported(f"{path}.exact(): what the server works out is compared by the server, letter case aside.")
    return EXACT


def _names(source: Target, resolved: Resolved, text: str) -> bool:
    """True for `Type:id` of a type that there is, and for a text that is a key; all other texts are names."""
    oid = as_oid(text)
    if oid is not None and oid.type in source.schema.types:
        return True
    backend, related = source.context.backend, resolved.attribute.related or ""
    return isinstance(backend, SupportsAliases) and backend.key_of(related, text) is not None


def _operand(context: SessionContext, resolved: Resolved, path: Path, operator: str, value: object) -> object:
    if resolved.is_relation:
        return related_oid(context, resolved.type_name, resolved.attribute, value, look_up=False)
    if counts(path):
        number = whole_number(value)
        if number is None:
            raise BadValue(f"{resolved.type_name}.{path} is a number of assets, not {shown(value)}.")
        return number
    if not isinstance(value, str) and as_oid(value) is not None:
        raise BadValue(f"{resolved.type_name}.{path} is {resolved.attribute.kind}, not an asset.")
    found = parsed(context, resolved.type_name, resolved.attribute, value, in_condition=True)
    if operator in ("=", "!="):
        _check_choice(resolved, found)
    return _tag(resolved, found) if operator in ("=", "!=", EXACT) else found


def _tag(resolved: Resolved, value: object) -> object:
    """The whole tag of a localized text that is given by its last part: `Role.Name'Observer` for `Observer`."""
    if not getattr(resolved.attribute.codec, "localized", False) or not isinstance(value, str) or "'" in value:
        return value
    return f"{resolved.type_name}.{resolved.attribute.name}'{value}"


def sort_of(resolved: Resolved) -> str | None:
    """What the values of an attribute are, as far as that decides what they can be compared with."""
    codec = resolved.attribute.codec
    if resolved.is_relation or isinstance(codec, Boolean):
        return None if resolved.is_relation else "a truth value"
    if getattr(codec, "is_number", False):
        return "a number"
    return "a time" if isinstance(codec, DateTime) else "a text" if isinstance(codec, Text) else None


def _check_choice(resolved: Resolved, value: object) -> None:
    """Raise BadValue for a value that is not among those which the server lists."""
    codec = resolved.attribute.codec
    # A condition may have thousands of values, and asking for a protocol takes longer than all else about one.
    listed: tuple[object, ...] | None = getattr(codec, "listed", None)
    if listed is None or value in listed:
        return
    name, words = f"{resolved.type_name}.{resolved.attribute.name}", [str(word) for word in listed]
    raise BadValue(
        f"{name}: {value!r} is none of its values.{nearest(str(value), words)} It takes {codec.accepts}. "
        "column.exact(...) takes any other.",
        type_name=resolved.type_name,
        attribute=resolved.attribute.name,
    )
