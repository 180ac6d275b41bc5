"""Comparing what was sent with what the server stored: servers ignore unknown and read-only keys without an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assetmeta.backends.local.records import decode_cell
from assetmeta.model.errors import Rejected
from assetmeta.model.plans import AttributeChange, RawValue
from assetmeta.model.schema import Attribute
from assetmeta.model.values import UNREAD, Oid, is_stored

_TEXTS = frozenset({"Text", "Html", "Formula", "DateTime", "Date", "Json", "SecretJson", "Source", "Inputs"})


@dataclass(frozen=True, slots=True)
class EchoResult:
    """*ignored* attributes stayed as they were; *notes* are about values that were stored in another form."""

    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentValue:
    """One attribute as it was sent: its delta, and the members that a list had before."""

    attribute: Attribute
    delta: AttributeChange
    before: tuple[object, ...] = ()


Real = Callable[[object], object]
"""Puts real identities in the place of provisional ones."""


def compare_echo(
    sent: Mapping[str, SentValue],
    cells: Mapping[str, RawValue],
    real: Real,
    *,
    verbatim: bool = False,
    is_new: bool = False,
) -> EchoResult:
    """Compare what was *sent* with the *cells* of the answer. What the answer does not contain is taken for done.

    A value that differs counts as ignored when it is the old one, or when it is no text: servers trim and rewrite
    texts, and nothing else. Of a server that keeps plain texts *verbatim* it counts as ignored, too, when the old one
    is not known. What a server adds to a document is no difference in an asset that *is_new*: those are its defaults.
    """
    ignored: list[str] = []
    notes: list[str] = []
    for name, item in sent.items():
        if name not in cells:
            continue
        wanted, stored = _wanted_value(item, real), _stored_value(item.attribute, cells[name])
        if is_stored(wanted, stored) or (is_new and _is_completed(wanted, stored)):
            continue
        notes.append(f"{name}: {_shown(wanted)} was sent, and the server has {_shown(stored)}")
        known = item.delta.old is not UNREAD and not item.delta.is_multi
        is_old = is_stored(item.delta.old, stored) if known else verbatim and item.attribute.kind == "Text"
        if is_old or item.attribute.kind not in _TEXTS:
            ignored.append(name)
    return EchoResult(tuple(ignored), tuple(notes))


def ignored_by_server(oid: Oid, result: EchoResult, status: int) -> Rejected:
    """The error for a change that a server accepted and ignored."""
    return Rejected(
        f"{oid.token}: the server ignored {', '.join(result.ignored)} "
        f"({'; '.join(result.notes)}). This object, or this user, may not change that.",
        status=status,
        oid=oid.token,
        type_name=oid.type,
        attribute=result.ignored[0],
    )


def _wanted_value(item: SentValue, real: Real) -> object:
    if item.delta.is_multi:
        members = (real(value) for value in item.delta.applied_to(item.before))
        return frozenset(value.key if isinstance(value, Oid) else value for value in members)
    return real(item.delta.new)


def _stored_value(attribute: Attribute, cell: RawValue) -> object:
    if attribute.multi:
        members = cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else ()
        return frozenset(value.key if isinstance(value, Oid) else value for value in members)
    return cell if isinstance(cell, Oid) else decode_cell(attribute, cell)


def _is_completed(wanted: object, stored: object) -> bool:
    return isinstance(wanted, dict) and isinstance(stored, dict) and wanted.items() <= stored.items()


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return f"[{', '.join(sorted(map(str, value)))}]"[:80]
    return value.token if isinstance(value, Oid) else repr(str(value) if isinstance(value, str) else value)[:80]
