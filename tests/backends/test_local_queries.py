"""Queries over lists that a server sends: windows, conditions, order and what is read along, without a dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.backends.local.executor import (
    Cursor,
    Page,
    UnorderedSource,
    execute,
    execute_all,
    refuse,
    split,
)
from assetmeta.backends.local.operators import compares_attributes, equality, matches, paths_in, slice_rows, sort_rows
from assetmeta.backends.local.prefetch import all_paths, own_names, path_tree, prefetch
from assetmeta.backends.local.records import RowStore, aggregate, decode_cell
from assetmeta.backends.rest.codecs import Document, Link, Real
from assetmeta.model.codecs import Integer, Text
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import NotFound, Unsupported
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Find, RawValue, Row, Rows, Sort
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.values import Oid


def attributes(*names: str) -> dict[str, Attribute]:
    made = {
        "name": Attribute("name", "Text", Text()),
        "size": Attribute("size", "Integer", Integer()),
        "weight": Attribute("weight", "Real", Real()),
        "papers": Attribute("papers", "Json", Document()),
        "box": Attribute("box", "Relation", Link("Box"), related="Box"),
        "tags": Attribute("tags", "Text", Text(), multi=True),
        "things": Attribute("things", "Relation", Link("Thing"), related="Thing", multi=True),
        "shelf": Attribute("shelf", "Relation", Link("FileCache"), related="FileCache"),
    }
    return {name: made[name] for name in names}


SCHEMA = Schema(
    {
        "Thing": AssetType("Thing", attributes("name", "size", "weight", "papers", "box", "tags")),
        "Box": AssetType("Box", attributes("name", "shelf", "things")),
        "FileCache": AssetType("FileCache", attributes("name")),
    }
)


def thing(number: int) -> Oid:
    return Oid("Thing", number)


def path(text: str) -> Path:
    return Path.parse(text)


def compare(text: str, word: str, *values: object) -> Compare:
    return Compare(path(text), word, values)


class Shop(UnorderedSource):
    """A server of lists in pages of two. It keeps the pages that it sent and what it was asked for beyond them."""

    def __init__(self, number: int = 7, *, total: int | None = None, is_sorted: bool = False, start: int = 0) -> None:
        self._known = RowStore(SCHEMA)
        self.things = [thing(each) for each in range(number)]
        self.total, self.is_sorted, self.start = total, is_sorted, start
        self.pages: list[int] = []
        self.asked: list[tuple[str, list[object], list[str]]] = []

    schema = SCHEMA

    @property
    def known(self) -> RowStore:
        return self._known

    def unlisted(self, type_name: str) -> tuple[str, ...]:
        return ("tags", "things")

    def first(self, wanted: Fetch) -> Cursor:
        return Cursor(self.start, self.start) if self.start else Cursor()

    def sorts(self, wanted: Fetch) -> bool:
        return self.is_sorted

    def count(self, wanted: Fetch) -> Any:
        yield from ()
        return self.total

    def page(self, wanted: Fetch, at: object) -> Any:
        yield from ()
        first = at if isinstance(at, int) else 0
        self.pages.append(first)
        part = self.things[first : first + 2]
        for oid in part:
            number = int(str(oid.key))
            cells: dict[str, RawValue] = {"name": f"t{number}", "size": number % 3, "box": Oid("Box", number // 2)}
            self.known.add(oid, cells)
        return Page(part, first + 2 if first + 2 < len(self.things) else None)

    def load_missing(self, type_name: str, oids: Sequence[Oid], names: Any) -> Any:
        yield from ()
        self.asked.append((type_name, [oid.key for oid in oids], list(names)))
        for oid in oids:
            told: dict[str, RawValue] = {
                "name": f"{type_name}{oid.key}".lower(),
                "shelf": Oid("FileCache", 1),
                "tags": ("x",),
            }
            self.known.add(oid, {name: told[name] for name in names if name in told})


def run(flow: Any) -> Any:
    try:
        next(flow)
    except StopIteration as end:
        return end.value
    raise AssertionError("nothing was to be requested")


def keys(rows: Rows) -> list[object]:
    return [row.oid.key for row in rows.rows]


class TestWindows:
    @pytest.mark.parametrize("is_sorted", [True, False])
    def test_all_windows_are_those_of_the_list(self, is_sorted: bool) -> None:
        order = (Sort(path("name")),)
        for number, start, size in product((0, 1, 2, 4, 5), (0, 1, 2, 3, 9), (None, 1, 2, 3, 9)):
            shop = Shop(number, is_sorted=is_sorted)
            rows = run(execute(shop, Fetch("Thing", (path("name"),), sort=order, start=start, size=size)))
            whole = list(range(number))
            assert whole[start : None if size is None else start + size] == keys(rows)
            if size is not None and start + size < number:
                assert rows.more
            if size is None:
                assert not rows.more

    def test_pages_are_read_no_further_than_needed(self) -> None:
        for start, size, pages in (
            (0, 1, [0]),
            (0, 2, [0]),
            (0, 3, [0, 2]),
            (1, 1, [0]),
            (2, 2, [0, 2]),
            (5, 9, [0, 2, 4, 6]),
        ):
            shop = Shop()
            run(execute(shop, Fetch("Thing", start=start, size=size)))
            assert pages == shop.pages

    def test_there_is_more_behind_a_window_that_ends_within_or_at_a_page(self) -> None:
        found = [run(execute(Shop(4), Fetch("Thing", size=size))).more for size in (1, 2, 3, 4, 5)]
        assert [True, True, True, False, False] == found
        found = [run(execute(Shop(3), Fetch("Thing", size=size))).more for size in (2, 3)]
        assert [True, False] == found

    def test_a_server_that_skips_is_not_read_from_the_start(self) -> None:
        shop = Shop(start=4)
        rows = run(execute(shop, Fetch("Thing", start=5, size=1)))
        assert ([5], [4]) == (keys(rows), shop.pages)

    def test_conditions_are_checked_before_the_window_is_cut(self) -> None:
        shop = Shop(9)
        rows = run(execute(shop, Fetch("Thing", where=compare("size", "=", 0), start=1, size=1)))
        assert ([3], [0, 2], True) == (keys(rows), shop.pages, rows.more)

    def test_parts_join_to_the_whole(self) -> None:
        for part, where in product((1, 2, 3, 4), (None, compare("size", "!=", 1))):
            wanted = Fetch("Thing", where=where, start=1, size=4, page_size=part)
            whole = run(execute(Shop(), Fetch("Thing", where=where, start=1, size=4)))
            found: list[object] = []
            after: object = None
            shop = Shop()
            while True:
                rows = run(execute(shop, Fetch("Thing", where=where, start=1, size=4, page_size=part, cursor=after)))
                assert len(rows.rows) <= part + 1
                found += keys(rows)
                after = rows.next_cursor
                if after is None:
                    break
                assert rows.more and len(rows.rows) >= part
            assert keys(whole) == found, wanted
            assert sorted(set(shop.pages)) == shop.pages

    def test_what_one_page_contained_is_dropped_before_the_next(self) -> None:
        shop = Shop()
        run(execute(shop, Fetch("Thing")))
        assert [6] == [oid.key for oid in shop.known.cells]

    def test_an_empty_window_is_no_request_and_counted_by_the_server_where_it_can(self) -> None:
        shop = Shop(total=40)
        assert Rows() == run(execute(shop, Fetch("Thing", size=0)))
        assert Rows(total=40) == run(execute(shop, Fetch("Thing", size=0, counted=True)))
        assert [] == shop.pages
        shop = Shop(5)
        assert Rows(total=5, more=True) == run(execute(shop, Fetch("Thing", size=0, counted=True)))
        assert [0, 2, 4] == shop.pages

    def test_counting_reads_all_and_counts_what_matches(self) -> None:
        shop = Shop()
        rows = run(execute(shop, Fetch("Thing", where=compare("size", ">=", 1), size=1, counted=True)))
        assert (4, [1], True) == (rows.total, keys(rows), rows.more)
        assert run(execute(Shop(), Fetch("Thing", sort=(Sort(path("size")),)))).total is None

    def test_windows_of_whole_lists(self) -> None:
        oids = [thing(number) for number in range(3)]
        assert (oids, False) == slice_rows(oids, 0, None)
        assert (oids, False) == slice_rows(oids, 0, 3)
        assert (oids[:2], True) == slice_rows(oids, 0, 2)
        assert (oids[1:3], False) == slice_rows(oids, 1, 2)
        assert (oids[1:2], True) == slice_rows(oids, 1, 1)
        assert ([], False) == slice_rows(oids, 3, 1)


class TestWhatIsReadAlong:
    def test_related_assets_of_the_window_alone_once_each(self) -> None:
        shop = Shop()
        select = (path("name"), path("box.name"), path("box.shelf.name"))
        rows = run(execute(shop, Fetch("Thing", select, start=1, size=3)))
        # Pages are gone through one by one.
        expected = [("Box", [0], ["name", "shelf"]), ("FileCache", [1], ["name"])]
        expected += [("Box", [1], ["name", "shelf"]), ("FileCache", [1], ["name"])]
        assert expected == [each for each in shop.asked if each[0] != "Thing"]
        assert {"Box", "FileCache"} == {row.oid.type for row in rows.related}

    def test_what_conditions_need_of_related_assets_is_read_for_those_that_pass_the_near_ones(self) -> None:
        shop = Shop(2)
        where = And((compare("size", "=", 1), compare("box.name", "=", "box0")))
        assert [1] == keys(run(execute(shop, Fetch("Thing", where=where))))
        assert [("Thing", [1], ["box"]), ("Box", [0], ["name"])] == shop.asked
        shop = Shop(2)
        assert [] == keys(run(execute(shop, Fetch("Thing", where=compare("box.name", "=", "other")))))

    def test_what_order_needs_is_read_for_all_at_once(self) -> None:
        shop = Shop(4)
        rows = run(execute(shop, Fetch("Thing", sort=(Sort(path("box.name"), True),), size=3)))
        assert [2, 3, 0] == keys(rows)
        assert [("Thing", [0, 1, 2, 3], ["box"]), ("Box", [0, 1], ["name"])] == shop.asked

    def test_a_list_that_is_made_by_asking_is_read_and_nothing_else(self) -> None:
        shop = Shop(2)
        rows = run(execute(shop, Fetch("Thing", (path("name"), path("size"), path("tags")))))
        assert [("Thing", [0, 1], ["tags"])] == shop.asked
        assert [("x",), ("x",)] == [dict(zip(row.columns, row.values, strict=True))["tags"] for row in rows.rows]

    def test_computed_values_stand_under_their_paths(self) -> None:
        shop = Shop(1)
        [row] = run(execute(shop, Fetch("Thing", (path("name"), path("tags.@Count"))))).rows
        assert (("name", "size", "box", "tags", "tags.@Count"), 1) == (row.columns, row.values[-1])

    def test_nothing_is_sent_back_of_assets_that_a_page_held_and_no_window(self) -> None:
        rows = run(execute(Shop(2), Fetch("Thing", size=1)))
        assert ([0], ()) == (keys(rows), rows.related)

    def test_types_without_a_name_are_passed_over_and_each_asset_is_requested_once(self) -> None:
        shop = Shop()
        oids = [thing(1), Oid("FileCache", 1), thing(1), Oid("Box", 2)]
        run(prefetch(shop, oids, {"size": {}, "name": {}, "name.@CleanText": {}}))
        expected = [
            ("Thing", [1], ["size", "name", "name.@CleanText"]),
            ("FileCache", [1], ["name", "name.@CleanText"]),
        ]
        assert [*expected, ("Box", [2], ["name", "name.@CleanText"])] == shop.asked
        shop = Shop()
        run(prefetch(shop, [thing(1)], {}))
        assert [] == shop.asked

    def test_conditions_are_split_by_who_decides_them(self) -> None:
        near, far, made = compare("size", "=", 1), compare("box.name", "=", "a"), compare("tags", "=", "a")
        both = Or((near, far))

        def parts(*terms: Term) -> tuple[Term | None, Term | None]:
            return split(Shop().unlisted("Thing"), Fetch("Thing", where=And(terms)))

        assert (near, far) == parts(near, far)
        assert (None, And((far, both))) == parts(far, both)
        assert (And((near, near)), made) == parts(near, made, near)
        assert (None, None) == split(Shop().unlisted("Thing"), Fetch("Thing"))


class TestMissing:
    def read(self, *fetches: Fetch, number: int = 0) -> list[Rows]:
        found: list[Rows] = run(execute_all(fetches, lambda: Shop(number)))
        return found

    def test_one_asset_that_is_named_alone_is_not_found(self) -> None:
        for oids in ((thing(9),), (thing(9), thing(9))):
            with pytest.raises(NotFound, match="Thing:9") as caught:
                self.read(Fetch("Thing", oids=oids))
            assert ("Thing:9", 404) == (caught.value.oid, caught.value.status)

    def test_several_are_left_out(self) -> None:
        alone = Fetch("Thing", oids=(thing(9),))
        assert [[]] == [keys(rows) for rows in self.read(Fetch("Thing", oids=(thing(8), thing(9))))]
        assert [[]] == [keys(rows) for rows in self.read(Fetch("Thing", oids=()))]
        assert [[]] == [keys(rows) for rows in self.read(Fetch("Thing"))]
        assert [[], []] == [keys(rows) for rows in self.read(alone, alone)]
        assert [[]] == [
            keys(rows) for rows in self.read(Fetch("Thing", oids=alone.oids, where=compare("size", "=", 1)))
        ]


def is_refused(wanted: Fetch, **more: Any) -> bool:
    try:
        refuse(wanted, "Shop", **more)
    except Unsupported:
        return True
    return False


class TestRefusals:
    @pytest.mark.parametrize(
        ("wanted", "words"),
        [
            (Fetch("Thing", history=True), "past"),
            (Fetch("Thing", asof=5), "past"),
            (Fetch("Thing", oids=(thing(1), Oid("Thing", 2, 5))), "past"),
            (Fetch("Thing", find=Find("a")), "text search"),
            (Fetch("Thing", deleted=True), "deleted"),
            (Fetch("Thing", where=RawFilter("a=1")), "filter language"),
            (Fetch("Thing", where=And((compare("size", "=", 1), Not(RawFilter("a=1"))))), "filter language"),
            (Fetch("Thing", (Path((Step("box", where=compare("name", "=", "a")), Step("name"))),)), "narrowed"),
            (Fetch("Thing", (path("size"), path("box.name.@CleanText"))), "cleaned"),
            (Fetch("Thing", where=Exists(path("box.name.@CleanText"))), "cleaned"),
            (Fetch("Thing", sort=(Sort(path("box.name.@CleanText")),)), "cleaned"),
        ],
    )
    def test_what_a_server_of_lists_cannot_do(self, wanted: Fetch, words: str) -> None:
        with pytest.raises(Unsupported, match=words):
            refuse(wanted, "Shop")

    def test_what_it_can(self) -> None:
        can = Fetch("Thing", (path("name.@CleanText"),), oids=(thing(1),), where=compare("size", "=", 1))
        old, gone = Oid("Thing", 1, 77), Fetch("Thing", deleted=True)
        assert [False, True] == [is_refused(can), is_refused(replace(can, oids=(thing(1), old)))]
        assert [False, True] == [is_refused(gone, keeps_deleted=True), is_refused(gone)]


def known(*cells: dict[str, RawValue]) -> RowStore:
    """The things 0, 1, 2, ... with these cells."""
    found = RowStore(SCHEMA)
    for number, each in enumerate(cells):
        found.add(thing(number), each)
    return found


def matching(term: Term | None, data: RowStore) -> list[object]:
    return [oid.key for oid in data.cells if matches(term, data, oid)]


class TestConditions:
    SIZES = known({"size": 1}, {"size": 2}, {"size": 3}, {"size": None}, {})

    @pytest.mark.parametrize(
        ("word", "values", "found"),
        [
            ("=", (2,), [1]),
            ("=", (2, 3), [1, 2]),
            ("=", (), []),
            ("!=", (2,), [0, 2, 3, 4]),
            ("!=", (2, 3), [0, 3, 4]),
            ("<", (2,), [0]),
            ("<=", (2,), [0, 1]),
            (">", (2,), [2]),
            (">=", (2,), [1, 2]),
            (">", (9, 1), [1, 2]),
            ("<", ("a",), []),
            ("==", (2,), [1]),
        ],
    )
    def test_operators(self, word: str, values: tuple[object, ...], found: list[object]) -> None:
        assert found == matching(Compare(path("size"), word, values), self.SIZES)

    def test_combinations(self) -> None:
        small, large = compare("size", "<", 3), compare("size", ">", 1)
        assert [1] == matching(And((small, large)), self.SIZES)
        assert [0, 1, 2] == matching(Or((small, large)), self.SIZES)
        assert [2, 3, 4] == matching(Not(small), self.SIZES)
        assert [0, 1, 2, 3, 4] == matching(None, self.SIZES)
        assert [0, 1, 2] == matching(Exists(path("size")), self.SIZES)
        assert [3, 4] == matching(Exists(path("size"), present=False), self.SIZES)
        with pytest.raises(Unsupported):
            matching(RawFilter("a"), self.SIZES)

    def test_any_of_several_values_counts_and_none_for_its_opposite(self) -> None:
        data = known({"tags": ("a", "b")}, {"tags": ()}, {"tags": ("B",)}, {"tags": ("",)})
        assert [0] == matching(compare("tags", "=", "b"), data)
        assert [1, 2, 3] == matching(compare("tags", "!=", "b"), data)
        assert [0, 2] == matching(compare("tags", "~=", "b"), data)
        assert [0] == matching(compare("tags", "~=", "x", "A"), data)
        assert [0, 2] == matching(Exists(path("tags")), data)

    def test_pieces_of_json_have_no_hash_and_are_compared(self) -> None:
        data = known({"papers": '{"a":1}'}, {"papers": "[1]"}, {"papers": "1"})
        assert [0] == matching(compare("papers", "=", {"a": 1}), data)
        assert [1, 2] == matching(compare("papers", "!=", {"a": 1}), data)
        assert [2] == matching(compare("papers", "=", 1, "x"), data)
        assert [1] == matching(compare("papers", "=", "x", [1]), data)

    def test_attributes_are_compared_with_each_other(self) -> None:
        data = known({"size": 1, "weight": 1.0}, {"size": 1, "weight": 2.0}, {"size": 3, "weight": 2.0}, {"size": 3})
        other = path("weight")
        assert [0] == matching(Compare(path("size"), "=", (other,)), data)
        assert [1, 2, 3] == matching(Compare(path("size"), "!=", (other,)), data)
        assert [1] == matching(Compare(path("size"), "<", (other,)), data)
        assert [0, 2, 3] == matching(Compare(path("size"), "=", (other, 3)), data)
        assert compares_attributes(Not(Compare(path("size"), "=", (1, other))))
        assert not compares_attributes(Or((compare("size", "=", 1), Exists(path("size")), RawFilter("x"))))

    def test_paths_that_a_condition_looks_at(self) -> None:
        term = And((Compare(path("size"), "=", (1, path("weight"))), Not(Exists(path("name"))), RawFilter("x")))
        assert ["size", "weight", "name"] == [str(each) for each in paths_in(term)]
        assert [] == list(paths_in(None))

    def test_plain_equalities(self) -> None:
        assert ("size", (1, 2)) == equality(compare("size", "=", 1, 2))
        others: Iterator[Term] = iter(
            (
                compare("size", "!=", 1),
                compare("size", "<", 1),
                compare("size", "="),
                compare("tags.@Count", "=", 1),
                Compare(path("size"), "=", (1, path("weight"))),
                Exists(path("size")),
                And((compare("size", "=", 1),)),
            )
        )
        assert all(equality(other) is None for other in others)


class TestOrder:
    def order(self, data: RowStore, *sorts: str) -> list[object]:
        keys = [Sort(path(text.removeprefix("-")), text.startswith("-")) for text in sorts]
        return [oid.key for oid in sort_rows(list(data.cells), keys, data)]

    def test_the_first_key_counts_most_and_equals_stay(self) -> None:
        data = known(
            {"size": 2, "name": "b"}, {"size": 1, "name": "b"}, {"size": 1, "name": "a"}, {"size": 1, "name": "a"}
        )
        assert [2, 3, 1, 0] == self.order(data, "size", "name")
        assert [2, 3, 1, 0] == self.order(data, "name", "size")
        assert [0, 2, 3, 1] == self.order(data, "-size", "name")
        assert [1, 2, 3, 0] == self.order(data, "size")
        assert [0, 1, 2, 3] == self.order(data, "-size")
        assert [0, 1, 2, 3] == self.order(data)

    def test_those_without_a_value_come_last_whichever_the_direction(self) -> None:
        data = known({}, {"size": 1}, {"size": None}, {"size": 2})
        assert [1, 3, 0, 2] == self.order(data, "size")
        assert [3, 1, 0, 2] == self.order(data, "-size")

    def test_of_several_values_the_smallest_or_the_largest_counts(self) -> None:
        data = known({"tags": ("a", "z")}, {"tags": ("b", "c")}, {"tags": ()})
        assert [0, 1, 2] == self.order(data, "tags")
        assert [0, 1, 2] == self.order(data, "-tags")
        data = known({"tags": ("b", "c")}, {"tags": ("z", "a")})
        assert [1, 0] == self.order(data, "tags")
        assert [1, 0] == self.order(data, "-tags")

    def test_letter_case_counts_last(self) -> None:
        data = known({"name": "b"}, {"name": "B"}, {"name": "a"}, {"name": "C"})
        assert [2, 1, 0, 3] == self.order(data, "name")

    def test_kinds_are_kept_apart_and_assets_are_ordered_by_key(self) -> None:
        boxes = known({"box": Oid("Box", 10)}, {"box": Oid("Box", 9)}, {"box": Oid("Box", "a")})
        assert [1, 0, 2] == self.order(boxes, "box")
        data = known({"papers": '"x"'}, {"papers": "2"}, {"papers": "1.5"})
        assert [2, 1, 0] == self.order(data, "papers")

    def test_what_has_no_order_is_refused(self) -> None:
        with pytest.raises(Unsupported, match="papers"):
            self.order(known({"papers": '{"a":1}'}, {"papers": '{"a":2}'}), "papers")


class TestKnown:
    def test_what_comes_later_is_added(self) -> None:
        data = known({"name": "a", "size": 1})
        data.add(thing(0), {"size": 2})
        assert {"name": "a", "size": 2} == data.cells[thing(0)]
        assert [thing(1)] == data.missing([thing(0), thing(1), thing(1)], "size")
        assert [thing(0), thing(1)] == data.missing([thing(0), thing(1)], "weight")
        assert (True, False) == (data.has(thing(0), "size"), data.has(thing(0), "shelf"))

    def test_members_and_targets(self) -> None:
        one, two = Oid("Box", 1), Oid("Box", 2)
        data = known({"box": one, "tags": ("a", "b")}, {"box": one, "tags": None}, {"box": two}, {"box": "?"})
        assert ((one,), ("a", "b"), ()) == (
            data.members(thing(0), "box"),
            data.members(thing(0), "tags"),
            data.members(thing(1), "tags"),
        )
        assert [one, two] == data.related_ids([thing(each) for each in range(4)], "box")

    def test_answers_are_known_with_their_related_assets(self) -> None:
        rows = Rows((Row(thing(1), ("name",), ("a",)),), (Row(Oid("Box", 1), ("name",), ("b",)),))
        more = Rows((Row(thing(2), ("name",), ("c",)),))
        data = RowStore.of(SCHEMA, rows, more)
        assert [thing(1), Oid("Box", 1), thing(2)] == list(data.cells)
        assert data.row(thing(1)).columns is data.row(thing(2)).columns

    def test_paths_lead_through_all_members(self) -> None:
        data = known({"name": "a", "size": 1}, {"name": "b", "size": None})
        box = Oid("Box", 1)
        data.add(box, {"things": (thing(0), thing(1), thing(7))})
        assert ["a", "b"] == data.values(box, path("things.name"))
        assert [1] == data.values(box, path("things.size"))
        assert [3] == data.values(box, path("things.@Count"))
        assert [] == data.values(box, path("shelf.name"))

    def test_aggregates(self) -> None:
        assert (3, 2, 4, 1, 2) == tuple(
            aggregate(word, [1, 1, 2]) for word in ("Count", "DistinctCount", "Sum", "Min", "Max")
        )
        assert (1, 2) == (aggregate("MinDate", [2, 1]), aggregate("MaxDate", [2, 1]))
        assert (0, 0, 0, None, None) == tuple(
            aggregate(word, []) for word in ("Count", "DistinctCount", "Sum", "Min", "Max")
        )
        assert (None, None, "zero") == (
            aggregate("MinDate", []),
            aggregate("MaxDate", []),
            aggregate("Sum", [], "zero"),
        )
        assert Decimal("3.5") == aggregate("Sum", [Decimal("1.5"), 2, "no number"])
        assert 0.5 == aggregate("Sum", [0.5])
        assert timedelta(3) == aggregate("Sum", [timedelta(1), timedelta(2)])

    def test_what_cannot_be_decoded_stays(self) -> None:
        size = SCHEMA.attribute("Thing", "size")
        assert (5, "five", None) == tuple(decode_cell(size, raw) for raw in ("5", "five", None))
        assert ("5", ("5",)) == (decode_cell(None, "5"), decode_cell(size, ("5",)))

    def test_computed_cells_are_raw(self) -> None:
        data = known({"tags": ("a", "b"), "papers": '{"a":1}'})
        assert (2, 0) == (data.cell(thing(0), path("tags.@Count")), data.cell(thing(1), path("tags.@Count")))
        assert data.cell(thing(0), path("size.@Max")) is None
        assert '{"a":1}' == data.cell(thing(0), path("papers"))


class TestTrees:
    def test_names_share_their_beginnings(self) -> None:
        found = path_tree(map(path, ("name", "box.name", "box.shelf.name", "things.@Count", "text.@CleanText")))
        assert {"name": {}, "box": {"name": {}, "shelf": {"name": {}}}, "things": {}, "text.@CleanText": {}} == found

    def test_all_that_a_fetch_mentions(self) -> None:
        wanted = Fetch("Thing", (path("name"),), compare("box.name", "=", "a"), (Sort(path("size")),))
        assert ["name", "box.name", "size"] == [str(each) for each in all_paths(wanted)]
        assert ["name", "box", "size"] == own_names(wanted)
