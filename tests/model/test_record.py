"""Records behave like frozen dataclasses with slots, for people, for `dataclasses` and for pickle."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from assetmeta.model.record import Record


class Plain(Record):
    """A record with every kind of field."""

    limit: ClassVar[int] = 3
    name: str
    number: int = 1
    table: Mapping[str, int] = field(default_factory=dict)
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Twin:
    """The same as a dataclass."""

    limit: ClassVar[int] = 3
    name: str
    number: int = 1
    table: Mapping[str, int] = field(default_factory=dict)
    note: str = field(default="", compare=False)


class Wider(Plain):
    """A record with more fields than the one it derives from, and another default."""

    number: int = 7
    more: bool = False


class Empty(Record):
    """A record without fields."""


GIVEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 2), {}),
    (("a", 2, {"x": 1}, "n"), {}),
    (("a",), {"note": "n", "number": 5}),
    ((), {"table": {}, "name": "a"}),
]


@pytest.mark.parametrize(("values", "named"), GIVEN)
def test_a_record_is_made_and_shown_like_a_dataclass(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    record, twin = Plain(*values, **named), Twin(*values, **named)
    assert repr(record) == repr(twin).replace("Twin", "Plain")
    assert asdict(record) == asdict(twin)
    assert repr(replace(record, number=9)) == repr(replace(twin, number=9)).replace("Twin", "Plain")


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("a", 1, {}, "", 5), {}), (("a",), {"name": "b"}), (("a",), {"other": 1}), ((), {"number": 1})],
)
def test_wrong_fields_are_refused_like_a_dataclass_refuses_them(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Plain, Twin):
        with pytest.raises(TypeError, match=kind.__name__ if kind is Plain else "argument"):
            kind(*values, **named)


def test_records_are_compared_by_class_and_fields() -> None:
    assert Plain("a") == Plain("a", note="not compared")
    assert Plain("a") != Plain("b")
    assert Plain("a") != Twin("a")
    assert Wider("a") != Plain("a")
    assert Empty() == Empty()
    assert Empty() != Plain("a")
    assert len({Wider("a", table=()), Wider("a", table=(), note="x"), Wider("a", table=(), more=True)}) == 2  # type: ignore[arg-type]


def test_fields_are_inherited_at_their_places() -> None:
    assert repr(Wider("a")) == "Wider(name='a', number=7, table={}, note='', more=False)"
    assert repr(Plain("a")) == "Plain(name='a', number=1, table={}, note='')"


def test_records_cannot_be_changed() -> None:
    record: Any = Plain("a")
    for name in ("name", "limit", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(record, name, "b")
    with pytest.raises(FrozenInstanceError):
        del record.name
    assert not hasattr(record, "__dict__")
    assert Plain("a").table is not Plain("a").table


def test_a_record_that_would_check_its_fields_is_refused() -> None:
    with pytest.raises(TypeError, match="dataclass"):
        type(Record)("Checked", (Record,), {"__post_init__": lambda self: None})


def test_dataclasses_knows_records() -> None:
    assert is_dataclass(Plain)
    assert is_dataclass(Plain("a"))
    assert [each.name for each in fields(Wider)] == ["name", "number", "table", "note", "more"]
    assert [each.compare for each in fields(Plain)] == [each.compare for each in fields(Twin)]
    assert [each.default for each in fields(Plain)] == [each.default for each in fields(Twin)]
    with pytest.raises(TypeError):
        replace(Plain("a"), other=1)  # type: ignore[call-arg]


def test_records_are_matched_copied_and_pickled() -> None:
    match Wider("a", 5):
        case Plain(name, number):
            assert (name, number) == ("a", 5)
        case _:
            raise AssertionError
    record = Wider("a", 2, {"x": 1}, "n", True)
    for twin in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert (twin, twin.note) == (record, "n")
