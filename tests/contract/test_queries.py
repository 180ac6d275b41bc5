"""Queries: values that say what is wanted. Conditions admit what the same comparison in Python admits."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta import Misuse, NotOne
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.needs import needs
from contract.scene import Row, Scene

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
    parts = {
        "own": own_conditions,
        "text": text_conditions,
        "number": number_conditions,
        "parent": parent_conditions,
        "root": root_conditions,
        "members": member_conditions,
    }
    return [one for role, part in parts.items() if dialect.has(role) for one in part(dialect, session, item, scene)]


def own_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    own, some = item[dialect.own], (scene[3].own, scene[10].own)
    yield Condition("own is", own == some[0], lambda row: row.own == some[0])
    yield Condition("own in", own.in_(some), lambda row: row.own in some)
    yield Condition("own contains", own.contains("_1"), lambda row: "_1" in row.own)


def text_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    text = item[dialect.text]

    def by_text(word: str) -> Callable[[Row], bool]:
        return lambda row: compared(word, row.text or dialect.no_text, "alphabet")

    for word, compare in COMPARISONS.items():
        yield Condition(f"text {word}", compare(text, "alphabet"), by_text(word))
    yield Condition("text in", text.in_(["beta", "gamma"]), lambda row: row.text in ("beta", "gamma"))
    yield Condition("text not in", text.not_in(["beta", "alpha"]), lambda row: row.text not in ("beta", "alpha"))
    yield Condition("text in nothing", text.in_([]), lambda row: False)
    yield Condition("text not in nothing", text.not_in([]), lambda row: True)
    yield Condition("text contains", text.contains("lpha"), lambda row: "lpha" in (row.text or ""))
    yield Condition("text exists", text.exists(), lambda row: row.text is not None)
    yield Condition("text is missing", text.missing(), lambda row: row.text is None)


def number_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    number, second, fourth = item[dialect.number], dialect.numbers[1], dialect.numbers[4]

    def by_number(word: str) -> Callable[[Row], bool]:
        return lambda row: compared(word, row.number, second)

    for word, compare in COMPARISONS.items():
        yield Condition(f"number {word}", compare(number, second), by_number(word))
    yield Condition("number in", number.in_([1, fourth]), lambda row: row.number in (1, fourth))
    yield Condition("number in, or none", number.in_([1, None]), lambda row: row.number in (1, None))
    yield Condition("number not in, nor none", number.not_in([1, None]), lambda row: row.number not in (1, None))
    yield Condition("number is none", number == None, lambda row: row.number is None)  # noqa: E711
    yield Condition("number is not none", number != None, lambda row: row.number is not None)  # noqa: E711


def parent_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    parent, label = item[dialect.parent], item[dialect.parent][dialect.label]
    some, other = scene[3], scene[10]
    both = (some.parent, other.parent)
    assert some.parent != other.parent
    yield Condition("parent is", parent == session.asset_from_oid(some.parent), lambda row: row.parent == some.parent)
    yield Condition("parent is not", parent != some.parent, lambda row: row.parent != some.parent)
    yield Condition("parent in", parent.in_(both), lambda row: row.parent in both)
    yield Condition("parent exists", parent.exists(), lambda row: True)
    yield Condition("parent's name", label == other.parent_label, lambda row: row.parent_label == other.parent_label)
    yield Condition("parent's name contains", label.contains("_2"), lambda row: "_2" in str(row.parent_label))


def root_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    root, some = item[dialect.parent][dialect.root], scene[3]
    far = root[dialect.label]
    yield Condition("root is", root == some.root, lambda row: row.root == some.root)
    yield Condition("root's name", far == "Root_a", lambda row: row.root_label == "Root_a")
    yield Condition("root's name is not", far != "Root_a", lambda row: row.root_label != "Root_a")


def member_conditions(dialect: Dialect, session: Any, item: Any, scene: Scene) -> Iterator[Condition]:
    members, member = item[dialect.members], scene[1].members[1]
    names, some = members[dialect.label], {"Member_a", "Member_c"}
    yield Condition("member is", members == member, lambda row: member in row.members)
    yield Condition("no member is", members != member, lambda row: member not in row.members)
    yield Condition("members missing", members.missing(), lambda row: not row.members)
    yield Condition("members exist", members.exists(), lambda row: bool(row.members))
    yield Condition("member's name in", names.in_(sorted(some)), lambda row: not some.isdisjoint(row.member_labels))
    yield Condition("no member's name is", names != "Member_b", lambda row: "Member_b" not in row.member_labels)
    if dialect.can.aggregates:
        yield Condition("several members", members.count() > 1, lambda row: len(row.members) > 1)


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
    row = scene[5]
    item = session[dialect.item]
    number = dialect.numbers[3]
    given: list[tuple[dict[str, Any], Callable[[Row], bool]]] = [
        (dialect.values(own=[row.own, "other"]), lambda one: one.own == row.own),
        (dialect.values(text="beta"), lambda one: one.text == "beta"),
        (dialect.values(text=["beta", "alpha"]), lambda one: one.text in ("beta", "alpha")),
        (dialect.values(number=None), lambda one: one.number is None),
    ]
    if dialect.parent:
        parent, above = session.asset_from_oid(row.parent), row.root_label or row.parent_label
        given.append(({dialect.parent: parent}, lambda one: one.parent == row.parent))
        far: dict[str, Any] = {dialect.far: above, **dialect.values(number=number)}
        wanted_number = number if dialect.number else None
        given.append(
            (far, lambda one: ((one.root_label or one.parent_label), one.number) == (above, wanted_number)),
        )
    for wanted, admits in given:
        found = [one.idref for one in item.where(wanted)]
        assert [one.token for one in scene if not wanted or admits(one)] == found, wanted
    [name], [value] = zip(*dialect.values(own=row.own).items(), strict=True)
    assert [row.token] == [one.idref for one in item.where(**{name: value})]


def test_no_text_is_taken_for_a_piece_of_the_query(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    column = item[dialect.text or dialect.own]
    for text in HOSTILE:
        assert [] == item.where(column == text).all(), text
        assert [] == item.where(column.contains(text)).all(), text
        if dialect.parent:
            assert [] == item.where(item[dialect.parent][dialect.label] == text).all(), text
        every = item.where((column != text) | (column == text))
        assert sorted(scene.tokens) == sorted(one.idref for one in every), text


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
        with pytest.raises(Misuse):
            act()
    assert [] == server.requests


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
        with session.trace() as trace, pytest.raises(NotOne, match=dialect.item):
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
