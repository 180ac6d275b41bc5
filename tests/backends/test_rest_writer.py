"""Writes of JSON servers step by step: what exists after each of them, whatever became of the next one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from assetmeta.backends.valispace import Valispace
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

NAME = AttributeChange("title", UNREAD, "a")


def answer(document: Any = None, status: int = 200, **headers: str) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {"content-type": "application/json", **headers}, body)


def lines(made: Iterable[Request]) -> list[str]:
    return [f"{each.method} {each.path.removeprefix('rest/')}" for each in made]


def parents(*keys: int) -> AttributeChange:
    return AttributeChange("parents", (), added=tuple(Oid("Requirement", key) for key in keys), is_multi=True)


def test_what_was_created_exists_though_its_members_were_not_added(vs_schema: Schema, play: Any) -> None:
    create = Create(Oid.new("Requirement", 1), (NAME, parents(8, 9)))
    made = answer({"id": 5, "title": "a"}, 201)
    [outcome], requests = play(Valispace().write(vs_schema, [create]), made, answer({"detail": "no"}, 400))
    assert isinstance(outcome, Done)
    assert (Oid("Requirement", 5), True) == (outcome.oid, outcome.stale)
    [note] = outcome.notes
    assert "it was created, and not all members were added" in note and "no" in note
    assert "POST requirements/" == lines(requests)[0] and 2 == len(requests)


def test_the_id_of_what_was_created_may_be_in_a_header(vs_schema: Schema, play: Any) -> None:
    create = Create(Oid.new("Requirement", 1), (NAME,))
    for location, key in (("/rest/requirements/17/", 17), ("https://h/x/18", 18)):
        [outcome], _ = play(Valispace().write(vs_schema, [create]), answer({}, 201, location=location))
        assert isinstance(outcome, Done)
        assert key == outcome.oid.key
    for odd in ({}, {"location": "/rest/requirements/"}):
        [outcome], _ = play(Valispace().write(vs_schema, [create]), answer({}, 201, **odd))
        assert isinstance(outcome, Unknown) and isinstance(outcome.error, InvalidResponse)
        assert "does not contain the id of the new Requirement" in str(outcome.error)


def test_what_is_not_known_by_patch_is_put_from_then_on(vs_schema: Schema, play: Any) -> None:
    backend = Valispace()
    update = Update(Oid("Tag", 5), (AttributeChange("color", "old", "new"),))
    after = answer({"id": 5, "name": "n", "color": "new"})
    [outcome], made = play(backend.write(vs_schema, [update]), answer({}, 405), after)
    assert isinstance(outcome, Done)
    assert ["PATCH tag/5/", "PUT tag/5/"] == lines(made)
    assert {"color": "new"} == json.loads(made[1].body)
    [outcome], made = play(backend.write(vs_schema, [update]), after)
    assert ["PUT tag/5/"] == lines(made)
    # Another refusal says nothing about PATCH.
    other = Valispace()
    [outcome], made = play(other.write(vs_schema, [update]), answer({"color": ["no"]}, 400))
    assert isinstance(outcome, Failed) and "color" == outcome.error.attribute
    [outcome], made = play(other.write(vs_schema, [update]), after)
    assert ["PATCH tag/5/"] == lines(made)


def test_an_answer_about_another_object_is_no_success(vs_schema: Schema, play: Any) -> None:
    update = Update(Oid("Tag", 5), (AttributeChange("color", "old", "new"),))
    [outcome], _ = play(Valispace().write(vs_schema, [update]), answer({"id": 6, "color": "new"}))
    assert isinstance(outcome, Unknown) and isinstance(outcome.error, InvalidResponse)
    [outcome], _ = play(Valispace().write(vs_schema, [update]), answer({"id": 5, "color": "old"}))
    assert isinstance(outcome, Failed) and "color" in str(outcome.error)


def test_what_needs_a_failed_create_is_skipped_and_the_rest_is_sent(vs_schema: Schema, play: Any) -> None:
    new = Oid.new("Requirement", 1)
    child = Create(Oid.new("Requirement", 2), (NAME, AttributeChange("parents", (), added=(new,), is_multi=True)))
    changes = [Create(new, (NAME,)), child, Delete(Oid("Tag", 5))]

    def reply(request: Request) -> Response:
        return answer(status=204) if request.method == "DELETE" else answer({"title": ["taken"]}, 400)

    outcomes, made = play(Valispace().write(vs_schema, changes), reply, reply)
    assert [Failed, Skipped, Done] == [type(outcome) for outcome in outcomes]
    assert {"POST requirements/", "DELETE tag/5/"} == set(lines(made))
    assert new == outcomes[1].needs
