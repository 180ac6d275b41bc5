"""Queries: values that say what is wanted, and answers in the order, the window and the requests that they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import NotExactlyOne, UsageError
from assetmeta.model.contract import SupportsExplain
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.needs import needs
from contract.scene import Row, Scene
from contract.systems import DISTINCT

TYPES = DISTINCT


def test_building_a_query_sends_nothing_and_changes_no_other(
    dialect: Dialect, session: Any, server: Server, scene: Scene
) -> None:
    server.requests.clear()
    whole = session.query(dialect.item)
    word, order = dialect.text or dialect.own, dialect.number or dialect.readonly
    narrow = whole.where({word: "beta"}).select(dialect.own).sort(f"-{order}")[1:3]
    assert whole == session.query(dialect.item)
    assert narrow != whole
    assert {word, dialect.own, order} <= set(_words(repr(narrow)))
    for act in misused(dialect, session, scene):
        with pytest.raises(UsageError):
            act()
    assert [] == server.requests


def test_an_explanation_sends_nothing_and_names_what_is_sent(
    dialect: Dialect, session: Any, server: Server, scene: Scene
) -> None:
    query = session.query(dialect.item).where({dialect.own: "nobody"}).sort(dialect.own)
    server.requests.clear()
    told = query.explain()
    assert [] == server.requests
    assert [] == query.all()
    if isinstance(session.backend, SupportsExplain):
        assert server.requests[0].path.partition("?")[0].strip("/") in told
    else:
        assert (1, True) == (len(server.requests), "one request" in told)


def misused(dialect: Dialect, session: Any, scene: Scene) -> list[Callable[[], object]]:
    """Queries that say nothing a server could answer, as far as the type has what they ask for."""
    whole, item = session.query(dialect.item), session[dialect.item]
    acts: list[Callable[[], object]] = [
        lambda: whole.page(size=-1),
        lambda: whole[-3:],
        lambda: whole[::2],
        lambda: bool(item[dialect.own] > "1"),
    ]
    if dialect.number:
        acts.append(lambda: whole.where({dialect.number: "no number"}))
        acts.append(lambda: whole.where(item[dialect.number] > "x"))
        acts.append(lambda: bool(item[dialect.number] > 1))
    if dialect.parent:
        acts.append(lambda: whole.where({dialect.parent: scene.tokens[0]}))
    if dialect.members:
        acts.append(lambda: whole.sort(dialect.members))
        acts.append(lambda: whole.where(session[dialect.member_type][dialect.label] == "x"))
    return acts


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() or char == "_" else " " for char in text).split()


@needs("text", "number")
def test_sorting_orders_as_python_does(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    known = [row for row in scene if None not in (row.text, row.number)]
    query = item.where(item[dialect.text].exists() & item[dialect.number].exists())

    def sorted_by(*keys: Any) -> list[str]:
        return [one.idref for one in query.sort(*keys)]

    by_number = sorted(known, key=lambda row: (row.number, row.own))
    assert [row.token for row in by_number] == sorted_by(dialect.number, dialect.own)
    backwards = sorted(sorted(known, key=lambda row: row.own), key=lambda row: row.number, reverse=True)
    assert [row.token for row in backwards] == sorted_by(f"-{dialect.number}", dialect.own)
    by_text = sorted(known, key=lambda row: (row.text, row.own))
    assert [row.token for row in by_text] == sorted_by(item[dialect.text].asc(), dialect.own)


@needs("parent")
def test_sorting_by_the_names_of_parents_orders_as_python_does(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    far = item[dialect.parent][dialect.label]
    for order, backwards in ((far.asc(), False), (far.desc(), True)):
        rows = sorted(sorted(scene, key=lambda row: row.own), key=lambda row: row.parent_label, reverse=backwards)
        assert [row.token for row in rows] == [one.idref for one in item.sort(order, dialect.own)]
        assert [row.parent_label for row in rows] == [one[dialect.parent][dialect.label] for one in item.sort(order)]


def test_windows_are_those_of_a_list(dialect: Dialect, session: Any, scene: Scene) -> None:
    query = session[dialect.item].sort(dialect.own)
    tokens = [row.token for row in sorted(scene, key=lambda row: row.own)]
    for part in (slice(None, 5), slice(5, 9), slice(20, None), slice(20, 99), slice(4, 4), slice(99, 100)):
        assert tokens[part] == [item.idref for item in query[part]], part
        assert len(tokens[part]) == len(query[part]), part
        assert bool(tokens[part]) is bool(query[part]), part
        assert len(tokens) == query[part].count(), part
    assert tokens[5:15][2:4] == [item.idref for item in query[5:15][2:4]]
    assert tokens[7:10] == [item.idref for item in query.page(size=3, start=7)]
    assert (tokens[3], tokens[-1]) == (query[3].idref, query[-1].idref)
    with pytest.raises(IndexError):
        query[len(tokens)]


def some(dialect: Dialect, session: Any, scene: Scene) -> tuple[Any, list[Row]]:
    """A query, and the several items that it finds: by text, or by what tells them apart."""
    item = session[dialect.item]
    if dialect.text:
        return item.where({dialect.text: "beta"}), [row for row in scene if row.text == "beta"]
    names = [scene[index].own for index in (2, 5, 11)]
    return item.where({dialect.own: names}), [row for row in scene if row.own in names]


def test_questions_about_a_result_take_the_promised_requests(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    found, rows = some(dialect, session, scene)
    none = item.where({dialect.own: "no such text"})
    only = item.where({dialect.own: scene[7].own})
    questions: list[tuple[Callable[[], object], object]] = [
        (found.count, len(rows)),
        (none.count, 0),
        (item.count, len(scene)),
        (none.exists, False),
        (none.first, None),
        (lambda: len(some(dialect, session, scene)[0].all()), len(rows)),
        (lambda: list(found[dialect.own]), [row.own for row in rows]),
    ]
    if dialect.number:
        numbers = [row.number for row in scene if row.number is not None]
        questions += [
            (item[dialect.number].sum, sum(numbers)),
            (item[dialect.number].max, max(numbers)),
            (item[dialect.number].min, min(numbers)),
            (item[dialect.number].count, len(numbers)),
        ]
    for question, answer in questions:
        with session.trace() as trace:
            assert answer == question()
        assert dialect.costs.sweep == len(trace)
    # What can be told from the first that is found.
    for question, answer in (
        (found.exists, True),
        (lambda: found.first().idref, rows[0].token),
        (lambda: found[0].idref, rows[0].token),
        (lambda: only.one().idref, scene[7].token),
    ):
        with session.trace() as trace:
            assert answer == question()
        assert 1 <= len(trace) <= dialect.costs.sweep
    for query in (found, none):
        with session.trace() as trace, pytest.raises(NotExactlyOne, match=dialect.item):
            query.one()
        assert 1 <= len(trace) <= dialect.costs.sweep


@needs("parent")
def test_the_items_of_one_parent_take_the_promised_requests(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = scene[3]
    for parent in (row.parent, session.asset_from_oid(row.parent)):
        with session.trace() as trace:
            found = [one.idref for one in session[dialect.item].where({dialect.parent: parent})]
        assert [one.token for one in scene if one.parent == row.parent] == found
        assert dialect.costs.below == len(trace)


def test_a_result_that_was_read_is_not_read_again(dialect: Dialect, session: Any, scene: Scene) -> None:
    query, rows = some(dialect, session, scene)
    with session.trace() as trace:
        tokens = [item.idref for item in query.queryAll()]
        assert len(tokens) == len(query) == query.length()
        assert tokens == [item.idref for item in query]
        assert tokens[0] == query.first().idref == query[0].idref
        assert query
    assert dialect.costs.sweep == len(trace)
    with session.trace() as trace:
        assert tokens == [item.idref for item in query.reQueryAll()]
    assert dialect.costs.sweep == len(trace)
    assert [row.token for row in rows] == tokens


@needs(changing=["text"])
def test_what_a_query_selects_is_loaded_and_nothing_pending_is_overwritten(
    dialect: Dialect, session: Any, scene: Scene
) -> None:
    row = scene[0]
    item = session.asset_from_oid(row.token)
    item[dialect.text] = "pending"
    [found] = session[dialect.item].where({dialect.own: row.own}).select(dialect.text, dialect.own)
    with session.trace() as trace:
        assert found is item
        assert ("pending", row.own) == (item[dialect.text], item[dialect.own])
        session.revert()
        assert row.text == item[dialect.text]
    assert 0 == len(trace)


def test_a_column_lists_the_values(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    for role, name in {role: getattr(dialect, role) for role in ("own", "text", "number", "parent")}.items():
        if name:
            values = [getattr(value, "idref", value) for value in item[name]]
            empty = dialect.no_text if role == "text" else None
            assert [getattr(row, role) or empty for row in scene] == [value or empty for value in values]
    if dialect.parent:
        assert [row.root_label or row.parent_label for row in scene] == list(item[dialect.far])
    if dialect.members:
        names = item[f"{dialect.members}.{dialect.label}"]
        assert [list(row.member_labels) for row in scene] == list(names)
