"""The Valohai dialect of a session or of an asset's session, and objects in answers as assets of the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assetmeta.backends.valohai import Valohai
from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance
from assetmeta.model.contract import Backend
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.model.values import Key
from assetmeta.tools.common import existing


def valohai(backend: Backend) -> Valohai:
    """Return *backend* as what it is. Raises Unsupported for another dialect than Valohai."""
    if not isinstance(backend, Valohai):
        raise Unsupported(f"This function needs a Valohai session; this one is {backend.name}.")
    return backend


def require_context(asset: object, *type_names: str) -> SessionContext:
    """Return what *asset*'s session shares. Raises BadValue for anything but an asset of one of these types that
    exists, Unsupported for another server. Sends nothing.
    """
    context = existing(asset, *type_names)
    valohai(context.backend)
    return context


def shared(assets: Iterable[object], *type_names: str) -> SessionContext:
    """Return what the sessions of several assets share. Raises BadValue for none, for what `require_context` refuses,
    and for assets of different sessions. Sends nothing.
    """
    contexts = [require_context(asset, *type_names) for asset in assets]
    if not contexts:
        raise BadValue(f"This takes at least one {type_names[0]}.", type_name=type_names[0])
    if any(context is not contexts[0] for context in contexts):
        raise BadValue("These assets are of different sessions.", type_name=type_names[0])
    return contexts[0]


def several(given: object, type_name: str) -> list[Any]:
    """Return assets as a list; one alone is a list of one. Raises BadValue for neither."""
    if isinstance(given, Instance):
        return [given]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise BadValue(f"This takes {type_name}s, in a list or a query, not {given!r:.80}.", type_name=type_name)
    return list(given)


def merge_object(context: SessionContext, type_name: str, item: dict[str, Any], project: Key | None = None) -> Any:
    """Return the asset that an object in an answer is, with what the answer contains of it and of what is embedded in
    it.

    *project* is the one that it is in, where the object does not show that. Raises InvalidResponse for one without
    identity.
    """
    oid, rows = valohai(context.backend).read_object(context.schema, type_name, item, project)
    context.know(rows)
    found = context.merge_rows(rows)
    return next(asset for asset in found if asset._state.oid == oid)
