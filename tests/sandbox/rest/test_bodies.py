"""Bodies as data: JSON, forms, multipart, and what is refused."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.bodies import DEEPEST, Body, Upload, read_body
from assetmeta.sandbox.rest.refusals import Refusal

FORM = "application/x-www-form-urlencoded"


def read(body: bytes, content_type: str = "application/json") -> Body:
    return read_body(Request("POST", "/", headers={"content-type": content_type}, body=body))


def refusal(body: bytes, content_type: str = "application/json") -> tuple[int, object]:
    with pytest.raises(Refusal) as refused:
        read(body, content_type)
    return refused.value.status, refused.value.body


def test_json() -> None:
    assert read(b'{"a": [1, 0.5, null, "\xc3\xa4"]}') == Body({"a": [1, 0.5, None, "ä"]})
    assert read(b'"\xe4"', "application/json; charset=latin-1") == Body("ä")
    assert read(b"") == Body({})


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b"-Infinity", b"1e999"])
def test_numbers_that_json_does_not_know_are_refused(text: bytes) -> None:
    status, body = refusal(text)
    assert status == 400
    assert str(body).startswith("{'detail': \"JSON parse error - Out of range float values are not JSON compliant")


def test_a_body_may_be_as_deep_as_an_answer() -> None:
    """The innermost list is empty, so a body of n brackets has n levels."""
    within = b"[" * DEEPEST + b"]" * DEEPEST
    assert read(within).value is not None
    deeper = {"detail": "JSON parse error - nested too deeply"}
    assert refusal(b"[" + within + b"]") == (400, deeper)
    assert refusal(b'{"a":' * DEEPEST + b"[]" + b"}" * DEEPEST) == (400, deeper)
    assert refusal(b"[" * 200_000) == (400, deeper)


def test_forms() -> None:
    assert read(b"a=1&b=&a=2&c=%C3%A4+%2B", FORM) == Body({"a": ["1", "2"], "b": "", "c": "ä +"}, is_form=True)


@pytest.mark.parametrize("content_type", ["text/plain", "text/csv", "json", ""])
def test_other_types_are_refused(content_type: str) -> None:
    assert refusal(b"x", content_type) == (415, {"detail": f'Unsupported media type "{content_type}" in request.'})


def multipart(*parts: bytes, end: bytes = b"--xx--\r\n") -> bytes:
    return b"".join(b"--xx\r\n" + part + b"\r\n" for part in parts) + end


def test_multipart() -> None:
    body = read(
        b"a preamble\r\n"
        + multipart(
            b'Content-Disposition: form-data; name="a"\r\n\r\n1',
            b'content-disposition: form-data; name="b"\r\n\r\n\r\nx\r\n--y',
            b'Content-Disposition: form-data; name="a"\r\n\r\n2',
            b'Content-Disposition: form-data; name="file"; filename="C:\\dir\\a.txt"\r\n'
            b"Content-Type: text/csv\r\n\r\n\x00",
            b'Content-Disposition: form-data; name="other"; filename="x/y/b"\r\n\r\n',
            b"Content-Disposition: form-data\r\n\r\nnameless",
            b"no head",
        )
        + b'--xx\r\nContent-Disposition: form-data; name="late"\r\n\r\nbehind the end\r\n--xx--\r\n',
        "multipart/form-data; boundary=xx",
    )
    assert body.value == {"a": ["1", "2"], "b": "\r\nx\r\n--y"}
    assert body.files == {"file": Upload("a.txt", b"\x00", "text/csv"), "other": Upload("b", b"", "")}
    assert body.is_form


def test_multipart_needs_a_boundary() -> None:
    status, body = refusal(multipart(), "multipart/form-data")
    assert (status, body) == (400, {"detail": "Multipart form parse error - Invalid boundary in multipart: None"})
