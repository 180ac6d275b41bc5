"""Conditions as a server gets them, and what they mean in Python: they admit what the same comparison admits."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from contract.dialect import Dialect
from contract.scene import Row, Scene

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


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
