"""between, startswith, endswith and avg on every dialect: pushed down where possible, else checked here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, Unsupported, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.sandbox import Server

SYSTEMS: dict[str, tuple[Any, str, str]] = {
    "versionone": (V1Meta, "Story", "Name"),
    "valispace": (ValispaceMeta, "Vali", "name"),
    "valohai": (ValohaiMeta, "Project", "name"),
    "testspace": (TestspaceMeta, "Result", "name"),
}


@pytest.fixture(params=sorted(SYSTEMS))
def column(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A column of texts of each dialect."""
    server: Server = request.getfixturevalue(f"{request.param}_sandbox_shared")
    kind, type_name, name = SYSTEMS[request.param]
    with kind(**server.credentials) as session:
        yield session.query(type_name)[name]


def found(column: Any, term: Any) -> list[str]:
    """The texts that a condition finds, and the same texts when they are counted."""
    query = column._source.where(term)
    texts = sorted(query[str(column._path)])
    assert query.count() == len(texts)
    return texts


def test_beginnings_and_ends_are_those_of_the_texts(column: Any) -> None:
    texts = sorted(column)
    assert len(texts) > 1
    for text in texts[:2]:
        for word in (text[:3].upper(), text):
            begin = [one for one in texts if one.casefold().startswith(word.casefold())]
            assert found(column, column.startswith(word)) == begin
        for word in (text[-3:].upper(), text):
            end = [one for one in texts if one.casefold().endswith(word.casefold())]
            assert found(column, column.endswith(word)) == end
    inner = texts[0][1:]
    assert texts[0] not in found(column, column.startswith(inner)) or texts[0].startswith(inner)
    assert found(column, column.startswith("no text begins so")) == []


def test_they_combine_with_others_and_are_negated(column: Any) -> None:
    texts = sorted(column)
    first = texts[0]
    both = column.startswith(first[:2]) & column.endswith(first[-2:])
    expected = [
        one
        for one in texts
        if one.casefold().startswith(first[:2].casefold()) and one.casefold().endswith(first[-2:].casefold())
    ]
    assert found(column, both) == expected
    assert first not in found(column, ~column.startswith(first[:2]))


def test_between_takes_both_ends(column: Any) -> None:
    texts = sorted(column)
    low, high = texts[0], texts[-1]
    assert low in found(column, column.between(low, low))
    assert set(found(column, column.between(low, high))) <= set(texts)


@pytest.mark.parametrize("word", ["", None, 3])
def test_a_beginning_is_a_text(column: Any, word: Any) -> None:
    before = len(column._source.context.schema.types)
    with pytest.raises(BadValue, match="begins or ends"):
        column.startswith(word)
    assert before == len(column._source.context.schema.types)


def test_numbers_between_and_their_mean(versionone_sandbox_shared: Server) -> None:
    with V1Meta(**versionone_sandbox_shared.credentials) as v1:
        estimates = [one for one in v1.Story.Estimate if one is not None]
        assert len(estimates) > 3
        within = list(v1.Story.where(v1.Story.Estimate.between(2, 5)).Estimate)
        assert sorted(within) == sorted(one for one in estimates if 2 <= one <= 5)
        assert v1.Story.Estimate.avg() == sum(estimates) / len(estimates)
        assert isinstance(v1.Story.Estimate.avg(), Decimal)
        assert v1.Story.where(Name="nobody is called so").Estimate.avg() is None
        with pytest.raises(Unsupported, match=r"sum\(\) and count\(\)"):
            v1.Scope.Workitems.DetailEstimate.avg()
        with pytest.raises(BadValue):
            v1.Story.Name.avg()


def test_writes_by_query_honour_them(versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as v1:
        for name in ("Alpha one", "one Alpha", "ALPHA two"):
            v1.Story.new(Name=name, Scope=v1.Scope(0))
        v1.commit().raise_if_failed()
        assert v1.Story.where(v1.Story.Name.startswith("alpha")).set(Reference="x") == 2
        v1.commit().raise_if_failed()
        assert sorted(v1.Story.where(Reference="x").Name) == ["ALPHA two", "Alpha one"]
