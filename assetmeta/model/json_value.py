"""Values as JSON has them, for output that people and other programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any


def json_value(value: Any) -> Any:
    """Return *value* as json.dumps takes it: assets by their token, times in ISO form, lengths of time in seconds,
    exact numbers as numbers where nothing is lost and else as text, several values as a list.
    """
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    for token in ("token", "idref"):
        # Identities and assets; the stand-in of an unset relation has no token.
        if hasattr(type(value), token):
            return getattr(value, token)
    if isinstance(value, Mapping):
        return {str(name): json_value(one) for name, one in value.items()}
    if hasattr(value, "_asdict"):
        return json_value(value._asdict())
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview):
        return [json_value(one) for one in value]
    return None if not value else str(value)


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
