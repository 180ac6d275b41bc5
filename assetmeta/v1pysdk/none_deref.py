"""The stand-in for a relation that is not set."""

from __future__ import annotations

from typing import Any


class NoneDeref:
    """Represents the asset that a relation does not have: falsy, prints as None, and every attribute is the stand-in.

    Unlike the stand-in of the typed session it does not know its type, and a misspelt attribute goes unnoticed.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # copy, pickle and numpy look for what an object does not have.
            raise AttributeError(name)
        return self

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "None"

    def __reduce__(self) -> tuple[Any, ...]:
        return NoneDeref, ()
