"""What running() and start() are given, checked before anything is opened."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from assetmeta.sandbox.faults import Fault

_NAMES = ("host", "port", "assets", "seed", "latency", "db", "faults")
_HIGHEST_PORT = 65535


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise TypeError for a setting that there is not, with the nearest one."""
    for name in names:
        near = get_close_matches(name, _NAMES, 1)
        advice = f" Did you mean {near[0]}?" if near else ""
        raise TypeError(f"The sandbox has no setting {name!r}.{advice} It takes {', '.join(_NAMES)}.")


def check(name: object, settings: Mapping[str, object]) -> None:
    """Raise TypeError or ValueError for a value that cannot work, naming its setting."""
    if not isinstance(name, str):
        raise TypeError(f"The sandbox takes the name of a system, such as 'versionone', not {name!r}.")
    if not isinstance(settings["host"], str):
        raise TypeError(f"host= takes a name or an address such as '127.0.0.1', not {settings['host']!r}.")
    _whole("port", settings["port"], 0, _HIGHEST_PORT)
    _whole("assets", settings["assets"], 0)
    _whole("seed", settings["seed"])
    _milliseconds(settings["latency"])
    if not isinstance(settings["db"], str | os.PathLike | None):
        raise TypeError(f"db= takes the path of a file, or None for memory, not {settings['db']!r}.")


def _whole(name: str, value: object, least: int | None = None, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}= takes a whole number, not {value!r}.")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"{name}= takes a number {f'from {least}' + (f' to {most}' if most else ' on')}, not {value}.")


def _milliseconds(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"latency= takes milliseconds, a number, not {value!r}.")
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"latency= takes milliseconds from 0 on, not {value}.")


def fault_list(value: object) -> tuple[str | Fault, ...]:
    """The faults as they were given. Raises TypeError for what is no list of faults."""
    if isinstance(value, str | Fault):
        raise TypeError(f"faults= takes a list: faults=[{value!r}].")
    given = tuple(value) if isinstance(value, Iterable) else (value,)
    for each in given:
        if not isinstance(each, str | Fault):
            raise TypeError(f"faults= takes a list of faults such as 'drop' or '429:2', not {value!r}.")
    return given
