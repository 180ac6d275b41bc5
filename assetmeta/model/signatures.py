"""Signatures in which the settings behind `**settings: Unpack[...]` are listed by name, for help, prompts and
notebooks.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def names_settings(settings: type, taker: Callable[..., Any]) -> Callable[[F], F]:
    """Let the signature of a function that hands its `**settings` to *taker* show each of them, with its default.

    *settings* is the TypedDict that type checkers and editors read; names that *taker* does not take are left out, as
    are those that the function takes itself.
    """

    def decorate(function: F) -> F:
        shown = signature(function)
        own = [each for each in shown.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        taken = {each.name: each for each in signature(taker).parameters.values()}
        named = [
            taken[name].replace(kind=Parameter.KEYWORD_ONLY)
            for name in settings.__annotations__
            if name in taken and name not in shown.parameters
        ]
        function.__signature__ = shown.replace(parameters=[*own, *named])  # type: ignore[attr-defined]
        return function

    return decorate


def keywords(function: Callable[..., Any]) -> list[str]:
    """The names that a function takes as keywords only, in its order."""
    return [each.name for each in signature(function).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]
