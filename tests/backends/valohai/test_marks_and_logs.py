"""What is noted before creates are sent to a server without numbers, and the log of an execution."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assetmeta.backends.valohai import logs
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.logs import Event, Log, LogReader
from assetmeta.backends.valohai.marks import is_key, since, take_mark
from assetmeta.model.conditions import And, Compare
from assetmeta.model.errors import AuthenticationFailed, Unsupported
from assetmeta.model.http import Flow, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Create, Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

PROJECT = Oid("Project", "01943a8e-45d0-0006-89de-38def875223b")
RUN = Oid("Execution", "01943a8e-45d0-0006-89de-38def875223c")
DATE = "Sun, 01 Mar 2026 12:00:30 GMT"
SINCE = "2026-03-01T11:59:30+00:00"
AFTER = Compare(Path.parse("ctime"), ">=", (datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC),))
MINE = Compare(Path.parse("creator"), "=", (Oid("User", 7),))
THERE = And((Compare(Path.parse("project"), "=", (PROJECT,)),))


def answer(document: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(document).encode())


def new(type_name: str, number: int = 1, **values: object) -> Create:
    return Create(Oid.new(type_name, number), tuple(AttributeChange(*pair) for pair in _changes(values)))


def _changes(values: dict[str, object]) -> list[tuple[str, object, object]]:
    return [(name, UNREAD, value) for name, value in values.items()]


class Lists:
    """Answers each fetch with the same keys, and keeps what was asked; types without a list raise."""

    def __init__(self, *keys: str, unlisted: Sequence[str] = ()) -> None:
        self.keys, self.unlisted = keys, unlisted
        self.asked: list[Fetch] = []

    def __call__(self, schema: Schema, fetches: Sequence[Fetch]) -> Flow[list[Rows]]:
        self.asked += fetches
        if fetches[0].type_name in self.unlisted:
            raise Unsupported("no list")
        yield from ()
        return [Rows(tuple(Row(Oid(fetch.type_name, key), (), ()) for key in self.keys)) for fetch in fetches]


class TestMarks:
    @pytest.fixture
    def take(self, vh_schema: Schema, play: Any) -> Any:
        def taken(lists: Lists, *creates: Create, me: Any = 7, **headers: str) -> Any:
            flow = take_mark(lists, vh_schema, creates, Settings())
            marks, made = play(flow, answer({"id": me}, **(headers or {"date": DATE})))
            assert ["GET api/v0/users/me/"] == [request.line for request in made]
            return marks

        return taken

    def test_the_time_by_the_server_s_clock_a_minute_before_and_who_is_logged_in(self, take: Any) -> None:
        lists = Lists("a", "b")
        marks = take(lists, new("Execution", 1, project=PROJECT), new("Execution", 2, project=PROJECT))
        assert {"Execution": {"since": SINCE, "creator": 7, "known": ["a", "b"]}} == marks
        assert [Fetch("Execution", (), And((And((AFTER, MINE)), THERE)))] == lists.asked

    def test_types_without_a_creator_or_a_time(self, take: Any, vh_schema: Schema) -> None:
        fields = {name: set(kind.attributes) for name, kind in vh_schema.types.items() if not kind.abstract}
        untimed = next(name for name, each in fields.items() if not each & {"ctime", "creator"})
        lists = Lists("a")
        marks = take(lists, new("Project", 1, name="x"), new(untimed, 2))
        assert {"Project": {"since": SINCE, "known": ["a"]}, untimed: {"known": ["a"]}} == marks
        assert "creator" not in fields["Project"]
        assert [AFTER, None] == [fetch.where for fetch in lists.asked]

    def test_what_an_answer_does_not_tell_is_no_part_of_a_mark(self, take: Any) -> None:
        for headers in ({"date": "yesterday"}, {"other": "x"}):
            assert {"Execution": {"creator": 7, "known": []}} == take(Lists(), new("Execution"), **headers)
        assert {"Execution": {"since": SINCE, "known": []}} == take(Lists(), new("Execution"), me="x")

    def test_a_date_without_a_zone_is_utc(self, take: Any) -> None:
        marks = take(Lists(), new("Project"), date="Sun, 01 Mar 2026 12:00:30 -0000")
        assert SINCE == marks["Project"]["since"]

    def test_below_assets_that_are_not_there_nothing_is(self, take: Any) -> None:
        lists = Lists("a")
        marks = take(lists, new("Execution", 2, project=Oid.new("Project", 1)), new("Project", 3, name="x"))
        assert [[], ["a"]] == [marks[name]["known"] for name in ("Execution", "Project")]
        assert ["Project"] == [fetch.type_name for fetch in lists.asked]

    def test_types_that_cannot_be_listed_are_left_out(self, take: Any) -> None:
        assert {"Task"} == take(Lists(unlisted=["Execution"]), new("Execution"), new("Task", 2)).keys()

    def test_a_login_that_is_refused_is_raised(self, vh_schema: Schema, play: Any) -> None:
        with pytest.raises(AuthenticationFailed):
            play(take_mark(Lists(), vh_schema, [new("Task")], Settings()), answer({"detail": "no"}, 401))

    def test_the_condition_for_what_was_created_since(self) -> None:
        assert [And((AFTER, MINE)), AFTER, MINE, None, None] == [
            since("Execution", mark)
            for mark in ({"since": SINCE, "creator": 7}, {"since": SINCE}, {"creator": 7}, {}, {"creator": "7"})
        ]

    def test_a_commit_by_its_identifier_alone_is_no_key(self) -> None:
        assert [True, True, False] == [
            is_key(oid) for oid in (PROJECT, Oid("Commit", f"{PROJECT.key}/abc"), Oid("Commit", "main"))
        ]


def event(seconds: int, message: str = "x", stream: str = "stdout") -> Event:
    return Event(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds), stream, message)


def line(seconds: int, message: str = "x", stream: str = "stdout") -> dict[str, str]:
    return {"time": f"2026-03-01T00:00:{seconds:02}", "message": message, "stream": stream}


class TestLogs:
    """Events have no id."""

    def test_each_event_once_and_equal_ones_as_often_as_one_answer_has_them(self) -> None:
        page = LogReader()
        one, two, three = event(1), event(1, "y"), event(2)
        assert [one, one, two] == list(page.fresh([one, one, two]))
        assert [three] == list(page.fresh([one, one, two, three]))
        assert [one] == list(page.fresh([one, one, one]))
        assert [] == list(page.fresh([one, two, three]))

    def test_whether_something_can_be_missing_between_two_answers(self) -> None:
        page = LogReader()
        assert page.overlaps(Log((event(1),), 1, False))
        assert not page.overlaps(Log((event(1),), 9, True))
        list(page.fresh([event(1)]))
        assert page.overlaps(Log((event(0), event(1)), 9, True))
        assert not page.overlaps(Log((event(2), event(3)), 9, True))

    @pytest.mark.parametrize(("limit", "query"), [(None, ()), (0, (("limit", "0"),)), (5, (("limit", "5"),))])
    def test_the_events_of_an_execution(self, play: Any, limit: int | None, query: Any) -> None:
        document = {"events": [line(1), "?", line(2, "bad", "stderr")], "total": 9, "truncated": True}
        found, [request] = play(logs.log(RUN, limit, Settings()), answer(document))
        assert Log((event(1), event(2, "bad", "stderr")), 9, True) == found
        assert (f"api/v0/executions/{RUN.key}/events/", query) == (request.path, request.query)
        for document in ({}, {"events": None, "total": "9", "truncated": "yes"}):
            assert Log((), None, False) == play(logs.log(RUN, limit, Settings()), answer(document))[0]

    @pytest.mark.parametrize(("limit", "query"), [(None, ()), (2, (("limit", "2"),))])
    def test_what_the_server_itself_wrote(self, play: Any, limit: int | None, query: Any) -> None:
        lines = [{"time": "2026-03-01T00:00:01", "message": "x"}, line(2, "y", "stderr")]
        events = (event(1, "x", "status"), event(2, "y", "stderr"))
        for total, truncated in ((2, False), (3, True), (None, False)):
            document = {"status_events": lines, "total": total}
            found, [request] = play(logs.status_events(RUN, limit, Settings()), answer(document))
            assert Log(events, total, truncated) == found
            assert (f"api/v0/executions/{RUN.key}/status-events/", query) == (request.path, request.query)

    def test_a_state_is_read_without_the_heavy_parts(self, play: Any) -> None:
        found, [request] = play(logs.status(RUN, Settings()), answer({"status": "started"}))
        assert ("started", (("exclude", "metadata,events,outputs"),)) == (found, request.query)
        assert "" == play(logs.status(RUN, Settings()), answer({"status": None}))[0]

    def test_the_states_in_which_nothing_more_is_written(self) -> None:
        assert {"complete", "error", "crashed", "stopped"} == logs.COMPLETE
