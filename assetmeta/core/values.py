"""Reading values of assets and checking values that people give: one place for both directions."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from assetmeta.core.context import SessionContext
from assetmeta.core.names import find_named
from assetmeta.core.state import Instance, LoadedValue, at_moment_of
from assetmeta.model.codecs import AnyValue, Raw, ReadsText, Secret, Text, wire_text
from assetmeta.model.contract import SupportsAliases
from assetmeta.model.errors import AssetmetaError, BadValue, InvalidResponse, NotFound, UnknownName
from assetmeta.model.frozen import frozen
from assetmeta.model.paths import resolve
from assetmeta.model.scalars import plain, shown
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.texts import COMPARES, Cleaned, JsonText, writable_text
from assetmeta.model.values import ABSENT, LONGEST_KEY, UNREAD, Oid

COMPOSED = re.compile("[:/]")
"""What an alias within another asset has (`project:12`, `project/space`), and names mostly do not."""

READS = 3
"""How often a missing value is requested when writes keep overtaking the answer."""


def context_of(asset: Instance) -> SessionContext:
    """The context of the session that *asset* belongs to."""
    found: SessionContext = type(asset)._context
    return found


def load_raw(asset: Instance, name: str) -> LoadedValue:
    """Return the raw cell of *name*, loading it first when it is missing (see core.loading for how many requests).

    Raises NotFound for an asset that the server does not show, NotLoaded where loading is forbidden.
    """
    state = asset._state
    cell = state.cell(name)
    if cell is UNREAD:
        if state.gone is not None:
            raise state.gone
        if state.oid.is_new:
            return None
        # What a read brings is dropped when a write came in between; it is then requested again, but not for ever.
        for _ in range(READS):
            context_of(asset).loader.need(asset, name)
            cell = state.cell(name)
            if cell is not UNREAD:
                break
    return None if cell is ABSENT or cell is UNREAD else cell


def read_single(asset: Instance, attribute: Attribute) -> object:
    """Return the current value of a single-valued attribute: a Python value, or an Oid for a relation."""
    edits = asset._state.edits
    if edits and attribute.name in edits:
        return edits[attribute.name].new
    cell = load_raw(asset, attribute.name)
    return cell_value(asset, attribute, cell)


def read_multi(asset: Instance, attribute: Attribute) -> tuple[object, ...]:
    """Return the current members of a multi-valued attribute: Python values, or Oids for a relation."""
    members = cell_members(asset, attribute, load_raw(asset, attribute.name))
    edits = asset._state.edits
    return edits[attribute.name].applied_to(members) if edits and attribute.name in edits else members


def cell_value(asset: Instance, attribute: Attribute, cell: LoadedValue) -> object:
    """Turn the raw cell of a single-valued attribute into its Python value."""
    if isinstance(cell, Oid):
        return at_moment_of(asset, cell)
    if cell is None or attribute.is_relation:
        return None
    if isinstance(cell, tuple):
        cell = cell[0] if cell else None
    return decoded(asset, attribute, cell)


def cell_members(asset: Instance, attribute: Attribute, cell: LoadedValue) -> tuple[object, ...]:
    """Turn the raw cell of a multi-valued attribute into a tuple of Python values or Oids."""
    if cell is None or cell is ABSENT or cell is UNREAD:
        return ()
    if isinstance(cell, Oid) or not isinstance(cell, tuple):
        cell = (cell,)  # type: ignore[assignment]
    if attribute.is_relation:
        return tuple(at_moment_of(asset, oid) for oid in cell if isinstance(oid, Oid))  # type: ignore[union-attr]
    return tuple(decoded(asset, attribute, value) for value in cell)  # type: ignore[union-attr]


def decoded(asset: Instance, attribute: Attribute, raw: object) -> object:
    """Decode one raw scalar. Raises InvalidResponse when the server sent something that the kind cannot be."""
    try:
        if type(raw) is str:
            # The most frequent case by far.
            value = attribute.codec.decode(raw)
        elif isinstance(raw, JsonText) and isinstance(attribute.codec, AnyValue):
            # An unknown kind can hold anything.
            value = json.loads(str(raw), parse_float=decimal.Decimal)
        else:
            value = attribute.codec.decode(_scalar(raw))
        return frozen(value, _place(asset, attribute.name)) if isinstance(value, (list, dict)) else value
    except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
        token = asset._state.oid.token
        raise InvalidResponse(
            f"{token}.{attribute.name}: the server sent {_shown(attribute, raw)}, which is no {attribute.kind} value.",
            oid=token,
            attribute=attribute.name,
        ) from error


def _place(asset: Instance, name: str) -> str:
    return f"{asset._state.oid.token}.{name}"


def undeclared(asset: Instance, name: str) -> object:
    """Return what the server sent under a *name* that the schema does not have, as JSON has it; UNREAD when it sent
    none.

    *name* is any text: what reads as a path of the schema is one, and everything else is taken letter by letter.
    """
    cell = asset._state.cell(name)
    if cell is UNREAD or _is_declared(asset, name):
        return UNREAD
    if not isinstance(cell, JsonText):
        return cell
    return frozen(json.loads(cell, parse_float=decimal.Decimal), _place(asset, name))


def _is_declared(asset: Instance, name: str) -> bool:
    context = context_of(asset)
    kind = context.schema.type(asset._state.oid.type)
    if name.isidentifier():
        return name in kind.attributes
    try:
        resolve(context.schema, kind.name, context.path(name))
    except (BadValue, UnknownName):
        return False
    return True


def _scalar(raw: object) -> Raw:
    return raw if raw is None or isinstance(raw, str | int | float | decimal.Decimal) else str(raw)


def parsed(
    context: SessionContext, type_name: str, attribute: Attribute, value: object, *, in_condition: bool = False
) -> object:
    """Check a value that a person gave for *attribute* and return it as its Python value, which can be sent as it is.

    Scalars of numpy and pandas are taken like Python's. Raises BadValue for everything that the codec does not take, or
    could not send.
    """
    codec = attribute.codec
    try:
        if in_condition and isinstance(value, Cleaned):
            raise ValueError(COMPARES)
        found = codec.parse(identified(context, plain(value)))
        if not isinstance(found, bytes):
            wire_text(codec, found, in_condition=in_condition)
    except AssetmetaError:
        raise
    except Exception as error:  # noqa: BLE001
        # A value of a class of the user's own may raise anything.
        why = _reason(error) if isinstance(error, ValueError) else f"{type(error).__name__}, {_reason(error)}"
        clears = " None clears it." if isinstance(value, str) and not value.strip() else ""
        raise BadValue(
            f"{type_name}.{attribute.name} does not take {_shown(attribute, value)}: {why}. "
            f"It takes {codec.accepts}.{clears}",
            type_name=type_name,
            attribute=attribute.name,
        ) from (None if attribute.is_secret else error)
    return frozen(found, f"{type_name}.{attribute.name}") if isinstance(found, list | dict) else found


@cache
def _reads_text(kind: type) -> bool:
    return issubclass(kind, ReadsText)


def parsed_cell(context: SessionContext, type_name: str, attribute: Attribute, cell: object) -> object:
    """Check the value of a cell in a table and return it as its Python value, as `parsed` does. A text may spell it in
    the ways of tables (`yes`, `3.0`), and blanks around it do not count unless the attribute is a text itself.
    """
    codec = attribute.codec
    if isinstance(cell, str) and not isinstance(codec, Text | AnyValue | Secret):
        text = cell.strip()
        try:
            cell = codec.from_text(text) if _reads_text(type(codec)) else text  # type: ignore[attr-defined]
        except ValueError:
            cell = text
    return parsed(context, type_name, attribute, cell)


def identified(context: SessionContext, value: Any) -> Any:
    """Return *value* with the identities of the assets in it, within lists and dicts, too. Raises BadValue for assets
    of another session.
    """
    if isinstance(value, Instance):
        return oid_of_session(context, value)
    if isinstance(value, Mapping):
        return {key: identified(context, item) for key, item in value.items()}
    return [identified(context, item) for item in value] if type(value) in (list, tuple) else value


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it contains half of a surrogate pair, which no document can carry"
    return str(error).rstrip(".") or type(error).__name__


def _shown(attribute: Attribute, value: object) -> str:
    return "this value" if attribute.is_secret else shown(value)


def related_oid(
    context: SessionContext, type_name: str, attribute: Attribute, value: object, *, look_up: bool = True
) -> Oid:
    """Return the identity that *value* (an asset, an Oid, a token, a name) means, checked against the relation's
    type.

    A name is looked up (see core.names), and likewise another name that assets have instead of their keys (see
    `SessionContext.named`): one request, none for a list type after the first. It is refused with *look_up* False.
    """
    schema, related = context.schema, attribute.related or ""
    try:
        value = plain(value)
        oid = oid_of_session(context, value)
        if isinstance(value, str) and len(writable_text(value)) > LONGEST_KEY:
            raise ValueError(f"a name or an id has {LONGEST_KEY} characters at most")
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(
            f"{type_name}.{attribute.name} does not take {_shown(attribute, value)}: {error}. It takes assets of type "
            f"{related}; None clears it.",
            type_name=type_name,
            attribute=attribute.name,
        ) from error
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if context.aliases is not None:
        # Such a server states which of its types have numbers as keys.
        if is_number or (isinstance(value, str) and not is_token(schema, oid)):
            place = f"{type_name}.{attribute.name}" if look_up else None
            oid = _named(context, context.aliases, place, related, str(value))
    elif is_number and not schema.type(related).abstract:
        oid = Oid.of(related, value)
    elif look_up and context.vocabulary is not None and isinstance(value, str) and not is_token(schema, oid):
        oid = _called(context, f"{type_name}.{attribute.name}", related, value)
    if oid is None:
        finder = f"{related}(name)" if context.aliases is not None else f"{related}.where(...).one()"
        raise BadValue(
            f"{type_name}.{attribute.name} takes assets of type {related}, not {shown(value)}. Give the asset "
            f"({finder} finds one by name), or its token such as '{related}:1005'."
            f"{' None clears it.' if isinstance(value, str) and not value and not attribute.multi else ''}",
            type_name=type_name,
            attribute=attribute.name,
        )
    if isinstance(value, Instance) and look_up:
        # Plans show the names of what was given, also when nobody else refers to it.
        context.identity.touch(value)
    if oid.moment is not None:
        oid = oid.current
    if not schema.is_a(oid.type, related):
        raise BadValue(
            f"{type_name}.{attribute.name} takes assets of type {related}, not the {oid.type} {oid.token}.",
            type_name=type_name,
            attribute=attribute.name,
            oid=oid.token,
        )
    return oid


def is_token(schema: Schema, oid: Oid | None) -> bool:
    """True when what reads as a token names a type that there is; names may have a colon, too."""
    return oid is not None and oid.type in schema.types


def _named(
    context: SessionContext, backend: SupportsAliases, place: str | None, type_name: str, text: str
) -> Oid | None:
    """The identity that a text is for a relation: a key, an alias that the server resolves itself, or one that is
    looked up. *place* names in errors where it was given; None when nothing is to be sent.
    """
    key = backend.key_of(type_name, text)
    if key is not None:
        return Oid.of(type_name, key)
    if not text.strip():
        return None
    if backend.taken_by_alias(type_name):
        return Oid(type_name, text)
    if place is None or context.schema.type(type_name).abstract:
        return None
    try:
        return context.named(type_name, text)._state.oid
    except (BadValue, NotFound) as error:
        found = _by_name(context, type_name, text)
        if isinstance(found, Oid):
            return found
        # The attribute does not take this value, whether its text names nothing or cannot name anything.
        why = f"{place}: {found or error}"
        raise BadValue(why, **{**vars(error), "attribute": place.partition(".")[2]}) from error


def _by_name(context: SessionContext, type_name: str, text: str) -> Oid | BadValue | None:
    """The asset of that name, or an error with names that are near to it; None where no name is near."""
    if COMPOSED.search(text):
        return None
    found = find_named(context, type_name, [text])[text]
    is_helpful = isinstance(found, Oid) or "Did you mean" in str(found) or "token" in str(found)
    return found if is_helpful else None


def _called(context: SessionContext, place: str, type_name: str, text: str) -> Oid | None:
    """The asset of that name. Raises BadValue where there is none, or several."""
    if not text.strip():
        return None
    found = find_named(context, type_name, [text])[text]
    if isinstance(found, BadValue):
        owner, _, name = place.partition(".")
        raise BadValue(f"{place}: {found}", type_name=owner, attribute=name)
    return found


def oid_of_session(context: SessionContext, value: object) -> Oid | None:
    """The identity of *value*, or None. Raises BadValue for an asset of another session."""
    if isinstance(value, Instance) and context_of(value) is not context:
        token = value._state.oid.token
        raise BadValue(f"{token} ({shown(value)}) belongs to another session; use this session's own.", oid=token)
    return as_oid(value)


def require_oid(context: SessionContext, value: object, what: str) -> Oid:
    """The identity of an asset that *what* needs. Raises BadValue for anything else."""
    found = oid_of_session(context, value)
    if found is None:
        raise BadValue(f"{what} takes an asset (or its token such as 'Story:1005'), not {shown(value)}.")
    return found


def require_asset(context: SessionContext, value: object, what: str) -> Instance:
    """The asset that *what* needs, given as such or by its token. Raises BadValue for anything else."""
    oid = require_oid(context, value, what)
    return value if isinstance(value, Instance) else context.asset(oid)


def as_oid(value: object) -> Oid | None:
    """The identity of *value*, or None when it has none."""
    if isinstance(value, Instance):
        return value._state.oid
    if isinstance(value, Oid):
        return value
    if isinstance(value, str):
        try:
            return Oid.parse(value)
        except BadValue:
            return None
    return None
