"""Answers as plain Python data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from assetmeta.backends.responses import Json


def plain(value: Json) -> Any:
    """Return JSON with floats for Decimals, as most people expect numbers with a fraction."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value
