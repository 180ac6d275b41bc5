"""What packages keep in files beside their modules: schemas, and the words of generated data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any


def text(package: str, name: str) -> str:
    """The text of the file *name* in *package*."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def data(package: str, name: str) -> Any:
    """The value of the JSON file *name* in *package*."""
    return json.loads(text(package, name))


@cache
def vocabulary(package: str) -> SimpleNamespace:
    """The lists of words in `words.json` of *package*, by name. Nobody changes them."""
    return SimpleNamespace(**data(package, "words.json"))
