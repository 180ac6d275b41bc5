"""Writes one by one, beyond the wire cases: what happens when answers fail, and what may run at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.rest_request import document
from assetmeta.model.codecs import Text
from assetmeta.model.errors import (
    BadValue,
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
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]
STORY = Oid("Story", 5)


def landed(token: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, f'<Asset id="{token}"/>'.encode())


def echoed(request: Request, number: int) -> Response:
    """The answer that a server gives to a change: the asset of the path, a new one where it names only a type."""
    kind, _, key = request.path.partition("Data/")[2].partition("/")
    return landed(f"{kind}:{key or number}:1")


def named(oid: Oid, name: str = "x", **more: Any) -> Update:
    return Update(oid, (AttributeChange("Name", UNREAD, name),), **more)


def parent(oid: Oid, other: Oid | None) -> Update:
    return Update(oid, (AttributeChange("Super", UNREAD, other),))


def batches(schema: Schema, changes: list[Change], **settings: int) -> list[int]:
    """How many requests are yielded at a time."""
    sizes = []
    flow = VersionOne(bulk=False, **settings).write(schema, changes)  # type: ignore[arg-type]
    yielded = next(flow)
    try:
        while True:
            assert isinstance(yielded, tuple)
            sizes.append(len(yielded))
            yielded = flow.send(tuple(echoed(request, 100 + n) for n, request in enumerate(yielded)))
    except StopIteration:
        return sizes


def test_independent_changes_run_together(v1_schema: Schema) -> None:
    assert batches(v1_schema, [named(Oid("Story", n)) for n in range(5)]) == [5]
    assert batches(v1_schema, [named(Oid("Story", n)) for n in range(5)], max_batch=2) == [2, 2, 1]


def test_changes_of_one_asset_keep_their_order(v1_schema: Schema) -> None:
    assert batches(v1_schema, [named(STORY), Call(STORY, "QuickClose"), named(Oid("Story", 6))]) == [2, 1]


def test_a_change_waits_for_one_that_it_names_and_for_one_that_names_it(v1_schema: Schema) -> None:
    epic = Oid("Epic", 1)
    assert batches(v1_schema, [parent(STORY, None), parent(Oid("Story", 6), epic), Delete(epic)]) == [2, 1]
    assert batches(v1_schema, [named(epic), parent(STORY, epic)]) == [1, 1]
    assert batches(v1_schema, [parent(STORY, epic), parent(Oid("Story", 6), epic)]) == [2]


def test_deletes_wait_for_all_else(v1_schema: Schema) -> None:
    changes = [Delete(Oid("Story", 1)), named(STORY), Delete(Oid("Story", 2)), Delete(Oid("Story", 3))]
    assert batches(v1_schema, changes) == [1, 3]


def test_moves_within_a_rank_run_one_after_the_other(v1_schema: Schema) -> None:
    moves = [Update(Oid("Story", n), (AttributeChange("Order", UNREAD, f"{n}+"),)) for n in range(3)]
    assert batches(v1_schema, moves) == [1, 1, 1]


def test_no_changes_need_no_request(v1_schema: Schema, play: Play) -> None:
    assert play(VersionOne(bulk=False).write(v1_schema, []), *[]) == ([], [])


def test_no_answer_leaves_it_unknown_and_stops_the_rest(v1_schema: Schema, play: Play) -> None:
    changes = [named(STORY), named(Oid("Story", 6)), named(Oid("Story", 7))]
    answers = [TimedOut("slow"), landed("Story:6:1")]
    outcomes, made = play(VersionOne(bulk=False, max_batch=2).write(v1_schema, changes), *answers)
    assert [type(each) for each in outcomes] == [Unknown, Done, Skipped]
    assert (outcomes[2].error.sent, len(made)) == (False, 2)
    assert "not sent" in str(outcomes[2].error)


def test_what_was_never_sent_has_failed(v1_schema: Schema, play: Play) -> None:
    [outcome], _ = play(VersionOne(bulk=False).write(v1_schema, [named(STORY)]), Unreachable("refused", sent=False))
    assert isinstance(outcome, Failed)


def test_a_session_closed_meanwhile_loses_no_outcome(v1_schema: Schema) -> None:
    flow = VersionOne(bulk=False, max_batch=1).write(v1_schema, [named(Oid("Story", n)) for n in (1, 2, 3)])
    next(flow)
    flow.send((landed("Story:1:1"),))
    with pytest.raises(StopIteration) as ended:
        flow.throw(SessionClosed("closed"))
    assert [type(each) for each in ended.value.value] == [Done, Skipped, Skipped]


def test_a_session_that_may_not_write_raises(v1_schema: Schema) -> None:
    flow = VersionOne(bulk=False).write(v1_schema, [named(STORY)])
    next(flow)
    with pytest.raises(ReadOnly):
        flow.throw(ReadOnly("read-only"))


def test_a_create_of_unknown_fate_skips_what_needs_it(v1_schema: Schema, play: Play) -> None:
    new = Oid.new("Epic", 1)
    changes: list[Change] = [Create(new, (AttributeChange("Name", None, "e"),)), parent(STORY, new)]
    outcomes, _ = play(VersionOne(bulk=False).write(v1_schema, changes), TimedOut("slow"))
    assert [type(each) for each in outcomes] == [Unknown, Skipped]
    assert outcomes[1].needs == new


def test_a_refusal_tells_the_asset(v1_schema: Schema, play: Play) -> None:
    body = b"<Error><Message>Violation'Required'Story.Name</Message></Error>"
    refusal = Response(400, {"content-type": "text/xml"}, body)
    missing = Response(404, {"content-type": "text/xml"}, b"<Error/>")
    outcomes, _ = play(
        VersionOne(bulk=False).write(v1_schema, [named(STORY, ""), Delete(Oid("Story", 6))]), refusal, missing
    )
    assert [type(each.error) for each in outcomes] == [Rejected, NotFound]
    assert (outcomes[0].error.oid, outcomes[0].error.server_message) == ("Story:5", "Violation'Required'Story.Name")


def test_an_operation_with_arguments_is_refused_before_anything_is_sent(v1_schema: Schema, play: Play) -> None:
    call = Call(Oid("Scope", 0), "AssignMemberWithRole", (("Role", "Role:3"),))
    with pytest.raises(Unsupported):
        play(VersionOne(bulk=False).write(v1_schema, [named(STORY), call]))


@pytest.mark.parametrize(
    "change",
    [
        named(Oid("Story", 5, 77)),
        named(Oid.new("Story", 9)),
        parent(STORY, Oid.new("Epic", 9)),
        Update(STORY, (AttributeChange("Super", UNREAD, "Epic:1"),)),
        Update(STORY, (AttributeChange("Owners", UNREAD, (Oid("Member", 1),), is_multi=True),)),
        Update(STORY, (AttributeChange("Owners", UNREAD, added=("Joe",), is_multi=True),)),
        named(STORY, "a\x00b"),
    ],
)
def test_what_cannot_be_sent_fails_alone(v1_schema: Schema, play: Play, change: Change) -> None:
    outcomes, made = play(
        VersionOne(bulk=False).write(v1_schema, [change, named(Oid("Story", 6))]), landed("Story:6:1")
    )
    assert [type(each) for each in outcomes] == [Failed, Done]
    assert len(made) == 1


def test_a_new_whole_of_a_multi_value_is_sent_as_its_difference(v1_schema: Schema) -> None:
    old, new = (Oid("Member", 1), Oid("Member", 2)), (Oid("Member", 2), Oid("Member", 3))
    root = etree.fromstring(document(v1_schema, "Story", [AttributeChange("Owners", old, new, is_multi=True)], {}))
    assert [(each.get("idref"), each.get("act")) for each in root[0]] == [("Member:3", "add"), ("Member:1", "remove")]
    root = etree.fromstring(
        document(v1_schema, "Story", [AttributeChange("TaggedWith", ("a",), (), is_multi=True)], {})
    )
    assert [(each.text, each.get("act")) for each in root[0]] == [("a", "remove")]


def test_an_edit_that_came_to_nothing_removes_nothing(v1_schema: Schema) -> None:
    delta = AttributeChange("Owners", (Oid("Member", 1),), is_multi=True)
    assert len(etree.fromstring(document(v1_schema, "Story", [delta], {}))[0]) == 0


def test_a_value_that_no_document_can_carry_is_refused() -> None:
    kind = AssetType("T", {"A": Attribute("A", "Text", Text())})
    with pytest.raises(BadValue, match=r"T\.A cannot be sent"):
        document(Schema({"T": kind}), "T", [AttributeChange("A", UNREAD, "\ud800")], {})


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
            lambda c: c >= " " or c in "\t\n\r"
        )
    )
)
def test_text_is_sent_letter_by_letter(text: str) -> None:
    kind = AssetType("T", {"A": Attribute("A", "Text", Text())})
    body = document(Schema({"T": kind}), "T", [AttributeChange("A", UNREAD, text)], {})
    assert (etree.fromstring(body)[0].text or "") == text


def test_outcomes_keep_the_order_of_thousands_of_changes(v1_schema: Schema) -> None:
    changes: list[Change] = [named(Oid("Story", n)) for n in range(2000)]
    assert batches(v1_schema, changes, max_batch=50) == [50] * 40


@pytest.mark.parametrize("token", ["Story:6:1", "Member:5:1", "Nothing:5", "Story:new-1", "Story:five"])
def test_an_answer_about_another_asset_proves_nothing(v1_schema: Schema, play: Play, token: str) -> None:
    for change in (named(STORY), Delete(STORY)):
        [outcome], _ = play(VersionOne(bulk=False).write(v1_schema, [change]), landed(token))
        assert (type(outcome), type(outcome.error)) == (Unknown, InvalidResponse)


@pytest.mark.parametrize("token", ["Story:5:1", "PrimaryWorkitem:5:1"])
def test_an_answer_may_name_the_type_more_or_less_exactly(v1_schema: Schema, play: Play, token: str) -> None:
    [outcome], _ = play(VersionOne(bulk=False).write(v1_schema, [named(STORY)]), landed(token))
    assert isinstance(outcome, Done)


@pytest.mark.parametrize("token", ["Epic:9:1", "Story:5:1", "Story:new-1", "Story:8:1"])
def test_a_create_needs_an_asset_of_its_own(v1_schema: Schema, play: Play, token: str) -> None:
    deltas = (AttributeChange("Name", None, "x"),)
    changes: list[Change] = [Create(Oid.new("Story", 1), deltas), Create(Oid.new("Story", 2), deltas), named(STORY)]
    answers = [landed("Story:8:1"), landed(token), landed("Story:5:2")]
    outcomes, _ = play(VersionOne(bulk=False).write(v1_schema, changes), *answers)
    assert [type(each) for each in outcomes] == [Done, Unknown, Done]
    assert isinstance(outcomes[1].error, InvalidResponse)


def test_a_gateway_does_not_know_what_the_server_did(v1_schema: Schema, play: Play) -> None:
    for status in (502, 503, 504):
        [outcome], _ = play(VersionOne(bulk=False).write(v1_schema, [named(STORY)]), Response(status, {}, b"no"))
        assert isinstance(outcome, Unknown)
    turned_away = RateLimited("later", status=503, sent=False)
    [outcome], _ = play(VersionOne(bulk=False).write(v1_schema, [named(STORY)]), turned_away)
    assert isinstance(outcome, Failed)
