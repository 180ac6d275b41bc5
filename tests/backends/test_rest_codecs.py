"""The codecs that JSON servers share, and how values are written into requests, each by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.backends.rest.codecs import (
    COMMON,
    Choice,
    CodecTable,
    Document,
    Link,
    Status,
    choice_kind,
    choice_of,
    status_kind,
    status_of,
)
from assetmeta.backends.rest.encode import _plain, as_read, inputs, number_of, secrets_in, secrets_of
from assetmeta.backends.rest.http import argument, read_page, text_of
from assetmeta.backends.rest.pushdown import _choices, _without_steps, plain_text
from assetmeta.backends.rest.spec import Field, Filter
from assetmeta.backends.testspace.codecs import codec_for as ts_codecs
from assetmeta.model.codecs import Text
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.frozen import ConcealedDict
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Call, Create, Delete, Update
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid

COLOURS = ((1, "Red"), ("2", "Dark blue"), (3, ""))


class TestCodecs:
    @pytest.mark.parametrize("kind", [*COMMON, "Status", "Choice", "Relation", "History", "Health", "CaseCounts"])
    def test_nothing_is_nothing_in_every_kind(self, kind: str) -> None:
        known = {"Status": status_kind(("a",)), "Choice": choice_kind(COLOURS, open=False)}
        codec = ts_codecs(known.get(kind, kind), related="Project")
        assert codec.parse(None) is None
        assert codec.decode(None) is None
        assert "" == codec.encode(None)
        assert codec.accepts

    @pytest.mark.parametrize("kind", ["Number", "Date", "Boolean", "Integer"])
    def test_an_empty_text_is_nothing(self, kind: str) -> None:
        assert COMMON[kind].decode("") is None

    def test_real_numbers(self) -> None:
        codec: Any = COMMON["Number"]
        assert [2.0, 2.5, 0.1, -3.0] == [codec.parse(each) for each in (2, " 2.5 ", Decimal("0.1"), -3.0)]
        assert ("2.5", 1e300) == (codec.encode(2.5), codec.decode("1e300"))
        for wrong in (True, "x", "", [1], b"1", "nan", float("inf"), "1e999"):
            with pytest.raises(ValueError, match="is not a"):
                codec.parse(wrong)

    def test_dates_and_times(self) -> None:
        days, times = COMMON["Date"], COMMON["DateTime"]
        day, noon = date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert [day, day] == [days.parse(day), days.parse(" 2026-03-01 ")]
        assert (day, "2026-03-01") == (days.decode("2026-03-01T10:00:00Z"), days.encode(day))
        for wrong in (noon, "1.3.2026", 20260301, "2026-03-01T10:00"):
            with pytest.raises(ValueError, match="is not a date such as"):
                days.parse(wrong)
        assert ("2026-03-01T12:00:00Z", "") == (times.encode(noon), times.encode("x"))

    @pytest.mark.parametrize("is_open", [True, False])
    def test_choices(self, is_open: bool) -> None:
        codec = choice_of(choice_kind(COLOURS, open=is_open))
        assert Choice(COLOURS, open=is_open) == codec
        assert ("one of 1 (Red), 2 (Dark blue), 3", (1, "2", 3)) == (codec.accepts, codec.listed)
        assert [1, 1, 1, "2", "2", 3] == [codec.parse(each) for each in (1, "1", "rED", 2, "dark BLUE", "3")]
        assert ("1", 7) == (codec.encode(1), codec.decode(7))
        for unknown in ("Green", 4):
            if is_open:
                assert unknown == codec.parse(unknown)
            else:
                with pytest.raises(ValueError, match="is not one of them"):
                    codec.parse(unknown)
        for wrong in ("", True, False, 1.5, ["Red"]):
            with pytest.raises(ValueError, match="is not one of them"):
                codec.parse(wrong)
        with pytest.raises(ValueError, match="Did you mean Dark blue"):
            Choice(COLOURS).parse("Dark blu")

    def test_statuses(self) -> None:
        codec = status_of(status_kind(("started", "In progress"), ("ended",)))
        assert Status(("started", "In progress"), ("ended",)) == codec
        assert (("started", "In progress", "ended"), "one of started, In progress") == (codec.listed, codec.accepts)
        assert ["started", "In progress", "odd"] == [codec.parse(each) for each in ("STARTED", " in Progress ", "odd")]
        assert ("In progress", "started") == (codec.decode("IN PROGRESS"), codec.encode("started"))
        for wrong in (5, "", "  ", ["started"]):
            with pytest.raises(ValueError, match="is not a status"):
                codec.parse(wrong)
        assert Status(("a",)) == status_of(status_kind(("a",)))

    @pytest.mark.parametrize("kind", ["Text", "Choice", "Choices", "Status", "Statuses [1]", "Other [1]"])
    def test_other_kinds_are_neither_choices_nor_statuses(self, kind: str) -> None:
        assert (None, None) == (choice_of(kind), status_of(kind))

    def test_documents(self) -> None:
        codec = Document()
        assert ('{"a":["ü",1]}', {"a": 1}) == (codec.encode({"a": ["ü", 1]}), codec.decode('{"a": 1}'))
        assert codec.decode("") is None
        assert [{"a": 1}, "{a", "x", 5] == [codec.from_text(each) for each in ('{"a": 1}', "{a", "x", "5")]
        deep = "[" * 100_000
        assert deep == codec.from_text(deep)

    def test_links(self) -> None:
        oid = Oid("Project", 24)
        codec = Link("Project")
        assert [oid] * 3 == [codec.parse(each) for each in (oid, 24, "Project:24")]
        assert (oid, "Project:24", None) == (codec.decode(24), codec.encode(oid), codec.parse(""))
        for wrong in (True, 2.5, "x", ["Project:24"], {}):
            with pytest.raises(ValueError, match="neither an asset nor a token"):
                codec.parse(wrong)
        with pytest.raises(ValueError, match="neither"):
            Link().parse(24)

    def test_a_table_of_codecs(self) -> None:
        own = Text()
        table = CodecTable({"Own": own}, default="Own", open_choices=True)
        assert own is table("Own") is table("Unknown")
        assert Document() == table("Json") == CodecTable({})("Unknown")
        assert (Link("Task"), Link(None)) == (table("Relation", "name", "Task"), table("Relation"))
        assert Choice(COLOURS, open=True) == table(choice_kind(COLOURS, open=False))
        assert Choice(COLOURS) == CodecTable({})(choice_kind(COLOURS, open=False))
        assert Status(("a",)) == table(status_kind(("a",)))

    def test_what_testspace_counts_and_marks(self) -> None:
        counts: Any = ts_codecs("CaseCounts")
        number = len(counts.names)
        known = counts.parse([1, 2])
        assert (1, 2, None) == known[:3] and number == len(known)
        assert known == counts.decode("[1, 2]") and counts.decode(str([1] * (number + 3))) == counts.parse([1] * number)
        assert "[1, 2" == counts.encode(known)[:5]
        assert "" == counts.encode([1])
        for wrong in (5, "12", [1] * (number + 1)):
            with pytest.raises(ValueError, match=f"a list of {number} numbers at most"):
                counts.parse(wrong)
        health: Any = ts_codecs("Health")
        found = health.decode('{"state": "success", "description": "d"}')
        assert found == health.parse(found)
        with pytest.raises(ValueError, match="works it out"):
            health.parse("success")
        marks: Any = ts_codecs("History")
        assert ("P", "Z") == (marks.encode(marks.parse("P")), marks.parse("Z"))
        assert "P" != repr(marks.parse("P"))
        with pytest.raises(ValueError, match="5 is not a letter"):
            marks.parse(5)


class TestWhatIsWritten:
    def attribute(self, kind: str) -> Attribute:
        return Attribute("x", kind, COMMON.get(kind, Document()))

    def test_plain_values(self) -> None:
        cases = [
            ("Number", Decimal("1.5"), 1.5),
            ("Text", Decimal("1.50"), "1.50"),
            ("Number", 3, 3),
            ("Boolean", True, True),
            ("Number", timedelta(minutes=2), 120),
            ("Number", timedelta(seconds=1.5), 1.5),
            ("Date", date(2026, 3, 1), "2026-03-01"),
            ("DateTime", datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00Z"),
        ]
        for kind, value, expected in cases:
            found = _plain(self.attribute(kind), value)
            assert (expected, type(expected)) == (found, type(found)), (kind, value)

    def test_arguments_of_operations(self) -> None:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        values = [
            Oid("Project", "k"),
            noon,
            date(2026, 3, 1),
            Decimal("2.0"),
            Decimal("2.5"),
            timedelta(seconds=3),
            "x",
        ]
        expected = ["k", "2026-03-01T12:00:00Z", "2026-03-01", 2, 2.5, 3, "x"]
        assert expected == [argument(each) for each in values]
        assert [int, float, int] == [type(argument(each)) for each in values[3:6]]
        with pytest.raises(BadValue, match="no time zone"):
            argument(datetime(2026, 3, 1))

    def test_inputs(self) -> None:
        assert {"a": ["x"], "b": ["y", "z"]} == inputs({"a": "x", "b": ["y", "z"]})
        assert {"a": ["x"], "b": []} == inputs([{"name": "a", "urls": ["x"]}, {"name": "b"}])
        assert {} == inputs([]) == inputs({})
        for wrong in ("x", [1], [{"name": "a"}, {"urls": []}], None):
            with pytest.raises(BadValue, match="Inputs are a dict"):
                inputs(wrong)

    def test_what_was_read_is_written_back_as_it_is(self) -> None:
        text, document = self.attribute("Text"), self.attribute("Json")
        plain, wrapped = Field("Text"), Field("Text", wrap="id")
        assert ["a", 1.5, 24, [24, "k"], [{"id": 1}]] == [
            as_read(text, plain, "a"),
            as_read(text, plain, Decimal("1.5")),
            as_read(text, plain, Oid("Project", 24)),
            as_read(text, plain, (Oid("Project", 24), Oid("Project", "k"))),
            as_read(text, wrapped, (Oid("Project", 1),)),
        ]
        assert {"a": [1]} == as_read(document, plain, '{"a": [1]}')
        assert None is as_read(document, plain, None)

    def test_a_type_without_a_number_cannot_be_referred_to(self) -> None:
        def schema(**numbers: int | None) -> Schema:
            return Schema({name: AssetType(name, {}, number=number) for name, number in numbers.items()}, "1")

        assert 5 == number_of(schema(Vali=5, Task=None), Oid("Vali", 1))
        with pytest.raises(BadValue, match="names no content type for Task"):
            number_of(schema(Vali=5, Task=None), Oid("Task", 1))
        with pytest.raises(BadValue, match='survey="none" does not read them'):
            number_of(schema(Vali=None, Task=None), Oid("Task", 1))

    def test_secrets_at_any_depth(self) -> None:
        oid = Oid("Store", 1)
        delta = AttributeChange(
            "key", UNREAD, [{"a": Hidden("hidden-1")}, ConcealedDict({"b": ["hidden-2", 5]}), "open"]
        )
        for change in (Create(oid, (delta,)), Update(oid, (AttributeChange("name", UNREAD, "open"), delta))):
            assert ("hidden-1", "hidden-2") == secrets_of(change)
        call = Call(oid, "set", (("open", "seen-1"), ("value", {"a": ["hidden-3"]}), ("other", Hidden("hidden-4"))))
        assert ("hidden-3", "hidden-4") == secrets_of(call, ["value"])
        assert () == secrets_of(Delete(oid)) == secrets_of(Create(oid, (AttributeChange("a", UNREAD, Hidden("")),)))
        assert ("hidden-5", "hidden-6") == secrets_in({"a": ["hidden-5", 1, {"b": "hidden-6"}]})


class TestWhatIsRead:
    def page(self, text: str) -> Any:
        return read_page(Response(200, {"content-type": "application/json"}, text.encode(), Request("GET", "x")))

    def test_pages(self) -> None:
        assert (({"a": 1},), None, None) == self.page('[{"a": 1}, 5]')
        first = self.page('{"results": [{"a": 1}], "next": "http://inner/x?page=2&q=&q=a%20b", "count": 7}')
        assert (({"a": 1},), (("page", "2"), ("q", ""), ("q", "a b")), 7) == first
        assert ((), None, None) == self.page('{"results": [], "next": null, "count": "7"}')
        for wrong in ("5", '{"results": {}}', "null", '{"a": []}'):
            with pytest.raises(InvalidResponse, match="a list was expected"):
                self.page(wrong)

    def test_a_document_as_text_again(self) -> None:
        assert '{"a":[1.50,"ü",null]}' == text_of({"a": [Decimal("1.50"), "ü", None]})
        assert '["\ud800",1.5]' == text_of(["\ud800", Decimal("1.5")])
        with pytest.raises(TypeError):
            text_of(["\ud800", {1}])  # type: ignore[list-item]


class TestConditionsOfServers:
    def test_parameters_are_plain_texts(self) -> None:
        assert ["true", "false", "5", "x", None, None, None] == [
            plain_text(each) for each in (True, False, 5, "x", "", None, 1.5)
        ]

    def test_several_values_are_repeated_or_several_lists(self) -> None:
        def some(known: Filter, *values: object) -> list[Any]:
            return list(_choices(known, values, plain_text))

        once, again = Filter("p"), Filter("p", repeatable=True)
        assert [(("p", "a"),), (("p", "b"),)] == some(once, "a", "b")
        assert [(("p", "a"), ("p", "b"))] == some(again, "a", "b")
        assert [] == some(once, "a", None) == some(again, "")
        assert [(("p", "ab"),)] == some(Filter("p", lowercased=True), "AB")

    def test_conditions_without_the_first_steps(self) -> None:
        path, count = Path.parse("a.b.c"), Path.parse("a.b.c.@Count")
        term = And((Or((Compare(path, "=", (1,)), Not(Exists(path)))), Compare(count, ">", (2,))))
        inner = Path.parse("c")
        expected = And(
            (Or((Compare(inner, "=", (1,)), Not(Exists(inner)))), Compare(Path.parse("c.@Count"), ">", (2,)))
        )
        assert expected == _without_steps(term, 2)
        assert RawFilter("x") == _without_steps(RawFilter("x"), 2)
