"""Bulk writes beyond the wire cases: how changes are put together, and what becomes of them when answers are odd."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.bulk_request import command, fits
from assetmeta.backends.versionone.query_request import yaml_safe_json
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    BudgetExceeded,
    InvalidResponse,
    NotFound,
    RateLimited,
    ReadOnly,
    Rejected,
    SessionClosed,
    TimedOut,
    Unreachable,
    Unsupported,
)
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]
ROOT = Oid("Scope", 0)
STORY = Oid("Story", 5)


def named(oid: Oid, name: str = "x", **more: Any) -> Update:
    return Update(oid, (AttributeChange("Name", UNREAD, name),), **more)


def stories(*keys: int) -> list[Change]:
    return [named(Oid("Story", key)) for key in keys]


def new(number: int, kind: str = "Story", *deltas: AttributeChange) -> Create:
    return Create(Oid.new(kind, number), (AttributeChange("Name", None, "n"), *deltas))


def answer(status: int = 200, **document: Any) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


def answer_xml(text: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, text.encode())


def read_one(key: int, name: str = "old") -> Response:
    return answer_xml(f'<Asset id="Story:{key}"><Attribute name="Name">{name}</Attribute></Asset>')


def section(*tokens: str) -> dict[str, Any]:
    return {"oidTokens": list(tokens), "count": len(tokens)}


def told(**given: Any) -> Response:
    """An answer of api/asset in which nothing happened but what is *given*."""
    base = {
        "complete": True,
        "processing": False,
        "assetsCreated": section(),
        "assetsModified": section(),
        "assetsOperatedOn": section(),
        "commandFailures": {"commands": [], "count": 0},
        "queryResult": {"results": [], "count": -1},
    }
    document = {**base, **given}
    return answer(**{key: value for key, value in document.items() if value is not None})


def failures(*commands: dict[str, Any]) -> dict[str, Any]:
    return {"commands": list(commands), "count": len(commands)}


class Obedient:
    """A server that does what it is told. *broken* names the assets and names of new assets that it refuses, *gone*
    the keys that it does not have. *style* says what it leaves of a query that failed.
    """

    def __init__(self, broken: tuple[str, ...] = (), gone: tuple[str, ...] = (), style: str = "omitted") -> None:
        self.broken, self.gone, self.style = broken, gone, style
        self.sizes: list[int] = []
        self.next = 1000

    def __call__(self, request: Request) -> Response:
        if request.path != "api/asset":
            return Response(200, {"content-type": "text/xml"}, f'<Asset id="{self._single(request)}"/>'.encode())
        commands = json.loads(request.body)  # type: ignore[arg-type]
        self.sizes.append(len(commands))
        aliases: dict[str, str] = {}
        lists: dict[str, list[str]] = {"created": [], "modified": [], "operated": []}
        failed: list[dict[str, Any]] = []
        results: list[Any] = []
        for place, posted in enumerate(commands):
            alias, body = next(iter(posted.items())) if "from" not in posted else ("@query", posted)
            words = self._do(alias, body, aliases, lists, results)
            if words:
                error = {"message": words, "sourceCommandIndex": place}
                failed.append({alias: body, "error": error})
        return told(
            assetsCreated=section(*lists["created"]),
            assetsModified=section(*lists["modified"]),
            assetsOperatedOn=section(*lists["operated"]),
            commandFailures=None if self.style == "silent" else failures(*failed),
            queryResult={"results": results, "count": len(results)},
        )

    def _single(self, request: Request) -> str:
        part = request.path.removeprefix("rest-1.v1/Data/").split("/")
        if len(part) == 2:
            return f"{part[0]}:{part[1]}:1"
        self.next += 1
        return f"{part[0]}:{self.next}:1"

    def _do(self, alias: str, body: Any, aliases: Any, lists: Any, results: Any) -> str | None:
        for value in [body.get("from"), *body.values()]:
            if isinstance(value, str) and value.startswith("@") and value not in aliases:
                if alias == "@query" and self.style != "omitted":
                    results.append([])
                return f"Invalid OID token: {value}"
        if "AssetType" in body:
            if body["Name"] in self.broken:
                return "Violation'Invalid'Story.Name"
            self.next += 1
            aliases[alias] = f"{body['AssetType']}:{self.next}"
            lists["created"].append(aliases[alias])
            return None
        target = aliases.get(body["from"], body["from"])
        if alias == "@query":
            results.append([{"_oid": target, "Name": f"of {target}"}])
        elif target in self.broken:
            return "Violation'Invalid'Story.Name"
        elif target not in self.gone:
            lists["modified" if "update" in body else "operated"].append(target)
        return None


def run(schema: Schema, changes: list[Change], server: Callable[[Request], Any], **settings: Any) -> list[Any]:
    flow = VersionOne(**settings).write(schema, changes)
    try:
        yielded = next(flow)
        while True:
            several = yielded if isinstance(yielded, tuple) else (yielded,)
            sent = tuple(server(each) for each in several)
            yielded = flow.send(sent if isinstance(yielded, tuple) else sent[0])
    except StopIteration as end:
        assert [outcome.change for outcome in end.value] == changes
        return list(end.value)


def waves(schema: Schema, changes: list[Change], **settings: Any) -> list[list[int]]:
    """How many commands stand in each request, request by request of each yielded tuple; 0 for other requests."""
    server, found = Obedient(), []
    flow = VersionOne(**settings).write(schema, changes)
    try:
        yielded = next(flow)
        while True:
            assert isinstance(yielded, tuple)
            found.append([len(json.loads(each.body)) if each.path == "api/asset" else 0 for each in yielded])
            yielded = flow.send(tuple(server(each) for each in yielded))
    except StopIteration:
        return found


class TestPuttingTogether:
    def test_a_thousand_updates_take_few_requests(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, stories(*range(1000))) == [[200], [200, 200, 200, 200]]

    def test_the_first_request_goes_alone_until_the_server_is_known_to_take_it(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, stories(*range(6)), max_bulk=2, max_lanes=1) == [[2], [2], [2]]
        assert waves(v1_schema, stories(*range(6)), max_bulk=2) == [[2], [2, 2]]

    def test_one_change_alone_goes_the_plain_way(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, [named(STORY)]) == [[0]]
        assert waves(v1_schema, [named(STORY), named(Oid.new("Story", 9))]) == [[0]]

    def test_bulk_can_be_switched_off(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, stories(1, 2, 3), bulk=False) == [[0, 0, 0]]

    def test_what_is_read_of_a_new_asset(self, v1_schema: Schema, play: Play) -> None:
        """Its name and number and the values written, once each: neither lists nor passwords."""
        owners = AttributeChange("Owners", None, added=(Oid("Member", 1),), is_multi=True)
        story = new(1, "Story", AttributeChange("Estimate", None, Decimal(1)), owners)
        member = new(2, "Member", AttributeChange("Password", None, "secret"))
        flow = VersionOne().write(v1_schema, [story, member])
        [made] = next(flow)  # type: ignore[misc]
        assert isinstance(made, Request)
        assert isinstance(made.body, bytes)
        queries = [each["select"] for each in json.loads(made.body) if "select" in each]
        assert ["Name", "Number", "Estimate"] == queries[0]
        assert "Name" in queries[1]
        assert "Password" not in queries[1]

    def test_a_create_counts_twice_for_its_query(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, [new(n) for n in range(4)], max_bulk=4) == [[4], [4]]

    def test_a_chunk_waits_for_the_create_that_it_needs(self, v1_schema: Schema) -> None:
        parent = AttributeChange("Super", None, Oid.new("Epic", 1))
        changes: list[Change] = [new(1, "Epic"), new(2), new(3, "Story", parent), new(4, "Story", parent)]
        server = Obedient()
        outcomes = run(v1_schema, changes, server, max_bulk=4)
        assert server.sizes == [4, 4]
        assert [outcome.oid.token for outcome in outcomes] == ["Epic:1001", "Story:1002", "Story:1003", "Story:1004"]

    def test_an_asset_is_updated_once_per_request(self, v1_schema: Schema) -> None:
        assert waves(v1_schema, [*stories(1, 2), named(Oid("Story", 1), "y"), *stories(3)]) == [[2], [2]]
        changes: list[Change] = [
            new(1),
            Update(Oid.new("Story", 1), (AttributeChange("Super", UNREAD, Oid("Epic", 1)),)),
        ]
        assert waves(v1_schema, changes) == [[3]]

    def test_operations_on_one_asset_stay_apart_unless_only_their_arguments_differ(self, v1_schema: Schema) -> None:
        def assign(key: int) -> Call:
            return Call(ROOT, "AssignMemberWithRole", (("Member", Oid("Member", key)),))

        assert waves(v1_schema, [assign(1), assign(2), assign(3)]) == [[3]]
        calls: list[Change] = [Call(STORY, "Inactivate"), Call(STORY, "Reactivate")]
        assert waves(v1_schema, calls) == [[0], [0]]

    def test_deletes_are_not_sent_beside_or_before_other_changes(self, v1_schema: Schema) -> None:
        deletes: list[Change] = [Delete(Oid("Story", n)) for n in range(10, 14)]
        clear = Update(Oid("Story", 9), (AttributeChange("Super", UNREAD, None),))
        assert waves(v1_schema, [*stories(1, 2), clear, *deletes], max_bulk=2) == [[2, 0], [2, 2]]
        assert waves(v1_schema, [*stories(1, 2, 3), *deletes], max_bulk=2) == [[2], [2], [2, 1]]

    def test_large_texts_make_small_chunks(self, v1_schema: Schema) -> None:
        text = "x" * 900_000
        changes: list[Change] = [
            Update(Oid("Story", n), (AttributeChange("Description", UNREAD, text),)) for n in range(4)
        ]
        assert waves(v1_schema, changes) == [[2], [2]]

    def test_ten_thousand_changes_of_all_sorts_keep_their_order(self, v1_schema: Schema) -> None:
        changes: list[Change] = [
            Update(
                Oid("Story", n), (AttributeChange("Status", UNREAD, None if n % 10 == 0 else Oid("StoryStatus", 1)),)
            )
            for n in range(10_000)
        ]
        outcomes = run(v1_schema, changes, Obedient(), max_batch=1000)
        assert [outcome.oid.key for outcome in outcomes] == list(range(10_000))


@pytest.mark.parametrize(
    "change",
    [
        Update(STORY, (AttributeChange("Status", UNREAD, None),)),
        Update(STORY, (AttributeChange("Benefits", UNREAD, ""),)),
        Update(STORY, (AttributeChange("Order", UNREAD, "454+"),)),
        Update(STORY, (AttributeChange("Name", UNREAD, "@n1"),)),
        Update(STORY, (AttributeChange("Name", UNREAD, " @n1"),)),
        Update(STORY, (AttributeChange("TaggedWith", UNREAD, added=("@n1",), is_multi=True),)),
        Update(STORY, (AttributeChange("TaggedWith", UNREAD, added=("a", "@n1"), is_multi=True),)),
        Update(STORY, (AttributeChange("TaggedWith", UNREAD, added=("a",), removed=("@n1",), is_multi=True),)),
        Update(STORY, (AttributeChange("Name", UNREAD, "a"), AttributeChange("Description", UNREAD, "@n1"))),
        Update(STORY, (AttributeChange("Owners", UNREAD, is_multi=True),)),
        Update(STORY, (AttributeChange("Super", UNREAD, "Epic:1"),)),
        Update(STORY, (AttributeChange("Nonsense", UNREAD, "x"),)),
        Update(STORY, ()),
        named(STORY, "a\x00b"),
        named(STORY, comment="why"),
        named(Oid("Story", 5, 77)),
        Create(Oid.new("Story", 1), (AttributeChange("Owners", None, removed=(Oid("Member", 1),), is_multi=True),)),
    ],
)
def test_what_the_bulk_api_cannot_do_goes_the_plain_way(v1_schema: Schema, change: Change) -> None:
    assert not fits(v1_schema, change)


def test_texts_that_look_like_something_else_stay_texts(v1_schema: Schema) -> None:
    for text in ("Story:5", "a@n1", "NULL", "true", "5", "~", "{}", "- x", "System (All Projects)"):
        change = named(STORY, text)
        assert fits(v1_schema, change)
        assert command(v1_schema, change, str) == {"from": "Story:5", "update": {"Name": text}}


@pytest.mark.parametrize(
    ("value", "sent"),
    [(True, True), (3, 3), (Decimal("2.50"), "2.5"), (0.5, "0.5"), ("Role:3", "Role:3"), (Oid("Role", 3), "Role:3")],
)
def test_arguments_of_operations(v1_schema: Schema, value: object, sent: object) -> None:
    call = Call(STORY, "Op", (("A", value),))
    assert command(v1_schema, call, str)["execute"] == {"op": "Op", "args": {"A": sent}}


@pytest.mark.parametrize("value", ["@n1", None, [1], b"x"])
def test_arguments_that_cannot_be_sent_fail_alone(v1_schema: Schema, value: object) -> None:
    changes: list[Change] = [Call(STORY, "Op", (("A", value),)), *stories(6, 7)]
    outcomes = run(v1_schema, changes, Obedient())
    assert [type(each) for each in outcomes] == [Failed, Done, Done]
    assert isinstance(outcomes[0].error, BadValue)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_read_the_same(text: str) -> None:
    assert json.loads(yaml_safe_json({"a": text})) == {"a": text}


class TestTellingApart:
    @given(st.data())
    def test_outcomes_belong_to_their_changes(self, v1_schema: Schema, data: st.DataObject) -> None:
        """Whatever fails, and however the server leaves out what failed, each change gets its own outcome."""
        kinds = data.draw(st.lists(st.sampled_from(["ok", "broken", "child", "update", "gone", "call", "refused"])))
        changes: list[Change] = []
        for n, kind in enumerate(kinds):
            if kind in ("ok", "broken"):
                changes.append(Create(Oid.new("Story", n), (AttributeChange("Name", None, f"{kind}{n}"),)))
            elif kind == "child":
                parents = [each.oid for each in changes if isinstance(each, Create)]
                link = [AttributeChange("Super", None, data.draw(st.sampled_from(parents)))] if parents else []
                changes.append(Create(Oid.new("Story", n), (AttributeChange("Name", None, "c"), *link)))
            else:
                oid = Oid("Story", n)
                changes.append(Call(oid, "Op") if kind == "call" else named(oid))
        broken = {f"broken{n}" for n, kind in enumerate(kinds) if kind == "broken"}
        refused = {f"Story:{n}" for n, kind in enumerate(kinds) if kind == "refused"}
        gone = tuple(f"Story:{n}" for n, kind in enumerate(kinds) if kind == "gone")
        server = Obedient((*broken, *refused), gone, data.draw(st.sampled_from(["omitted", "empty"])))

        def answering(request: Request) -> Response:
            if request.path == "query.v1":
                return Response(200, {"content-type": "application/json"}, b"[[]]")
            if request.method == "GET":
                return Response(404, {}, b"")
            if "rest-1.v1" in request.path and b"broken" in (request.body or b""):  # type: ignore[operator]
                return Response(400, {}, b"")
            if any(request.path.endswith(token.replace(":", "/")) for token in (*gone, *refused)):
                return Response(404 if any(request.path.endswith(t.replace(":", "/")) for t in gone) else 400, {}, b"")
            return server(request)

        outcomes = run(v1_schema, changes, answering, max_bulk=data.draw(st.integers(1, 9)))
        lost: set[Oid] = set()
        for kind, outcome in zip(kinds, outcomes, strict=True):
            change = outcome.change
            if kind == "broken" or kind in ("gone", "refused"):
                assert isinstance(outcome, Failed)
                assert isinstance(outcome.error, NotFound) is (kind == "gone")
            elif kind == "child" and len(change.deltas) == 2 and change.deltas[1].new in lost:
                assert (type(outcome), outcome.needs) == (Skipped, change.deltas[1].new)
            else:
                assert isinstance(outcome, Done)
                assert change.oid.is_new or outcome.oid == change.oid
                if outcome.row and outcome.row.values:
                    assert outcome.row.values[0] == f"of {outcome.oid}"
            if isinstance(change, Create) and not isinstance(outcome, Done):
                lost.add(change.oid)
        real = [outcome.oid for outcome in outcomes if isinstance(outcome, Done)]
        assert len(set(real)) == len(real)

    def test_without_reports_of_failures_and_with_empty_results(self, v1_schema: Schema) -> None:
        changes: list[Change] = [new(1), Create(Oid.new("Story", 2), (AttributeChange("Name", None, "bad"),)), new(3)]
        outcomes = run(v1_schema, changes, Obedient(("bad",), style="silent"))
        assert [type(each) for each in outcomes] == [Done, Failed, Done]
        assert [outcomes[place].oid.key for place in (0, 2)] == [1001, 1002]

    def test_what_cannot_be_distinguished_is_unknown(self, v1_schema: Schema, play: Play) -> None:
        """One of two was made, results of failed queries are left out, and no failure is reported."""
        results = {"results": [[{"_oid": "Story:9"}]], "count": 1}
        given = told(assetsCreated=section("Story:9"), queryResult=results, commandFailures=None)
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2)]), given)
        assert [type(each) for each in outcomes] == [Unknown, Unknown]

    @pytest.mark.parametrize(
        "results",
        [
            [[{"_oid": "Story:8"}], [{"_oid": "Story:8"}]],
            [[{"_oid": "Story:8"}], [{"_oid": "Epic:9"}]],
            [[{"_oid": "Story:7"}], [{"_oid": "Story:9"}]],
            [[{"_oid": "Story:8"}, {"_oid": "Story:9"}], []],
            [[{"_oid": "NULL"}], [{}]],
            [[{"_oid": "Epic:9"}], [{"_oid": "Story:8"}]],
        ],
    )
    def test_results_that_contradict_what_was_made_are_not_believed(
        self, v1_schema: Schema, play: Play, results: list[Any]
    ) -> None:
        found = {"results": results, "count": 2}
        given = told(assetsCreated=section("Story:8", "Epic:9", "Story:9"), queryResult=found)
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2)]), given)
        assert [type(each) for each in outcomes] == [Unknown, Unknown]

    def test_without_results_new_assets_are_known_by_their_order(self, v1_schema: Schema, play: Play) -> None:
        given = told(assetsCreated=section("Story:8", "Epic:9"))
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2, "Epic")]), given)
        assert [outcome.oid.token for outcome in outcomes] == ["Story:8", "Epic:9"]
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1, "Epic"), new(2)]), given)
        assert [type(each) for each in outcomes] == [Unknown, Unknown]

    def test_values_of_new_assets_go_by_identity_where_a_failed_query_left_no_result(
        self, v1_schema: Schema, play: Play
    ) -> None:
        entry = {"@n1": {"AssetType": "Story"}, "error": {"message": "no", "sourceCommandIndex": 0}}
        results = [[{"_oid": "Story:9", "Name": "second"}], [{"_oid": "Story:8", "Name": "first"}]]
        given = told(
            assetsCreated=section("Story:8", "Story:9"),
            commandFailures=failures(entry),
            queryResult={"results": results, "count": 2},
        )
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2), new(3)]), given)
        assert [type(each) for each in outcomes] == [Failed, Done, Done]
        assert [(each.oid.token, each.row.values[0]) for each in outcomes[1:]] == [
            ("Story:8", "first"),
            ("Story:9", "second"),
        ]

    def test_a_create_that_failed_and_has_a_result_is_not_believed(self, v1_schema: Schema, play: Play) -> None:
        entry = {"@n1": {"AssetType": "Story"}, "error": {"message": "no", "sourceCommandIndex": 0}}
        results = {"results": [[{"_oid": "Story:8"}], []], "count": 2}
        given = told(assetsCreated=section("Story:8"), commandFailures=failures(entry), queryResult=results)
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2)]), given)
        assert [type(each) for each in outcomes] == [Failed, Unknown]

    def test_a_create_that_made_nothing_failed_also_without_a_reason(self, v1_schema: Schema, play: Play) -> None:
        results = {"results": [[{"_oid": "Story:8"}], []], "count": 2}
        given = told(assetsCreated=section("Story:8"), queryResult=results)
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2)]), given)
        assert [type(each) for each in outcomes] == [Done, Failed]

    def test_assets_made_besides_do_not_confuse(self, v1_schema: Schema, play: Play) -> None:
        results = {"results": [[{"_oid": "Story:8"}], [{"_oid": "Story:9"}]], "count": 2}
        given = told(assetsCreated=section("Story:8", "Task:80", "Story:9", "Task:90"), queryResult=results)
        outcomes, _ = play(VersionOne().write(v1_schema, [new(1), new(2)]), given)
        assert [outcome.oid.key for outcome in outcomes] == [8, 9]

    @pytest.mark.parametrize(
        "entry",
        [
            {"@n2": {"oid": "Story:2", "update": {}}, "error": {"message": "no"}},
            {"@n2": {"oid": "Story:2", "update": {}}, "error": {"message": "no", "sourceCommandIndex": 0}},
            {"@guid": {"oid": "Story:2", "update": {}}, "error": {"message": "no", "sourceCommandIndex": 1}},
            {"error": {"message": "no", "sourceCommandIndex": 1}},
        ],
    )
    def test_a_failure_is_known_by_alias_else_by_place(
        self, v1_schema: Schema, play: Play, entry: dict[str, Any]
    ) -> None:
        given = told(assetsModified=section("Story:1", "Story:3"), commandFailures=failures(entry))
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2, 3)), given)
        assert [type(each) for each in outcomes] == [Done, Failed, Done]
        assert (outcomes[1].error.server_message, outcomes[1].error.oid) == ("no", "Story:2")
        assert isinstance(outcomes[1].error, Rejected)

    @pytest.mark.parametrize(
        "entry",
        [
            {"@guid": {"oid": "Story:2"}, "error": {"message": "no", "sourceCommandIndex": 3}},
            {"@guid": {"oid": "Story:2"}, "error": {"message": "no", "sourceCommandIndex": -1}},
            {"@guid": {"oid": "Story:2"}, "error": {"message": "no", "sourceCommandIndex": True}},
            {"@guid": {}, "error": "no"},
            {},
            17,
        ],
    )
    def test_a_failure_of_no_command_is_blamed_on_nobody(self, v1_schema: Schema, play: Play, entry: Any) -> None:
        given = told(assetsModified=section("Story:1", "Story:2", "Story:3"), commandFailures=failures(entry))
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2, 3)), given)
        assert [type(each) for each in outcomes] == [Done, Done, Done]

    @pytest.mark.parametrize(("name", "kind"), [("x", Done), ("old", Unknown)])
    def test_an_update_that_is_listed_as_failed_and_as_modified_is_compared(
        self, v1_schema: Schema, play: Play, name: str, kind: type
    ) -> None:
        entry = {"@n2": {"oid": "Story:2", "update": {}}, "error": {"message": "no"}}
        given = told(assetsModified=section("Story:1", "Story:2"), commandFailures=failures(entry))
        read = answer_xml(f'<Asset id="Story:2"><Attribute name="Name">{name}</Attribute></Asset>')
        outcomes, made = play(VersionOne().write(v1_schema, stories(1, 2)), given, read)
        assert [type(each) for each in outcomes] == [Done, kind]
        assert len(made) == 2

    @pytest.mark.parametrize(("name", "kind"), [("x", Done), ("old", Unknown)])
    def test_an_update_that_is_listed_nowhere_is_compared(
        self, v1_schema: Schema, play: Play, name: str, kind: type
    ) -> None:
        read = answer_xml(f'<Asset id="Story:2"><Attribute name="Name">{name}</Attribute></Asset>')
        flow = VersionOne().write(v1_schema, stories(1, 2))
        outcomes, made = play(flow, told(assetsModified=section("Story:1")), read)
        assert [type(each) for each in outcomes] == [Done, kind]
        assert len(made) == 2

    def test_a_delete_that_is_listed_nowhere_found_nothing_to_delete(self, v1_schema: Schema, play: Play) -> None:
        changes: list[Change] = [*stories(1), Delete(Oid("Story", 2))]
        outcomes, made = play(VersionOne().write(v1_schema, changes), told(assetsModified=section("Story:1")))
        assert [type(each) for each in outcomes] == [Done, Failed]
        assert isinstance(outcomes[1].error, NotFound)
        assert ["api/asset"] == [request.path for request in made]

    @pytest.mark.parametrize(("answer", "kind"), [("gone", Done), ("there", Failed)])
    def test_where_failures_are_not_reported_a_delete_is_compared(
        self, v1_schema: Schema, play: Play, answer: str, kind: type
    ) -> None:
        changes: list[Change] = [*stories(1), Delete(Oid("Story", 2))]
        given = told(assetsModified=section("Story:1"), commandFailures=None)
        read = answer_xml('<Asset id="Story:2"/>') if answer == "there" else Response(404, {}, b"")
        outcomes, made = play(VersionOne().write(v1_schema, changes), given, read)
        assert [type(each) for each in outcomes] == [Done, kind]
        assert len(made) == 2

    def test_identities_are_taken_without_their_moments(self, v1_schema: Schema, play: Play) -> None:
        results = {"results": [[{"_oid": "Story:8:77", "Name": "n"}]], "count": 1}
        given = told(
            assetsCreated=section("Story:8:77"),
            assetsModified=section("Story:1:77"),
            assetsOperatedOn=section("Story:5:77"),
            queryResult=results,
        )
        changes: list[Change] = [new(1), *stories(1), Call(STORY, "Op")]
        outcomes, _ = play(VersionOne().write(v1_schema, changes), given)
        assert [Oid("Story", 8), Oid("Story", 1), STORY] == [each.oid for each in outcomes]
        assert outcomes[0].row.oid.current == Oid("Story", 8)

    def test_an_update_and_an_operation_of_one_asset_have_their_own_outcomes(
        self, v1_schema: Schema, play: Play
    ) -> None:
        """The answer names the asset in two sections, and a failure of one command says nothing of the other."""
        changes: list[Change] = [named(STORY), Call(STORY, "Op"), *stories(6)]
        both = told(assetsModified=section("Story:5", "Story:6"), assetsOperatedOn=section("Story:5"))
        outcomes, made = play(VersionOne().write(v1_schema, changes), both)
        assert [Done, Done, Done] == [type(each) for each in outcomes]
        entry = {"@n2": {"oid": "Story:5", "execute": "Op"}, "error": {"message": "no"}}
        given = told(assetsModified=section("Story:5", "Story:6"), commandFailures=failures(entry))
        outcomes, made = play(VersionOne().write(v1_schema, changes), given)
        assert [Done, Failed, Done] == [type(each) for each in outcomes]
        assert "The server refused Op on Story:5 (POST api/asset): no" == str(outcomes[1].error)
        assert 1 == len(made)

    @pytest.mark.parametrize(
        ("change", "action"),
        [(new(1), "to create"), (named(STORY), "to update Story:5"), (Delete(STORY), "to delete Story:5")],
    )
    def test_a_refusal_names_the_action(self, v1_schema: Schema, play: Play, change: Change, action: str) -> None:
        entry = {"@n2": {}, "error": {"message": "Violation'NotAllowed'Story"}}
        given = told(assetsModified=section("Story:1"), commandFailures=failures(entry))
        outcomes, _ = play(VersionOne().write(v1_schema, [*stories(1), change]), given)
        assert f"The server refused {action}" in str(outcomes[1].error)

    @pytest.mark.parametrize("section_", [{"commands": None, "count": 0}, {}, {"commands": "x"}])
    def test_a_section_of_failures_without_a_list_has_none(
        self, v1_schema: Schema, play: Play, section_: dict[str, Any]
    ) -> None:
        given = told(assetsModified=section("Story:1", "Story:2"), commandFailures=section_)
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2)), given)
        assert [Done, Done] == [type(each) for each in outcomes]

    @pytest.mark.parametrize(
        "sections",
        [
            {"assetsCreated": {"oidTokens": [], "count": 1}},
            {"assetsModified": {"oidTokens": ["Story:1", "Story:2"], "count": 3}},
            {"assetsModified": {"oidTokens": ["Story:1", "Story:1"], "count": 2}},
            {"assetsCreated": {"oidTokens": ["Story:8", "Story:8"], "count": 2}},
            {"assetsOperatedOn": {"oidTokens": ["Story:1"], "count": 2}},
            {"commandFailures": {"commands": [], "count": 1}},
            {"queryResult": {"results": [], "count": 2}},
        ],
    )
    def test_an_answer_that_contradicts_itself_is_compared(
        self, v1_schema: Schema, play: Play, sections: dict[str, Any]
    ) -> None:
        rows = [{"_oid": "Story:1", "Name": "x"}, {"_oid": "Story:2", "Name": "old"}]
        read = Response(200, {"content-type": "application/json"}, json.dumps([rows]).encode())
        given = told(**{"assetsModified": section("Story:1", "Story:2"), **sections})
        outcomes, made = play(VersionOne().write(v1_schema, [*stories(1, 2), new(1)]), given, read)
        assert [Done, Unknown, Unknown] == [type(each) for each in outcomes]
        assert ["api/asset", "query.v1"] == [request.path for request in made]
        assert "cannot be read" in str(outcomes[1].error)

    def test_a_type_may_be_reported_more_exactly(self, v1_schema: Schema, play: Play) -> None:
        changes = [named(Oid("Workitem", 1)), named(Oid("Story", 2))]
        outcomes, _ = play(VersionOne().write(v1_schema, changes), told(assetsModified=section("Story:1", "Story:2")))
        assert [type(each) for each in outcomes] == [Done, Done]

    def test_an_operation_done_less_often_than_asked_is_unknown(self, v1_schema: Schema, play: Play) -> None:
        calls = [Call(ROOT, "Op", (("A", n),)) for n in range(2)]
        outcomes, _ = play(VersionOne().write(v1_schema, calls), told(assetsOperatedOn=section("Scope:0")))
        assert [type(each) for each in outcomes] == [Unknown, Unknown]

    def test_a_server_still_at_work_leaves_open_what_it_does_not_tell(self, v1_schema: Schema, play: Play) -> None:
        given = told(assetsModified=section("Story:1"), processing=True, complete=False)
        changes = [*stories(1, 2), Delete(Oid("Story", 3)), new(1)]
        outcomes, made = play(VersionOne().write(v1_schema, changes), given)
        assert [type(each) for each in outcomes] == [Done, Unknown, Unknown, Unknown]
        assert len(made) == 1

    def test_a_second_look_that_fails_leaves_it_unknown(self, v1_schema: Schema, play: Play) -> None:
        answers = [told(assetsModified=section("Story:1")), TimedOut("slow")]
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2)), *answers)
        assert [type(each) for each in outcomes] == [Done, Unknown]

    def test_without_reports_of_failures_values_tell_whether_an_update_landed(
        self, v1_schema: Schema, play: Play
    ) -> None:
        def change(key: int, *added: Oid) -> Update:
            deltas = (
                AttributeChange("Estimate", UNREAD, Decimal("2.0")),
                AttributeChange("Owners", UNREAD, added=added, is_multi=True),
            )
            return Update(Oid("Story", key), deltas)

        member, other = Oid("Member", 1), Oid("Member", 2)
        rows = [{"_oid": f"Story:{n}", "Estimate": "2", "Owners": [{"_oid": "Member:1"}]} for n in (1, 2)]
        looked = Response(200, {"content-type": "application/json"}, json.dumps([rows]).encode())
        changes = [change(1, member), change(2, other), change(3, member)]
        outcomes, _ = play(VersionOne().write(v1_schema, changes), told(commandFailures=None), looked)
        assert [type(each) for each in outcomes] == [Done, Failed, Failed]
        assert [type(each.error) for each in outcomes[1:]] == [Rejected, NotFound]


class TestWhenItGoesWrong:
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_server_that_breaks_leaves_the_chunk_unknown(self, v1_schema: Schema, play: Play, status: int) -> None:
        answers = [told(assetsModified=section("Story:1", "Story:2")), answer(status, message="Boom")]
        backend = VersionOne(max_bulk=2, max_lanes=1)
        outcomes, _ = play(backend.write(v1_schema, stories(1, 2, 3, 4, 5, 6)), *answers)
        assert [type(each) for each in outcomes] == [Done, Done, Unknown, Unknown, Skipped, Skipped]
        assert outcomes[5].error.sent is False

    @pytest.mark.parametrize("status", [502, 503, 504])
    def test_a_write_goes_on_after_a_gateway_without_its_server(
        self, v1_schema: Schema, play: Play, status: int
    ) -> None:
        """The chunk in doubt is compared by a read: what landed is done, the rest is sent again, one of it first."""
        rows = [{"_oid": "Story:3", "Name": "x"}, {"_oid": "Story:4", "Name": "old"}]
        read = Response(200, {"content-type": "application/json"}, json.dumps([rows]).encode())
        first, broken = told(assetsModified=section("Story:1", "Story:2")), answer(status, message="Boom")
        flow = VersionOne(max_bulk=2, max_lanes=1).write(v1_schema, stories(1, 2, 3, 4, 5))
        outcomes, made = play(flow, first, broken, read, Obedient(), Obedient())
        assert [type(each) for each in outcomes] == [Done] * 5
        assert ["api/asset", "api/asset", "query.v1", "rest-1.v1/Data/Story/4", "rest-1.v1/Data/Story/5"] == [
            request.path for request in made
        ]

    def test_one_change_is_sent_first_after_a_fault_also_singly(self, v1_schema: Schema, play: Play) -> None:
        rows = [{"_oid": f"Story:{key}", "Name": "old"} for key in (1, 2)]
        read = Response(200, {"content-type": "application/json"}, json.dumps([rows]).encode())
        flow = VersionOne(bulk=False, max_batch=2).write(v1_schema, stories(1, 2, 3))
        single = Obedient()
        outcomes, made = play(flow, answer(503), answer(503), read, answer(503), read_one(1), *[single] * 3)
        assert [Done] * 3 == [type(each) for each in outcomes]
        paths = [request.path.removeprefix("rest-1.v1/Data/") for request in made]
        assert ["Story/1", "Story/2", "query.v1", "Story/1", "Story/1", "Story/1", "Story/2", "Story/3"] == paths
        assert ["POST", "POST", "POST", "POST", "GET", "POST", "POST", "POST"] == [request.method for request in made]

    def test_creates_in_doubt_stay_unknown_and_the_rest_goes_on(self, v1_schema: Schema, play: Play) -> None:
        changes: list[Change] = [new(1), new(2), new(3), *stories(4)]
        outcomes, made = play(
            VersionOne(max_bulk=4, max_lanes=1).write(v1_schema, changes), answer(503), Obedient(), Obedient()
        )
        assert [type(each) for each in outcomes] == [Unknown, Unknown, Done, Done]
        assert 3 == len(made)

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (TimedOut("slow"), Unknown),
            (Unreachable("refused", sent=False), Failed),
            (RateLimited("later", sent=False), Failed),
            (AuthenticationFailed("no", status=401), Failed),
        ],
    )
    def test_an_error_is_unknown_only_when_something_may_have_been_done(
        self, v1_schema: Schema, play: Play, error: Exception, kind: type
    ) -> None:
        changes: list[Change] = [
            new(1),
            *stories(1),
            new(2, "Story", AttributeChange("Super", None, Oid.new("Story", 1))),
        ]
        outcomes, made = play(VersionOne().write(v1_schema, changes), error)
        assert [type(each) for each in outcomes] == [kind, kind, kind]
        assert len(made) == 1

    def test_chunks_sent_together_keep_their_own_answers(self, v1_schema: Schema, play: Play) -> None:
        answers = [
            told(assetsModified=section("Story:1", "Story:2")),
            TimedOut("slow"),
            told(assetsModified=section("Story:5", "Story:6")),
        ]
        outcomes, _ = play(VersionOne(max_bulk=2, max_lanes=2).write(v1_schema, stories(*range(1, 9))), *answers)
        assert [type(each) for each in outcomes] == [Done, Done, Unknown, Unknown, Done, Done, Skipped, Skipped]

    @pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"[]", b"{}", b'{"assetsCreated": {"count": 1}}'])
    def test_an_unreadable_answer_leaves_the_chunk_unknown(self, v1_schema: Schema, play: Play, body: bytes) -> None:
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2)), Response(200, {}, body))
        assert [type(each) for each in outcomes] == [Unknown, Unknown]
        assert isinstance(outcomes[0].error, InvalidResponse)

    @pytest.mark.parametrize("status", [404, 405])
    def test_a_missing_end_point_is_remembered(self, v1_schema: Schema, play: Play, status: int) -> None:
        backend, single = VersionOne(max_bulk=2), Obedient()
        outcomes, made = play(backend.write(v1_schema, stories(1, 2, 3)), answer(status), single, single, single)
        assert [outcome.oid.key for outcome in outcomes] == [1, 2, 3]
        assert [request.path for request in made].count("api/asset") == 1
        outcomes, made = play(backend.write(v1_schema, stories(1, 2)), single, single)
        assert [request.path for request in made] == ["rest-1.v1/Data/Story/1", "rest-1.v1/Data/Story/2"]
        with pytest.raises(Unsupported):
            play(backend.write(v1_schema, [Call(STORY, "Op", (("A", 1),))]))

    @pytest.mark.parametrize("status", [400, 413])
    def test_a_body_that_is_not_taken_goes_one_by_one(self, v1_schema: Schema, play: Play, status: int) -> None:
        backend, single = VersionOne(max_bulk=2), Obedient()
        done = told(assetsModified=section("Story:3", "Story:4"))
        outcomes, made = play(backend.write(v1_schema, stories(1, 2, 3, 4)), answer(status), single, single, done)
        assert [type(each) for each in outcomes] == [Done] * 4
        assert [request.path for request in made].count("api/asset") == 2

    def test_a_path_that_vanishes_later_is_not_remembered(self, v1_schema: Schema, play: Play) -> None:
        backend, single = VersionOne(), Obedient()
        for _ in range(2):
            _, made = play(backend.write(v1_schema, stories(1, 2)), told(assetsModified=section("Story:1", "Story:2")))
            assert [request.path for request in made] == ["api/asset"]
            _, made = play(backend.write(v1_schema, stories(1, 2)), answer(404), single, single)
            assert made[0].path == "api/asset"

    def test_a_forbidden_end_point_fails_the_chunk(self, v1_schema: Schema, play: Play) -> None:
        outcomes, _ = play(VersionOne().write(v1_schema, stories(1, 2)), answer(403, message="no"))
        assert [type(each) for each in outcomes] == [Failed, Failed]

    @pytest.mark.parametrize("error", [ReadOnly("read-only"), BudgetExceeded("spent"), SessionClosed("closed")])
    def test_a_session_that_may_not_send_raises_before_anything_has_landed(
        self, v1_schema: Schema, error: Exception
    ) -> None:
        flow = VersionOne().write(v1_schema, stories(1, 2))
        next(flow)
        with pytest.raises(type(error)):
            flow.throw(error)

    @pytest.mark.parametrize("error", [BudgetExceeded("spent"), SessionClosed("closed")])
    def test_a_session_that_may_send_no_more_loses_no_outcome(self, v1_schema: Schema, error: Exception) -> None:
        flow = VersionOne(max_bulk=2).write(v1_schema, stories(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
        next(flow)
        flow.send((told(assetsModified=section("Story:1", "Story:2")),))
        with pytest.raises(StopIteration) as ended:
            flow.throw(error)
        assert [type(each) for each in ended.value.value] == [Done] * 2 + [Skipped] * 10

    def test_an_operation_with_arguments_needs_the_bulk_api(self, v1_schema: Schema, play: Play) -> None:
        call = Call(ROOT, "AssignMemberWithRole", (("Role", Oid("Role", 3)),))
        with pytest.raises(Unsupported):
            play(VersionOne(bulk=False).write(v1_schema, [named(STORY), call]))
        outcomes, made = play(VersionOne().write(v1_schema, [call]), told(assetsOperatedOn=section("Scope:0")))
        assert (type(outcomes[0]), made[0].path) == (Done, "api/asset")

    def test_memory_of_the_server_is_no_part_of_the_backend_s_value(self) -> None:
        one, other = VersionOne(), VersionOne()
        one.seen.bulk = False
        assert one == other
        assert hash(one) == hash(other)
        assert "seen" not in repr(one)
        assert other.seen.bulk is None
