"""What the tools share: checks of what a function was given, and answers as plain Python data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from assetmeta.core.asset import Asset
from assetmeta.core.context import SessionContext
from assetmeta.model.errors import BadValue


def existing(asset: object, *type_names: str) -> SessionContext:
    """Return what *asset*'s session shares. Raises BadValue for anything but an existing asset of one of these types.

    Sends nothing.
    """
    if not isinstance(asset, Asset) or asset._type.name not in type_names:
        kinds = " or ".join(f"{'an' if name[0] in 'AEIOU' else 'a'} {name}" for name in type_names)
        raise BadValue(f"This takes {kinds}, not {_shown(asset)}.", type_name=type_names[0])
    if asset._state.oid.is_new:
        raise BadValue(f"{asset.idref} does not exist yet: commit it first.", oid=asset.idref)
    return asset._context


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]} …"


def plain(value: Any) -> Any:
    """Return JSON with floats for Decimals, as most people expect numbers with a fraction."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value
