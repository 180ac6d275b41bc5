"""Advice for those who write conditions, orders and calls as other libraries have them: how each is written here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from assetmeta.model.scalars import shown

_TYPES = {
    **dict.fromkeys(("user", "person", "people", "me", "current_user", "account"), ("Member", "User")),
    **dict.fromkeys(("project", "workspace", "board"), ("Project", "Scope")),
    **dict.fromkeys(("sprint", "iteration"), ("Timebox",)),
    **dict.fromkeys(("bug", "ticket", "issue"), ("Defect", "Issue", "Discussion")),
    **dict.fromkeys(("run", "job", "build", "experiment"), ("Execution", "Result", "BuildRun")),
    **dict.fromkeys(("file", "upload", "document", "artifact"), ("Datum", "File", "Attachment")),
    **dict.fromkeys(("parameter", "property", "quantity"), ("Vali",)),
    **dict.fromkeys(("part", "element", "block", "item"), ("Component", "Workitem")),
    **dict.fromkeys(("test", "case", "testcase"), ("Test", "Failure", "TestStep")),
    **dict.fromkeys(("comment", "message"), ("Expression", "Discussion", "Note")),
    **dict.fromkeys(("folder", "directory", "branch"), ("Space", "Folder", "Commit")),
}
"""Types of the servers by other words for them, best first."""

P = ParamSpec("P")
T = TypeVar("T")

_COMPARISON = re.compile(r"\s*(?P<name>[\w.:@]+)\s*(?P<operator>!=|<>|<=|>=|==|=|<|>|~)\s*(?P<value>.*?)\s*", re.DOTALL)
_ORDERED = re.compile(r"\s*(?P<name>[\w.:@]+)\s*[\s:]\s*(?P<order>asc|desc|ascending|descending)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_METHODS = {"contains": "contains", "icontains": "contains", "like": "contains", "ilike": "contains"}
_METHODS |= {"startswith": "startswith", "endswith": "endswith", "in": "in_", "range": "between"}
_OPERATORS = {"gt": ">", "gte": ">=", "ge": ">=", "lt": "<", "lte": "<=", "le": "<=", "ne": "!=", "not": "!="}
_EQUAL = frozenset({"exact", "iexact", "eq"})


def on_condition(type_name: str, given: object, *, has_filter: bool) -> str:
    """The error of where() for what is no condition: how the condition that was meant is written."""
    wrong = f"where() takes conditions and name=value pairs, not {shown(given)}."
    found = _COMPARISON.fullmatch(given) if isinstance(given, str) else None
    if found is not None:
        own = " filter(...) takes texts in the server's own language." if has_filter else ""
        return f"{wrong} Write where({_compared(type_name, **found.groupdict())}).{own}"
    if isinstance(given, bool):
        return (
            f"{wrong} Python works out `and`, `or`, `not`, `in` and chained comparisons itself: combine conditions "
            "with &, | and ~, in parentheses."
        )
    if isinstance(given, list | tuple | set):
        return f"{wrong} Several are given one by one, without the list."
    if hasattr(given, "_path"):
        return f"{wrong} Compare the column: where({given!r} == value), where({given!r}.exists())."
    return f"{wrong} Write where({type_name}.Attribute > value), or where(Attribute=value)."


def _compared(type_name: str, name: str, operator: str, value: str) -> str:
    """A comparison in text as it is written in Python."""
    plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    literal = plain if _NUMBER.fullmatch(plain) else repr(plain) if plain else "None"
    if operator in ("=", "=="):
        return f"{name}={literal}" if name.isidentifier() else f"{{{name!r}: {literal}}}"
    if operator == "~":
        return f"{type_name}.{name}.contains({literal})"
    return f"{type_name}.{name} {'!=' if operator == '<>' else operator} {literal}"


def on_suffix(type_name: str, name: str, known: Iterable[str]) -> str:
    """How `Estimate__gt=3` and `Owners__Name="Ann"` are written here; an empty text for other names."""
    head, *rest = name.split("__")
    if not rest or head not in set(known):
        return ""
    path, last = ".".join([head, *rest[:-1]]), rest[-1].casefold()
    column = f"{type_name}.{path}"
    if last in _OPERATORS:
        return f" Write where({column} {_OPERATORS[last]} value)."
    if last in _METHODS:
        return f" Write where({column}.{_METHODS[last]}(...))."
    if last in _EQUAL:
        return f" Write where({column} == value)."
    if last == "isnull":
        return f" Write where({column}.missing()), or exists()."
    return f" Write where({{'{path}.{rest[-1]}': value}})."


def on_order(text: str, before: object) -> str:
    """How `"Estimate desc"` and `("Estimate", "desc")` are written; an empty text for what is no order of that kind."""
    parts = [_ORDERED.fullmatch(each) for each in text.split(",")]
    if any(parts):
        names = [
            _signed(found["name"], found["order"]) if found else each.strip()
            for found, each in zip(parts, text.split(","), strict=True)
        ]
        return f" Write sort({', '.join(map(repr, names))}): a minus is for largest first."
    if text.strip().casefold() in ("asc", "desc") and isinstance(before, str):
        return f" Write sort({_signed(before, text.strip())!r}): a minus is for largest first."
    return ""


def _signed(name: str, order: str) -> str:
    return f"-{name}" if order.casefold().startswith("desc") else name


def on_type(name: str, types: Collection[str]) -> str:
    """Which of a server's *types* is meant by another word for it; an empty text where none is known."""
    word = name.casefold()
    singular = f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
    found = [kind for each in dict.fromkeys((word, singular)) for kind in _TYPES.get(each, ()) if kind in types]
    own = [kind for kind in types if kind.casefold() in (word, singular)]
    meant = list(dict.fromkeys([*own, *found]))[:3]
    return f" Did you mean {', '.join(meant)}? search({singular!r}) looks for the word in all types." if meant else ""


def advised(advice: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a verb of queries and types that is called with arguments which it does not take give *advice*.

    `{type}` in it is the name of the type, `{pairs}` the keyword arguments, or an example of some.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                    # It was called rightly, and something within it failed.
                    raise
                mistaken = str(error).partition(") ")[2]
            raise TypeError(f"{_title(function, args)} {mistaken}. {advice.format_map(_words(args, kwargs))}")

        return called

    return decorate


def _title(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    own = function.__name__
    return f"{_type_name(args)}()" if own == "__call__" else f"{own}()"


def _type_name(args: tuple[Any, ...]) -> str:
    subject: Any = args[0] if args else None
    return str(getattr(subject, "__name__", None) or getattr(subject, "type_name", "Type"))


def _words(args: tuple[Any, ...], kwargs: Mapping[str, object]) -> dict[str, str]:
    pairs = ", ".join(f"{name}={shown(value, 40)}" for name, value in kwargs.items()) or "Name='x'"
    return {"type": _type_name(args), "pairs": pairs}
