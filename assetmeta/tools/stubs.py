"""Stubs of the server at hand: what type checkers and editors know of `connect("work")`.

A folder of stubs shadows the package for type checkers (mypy: `mypy_path`, pyright: `stubPath`). Its `__init__.pyi`
re-exports the whole public face and gives `connect` an overload per target; a module per target has its types. ty looks
for the package's own modules beside it, so that it needs a partial stub package (PEP 561), which mypy finds only where
it is installed. Classes of a stub derive from those of the package; `__getattr__: ClassVar[None]` there means to type
checkers that there are no names but those that are there. Everything is written with names that no server attribute
can take the place of.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import assetmeta
from assetmeta.model.codecs import Choices
from assetmeta.model.schema import AssetType, Attribute, Schema

# What reading returns, and what assignment takes, by the name of the codec. Anything else is typed as Any.
_KINDS: Mapping[str, tuple[str, str]] = {
    "Text": ("_b.str", "_b.str"),
    "Number": ("_Decimal", "_Decimal | _b.float | _b.str"),
    "Real": ("_b.float", "_Decimal | _b.float | _b.str"),
    "Integer": ("_b.int", "_b.int | _b.str"),
    "Boolean": ("_b.bool", "_b.bool"),
    "DateTime": ("_dt.datetime", "_dt.date | _b.str"),
    "Day": ("_dt.date", "_dt.date | _b.str"),
    "Duration": ("_a.Span", "_a.Span | _dt.timedelta | _b.str"),
    "Seconds": ("_dt.timedelta", "_dt.timedelta | _b.float"),
    "Binary": ("_b.bytes", "_b.bytes"),
    "Secret": ("_b.str", "_b.str"),
    "HiddenText": ("_b.str", "_b.str"),
    "Guid": ("_UUID", "_UUID | _b.str"),
    "Uuid": ("_b.str", "_b.str"),
    "State": ("_a.AssetState", "_a.AssetState | _b.int | _b.str"),
    "Rank": ("_b.int", "_b.int | _b.str"),
}

_HEADER = """\
# Written by `assetmeta stubs`; edits are lost. Target: {target}
# mypy: ignore-errors
# pyright: basic, reportIncompatibleVariableOverride=false, reportIncompatibleMethodOverride=false
# pyright: reportGeneralTypeIssues=false, reportAssignmentType=false
"""

_PRELUDE = """\
import builtins as _b
import datetime as _dt
from collections.abc import Iterable as _Iterable, Iterator as _Iterator
from decimal import Decimal as _Decimal
from typing import Any as _Any, ClassVar as _ClassVar, Generic as _Generic, Literal as _Literal
from typing import TypeVar as _TypeVar, overload as _overload
from uuid import UUID as _UUID

import assetmeta as _a
from assetmeta.core.columns import Column as _Column
from assetmeta.core.relations import RelatedList as _RelatedList
from assetmeta.model.conditions import Term as _Term
from assetmeta.model.table import Table as _Table
from assetmeta.session import Session as _Session

_A = _TypeVar("_A")
_Q = _TypeVar("_Q")

class _ListOf(_RelatedList, _Generic[_A]):
    def __iter__(self) -> _Iterator[_A]: ...
    @_overload
    def __getitem__(self, index: _b.int) -> _A: ...
    @_overload
    def __getitem__(self, index: _b.slice) -> _b.list[_A]: ...
    def add(self, *values: _A | _b.str) -> None: ...
    def remove(self, *values: _A | _b.str) -> None: ...

class _QueryOf(_a.Query, _Generic[_A, _Q]):
    __getattr__: _ClassVar[None]
    def __iter__(self) -> _Iterator[_A]: ...
    @_overload
    def __getitem__(self, index: _b.int) -> _A: ...
    @_overload
    def __getitem__(self, index: _b.slice) -> _Q: ...
    @_overload
    def __getitem__(self, index: _b.str) -> _Column: ...
    def all(self) -> _b.list[_A]: ...
    def first(self) -> _A | None: ...
    def one(self) -> _A: ...
    def pages(self, size: _b.int | None = None) -> _Iterator[_b.list[_A]]: ...
    def select(self, *names: _b.str | _Column) -> _Q: ...
    def filter(self, expression: _b.str | _Term) -> _Q: ...
    def sort(self, *keys: _Any) -> _Q: ...
    def find(self, text: _b.str | None = None, field: _Any = None) -> _Q: ...
    def page(self, size: _b.int | None = None, start: _b.int | None = None) -> _Q: ...
    def asof(self, *moments: _Any) -> _Q: ...
    def deleted(self, included: _b.bool = True) -> _Q: ...
    def clean_text(self, name: _b.str, *names: _b.str) -> _Q: ...
    def clean_html(self, name: _b.str, *names: _b.str) -> _Q: ...
    def queryAll(self) -> _Q: ...
    def reQueryAll(self) -> _Q: ...

class _TypeOf(_Generic[_A, _Q]):
    def __call__(self, key: _Any) -> _A: ...
    def __iter__(self) -> _Iterator[_A]: ...
    @_overload
    def __getitem__(self, part: _b.int) -> _A: ...
    @_overload
    def __getitem__(self, part: _b.slice) -> _Q: ...
    @_overload
    def __getitem__(self, part: _b.str) -> _Column: ...
    def __contains__(self, asset: _b.object) -> _b.bool: ...
    def query(self, where: _b.str | None = None, sel: _b.str | None = None) -> _Q: ...
    def select(self, *names: _b.str | _Column) -> _Q: ...
    def filter(self, expression: _b.str | _Term) -> _Q: ...
    def sort(self, *keys: _Any) -> _Q: ...
    def find(self, text: _b.str | None = None, field: _Any = None) -> _Q: ...
    def page(self, size: _b.int | None = None, start: _b.int | None = None) -> _Q: ...
    def asof(self, *moments: _Any) -> _Q: ...
    def deleted(self, included: _b.bool = True) -> _Q: ...
    def clean_text(self, *names: _b.str) -> _Q: ...
    def clean_html(self, *names: _b.str) -> _Q: ...
    def all(self) -> _b.list[_A]: ...
    def first(self) -> _A | None: ...
    def one(self) -> _A: ...
    def exists(self) -> _b.bool: ...
    def count(self) -> _b.int: ...
    def pages(self, size: _b.int | None = None) -> _Iterator[_b.list[_A]]: ...
    def head(self, number: _b.int = 10) -> _Table: ...
    def explain(self) -> _b.str: ...
    def describe(self, word: _b.str | None = None) -> _Table: ...
    def to_arrow(self, **options: _Any) -> _Any: ...
    def to_dask(self, number: _b.int | None = None, **options: _Any) -> _Any: ...
    def to_pandas(self, **options: _Any) -> _Any: ...
    def to_polars(self, **options: _Any) -> _Any: ...
    def to_csv(self, path: _Any, **options: _Any) -> _Any: ...
    def to_excel(self, path: _Any, **options: _Any) -> _Any: ...
    def to_jsonl(self, path: _Any, **options: _Any) -> _Any: ...
    def to_parquet(self, path: _Any, **options: _Any) -> _Any: ...
    def history_frame(self, *names: _b.str, **options: _Any) -> _Any: ...
    def parts(self, number: _b.int | None = None, **options: _Any) -> _b.list[_Any]: ...
    def progress(self, bar: _b.bool = False) -> _Any: ...
    def upsert(self, rows: _Any, key: _b.str, **options: _Any) -> _Any: ...
"""


@dataclass(frozen=True)
class Stub:
    """One file of a folder of stubs: its path below the folder, and its text."""

    path: str
    text: str


def stubs(target: str, schema: Schema, folder: Path, partial: bool = False) -> list[Stub]:
    """Return the files that make `connect(target)` known to type checkers, those of other targets in *folder* kept:
    the module of the target comes last. A *partial* stub package is for ty.
    """
    package, module = "assetmeta-stubs" if partial else "assetmeta", _module(target)
    known = {_target_of(file): file.stem for file in sorted(folder.glob(f"{package}/_target_*.pyi"))}
    known[target] = module
    known = dict(sorted(known.items()))
    return [
        *([Stub(f"{package}/py.typed", "partial\n")] if partial else []),
        Stub(f"{package}/__init__.pyi", _face(known)),
        Stub(f"{package}/{module}.pyi", "".join(_target(target, schema))),
    ]


def write(files: list[Stub], folder: Path) -> None:
    """Write files below *folder*. Raises OSError."""
    for file in files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.text, encoding="utf-8")


def differences(files: list[Stub], folder: Path) -> list[str]:
    """Return what differs between *files* and those below *folder*: lines that are missing there begin with `+`, those
    that are not to be there any more with `-`. Empty when they agree.
    """
    found = []
    for file in files:
        place = folder / file.path
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        lines = difflib.unified_diff(text.splitlines(), file.text.splitlines(), file.path, file.path, lineterm="", n=0)
        owner = ""
        for line in lines:
            if line.startswith("@@"):
                owner = _owner(file.text if "+" in line else text, line)
            elif line[:1] in "+-" and not line.startswith(("+++", "---")):
                found.append(f"{line[0]} {owner}{line[1:].strip()}")
    return found


def _owner(text: str, hunk: str) -> str:
    """The class that a part of a stub stands in, for messages: `_Story: `."""
    at = re.search(r"\+(\d+)", hunk)
    for line in reversed(text.splitlines()[: int(at[1]) if at else 0]):
        if line.startswith("class "):
            return f"{line[6:].partition('(')[0].partition(':')[0]}: "
    return ""


def _module(target: str) -> str:
    """The name of a target's module, with a digest where not every character can stand in a name."""
    plain = re.sub(r"[^0-9A-Za-z_]", "_", target)
    digest = f"_{hashlib.sha256(target.encode()).hexdigest()[:8]}"
    return f"_target_{plain}{'' if plain == target else digest}"


def _target_of(file: Path) -> str:
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    text = first.partition("Target: ")[2]
    value = ast.literal_eval(text) if text else file.stem
    return value if isinstance(value, str) else file.stem


def _face(targets: Mapping[str, str]) -> str:
    """The stub of the package itself: all that it hands on, and connect() with an overload for each target."""
    source = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    lines = [
        _HEADER.format(target=repr("the package")),
        "from typing import Any as _Any, Literal as _Literal, overload",
    ]
    # Some are imported with their first use: type checkers find those in a block of their own.
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names if name.name in assetmeta.__all__ and name.name != "connect"]
            lines += [f"from {node.module} import {name} as {name}" for name in names]
    lines += [f"from assetmeta.{module} import Session as _{module}" for module in targets.values()]
    for target, module in targets.items():
        lines.append(
            f"@overload\ndef connect(target: _Literal[{target!r}], /, *, profiles: _Any = None, **settings: _Any)"
            f" -> _{module}: ..."
        )
    lines.append("@overload\ndef connect(target: str, /, *, profiles: _Any = None, **settings: _Any) -> _Any: ...")
    return "\n".join([*lines, f"__all__ = {sorted(assetmeta.__all__)!r}", ""])


def _target(target: str, schema: Schema) -> Iterator[str]:
    names = _ClassNames(schema)
    yield _HEADER.format(target=repr(target))
    yield _PRELUDE
    for type_name in _bases_first(schema):
        kind = schema.types[type_name]
        base = schema.types.get(kind.base) if kind.base else None
        yield from _asset_class(kind, base, names)
        yield from _query_class(kind, base, names)
        yield from _type_class(kind, base, names)
    yield "\nclass Session(_Session):\n    __getattr__: _ClassVar[None]\n"
    for type_name in schema.types:
        if _is_writable(type_name):
            yield f"    {type_name}: {names[type_name]}Type\n"


class _ClassNames:
    """The names of classes by asset type; types of the server that are not described are any asset."""

    def __init__(self, schema: Schema) -> None:
        self._names: dict[str, str] = {}
        for name in schema.types:
            plain = f"_{re.sub(r'[^0-9A-Za-z_]', '_', name)}"
            while plain in self._names.values() or plain in ("_A", "_Q", "_a", "_b", "_dt"):
                plain += "_"
            self._names[name] = plain

    def __getitem__(self, type_name: str) -> str:
        return self._names.get(type_name, "_a.Asset")


def _bases_first(schema: Schema) -> list[str]:
    done: dict[str, None] = {}
    for name in schema.types:
        for one in reversed(list(schema.lineage(name))):
            if one in schema.types:
                done.setdefault(one)
    return list(done)


def _is_writable(name: str) -> bool:
    """Whether a name of the server's can stand in a class; others are reached as asset["name"]."""
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and not name.startswith("_")


def _own(kind: AssetType, base: AssetType | None) -> list[Attribute]:
    """The attributes that a class does not have from its base as they are."""
    return [
        attribute
        for name, attribute in kind.attributes.items()
        if _is_writable(name) and (base is None or base.attributes.get(name) != attribute)
    ]


def _asset_class(kind: AssetType, base: AssetType | None, names: _ClassNames) -> Iterator[str]:
    yield f"\nclass {names[kind.name]}({names[base.name] if base else '_a.Asset'}):\n    __getattr__: _ClassVar[None]\n"
    for attribute in _own(kind, base):
        read, taken = _types(attribute, names)
        yield f"    @_b.property\n    def {attribute.name}(self) -> {read}: ...\n"
        if attribute.writable:
            yield f"    @{attribute.name}.setter\n    def {attribute.name}(self, value: {taken}) -> None: ...\n"
    for operation in kind.operations:
        inherited = base is not None and operation in base.operations
        if _is_writable(operation) and operation not in kind.attributes and not inherited:
            yield f"    def {operation}(self, **arguments: _Any) -> _Any: ...\n"


def _query_class(kind: AssetType, base: AssetType | None, names: _ClassNames) -> Iterator[str]:
    own = names[kind.name]
    yield f"\nclass {own}Query(_QueryOf[{own}, {own}Query]):\n"
    yield f"    def where(self, *conditions: _Any, {_keywords(kind)}) -> {own}Query: ...\n"
    for name in kind.attributes:
        if _is_writable(name) and not hasattr(assetmeta.Query, name):
            yield f"    {name}: _Column\n"


def _type_class(kind: AssetType, base: AssetType | None, names: _ClassNames) -> Iterator[str]:
    own = names[kind.name]
    yield f"\nclass {own}Type(_TypeOf[{own}, {own}Query]):\n"
    yield f"    def where(self, *conditions: _Any, {_keywords(kind)}) -> {own}Query: ...\n"
    values = "".join(
        f", {name}: {_types(attribute, names)[1]} = ..."
        for name, attribute in kind.attributes.items()
        if attribute.writable and _is_writable(name)
    )
    if not kind.abstract:
        for verb in ("new", "create", "template"):
            star = ", *" if values else ""
            yield f"    def {verb}(self, context: _Any = None, /{star}{values}) -> {own}: ...\n"
    for name in kind.attributes:
        if _is_writable(name):
            yield f"    {name}: _Column\n"


def _keywords(kind: AssetType) -> str:
    names = [name for name in kind.attributes if _is_writable(name)]
    # Without a name Python wants no bare star; what is no identifier is given as {"name": value}.
    return ", ".join(f"{name}: _Any = ..." for name in names) or "**equals: _Any"


def _types(attribute: Attribute, names: _ClassNames) -> tuple[str, str]:
    """What reading an attribute returns, and what assigning to it takes."""
    if attribute.related:
        # An unset relation is a stand-in that goes on: it is typed as the asset that it represents.
        one = names[attribute.related]
        taken = f"{one} | _a.Oid | _b.str | _b.int"
        return (f"_ListOf[{one}]", f"_Iterable[{taken}] | None") if attribute.multi else (one, f"{taken} | None")
    read, taken = _scalar(attribute)
    if attribute.multi:
        return f"_ListOf[{read}]", f"_Iterable[{taken}] | None"
    if read == "_Any":
        return "_Any", "_Any"
    return (read if attribute.required else f"{read} | None"), f"{taken} | None"


def _scalar(attribute: Attribute) -> tuple[str, str]:
    codec = attribute.codec
    if isinstance(codec, Choices):
        listed = [value for value in codec.listed if isinstance(value, str | int)]
        # The server may come to know others.
        open_type = "_b.str" if all(isinstance(value, str) for value in listed) else "_b.int | _b.str"
        literal = f"_Literal[{', '.join(map(repr, listed))}] | {open_type}" if listed else open_type
        return literal, literal
    return next((_KINDS[one.__name__] for one in type(codec).__mro__ if one.__name__ in _KINDS), ("_Any", "_Any"))
