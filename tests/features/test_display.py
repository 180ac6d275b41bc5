"""What notebooks and rich show: tables of what is loaded, which send nothing and let nothing act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import rich
from rich.console import Console

from assetmeta import UNREAD, CommitError, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, inspect
from assetmeta.features.display import text_of
from assetmeta.model.table import SHOWN, Table
from assetmeta.sandbox import Server


@pytest.fixture
def v1(versionone_sandbox_shared: Server) -> Iterator[V1Meta]:
    session = V1Meta(**versionone_sandbox_shared.credentials)
    yield session
    session.revert()
    session.close()


def shown(value: Any) -> tuple[str, str]:
    """What a notebook and what rich show of a value."""
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console:
        console.print(value)
    console.file.close()
    return value._repr_html_(), console.export_text()


def test_an_asset_shows_what_is_loaded_and_what_is_not(v1: V1Meta) -> None:
    story = v1.Story.select("Name", "Owners.Name").first()
    story.Estimate = 4
    before = len(v1.ledger)

    html, text = shown(story)

    for form in (html, text):
        assert "(not loaded)" in form
        assert "pending" in form
        assert "Owners" in form
        assert "of its attributes are not loaded" in form
    assert len(v1.ledger) == before


def test_every_edit_of_an_asset_is_shown_and_every_attribute_that_is_not_loaded(v1: V1Meta) -> None:
    v1.types
    story = v1.Story.select("Name", "Order").first()
    story.Name, story.Estimate, story.Reference = "x", 4, "y"
    rows = {name: (value, state) for name, value, state in story._table().rows}
    assert [("x", "pending"), ("4", "pending"), ("y", "pending")] == [
        rows[name] for name in ("Name", "Estimate", "Reference")
    ]
    assert "" == rows["Order"][1]
    basic = set(v1.Story._type.basic) - {"Name", "Order", "Estimate", "Reference"}
    assert basic and all(("(not loaded)", "") == rows[name] for name in basic)
    missing = len(v1.Story._type.attributes) - 2
    assert f"{missing} of its attributes are not loaded." == story._table().note


def test_a_query_shows_what_it_asks_and_what_it_holds(v1: V1Meta) -> None:
    query = v1.Story.where(Status="Done").select("Name").sort("-Name").page(5)
    v1.types
    before = len(v1.ledger)
    assert "not read yet" in query._repr_html_()
    assert "Status.Name" in query._repr_html_()
    assert len(v1.ledger) == before

    first = query.all()[0]
    read = len(v1.ledger)
    assert first.idref in query._repr_html_()
    assert len(v1.ledger) == read


def test_every_part_of_a_query_is_shown(v1: V1Meta) -> None:
    query = v1.Story.where(Status="Done", Name="x").select("Name", "Order").sort("-Name", "Order").page(5, start=10)
    rows = dict(query.find("text").deleted()._table().rows)
    assert {"type": "Story", "select": "Name, Order", "sort": "-Name, Order", "find": "text"}.items() <= rows.items()
    assert ("5 from 10", "included") == (rows["page"], rows["deleted"])
    assert all(word in rows["where"] for word in ("Status", "Name"))
    past = dict(v1.Story.asof("2026-01-01", "2026-02-01")._table().rows)
    assert ["type", "select", "as of"] == list(past)
    assert all(day in past["as of"] for day in ("2026-01-01", "2026-02-01"))


def test_long_values_are_cut_where_a_table_ends() -> None:
    assert ("x" * 500, "x" * 500 + "…") == (text_of("x" * 500), text_of("x" * 501))
    assert ", ".join("12") == text_of([1, 2]) == text_of((1, 2))
    some = ["y"] * (SHOWN + 1)
    assert [SHOWN, SHOWN] == [text_of(each).count("y") for each in (some, some[1:])]
    assert [True, False] == [text_of(each).endswith(", …") for each in (some, some[1:])]
    assert ["", "", "0"] == [text_of(each) for each in (None, UNREAD, 0)]


def test_a_relation_that_is_not_set_is_an_empty_cell(v1: V1Meta) -> None:
    story = v1.Story.where(v1.Story.Super.missing()).select("Super").first()
    assert "" == text_of(story.Super) == text_of([story.Super])


def test_rich_shows_a_plan_as_a_prompt_does(v1: V1Meta) -> None:
    assert str(v1.plan()) == v1.plan().__rich__().plain == "Nothing to commit."


def test_head_reads_one_page_and_shows_rows(v1: V1Meta) -> None:
    query = v1.Story.select("Name", "Scope.Name")
    v1.types
    with v1.budget(1):
        table = query.head(3)
    assert table.columns == ("Story", "Name", "Scope.Name")
    assert len(table) == len(table.rows) == 3
    assert all(token.startswith("Story:") and name and scope for token, name, scope in table.rows)
    assert len(query.page(2).head(10)) == 2
    assert len(v1.Story.head(1)) == 1


def test_parts_of_values_are_columns_of_tables(testspace_sandbox_shared: Server) -> None:
    with TestspaceMeta(**testspace_sandbox_shared.credentials) as ts:
        query = ts.Result.select("case_counts.failed", "name")
        table = query.head(3)
        assert table.columns == ("Result", "case_counts.failed", "name")
        found = query.page(3).all()
        assert [failed for _, failed, _ in table.rows] == [str(one.case_counts.failed) for one in found]
        assert ("select", "case_counts.failed, name") in query._table().rows


def test_related_lists_show_members_or_that_they_are_not_loaded(v1: V1Meta) -> None:
    story = v1.Story.select("Name", "Owners.Name").where(v1.Story.Owners.exists()).first()
    before = len(v1.ledger)
    assert story.Owners[0].Name in story.Owners._repr_html_()
    assert "Not loaded" in story.Goals._repr_html_()
    assert len(v1.ledger) == before


def test_sessions_traces_and_reports_have_tables(v1: V1Meta) -> None:
    assert "the schema is not read yet" in v1._repr_html_()
    with v1.trace() as trace:
        v1.Story.first()
    assert "asset types" in v1._repr_html_()
    assert "query.v1" in shown(trace)[0]
    assert len(trace._table()) == len(trace)
    report = v1.commit()
    assert "0 done" in shown(report)[1]


def test_a_report_shows_what_failed(versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as session:
        session.Story.new(Scope=session.Scope(0), Name="a")
        session.Story(4711).Name = "nobody"
        report = session.commit()
        html, text = shown(report)
        assert "Story:4711" in html
        assert "failed" in text
        with pytest.raises(CommitError):
            report.raise_if_failed()
        session.revert()


def test_rows_that_were_refused_are_shown_with_their_reasons(v1: V1Meta) -> None:
    rows = [{"Name": "Displayed", "Scope": "Scope:0"}, {"Name": "Refused <b>", "Scope": "No such project"}]
    report = v1.Story.upsert(rows, key="Name")
    html = report._repr_html_()
    assert "Story by Name: 1 created, 1 refused" in html
    assert "Refused &lt;b&gt;" in html
    assert "No such project" in html
    assert "Displayed" not in html
    v1.revert()


def test_what_a_server_sends_is_escaped() -> None:
    evil = Table("<b>title</b>", ("<i>",), [("<script>alert(1)</script>",)], note="\x1b[31m&")
    html, text = shown(evil)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;title" in html
    assert "\x1b" not in html + text
    assert "[red]" in shown(Table("[red]x", ("a",), [("[bold]y",)]))[1]


def test_only_the_first_of_many_rows_are_rendered(v1: V1Meta) -> None:
    table = Table("many", ("n",), [(str(n),) for n in range(10_000)])
    html, text = shown(table)
    assert html.count("<tr>") == SHOWN + 1
    assert f"and {10_000 - SHOWN} more" in html
    assert f"and {10_000 - SHOWN} more" in text
    assert f"and {10_000 - SHOWN} more" in str(table)


def test_looking_with_rich_inspect_sends_nothing(v1: V1Meta) -> None:
    story = v1.Story.select("Name").first()
    before = len(v1.ledger)
    console = Console(width=120, file=open("/dev/null", "w"), record=True)  # noqa: SIM115
    for value in (story, story.Owners, inspect(story), v1, v1.Story, v1.Story.where(Name="x")):
        rich.inspect(value, console=console, all=False)
    console.file.close()
    text = console.export_text()
    assert "<Story:" in text
    assert "Estimate: not loaded>" in text
    assert len(v1.ledger) == before
    assert story.Estimate is None or story.Estimate >= 0
    assert len(v1.ledger) == before + 1


@pytest.mark.parametrize("system", ["valispace", "valohai", "testspace"])
def test_the_other_servers_assets_are_shown(system: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(f"{system}_sandbox_shared")
    opened: dict[str, Any] = {"valispace": ValispaceMeta, "valohai": ValohaiMeta, "testspace": TestspaceMeta}
    with opened[system](**server.credentials) as session:
        project = session.Project.first()
        assert "name" in project._repr_html_()
        assert project.name in session.Project.head(5)._repr_html_()
