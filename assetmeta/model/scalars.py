"""Values as people give them, made plain: scalars of numpy and pandas become Python's own, and what is no value is
refused. Neither library is imported.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import index
from typing import Any

from assetmeta.model.errors import BadValue

_PLAIN = frozenset({str, int, bool, bytes, type(None), date, datetime, timedelta})
MOST_DIGITS = 400
"""Digits of a number, before or after the point; a double has 309 at most. Python refuses to read or write integers of
thousands of digits, and takes minutes for what Decimal spells in a few characters (1e999999).
"""
_MOST = 10**MOST_DIGITS
_MOST_SECONDS = 1e9
_MISSING = frozenset({"NAType", "NaTType"})


def plain(value: Any) -> Any:
    """Return *value* as Python's own types have it: an int for numpy's int64, a datetime for a Timestamp of pandas.
    What is no scalar of these libraries is returned as it is.

    Raises ValueError for not-a-number, infinity and missing values (`pandas.NA`, `NaT`), for integers of hundreds of
    digits, and for times and lengths of time that are finer than a microsecond.
    """
    if type(value) in _PLAIN:
        if type(value) is int and not -_MOST < value < _MOST:
            raise ValueError(f"a number has {MOST_DIGITS} digits at most")
        return value
    library = {base.__module__.partition(".")[0] for base in type(value).__mro__}
    if "pandas" in library:
        value = _from_pandas(value)
    elif "numpy" in library and value.ndim == 0:
        value = _from_numpy(value)
    if isinstance(value, float | Decimal) and not _is_finite(value):
        is_missing = value.is_nan() if isinstance(value, Decimal) else math.isnan(value)
        raise ValueError("not-a-number is no value; give None to clear" if is_missing else f"{value} is not finite")
    return value


def _is_finite(value: float | Decimal) -> bool:
    # math.isfinite() raises for numbers that are no doubles.
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def shown(value: object, most: int = 80) -> str:
    """Return the repr of anything, shortened to *most* characters, for use in a message. Never raises."""
    try:
        return repr(value)[:most]
    except Exception:  # noqa: BLE001
        # Integers of thousands of digits have no repr, and objects of the user's own may have none.
        return f"this {type(value).__name__}"


def _from_pandas(value: Any) -> Any:
    if type(value).__name__ in _MISSING:
        raise ValueError(f"{value!s} is a missing value; give None to clear")
    if not isinstance(value, datetime | timedelta):
        return value
    length = isinstance(value, timedelta)
    if value.nanoseconds if length else value.nanosecond:  # type: ignore[union-attr]
        raise ValueError(f"{value!s} is finer than a microsecond; round it first")
    return value.to_pytimedelta() if length else value.to_pydatetime()  # type: ignore[union-attr]


def _from_numpy(value: Any) -> Any:
    if value.dtype.kind not in "mM":
        found = value.item()
        # A number that is wider than Python's gives itself.
        return float(found) if hasattr(found, "dtype") else found
    if str(value) == "NaT":
        raise ValueError("NaT is a missing value; give None to clear")
    found = value.item()
    if value.dtype.kind == "m" and str(value.dtype).endswith(("64", "[M]", "[Y]")):
        raise ValueError(f"{value!s} cannot be expressed in days and seconds")
    if isinstance(found, int):
        # Finer units come as bare counts.
        coarse = value.astype(f"{value.dtype.kind}8[us]")
        if coarse.astype(value.dtype) != value:
            raise ValueError(f"{value!s} is finer than a microsecond; round it first")
        found = coarse.item()
    if isinstance(found, int):
        raise ValueError(f"{value!s} is outside the years 1 to 9999")
    return found


def is_scalar(value: object) -> bool:
    """True for a scalar of numpy, arrays without dimensions included, some of which can be iterated over or not."""
    return getattr(value, "ndim", None) == 0


def whole_number(value: object) -> int | None:
    """Return *value* as an int, numpy's whole numbers included; None for Booleans and everything else."""
    try:
        found = plain(value)
        return None if isinstance(found, bool) else index(found)
    except (TypeError, ValueError):
        return None


def is_seconds(value: object, least: float = 0.0) -> bool:
    """True for a number of seconds that is *least* or more, and that clocks can count; False for Booleans and whatever
    is no number.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and least <= value <= _MOST_SECONDS  # type: ignore[operator]


def json_value(value: Any, key_of: Callable[[Any], Any] | None = None) -> Any:
    """Return a copy of *value* as JSON has it: dicts with texts as keys, lists, plain scalars. Arrays become lists.

    *key_of* is given each part first, and returns it or what takes its place. Raises ValueError for what is no value
    (see `plain`).
    """
    found = plain(value)
    if key_of is not None:
        found = key_of(found)
    if isinstance(found, Mapping):
        return {_json_key(key): json_value(item, key_of) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return [json_value(item, key_of) for item in found]
    return json_value(found.tolist(), key_of) if hasattr(found, "tolist") else found


def json_checked(value: Any, key_of: Callable[[Any], Any] | None = None) -> Any:
    """Return `json_value(value, key_of)`. Raises ValueError for what JSON cannot hold, too."""
    found = json_value(value, key_of)
    try:
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError("it contains half of a surrogate pair, which no document can carry") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    return found


def _json_key(key: object) -> str:
    """The text that JSON makes of a dict's key."""
    found = plain(key)
    if not isinstance(found, str | bool | int | float | None):
        raise ValueError(f"a key of a dict is a text, not {shown(found, 40)}")
    return str(found) if isinstance(found, str) else json.dumps(found)


def checked_scalar(value: object, what: str) -> Any:
    """Return `plain(value)`. Raises BadValue, which names *what* was given, where that raises ValueError."""
    try:
        return plain(value)
    except ValueError as error:
        raise BadValue(f"{what}: {error}.") from None
