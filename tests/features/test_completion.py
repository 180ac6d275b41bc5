"""Completion and help at an IPython prompt: from the schema, without evaluating or sending anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from assetmeta import V1Meta, ValohaiMeta, load_ipython_extension
from assetmeta.features.completion import _openings, completions
from assetmeta.sandbox import Server


@pytest.fixture
def v1(versionone_sandbox_shared: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox_shared.credentials) as session:
        yield session


@pytest.fixture(scope="module")
def bare() -> InteractiveShell:
    """One shell of this process; the extension is not loaded."""
    return InteractiveShell.instance()


@pytest.fixture
def shell(bare: InteractiveShell) -> Iterator[InteractiveShell]:
    before = list(bare.Completer.custom_matchers)
    load_ipython_extension(bare)
    yield bare
    bare.Completer.custom_matchers[:] = before


def offered(shell: InteractiveShell, text: str, **names: Any) -> list[str]:
    """What Tab offers at the end of a line."""
    shell.user_ns.update(names)
    with provisionalcompleter():
        return [text[: found.start] + found.text for found in shell.Completer.completions(text, len(text))]


def test_the_first_tab_completes_types(bare: InteractiveShell, v1: V1Meta) -> None:
    assert "v1.Story" in offered(bare, "v1.Sto", v1=v1)
    assert [entry.path for entry in v1.ledger] == ["meta.v1/"]
    assert any("Story" in found for found in offered(bare, 'v1["Sto', v1=v1))
    assert len(v1.ledger) == 1


def test_the_first_tab_on_a_key_completes_types(bare: InteractiveShell, v1: V1Meta) -> None:
    assert any("Story" in found for found in offered(bare, 'v1["', v1=v1))
    assert len(v1.ledger) == 1


def test_dir_sends_nothing_and_never_raises(v1: V1Meta) -> None:
    assert "commit" in dir(v1)
    assert len(v1.ledger) == 0


def test_tab_on_a_server_that_is_gone_offers_what_there_is(bare: InteractiveShell) -> None:
    gone = V1Meta(instance_url="http://127.0.0.1:9/V1", token="x", retries=0)
    assert "gone.commit" in offered(bare, "gone.com", gone=gone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1.Sto", "Story"),
        ("v1.Story.whe", "where"),
        ("v1.Story.Own", "Owners"),
        ("v1.Story.Owners.Ema", "Email"),
        ('v1["Sto', "Story"),
        ('v1["Tas', "Task"),
        ('v1["Story"].Own', "Owners"),
        ("v1.Story(1005).Own", "Owners"),
        ("v1.Story(1005).Super.Sco", "Scope"),
        ("v1.Story(1005).Owners[0].Ema", "Email"),
        ("v1.Story(1005).Owners.ad", "add"),
        ("v1.Story(1005).Quick", "QuickClose"),
        ("v1.Story.where(Name='a)b').sel", "select"),
        ("v1.Story.where(v1.Story.Estimate > 3).first().Sup", "Super"),
        ("x = v1.Story[0].Sup", "Super"),
        ("v1.Story[:10].whe", "where"),
        ("v1.Story.where(Na", "Name="),
        ("v1.Story.where(Status='Done', Na", "Name="),
        ("v1.Task.new(Par", "Parent="),
        ("v1.Story.select('Na", "Name"),
        ('v1.Story.select("Name", "Owners.Ema', "Email"),
        ('v1.Story.sort("-Na', "Name"),
        ('v1.Scope.select("Workitems:Story.Est', "Estimate"),
        ('story["Na', "Name"),
        ('story["Owners.Ema', "Email"),
        ("story.Super.Sco", "Scope"),
        ("query.whe", "where"),
        ("query.select('Na", "Name"),
        ("column.Ema", "Email"),
        ("kind.whe", "where"),
        ("kind.new(Na", "Name="),
        ("owners.ad", "add"),
        ("owners[0].Ema", "Email"),
        ("story.set(Name='x').Sup", "Super"),
        ("v1.Story.select(['Na", "Name"),
        ("v1.Story.select(['Name', 'Own", "Owners"),
        ("v1.Story.find('x', ['Na", "Name"),
        ("v1.Story.select(story['Na", "Name"),
        ("f(g(1)[2]), v1.Story.whe", "where"),
        ("for s in v1.Story.whe", "where"),
        ("(v1.Story\n .where(Name='x')\n .sel", "select"),
    ],
)
def test_names_come_from_the_schema(v1: V1Meta, text: str, expected: str) -> None:
    story = v1.Story(1005)
    names = {"v1": v1, "story": story, "query": v1.Story.where(Name="x"), "column": v1.Story.Owners}
    names |= {"kind": v1.Story, "owners": story.Owners}
    before = len(v1.ledger)

    fragment, found = completions(text, names)

    assert expected in [name for name, _ in found]
    assert text.endswith(fragment)
    assert all(name.casefold().startswith(fragment.casefold()) for name, _ in found)
    assert len(v1.ledger) == before


def test_values_complete_the_names_of_a_list_that_was_read(shell: InteractiveShell, v1: V1Meta) -> None:
    assert completions('v1.Story.where(Status="Do', {"v1": v1}) == ("Do", []), "nothing is read for it"
    v1.Story.where(Status="Done").first()
    before = len(v1.ledger)
    for text in ('where(Status="', "new(Name='a', Status='", 'where(Status=["Done", "'):
        assert ("In Progress", "value") in completions(f"v1.Story.{text}", {"v1": v1})[1]
    assert completions('v1.Story.where(Status="in pr', {"v1": v1}) == ("in pr", [("In Progress", "value")])
    for text in ('where(Name="', 'where(Nothing="', 'page(Status="', 'select(Status="'):
        assert completions(f"v1.Story.{text}", {"v1": v1})[1] == []
    assert 'v1.Story.where(Status="Done' in offered(shell, 'v1.Story.where(Status="Do', v1=v1)
    assert len(v1.ledger) == before


def test_values_complete_what_the_schema_lists(valohai_sandbox_shared: Server) -> None:
    with ValohaiMeta(**valohai_sandbox_shared.credentials) as vh:
        vh.types
        before = len(vh.ledger)
        found = completions("vh.Execution.where(status='st", {"vh": vh})
        assert found == ("st", [("started", "value"), ("stopped", "value"), ("stopping", "value")])
        assert len(vh.ledger) == before


def test_new_takes_what_can_be_written_and_where_takes_all(v1: V1Meta) -> None:
    v1.types
    for method, is_offered in (("where", True), ("new", False), ("create", False), ("template", False), ("set", False)):
        _, found = completions(f"v1.Story.{method}(Cre", {"v1": v1})
        assert is_offered is (("CreateDate=", "param") in found), method
    assert ("name=", []) == (
        completions("v1.Story.page(name=", {"v1": v1})[0] + "name=",
        completions("v1.Story.all(Na", {"v1": v1})[1],
    )


def test_brackets_that_are_open() -> None:
    assert [(0, 0)] == list(_openings("(a"))
    assert [(3, 0), (1, 0)] == list(_openings("a(b[c"))
    assert [(3, 1), (1, 0)] == list(_openings("a(b[c]"))
    assert [(0, 1)] == list(_openings("(a)"))
    assert [(2, 2), (0, 1)] == list(_openings("{b[c]}"))
    assert [(1, 1)] == list(_openings("""a("(]" + '[')"""))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "other.na",
        "v1.Nothing.na",
        "v1.Story.Name.na",
        "v1.Story(1).Nmae.na",
        "print(v1.Story",
        "v1.commit().",
        "))).na",
        '"v1.Story.na',
        "v1.Story.select('Nothing.na",
        "v1.Story.where(lambda: [).",
    ],
)
def test_other_text_offers_nothing_and_raises_nothing(v1: V1Meta, text: str) -> None:
    v1.types
    _, found = completions(text, {"v1": v1, "other": object()})
    assert [name for name, _ in found if name.startswith("na")] == []


def test_the_extension_completes_what_ipython_does_not_look_behind(shell: InteractiveShell, v1: V1Meta) -> None:
    story = v1.Story.first()
    before = len(v1.ledger)
    assert any(found.endswith("where") for found in offered(shell, "v1.Story.whe", v1=v1))
    assert any(found.endswith("Scope") for found in offered(shell, "story.Super.Sco", story=story))
    assert any(found.endswith("Name=") for found in offered(shell, "v1.Story.where(Na"))
    [matcher] = [
        one for one in shell.Completer.custom_matchers if getattr(one, "matcher_identifier", "") == "assetmeta"
    ]
    lines = "x = 1\nv1.Story.whe"
    for line, fragment, is_known in ((1, "whe", True), (0, "1", False)):
        text = lines.split("\n")[line]
        found = matcher(SimpleNamespace(full_text=lines, cursor_line=line, text_until_cursor=text))
        assert (fragment, is_known) == (found["matched_fragment"], found["suppress"])
        assert ["where"] * is_known == [one.text for one in found["completions"]]
    assert len(v1.ledger) == before


def test_loading_the_extension_twice_is_loading_it_once(shell: InteractiveShell) -> None:
    load_ipython_extension(shell)
    own = [one for one in shell.Completer.custom_matchers if getattr(one, "matcher_identifier", "") == "assetmeta"]
    assert len(own) == 1


def test_notebooks_show_types_as_tables(shell: InteractiveShell, v1: V1Meta) -> None:
    data, _ = shell.display_formatter.format(v1.Story)
    assert "Owners" in data["text/html"]
    assert "asset type Story" in data["text/plain"]


@pytest.mark.parametrize(
    "name",
    [
        "story",
        "story.Name",
        "story.Estimate",
        "story.Super",
        "story.Super.Scope",
        "story.Owners",
        "story.Owners[0]",
        "v1",
        "v1.Story",
        "v1.Story.Owners",
        "query",
    ],
)
def test_help_sends_nothing(shell: InteractiveShell, v1: V1Meta, name: str) -> None:
    story = v1.Story.select("Name").first()
    shell.user_ns.update(v1=v1, story=story, query=v1.Story.where(Name="x"))
    before = len(v1.ledger)
    for detail in (0, 1):
        text = shell.object_inspect_mime(name, detail_level=detail)["text/plain"]
        assert text
    assert len(v1.ledger) == before


def test_tracebacks_end_at_the_users_line(
    shell: InteractiveShell, v1: V1Meta, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["v1"] = v1
    shell.run_cell("def mine():\n    return v1.Story.where(Nmae=3)\nmine()")
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "Did you mean Name" in text
    assert "in mine()" in text
    assert "query.py" not in text
    assert "schema.py" not in text
    shell.run_cell("1 / 0")
    assert "ZeroDivisionError" in capsys.readouterr().out
