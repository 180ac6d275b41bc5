"""Conditions of queries admit what the same comparison in Python admits, and nothing in a value is taken for query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta import BadValue
from contract.conditions import Condition, conditions
from contract.dialect import Dialect
from contract.needs import only
from contract.scene import Row, Scene
from contract.systems import DIALECTS, DISTINCT, ONE_EACH

TYPES = DIALECTS

HOSTILE = ("it's", 'say "a|b"', "a;b&c=d,e", "$v1", "'; x='", "[x]+{y}", "Ünïcode 😀", "a\\b%20", "<b>&amp;</b>", "-1")


def matching(dialect: Dialect, session: Any, condition: Condition) -> list[str]:
    # In no particular order: a query that does not sort leaves that to the server.
    return sorted(item.idref for item in session[dialect.item].where(condition.term).select(dialect.own))


def expected(scene: Scene, condition: Condition) -> list[str]:
    return sorted(row.token for row in scene if condition.admits(row))


def test_every_condition_admits_what_python_admits(dialect: Dialect, session: Any, scene: Scene) -> None:
    for condition in conditions(dialect, session, scene):
        assert expected(scene, condition) == matching(dialect, session, condition), condition
        if dialect not in DISTINCT:
            continue
        opposite = Condition(f"not {condition}", ~condition.term, lambda row, one=condition: not one.admits(row))
        assert expected(scene, opposite) == matching(dialect, session, opposite), opposite


@only(*DISTINCT)
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


@only(*DISTINCT)
def test_no_text_is_taken_for_a_piece_of_the_query(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session[dialect.item]
    column = item[dialect.text or dialect.own]
    for text in HOSTILE:
        assert [] == item.where(column == text).all(), text
        found = column.contains(text)
        if dialect.parent:
            found |= item[dialect.parent][dialect.label] == text
        assert [] == item.where(found).all(), text
    every = item.where(column.not_in(HOSTILE) | column.in_(HOSTILE))
    assert sorted(scene.tokens) == sorted(one.idref for one in every)


BOOLEANS = {
    "versionone": ("Story", "IsClosed"),
    "valispace": ("Vali", "uses_default_formula"),
    "valohai": ("Commit", "adhoc"),
    "testspace": ("Result", "complete"),
}


@only(*ONE_EACH)
def test_what_has_no_order_is_not_compared_by_size(dialect: Dialect, session: Any) -> None:
    type_name, name = BOOLEANS[dialect.sandbox]
    column = getattr(session[type_name], name)
    slips: list[Callable[[], object]] = [
        lambda: column > False,
        lambda: column < "true",
        lambda: session[type_name].where(column <= True),
        lambda: column.between(False, True),
        lambda: column.contains("true"),
        lambda: column.startswith("true"),
    ]
    asset = session[dialect.item].first()
    sent = len(session.ledger)
    for slip in slips:
        with pytest.raises(BadValue, match=rf"{name} .*it is Boolean.*where\({name}=True\)"):
            slip()
    if dialect.parent:
        parent = getattr(session[dialect.item], dialect.parent)
        with pytest.raises(BadValue, match="assets have no order"):
            _ = parent > asset
    assert sent == len(session.ledger)
