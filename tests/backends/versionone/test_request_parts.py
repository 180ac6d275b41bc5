"""Pieces of VersionOne's requests and answers by themselves: moments, arguments, counts, orders, odd answers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from assetmeta.backends.local.records import RowStore
from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.bulk_request import _argument, _execution
from assetmeta.backends.versionone.bulk_response import BulkResponse, _executed, _failures, _identity, _oids, _sets
from assetmeta.backends.versionone.errors import _from_json, _from_xml
from assetmeta.backends.versionone.partitions import _Order, loosened, united
from assetmeta.backends.versionone.query_request import LONGEST_URL, Query, SelectNode, count_request, fits, parameters
from assetmeta.backends.versionone.tokens import asof_text
from assetmeta.model.conditions import And, Compare, Exists, Not, Or
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Call, Delete, Done, Failed, Fetch, Row, Rows, Sort, Unknown
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

ANSWER = Response(200, {"content-type": "application/json"}, b"{}", Request("POST", "api/asset"))


def query(where: list[str] | None = None, **document: Any) -> Query:
    filters = {} if where is None else {"filter": where}
    return Query({"from": "Story", **filters, **document}, SelectNode(), None)


class TestMoments:
    def test_times_are_written_in_the_zone_of_the_member(self) -> None:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert "2026-03-01T13:00:00.000" == asof_text(noon, "Europe/Berlin")
        assert "2026-03-01T12:00:00.000001" == asof_text(noon + timedelta(microseconds=1), "UTC")
        assert "2026-03-01T12:00:00.002" == asof_text(noon + timedelta(milliseconds=2), "UTC")
        assert asof_text(noon, "UTC") == asof_text(noon.astimezone(timezone(timedelta(hours=5))), "UTC")
        assert "2026-03-01T12:00:00.000" == asof_text("2026-03-01T12:00:00Z", "UTC")
        for text in ("2026-03-01", "2026-03-01T12:00:00"):
            assert text == asof_text(text, "Europe/Berlin")

    @pytest.mark.parametrize(
        ("moment", "why"),
        [
            (1234, "is a change number"),
            (datetime(2026, 3, 1), "has no time zone"),
            ("yesterday", "not an ISO date or time"),
            ("2026-03-29T02:30:00", "asof: "),
            ("2026-10-25T02:30:00", "asof: "),
        ],
        ids=str,
    )
    def test_moments_that_are_none(self, moment: Any, why: str) -> None:
        with pytest.raises(BadValue, match=why):
            asof_text(moment, "Europe/Berlin")


class TestArguments:
    def argument(self, value: object) -> Any:
        return _argument(Call(Oid("Story", 1), "Copy", ()), "x", value, lambda oid: f"<{oid.token}>")

    def test_values(self) -> None:
        values = [
            Oid("Task", 2),
            True,
            5,
            "a",
            Decimal("1.50"),
            1e20,
            date(2026, 3, 1),
            datetime(2026, 3, 1, tzinfo=UTC),
        ]
        found = [self.argument(each) for each in values]
        assert ["<Task:2>", True, 5, "a", "1.5", "100000000000000000000"] == [
            *map(str, found[:1]),
            *found[1:4],
            *map(str, found[4:6]),
        ]
        assert ["2026-03-01", "2026-03-01T00:00:00+00:00"] == found[6:]
        for wrong in ("@x", "  @x", b"x", [1], None, {}):
            with pytest.raises(BadValue, match="cannot be an argument"):
                self.argument(wrong)

    def test_an_operation_without_arguments_is_its_name(self) -> None:
        def name(oid: Oid) -> str:
            return oid.token

        assert "Delete" == _execution(Delete(Oid("Story", 1)), "Delete", name)
        assert "Copy" == _execution(Call(Oid("Story", 1), "Copy", ()), "Copy", name)
        call = Call(Oid("Story", 1), "Copy", (("a", 1), ("b", Oid("Task", 2))))
        assert {"op": "Copy", "args": {"a": 1, "b": "Task:2"}} == _execution(call, "Copy", name)


class TestParameters:
    def test_conditions_as_parameters(self) -> None:
        assert [] == parameters(query())
        assert [("where", "a='x'")] == parameters(query(["a='x'"]))
        several = query(["a=$a", "b=$b"], **{"with": {"$a": "x", "$b": "y"}}, find="some", findin=["Name", "Number"])
        assert [
            ("where", "(a=$a);(b=$b)"),
            ("with", "$a=x|$b=y"),
            ("find", "some"),
            ("findin", "Name,Number"),
        ] == parameters(several)
        assert [("asof", "2026-03-01")] == parameters(query(asof="2026-03-01"))

    def test_values_that_would_be_read_as_others_are_not_sent_so(self) -> None:
        for value in ("a|b", "a;b", "a,b", "$a"):
            known = query(["a=$a"], **{"with": {"$a": value, "$b": "plain"}})
            assert parameters(known) is None or value not in ("a|b",)
        assert count_request(query(["a=$a"], **{"with": {"$a": "x|y"}}), "rest-1.v1") is None

    def test_a_count_asks_for_no_rows(self) -> None:
        made = count_request(query(["a='x'"]), "rest-1.v1")
        assert made is not None and made.idempotent
        pairs = (("sel", ""), ("page", "1,0"), ("needTotal", "true"), ("where", "a='x'"))
        assert ("GET", "rest-1.v1/Data/Story", pairs) == (made.method, made.path, made.query)
        past = count_request(query(asof="2026-03-01"), "rest-1.v1")
        assert past is not None and "rest-1.v1/Hist/Story" == past.path

    def test_the_longest_address(self) -> None:
        room = LONGEST_URL - len("where") - 2
        assert (True, False) == (fits([("where", "x" * room)]), fits([("where", "x" * (room + 1))]))
        assert (True, False) == (fits([("where", "/" * (room // 3))]), fits([("where", "/" * (room // 3 + 1))]))
        assert count_request(query(["x" * LONGEST_URL]), "rest-1.v1") is None


class TestOrders:
    def rows(self, *values: tuple[int, object]) -> Rows:
        return Rows(
            tuple(Row(Oid("Story", key), ("Name", "Order", "Super"), (name, None, None)) for key, name in values)
        )

    def test_parts_are_joined_in_order_each_asset_once(self, v1_schema: Schema) -> None:
        answers = [self.rows((3, "b"), (1, "B")), self.rows((1, "B"), (2, None), (4, "a"))]

        def keys(*sorts: Sort) -> list[object]:
            return [oid.key for oid in united(v1_schema, Fetch("Story", sort=sorts), answers)]

        name = Path.parse("Name")
        assert [1, 2, 3, 4] == keys()
        assert [2, 4, 1, 3] == keys(Sort(name))
        assert [1, 3, 4, 2] == keys(Sort(name, descending=True))

    def test_what_has_no_rank_comes_last_and_what_has_no_text_first(self, v1_schema: Schema) -> None:
        known = RowStore(v1_schema)
        one, two = Oid("Story", 1), Oid("Story", 2)
        known.add(one, {"Order": "5", "Name": "x", "Super": Oid("Epic", 3)})
        known.add(two, {"Order": None, "Name": None, "Super": None})
        for name, is_first in (("Order", False), ("Name", True)):
            order = _Order(v1_schema, "Story", Sort(Path.parse(name)))
            assert is_first is (order.key(known, two) < order.key(known, one)), name

    def test_computed_values_and_assets_sort_by_what_was_read(self, v1_schema: Schema) -> None:
        known = RowStore(v1_schema)
        count = Path.parse("Owners.@Count")
        order = _Order(v1_schema, "Story", Sort(count))
        for key, cell in ((1, "10"), (2, "9"), (3, None)):
            known.add(Oid("Story", key), {str(order.path): cell})
        assert [3, 2, 1] == sorted((1, 2, 3), key=lambda key: order.key(known, Oid("Story", key)))
        known.add(Oid("Story", 4), {str(order.path): Oid("Member", 7)})
        assert (1, "asset", (7, "")) == order.key(known, Oid("Story", 4))

    def test_what_is_sent_for_exact_conditions(self) -> None:
        exact, plain = Compare(Path.parse("Name"), "==", ("x",)), Exists(Path.parse("Super"))
        loose = Compare(Path.parse("Name"), "=", ("x",))
        assert loose == loosened(exact)
        assert And((loose, plain)) == loosened(And((exact, plain)))
        assert Or((loose, plain)) == loosened(Or((exact, plain)))
        assert plain == loosened(And((Not(exact), plain)))
        assert None is loosened(Not(exact)) is loosened(Or((plain, Not(exact)))) is loosened(None)
        assert Or((And((loose, plain)), loose)) == loosened(Or((And((exact, plain)), exact)))


class TestOddAnswers:
    def test_identities(self) -> None:
        document: Any = {"assetsCreated": {"oidTokens": ["Story:1005:7", "Task:2"]}}
        assert [Oid("Story", 1005), Oid("Task", 2)] == list(_oids(document, "assetsCreated", ANSWER))
        for odd in (["Story"], ["Story:x"], [5], [None]):
            with pytest.raises(InvalidResponse, match="is not the identity of an asset"):
                list(_oids({"assetsCreated": {"oidTokens": odd}}, "assetsCreated", ANSWER))
        for missing in ({}, {"assetsCreated": []}, {"assetsCreated": {"oidTokens": {}}}):
            with pytest.raises(InvalidResponse, match="it has no assetsCreated"):
                list(_oids(missing, "assetsCreated", ANSWER))
        assert (None, None, Oid("Story", 1)) == (_identity("NULL"), _identity(None), _identity("Story:1:2"))

    def test_failures_by_alias_or_by_place(self) -> None:
        def entry(**error: object) -> dict[str, object]:
            return {"error": error}

        commands: list[Any] = [
            {"a1": {}, **entry(message="first")},
            entry(sourceCommandIndex=1),
            {"own": {}, **entry(message="third", sourceCommandIndex=2)},
            entry(message="nowhere", sourceCommandIndex=9),
            entry(message="nowhere", sourceCommandIndex=-1),
            entry(message="nowhere", sourceCommandIndex=True),
            "odd",
            {"error": "odd"},
        ]
        found = _failures({"commandFailures": {"commands": commands}}, ["a1", "a2", "a3"])
        assert {"a1": "first", "a2": "it gave no reason", "a3": "third"} == found
        assert (None, {}) == (_failures({}, []), _failures({"commandFailures": {"commands": None}}, []))

    def test_result_sets(self) -> None:
        assert [[{"_oid": "x"}], []] == _sets({"queryResult": {"results": [[{"_oid": "x"}, 5], []]}}, ANSWER)
        assert [] == _sets({}, ANSWER) == _sets({"queryResult": {}}, ANSWER)
        for odd in ({}, [{}], [[], 5]):
            with pytest.raises(InvalidResponse, match="a result set is a list"):
                _sets({"queryResult": {"results": odd}}, ANSWER)

    def test_what_became_of_operations(self) -> None:
        oid = Oid("Story", 5)

        def outcome(times: int, expected: int, kind: Any = Call, **answer: Any) -> Any:
            change = Delete(oid) if kind is Delete else Call(oid, "Copy", ())
            given = {
                "created": (),
                "modified": Counter(),
                "failures": {},
                "sets": [],
                "finished": True,
                "contradiction": None,
            }
            said = BulkResponse(**{**given, "operated": Counter({5: times}), **answer})
            return _executed(change, oid, Counter({5: expected}), said)

        assert all(isinstance(outcome(number, number), Done) for number in (1, 2))
        assert all(isinstance(outcome(*numbers), Unknown) for numbers in ((1, 2), (2, 1)))
        assert None is outcome(0, 1, finished=False) is outcome(0, 1, Delete, failures=None)
        missing, refused = outcome(0, 1), outcome(0, 1, failures=None)
        assert isinstance(missing, Failed) and isinstance(refused, Failed)
        assert ("NotFound", "Rejected") == (type(missing.error).__name__, type(refused.error).__name__)

    def test_error_documents(self) -> None:
        def xml(text: str) -> Any:
            return _from_xml(Response(400, {"content-type": "text/xml"}, text.encode()))

        assert (None, ()) == xml("<Other><Message>x</Message></Other>")[:2]
        found = xml(
            '<Error><Message>m</Message><Exception class="A"/><Exception><Message>c</Message></Exception></Error>'
        )
        assert ("m", ("A", "c")) == found[:2]
        assert (None, ()) == xml("<Error><Message/></Error>")[:2]
        assert (None, ()) == _from_json([1])[:2] == _from_json({"message": 5, "error": "", "exceptions": {}})[:2]
        assert ("e", ("c",)) == _from_json(
            {"message": "", "error": "e", "exceptions": [{"message": "c"}, {"message": ""}]}
        )[:2]
        assert ("c", ("c", "d")) == _from_json({"exceptions": [{"message": "c"}, {"message": "d"}]})[:2]


class TestExactEquality:
    """What the server finds letter case aside is read until there is enough of what is exactly equal."""

    def read(self, v1_schema: Schema, play: Any, pages: list[list[str]], **window: Any) -> tuple[Any, list[Any]]:
        numbers = count(1)
        name = Path.parse("Name")

        def answer(names: list[str]) -> Response:
            rows = [{"_oid": f"Story:{next(numbers)}", "Name": each} for each in names]
            return Response(200, {"content-type": "application/json"}, json.dumps([rows]).encode())

        fetch = Fetch("Story", (name,), Compare(name, "==", ("x",)), (Sort(name),), **window)
        [rows], made = play(VersionOne(max_page=3).fetch(v1_schema, [fetch]), *map(answer, pages))
        asked = [json.loads(request.body)["page"] for request in made]
        return rows, [(page["start"], page["size"]) for page in asked]

    def test_each_page_is_twice_as_large_until_there_is_enough(self, v1_schema: Schema, play: Any) -> None:
        rows, asked = self.read(v1_schema, play, [["x"]], size=1)
        assert ([1], True, [(0, 1)]) == ([row.oid.key for row in rows.rows], rows.more, asked)
        rows, asked = self.read(v1_schema, play, [["X"], ["X", "x"]], size=1)
        assert ([3], True, [(0, 1), (1, 2)]) == ([row.oid.key for row in rows.rows], rows.more, asked)
        rows, asked = self.read(v1_schema, play, [["X"], ["X", "X"], ["X", "x", "x"]], size=1)
        assert ([5], [(0, 1), (1, 2), (3, 3)]) == ([row.oid.key for row in rows.rows], asked)

    def test_a_page_that_is_not_full_is_the_last(self, v1_schema: Schema, play: Any) -> None:
        rows, asked = self.read(v1_schema, play, [["X", "x"]], size=3)
        assert ([2], False, [(0, 3)]) == ([row.oid.key for row in rows.rows], rows.more, asked)
        rows, asked = self.read(v1_schema, play, [["x", "X", "x"], []], start=1, size=2)
        assert ([3], False, [(0, 3), (3, 3)]) == ([row.oid.key for row in rows.rows], rows.more, asked)

    def test_all_are_counted(self, v1_schema: Schema, play: Any) -> None:
        rows, _ = self.read(v1_schema, play, [["x", "X", "x"], ["x"]], size=1, counted=True)
        assert ([1], 3, True) == ([row.oid.key for row in rows.rows], rows.total, rows.more)
        rows, asked = self.read(v1_schema, play, [], size=0)
        assert ((), []) == (rows.rows, asked)
