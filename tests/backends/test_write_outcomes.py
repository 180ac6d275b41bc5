"""What an error, an answer or a later read means for a change: one table for all dialects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assetmeta.backends.attempt import Attempt, attempt, outcome_of, send_write
from assetmeta.backends.concurrency import MOST, gather, gather_results, send_one
from assetmeta.backends.echo import SentValue, compare_echo, ignored_by_server
from assetmeta.backends.rest.codecs import Document, Link, Real
from assetmeta.backends.testspace import Testspace
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.verification import Verifier
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.codecs import Boolean, Integer, Text
from assetmeta.model.errors import (
    AssetmetaError,
    AuthenticationFailed,
    BadValue,
    BrokenOff,
    BudgetExceeded,
    InvalidResponse,
    NotFound,
    Rejected,
    ServerFailed,
    SessionClosed,
    TimedOut,
    Unreachable,
)
from assetmeta.model.http import NO_WORD, Request, Response
from assetmeta.model.plans import (
    AttributeChange,
    Call,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Fetch,
    Row,
    Rows,
    Skipped,
    Unknown,
    Update,
)
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.values import UNREAD, Oid

OID = Oid("Thing", 1)
CREATE, UPDATE, DELETE, CALL = Create(Oid.new("Thing", 1), ()), Update(OID, ()), Delete(OID), Call(OID, "do", ())
EVERY = (CREATE, UPDATE, DELETE, CALL)


def error(kind: type[AssetmetaError], status: int | None = None, **details: Any) -> AssetmetaError:
    return kind("it went wrong", **({"status": status} if status else {}), **details)


class TestErrors:
    @pytest.mark.parametrize(
        ("found", "kinds"),
        [
            (error(ServerFailed, 500), (Unknown, Failed, Failed, Unknown)),
            (error(ServerFailed, 501), (Failed,) * 4),
            (error(ServerFailed, 502), (Unknown,) * 4),
            (error(ServerFailed, 503), (Unknown,) * 4),
            (error(ServerFailed, 504), (Unknown,) * 4),
            (error(Rejected, 302), (Unknown,) * 4),
            (error(Rejected, 303), (Unknown,) * 4),
            (error(AuthenticationFailed, 302), (Failed,) * 4),
            (error(AuthenticationFailed, 303), (Failed,) * 4),
            (error(Rejected, 301), (Failed,) * 4),
            (error(Rejected, 307), (Failed,) * 4),
            (error(Rejected, 308), (Failed,) * 4),
            (error(Rejected, 408, sent=False), (Failed,) * 4),
            (error(ServerFailed, 520), (Unknown,) * 4),
            (error(ServerFailed, 527), (Unknown,) * 4),
            (error(Rejected, 400), (Failed,) * 4),
            (error(NotFound, 404), (Failed,) * 4),
            (error(InvalidResponse, 200), (Unknown,) * 4),
            (error(Unreachable), (Unknown,) * 4),
            (error(TimedOut), (Unknown,) * 4),
            (error(Unreachable, sent=False), (Failed,) * 4),
            (error(InvalidResponse, 200, sent=False), (Failed,) * 4),
            (error(AuthenticationFailed, 401), (Failed,) * 4),
            (error(AuthenticationFailed, 401, sent=False), (Skipped,) * 4),
            (error(SessionClosed), (Skipped,) * 4),
            (error(BudgetExceeded), (Skipped,) * 4),
            (error(BadValue), (Failed,) * 4),
        ],
    )
    def test_what_each_means_for_a_change_that_was_sent(self, found: AssetmetaError, kinds: tuple[type, ...]) -> None:
        assert list(kinds) == [type(outcome_of(change, found, Attempt(wrote=True))) for change in EVERY]

    def test_what_was_not_sent_is_never_unknown(self) -> None:
        for found in (error(ServerFailed, 500), error(Unreachable), error(InvalidResponse), error(ServerFailed, 503)):
            assert [Failed] * 4 == [type(outcome_of(change, found, Attempt())) for change in EVERY]
        assert [Skipped] * 4 == [type(outcome_of(change, error(SessionClosed), Attempt())) for change in EVERY]

    def test_a_change_of_which_a_part_landed_is_unknown_when_the_session_ends(self) -> None:
        for kind in (SessionClosed, BudgetExceeded, BrokenOff):
            ended = error(kind, sent=False)
            assert isinstance(outcome_of(UPDATE, ended, Attempt(wrote=True, accepted=True)), Unknown)
            assert isinstance(outcome_of(UPDATE, ended, Attempt(wrote=True)), Skipped)
        assert isinstance(outcome_of(UPDATE, error(BadValue), Attempt(wrote=True, accepted=True)), Failed)
        assert isinstance(outcome_of(UPDATE, error(Rejected, 400), Attempt(wrote=True, accepted=True)), Failed)

    def test_statuses_of_gateways(self) -> None:
        cloudflare = {520, 521, 522, 523, 524, 525, 526, 527, 530}
        assert {502, 503, 504, 598, 599} | cloudflare == NO_WORD

    def test_the_server_blames_the_asset_of_the_change(self, play: Any) -> None:
        def flow(step: Attempt, failing: AssetmetaError) -> Any:
            yield from ()
            raise failing

        for failing, oid in (
            (error(Rejected, 400), OID.token),
            (error(InvalidResponse, 200), None),
            (error(BadValue), None),
        ):
            outcome, _ = play(attempt(UPDATE, lambda step, failing=failing: flow(step, failing)))
            assert (Failed, oid) == (type(outcome), outcome.error.oid)


class TestWrites:
    REQUEST = Request("POST", "x", writes=True)

    def test_how_far_it_came(self, play: Any) -> None:
        for status, landed in ((200, True), (201, True), (400, False), (500, False)):
            step = Attempt()
            try:
                play(send_write(self.REQUEST, step), Response(status, {"content-type": "application/json"}, b"{}"))
            except AssetmetaError:
                assert not landed
            assert (True, landed) == (step.wrote, step.accepted)

    @pytest.mark.parametrize("secret", ["plain", 'qu"ote', 'üml"aut', "back\\slash", "pound £ and \n line"])
    def test_no_spelling_of_a_secret_is_shown(self, play: Any, secret: str) -> None:
        for body in (
            json.dumps({"detail": f"no: {secret}!"}),
            json.dumps({"detail": f"no: {secret}!"}, ensure_ascii=False),
            json.dumps({"detail": f"no: {json.dumps({'a': secret})}!"}),
            json.dumps({"detail": f"no: {json.dumps({'a': secret}, ensure_ascii=False)}!"}),
        ):
            answer = Response(400, {"content-type": "application/json"}, body.encode())
            with pytest.raises(Rejected) as caught:
                play(send_write(self.REQUEST, Attempt(secrets=("sec", secret))), answer)
            shown = str(caught.value) + str(caught.value.causes)
            assert "***" in shown
            assert not any(form in shown for form in (secret, json.dumps(secret)[1:-1]))

    def test_the_field_that_is_blamed_alone_is_named(self, play: Any) -> None:
        for status, document, name in (
            (400, {"name": ["no"]}, "name"),
            (400, {"name": ["no"], "size": ["no"]}, None),
            (400, {"detail": "no"}, None),
            (400, {"detail": "no", "name": ["no"]}, "name"),
            (403, {"name": ["no"]}, None),
        ):
            body = json.dumps(document).encode()
            with pytest.raises(Rejected) as caught:
                play(send_write(self.REQUEST, Attempt()), Response(status, {"content-type": "application/json"}, body))
            assert name == caught.value.attribute


NEW, OLD = Oid.new("Story", 1), Oid("Story", 5)


class TestBroken:
    """A server that breaks (500): an operation and a create are in doubt, what can be repeated without harm failed."""

    @pytest.mark.parametrize(
        ("backend", "schema", "change", "kind"),
        [
            (VersionOne(bulk=False), "v1_schema", Call(OLD, "QuickClose", ()), Unknown),
            (VersionOne(), "v1_schema", Call(OLD, "QuickClose", ()), Unknown),
            (VersionOne(bulk=False), "v1_schema", Create(NEW, (AttributeChange("Name", None, "a"),)), Unknown),
            (VersionOne(bulk=False), "v1_schema", Update(OLD, (AttributeChange("Name", "b", "a"),)), Failed),
            (VersionOne(bulk=False), "v1_schema", Delete(OLD), Failed),
            (Valispace(), "vs_schema", Call(Oid("Vali", 6), "convert_to_dataset", ()), Unknown),
            (Valispace(), "vs_schema", Update(Oid("Vali", 6), (AttributeChange("shortname", "b", "a"),)), Failed),
            (Valispace(), "vs_schema", Delete(Oid("Vali", 6)), Failed),
            (
                Valohai(),
                "vh_schema",
                Call(Oid("Execution", "0190a000-0000-7000-8000-000000000002"), "stop", ()),
                Unknown,
            ),
            (Valohai(), "vh_schema", Delete(Oid("Execution", "0190a000-0000-7000-8000-000000000002")), Failed),
            (Testspace(), "ts_schema", Create(Oid.new("Project", 1), (AttributeChange("name", None, "a"),)), Unknown),
            (Testspace(), "ts_schema", Update(Oid("Project", 4), (AttributeChange("name", "b", "a"),)), Failed),
            (Testspace(), "ts_schema", Delete(Oid("Project", 4)), Failed),
        ],
    )
    def test_each_dialect(
        self, request: pytest.FixtureRequest, play: Any, backend: Any, schema: str, change: Change, kind: type
    ) -> None:
        broken = Response(500, {"content-type": "application/json"}, b'{"detail": "broken"}')
        [outcome], made = play(backend.write(request.getfixturevalue(schema), [change]), broken)
        assert 1 == len(made)
        assert isinstance(outcome, kind)
        assert 500 == outcome.error.status


class TestBulkUpdates:
    """Several changes in one request of Valispace, whose answer leaves some of them open."""

    CHANGES = tuple(Update(Oid("Requirement", key), (AttributeChange("title", "old", "new"),)) for key in (1, 2, 3, 4))
    ACCEPTED = Response(200, {"content-type": "application/json"}, b'[{"id": 1, "title": "new"}]')

    def test_no_answer_to_the_look_after_them_leaves_them_unknown(self, vs_schema: Schema, play: Any) -> None:
        for error in (TimedOut("slow"), Unreachable("refused", sent=False), BudgetExceeded("spent")):
            writes = Valispace(survey="none").write(vs_schema, self.CHANGES)
            outcomes, made = play(writes, self.ACCEPTED, error, error, error)
            assert [Done, Unknown, Unknown, Unknown] == [type(outcome) for outcome in outcomes]
            assert ["GET rest/requirements/2/", "GET rest/requirements/3/", "GET rest/requirements/4/"] == [
                request.line for request in made[1:]
            ]

    def test_one_timeout_ends_what_is_sent_singly(self, vs_schema: Schema, play: Any) -> None:
        refused = Response(400, {"content-type": "application/json"}, b'{"detail": "no"}')
        outcomes, made = play(Valispace(survey="none").write(vs_schema, self.CHANGES), refused, TimedOut("slow"))
        assert ["POST rest/requirements/bulk-update/", "PATCH rest/requirements/1/"] == [each.line for each in made]
        assert [Unknown, Skipped, Skipped, Skipped] == [type(outcome) for outcome in outcomes]


TYPES = Schema(
    {
        "Thing": AssetType(
            "Thing",
            {
                "name": Attribute("name", "Text", Text()),
                "size": Attribute("size", "Integer", Integer()),
                "weight": Attribute("weight", "Real", Real()),
                "papers": Attribute("papers", "Json", Document()),
                "box": Attribute("box", "Relation", Link("Box"), related="Box"),
                "tags": Attribute("tags", "Text", Text(), multi=True),
                "boxes": Attribute("boxes", "Relation", Link("Box"), related="Box", multi=True),
                "photo": Attribute("photo", "Blob", Text()),
                "word": Attribute("word", "Password", Text()),
                "gone": Attribute("gone", "Boolean", Boolean()),
            },
            deleted="gone",
        ),
        "Box": AssetType("Box", {"name": Attribute("name", "Text", Text())}),
    }
)
FIRST, SECOND, MADE = Oid("Box", 1), Oid("Box", 2), Oid.new("Box", 9)


def real(value: object) -> object:
    return SECOND if value == MADE else value


def sent(name: str, new: object = None, old: object = UNREAD, before: tuple[object, ...] = (), **lists: Any) -> Any:
    given = AttributeChange(name, old, new, is_multi=bool(lists), **lists)
    return {name: SentValue(TYPES.attribute("Thing", name), given, before)}


class TestEcho:
    """What the server stored against what was sent."""

    @pytest.mark.parametrize(
        ("item", "cell", "ignored", "noted"),
        [
            (sent("size", 2), 2, False, False),
            (sent("size", 2), 3, True, True),
            (sent("size", 2, 1), 1, True, True),
            (sent("name", "a"), " a\n", False, False),
            (sent("name", "a", "b"), "b", True, True),
            (sent("name", "a", "b"), "c", False, True),
            (sent("name", "a"), "b", False, True),
            (sent("name", None, "b"), "", False, False),
            (sent("name", "", "b"), None, False, False),
            (sent("weight", 0.1 + 0.2), 0.3, False, False),
            (sent("weight", 1.0), 1, False, False),
            (sent("weight", 1.0), 1.0001, True, True),
            (sent("weight", 0.0), 1e-13, False, False),
            (sent("papers", {"a": 1}), '{"a":1}', False, False),
            (sent("papers", {"a": 1}), '{"a":1,"b":2}', False, True),
            (sent("papers", {"a": 1}, {"a": 2}), '{"a":2}', True, True),
            (sent("box", FIRST), FIRST, False, False),
            (sent("box", MADE), SECOND, False, False),
            (sent("box", FIRST), Oid("Other", 1), False, False),
            (sent("box", FIRST), SECOND, True, True),
            (sent("box", FIRST), None, True, True),
            (sent("tags", added=("b",), before=("a",)), ("b", "a"), False, False),
            (sent("tags", removed=("a",), before=("a", "b")), ("b",), False, False),
            (sent("tags", added=("b",), before=("a",)), ("a",), False, True),
            (sent("boxes", added=(MADE,), before=(FIRST,)), (FIRST, SECOND), False, False),
            (sent("boxes", added=(MADE,), before=(FIRST,)), (FIRST,), True, True),
            (sent("boxes", added=(FIRST,)), FIRST, True, True),
            (sent("boxes", removed=(FIRST,), before=(FIRST,)), None, False, False),
        ],
    )
    def test_what_differs(self, item: dict[str, SentValue], cell: Any, ignored: bool, noted: bool) -> None:
        [name] = item
        found = compare_echo(item, {name: cell, "other": 5}, real)
        assert ((name,) if ignored else ()) == found.ignored
        assert noted is (len(found.notes) == 1)
        assert compare_echo(item, {"other": 5}, real).notes == ()

    def test_verbatim_texts_and_new_documents(self) -> None:
        assert ("name",) == compare_echo(sent("name", "a"), {"name": "b"}, real, verbatim=True).ignored
        assert () == compare_echo(sent("name", "a", "c"), {"name": "b"}, real, verbatim=True).ignored
        assert () == compare_echo(sent("papers", {"a": 1}), {"papers": "[]"}, real, verbatim=True).ignored
        completed = {"papers": '{"a":1,"b":2}'}
        assert () == compare_echo(sent("papers", {"a": 1}), completed, real, is_new=True).notes
        assert 1 == len(compare_echo(sent("papers", {"a": 2}), completed, real, is_new=True).notes)
        assert 1 == len(compare_echo(sent("papers", [1]), completed, real, is_new=True).notes)

    def test_the_error_names_every_attribute_and_the_first_as_such(self) -> None:
        items = {**sent("size", 2), **sent("box", FIRST)}
        found = ignored_by_server(OID, compare_echo(items, {"size": 1, "box": SECOND}, real), 200)
        assert ("size", "Thing", "Thing:1", 200) == (found.attribute, found.type_name, found.oid, found.status)
        for words in ("the server ignored size, box", "size: 2 was sent, and the server has 1", "Box:1 was sent"):
            assert words in str(found)

    def test_lists_keep_their_order(self) -> None:
        change = AttributeChange("tags", UNREAD, added=("b", "d"), removed=("a",), is_multi=True)
        assert ("c", "b", "d") == change.applied_to(["a", "c", "b"])


class TestLookingAgain:
    """Changes whose outcome nobody knows, compared by a read."""

    def verify(self, changes: list[Any], *rows: tuple[Oid, dict[str, Any]] | None) -> tuple[list[Any], list[Fetch]]:
        made: list[Fetch] = []
        left = list(rows)

        def fetch(fetches: Any) -> Any:
            yield from ()
            made.extend(fetches)
            found = [row for row in left if row is not None and row[0].type == fetches[0].type_name]
            if None in left:
                raise NotFound("gone", status=404)
            return [Rows(tuple(Row(oid, tuple(cells), tuple(cells.values())) for oid, cells in found))]

        flow = Verifier(TYPES, fetch, real).verify(changes)
        try:
            next(flow)
        except StopIteration as end:
            return end.value, made
        raise AssertionError("nothing was to be requested")

    @pytest.mark.parametrize(
        ("delta", "cell", "is_there"),
        [
            (AttributeChange("size", UNREAD, 2), 2, True),
            (AttributeChange("size", UNREAD, 2), 1, False),
            (AttributeChange("box", UNREAD, MADE), SECOND, True),
            (AttributeChange("box", UNREAD, FIRST), SECOND, False),
            (AttributeChange("box", UNREAD, FIRST), Oid("Box", 1, 7), True),
            (AttributeChange("box", UNREAD, None), None, True),
            (AttributeChange("tags", UNREAD, added=("a",), is_multi=True), ("b", "a"), True),
            (AttributeChange("tags", UNREAD, added=("a", "c"), is_multi=True), ("b", "a"), False),
            (AttributeChange("tags", UNREAD, removed=("a",), is_multi=True), ("b",), True),
            (AttributeChange("tags", UNREAD, removed=("a",), is_multi=True), ("b", "a"), False),
            (AttributeChange("tags", UNREAD, removed=("a",), is_multi=True), None, True),
            (AttributeChange("boxes", UNREAD, added=(MADE,), is_multi=True), (FIRST, SECOND), True),
            (AttributeChange("boxes", UNREAD, added=(FIRST,), is_multi=True), FIRST, False),
            (AttributeChange("boxes", UNREAD, removed=(MADE,), is_multi=True), (FIRST, SECOND), False),
            (AttributeChange("boxes", UNREAD, (FIRST, MADE)), (SECOND, FIRST), True),
            (AttributeChange("boxes", UNREAD, (FIRST,)), (SECOND, FIRST), False),
            (AttributeChange("boxes", UNREAD, (FIRST, SECOND)), (FIRST,), False),
        ],
    )
    def test_what_the_server_has(self, delta: AttributeChange, cell: Any, is_there: bool) -> None:
        change = Update(OID, (delta,))
        [outcome], [fetch] = self.verify([change], (OID, {delta.name: cell}))
        assert (outcome is not None) is is_there
        assert not is_there or (isinstance(outcome, Done) and outcome.row is not None)
        assert ([delta.name], (OID,)) == ([str(path) for path in fetch.select], fetch.oids)

    def test_every_attribute_counts_and_what_is_never_read_is_not_requested(self) -> None:
        change = Update(OID, (AttributeChange("size", UNREAD, 2), AttributeChange("name", UNREAD, "a")))
        assert [None] == self.verify([change], (OID, {"size": 2, "name": "b"}))[0]
        assert [None] == self.verify([change], (OID, {"size": 1, "name": "a"}))[0]
        assert isinstance(self.verify([change], (OID, {"size": 2, "name": "a"}))[0][0], Done)
        hidden = Update(
            OID,
            (
                AttributeChange("photo", UNREAD, "x"),
                AttributeChange("word", UNREAD, "y"),
                AttributeChange("size", UNREAD, 2),
            ),
        )
        [outcome], [fetch] = self.verify([hidden], (OID, {"size": 2}))
        assert (None, ["size"]) == (outcome, [str(path) for path in fetch.select])

    def test_what_is_gone(self) -> None:
        change = Update(OID, (AttributeChange("size", UNREAD, 2),))
        for rows in ((), (None,)):
            [outcome, deleted], _ = self.verify([change, Delete(OID)], *rows)
            assert isinstance(outcome, Failed) and isinstance(outcome.error, NotFound)
            assert (404, OID.token) == (outcome.error.status, outcome.error.oid)
            assert isinstance(deleted, Done)

    def test_deletions_that_leave_a_mark(self) -> None:
        assert isinstance(self.verify([Delete(OID)], (OID, {"gone": True}))[0][0], Done)
        assert [None] == self.verify([Delete(OID)], (OID, {"gone": False}))[0]
        [outcome], [fetch] = self.verify([Delete(FIRST)], (FIRST, {}))
        assert (None, ()) == (outcome, fetch.select)

    def test_one_read_for_each_type(self) -> None:
        two = Oid("Thing", 2)
        changes = [
            Update(OID, (AttributeChange("size", UNREAD, 2),)),
            Delete(FIRST),
            Update(two, (AttributeChange("name", UNREAD, "a"),)),
            Update(OID, (AttributeChange("name", UNREAD, "a"),)),
        ]
        outcomes, made = self.verify(changes, (OID, {"size": 2, "name": "a"}), (two, {"size": 0, "name": "b"}))
        assert [Done, Done, type(None), Done] == [type(outcome) for outcome in outcomes]
        assert [((OID, two), ["size", "name"]), ((FIRST,), [])] == [
            (fetch.oids, [str(path) for path in fetch.select]) for fetch in made
        ]


class TestTogether:
    """Flows side by side."""

    def flow(self, number: int, rounds: int = 1, width: int = 0) -> Any:
        found: list[object] = []
        for turn in range(rounds):
            path = f"{number}.{turn}"
            if width:
                found += [each.body for each in (yield tuple(Request("GET", path) for _ in range(width)))]
            else:
                found.append((yield from send_one(Request("GET", path))).body)
        return number, len(found)

    def run(self, flow: Any, answers: Any = None) -> tuple[Any, list[list[str]]]:
        rounds: list[list[str]] = []
        try:
            yielded = next(flow)
            while True:
                group = yielded if isinstance(yielded, tuple) else (yielded,)
                rounds.append([request.path for request in group])
                given = answers(len(rounds), group) if answers else tuple(Response(200, {}, b"") for _ in group)
                if isinstance(given, AssetmetaError):
                    yielded = flow.throw(given)
                else:
                    yielded = flow.send(given if isinstance(yielded, tuple) else given[0])
        except StopIteration as end:
            return end.value, rounds

    @pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (64, [64]), (65, [64, 1]), (130, [64, 64, 2])])
    def test_as_many_requests_as_fit_at_a_time(self, number: int, sizes: list[int]) -> None:
        assert 64 == MOST
        found, rounds = self.run(gather_results([self.flow(each) for each in range(number)]))
        assert ([(each, 1) for each in range(number)], sizes) == (found, [len(group) for group in rounds])

    def test_a_flow_of_many_requests_is_not_divided(self) -> None:
        flows = [self.flow(0, width=40), self.flow(1, width=24), self.flow(2, width=70), self.flow(3)]
        found, rounds = self.run(gather_results(flows))
        assert ([64, 70, 1], [40, 24, 70, 1]) == ([len(group) for group in rounds], [number for _, number in found])

    def test_each_gets_its_own_answers_for_as_many_rounds_as_it_needs(self) -> None:
        found, rounds = self.run(gather_results([self.flow(0, 1), self.flow(1, 3), self.flow(2, 2)]))
        assert [(0, 1), (1, 3), (2, 2)] == found
        assert [["0.0", "1.0", "2.0"], ["1.1", "2.1"], ["1.2"]] == rounds
        assert ([], []) == self.run(gather_results([]))

    def test_what_keeps_the_first_requests_from_being_sent_is_raised_later_on_it_is_an_outcome(self) -> None:
        closed = SessionClosed("closed")
        with pytest.raises(SessionClosed):
            self.run(gather_results([self.flow(0), self.flow(1)]), lambda number, group: closed)

        def later(number: int, group: Any) -> Any:
            return closed if number == 2 else tuple(Response(200, {}, b"") for _ in group)

        found, _ = self.run(gather_results([self.flow(0, 1), self.flow(1, 2), self.flow(2, 2)]), later)
        assert [(0, 1), closed, closed] == found

    def test_the_first_error_is_raised_and_a_single_flow_keeps_its_own(self) -> None:
        lost = Unreachable("lost")

        def broken(number: int, group: Any) -> Any:
            return tuple(lost if request.path.startswith("1") else Response(200, {}, b"") for request in group)

        with pytest.raises(Unreachable):
            self.run(gather([self.flow(0), self.flow(1)]), broken)
        found, rounds = self.run(gather([self.flow(0), self.flow(2)]), broken)
        assert ([(0, 1), (2, 1)], 1) == (found, len(rounds))
        alone = self.flow(5)
        assert ([(5, 1)], [["5.0"]]) == self.run(gather([alone]))
