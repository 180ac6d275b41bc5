"""Queries: values that say what is wanted. Conditions admit what the same comparison in Python admits."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta import Misuse, NotOne
from assetmeta.sandbox import Server
from contract.scene import Row, Scene
from contract.systems import Dialect

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


HOSTILE = ("it's", 'say "a|b"', "a;b&c=d,e", "$v1", "'; x='", "[x]+{y}", "Ünïcode 😀", "a\\b%20", "<b>&amp;</b>", "-1")


class Condition(NamedTuple):
    """A condition as the server gets it, and what it means in Python. *text* is for the reader of a failure."""

    text: str
    term: Any
    admits: Callable[[Row], bool]

    def __repr__(self) -> str:
        return self.text


def compared(word: str, value: object, wanted: object) -> bool:
    """A missing value differs from every other and stands in no order."""
    if value is None:
        return word == "!="
    return bool(COMPARISONS[word](value, wanted))


def conditions(dialect: Dialect, session: Any, scene: Scene) -> list[Condition]:
    """Every operator over every kind of attribute: texts, numbers, one related asset, several, paths over them."""
    item = session[dialect.item]
    text, number, own = item[dialect.text], item[dialect.number], item[dialect.own]
    parent, members = item[dialect.parent], item[dialect.members]
    root, label = parent[dialect.root], parent[dialect.label]
    far, names = root[dialect.label], members[dialect.label]
    some, other = scene.rows[3], scene.rows[10]
    member = scene.members[1]

    def by_text(word: str) -> Callable[[Row], bool]:
        return lambda row: compared(word, row.text or dialect.no_text, "alphabet")

    def by_number(word: str) -> Callable[[Row], bool]:
        return lambda row: compared(word, row.number, 2.5)

    found = [
        *(Condition(f"text {word}", compare(text, "alphabet"), by_text(word)) for word, compare in COMPARISONS.items()),
        *(Condition(f"number {word}", compare(number, 2.5), by_number(word)) for word, compare in COMPARISONS.items()),
        Condition("text in", text.in_(["beta", "gamma"]), lambda row: row.text in ("beta", "gamma")),
        Condition("text not in", text.not_in(["beta", "alpha"]), lambda row: row.text not in ("beta", "alpha")),
        Condition("text in nothing", text.in_([]), lambda row: False),
        Condition("text not in nothing", text.not_in([]), lambda row: True),
        Condition("text contains", text.contains("lpha"), lambda row: "lpha" in (row.text or "")),
        Condition("text exists", text.exists(), lambda row: row.text is not None),
        Condition("text is missing", text.missing(), lambda row: row.text is None),
        Condition("number in", number.in_([1, 7]), lambda row: row.number in (1, 7)),
        Condition("number in, or none", number.in_([1, None]), lambda row: row.number in (1, None)),
        Condition("number not in, nor none", number.not_in([1, None]), lambda row: row.number not in (1, None)),
        Condition("number is none", number == None, lambda row: row.number is None),  # noqa: E711
        Condition("number is not none", number != None, lambda row: row.number is not None),  # noqa: E711
        Condition("own contains", own.contains("_1"), lambda row: "_1" in row.own),
        Condition("parent is", parent == session.asset_from_oid(some.parent), lambda row: row.parent == some.parent),
        Condition("parent is not", parent != some.parent, lambda row: row.parent != some.parent),
        Condition(
            "parent in", parent.in_([some.parent, other.parent]), lambda row: row.parent in (some.parent, other.parent)
        ),
        Condition("parent exists", parent.exists(), lambda row: True),
        Condition("parent's name", label == other.parent_label, lambda row: row.parent_label == other.parent_label),
        Condition("parent's name contains", label.contains("_2"), lambda row: "_2" in row.parent_label),
        Condition("root is", root == some.root, lambda row: row.root == some.root),
        Condition("root's name", far == "Root_a", lambda row: row.root_label == "Root_a"),
        Condition("root's name is not", far != "Root_a", lambda row: row.root_label != "Root_a"),
        Condition("member is", members == member, lambda row: member in row.members),
        Condition("no member is", members != member, lambda row: member not in row.members),
        Condition("members missing", members.missing(), lambda row: not row.members),
        Condition("members exist", members.exists(), lambda row: bool(row.members)),
        Condition(
            "member's name in",
            names.in_(["Member_a", "Member_c"]),
            lambda row: not {"Member_a", "Member_c"}.isdisjoint(row.member_labels),
        ),
        Condition("no member's name is", names != "Member_b", lambda row: "Member_b" not in row.member_labels),
        Condition("several members", members.count() > 1, lambda row: len(row.members) > 1),
    ]
    if dialect.can.aggregates:
        return found
    return found[:-1]


def matching(dialect: Dialect, session: Any, condition: Condition) -> list[str]:
    # In no particular order: a query that does not sort leaves that to the server.
    return sorted(item.idref for item in session[dialect.item].where(condition.term).select(dialect.own))


def expected(scene: Scene, condition: Condition) -> list[str]:
    return sorted(row.token for row in scene if condition.admits(row))


def test_every_condition_admits_what_python_admits(dialect: Dialect, session: Any, scene: Scene) -> None:
    for condition in conditions(dialect, session, scene):
        assert expected(scene, condition) == matching(dialect, session, condition), condition
        opposite = Condition(f"not {condition}", ~condition.term, lambda row, one=condition: not one.admits(row))
        assert expected(scene, opposite) == matching(dialect, session, opposite), opposite


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_combined_conditions_admit_what_python_admits(
    dialect: Dialect, session: Any, scene: Scene, data: st.DataObject
) -> None:
    def both(parts: tuple[Condition, Condition]) -> Condition:
        one, two = parts
        return Condition(f"({one} and {two})", one.term & two.term, lambda row: one.admits(row) and two.admits(row))

    def either(parts: tuple[Condition, Condition]) -> Condition:
        one, two = parts
        return Condition(f"({one} or {two})", one.term | two.term, lambda row: one.admits(row) or two.admits(row))

    def neither(one: Condition) -> Condition:
        return Condition(f"not ({one})", ~one.term, lambda row: not one.admits(row))

    known = conditions(dialect, session, scene)
    leaves = st.sampled_from(known)
    terms = st.recursive(
        leaves,
        lambda part: st.one_of(st.tuples(part, part).map(both), st.tuples(part, part).map(either), part.map(neither)),
        max_leaves=5,
    )
    condition = data.draw(terms)
    assert expected(scene, condition) == matching(dialect, session, condition)


def test_conditions_by_name_mean_equality(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = scene.rows[5]
    item = session[dialect.item]
    far = f"{dialect.parent}.{dialect.root}.{dialect.label}"
    for given_, admits in (
        ({dialect.text: "beta"}, lambda one: one.text == "beta"),
        ({dialect.text: ["beta", "alpha"]}, lambda one: one.text in ("beta", "alpha")),
        ({dialect.number: None}, lambda one: one.number is None),
        ({dialect.parent: session.asset_from_oid(row.parent)}, lambda one: one.parent == row.parent),
        ({far: row.root_label, dialect.number: 4}, lambda one: (one.root, one.number) == (row.root, 4)),
    ):
        assert [one.token for one in scene if admits(one)] == [one.idref for one in item.where(given_)]
    assert [one.token for one in scene if one.text == "beta"] == [
        one.idref for one in item.where(**{dialect.text: "beta"})
    ]


def test_no_text_is_taken_for_a_piece_of_the_query(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    column = item[dialect.text]
    for text in HOSTILE:
        assert [] == item.where(column == text).all(), text
        assert [] == item.where(column.contains(text)).all(), text
        assert [] == item.where(item[dialect.parent][dialect.label] == text).all(), text
        every = item.where((column != text) | (column == text))
        assert sorted(scene.tokens) == sorted(one.idref for one in every), text


def test_building_a_query_sends_nothing_and_changes_no_other(
    dialect: Dialect, session: Any, server: Server, scene: Scene
) -> None:
    server.requests.clear()
    whole = session.query(dialect.item)
    narrow = whole.where({dialect.text: "beta"}).select(dialect.own).sort(f"-{dialect.number}")[1:3]
    assert whole == session.query(dialect.item)
    assert narrow != whole
    assert {dialect.text, dialect.own, dialect.number} <= set(_words(repr(narrow)))
    for act in (
        lambda: whole.where({dialect.number: "no number"}),
        lambda: whole.where(session[dialect.item][dialect.number] > "x"),
        lambda: whole.where({dialect.parent: scene.tokens[0]}),
        lambda: whole.page(size=-1),
        lambda: whole[-3:],
        lambda: whole[::2],
        lambda: whole.sort(dialect.members),
        lambda: whole.where(session[dialect.member_type][dialect.label] == "x"),
        lambda: bool(session[dialect.item][dialect.number] > 1),
    ):
        with pytest.raises(Misuse):
            act()
    assert [] == server.requests


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()


def test_sorting_orders_as_python_does(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    known = [row for row in scene if None not in (row.text, row.number)]
    query = item.where(item[dialect.text].exists() & item[dialect.number].exists())
    far = f"{dialect.parent}.{dialect.label}"

    def sorted_by(*keys: Any) -> list[str]:
        return [one.idref for one in query.sort(*keys)]

    by_number = sorted(known, key=lambda row: (row.number, row.parent_label))
    assert [row.token for row in by_number] == sorted_by(dialect.number, far)
    backwards = sorted(sorted(known, key=lambda row: row.parent_label), key=lambda row: row.number, reverse=True)
    assert [row.token for row in backwards] == sorted_by(f"-{dialect.number}", far)
    by_text = sorted(known, key=lambda row: (row.text, row.own))
    assert [row.token for row in by_text] == sorted_by(item[dialect.text].asc(), dialect.own)
    assert sorted(row.parent_label for row in known)[::-1] == [
        one[dialect.parent][dialect.label] for one in query.sort(item[dialect.parent][dialect.label].desc())
    ]


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


def test_questions_about_a_result_take_one_request_each(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    some = item.where({dialect.text: "beta"})
    none = item.where({dialect.text: "no such text"})
    only = item.where({dialect.own: scene.rows[7].own})
    first = next(row.token for row in scene if row.text == "beta")
    number = sum(1 for row in scene if row.text == "beta")
    total = sum(row.number for row in scene if row.number is not None)
    for question, answer in (
        (some.count, number),
        (none.count, 0),
        (item.count, len(scene)),
        (some.exists, True),
        (none.exists, False),
        (lambda: some.first().idref, first),
        (none.first, None),
        (lambda: only.one().idref, scene.rows[7].token),
        (lambda: some[0].idref, first),
        (lambda: len(item.where({dialect.text: "beta"}).all()), number),
        (lambda: item[dialect.number].sum(), total),
        (item[dialect.number].max, 7),
        (item[dialect.number].min, 1),
        (item[dialect.number].count, sum(1 for row in scene if row.number is not None)),
        (lambda: list(some[dialect.own]), [row.own for row in scene if row.text == "beta"]),
    ):
        with session.trace() as trace:
            assert answer == question()
        assert 1 == len(trace)
    for query in (some, none):
        with session.trace() as trace, pytest.raises(NotOne, match=dialect.item):
            query.one()
        assert 1 == len(trace)


def test_a_result_that_was_read_is_not_read_again(dialect: Dialect, session: Any, scene: Scene) -> None:
    query = session[dialect.item].where({dialect.text: "beta"})
    with session.trace() as trace:
        tokens = [item.idref for item in query.queryAll()]
        assert len(tokens) == len(query) == query.length()
        assert tokens == [item.idref for item in query]
        assert tokens[0] == query.first().idref == query[0].idref
        assert query
    assert 1 == len(trace)
    with session.trace() as trace:
        assert tokens == [item.idref for item in query.reQueryAll()]
    assert 1 == len(trace)
    assert [row.token for row in scene if row.text == "beta"] == tokens


def test_what_a_query_selects_is_loaded_and_nothing_pending_is_overwritten(
    dialect: Dialect, session: Any, scene: Scene
) -> None:
    row = scene.rows[0]
    item = session.asset_from_oid(row.token)
    item[dialect.text] = "pending"
    [found] = session[dialect.item].where({dialect.own: row.own}).select(dialect.text, dialect.own)
    with session.trace() as trace:
        assert found is item
        assert ("pending", row.own) == (item[dialect.text], item[dialect.own])
        session.revert()
        assert row.text == item[dialect.text]
    assert 0 == len(trace)


@pytest.mark.parametrize("name", ["text", "number", "parent"])
def test_a_column_lists_the_values(dialect: Dialect, session: Any, scene: Scene, name: str) -> None:
    attribute = getattr(dialect, name)
    values = [getattr(value, "idref", value) or None for value in session[dialect.item][attribute]]
    assert [getattr(row, name) for row in scene] == values
    far = session[dialect.item][dialect.parent][dialect.root][dialect.label]
    assert [row.root_label for row in scene] == list(far)
    names = session[dialect.item][f"{dialect.members}.{dialect.label}"]
    assert [list(row.member_labels) for row in scene] == list(names)
