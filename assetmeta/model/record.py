"""Records: frozen values with named fields, compared field by field.

    class Sort(Record):
        path: Path
        descending: bool = False

A record is what `@dataclass(frozen=True, slots=True)` makes, and type checkers, `replace`, `fields` and `asdict` of
`dataclasses` take it for one. It inherits its methods, where a dataclass has each of them written and compiled anew:
that took half of the time of importing this package. What derives from a record is one, without a decorator. A module
of records needs `from __future__ import annotations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields, make_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, NoReturn, dataclass_transform

Setter = Callable[[object, object], None]


class _DataclassFields:
    """`__dataclass_fields__`, by which `dataclasses` knows a dataclass: made when somebody asks for it."""

    def __get__(self, record: object, kind: RecordType) -> Mapping[str, Field[Any]]:
        return _fields(kind)


@cache
def _fields(kind: RecordType) -> Mapping[str, Field[Any]]:
    listed = [(name, Any, kind._given.get(name, field())) for name in kind._names]
    return {found.name: found for found in fields(make_dataclass(kind.__name__, listed, kw_only=True))}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class RecordType(type):
    """The class of records: what a class body annotates becomes a slot, what it assigns there a default."""

    _names: tuple[str, ...]
    _given: Mapping[str, Any]
    _plain: Mapping[str, Any]
    _needed: int
    _tail: tuple[Any, ...]
    _setters: tuple[Setter, ...]
    _compared: Callable[[object], object]
    _shown: tuple[str, ...]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> RecordType:
        if "__post_init__" in body:
            raise TypeError(f"{name}: a record looks at nothing when it is made; what does is a dataclass")
        own = [each for each, kind in body.get("__annotations__", {}).items() if not kind.startswith("ClassVar")]
        given = {each: body.pop(each) for each in own if each in body}
        above = [base for base in bases if isinstance(base, RecordType)]
        inherited = [each for base in above for each in base._names]
        slots = tuple(each for each in own if each not in inherited)
        names = (*inherited, *slots)
        made = super().__new__(cls, name, bases, {"__slots__": slots, "__match_args__": names, **body})
        made._names = names
        made._given = {each: value for base in above for each, value in base._given.items()} | given
        defaults = {each: given.default if isinstance(given, Field) else given for each, given in made._given.items()}
        made._plain = plain = {each: value for each, value in defaults.items() if value is not MISSING}
        made._needed = max((place + 1 for place, each in enumerate(names) if each not in plain), default=0)
        made._tail = tuple(plain.get(each) for each in names)
        made._setters = tuple(getattr(made, each).__set__ for each in names)
        said = {each: value for each, value in made._given.items() if isinstance(value, Field)}
        compared = [each for each in names if each not in said or said[each].compare]
        made._compared = attrgetter(*compared) if compared else type
        made._shown = tuple(each for each in names if each not in said or said[each].repr)
        return made

    def _complete(cls, values: tuple[object, ...], named: dict[str, object]) -> tuple[object, ...]:
        """The values of all fields, in order. Raises TypeError for one too many and for one that is missing."""
        if not named and cls._needed <= len(values) <= len(cls._names):
            return values + cls._tail[len(values) :]
        plain = cls._plain
        rest = [
            named.pop(name) if name in named else plain[name] if name in plain else cls._made(name)
            for name in cls._names[len(values) :]
        ]
        if named or len(values) > len(cls._names):
            raise TypeError(f"{cls.__name__}() takes {', '.join(cls._names)}, each once; {named or values!r:.200} came")
        return (*values, *rest)

    def _made(cls, name: str) -> object:
        given = cls._given.get(name)
        if not isinstance(given, Field) or given.default_factory is MISSING:
            raise TypeError(f"{cls.__name__}() needs {name}")
        return given.default_factory()


class Record(metaclass=RecordType):
    """A frozen value. Records are equal when they are of one class and their fields are equal."""

    __slots__ = ()
    __dataclass_fields__ = _DataclassFields()

    def __init__(self, *values: Any, **named: Any) -> None:
        kind = type(self)
        if named or len(values) != len(kind._names):
            values = kind._complete(values, named)
        # There are as many of each by now, and looking again would cost a tenth of the whole.
        for put, value in zip(kind._setters, values):  # noqa: B905
            put(self, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        compared = type(self)._compared
        return compared(self) == compared(other)

    def __hash__(self) -> int:
        return hash(type(self)._compared(self))

    def __repr__(self) -> str:
        kind = type(self)
        return f"{kind.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in kind._shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in type(self)._names)
