"""Which values attributes take, whatever the server: what cannot be kept is refused by the assignment."""

from __future__ import annotations

import contextlib
import math
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pytest

from assetmeta import BadValue
from assetmeta.model.errors import AssetmetaError, ReadOnly, UsageError
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT

NO_VALUES = [
    math.nan,
    math.inf,
    Decimal("nan"),
    numpy.float64("nan"),
    numpy.datetime64("NaT"),
    pandas.NA,
    pandas.NaT,
]

EXTREMES = [
    10**5000,
    -(10**5000),
    "9" * 5000,
    Decimal("1e999999"),
    "1e999999",
    1e308,
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    timedelta.max,
    timedelta.min,
    "\ud800",
    "a\x00b",
    {"a": "\ud800"},
    [10**5000],
    {"a": math.nan},
    {1, 2},
    object(),
    b"\xff",
    (),
    type("Odd", (), {"__str__": lambda self: 1 / 0, "__repr__": lambda self: 1 / 0})(),
]


def attributes(dialect: Dialect, session: Any) -> Iterator[Any]:
    """Whatever can be written of the type."""
    found = [one for one in session[dialect.item]._type.attributes.values() if one.writable]
    assert found
    yield from found


def item(dialect: Dialect, session: Any) -> Any:
    """An item of which nothing is known."""
    return session[dialect.item](dialect.missing)


def given(attribute: Any, value: object) -> object:
    """The value as the attribute takes it: alone or in a list."""
    return [value] if attribute.multi else value


def test_what_is_no_value_is_refused_everywhere_with_advice(dialect: Dialect, session: Any) -> None:
    asset = item(dialect, session)
    for attribute in attributes(dialect, session):
        for value in NO_VALUES:
            with pytest.raises(BadValue, match=rf"{attribute.name} does not take") as caught:
                asset[attribute.name] = given(attribute, value)
            assert attribute.is_secret or "None" in str(caught.value) or "finite" in str(caught.value)
            with pytest.raises(BadValue):
                session[dialect.item].new(**{attribute.name: given(attribute, value)})
    assert session.pending == 0


def test_no_value_breaks_a_commit(dialect: Dialect, session: Any) -> None:
    """What an attribute takes can be sent, whatever the server then says."""
    for attribute in attributes(dialect, session):
        for value in EXTREMES:
            asset = item(dialect, session)
            with contextlib.suppress(AssetmetaError):
                asset[attribute.name] = given(attribute, value)
            str(session.plan())
            repr(asset)
            if session.pending:
                session.commit()
            session.revert()
            assert 0 == session.pending


def test_no_value_breaks_a_condition(dialect: Dialect, session: Any) -> None:
    for attribute in session[dialect.item]._type.attributes.values():
        for value in [*NO_VALUES, *EXTREMES]:
            if isinstance(value, tuple | set | list):
                continue
            with contextlib.suppress(UsageError):
                repr(session.query(dialect.item).where(**{attribute.name: value}))
            if any(value is one for one in NO_VALUES):
                with pytest.raises(BadValue):
                    session.query(dialect.item).where({attribute.name: value})


@needs("number")
def test_scalars_of_numpy_are_values(dialect: Dialect, session: Any) -> None:
    asset = item(dialect, session)
    attribute = session[dialect.item]._type.attributes[str(dialect.number)]
    if not attribute.writable:
        pytest.skip("the number is the server's")
    for value in (numpy.int64(3), numpy.float64(3) if dialect.numeric is not int else numpy.int32(3), numpy.array(3)):
        asset[attribute.name] = value
        assert asset[attribute.name] == 3
        assert type(asset[attribute.name]).__module__ != "numpy"
        query = session.query(dialect.item).where({attribute.name: value})
        assert repr(query) == repr(session.query(dialect.item).where({attribute.name: value.item()}))
    session.revert()


def test_scalars_of_numpy_are_positions_and_sizes(dialect: Dialect, session: Any) -> None:
    query = session.query(dialect.item)
    assert query.page(numpy.int64(5), numpy.int64(2)) == query.page(5, 2)
    assert query[numpy.int64(2) : numpy.int64(7)] == query[2:7]
    for bad in (numpy.bool_(True), numpy.float64(2.5), math.nan, True, "5"):
        with pytest.raises(BadValue):
            query.page(bad)
    with pytest.raises(BadValue):
        query[numpy.float64(2)]


def test_scalars_of_numpy_are_keys(dialect: Dialect, session: Any) -> None:
    kind, key = session[dialect.item], dialect.missing
    wrapped = numpy.int64(key) if isinstance(key, int) else numpy.str_(key)
    assert kind(wrapped) is kind(key)
    assert type(kind(wrapped).intid) is type(key)
    with pytest.raises(BadValue):
        kind(math.nan)
    with pytest.raises(BadValue):
        kind(pandas.NA)


@needs("json")
def test_lists_and_dicts_that_were_read_do_not_change_in_place(dialect: Dialect, session: Any) -> None:
    name, value = dialect.json or ("", None)
    [asset] = dialect.items(session)
    if session[dialect.item]._type.attributes[name].writable:
        asset[name] = value
        session.commit().raise_if_failed()
    read = asset[name]
    assert isinstance(read, list | dict)
    with pytest.raises(ReadOnly, match=rf"{name} is not changed in place"):
        read.clear()
    assert asset[name] == read
    assert session.pending == 0
    assert type(pickle.loads(pickle.dumps(read))) in (list, dict)


@needs("json")
def test_what_was_assigned_is_a_copy_and_changes_no_more(dialect: Dialect, session: Any) -> None:
    name, _ = dialect.json or ("", None)
    asset = item(dialect, session)
    if not session[dialect.item]._type.attributes[name].writable:
        pytest.skip("the server writes it")
    value = {"a": [numpy.int64(1)], "b": numpy.array([1.5])}
    asset[name] = value
    value["a"].append(numpy.int64(2))
    assert asset[name] == {"a": [1], "b": [1.5]}
    with pytest.raises(ReadOnly):
        asset[name]["a"].append(3)
    session.revert()


def test_assets_of_the_past_are_at_moments(dialect: Dialect, session: Any) -> None:
    if not dialect.can.asof:
        pytest.skip("the past is not shown")
    query = session.query(dialect.item)
    for bad in (None, 3.5, math.nan, True, 5, [None], pandas.NaT, {}, "tomorrow", datetime.max.replace(tzinfo=UTC)):
        if bad == {}:
            continue
        with pytest.raises(BadValue, match="asof"):
            query.asof(bad)
    moments = ["2026-03-01", "2026-03-01T17:30"]
    assert query.asof(*map(numpy.datetime64, moments)).moments[0] == "2026-03-01"
    assert query.asof(numpy.array(moments, dtype="datetime64[m]")).moments[1] == datetime(2026, 3, 1, 17, 30)


def test_what_is_searched_for_can_be_sent(dialect: Dialect, session: Any) -> None:
    if not dialect.can.find:
        pytest.skip("there is no text search")
    for bad in (math.nan, pandas.NA, "\ud800", "a\x00b"):
        with pytest.raises(BadValue, match="find"):
            session.query(dialect.item).find(bad)
    assert session.query(dialect.item).find(numpy.str_("x")) == session.query(dialect.item).find("x")
