"""How much one request carries: keys, pages, queries, writes and URLs, each at its limit and one beyond."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.bulk_request import LARGEST
from assetmeta.backends.versionone.partitions import exclusion, partition
from assetmeta.model.conditions import And, Compare, Or, leaves
from assetmeta.model.errors import BadValue, InvalidResponse, NotExactlyOne, NotFound
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Change, Fetch, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]
LIMITS = ("max_keys", "max_values", "max_page", "max_queries", "max_batch", "max_bulk", "max_lanes")


def answer(*sets: list[dict[str, Any]]) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(list(sets)).encode())


def xml(body: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, body.encode())


def stories(number: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"_oid": f"Story:{key}"} for key in range(start, start + number)]


def documents(request: Request) -> list[dict[str, Any]]:
    assert isinstance(request.body, bytes)
    found = json.loads(request.body)
    return found if isinstance(found, list) else [found]


def rounds(flow: Any, reply: Callable[[Request], Response]) -> list[list[Request]]:
    """The requests of a flow, round by round."""
    found = []
    try:
        yielded = next(flow)
        while True:
            several = yielded if isinstance(yielded, tuple) else (yielded,)
            found.append(list(several))
            sent = tuple(reply(each) for each in several)
            yielded = flow.send(sent if isinstance(yielded, tuple) else sent[0])
    except StopIteration:
        return found


class TestSettings:
    def test_the_limits_of_a_server_that_was_not_described(self) -> None:
        backend = VersionOne()
        assert (500, 1000, 2000, 8, 64, 200, 4) == tuple(getattr(backend, name) for name in LIMITS)
        assert set(LIMITS) == {each.name for each in dataclasses.fields(backend) if each.name.startswith("max_")}

    @pytest.mark.parametrize("name", LIMITS)
    def test_every_limit_is_at_least_one(self, name: str) -> None:
        assert 1 == getattr(VersionOne(**{name: 1}), name)
        with pytest.raises(BadValue, match=f"{name}=0 must be at least 1"):
            VersionOne(**{name: 0})

    def test_what_was_learned_of_a_server_is_not_copied(self) -> None:
        backend = VersionOne()
        backend.seen.bulk = False
        assert dataclasses.replace(backend, rest="rest-1.oauth.v1").seen.bulk is None


class TestReads:
    def test_a_page_has_as_many_assets_as_are_left(self, v1_schema: Schema, play: Play) -> None:
        fetch = Fetch("Story", start=4, size=5)
        [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), answer(stories(3)), answer(stories(2, 3)))
        pages = [document["page"] for request in made for document in documents(request)]
        assert [{"start": 4, "size": 3}, {"start": 7, "size": 2}] == pages
        assert (5, True) == (len(rows.rows), rows.more)

    def test_a_page_that_is_not_full_ends_the_result(self, v1_schema: Schema, play: Play) -> None:
        for fetch, number, more in (
            (Fetch("Story"), 2, False),
            (Fetch("Story", size=3), 2, False),
            (Fetch("Story", size=3), 0, False),
            (Fetch("Story", size=3), 3, True),
        ):
            [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), answer(stories(number)))
            assert (number, more, 1) == (len(rows.rows), rows.more, len(made))

    def test_a_full_last_page_takes_one_more_request(self, v1_schema: Schema, play: Play) -> None:
        fetch = Fetch("Story", counted=True)
        [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), answer(stories(3)), answer([]))
        assert (3, 3, False, 2) == (len(rows.rows), rows.total, rows.more, len(made))

    def test_a_total_is_known_where_the_end_was_reached(self, v1_schema: Schema, play: Play) -> None:
        fetch = Fetch("Story", start=10, size=3, counted=True)
        [rows], made = play(VersionOne().fetch(v1_schema, [fetch]), answer(stories(2)))
        assert (12, False, 1) == (rows.total, rows.more, len(made))
        total = xml('<Assets total="4711"/>')
        [rows], made = play(VersionOne().fetch(v1_schema, [fetch]), answer(stories(3)), total)
        assert (4711, True) == (rows.total, rows.more)
        [rows], made = play(VersionOne().fetch(v1_schema, [fetch]), answer([]), total)
        assert (4711, False, 2) == (rows.total, rows.more, len(made))
        [rows], made = play(VersionOne().fetch(v1_schema, [replace(fetch, size=1)]), answer([]), total)
        assert (4711, 2) == (rows.total, len(made))
        [rows], made = play(VersionOne().fetch(v1_schema, [replace(fetch, start=0, size=1)]), answer([]))
        assert (0, 1) == (rows.total, len(made))
        [rows], made = play(VersionOne().fetch(v1_schema, [replace(fetch, size=0)]), total)
        assert (4711, [("sel", ""), ("page", "1,0"), ("needTotal", "true")]) == (rows.total, list(made[0].query))

    def test_a_count_without_a_total_pages_through_identities(self, v1_schema: Schema, play: Play) -> None:
        fetch = Fetch("Story", select=(Path.parse("Name"),), sort=(Sort(Path.parse("Name")),), size=0, counted=True)
        pages = [answer(stories(3)), answer(stories(1, 3))]
        [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), xml("<Assets/>"), *pages)
        assert 4 == rows.total
        assert [{"from": "Story", "page": {"start": start, "size": 3}} for start in (0, 3)] == [
            document for request in made[1:] for document in documents(request)
        ]

    @pytest.mark.parametrize(("number", "sizes"), [(500, [500]), (501, [500, 1])])
    def test_identities_are_divided(self, v1_schema: Schema, play: Play, number: int, sizes: list[int]) -> None:
        fetch = Fetch("Story", oids=tuple(Oid("Story", key) for key in range(number)))
        _, [made] = play(VersionOne().fetch(v1_schema, [fetch]), answer(*([] for _ in sizes)))
        assert sizes == [document["filter"][0].count("Story:") for document in documents(made)]
        assert all("page" not in document for document in documents(made))

    @pytest.mark.parametrize(("number", "sizes"), [(8, [[8]]), (9, [[8, 1]])])
    def test_queries_share_requests(self, v1_schema: Schema, number: int, sizes: list[list[int]]) -> None:
        flow = VersionOne().fetch(v1_schema, [Fetch("Story")] * number)
        made = rounds(flow, lambda request: answer(*([] for _ in documents(request))))
        assert sizes == [[len(documents(each)) for each in several] for several in made]

    @pytest.mark.parametrize(("number", "requests"), [(1000, 1), (1001, 2)])
    def test_values_of_a_condition_are_divided(self, v1_schema: Schema, number: int, requests: int) -> None:
        term = Compare(Path.parse("Number"), "=", tuple(f"S-{key}" for key in range(number)))
        flow = VersionOne().fetch(v1_schema, [Fetch("Story", where=term, select=(Path.parse("Name"),))])

        def reply(request: Request) -> Response:
            several = documents(request)
            filters = [document["filter"][0] for document in several]
            rows = [{"_oid": "Story:1", "Name": "x"}] if "ID=" in filters[0] or len(several) == 1 else stories(1, 1)
            return answer(*(rows for _ in several))

        made = rounds(flow, reply)
        assert requests == len(made)
        assert [1000, 1][:requests] == [len(document["with"]) for document in documents(made[0][0])]

    @pytest.mark.parametrize(("start", "size", "found", "more"), [(0, 2, 2, False), (0, 1, 1, True), (1, 1, 1, False)])
    def test_a_window_of_a_divided_condition(
        self, v1_schema: Schema, play: Play, start: int, size: int, found: int, more: bool
    ) -> None:
        term = Compare(Path.parse("Number"), "=", ("S-1", "S-2", "S-3"))
        fetch = Fetch("Story", where=term, start=start, size=size, counted=True)
        [rows], made = play(VersionOne(max_values=2).fetch(v1_schema, [fetch]), answer(stories(1), stories(1, 1)))
        assert (found, more, 2, 1) == (len(rows.rows), rows.more, rows.total, len(made))
        # Which part a window begins in shows when both are there.
        assert [{"start": 0, "size": 2000}] * 2 == [document["page"] for document in documents(made[0])]

    @pytest.mark.parametrize(
        ("name", "values", "keys"),
        [
            ("Name", {5: "b", 4: "a", 3: "A", 9: None}, [9, 3, 4, 5]),
            ("-Name", {5: "b", 4: "a", 3: "A", 9: None}, [5, 3, 4, 9]),
            ("Estimate", {5: "10", 4: "9", 3: "-1", 9: None}, [9, 3, 4, 5]),
            ("Order", {5: "10", 4: "9", 3: "-1", 9: None}, [3, 4, 5, 9]),
            ("ID", {5: None, 4: None, 30: None, 9: None}, [4, 5, 9, 30]),
        ],
    )
    def test_the_parts_of_a_divided_condition_are_sorted_as_the_server_does(
        self, v1_schema: Schema, play: Play, name: str, values: dict[int, str | None], keys: list[int]
    ) -> None:
        """Letter case is ignored, no value comes first (last for a rank), and equal ones are in order of id."""
        sort = Sort(Path.parse(name.lstrip("-")), name.startswith("-"))
        term = Compare(Path.parse("Number"), "=", ("S-1", "S-2", "S-3"))
        column = name.lstrip("-")
        rows = [{"_oid": f"Story:{key}", column: value} for key, value in values.items()]
        if column == "ID":
            rows = [{"_oid": f"Story:{key}", "ID": {"_oid": f"Story:{key}"}} for key in values]
        parts = answer(rows[:2], [*rows[2:], rows[0]])
        [found], _ = play(VersionOne(max_values=2).fetch(v1_schema, [Fetch("Story", where=term, sort=(sort,))]), parts)
        assert keys == [row.oid.key for row in found.rows]

    @pytest.mark.parametrize(("size", "found", "more"), [(2, 2, False), (1, 1, True), (None, 2, False)])
    def test_a_window_of_what_is_not_excluded(
        self, v1_schema: Schema, play: Play, size: int | None, found: int, more: bool
    ) -> None:
        term = Compare(Path.parse("Number"), "!=", ("S-1", "S-2", "S-3"))
        fetch = Fetch("Story", where=term, size=size, counted=True)
        excluded, kept = answer(stories(1), stories(1, 1)), answer(stories(4))
        [rows], made = play(VersionOne(max_values=2).fetch(v1_schema, [fetch]), excluded, kept)
        assert (found, more, 2, 2) == (len(rows.rows), rows.more, rows.total, len(made))
        assert [2, 3][:found] == [row.oid.key for row in rows.rows]
        assert {0} == {document["page"]["start"] for request in made for document in documents(request)}

    @pytest.mark.parametrize(
        ("start", "size", "keys", "more"),
        [(0, None, [1, 2, 3], False), (1, 1, [2], True), (1, 2, [2, 3], False), (3, 1, [], False), (0, 0, [], True)],
    )
    def test_a_window_of_named_assets_is_cut_from_their_order(
        self, v1_schema: Schema, play: Play, start: int, size: int | None, keys: list[int], more: bool
    ) -> None:
        oids = tuple(Oid("Story", key) for key in (1, 2, 3))
        fetch = Fetch("Story", (Path.parse("Super.Name"),), oids=oids, start=start, size=size, counted=True)
        [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), answer([*stories(2, 2), *stories(1, 1)]))
        assert (keys, more, 3) == ([row.oid.key for row in rows.rows], rows.more, rows.total)

    def test_an_or_is_divided_by_its_parts(self) -> None:
        def some(name: str, number: int) -> Compare:
            return Compare(Path.parse(name), "=", tuple(f"{name}{key}" for key in range(number)))

        one, two, five = some("Status.Name", 1), some("Name", 2), some("Number", 5)
        kept = Compare(Path.parse("Reference"), "=", ("x",))
        for term in (Or((five, one, two)), Or((one, Or((two, five))))):
            found = partition(Fetch("Story", where=And((kept, term))), 2)
            wheres = [fetch.where for fetch in found]
            assert all(isinstance(where, And) and where.terms[0] == kept for where in wheres)
            values = [value for where in wheres for leaf in leaves(where) for value in leaf.values if value != "x"]
            assert sorted((*one.values, *two.values, *five.values)) == sorted(values)
            assert all(
                2 >= sum(len(leaf.values) for leaf in leaves(where) if str(leaf.path) == name)
                for where in wheres
                for name in ("Number", "Name", "Status.Name")
            )
            assert 3 < len(found) < 6
        assert 1 == len(partition(Fetch("Story", where=Or((one, two))), 2))

    @pytest.mark.parametrize(("number", "is_divided"), [(2, False), (3, True)])
    def test_what_is_excluded_is_read_besides_and_not_counted(self, number: int, is_divided: bool) -> None:
        many = Compare(Path.parse("Number"), "!=", tuple(f"S-{key}" for key in range(number)))
        one, two = (Compare(Path.parse(name), "=", ("x",)) for name in ("Name", "Status.Name"))
        for others, kept in (((), None), ((one,), one), ((one, two), And((one, two)))):
            fetch = Fetch("Story", where=And((*others[:1], many, *others[1:])), counted=True)
            found = exclusion(fetch, 2)
            assert is_divided is (found is not None)
            if found is not None:
                whole, gone = found
                assert (kept, True, False) == (whole.where, whole.counted, gone.counted)
                assert And((*others, replace(many, operator="="))) == gone.where
        assert exclusion(Fetch("Story", where=many, oids=(Oid("Story", 1),)), 2) is None
        assert exclusion(Fetch("Story", where=many, history=True), 2) is None
        assert exclusion(Fetch("Story"), 2) is None

    @pytest.mark.parametrize(("number", "sizes"), [(40, [40]), (42, [40, 2])])
    def test_histories_of_many_assets_are_divided(self, v1_schema: Schema, number: int, sizes: list[int]) -> None:
        fetch = Fetch("Story", oids=tuple(Oid("Story", key) for key in range(number)), history=True)
        made = rounds(VersionOne().fetch(v1_schema, [fetch]), lambda request: xml("<History/>"))
        assert sizes == [dict(each.query)["where"].count("Story:") for [each] in made]

    def test_a_history_of_one_asset_is_at_its_address(self, v1_schema: Schema) -> None:
        fetch = Fetch("Story", oids=(Oid("Story", 5),), history=True)
        [[made]] = rounds(VersionOne().fetch(v1_schema, [fetch]), lambda request: xml("<History/>"))
        assert ("rest-1.v1/Hist/Story/5", {"sel", "page"}) == (made.path, dict(made.query).keys())

    def test_a_window_of_a_history(self, v1_schema: Schema, play: Play) -> None:
        fetch = Fetch("Story", history=True, start=2, size=3, counted=True)
        first = xml('<History><Asset id="Story:5:7"/><Asset id="Story:5:8"/></History>')
        [rows], made = play(
            VersionOne(max_page=2).fetch(v1_schema, [fetch]), first, xml('<History><Asset id="Story:5:9"/></History>')
        )
        assert ["2,2", "1,4"] == [dict(request.query)["page"] for request in made]
        assert (3, True, None) == (len(rows.rows), rows.more, rows.total)
        [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), first)
        assert (2, False, 4) == (len(rows.rows), rows.more, rows.total)

    def test_a_record_or_an_asset_twice_on_a_page_is_not_trusted(self, v1_schema: Schema, play: Play) -> None:
        twice = xml('<History><Asset id="Story:5:7"/><Asset id="Story:5:7"/></History>')
        with pytest.raises(InvalidResponse, match="twice"):
            play(VersionOne().fetch(v1_schema, [Fetch("Story", history=True)]), twice)
        with pytest.raises(InvalidResponse, match="twice"):
            play(VersionOne().fetch(v1_schema, [Fetch("Story")]), answer([*stories(1), *stories(1)]))


class TestLookUp:
    def test_the_exact_name_is_found_among_fifty(self, v1_schema: Schema, play: Play) -> None:
        names = ["S-5", "s-5"]
        rows = [{"_oid": f"Story:{key}", "Number": name} for key, name in enumerate(names)]
        row, [made] = play(VersionOne().look_up(v1_schema, "Story", "s-5"), answer(rows))
        assert "Story:1" == row.oid.token
        [document] = documents(made)
        assert ({"start": 0, "size": 50}, ["Number=$v1"]) == (document["page"], document["filter"])

    def test_several_and_none(self, v1_schema: Schema, play: Play) -> None:
        rows = [{"_oid": f"Story:{key}", "Number": "S-5"} for key in range(6)]
        with pytest.raises(NotExactlyOne, match=r"6 assets.*\(Story:0, Story:1, Story:2, Story:3, Story:4\)"):
            play(VersionOne().look_up(v1_schema, "Story", "s-5"), answer(rows))
        with pytest.raises(NotFound, match="no Story with the Number 's-5'") as caught:
            play(VersionOne().look_up(v1_schema, "Story", "s-5"), answer([]))
        assert (404, "Story", "Number", "s-5") == (
            caught.value.status,
            caught.value.type_name,
            caught.value.attribute,
            caught.value.oid,
        )

    @pytest.mark.parametrize(
        ("text", "key"),
        [("5", 5), ("-5", -5), ("5.0", None), ("S-5", None), ("9" * 59, int("9" * 59)), ("9" * 60, None)],
    )
    def test_what_is_an_id(self, text: str, key: int | None) -> None:
        assert key == VersionOne().key_of("Story", text)


class TestWrites:
    def updates(self, number: int, text: str = "x") -> list[Change]:
        return [Update(Oid("Story", key), (AttributeChange("Name", UNREAD, text),)) for key in range(number)]

    def reply(self, request: Request) -> Response:
        if request.path != "api/asset":
            return xml(f'<Asset id="{":".join(request.path.split("/")[-2:])}:1"/>')
        tokens = [command["from"] for entry in documents(request) for command in entry.values()]
        empty = {"oidTokens": [], "count": 0}
        sections = {"assetsCreated": empty, "assetsOperatedOn": empty, "commandFailures": {"commands": [], "count": 0}}
        found = {**sections, "assetsModified": {"oidTokens": tokens, "count": len(tokens)}}
        return Response(200, {"content-type": "application/json"}, json.dumps(found).encode())

    @pytest.mark.parametrize(("number", "sizes"), [(64, [64]), (65, [64, 1])])
    def test_single_writes_at_a_time(self, v1_schema: Schema, number: int, sizes: list[int]) -> None:
        flow = VersionOne(bulk=False).write(v1_schema, self.updates(number))
        assert sizes == [len(several) for several in rounds(flow, self.reply)]

    @pytest.mark.parametrize(("number", "sizes"), [(200, [[200]]), (201, [[200], [0]]), (202, [[200], [2]])])
    def test_commands_of_a_request(self, v1_schema: Schema, number: int, sizes: list[list[int]]) -> None:
        made = rounds(VersionOne().write(v1_schema, self.updates(number)), self.reply)
        assert sizes == [
            [len(documents(each)) if each.path == "api/asset" else 0 for each in several] for several in made
        ]

    def test_requests_at_a_time(self, v1_schema: Schema) -> None:
        """The first is alone until the server has answered one; then there are four at a time."""
        backend = VersionOne(max_bulk=2)
        assert [1, 4, 1] == [len(several) for several in rounds(backend.write(v1_schema, self.updates(12)), self.reply)]
        assert [4, 2] == [len(several) for several in rounds(backend.write(v1_schema, self.updates(12)), self.reply)]

    @pytest.mark.parametrize(("spare", "sizes"), [(0, [[2, 2]]), (-1, [[2, 2]]), (1, [[1, 1, 2]])])
    def test_bytes_of_a_request(self, v1_schema: Schema, spare: int, sizes: list[list[int]]) -> None:
        backend = VersionOne()
        backend.seen.bulk = True
        command = len(json.dumps({"@n1": {"from": "Story:0", "update": {"Name": ""}}}))
        changes = self.updates(4, "x" * (LARGEST // 2 - command))
        if spare:
            longer = "x" * (LARGEST // 2 - command + spare)
            changes[1] = Update(Oid("Story", 1), (AttributeChange("Name", UNREAD, longer),))
        made = rounds(backend.write(v1_schema, changes), self.reply)
        assert sizes == [[len(documents(each)) for each in several] for several in made]

    @pytest.mark.parametrize("status", [400, 404, 405, 411, 413, 415])
    def test_statuses_after_which_changes_are_sent_one_by_one(self, v1_schema: Schema, status: int) -> None:
        def reply(request: Request) -> Response:
            return Response(status, {}, b"") if request.path == "api/asset" else self.reply(request)

        assert [1, 2] == [len(several) for several in rounds(VersionOne().write(v1_schema, self.updates(2)), reply)]

    @pytest.mark.parametrize("status", [401, 403, 406, 409, 412, 414, 422, 429, 500, 503])
    def test_statuses_after_which_they_are_not(self, v1_schema: Schema, play: Play, status: int) -> None:
        _, made = play(VersionOne().write(v1_schema, self.updates(2)), Response(status, {}, b""))
        assert ["api/asset"] == [request.path for request in made]
