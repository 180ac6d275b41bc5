"""Completion from the schema at an IPython prompt: `%load_ext assetmeta`.

IPython itself does not look behind objects with `__getattr__`, so that `v1.Story.whe<Tab>` offers nothing. This matcher
reads the text before the cursor and follows it through the schema; nothing in it is evaluated, and no request is sent
but the one for the schema, when nothing was read yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from assetmeta.core.asset import Asset
from assetmeta.core.columns import Column
from assetmeta.core.context import SessionContext
from assetmeta.core.load_log import is_internal
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.query import Query
from assetmeta.core.relations import RelatedList
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.optional import load
from assetmeta.model.paths import resolve
from assetmeta.model.schema import AssetType, Schema
from assetmeta.model.table import Displayed

_ONE = frozenset({"first", "one"})
"""Methods of a query that return an asset."""

_NEW = frozenset({"create", "new", "template"})
"""Methods of a type that return an asset; they take attributes by name."""

_NAMED = frozenset({"where", "set", *_NEW})
"""Methods that take attributes by name."""

_PATHS = frozenset({"select", "sort", "clean_text", "clean_html", "find", "populate"})
"""Methods that take names and paths as texts."""

_PAIRS = {")": "(", "]": "["}
_WORD = re.compile(r"\w*\Z")
_ITEM = re.compile(r"[\w)\]]\s*\[\s*\Z")
"""The bracket of an item, `story[`; that of a list stands behind another bracket or a comma: `select([`."""

_TEXT = re.compile(r"""(?P<quote>["'])(?P<sign>[-+]?)(?P<path>[\w.:]*)\Z""")


_VALUE = re.compile(r"""\b(?P<name>\w+)\s*=\s*(?:\[[^\[\]]*)?["'](?P<value>[^"']*)\Z""")
"""The text of a value by name: `where(Status="Do`, `where(Status=["Done", "Ac`."""


@dataclass(frozen=True)
class _Place:
    """What an expression leads to, as the schema knows it: *kind* is "session", "type", "query", "column", "asset" or
    "list", *type_name* the asset type it is about, *holder* the class of a session. A method that is named and not
    called yet has its object's kind and its own name: "query:first".
    """

    kind: str
    context: SessionContext
    type_name: str = ""
    holder: type = object

    @property
    def schema(self) -> Schema:
        return self.context.schema

    @property
    def type(self) -> AssetType:
        return self.schema.type(self.type_name)


def load_ipython_extension(shell: Any) -> None:
    """Add to an IPython shell: completion from the schema, tables for asset types, and tracebacks that end at the
    user's line. Sends nothing.
    """
    completer = load("IPython.core.completer", extra="cli")

    @completer.context_matcher(identifier="assetmeta")  # type: ignore[untyped-decorator]
    def from_schema(context: Any) -> dict[str, Any]:
        before = "\n".join([*context.full_text.split("\n")[: context.cursor_line], context.text_until_cursor])
        fragment, found = completions(before, shell.user_ns)
        made = [completer.SimpleCompletion(text=text, type=kind) for text, kind in found]
        return {"completions": made, "matched_fragment": fragment, "suppress": bool(made)}

    completers = shell.Completer.custom_matchers
    completers[:] = [one for one in completers if getattr(one, "matcher_identifier", "") != "assetmeta"]
    completers.append(from_schema)
    shell.set_custom_exc((AssetmetaError,), _show_short)
    # IPython shows classes by no method of theirs.
    shell.display_formatter.formatters["text/html"].for_type(AssetClass, _table_of_type)


def _show_short(shell: Any, kind: Any, error: BaseException, traceback: Any, tb_offset: int | None = None) -> None:
    """Show an error of this package without its own frames; %debug still has them all."""
    shell.showtraceback((kind, error, ending_outside(traceback)), tb_offset=tb_offset)


def ending_outside(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback up to its last frame outside this package; the whole one when there is none."""
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    outside = [at for at, frame in enumerate(frames) if not is_internal(frame.tb_frame)]
    shown = frames[: outside[-1] + 1] if outside else frames
    ended: TracebackType | None = None
    for frame in reversed(shown):
        ended = TracebackType(ended, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return ended


def _table_of_type(kind: Any) -> str | None:
    return kind.describe()._repr_html_() if "_type" in vars(kind) else None


def completions(before: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Return the fragment of *before*, the text up to the cursor, that completions replace, and the completions with
    their kinds. *names* are the user's variables. Empty where the text is about no session. Raises nothing.
    """
    try:
        return _completions(before, names)
    except AssetmetaError:
        # The schema cannot be read, or the text names what there is not: nothing to offer.
        return "", []


def _completions(before: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    value = _VALUE.search(before)
    if value:
        place, method = _call(before[: value.start()], names)
        chosen = _choices(place, value["name"]) if place and method in _NAMED else []
        return value["value"], _starting(value["value"], ((each, "value") for each in chosen))
    text = _TEXT.search(before)
    if text:
        return _in_text(before[: text.start()], text["path"], names)
    word = _WORD.search(before)
    fragment = word[0] if word else ""
    rest = before[: len(before) - len(fragment)]
    if rest.rstrip().endswith("."):
        place = _follow(rest.rstrip()[:-1], names)
        return fragment, _starting(fragment, _members(place)) if place else []
    place, method = _call(rest, names)
    if place and method in _NAMED:
        known = place.type.attributes.items()
        offered = (name for name, attribute in known if method == "where" or attribute.writable)
        return fragment, _starting(fragment, ((f"{name}=", "param") for name in offered))
    return fragment, []


def _in_text(rest: str, path: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Completions of a path inside quotes: `select("Owners.Na`, `story["Owners.Na`."""
    *steps, fragment = path.split(".")
    if _ITEM.search(rest):
        place = _follow(rest.rstrip()[:-1], names)
    else:
        place, method = _call(rest, names)
        place = place if method in _PATHS else None
    if place is None:
        return fragment, []
    if place.kind == "session":
        return fragment, _starting(fragment, ((name, "class") for name in place.schema.types))
    for step in steps:
        name, _, narrowed = step.partition(":")
        attribute = place.type.attribute(name)
        place = _Place("column", place.context, narrowed or attribute.related or "")
    return fragment, _starting(fragment, ((name, "property") for name in place.type.attributes))


def _choices(place: _Place, name: str) -> list[str]:
    """The texts that an attribute may have: those that the schema lists, or the names of its list as far as they were
    read.
    """
    attribute = place.type.attributes.get(name)
    if attribute is None:
        return []
    if attribute.related is not None:
        vocabulary = place.context.vocabulary
        return vocabulary.texts(attribute.related) if vocabulary is not None else []
    return [str(each) for each in getattr(attribute.codec, "listed", ())]


def _starting(fragment: str, offered: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    folded = fragment.casefold()
    return sorted((name, kind) for name, kind in offered if name.casefold().startswith(folded))


def _members(place: _Place) -> Iterable[tuple[str, str]]:
    if place.kind == "session":
        yield from ((name, "class") for name in place.schema.types if name.isidentifier())
        yield from ((name, "function") for name in _public(place.holder))
        return
    kind = place.type if place.type_name else None
    holders: dict[str, Callable[[], Iterable[str]]] = {
        "type": lambda: _public(AssetClass),
        "query": lambda: _public(Query),
        "column": lambda: _public(Column),
        "asset": lambda: [*_public(Asset), *(kind.operations if kind else ())],
        "list": lambda: _public(RelatedList),
    }
    if kind and place.kind != "list":
        yield from ((name, "property") for name in kind.attributes if name.isidentifier())
    yield from ((name, "function") for name in holders[place.kind]())


def _public(holder: type) -> list[str]:
    return sorted({name for one in holder.__mro__ if one not in (object, type, dict) for name in vars(one)} - _hidden())


def _hidden() -> set[str]:
    return {name for one in (Displayed, type, object) for name in dir(one)} | {"mro"}


def _call(rest: str, names: Mapping[str, Any]) -> tuple[_Place | None, str]:
    """What the innermost open bracket is a call of: the object, and the method's name."""
    for at, closed in _openings(rest):
        if closed or rest[at] != "(":
            # Closed again, or a list inside the call: select(["Na
            continue
        found = re.search(r"\.\s*(\w+)\s*\Z", rest[:at])
        return (_follow(rest[: found.start()], names), found[1]) if found else (None, "")
    return None, ""


def _follow(text: str, names: Mapping[str, Any]) -> _Place | None:
    """Follow the expression at the end of *text* through the schema: `v1.Story.where(...).first().Super`."""
    steps: list[tuple[str, str]] = []
    rest = text.rstrip()
    while True:
        if rest[-1:] in _PAIRS:
            start = _opening(rest)
            if start < 0:
                return None
            steps.append(("call" if rest[-1] == ")" else "item", rest[start + 1 : -1]))
            rest = rest[:start].rstrip()
            continue
        word = re.search(r"(\.?)\s*(\w+)\Z", rest)
        if word is None:
            return None
        rest = rest[: word.start()].rstrip()
        if not word[1]:
            place = _start(names.get(word[2]))
            break
        steps.append(("name", word[2]))
    for kind, value in reversed(steps):
        place = _step(place, kind, value) if place else None
    return place if place and ":" not in place.kind else None


def _opening(text: str) -> int:
    """The position of the bracket that the last one of *text* closes, -1 for none."""
    return next((at for at, closed in _openings(text) if closed == 1), -1)


def _openings(text: str) -> Iterator[tuple[int, int]]:
    """Yield the opening brackets of *text* outside quotes, last first: the position, and how many closing brackets
    behind it are open there, its own among them; 0 for a bracket that is not closed.
    """
    closed, quote = 0, ""
    for at in range(len(text) - 1, -1, -1):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in ")]}":
            closed += 1
        elif char in "([{":
            yield at, closed
            closed = max(closed - 1, 0)


def _start(value: Any) -> _Place | None:
    """Where a variable of the user's is."""
    if isinstance(value, AssetClass) and "_type" in vars(value):
        return _Place("type", value._context, value._type.name)
    if isinstance(value, Asset):
        return _Place("asset", value._context, value._type.name)
    if isinstance(value, Query):
        return _Place("query", value.context, value.type_name)
    if isinstance(value, RelatedList):
        return _Place("list", value._asset._context, value._attribute.related or "")
    if isinstance(value, Column):
        found = resolve(value._source.schema, value._source.type_name, value._path)
        return _Place("column", value._source.context, found.attribute.related or "")
    context = vars(value).get("_context") if hasattr(value, "__dict__") else None
    return _Place("session", context, holder=type(value)) if isinstance(context, SessionContext) else None


def _step(place: _Place, kind: str, value: str) -> _Place | None:
    """One step further."""
    context, type_name = place.context, place.type_name
    base, _, method = place.kind.partition(":")
    if method:
        return _called(base, method, place) if kind == "call" else None
    if kind == "call":
        return _Place("asset", context, type_name) if base == "type" else None
    if kind == "item":
        value = value.strip("\"' ")
    if base == "session":
        if value in place.schema.types:
            return _Place("type", context, value)
        return _Place(f"session:{value}", context) if kind == "name" else None
    if base == "list":
        return _Place("asset", context, type_name) if kind == "item" else None
    attribute = place.type.attributes.get(value) if type_name else None
    if attribute is not None:
        further = "column" if base != "asset" else "list" if attribute.multi else "asset"
        return _Place(further, context, attribute.related or "") if attribute.related else None
    if kind == "item" and base in ("type", "query"):
        return _Place("query" if ":" in value else "asset", context, type_name)
    return _Place(f"{base}:{value}", context, type_name) if kind == "name" else None


def _called(base: str, method: str, place: _Place) -> _Place | None:
    """What a call of a method returns."""
    context, type_name = place.context, place.type_name
    if base in ("type", "query"):
        if method in _ONE or method in _NEW:
            return _Place("asset", context, type_name)
        found = getattr(Query, method, None)
        returns = getattr(found, "__annotations__", {}).get("return", "")
        return _Place("query", context, type_name) if returns in ("Self", "Query") or method == "query" else None
    if base == "asset" and method in ("set", "with_data"):
        return _Place("asset", context, type_name)
    return None
