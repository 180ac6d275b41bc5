"""Creates that were not answered: which of them the server has, judged from what a read shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assetmeta.backends import creations
from assetmeta.backends.creations import NOTHING, Finder, after_number, by_type, number_of, relation_condition
from assetmeta.backends.rest.codecs import Document
from assetmeta.model.codecs import Secret, Text
from assetmeta.model.conditions import And, Compare
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Create, Done, Fetch, Outcome, Row, Rows, Sort, Unknown
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.values import UNREAD, Oid


def attribute(name: str, kind: str = "Text", **more: Any) -> Attribute:
    return Attribute(name, kind, Document() if kind == "Json" else Text(), **more)


SCHEMA = Schema(
    {
        "Box": AssetType("Box", {one.name: one for one in (attribute("id"), attribute("name"))}, display="name"),
        "Thing": AssetType(
            "Thing",
            {
                one.name: one
                for one in (
                    attribute("id"),
                    attribute("name"),
                    attribute("note"),
                    attribute("bytes", "Blob"),
                    attribute("pin", "Password"),
                    attribute("rank", "Rank"),
                    attribute("more", "Json"),
                    Attribute("token", "Text", Secret()),
                    attribute("box", "Relation", related="Box"),
                    attribute("friends", "Relation", related="Thing", multi=True),
                )
            },
            display="name",
        ),
    }
)


def new(type_name: str, number: int, **values: object) -> Create:
    """A create; a tuple of assets is added to a list."""
    deltas = (
        AttributeChange(name, UNREAD, added=value, is_multi=True)
        if isinstance(value, tuple) and not isinstance(value, Oid)
        else AttributeChange(name, UNREAD, value)
        for name, value in values.items()
    )
    return Create(Oid.new(type_name, number), tuple(deltas))


def row(type_name: str, key: int | str, **cells: Any) -> Row:
    return Row(Oid(type_name, key), tuple(cells), tuple(cells.values()))


class Server:
    """Answers fetches with the rows of their type, and keeps what was asked."""

    def __init__(self, **rows: list[Row] | Exception) -> None:
        self.rows, self.asked = rows, []  # type: tuple[Any, list[Fetch]]

    def __call__(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        self.asked += fetches
        found = [self.rows.get(fetch.type_name, []) for fetch in fetches]
        for each in found:
            if isinstance(each, Exception):
                raise each
        yield Request("GET", "things")
        return [Rows(tuple(each)) for each in found]


def run(flow: Flow[Any]) -> Any:
    try:
        while True:
            next(flow)
    except StopIteration as stop:
        return stop.value


def find(server: Server, creates: list[Create], marks: Any = None, **more: Any) -> list[Outcome | None]:
    """What became of creates, after the id 10 of each type where nothing else is given."""
    marks = {"Box": {"after": 10}, "Thing": {"after": 10}} if marks is None else marks
    given: dict[str, Any] = {"claimed": (), "keys": {}, **more}
    found: list[Outcome | None] = run(Finder(SCHEMA, server, after_number("id"), marks, **given).find(creates))
    return found


def oids(outcomes: list[Outcome | None]) -> list[object]:
    """The assets of what is done, None for what is not there, and "?" for what nobody knows."""
    return [outcome.oid if isinstance(outcome, Done) else outcome and "?" for outcome in outcomes]


class TestMarks:
    """What is noted before creates are sent."""

    def test_the_highest_number_of_each_type_where_the_server_sorts(self) -> None:
        server = Server(Thing=[row("Thing", 7)])
        creates = [new("Thing", 1), new("Box", 2), new("Thing", 3)]
        assert {"Thing": {"after": 7}, "Box": {"after": 0}} == run(creations.highest(server, SCHEMA, creates, "Key"))
        key = Path.parse("Key")
        assert [Fetch(name, (key,), sort=(Sort(key, True),), size=1) for name in ("Thing", "Box")] == server.asked

    def test_the_highest_id_of_a_list(self) -> None:
        box = Oid("Box", 5)
        server = Server(Thing=[row("Thing", 7), row("Thing", 12), row("Thing", 9)], Box=[])
        creates = [new("Thing", 1, box=box), new("Box", 2), new("Thing", 3, box=box)]
        assert {"Thing": {"after": 12}, "Box": {"after": 0}} == run(creations.highest_listed(server, SCHEMA, creates))
        where = And((Compare(Path.parse("box"), "=", (box,)),))
        assert [Fetch("Thing", (Path.parse("id"),), where), Fetch("Box", (Path.parse("id"),))] == server.asked

    def test_below_assets_that_are_not_there_nothing_is(self) -> None:
        server = Server()
        creates = [new("Thing", 2, box=Oid.new("Box", 1))]
        assert {"Thing": {"after": 0}} == run(creations.highest_listed(server, SCHEMA, creates))
        assert [] == server.asked

    def test_types_that_cannot_be_listed_are_left_out(self) -> None:
        server = Server(Box=Unsupported("no list"), Thing=[row("Thing", 7)])
        creates = [new("Box", 1), new("Thing", 2)]
        assert {"Thing": {"after": 7}} == run(creations.highest_listed(server, SCHEMA, creates))

    @pytest.mark.parametrize(("key", "number"), [(5, 5), ("a/12", 12), ("a/b", 0), ("12", 12), ("a-12", 0)])
    def test_the_number_in_an_identity(self, key: int | str, number: int) -> None:
        assert number == number_of(Oid("Thing", key))

    def test_the_condition_for_what_is_new(self) -> None:
        assert Compare(Path.parse("id"), ">", (7,)) == after_number("id")("Thing", {"after": 7})

    def test_creates_by_type(self) -> None:
        one, two, three = new("Thing", 1), new("Box", 2), new("Thing", 3)
        assert [("Thing", [one, three]), ("Box", [two])] == [*by_type([one, two, three]).items()]


class TestNarrowing:
    """The condition for what is related as the creates are."""

    def test_relations_that_all_of_them_have(self) -> None:
        a, b = Oid("Box", 1), Oid("Box", 2)
        both = [new("Thing", 1, box=a), new("Thing", 2, box=b), new("Thing", 3, box=a)]
        assert And((Compare(Path.parse("box"), "=", (a, b)),)) == relation_condition(SCHEMA, both)
        assert relation_condition(SCHEMA, [*both, new("Thing", 4, name="x")]) is None
        assert relation_condition(SCHEMA, [new("Thing", 1, name="x")]) is None

    def test_new_assets_among_what_they_lead_to(self) -> None:
        a, coming = Oid("Box", 1), Oid.new("Box", 9)
        some = [new("Thing", 1, box=a), new("Thing", 2, box=coming)]
        assert And((Compare(Path.parse("box"), "=", (a,)),)) == relation_condition(SCHEMA, some)
        assert relation_condition(SCHEMA, some[1:]) is NOTHING

    def test_what_is_written_by_another_name_says_nothing(self) -> None:
        alias, key = Oid("Box", "main"), Oid("Box", 5)
        assert relation_condition(SCHEMA, [new("Thing", 1, box=alias)], lambda oid: oid != alias) is None
        assert relation_condition(SCHEMA, [new("Thing", 1, box=key)], lambda oid: oid != alias) is not None

    @pytest.mark.parametrize(("number", "narrowed"), [(100, True), (101, False)])
    def test_a_condition_has_a_hundred_values_at_most(self, number: int, narrowed: bool) -> None:
        several = [new("Thing", index, box=Oid("Box", index)) for index in range(number)]
        assert narrowed is (relation_condition(SCHEMA, several) is not None)


class TestFinding:
    """Which asset a create made."""

    def test_one_read_of_what_was_written_and_is_new(self) -> None:
        box = Oid("Box", 5)
        creates = [new("Thing", 1, name="a", box=box), new("Thing", 2, name="b", note="n", box=box)]
        rows = [row("Thing", 12, name="b", note="n", box=box), row("Thing", 11, name="a", note=None, box=box)]
        server = Server(Thing=rows)
        outcomes = find(server, creates)
        assert [Oid("Thing", 11), Oid("Thing", 12)] == oids(outcomes)
        assert all(isinstance(outcome, Done) and outcome.stale for outcome in outcomes)
        since, related = Compare(Path.parse("id"), ">", (10,)), Compare(Path.parse("box"), "=", (box,))
        names = tuple(map(Path.parse, ("name", "box", "note")))
        assert [Fetch("Thing", names, And((since, And((related,)))))] == server.asked

    def test_no_relations_are_requested_where_the_server_cannot_or_they_are_all_new(self) -> None:
        since = Compare(Path.parse("id"), ">", (10,))
        server = Server()
        find(server, [new("Thing", 1, name="a", box=Oid("Box", 5))], narrows=False)
        find(server, [new("Thing", 1, name="a", box=Oid.new("Box", 5))])
        assert [since, since] == [fetch.where for fetch in server.asked]

    def test_what_is_not_there_was_not_made(self) -> None:
        assert [None] == oids(find(Server(), [new("Thing", 1, name="a")]))
        assert [None] == oids(find(Server(Thing=[row("Thing", 11, name="b")]), [new("Thing", 1, name="a")]))

    def test_an_asset_is_made_by_one_create(self) -> None:
        twins = [new("Thing", number, name="a") for number in (1, 2, 3)]
        rows = [row("Thing", 13, name="a"), row("Thing", 11, name="a")]
        assert [Oid("Thing", 11), Oid("Thing", 13), None] == oids(find(Server(Thing=rows), twins))

    def test_what_is_claimed_or_was_known_is_not_new(self) -> None:
        create, rows = [new("Thing", 1, name="a")], [row("Thing", 11, name="a"), row("Thing", 12, name="a")]
        assert [Oid("Thing", 12)] == oids(find(Server(Thing=rows), create, claimed=[Oid("Thing", 11)]))
        known = {"Thing": {"after": 10, "known": [11]}}
        assert [Oid("Thing", 12)] == oids(find(Server(Thing=rows), create, known))

    def test_a_type_without_a_mark_is_not_read(self) -> None:
        server = Server(Thing=[row("Thing", 11, name="a")])
        [outcome] = find(server, [new("Thing", 1, name="a")], {})
        assert isinstance(outcome, Unknown)
        assert "does not show which assets of its type are new" in str(outcome.error)
        assert [] == server.asked

    @pytest.mark.parametrize("unreadable", [{"bytes": "x"}, {"pin": "x"}, {"rank": "x"}, {"token": "x"}])
    def test_what_cannot_be_read_is_not_compared(self, unreadable: dict[str, str]) -> None:
        server = Server(Thing=[row("Thing", 11, name="a")])
        assert [Oid("Thing", 11)] == oids(find(server, [new("Thing", 1, name="a", **unreadable)]))
        assert [(Path.parse("name"),)] == [fetch.select for fetch in server.asked]
        assert [None] == oids(find(server, [new("Thing", 1, **unreadable)]))

    def test_every_value_counts(self) -> None:
        create = [new("Thing", 1, name="a", note="n")]
        for note, found in (("n", Oid("Thing", 11)), ("m", "?"), (None, "?")):
            assert [found] == oids(find(Server(Thing=[row("Thing", 11, name="a", note=note)]), create))

    def test_documents_may_be_completed_but_not_changed(self) -> None:
        create = [new("Thing", 1, more={"a": 1})]
        for text, found in (
            ('{"a":1}', Oid("Thing", 11)),
            ('{"a":1,"b":2}', Oid("Thing", 11)),
            ('{"a":2}', None),
            ("[]", None),
        ):
            assert [found] == oids(find(Server(Thing=[row("Thing", 11, more=text)]), create))

    def test_what_is_written_by_another_name_is_not_compared(self) -> None:
        alias = Oid("Box", "main")
        creates = [new("Thing", 1, name="a", box=alias), new("Thing", 2, name="b", friends=(Oid("Thing", "x"),))]
        rows = [row("Thing", 11, name="a", box=Oid("Box", 5)), row("Thing", 12, name="b", friends=())]
        found = find(Server(Thing=rows), creates, is_key=lambda oid: isinstance(oid.key, int))
        assert [Oid("Thing", 11), Oid("Thing", 12)] == oids(found)


class TestParts:
    """Assets that refer to others that were made with them."""

    def test_parts_are_found_below_what_their_parent_became(self) -> None:
        box = new("Box", 1, name="b")
        part = new("Thing", 2, name="a", box=box.oid)
        rows = [row("Thing", 21, name="a", box=Oid("Box", 12)), row("Thing", 20, name="a", box=Oid("Box", 99))]
        server = Server(Box=[row("Box", 12, name="b")], Thing=rows)
        assert [Oid("Box", 12), Oid("Thing", 21)] == oids(find(server, [box, part]))

    def test_of_assets_that_are_alike_the_one_that_has_the_parts(self) -> None:
        boxes = [new("Box", 1, name="b"), new("Box", 2, name="b")]
        parts = [new("Thing", 3, name="x", box=boxes[0].oid), new("Thing", 4, name="y", box=boxes[1].oid)]
        rows = [row("Thing", 21, name="x", box=Oid("Box", 12)), row("Thing", 22, name="y", box=Oid("Box", 11))]
        server = Server(Box=[row("Box", 11, name="b"), row("Box", 12, name="b")], Thing=rows)
        found = oids(find(server, [*boxes, *parts]))
        assert [Oid("Box", 12), Oid("Box", 11), Oid("Thing", 21), Oid("Thing", 22)] == found

    def test_without_its_parent_a_part_was_not_made(self) -> None:
        box = new("Box", 1, name="b")
        server = Server(Thing=[row("Thing", 21, name="a", box=Oid("Box", 12))])
        assert [None, None] == oids(find(server, [box, new("Thing", 2, name="a", box=box.oid)]))

    def test_what_refers_to_an_asset_in_doubt_is_in_doubt(self) -> None:
        one = new("Thing", 1, name="a", note="n")
        two = new("Thing", 2, name="b", friends=(one.oid,))
        outcomes = find(Server(Thing=[row("Thing", 11, name="a", note="else")]), [one, two])
        assert ["?", "?"] == oids(outcomes)
        assert "Thing:11, which was created since, has its name and relations" in str(outcomes[0].error)  # type: ignore[union-attr]
        assert "refers to an asset of which the same is true" in str(outcomes[1].error)  # type: ignore[union-attr]


class TestDoubt:
    """An asset with the name and the relations of a create, and other values."""

    def test_the_name_and_all_relations_make_a_doubt(self) -> None:
        box = Oid("Box", 5)
        create = [new("Thing", 1, name="a", note="n", box=box)]
        for name, there, found in (("a", box, "?"), ("b", box, None), ("a", Oid("Box", 6), None)):
            rows = [row("Thing", 11, name=name, note="else", box=there)]
            assert [found] == oids(find(Server(Thing=rows), create))

    def test_another_create_s_asset_makes_none(self) -> None:
        creates = [new("Thing", 1, name="a", note="n"), new("Thing", 2, name="a", note="m")]
        assert [Oid("Thing", 11), None] == oids(find(Server(Thing=[row("Thing", 11, name="a", note="n")]), creates))

    def test_an_answer_without_the_name_makes_none(self) -> None:
        assert [None] == oids(
            find(Server(Thing=[row("Thing", 11, note="else")]), [new("Thing", 1, name="a", note="n")])
        )


class TestKeys:
    """Types of which the user names an attribute that tells assets apart."""

    def test_the_key_alone_decides(self) -> None:
        creates = [new("Thing", 1, name="a", note="n"), new("Thing", 2, name="b", note="n")]
        server = Server(Thing=[row("Thing", 3, name="a", note="else", box=None)])
        assert [Oid("Thing", 3), None] == oids(find(server, creates, {}, keys={"Thing": "name"}))
        assert [Compare(Path.parse("name"), "=", ("a", "b"))] == [fetch.where for fetch in server.asked]

    def test_assets_that_were_known_count_for_a_key(self) -> None:
        marks = {"Thing": {"known": [3]}}
        rows = [row("Thing", 3, name="a")]
        found = find(Server(Thing=rows), [new("Thing", 1, name="a")], marks, keys={"Thing": "name"})
        assert [Oid("Thing", 3)] == oids(found)

    def test_a_key_that_several_assets_have_settles_nothing(self) -> None:
        rows = [row("Thing", number, name="a") for number in range(1, 8)]
        [outcome] = find(Server(Thing=rows), [new("Thing", 1, name="a")], {}, keys={"Thing": "name"})
        assert isinstance(outcome, Unknown)
        assert "7 assets have its key (Thing:1, Thing:2, Thing:3, Thing:4, Thing:5)" in str(outcome.error)
