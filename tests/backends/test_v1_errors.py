"""Error documents: the summary and the innermost cause are both told."""

from __future__ import annotations

import pickle

import pytest

from assetmeta.backends.base import check
from assetmeta.backends.versionone.complaints import explain
from assetmeta.model.errors import LoginRefused, NotFound, Refused, ServerError, ServerFailed
from assetmeta.model.flows import Request, Response

UNKNOWN_TOKEN = b"""<Error href="/VersionOne/rest-1.v1/Data/Scope/71376?sel=Name,Number">
  <Message>Invalid SEL parameter</Message>
  <Exception class="VersionOne.MetaException"><Message>Unknown token: Number</Message></Exception>
  <Exception class="VersionOne.MultipleException">
    <Message>(1) Unknown AttributeDefinition: Scope.Number (2) Unknown token: Number</Message>
  </Exception>
</Error>"""
REQUEST = Request("GET", "rest-1.v1/Data/Scope/71376")


def error(status: int, body: bytes, kind: str) -> ServerError:
    with pytest.raises(ServerError) as caught:
        check(Response(status, {"content-type": kind}, body, REQUEST), explain)
    return caught.value


def test_an_xml_error_tells_summary_and_causes() -> None:
    found = error(400, UNKNOWN_TOKEN, "text/xml; charset=utf-8")
    assert type(found) is Refused
    assert found.server_message == "Invalid SEL parameter"
    assert found.causes == (
        "Unknown token: Number",
        "(1) Unknown AttributeDefinition: Scope.Number (2) Unknown token: Number",
    )
    assert str(found) == (
        "The server refused GET rest-1.v1/Data/Scope/71376 (400): Invalid SEL parameter: "
        "(1) Unknown AttributeDefinition: Scope.Number (2) Unknown token: Number"
    )


def test_a_json_error_tells_summary_and_causes() -> None:
    body = b"""{"error": "Bad Request", "message": "Invalid SEL parameter",
               "exceptions": [{"class": "VersionOne.MetaException", "message": "Unknown token: Number"}, 7, {}]}"""
    found = error(400, body, "application/json")
    assert (found.server_message, found.causes) == ("Invalid SEL parameter", ("Unknown token: Number",))


def test_a_json_error_may_have_one_field_only() -> None:
    found = error(404, b'{"error": "Not Found"}', "application/json")
    assert (type(found), found.server_message, found.causes) == (NotFound, "Not Found", ())
    assert error(400, b'{"exceptions": [{"message": "x"}]}', "application/json").server_message == "x"


@pytest.mark.parametrize(
    "body", [b"<html><body><h1>401 Unauthorized</h1></body></html>", b"", b"<Error", b"{", b"[1]", b"{}", b"<a/>"]
)
def test_a_body_of_any_other_kind_is_survived(body: bytes) -> None:
    found = error(401, body, "text/html")
    assert (type(found), found.server_message, found.causes) == (LoginRefused, None, ())


def test_a_page_in_place_of_an_error_is_hinted_at() -> None:
    found = error(502, b"<html>" + b"Bad gateway " * 90 + b"</html>", "text/html")
    assert type(found) is ServerFailed
    assert "HTML page" in str(found)
    assert len(str(found)) < 500


def test_an_error_document_with_a_document_type_is_not_read() -> None:
    body = b'<!DOCTYPE Error [<!ENTITY x "boo">]><Error><Message>&x;</Message></Error>'
    assert error(400, body, "text/xml").server_message is None


def test_errors_keep_their_data_when_pickled() -> None:
    found = pickle.loads(pickle.dumps(error(400, UNKNOWN_TOKEN, "text/xml")))
    assert (found.status, found.server_message, len(found.causes)) == (400, "Invalid SEL parameter", 2)


def test_a_long_message_is_cut_in_the_text_only() -> None:
    found = error(400, b"<Error><Message>" + b"x" * 5000 + b"</Message></Error>", "text/xml")
    assert len(str(found)) < 700
    assert len(found.server_message or "") == 5000
