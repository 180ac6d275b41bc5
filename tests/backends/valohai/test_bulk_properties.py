"""Properties of many data: one request for each thousand, and an outcome for every one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.rest.discovery import Discovery
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.codecs import codec_for
from assetmeta.backends.valohai.connection import bundled
from assetmeta.backends.valohai.properties import set_properties
from assetmeta.model.errors import AuthenticationFailed, Unreachable
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import Call, Done, Failed, Skipped, Unknown
from assetmeta.model.values import Oid

Play = Callable[..., tuple[Any, list[Request]]]
OK = Response(200, {"content-type": "application/json"}, b'{"ok": true}')


def call(number: int, **properties: object) -> Call:
    key = f"0190a000-0000-7000-8000-{number:012d}"
    return Call(Oid("Datum", key), "set_metadata", (("metadata", properties or {"n": number}),))


def applied_by(request: Request) -> dict[str, Any]:
    assert "POST api/v0/data/metadata/apply/" == request.line
    assert isinstance(request.body, bytes)
    assert not request.idempotent
    found: dict[str, Any] = json.loads(request.body)["datum_metadata"]
    return found


def kinds(outcomes: list[Any]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def written(changes: list[Call]) -> Any:
    return Valohai(survey="none").write(build_schema(bundled(), codec_for, Discovery()), changes)


def test_a_thousand_go_together(play: Play) -> None:
    calls = [call(number) for number in range(2500)]
    outcomes, requests = play(written(calls), OK, OK, OK)
    assert [1000, 1000, 500] == [len(applied_by(request)) for request in requests]
    assert {"n": 1000} == applied_by(requests[1])[str(calls[1000].oid.key)]
    assert [Done(each, each.oid) for each in calls] == outcomes


def test_a_request_that_is_refused_fails_as_a_whole_and_the_next_one_goes_out(play: Play) -> None:
    refusal = Response(400, {"content-type": "application/json"}, b'{"datum_metadata": {"x": ["no"]}}')
    outcomes, requests = play(written([call(number) for number in range(1002)]), refusal, OK)
    assert 2 == len(requests)
    assert [Failed] * 1000 + [Done] * 2 == kinds(outcomes)
    assert "datum_metadata.x" == outcomes[0].error.findings[0].path


def test_only_those_fail_that_a_refusal_names(play: Play) -> None:
    calls = [call(number) for number in range(5)]

    def refusing(*numbers: int) -> Response:
        blamed = {str(calls[number].oid.key): [{"message": "no", "code": "does_not_exist"}] for number in numbers}
        return Response(
            400, {"content-type": "application/json"}, json.dumps({"datum_metadata": blamed}).encode("utf-8")
        )

    outcomes, requests = play(set_properties(calls, Valohai(survey="none")), refusing(1), refusing(3), OK)
    assert [5, 4, 3] == [len(applied_by(request)) for request in requests]
    assert [Done, Failed, Done, Failed, Done] == kinds(outcomes)
    assert calls == [outcome.change for outcome in outcomes]
    every = [refusing(0), refusing(1), refusing(2), refusing(3)]
    outcomes, requests = play(set_properties(calls, Valohai(survey="none")), *every)
    assert ([Failed] * 5, 4) == (kinds(outcomes), len(requests)), "a few times at most"
    outcomes, _ = play(set_properties(calls, Valohai(survey="none")), refusing(1), Unreachable("broke"))
    assert [Unknown, Failed, Unknown, Unknown, Unknown] == kinds(outcomes)


@pytest.mark.parametrize(
    ("lost", "kind"),
    [
        (Unreachable("broke"), Unknown),
        (Unreachable("no way", sent=False), Failed),
        (AuthenticationFailed("no"), Failed),
    ],
)
def test_without_an_answer_nothing_more_is_sent(play: Play, lost: Any, kind: type) -> None:
    outcomes, requests = play(written([call(number) for number in range(1001)]), lost)
    assert 1 == len(requests)
    assert [kind] * 1000 + [Skipped] == kinds(outcomes)
    assert outcomes[-1].error.sent is False


@pytest.mark.parametrize("status", [200, 500])
def test_a_broken_server_or_a_page_leaves_it_unknown(play: Play, status: int) -> None:
    outcomes, _ = play(set_properties([call(1)], Valohai(survey="none")), Response(status, {}, b"<html>"))
    assert [Unknown] == kinds(outcomes)


class TestAmongOtherChanges:
    """Operations on many data at once are put together; all else goes singly."""

    def test_operations_on_several_data_are_one_request(self, play: Play) -> None:
        changes = [call(number) for number in range(3)]
        outcomes, [request] = play(written(changes), OK)
        assert 3 == len(applied_by(request))
        assert [Done] * 3 == kinds(outcomes)

    def test_however_many_there_are(self, play: Play) -> None:
        outcomes, requests = play(written([call(number) for number in range(1200)]), OK, OK)
        assert [1000, 200] == [len(applied_by(request)) for request in requests]
        assert [Done] * 1200 == kinds(outcomes)

    def test_one_alone_and_the_second_of_the_same_datum_go_singly(self, play: Play) -> None:
        changes = [call(1, a=1), call(1, b=2)]
        _, requests = play(written(changes), OK, OK)
        assert [{"a": 1}, {"b": 2}] == [json.loads(request.body or b"") for request in requests]  # type: ignore[arg-type]

    def test_what_is_no_map_of_properties_is_left_to_the_ordinary_way(self, play: Play) -> None:
        bad = Call(call(1).oid, "set_metadata", (("tags", ["a"]),))
        outcomes, [request] = play(written([bad, call(2), call(3)]), OK)
        assert 2 == len(applied_by(request))
        assert [Failed, Done, Done] == kinds(outcomes)
