"""Error documents of JSON interfaces: every finding with its place, its words and its code."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from assetmeta.backends.error_documents import add_field, findings, parse_error
from assetmeta.backends.responses import failure
from assetmeta.model.errors import Finding, Rejected
from assetmeta.model.http import Request, Response

MISSING = {"message": "Object with slug or primary key bluup does not exist.", "code": "does_not_exist"}


def answer(document: Any, status: int = 400) -> Response:
    body = json.dumps(document).encode()
    return Response(status, {"content-type": "application/json"}, body, Request("POST", "x/"))


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"environment": [MISSING]}, [("environment", MISSING["message"], "does_not_exist")]),
        (
            {"non_field_errors": ["oh", "oh no", {"message": "this is fine", "code": "dog_not_on_fire"}]},
            [("", "oh", None), ("", "oh no", None), ("", "this is fine", "dog_not_on_fire")],
        ),
        ({"error": "Oh no!"}, [("", "Oh no!", None)]),
        ({"message": "Not Found"}, [("", "Not Found", None)]),
        ({"detail": "Not found."}, [("", "Not found.", None)]),
        ({"message": "exists already", "code": None}, [("", "exists already", None)]),
        ({"detail": "no", "code": "has_2fa"}, [("", "no", None)]),
        (
            {"nodes": [{}, {"template": {"environment": [MISSING], "step": ["Required."]}}]},
            [
                ("nodes.1.template.environment", MISSING["message"], "does_not_exist"),
                ("nodes.1.template.step", "Required.", None),
            ],
        ),
        ({"code": ["Required."]}, [("code", "Required.", None)]),
        (
            {"a": {"message": ["Required."], "code": ["Required."]}},
            [("a", "Required.", None), ("a.code", "Required.", None)],
        ),
        ({"message": "m", "code": ["bad"]}, [("", "m", None), ("code", "bad", None)]),
        ({"message": "m", "code": {"x": ["bad"]}}, [("", "m", None), ("code.x", "bad", None)]),
        ({"message": "m", "code": 5}, [("", "m", "5")]),
        ({"code": "bad"}, [("code", "bad", None)]),
        ({"detail": "no", "code": 5}, [("", "no", None), ("code", "5", None)]),
        ({"detail": "no", "code": None}, [("", "no", None)]),
        (
            {"a": ["x", ["y"], {"b": "z"}, MISSING]},
            [("a", "x", None), ("a.1", "y", None), ("a.2.b", "z", None), ("a", MISSING["message"], "does_not_exist")],
        ),
        (["broken"], [("", "broken", None)]),
        ({"size": 5, "empty": [], "null": None}, [("size", "5", None)]),
    ],
)
def test_every_finding_is_reported(document: Any, found: list[tuple[str, str, str | None]]) -> None:
    assert [Finding(*one) for one in found] == list(findings(answer(document)))


@pytest.mark.parametrize("body", [b"", b"{bad", b"<!DOCTYPE html><html>", b"[" * 5000 + b"]" * 5000])
def test_bodies_that_are_no_document_find_nothing(body: bytes) -> None:
    assert () == findings(Response(500, {"content-type": "application/json"}, body))


def test_an_error_carries_the_findings_and_their_code() -> None:
    response = answer({"environment": [MISSING], "non_field_errors": ["oh"]})
    error = add_field(failure(response, parse_error), response)
    assert isinstance(error, Rejected)
    assert "environment" == error.attribute
    assert ("environment", "") == tuple(finding.path for finding in error.findings)
    assert error.code is None, "two findings, two codes"
    assert f"environment: {MISSING['message']}" == error.server_message
    again = pickle.loads(pickle.dumps(error))
    assert error.findings == again.findings


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"message": "Not found in bucket", "code": "adoptable_file_not_found"}, "adoptable_file_not_found"),
        ({"detail": "no", "code": "has_2fa"}, "has_2fa"),
        ({"environment": [MISSING]}, "does_not_exist"),
        ({"environment": ["no"]}, None),
        ({"message": "exists already", "code": None}, None),
        ({"a": [MISSING, MISSING]}, "does_not_exist"),
        ({"a": [MISSING, {"message": "m", "code": "other"}]}, None),
        ([MISSING], "does_not_exist"),
        ({"message": "m", "code": ["bad"]}, None),
    ],
)
def test_the_code_of_a_refusal(document: Any, code: str | None) -> None:
    assert code == failure(answer(document), parse_error).code


@pytest.mark.parametrize(
    ("document", "status", "attribute"),
    [
        ({"name": ["no"], "detail": "oh"}, 400, "name"),
        ({"nodes": [{"step": ["no"], "name": ["no"]}]}, 400, "nodes"),
        ({"name": ["no"], "size": ["no"]}, 400, None),
        ({"detail": "oh"}, 400, None),
        ({"name": ["no"]}, 403, None),
    ],
)
def test_the_field_that_alone_is_blamed(document: Any, status: int, attribute: str | None) -> None:
    response = answer(document, status)
    assert attribute == add_field(failure(response, parse_error), response).attribute
