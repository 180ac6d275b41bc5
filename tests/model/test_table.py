"""Tables as text and as HTML: how much is shown, and what is said of the rest."""

from __future__ import annotations

from assetmeta.model.table import SHOWN, Displayed, Table

ROWS = [[f"r{number}", "x"] for number in range(60)]


def test_fifty_rows_are_shown_and_the_others_counted() -> None:
    assert SHOWN == 50
    for rows, total, more in ((ROWS, None, 10), (ROWS[:50], None, 0), (ROWS[:50], 51, 1), (ROWS, 100, 50)):
        table = Table("Title", ("A", "B"), rows, total)
        assert len(table) == (total or len(rows))
        assert table.notes == ([f"… and {more} more"] if more else [])
        assert len(str(table).splitlines()) == 52 + bool(more)
        assert table._repr_html_().count("<tr>") == 51
    assert Table("T", ("A",), ROWS, shown=2, note="end").notes == ["… and 58 more", "end"]
    assert (Table("T", (), ROWS)[1], Table("T").notes, len(Table("T"))) == (["r1", "x"], [], 0)


def test_columns_are_aligned_and_long_cells_shortened() -> None:
    table = Table("T", ("Name", "B"), [["a", "x" * 60], ["abcdef", "y" * 61], ["b \n c", ""]], note="n\x1b")
    assert str(table).splitlines() == [
        "T",
        "  Name    B",
        f"  a       {'x' * 60}",
        f"  abcdef  {'y' * 59}…",
        "  b c",
        "  n\\x1b",
    ]
    assert str(Table("T", ("", ""), [["a", "b"]])).splitlines() == ["T", "  a  b"]
    assert repr(table) == str(table)
    assert (str(Table("T", ("A",))), str(Table("\x1b"))) == ("T", "\\x1b")


def test_html_is_escaped_and_an_empty_table_has_none() -> None:
    found = Table("<T>", ("<A>",), [["<a>\x1b"]], note="<n>")._repr_html_()
    assert found == (
        "<div><div><b>&lt;T&gt;</b></div><table><thead><tr><th>&lt;A&gt;</th></tr></thead>"
        "<tbody><tr><td>&lt;a&gt;\\x1b</td></tr></tbody></table><div>&lt;n&gt;</div></div>"
    )
    assert Table("T", ("A",), note="n")._repr_html_() == "<div><div><b>T</b></div><div>n</div></div>"


def test_what_gives_no_table_is_shown_by_its_repr() -> None:
    class Shown(Displayed):
        def __repr__(self) -> str:
            return "<me>"

    assert Shown()._repr_html_() == "<div><div><b>&lt;me&gt;</b></div></div>"
