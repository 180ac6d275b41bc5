"""HTML texts: to the letter as they are, and readable as plain texts, whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.backends.markup import Html, HtmlText, dereferenced, plain
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.texts import Cleaned

REFERENCE = (
    '<span class="quill-autocomplete" host="requirement" itemid="2165"><requirement a="b">$SPC-002</requirement></span>'
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<p>a</p>\n<p>b</p>\n", "a\nb"),
        ("<h1>T</h1><div>a<br>b</div><p>c<script>x</script></p>", "T\na\nb\nc"),
        ("<p>a<br/><br/>b</p>", "a\n\nb"),
        ("<p>a</p> tail <p>b</p>", "a\ntail\nb"),
        (
            "<table><tr><th>Name</th><th>Mass</th></tr><tr><td>Fan</td><td>12&nbsp;kg</td></tr></table>",
            "Name  Mass\nFan   12 kg",
        ),
        (
            "<p>Parts</p><ul><li>a<ul><li>a1</li><li>a2</li></ul></li><li>b</li></ul>",
            "Parts\n  * a\n      + a1\n      + a2\n  * b",
        ),
        ("<ol><li>a</li><li>b<ol><li>x</li></ol></li></ol>", " 1. a\n 2. b\n     1. x"),
        ("<table><tr><td>a</td><td><ul><li>x</li><li>y</li></ul></td></tr></table>", "a    * x\n     * y"),
        ("<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>", "a  b\nc  d"),
        ("<td>a</td><td>b</td>", "a  b"),
        ("<p>x</p><tbody><tr><th>a</th>\n<td>b</td></tr></tbody>", "x\na  b"),
        ("x<table><tr><td>a</td><td>b</td></tr></table>", "x\na  b"),
        ("<table><caption>C</caption><tr><td>a</td></tr></table>", "C\na"),
        ("<dl><dt>a</dt><dd>b</dd></dl><section>c</section><form>d</form>", "a\nb\nc\nd"),
        ("a <span><span>b <b>c</b></span> d</span> e", "a b c d e"),
        (f"<p>As {REFERENCE} says</p>", "As $SPC-002 says"),
        ("<pre>  a\n    b</pre>", "  a\n    b"),
        ("1 &lt; 2 &amp; 3 &#228;", "1 < 2 & 3 ä"),
        ("1 < 2 &amp; 3", "1 < 2 & 3"),
        ("x<!-- not this --><?nor this?>y", "xy"),
        ("<!-- nothing -->", ""),
        ("<p>\xa0</p>", ""),
        ("", ""),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ('<p style="padding-left: 999999999em">x</p>', "x"),
        ("<?xml version='1.0' encoding='latin-1'?><p>é 𝒳</p>", "é 𝒳"),
        # What has no markup keeps its lines.
        ("a < b\n  and c > d\n\nR&D & more \n", "a < b\n  and c > d\n\nR&D & more"),
        ("\n\nplain", "plain"),
    ],
)
def test_what_a_person_reads(text: str, found: str) -> None:
    assert found == plain(text) == Html(text).plain


@pytest.mark.parametrize("tag", ["span", "div", "table><tr><td", "ul><li"])
@pytest.mark.parametrize("depth", [300, 3000, 30_000])
def test_what_is_nested_deeply_keeps_its_text(tag: str, depth: int) -> None:
    assert "inner &" in plain(f"<{tag}>" * depth + "inner &amp;")


@given(st.text(alphabet="<>&;/!?-a\"'= \n\x00\ud800spn"))
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(plain(text), str)
    assert isinstance(dereferenced(text), str)


@pytest.mark.parametrize("piece", ["<", "<a ", "<span ", "<span>", "</span>", '<span class="quill-autocomplete', "&"])
def test_long_texts_of_pieces_end(piece: str) -> None:
    """With patterns that look ahead to the end these would take hours."""
    text = piece * 200_000
    assert isinstance(dereferenced(text), str)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"<p>As {REFERENCE} &amp; <b>more</b></p>", "<p>As $SPC-002 &amp; <b>more</b></p>"),
        (f"{REFERENCE}, {REFERENCE}", "$SPC-002, $SPC-002"),
        (
            '<p><span class="x quill-autocomplete y"><span x="false"><b>$A</b></span>-<span>1</span></span>!</p>',
            "<p>$A-1!</p>",
        ),
        ("<span class='quill-autocomplete'>$A</span>", "$A"),
        ("<SPAN CLASS=quill-autocomplete>$A</SPAN >", "$A"),
        ('<span class="b">x</span> <span>y</span></span>', '<span class="b">x</span> <span>y</span></span>'),
        ('<span title="quill-autocomplete">x</span>', '<span title="quill-autocomplete">x</span>'),
        ('<span class="quill-autocompleter">x</span>', '<span class="quill-autocompleter">x</span>'),
        ('<span class="quill-autocomplete">x', '<span class="quill-autocomplete">x'),
        ('<div><span class="quill-autocomplete">1 &lt; 2</span></div>', "<div>1 &lt; 2</div>"),
        ("no markup", "no markup"),
    ],
)
def test_references_become_text_and_markup_stays_to_the_letter(text: str, found: str) -> None:
    assert found == dereferenced(text)


class TestCodec:
    def test_values_are_the_text_that_came(self) -> None:
        for codec in (HtmlText(), HtmlText(empty_is_null=True)):
            found = codec.decode("<p>x</p>")
            assert ("<p>x</p>", "x", Html) == (found, found.plain, type(found))  # type: ignore[attr-defined]
            assert Html is type(codec.parse("<p>y</p>"))
            assert "<p>y</p>" == codec.encode(codec.parse("<p>y</p>"))
            assert codec.decode(None) is codec.parse(None) is None
        assert "" == HtmlText().decode("") == HtmlText().parse("")
        assert HtmlText(empty_is_null=True).decode("") is HtmlText(empty_is_null=True).parse("") is None

    def test_what_lost_its_markup_is_not_written_back(self) -> None:
        text = Html(f"<p>{REFERENCE}</p>")
        with pytest.raises(ValueError, match="write str"):
            HtmlText().parse(text.plain)
        assert "$SPC-002" == HtmlText().parse(str(text.plain))
        assert str is type(str(text.plain))
        assert Cleaned is type(HtmlText().decode(Cleaned("x")))

    def test_long_texts_of_versionone_have_a_plain_form(self) -> None:
        codec = VersionOne().codec("LongText", "Description")
        assert "a  b" == codec.decode("<table><tr><td>a</td><td>b</td></tr></table>").plain  # type: ignore[attr-defined]
        assert Html is not type(VersionOne().codec("Text", "Name").decode("<p>x</p>"))


class TestLargeTables:
    """Padding and layout are bounded: the text of a table is never many times as large as the table."""

    def test_one_long_cell_among_many_rows_is_not_multiplied(self) -> None:
        long = "word " * 20_000
        rows = "".join(f"<tr><td>a{number}</td><td>b</td></tr>" for number in range(1000))
        text = plain(f"<p>before</p><table><tr><td>{long}</td><td>b</td></tr>{rows}</table><p>after</p>")
        assert len(text) < 3 * len(long)
        lines = text.split("\n")
        assert ("before", "after") == (lines[0], lines[-1])
        assert "a999  b" in lines
        assert f"{long.strip()}  b" in lines

    def test_tables_of_very_many_cells_are_lines_of_texts(self) -> None:
        rows = "".join(f"<tr><td>a{n}</td><td><b>b</b> c</td><td></td></tr>" for n in range(4000))
        text = plain(f"<table><caption>Title</caption>{rows}</table>")
        assert ["Title", "a0  b c", "a1  b c"] == text.split("\n")[:3]
        assert 4001 == len(text.split("\n"))

    def test_small_tables_are_laid_out_as_before(self) -> None:
        text = plain("<table><tr><td>long cell</td><td>x</td></tr><tr><td>a</td><td>y</td></tr></table>")
        assert ["long cell  x", "a          y"] == text.split("\n")

    def test_tables_within_a_large_one_are_part_of_its_texts(self) -> None:
        inner = "<table><tr><td>i</td><td>j</td></tr></table>"
        rows = "".join(f"<tr><td>a{n}</td><td>{inner}</td><td>z</td></tr>" for n in range(2000))
        assert "a7  ij  z" in plain(f"<table>{rows}</table>").split("\n")

    def test_rows_of_different_lengths(self) -> None:
        rows = "".join("<tr>" + "<td>x</td>" * (n % 4) + "</tr>" for n in range(5000))
        assert "x  x  x" in plain(f"<table>{rows}</table>").split("\n")
