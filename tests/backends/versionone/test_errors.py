"""Error documents: the summary and the innermost cause are both told."""

from __future__ import annotations

import pickle

import pytest

from assetmeta.backends.responses import check
from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.bulk_response import refused
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.model.errors import AuthenticationFailed, NotFound, Rejected, ServerError, ServerFailed
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import Update
from assetmeta.model.values import Oid

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
        check(Response(status, {"content-type": kind}, body, REQUEST), parse_error)
    return caught.value


def test_an_xml_error_tells_summary_and_causes() -> None:
    found = error(400, UNKNOWN_TOKEN, "text/xml; charset=utf-8")
    assert type(found) is Rejected
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
    assert (type(found), found.server_message, found.causes) == (AuthenticationFailed, None, ())


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


@pytest.mark.parametrize(
    ("words", "blamed", "advice"),
    [
        ("Violation'Required'Story.Scope", ("Story", "Scope"), ". Story.Scope is required: give it a value."),
        ("Violation'Invalid'Epic.Super", ("Epic", "Super"), "points to an asset that is missing, closed or of another"),
        ("Violation'ReadOnly'Story.Number", ("Story", "Number"), ". Story.Number cannot be written: leave it out."),
        ("Violation'NotAllowed'Scope.Delete", ("Scope", "Delete"), ". Scope.Delete is not allowed now."),
        ("Violation'Required'Story", ("Story", None), ". Story is required: give it a value."),
        ("Violation'TooTall'Story.Name", ("Story", "Name"), "Violation'TooTall'Story.Name"),
        ("Unknown AttributeDefinition: Scope.Muddle", ("Scope", "Muddle"), "Scope.Muddle"),
        ("Unknown Operation 'Scope.Explode'", ("Scope", "Explode"), "'Scope.Explode'"),
        ("Invalid OID token: @epic", (None, None), "@epic"),
    ],
)
def test_what_the_server_blames_is_data_and_words(
    words: str, blamed: tuple[str | None, str | None], advice: str
) -> None:
    cause = f"<Exception><Message>{words}</Message></Exception>"
    for body in (f"<Error><Message>{words}</Message>{cause}</Error>", f"<Error><Message>No</Message>{cause}</Error>"):
        found = error(400, body.encode(), "text/xml")
        assert (found.type_name, found.attribute, found.causes) == (*blamed, (words,))
        assert advice in str(found)
    in_bulk = refused(Update(Oid("Story", 5), ()), words)
    assert (in_bulk.type_name, in_bulk.attribute, in_bulk.server_message) == (*blamed, words)
    assert advice in str(in_bulk)


def test_a_server_that_is_not_there_is_reported_with_its_address() -> None:
    missing = Response(404, {"content-type": "text/xml"}, b"<Error/>", url="https://host/Wrong/meta.v1/")

    flow = VersionOne().reflect()
    next(flow)
    with pytest.raises(NotFound) as caught:
        flow.send(missing)
    assert "Check instance_url=: https://host/Wrong/meta.v1/" in str(caught.value)
    assert caught.value.status == 404
