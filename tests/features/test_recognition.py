"""Which items of a plan are those of a journal, and what is said of a plan that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assetmeta.features.journal import DONE, FAILED, PLANNED, Item
from assetmeta.features.recognition import Match, Part, check_fit, match, parts_of
from assetmeta.model.errors import JobError
from assetmeta.model.plans import AttributeChange, Change, Create, Delete, Update
from assetmeta.model.values import UNREAD, Oid


def new(number: int, name: object = "n", **values: object) -> Create:
    deltas = {"Name": name, **values}
    return Create(Oid.new("Story", number), tuple(AttributeChange(each, UNREAD, deltas[each]) for each in deltas))


def changed(key: int, **values: object) -> Update:
    deltas = tuple(AttributeChange(name, UNREAD, value) for name, value in values.items())
    return Update(Oid("Story", key), deltas)


def items(changes: Sequence[Change], state: str = PLANNED) -> list[Item]:
    """The journal of a run that planned *changes*."""
    parts = parts_of(changes, {})
    return [Item(number, 1, part.place, part.change, part.key, state) for number, part in enumerate(parts, start=1)]


def matched(parts: Sequence[Part], known: Sequence[Item]) -> Match:
    return match(parts, known, lambda value, real: value, lambda value: f"digest of {value}")


class TestParts:
    def test_an_update_is_one_part_per_attribute(self) -> None:
        create, update, delete = new(1), changed(5, Name="a", Order=2), Delete(Oid("Story", 6))
        found = parts_of([create, update, delete], {create.oid: "key", delete.oid: "none"})
        assert [(0, "+", "key"), (1, "Name", None), (1, "Order", None), (2, "-", None)] == [
            (part.place, part.slot, part.key) for part in found
        ]
        assert [changed(5, Name="a"), changed(5, Order=2)] == [part.change for part in found[1:3]]
        assert [create, delete] == [found[0].change, found[3].change]


class TestMatches:
    def test_the_same_plan_is_known_whatever_its_order(self) -> None:
        changes: list[Change] = [new(1, "a"), new(2, "b"), changed(5, Name="x", Order=2), Delete(Oid("Story", 6))]
        journal = items(changes)
        again: list[Change] = [Delete(Oid("Story", 6)), new(7, "b"), changed(5, Order=2, Name="x"), new(9, "a")]
        found = matched(parts_of(again, {}), journal)
        assert ([], [], []) == (found.new, found.differing, found.gone)
        assert {0: 5, 1: 2, 2: 4, 3: 3, 4: 1} == {index: item.id for index, item in found.known.items()}

    def test_equal_creates_are_counted(self) -> None:
        found = matched(parts_of([new(1), new(2), new(3)], {}), items([new(1), new(2)]))
        assert ({0, 1}, [2], []) == (found.known.keys(), found.new, found.gone)

    def test_another_value_of_an_attribute_differs_and_another_attribute_is_new(self) -> None:
        found = matched(parts_of([changed(5, Name="b", Status=None)], {}), items([changed(5, Name="a", Order=1)]))
        assert ([0], [1], [2]) == (found.differing, found.new, [item.id for item in found.gone])


class TestFit:
    """What the error for a plan that does not fit names."""

    def refusal(self, planned: Sequence[Change], journal: Sequence[Item], *, extend: bool = False) -> list[str]:
        parts = parts_of(planned, {})
        with pytest.raises(JobError) as caught:
            check_fit("night", parts, matched(parts, journal), extend=extend)
        first, *lines, last = str(caught.value).split("\n")
        assert "does not fit the journal of the job 'night'; nothing was sent" in first
        assert "fresh=True" in last
        return lines

    def test_each_kind_of_new_changes(self) -> None:
        planned: list[Change] = [new(1, "a"), changed(5, Order=1), changed(6, Order=1), Delete(Oid("Story", 7))]
        assert [
            "  1 to create are new: Story 'a'",
            "  2 to update are new: Story:5.Order, Story:6.Order",
            "  1 to delete are new: Story:7",
        ] == self.refusal(planned, [])

    def test_three_of_each_are_named(self) -> None:
        planned = [new(number, f"n{number}") for number in range(1, 5)]
        journal = items([new(number, f"m{number}") for number in range(1, 5)])
        assert [
            "  4 to create are new: Story 'n1', Story 'n2', Story 'n3' …",
            "  4 to create are in the journal and not in the plan: Story 'm1', Story 'm2', Story 'm3' …",
        ] == self.refusal(planned, journal)
        assert ["  3 to create are new: Story 'n1', Story 'n2', Story 'n3'"] == self.refusal(planned[:3], [])

    def test_values_that_differ(self) -> None:
        journal = items([changed(key, Name="a") for key in range(1, 6)])
        planned = [changed(key, Name="b") for key in range(1, 6)]
        some = [f"  Story:{key}.Name was to become 'a', and now 'b'" for key in (1, 2, 3)]
        assert [*some, "  … and 2 more values differ"] == self.refusal(planned, journal)
        assert some == self.refusal(planned[:3], journal[:3])

    def test_members_that_differ(self) -> None:
        def owned(*keys: int) -> Update:
            added = tuple(Oid("Member", key) for key in keys)
            return Update(Oid("Story", 5), (AttributeChange("Owners", UNREAD, added=added, is_multi=True),))

        assert ["  Story:5.Owners was to become +['Member:1'] -[], and now +['Member:1', 'Member:2'] -[]"] == (
            self.refusal([owned(1, 2)], items([owned(1)]))
        )

    def test_a_create_without_a_text_is_named_by_its_type(self) -> None:
        assert ["  1 to create are new: Story"] == self.refusal([new(1, 5)], [])

    @pytest.mark.parametrize("state", [DONE, FAILED])
    def test_what_fits(self, state: str) -> None:
        for planned, journal, extend in (
            ([new(1), changed(5, Order=1)], items([new(1), changed(5, Order=1), Delete(Oid("Story", 6))]), False),
            ([new(1, "a")], [], True),
            ([changed(5, Order=2)], items([changed(5, Order=1)]), True),
            ([new(1, "a")], items([new(1, "b")], state), True),
            ([changed(5, Order=1)], items([new(1, "b")]), True),
        ):
            parts = parts_of(planned, {})
            found = matched(parts, journal)
            check_fit("night", parts, found, extend=extend)
            assert len(parts) == len(found.known) + len(found.new)

    def test_extending_does_not_replace_what_was_never_sent(self) -> None:
        journal = items([new(1, "b")])
        assert 2 == len(self.refusal([new(1, "a")], journal, extend=True))
