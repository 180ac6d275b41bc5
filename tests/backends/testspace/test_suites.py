"""Suite files: two formats, one shape; nothing in them is trusted."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from typing import Any

import pytest

from assetmeta.backends.testspace import suites
from assetmeta.backends.testspace.suites import Annotation, read, walk
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Response


def packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def xml(text: str, media_type: str = "application/xml") -> Response:
    return Response(200, {"content-type": media_type}, text.encode())


def as_json(document: Any) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(document).encode())


OUTPUT = "höhe\n"
SUITE = f"""<?xml version="1.0" encoding="UTF-8"?>
<test_suite name="s" type="auto" runner="r" start_time="2021-02-03T09:51:22.005395" duration="1.5" cached="" passed="1"
    failed="1" errored="0" not_applicable="0" in_progress="0" unknown="0">
  <test_case name="a &lt;b&gt;" status="passed" start_time="2021-02-03T09:51:22.005395" duration="0.000000"/>
  <test_case name="c" status="failed" duration="?" description="why" shard="3">
    <annotation name="01. failure" level="error" mime_type="text/plain" description="assert 0">
      {packed(OUTPUT.encode())}
      <comment>seen before</comment>
      <annotation name="inner" level="info"/>
    </annotation>
  </test_case>
</test_suite>"""


def test_an_automated_suite() -> None:
    found = read(xml(SUITE))
    assert ("s", "auto", "r", 1.5, {"cached": ""}) == (
        found.name,
        found.type,
        found.runner,
        found.duration,
        found.other,
    )
    assert (1, 1, 0) == (found.counts["passed"], found.counts["failed"], found.counts["unknown"])
    first, second = found.cases
    assert ("a <b>", "passed", 0.0, ()) == (first.name, first.status, first.duration, first.annotations)
    assert ("why", None, {"shard": "3"}) == (second.description, second.duration, second.other)
    assert ["01. failure", "inner"] == [note.name for note in walk(second.annotations)]
    note = second.annotations[0]
    assert ("error", OUTPUT, ("seen before",)) == (note.level, note.text, note.comments)


def test_a_manual_suite_has_the_same_shape() -> None:
    inner = {"name": "inner", "level": "info"}
    note = {"name": "n", "level": "error", "payload": packed(b"x"), "children": [inner], "comments": ["c"]}
    case = {"name": "by hand", "status": "tbd", "duration": 2, "annotations": [note, "odd"], "exempt": True}
    found = read(as_json({"suite": {"name": "s", "type": "manual", "passed": "0", "cases": [case]}}))
    assert ("manual", "tbd", 2.0, {"exempt": "true"}) == (
        found.type,
        found.cases[0].status,
        found.cases[0].duration,
        found.cases[0].other,
    )
    [given] = found.cases[0].annotations
    assert (b"x", "inner", ("c",)) == (given.data, given.children[0].name, given.comments)


def test_a_note_without_payload() -> None:
    assert (b"", "") == (Annotation("n").data, Annotation("n").text)


@pytest.mark.parametrize(
    "response",
    [
        xml("<!DOCTYPE test_suite [<!ENTITY a 'b'>]><test_suite name='&a;'/>"),
        xml("<other/>"),
        xml("<test_suite>"),
        xml("<test_suite>" + "<annotation>" * 300 + "</annotation>" * 300 + "</test_suite>"),
        xml("<!doctype html><html></html>", "text/html"),
        as_json([]),
        as_json({"message": "Not Found"}),
        as_json("text"),
        Response(200, {"content-type": "application/json"}, b""),
        Response(200, {"content-type": "application/json"}, b'{"suite": '),
    ],
)
def test_what_is_no_suite(response: Response) -> None:
    with pytest.raises(InvalidResponse):
        read(response)


def test_notes_that_are_nested_without_end() -> None:
    note: dict[str, Any] = {"name": "n"}
    for _ in range(200):
        note = {"name": "n", "children": [note]}
    with pytest.raises(InvalidResponse, match="nested"):
        read(as_json({"name": "s", "cases": [{"name": "c", "annotations": [note]}]}))


def test_the_deepest_note() -> None:
    def nested(levels: int) -> suites.Suite:
        note: dict[str, Any] = {"name": "n"}
        for _ in range(levels - 2):
            note = {"name": "n", "children": [note]}
        return read(as_json({"name": "s", "cases": [{"name": "c", "annotations": [note]}]}))

    assert 99 == len(list(walk(nested(100).cases[0].annotations)))
    with pytest.raises(InvalidResponse, match="deeper than 100 levels"):
        nested(101)


def test_a_payload_that_repeats_far_back_is_unpacked() -> None:
    noise = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(1000))
    assert noise * 2 == Annotation("n", packed=packed(noise * 2)).data


@pytest.mark.parametrize(
    "payload",
    [
        "no base64!",
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(gzip.compress(b"cut off" * 100, mtime=0)[:-12]).decode(),
        base64.b64encode(zlib.compress(b"another format")).decode(),
        "ü",
    ],
)
def test_payloads_that_are_damaged(payload: str) -> None:
    with pytest.raises(InvalidResponse, match="damaged"):
        Annotation("n", packed=payload).data


def test_payloads_that_would_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "MAX_PAYLOAD", 1000)
    assert 1000 == len(Annotation("n", packed=packed(b"\0" * 1000)).data)
    with pytest.raises(InvalidResponse, match="larger"):
        Annotation("n", packed=packed(b"\0" * 100_000)).data
    with pytest.raises(InvalidResponse, match="larger than 1000"):
        Annotation("n", packed=packed(b"\0" * 1001)).data


def test_payloads_are_not_shown() -> None:
    assert "packed" not in repr(Annotation("n", packed=packed(b"x")))


def test_an_endless_number_is_no_count() -> None:
    assert {"failed": 2} == read(xml(f'<test_suite name="s" passed="{"9" * 5000}" failed="2"/>')).counts


NOTE = {"name": "n", "level": "warning", "mime_type": "text/plain", "description": "nd"}
CASE = {"name": "c", "status": "failed", "duration": "0.5", "start_time": "t1", "description": "cd", "shard": "3"}
TEXTS = {"name": "s", "type": "auto", "runner": "r", "duration": "1.5", "start_time": "t0", "description": "sd"}
COUNTS = {"passed": 1, "failed": 2, "errored": 3, "not_applicable": 4, "in_progress": 5, "unknown": 6}


class TestWholeValues:
    """Every attribute of both formats arrives, and under its own name."""

    def whole(self) -> suites.Suite:
        inner = Annotation("inner")
        note = Annotation("n", "warning", "text/plain", "nd", (inner,), ("c1", "c2"), "cGFja2Vk")
        case = suites.Case("c", "failed", 0.5, "t1", "cd", (note,), {"shard": "3"})
        bare = suites.Case("")
        return suites.Suite("s", "auto", "r", 1.5, "t0", "sd", COUNTS, (case, bare), {"build": "7"})

    def test_xml(self) -> None:
        def element(tag: str, texts: Any, inner: str = "") -> str:
            attributes = " ".join(f'{name}="{value}"' for name, value in texts.items())
            return f"<{tag} {attributes}>{inner}</{tag}>"

        below = "\n cGFja2Vk <comment>c1</comment><comment>c2</comment><annotation name='inner'/>"
        case = element("test_case", CASE, element("annotation", NOTE, below)) + "<test_case/>"
        text = element("test_suite", {**TEXTS, **COUNTS, "build": "7"}, case)
        for before in ("", "\ufeff", " \r\n\t"):
            assert self.whole() == read(xml(before + text))

    @pytest.mark.parametrize("within", ["annotations", "children"])
    def test_json(self, within: str) -> None:
        note = {**NOTE, "payload": "cGFja2Vk", "comments": ["c1", "c2"], within: [{"name": "inner"}]}
        suite = {
            **TEXTS,
            **COUNTS,
            "build": 7,
            "note": None,
            "cases": [{**CASE, "annotations": [note]}, {}],
        }
        assert self.whole() == read(as_json(suite)) == read(as_json({"suite": suite}))

    def test_counts_that_are_none_stay_as_they_are(self) -> None:
        found = read(xml(f'<test_suite name="s" passed="-1" failed="{"9" * 18}" errored="{"9" * 19}"/>'))
        assert ({"failed": int("9" * 18)}, {"passed", "errored"}) == (found.counts, found.other.keys())

    def test_the_bytes_of_another_encoding_are_replaced(self) -> None:
        assert "h\ufffdhe" == Annotation("n", packed=packed("höhe".encode("latin-1"))).text

    def test_what_is_no_suite_says_what_it_is(self) -> None:
        for response, words in ((xml("<other/>"), "begins with 'other'"), (as_json({"a": 1}), "neither a name nor")):
            with pytest.raises(InvalidResponse, match=words) as caught:
                read(response)
            assert 200 == caught.value.status

    def test_notes_within_notes_come_after_them(self) -> None:
        notes = (
            Annotation("a", children=(Annotation("b", children=(Annotation("c"),)), Annotation("d"))),
            Annotation("e"),
        )
        assert [*"abcde"] == [note.name for note in walk(notes)]

    @pytest.mark.parametrize("found", [Annotation("n"), suites.Case("c"), suites.Suite("s")])
    def test_what_was_read_cannot_be_changed(self, found: Any) -> None:
        with pytest.raises(AttributeError):
            found.name = "other"
        assert not hasattr(found, "__dict__")
