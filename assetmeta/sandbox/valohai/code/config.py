"""Reading valohai.yaml: a list of one-key items, `step`, `task`, `pipeline` and `endpoint` among them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

KINDS = {
    "step": ("name", "image", "command"),
    "task": ("name", "step"),
    "pipeline": ("name", "nodes", "edges"),
    "endpoint": ("name", "image"),
}
MOST_BYTES = 1_000_000
MOST_NODES = 50_000
DEEPEST = 60

Item = dict[str, Any]


class BadConfig(Exception):
    """The text is no valohai.yaml; the message says why."""


@dataclass(frozen=True)
class Config:
    """One valohai.yaml. *items* is the list as it was written, the maps find its parts by name."""

    items: list[Item] = field(default_factory=list)
    steps: dict[str, Item] = field(default_factory=dict)
    tasks: dict[str, Item] = field(default_factory=dict)
    pipelines: dict[str, Item] = field(default_factory=dict)
    endpoints: dict[str, Item] = field(default_factory=dict)


def parse(text: bytes | str) -> Config:
    """The configuration in *text*. Raises BadConfig for anything that is not one."""
    if len(text) > MOST_BYTES:
        raise BadConfig(f"the file is larger than {MOST_BYTES} bytes")
    try:
        content = Plain(MOST_NODES).of(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadConfig(f"not readable as YAML: {first_line(error)}") from error
    return config_of(content)


def config_of(content: object) -> Config:
    """The configuration in what YAML or JSON held. Raises BadConfig."""
    if not isinstance(content, list):
        raise BadConfig(f"the top level must be a list, not {type(content).__name__}")
    config = Config(items=content)
    for place, item in enumerate(content):
        if not isinstance(item, Mapping):
            raise BadConfig(f"item {place + 1} must be a mapping, not {type(item).__name__}")
        for kind, value in item.items():
            if kind in KINDS:
                named(config, kind, value, place)
    return config


def named(config: Config, kind: str, value: object, place: int) -> None:
    """Put one part under its name. Raises BadConfig where a property is missing or the name is taken."""
    if not isinstance(value, dict):
        raise BadConfig(f"item {place + 1}: {kind} must be a mapping")
    missing = [key for key in KINDS[kind] if value.get(key) is None]
    if missing:
        raise BadConfig(f"item {place + 1}: {kind} lacks {', '.join(missing)}")
    parts: dict[str, Item] = getattr(config, f"{kind}s")
    name = str(value["name"])
    if name in parts:
        raise BadConfig(f"item {place + 1}: there are two {kind}s named {name!r}")
    parts[name] = value


class Plain:
    """Turns what YAML made into what JSON can say, up to *most* nodes. Raises BadConfig beyond."""

    def __init__(self, most: int) -> None:
        self._left = most

    def of(self, value: object, depth: int = 0) -> Any:
        """*value* with text keys, and dates and strange numbers as text."""
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise BadConfig("the file unfolds to too much")
        if isinstance(value, Mapping):
            return {str(key): self.of(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(each, depth + 1) for each in value]
        if isinstance(value, datetime.date):
            return value.isoformat()
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def listed(part: Mapping[str, Any], key: str) -> list[Item]:
    """The mappings of a list property, none where it is absent or something else."""
    found = part.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def first_line(error: Exception) -> str:
    """The message of *error*, its first line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
