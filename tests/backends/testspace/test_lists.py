"""Which lists a query of Testspace reads, what a list makes of its pages, and which paths a name is tried under."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from assetmeta.backends.testspace import Testspace, lookup
from assetmeta.backends.testspace.aliases import key_of, look_up
from assetmeta.backends.testspace.connection import Settings, resource_of
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.pages import Pages, page_of, relations
from assetmeta.backends.testspace.pushdown import ListPlan, plan_lists
from assetmeta.backends.testspace.writes import RULES, _answer_object, _queues
from assetmeta.model.conditions import And, Compare, Exists, Or, Term
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Rejected, ResultChanged, Unsupported
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Create, Delete, Fetch, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

BASE = "https://abccorp.testspace.com"
STALE = Exists(Path.parse("stale"), False)


def answer(document: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(document).encode())


def page(ids: list[int], following: int = 0, last: int = 0, **fields: Any) -> Response:
    links = [f'<{BASE}/api/projects?page={n}>; rel="{word}"' for n, word in ((following, "next"), (last, "last")) if n]
    return answer([{"id": number, "name": f"n{number}", **fields} for number in ids], link=", ".join(links))


def equal(path: str, *values: Any) -> Compare:
    return Compare(Path.parse(path), "=", values)


def plan(type_name: str, *terms: Term) -> ListPlan:
    return plan_lists(resource_of(type_name), And(terms) if len(terms) > 1 else terms[0] if terms else None)


def levels(found: ListPlan) -> list[str]:
    return [level.resource.type for level in found.levels]


@pytest.fixture
def reading(ts_schema: Schema) -> LookupReader:
    return Testspace(base=BASE).reader(ts_schema)


class TestPlans:
    """Conditions on what is above choose lists; all others leave every list to be read."""

    def test_a_type_is_read_from_the_top(self) -> None:
        for type_name, above in (
            ("Project", ["Project"]),
            ("Space", ["Project", "Space"]),
            ("Result", ["Project", "Space", "Result"]),
            ("Failure", ["Project", "Space", "Result", "Failure"]),
        ):
            found = plan(type_name)
            assert (above, None, None, None) == (levels(found), found.parents, found.keys, found.folders)
            assert found.whole and () == found.pushed

    def test_identities_of_their_own_are_no_list(self) -> None:
        found = plan("Space", equal("id", 2, 1, 2))
        assert ((), (2, 1), None) == (found.levels, found.keys, found.parents)
        # The number of a result says nothing of its space.
        assert (["Project", "Space", "Result"], None) == (levels(plan("Result", equal("id", 2))), found.parents)
        assert None is plan("Result", equal("id", 2)).keys

    @pytest.mark.parametrize(
        ("type_name", "term", "above", "parents"),
        [
            ("Space", equal("project", Oid("Project", 3), Oid("Project", 1), Oid("Project", 3)), ["Space"], (3, 1)),
            ("Space", equal("project_id", 3, 3), ["Space"], (3,)),
            ("Space", equal("project.id", 3, 3), ["Space"], (3,)),
            ("Space", equal("project_id", 0), ["Space"], (0,)),
            ("Space", equal("project_id", -1, True, "x", 4), ["Space"], (4,)),
            ("Result", equal("space", Oid("Space", 4)), ["Result"], (4,)),
            ("Result", equal("space.project", Oid("Project", 3)), ["Space", "Result"], (3,)),
            ("Result", equal("space.project_id", 3), ["Space", "Result"], (3,)),
            ("Result", equal("space.project.id", 3), ["Space", "Result"], (3,)),
            ("Failure", equal("result", Oid("Result", "4/8")), ["Failure"], ("4/8",)),
            ("Failure", equal("result.space", Oid("Space", 4)), ["Result", "Failure"], (4,)),
            ("Failure", equal("result.id", 8), ["Project", "Space", "Result", "Failure"], None),
            ("Space", equal("name", "x"), ["Project", "Space"], None),
            ("Space", Or((equal("project_id", 3), equal("name", "x"))), ["Project", "Space"], None),
            ("Space", Compare(Path.parse("project_id"), "!=", (3,)), ["Project", "Space"], None),
        ],
    )
    def test_parents(self, type_name: str, term: Term, above: list[str], parents: Any) -> None:
        found = plan(type_name, term)
        assert (above, parents) == (levels(found), found.parents)
        assert (parents is None) is found.whole or "Result" in above[:-1]

    def test_what_is_checked_before_anything_below_is_read(self) -> None:
        archived, name = equal("space.project.archived", False), equal("space.name", "master")
        found = plan("Result", equal("duration", 5), archived, name)
        assert [(equal("archived", False),), (equal("name", "master"),), ()] == [each.terms for each in found.levels]
        assert [(), (("name", "master"),), ()] == [each.query for each in found.levels]
        assert ("Space.name=master",) == found.pushed
        assert not found.whole

    def test_of_several_names_none_is_sent(self) -> None:
        assert [(("name", "a"),)] == [each.query for each in plan("Space", equal("name", "a")).levels[1:]]
        assert [()] == [each.query for each in plan("Space", equal("name", "a", "b")).levels[1:]]

    def test_folders(self) -> None:
        unit, other, result = Oid("Content", "4/8/unit"), Oid("Content", "4/8/x"), equal("result", Oid("Result", "4/8"))
        found = plan("Content", equal("folder", unit, other, unit))
        assert (["Content"], ("4/8/unit", "4/8/x"), None) == (levels(found), found.folders, found.parents)
        assert not found.whole
        for terms, folders in (
            ((result, Exists(Path.parse("folder"), False)), ()),
            ((result, Exists(Path.parse("folder"), True)), None),
            ((result, Exists(Path.parse("name"), False)), None),
            ((result,), None),
        ):
            found = plan("Content", *terms)
            assert (["Content"], ("4/8",), folders) == (levels(found), found.parents, found.folders)
        top = plan("Content", Exists(Path.parse("folder"), False))
        assert ((), ["Project", "Space", "Result", "Content"]) == (top.folders, levels(top))


class TestPages:
    """What a list makes of the pages that it is sent."""

    def pages(self, **other: Any) -> Pages:
        return Pages.of("projects", Settings(base=BASE), **other)

    @pytest.mark.parametrize("optional", [True, False])
    def test_a_list_is_gone_at_its_first_page_alone(self, optional: bool, play: Any) -> None:
        gone, pages = answer({"message": "Not Found"}, 404), self.pages(optional=optional)
        if not optional:
            with pytest.raises(NotFound):
                play(pages.all(), gone)
            assert not pages.gone
            return
        assert [] == play(pages.all(), gone)[0]
        assert pages.gone
        with pytest.raises(NotFound):
            play(self.pages(optional=True).all(), page([1], 2), gone)
        with pytest.raises(Rejected):
            play(self.pages(optional=True).all(), answer({"message": "no"}, 422))

    def test_a_copy_goes_on_by_itself(self, play: Any) -> None:
        pages = self.pages()
        play(pages.read(), page([3], 2))
        other = pages.copied()
        for each in (pages, other):
            assert [2, 1] == [item["id"] for item in play(each.all(), page([3, 2], 3), page([1]))[0]]
            assert 3 == each.number

    @pytest.mark.parametrize(
        ("answers", "why"),
        [
            ([page([3], 2, 3), page([2])], "it had 3 pages, and ends with page 2"),
            ([page([3], 2, 3), page([2], 3, 2)], "it had 3 pages, and ends with page 2"),
            ([page([3], 2, 5), page([2], 3, 5), page([1], 4, 4)], "it had 5 pages, and ends with page 4"),
            ([page([3], 2), page([])], "page 2 is empty"),
        ],
    )
    def test_a_list_that_became_shorter(self, answers: list[Response], why: str, play: Any) -> None:
        pages = self.pages()
        with pytest.raises(ResultChanged, match=why) as caught:
            play(pages.all(), *answers)
        assert len(answers) - 1 == caught.value.received

    def test_a_list_may_be_empty_grow_and_leave_out_how_long_it_is(self, play: Any) -> None:
        for answers in (
            [page([])],
            [page([3], 2, 2), page([2], 3, 3), page([1])],
            [page([3], 2, 2), page([2])],
            [page([3], 2, 3), page([2], 3), page([1])],
        ):
            assert len(answers) == len(play(self.pages().all(), *answers)[1])

    def test_news_between_pages_without_any_begin_the_count_again(self, play: Any) -> None:
        answers = [page([1], 2), *(page([1], n + 3) for n in range(10)), page([2], 13)]
        answers += [page([1], n + 14) for n in range(10)]
        found, made = play(self.pages().all(), *answers, page([3]))
        assert ([1, 2, 3], 23) == ([item["id"] for item in found], len(made))

    def test_an_object_twice_on_a_page_is_not_believed(self, play: Any) -> None:
        with pytest.raises(InvalidResponse, match="GET api/projects"):
            play(self.pages().all(), page([1, 1]))

    def test_the_query_of_a_list_is_part_of_its_first_request(self, play: Any) -> None:
        _, made = play(self.pages(query=(("name", "a"),)).all(), page([1], 2), page([2]))
        assert [(("name", "a"),), (("page", "2"),)] == [request.query for request in made]

    @pytest.mark.parametrize(
        ("header", "found"),
        [
            ("<a>; rel=next", {"next": "a"}),
            ('< a >; title="x"; REL = "Next Last"', {"next": "a", "last": "a"}),
            ("<a>; rel=next;x, <b>; rel=last", {"next": "a", "last": "b"}),
            ("<a>; rev=next, <b>", {}),
        ],
    )
    def test_links(self, header: str, found: Mapping[str, str]) -> None:
        assert found == relations(header)

    def test_the_number_in_a_link(self) -> None:
        assert [7, 7, 0, 0, 0] == [page_of(link) for link in ("?page=7", "?page=1&page=7", "?page=-7", "?page=", None)]


class TestNames:
    """Each path that a name can mean, until one leads to the asset."""

    def lines(self, made: list[Any]) -> list[str]:
        return [each.line.removeprefix("GET api/") for each in made]

    def test_the_second_meaning_is_tried_where_the_first_leads_nowhere(self, reading: LookupReader, play: Any) -> None:
        result = answer({"id": 8, "name": "master/r", "space_id": 12})
        row, made = play(look_up(reading, "Result", "12/master/r"), answer({}, 404), result)
        assert ["projects/12/spaces/master/results/r", "spaces/12/results/master%2Fr"] == self.lines(made)
        assert Oid("Result", "12/8") == row.oid

    @pytest.mark.parametrize(
        ("type_name", "alias", "requests", "hint"),
        [
            ("Project", "a", 1, False),
            ("Space", "a/b", 1, False),
            ("Space", "a/b/c", 1, True),
            ("Result", "a/b/c", 1, True),
            ("Result", "4/c", 1, False),
            ("Result", "4/b/c", 2, True),
        ],
    )
    def test_a_name_of_nothing(
        self, type_name: str, alias: str, requests: int, hint: bool, reading: LookupReader, play: Any
    ) -> None:
        # The player says so itself when fewer requests are made.
        with pytest.raises(NotFound, match=f"There is no {type_name} '{alias}'") as caught:
            play(look_up(reading, type_name, alias), *[answer({}, 404)] * requests)
        assert (alias, 404, hint) == (caught.value.oid, caught.value.status, "written %2F" in str(caught.value))

    def test_another_refusal_is_no_reason_to_go_on(self, reading: LookupReader, play: Any) -> None:
        with pytest.raises(Rejected):
            play(look_up(reading, "Result", "12/master/r"), answer({"message": "no"}, 422))

    def test_lists_are_read_as_far_as_the_name(self, reading: LookupReader, play: Any) -> None:
        link = f'<{BASE}/api/spaces/4/metrics?page=2>; rel="next"'
        first = answer([{"id": 21, "name": "Health"}], link=link)
        second = answer([{"id": 22, "name": "Cases"}], link=link.replace("page=2", "page=3"))
        row, made = play(look_up(reading, "Metric", "4/Cases"), first, second)
        assert (Oid("Metric", "4/22"), 2) == (row.oid, len(made))
        row, made = play(look_up(reading, "Metric", "4/Health"), first)
        assert (Oid("Metric", "4/21"), 1) == (row.oid, len(made))
        row, made = play(look_up(reading, "User", "ann"), answer([{"id": 7, "username": "ann"}, {"id": 8}]))
        assert (Oid("User", 7), ["users"]) == (row.oid, self.lines(made))

    def test_the_list_of_a_space_that_is_gone_has_no_names(self, reading: LookupReader, play: Any) -> None:
        with pytest.raises(NotFound, match="There is no Metric"):
            play(look_up(reading, "Metric", "4/Cases"), answer({"message": "Not Found"}, 404))
        # Users belong to the server: without their list the address is another one's.
        with pytest.raises(NotFound, match="Not Found"):
            play(look_up(reading, "User", "ann"), answer({"message": "Not Found"}, 404))

    @pytest.mark.parametrize(
        ("type_name", "alias", "words"),
        [
            ("Metric", "x/Cases", "space id/a number"),
            ("Metric", "4/", "space id/a number"),
            ("Content", "4/x/a", "space id/result id/the content's path, escaped"),
            ("Result", "r", "space id/a number, or names: space id/result or project/space/result"),
            ("File", "f", "a number"),
        ],
    )
    def test_what_is_no_name_says_what_is(
        self, type_name: str, alias: str, words: str, reading: LookupReader, play: Any
    ) -> None:
        with pytest.raises(BadValue) as caught:
            play(look_up(reading, type_name, alias))
        assert f"{type_name}({alias!r}): it takes {words}." in str(caught.value)
        assert type_name == caught.value.type_name

    def test_relations_take_no_names(self) -> None:
        assert not Testspace(base=BASE).taken_by_alias("Project")

    def test_a_number_is_a_key_up_to_a_length(self) -> None:
        assert [int("9" * 59), None] == [key_of("Project", "9" * length) for length in (59, 60)]


class TestSpaces:
    """How many lists of projects are read for spaces before they are read one by one."""

    SPACES = (1, 2, 3, 4, 5, 6, 7, 8)

    def lines(self, reading: LookupReader, play: Any, *answers: Response) -> list[str]:
        found, made = play(reading.by_keys(resource_of("Space"), self.SPACES), *answers)
        assert [*self.SPACES] == [oid.key for oid in found]
        return [each.line.removeprefix("GET api/") for each in made]

    def test_three_that_name_no_project_are_enough(self, reading: LookupReader, play: Any) -> None:
        assert 3 == lookup._MISSES
        made = self.lines(reading, play, *(answer({"id": key, "name": "a"}) for key in self.SPACES))
        assert [f"spaces/{key}" for key in self.SPACES] == made

    def test_three_projects_without_them_are_enough(self, reading: LookupReader, play: Any) -> None:
        for key in self.SPACES:
            reading.options.memory.remember(Oid("Space", key), 20 + key // 2)
        # 24 has but one of them, 21 to 23 have two.
        singly = [answer({"id": key, "name": "a"}) for key in self.SPACES]
        made = self.lines(reading, play, *[page([])] * 3, *singly)
        assert ["projects/21/spaces", "projects/22/spaces", "projects/23/spaces"] == made[:3]
        assert [f"spaces/{key}" for key in self.SPACES] == made[3:]

    def test_a_list_is_read_for_no_more_pages_than_it_may_have_of_them(self, reading: LookupReader, play: Any) -> None:
        for key in self.SPACES:
            reading.options.memory.remember(Oid("Space", key), 12 if key < 3 else 20 + key)
        link = f'<{BASE}/api/projects/12/spaces?page={{}}>; rel="next"'
        pages = [answer([{"id": 90 + n, "name": "x"}], link=link.format(n + 2)) for n in range(2)]
        made = self.lines(reading, play, *pages, *(answer({"id": key, "name": "a"}) for key in self.SPACES))
        assert ["projects/12/spaces"] * 2 + [f"spaces/{key}" for key in self.SPACES] == made


class TestDialect:
    """What the dialect says of itself, and its requests that are neither reads nor changes."""

    def test_clearing_a_result_is_one_request(self, play: Any) -> None:
        testspace = Testspace(base=BASE)
        _, [request] = play(testspace.clear(Oid("Result", "4/8")), answer({}, 204))
        assert "DELETE api/spaces/4/results/8/contents" == request.line
        with pytest.raises(Rejected, match="no right"):
            play(testspace.clear(Oid("Result", "4/8")), answer({"message": "no right"}, 403))

    def test_what_every_user_may_read(self) -> None:
        assert "GET api" == Testspace(base=BASE).login_check.line

    def test_files_are_read_and_not_written(self, play: Any) -> None:
        testspace = Testspace(base=BASE)
        with pytest.raises(Unsupported, match="takes no files") as caught:
            play(testspace.upload(Oid("File", 5), BytesIO(b"x")))
        assert "File:5" == caught.value.oid
        assert {"File"} == testspace.FILE_TYPES and not testspace.OPERATIONS
        assert ("updated_at", ("none", "root")) == (testspace.change_marks.at, testspace.SURVEYS)

    def test_what_follows_in_turn(self) -> None:
        def create(key: str, type_name: str, space: int) -> Create:
            name = "space" if type_name == "Result" else "project"
            return Create(Oid(type_name, key), (AttributeChange(name, None, Oid("Space", space)),))

        first, second, other = create("new-1", "Result", 4), create("new-2", "Result", 4), create("new-3", "Result", 5)
        spaces = create("new-4", "Space", 4), create("new-5", "Space", 4)
        homeless = Create(Oid("Result", "new-6"), ()), Create(Oid("Result", "new-7"), ())
        update, delete = Update(Oid("Space", 4), ()), Delete(Oid("Space", 4))
        found = _queues([first, update, second, other, *spaces, *homeless, delete])
        assert [[first, second], [update, delete], [other], *([each] for each in (*spaces, *homeless))] == found

    def test_the_answer_to_a_write_is_one_object_or_nothing(self) -> None:
        answers = (answer({"id": 1}), answer([{"id": 1}]), answer([]), answer([{"id": 1}, {"id": 2}]))
        assert [{"id": 1}, {"id": 1}, None, None] == [_answer_object(each) for each in answers]
        assert None is _answer_object(Response(205, {}, b" \n"))
        assert (True, True, False) == (RULES.verbatim, RULES.brief, RULES.answer_object is None)


class TestTraversals:
    """In which order the lists below lists are read, and how many at once."""

    def rounds(self, ts_schema: Schema, wanted: Fetch, answers: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
        """The assets that a read returns, and the paths of each of its rounds of requests."""
        flow = Testspace(base=BASE, width=2).fetch(ts_schema, [wanted])
        made: list[list[str]] = []
        try:
            sent = next(flow)
            while True:
                requests = sent if isinstance(sent, tuple) else (sent,)
                made.append([request.path.removeprefix("api/") for request in requests])  # type: ignore[union-attr]
                found = tuple(answers[path] for path in made[-1])
                sent = flow.send(found if isinstance(sent, tuple) else found[0])
        except StopIteration as end:
            return [row.oid.token for row in end.value[0].rows], made

    @pytest.mark.parametrize("size", [None, 1])
    def test_lists_of_one_level_begin_together_and_of_a_window_alone(self, size: int | None, ts_schema: Schema) -> None:
        answers = {
            "projects": page([3, 2, 1]),
            "projects/3/spaces": page([31, 30]),
            "projects/2/spaces": page([]),
            "projects/1/spaces": page([10]),
        }
        found, made = self.rounds(ts_schema, Fetch("Space", size=size), answers)
        if size is None:
            assert ["Space:31", "Space:30", "Space:10"] == found
            assert [["projects"], ["projects/3/spaces", "projects/2/spaces"], ["projects/1/spaces"]] == made
        else:
            assert (["Space:31"], [["projects"], ["projects/3/spaces"]]) == (found, made)

    def test_folders_follow_the_page_that_has_them(self, ts_schema: Schema) -> None:
        def contents(*paths: str) -> Response:
            kinds = ((path, "folder" if path.rpartition("/")[2].isupper() else "suite") for path in paths)
            return answer([{"id": 1, "key": path, "path": path, "name": path, "type": kind} for path, kind in kinds])

        base = "spaces/4/results/8/contents"
        answers = {
            base: contents("A", "x", "B"),
            f"{base}/A": contents("A/C", "A/y"),
            f"{base}/A/C": contents("A/C/w"),
            f"{base}/B": contents("B/z"),
        }
        where = Compare(Path.parse("result"), "=", (Oid("Result", "4/8"),))
        found, made = self.rounds(ts_schema, Fetch("Content", where=where), answers)
        assert ["A", "x", "B", "A/C", "A/y", "A/C/w", "B/z"] == [token.removeprefix("Content:4/8/") for token in found]
        assert sorted(answers) == sorted(path for each in made for path in each)
        top = And((where, Exists(Path.parse("folder"), False)))
        found, made = self.rounds(ts_schema, Fetch("Content", where=top), answers)
        assert (["A", "x", "B"], [[base]]) == ([token.removeprefix("Content:4/8/") for token in found], made)

    def test_an_answer_can_be_continued_more_than_once(self, ts_schema: Schema) -> None:
        answers = {"projects": page([3, 2]), "projects/3/spaces": page([31, 30]), "projects/2/spaces": page([20])}
        testspace = Testspace(base=BASE, width=1)

        def read(cursor: object) -> tuple[list[Key], object]:
            flow = testspace.fetch(ts_schema, [Fetch("Space", page_size=1, cursor=cursor)])
            sent = next(flow)
            try:
                while True:
                    [request] = sent if isinstance(sent, tuple) else (sent,)
                    found = answers[request.path.removeprefix("api/")]  # type: ignore[union-attr]
                    sent = flow.send((found,) if isinstance(sent, tuple) else found)
            except StopIteration as end:
                [rows] = end.value
                return [row.oid.key for row in rows.rows], rows.next_cursor

        first, cursor = read(None)
        assert [31, 30] == first
        assert ([20], None) == read(cursor) == read(cursor)


class TestNamed:
    """What is read of assets that a fetch names."""

    SPACES = (Oid("Space", 4), Oid("Space", 5))

    def read(self, testspace: Testspace, schema: Schema, play: Any, wanted: Fetch, *answers: Any) -> list[str]:
        [rows], made = play(testspace.fetch(schema, [wanted]), *answers)
        assert [*self.SPACES] == [row.oid for row in rows.rows]
        return [each.line.removeprefix("GET api/") for each in made]

    def test_lists_below_them_alone_are_read_without_them(self, ts_schema: Schema, play: Any) -> None:
        testspace, metrics = Testspace(base=BASE), (Path.parse("metrics"),)
        empty = answer([]), answer([])
        made = self.read(testspace, ts_schema, play, Fetch("Space", metrics, oids=self.SPACES), *empty)
        assert ["spaces/4/metrics", "spaces/5/metrics"] == made

    def test_what_no_object_had_is_not_read_again(self, ts_schema: Schema, play: Any) -> None:
        testspace, stale = Testspace(base=BASE), (Path.parse("stale"),)
        objects = [answer({"id": key, "name": "a", "project_id": 1}) for key in (4, 5)]
        wanted = Fetch("Space", stale, oids=self.SPACES)
        assert ["spaces/4", "spaces/5"] == self.read(testspace, ts_schema, play, wanted, *objects)
        assert [] == self.read(testspace, ts_schema, play, wanted)
        # What they have, what follows from where they are, and a condition are reasons to read them.
        for select, where in (((*stale, Path.parse("name")), None), ((Path.parse("project"),), None), (stale, STALE)):
            wanted = Fetch("Space", select, where, oids=self.SPACES)
            assert ["spaces/4", "spaces/5"] == self.read(testspace, ts_schema, play, wanted, *objects)
