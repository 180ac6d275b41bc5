"""In which order changes are sent, and what they need."""

from __future__ import annotations

import pytest

from assetmeta.model.ordering import in_order, needs, references
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.values import Oid

A, B, C = (Oid.new("Story", number) for number in (1, 2, 3))
OLD, SCOPE = Oid("Story", 7), Oid("Scope", 8)


def to(name: str, *targets: Oid) -> AttributeChange:
    return (
        AttributeChange(name, None, targets[0])
        if len(targets) == 1
        else AttributeChange(name, (), None, targets, is_multi=True)
    )


def test_a_circle_is_cut_where_it_begins() -> None:
    first = Create(A, (AttributeChange("Name", None, "a"), to("Twin", B), to("Super", OLD)), SCOPE, "why")
    second = Create(B, (to("Twin", A),), A)
    kept = Create(A, (AttributeChange("Name", None, "a"), to("Super", OLD)), SCOPE, "why")
    assert [kept, second, Update(A, (to("Twin", B),), "why")] == in_order([first, second])


def test_a_context_that_is_not_there_yet_is_left_out_of_a_circle() -> None:
    first = Create(A, (to("Twin", B),), B)
    second = Create(B, (to("Twin", A),))
    [kept, *rest] = in_order([first, second])
    assert Create(A, (), None) == kept
    assert [second, Update(A, (to("Twin", B),))] == rest


def test_every_create_comes_before_what_names_it() -> None:
    update = Update(OLD, (to("Owners", A, C),))
    changes = [Delete(SCOPE), update, Create(C, (to("Parts", A, B),)), Create(B, (), A), Create(A, ())]
    found = in_order(changes)
    assert [change.oid for change in found] == [A, B, C, OLD, SCOPE]
    assert in_order(found) == found
    assert in_order([]) == []


@pytest.mark.parametrize(
    "change, named, needed",
    [
        (Create(A, (to("Twin", B), to("Super", OLD)), C), [C, B, OLD], {B, C}),
        (Create(A, (AttributeChange("x", (), None, (B,), (OLD,), is_multi=True),)), [B, OLD], {B}),
        (Create(A, (AttributeChange("x", None, (B, OLD)),)), [B, OLD], {B}),
        (Update(A, (to("Twin", OLD),)), [OLD], {A}),
        (Update(OLD, (AttributeChange("Name", None, "a"),)), [], set()),
        (Delete(OLD), [], set()),
        (Call(OLD, "Move", (("to", B), ("name", "x"), ("below", SCOPE))), [B, SCOPE], {B}),
    ],
)
def test_what_a_change_names_and_needs(change: Change, named: list[Oid], needed: set[Oid]) -> None:
    assert named == references(change)
    assert needed == needs(change)
