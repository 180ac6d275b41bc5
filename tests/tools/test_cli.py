"""The console command, run in this process against the sandbox as a user would in a shell."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assetmeta import BadValue, V1Meta
from assetmeta.core.relations import NullReference
from assetmeta.model.schema import AssetType, Schema, SchemaChange, SchemaDiff
from assetmeta.model.schema_json import to_text
from assetmeta.sandbox import Server
from assetmeta.tools.cli import conditions, explore, schemas
from assetmeta.wire.retry import RetryPolicy

from .conftest import Run


@pytest.fixture
def work(versionone_sandbox_shared: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A profile called "work" that leads to the sandbox, named by the environment."""
    file = tmp_path / "profiles.toml"
    file.write_text(
        f'[work]\nurl = "versionone+{versionone_sandbox_shared.url}"\ntoken_env = "WORK_TOKEN"\ntimeout = 20\n'
        '[home]\nurl = "valispace+https://home.example"\nusername = "ann"\npassword_env = "HOME_PASSWORD"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("ASSETMETA_PROFILES", str(file))
    monkeypatch.setenv("ASSETMETA_PROFILE", "work")
    monkeypatch.setenv("WORK_TOKEN", versionone_sandbox_shared.token)
    return versionone_sandbox_shared


@pytest.fixture
def at_work(run: Run, work: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ASSETMETA_PROFILE", "work")
    return run


def test_whoami_says_where_settings_come_from_and_no_secret(at_work: Run, work: Server) -> None:
    found = at_work("whoami")
    assert found.code == 0
    assert ["token", "(hidden)", "WORK_TOKEN"] in found.rows
    assert ["profile", "work", "ASSETMETA_PROFILE"] in found.rows
    assert any(row[:2] == ["timeout", "20"] and row[2].endswith("profiles.toml") for row in found.rows)
    assert "accepted: Administrator" in found.out
    assert work.token not in found.out + found.err


def test_whoami_shows_the_settings_of_a_login_that_is_refused(at_work: Run) -> None:
    found = at_work("whoami", WORK_TOKEN="not-this-one")
    assert (found.code, "refused the access token" in found.err) == (1, True)
    assert ["token", "(hidden)", "WORK_TOKEN"] in found.rows
    assert "not-this-one" not in found.out + found.err


def test_a_url_takes_the_login_from_the_environment(run: Run, valispace_sandbox_shared: Server) -> None:
    server = valispace_sandbox_shared
    login = {"ASSETMETA_USERNAME": server.credentials["username"], "ASSETMETA_PASSWORD": server.credentials["password"]}
    found = run("whoami", "--url", f"valispace+{server.url}", **login)
    assert found.code == 0, found.err
    assert ["password", "(hidden)", "ASSETMETA_PASSWORD"] in found.rows
    refused = run("types", "--url", f"valispace+{server.url}", **{**login, "ASSETMETA_PASSWORD": "not-this-one"})
    assert refused.code == 1
    assert "not-this-one" not in refused.err


def test_profiles_are_listed_without_secrets(at_work: Run) -> None:
    found = at_work("profiles")
    assert ["home", "valispace+https://home.example", "password_env, username"] in found.rows
    assert [row[0] for row in found.rows] == ["profile", "work", "home"]


def test_types_describe_and_search(at_work: Run) -> None:
    assert ["Story", "PrimaryWorkitem"] in [row[:2] for row in at_work("types").rows]
    described = at_work("describe", "Story", "own")
    assert ["Owners", "several Relation", "", "", "Member"] in described.rows
    assert ["Workitem.Owners", "attribute", "several Member"] in at_work("search", "owner").rows


def test_get_shows_an_asset(at_work: Run) -> None:
    token = at_work("query", "Story", "--limit", "1").rows[1][0]
    shown = at_work("get", token, "--select", "Name,Scope.Name")
    assert [row[0] for row in shown.rows] == ["attribute", "Name", "Scope.Name"]
    [record] = json.loads(at_work("get", token, "--select", "Name", "-o", "json").out)
    assert record == {"_oid": token, "Name": shown.rows[1][1]}
    assert "Number" in at_work("get", token).out


def test_get_takes_numbers_and_names(at_work: Run, work: Server) -> None:
    token, number = at_work("query", "Story", "--limit", "1", "--select", "Number").rows[1]
    asked = ("--select", "Number", "-o", "csv")
    work.requests.clear()
    shown = at_work("get", number, *asked)
    assert shown.out.splitlines()[1] == f"{token},{number}"
    assert len(work.requests) == 3, "the schema, one look-up for all types, the asset"
    for name in (f"Story:{number}", f"Workitem:{number}"):
        assert at_work("get", name, *asked).out == shown.out
    assert "Member:20,Administrator" in at_work("get", "Member:admin", "--select", "Name", "-o", "csv").out


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("S-99999", "Nothing has the Number 'S-99999'"),
        ("Story", "Story is a type: assetmeta query Story shows its assets"),
        ("Workitem:1005", "Workitem is abstract"),
        ("Stroy:3", "Did you mean Story"),
    ],
)
def test_get_says_what_it_does_not_find(at_work: Run, token: str, words: str) -> None:
    found = at_work("get", token)
    assert (found.code in (1, 2), words in found.err) == (True, True), found.err


def test_get_of_a_server_without_numbers_says_how_to_find(run: Run, valispace_sandbox_shared: Server) -> None:
    server = valispace_sandbox_shared
    login = {"ASSETMETA_USERNAME": server.credentials["username"], "ASSETMETA_PASSWORD": server.credentials["password"]}
    for token in ("ENE-001", "Requirement:ENE-001"):
        found = run("get", token, "--url", f"valispace+{server.url}", **login)
        assert (found.code, "assetmeta query TYPE --where ATTRIBUTE=VALUE" in found.err) == (2, True), found.err


@pytest.mark.parametrize("command", [("query", "Story"), ("whoami",), ("get", "Story:1005")])
def test_a_missing_login_is_explained_in_words_of_the_command(run: Run, work: Server, command: tuple[str, ...]) -> None:
    found = run(*command, "--url", f"versionone+{work.url}")
    assert found.code == 1
    assert "Set ASSETMETA_TOKEN, or ASSETMETA_USERNAME and ASSETMETA_PASSWORD" in found.err
    assert "token=" not in found.err


def test_the_address_of_another_kind_of_server_is_named(run: Run, work: Server) -> None:
    found = run("types", "--url", f"valispace+{work.url}", ASSETMETA_TOKEN=work.token)
    assert found.code == 1
    assert f"Check --url: {work.url}/rest/ was requested, where a server of this kind has its API." in found.err


def test_parts_of_values_are_columns_of_their_own(run: Run, testspace_sandbox_shared: Server) -> None:
    server = testspace_sandbox_shared
    login = {"ASSETMETA_USERNAME": server.credentials["username"], "ASSETMETA_PASSWORD": server.credentials["password"]}
    url = ("--url", f"testspace+{server.url}")
    asked = ("query", "Result", "--select", "case_counts.failed", "--limit", "1", *url)
    [header, [token, failed]] = csv.reader(io.StringIO(run(*asked, "-o", "csv", **login).out))
    assert header == ["Result", "case_counts.failed"]
    assert failed.isdecimal()
    assert json.loads(run(*asked, "-o", "jsonl", **login).out) == {"_oid": token, "case_counts.failed": int(failed)}
    shown = run("get", token, "--select", "case_counts.failed", *url, **login)
    assert ["case_counts.failed", failed] in shown.rows


def test_query_takes_conditions_selection_order_and_limit(at_work: Run) -> None:
    found = at_work(
        "query", "Story", "--where", "Status=Done,Accepted", "--where", "Estimate>=1", "--where", "Super!=",
        "--select", "Name,Status.Name", "--select", "Estimate", "--sort", "-Estimate", "-o", "jsonl",
    )  # fmt: skip
    assert found.code == 0, found.err
    records = [json.loads(line) for line in found.out.splitlines()]
    assert len(records) > 1
    assert {record["Status.Name"] for record in records} <= {"Done", "Accepted"}
    estimates = [record["Estimate"] for record in records]
    assert estimates == sorted(estimates, reverse=True)
    limited = at_work("query", "Story", "--limit", "2", "-o", "csv", "--select", "Name")
    assert len(list(csv.reader(io.StringIO(limited.out)))) == 3
    scope = at_work("query", "Scope", "--limit", "1").rows[1][0]
    inside = at_work("query", "Story", "--where", f"Scope={scope}", "--select", "Scope", "-o", "jsonl")
    assert {json.loads(line)["Scope"] for line in inside.out.splitlines()} <= {scope}
    assert at_work("query", "Story", "--where", "Name~of", "-o", "json").code == 0


def test_every_format_has_every_asset(at_work: Run) -> None:
    counts = {
        "table": len(at_work("query", "Member").rows) - 1,
        "csv": len(list(csv.reader(io.StringIO(at_work("query", "Member", "-o", "csv").out)))) - 1,
        "jsonl": len(at_work("query", "Member", "-o", "jsonl").out.splitlines()),
        "json": len(json.loads(at_work("query", "Member", "-o", "json").out)),
    }
    assert len(set(counts.values())) == 1
    assert counts["csv"] > 3


@pytest.mark.parametrize(("output", "name"), [("parquet", "a.parquet"), ("excel", "a.xlsx")])
def test_files_have_every_asset(at_work: Run, tmp_path: Path, output: str, name: str) -> None:
    file = tmp_path / name
    found = at_work("query", "Member", "--select", "Name", "--sort", "Name", "-o", output, "--file", str(file))
    assert (found.code, found.out, found.err) == (0, "", "")
    if output == "parquet":
        names = pytest.importorskip("pyarrow.parquet").read_table(file)["Name"].to_pylist()
    else:
        sheet = pytest.importorskip("openpyxl").load_workbook(file).active
        place = [cell.value for cell in sheet[1]].index("Name")
        names = [row[place] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert names == [row[1] for row in at_work("query", "Member", "--select", "Name", "--sort", "Name").rows[1:]]


def test_cells_that_a_spreadsheet_would_run_stay_text(run: Run, versionone_sandbox: Server) -> None:
    from_shell = {"ASSETMETA_TOKEN": versionone_sandbox.token}
    with V1Meta(**versionone_sandbox.credentials) as v1:
        v1.Story.create(Name="=1+1", Scope=v1.Scope(0))
    found = run("query", "Story", "--select", "Name", "-o", "csv", "--url", f"versionone+{versionone_sandbox.url}",
                **from_shell)  # fmt: skip
    assert "'=1+1" in found.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("query", "Stroy"), "Did you mean"),
        (("query", "Story", "--where", "Nmae=x"), "Name"),
        (("query", "Story", "--where", "nonsense"), "is not a condition"),
        (("query", "Story", "--where", "Estimate>"), "no value"),
        (("query", "Story", "--where", "Status=Dne"), "Done"),
        (("describe", "Stroy"), "Did you mean"),
        (("query", "Story", "-o", "parquet"), "-o parquet writes a file: name it with --file"),
        (("query", "Story", "-o", "csv", "--file", "a.csv"), "--file is for -o parquet and -o excel"),
        (("query", "Story", "-o", "excel", "--file", "/no/such/folder/a.xlsx"), "no folder"),
        (("query", "Story", "-o", "tabel"), ": 'tabel' is not one of"),
        (("types", "--url", "work"), "--url takes an address such as versionone+https://host/Instance, not 'work'"),
        (("search", " "), "a word to look for"),
        (("types", "--profile", "wrok"), "Did you mean"),
        (("types", "--profile", "work", "--url", "versionone+http://127.0.0.1"), "not both"),
        (("query",), "Missing argument"),
        (("qurey",), "Did you mean query"),
    ],
)
def test_wrong_use_is_2_with_one_line_on_stderr(at_work: Run, arguments: tuple[str, ...], words: str) -> None:
    found = at_work(*arguments)
    assert found.code == 2
    assert words in found.err
    assert "Traceback" not in found.err
    assert found.out == ""


def test_other_exit_codes(at_work: Run, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: True)
    assert at_work("get", "Story:999999").code == 1
    nowhere = run("types", "--url", "versionone+http://127.0.0.1:9/V1", ASSETMETA_TOKEN="x")
    assert nowhere.code == 3
    unset = run("types", ASSETMETA_PROFILE="")
    assert unset.code == 2
    assert "Which server?" in unset.err


def test_completion_for_shells(run: Run) -> None:
    found = run("", _ASSETMETA_COMPLETE="complete_bash", COMP_WORDS="assetmeta de", COMP_CWORD="1")
    assert "describe" in found.out


@pytest.fixture
def schema_files(work: Server, tmp_path: Path) -> tuple[Path, Path]:
    """The schema of the server as a file, and one without Story.Custom_testfield and with another attribute."""
    with V1Meta(**work.credentials) as session:
        text = to_text(session.schema)
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(text, encoding="utf-8")
    after.write_text(text.replace('"Custom_testfield"', '"Custom_later"'), encoding="utf-8")
    return before, after


def test_diff_says_what_became_of_a_schema_and_what_breaks(
    at_work: Run, schema_files: tuple[Path, Path], tmp_path: Path
) -> None:
    before, after = map(str, schema_files)
    same = at_work("diff", before, before, "--system", "versionone")
    assert same.code == 0
    assert len(same.rows) == 1
    found = at_work("diff", before, after, "--system", "versionone")
    assert found.code == 0, found.err
    assert ["renamed", "attribute", "Story.Custom_later", "Custom_testfield", "Custom_later"] in found.rows

    plan = tmp_path / "plan.json"
    plan.write_text(
        json.dumps({"changes": [{"update": ["Story", 1005], "values": [{"name": "Custom_testfield", "new": "x"}]}]}),
        encoding="utf-8",
    )
    assert at_work("stubs", "-o", str(tmp_path / "typings")).code == 0
    broken = at_work("diff", before, after, "--system", "versionone", "--against", str(plan), "--against",
                     str(tmp_path / "typings"))  # fmt: skip
    assert broken.code == 1
    assert f"{plan}: Story.Custom_testfield" in broken.err
    assert "_target_work.pyi: Story.Custom_testfield" in broken.err
    assert at_work("diff", before, "work", "--system", "versionone").rows[1:] == []
    assert at_work("diff", before, after).code == 2


def test_diff_of_the_kept_schema_and_todays(
    at_work: Run, work: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing = at_work("diff", "work")
    assert nothing.code == 2
    assert "No schema of work is kept" in nothing.err


def test_watch_writes_each_change_once(at_work: Run, work: Server, tmp_path: Path) -> None:
    cursor = str(tmp_path / "cursor")
    arguments = ("watch", "Story", "--select", "Name", "--since", cursor, "--once", "-o", "jsonl")
    assert at_work(*arguments).out == ""
    with V1Meta(**work.credentials) as session:
        story = session.Story.where(AssetState="Active").first()
        story.Name = "Watched\nfrom a shell"
    found = at_work(*arguments)
    assert found.code == 0, found.err
    [line] = map(json.loads, found.out.splitlines())
    assert (line["kind"], line["asset"], line["by"]) == ("changed", story.idref, "Member:20")
    assert line["attributes"]["Name"]["after"] == "Watched\nfrom a shell"
    assert at_work(*arguments).out == ""


def test_watch_explains_and_refuses(at_work: Run) -> None:
    assert "by history" in at_work("watch", "Story", "--explain").out
    assert at_work("watch", "Story", "--once").code == 2
    assert at_work("watch", "Story", "--select", "Nmae").code == 2


def in_shell(server: Server, command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a line of a shell in which `assetmeta` is the command and $URL the server."""
    variables = {
        **os.environ,
        "ASSETMETA_TOKEN": server.token,
        "URL": f"versionone+{server.url}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **environment,
    }
    line = command.replace("assetmeta ", f"'{sys.executable}' -m assetmeta ")
    return subprocess.run(["bash", "-c", line], env=variables, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["--help", "query Story --url $URL -o csv"])
def test_whoever_reads_less_than_all_gets_no_traceback(versionone_sandbox_shared: Server, command: str) -> None:
    # A reader that is gone before the first line is written.
    found = in_shell(versionone_sandbox_shared, f"set -o pipefail; assetmeta {command} | (exec 0<&-; sleep 0)")
    assert (found.returncode, found.stderr) == (0, b"")


def test_an_output_that_takes_nothing_is_named(versionone_sandbox_shared: Server, tmp_path: Path) -> None:
    found = in_shell(versionone_sandbox_shared, "assetmeta query Story --url $URL > /dev/full")
    assert found.returncode == 1
    assert found.stderr == b"assetmeta: the output: No space left on device\n"
    file = tmp_path / "file"
    file.touch()
    found = in_shell(versionone_sandbox_shared, f"assetmeta stubs --url $URL -o '{file}/typings'")
    assert found.returncode == 1
    assert found.stderr.startswith(b"assetmeta: ") and found.stderr.count(b"\n") == 1
    found = in_shell(versionone_sandbox_shared, "assetmeta query Story --url $URL >&-")
    assert (found.returncode, found.stderr) == (0, b"")


def test_letters_that_the_output_lacks_are_spelt_out(versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as v1:
        v1.Story.create(Name="50 € for Zoë", Scope=v1.Scope(0))
    for form, row in (("table", rb"50 \u20ac for Zo\xeb"), ("csv", rb"50 \u20ac for Zo\xeb")):
        command = f"assetmeta query Story --url $URL --where Name~Zo --select Name -o {form}"
        found = in_shell(versionone_sandbox, command, PYTHONIOENCODING="ascii")
        assert (found.returncode, found.stderr) == (0, b"")
        assert found.stdout.splitlines()[1].endswith(row)


def test_a_table_in_a_pipe_has_nothing_that_acts_on_a_terminal(run: Run, versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as v1:
        story = v1.Story.create(Name="a\x9b31m\tb\u202e\nc", Scope=v1.Scope(0))
    at = ("--url", f"versionone+{versionone_sandbox.url}")
    login = {"ASSETMETA_TOKEN": versionone_sandbox.token}
    shown = run("query", "Story", "--where", "Name~31m", "--select", "Name", *at, **login)
    assert shown.rows[1:] == [[story.idref, r"a\x9b31m b\u202e c"]]
    assert run("get", story.idref, "--select", "Name", *at, **login).rows[1:] == [["Name", r"a\x9b31m b\u202e c"]]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('Name="Smith, John"', ["Smith, John"]),
        ('Name="Smith, John", Lee', ["Lee", "Smith, John"]),
        ('Name="""so"""', ['"so"']),
        ('Name="Q" and A', ['"Q" and A']),
        ("Name=a>=b", ["a>=b"]),
    ],
)
def test_values_with_commas_are_quoted(run: Run, versionone_sandbox: Server, condition: str, names: list[str]) -> None:
    with V1Meta(**versionone_sandbox.credentials) as v1:
        for name in ("Smith, John", "Lee", '"so"', '"Q" and A', "a>=b"):
            v1.Story.create(Name=name, Scope=v1.Scope(0))
    at = ("--url", f"versionone+{versionone_sandbox.url}", "-o", "jsonl", "--select", "Name", "--sort", "Name")
    found = run("query", "Story", "--where", condition, *at, ASSETMETA_TOKEN=versionone_sandbox.token)
    assert [json.loads(line)["Name"] for line in found.out.splitlines()] == names


def test_what_of_plans_and_stubs_a_change_breaks(tmp_path: Path) -> None:
    changes = [
        SchemaChange("removed", "attribute", "Story.Old"),
        SchemaChange("renamed", "attribute", "Story.New", "Former", "New"),
        SchemaChange("renamed", "type", "Tale", "Fable", "Tale"),
        SchemaChange("changed", "required", "Story.Name"),
        SchemaChange("added", "attribute", "Story.More"),
    ]
    assert ["Story.Old", "Story.Former", "Fable"] == [schemas._old_name(change) for change in changes[:3]]
    plan = tmp_path / "plan.json"
    verbs = ("create", "update", "delete", "call")
    document = {"changes": [{verb: ["Story", 1], "values": [{"name": verb}]} for verb in verbs]}
    document["changes"].append({"create": ["Fable", 1]})
    plan.write_text(json.dumps(document))
    assert {"Fable", "Story", *(f"Story.{verb}" for verb in verbs)} == set(schemas._names_in_plan(plan))
    (tmp_path / "below").mkdir()
    stub = tmp_path / "below" / "a.pyi"
    stub.write_text("class _Story:\n    @property\n    def Old(self) -> int: ...\n    x = 1\nclass Other: ...\n")
    assert ["Story", "Story.Old"] == list(schemas._names_in_stubs(stub))
    diff = SchemaDiff(changes)
    assert [f"{stub}: Story.Old: {changes[0]}"] == list(schemas._broken(tmp_path, diff))
    assert [f"{plan}: Fable: {changes[2]}"] == list(schemas._broken(plan, diff))
    for odd in ("{", "[]", '{"changes": [{}]}', '{"changes": [{"create": []}]}', '{"changes": 5}'):
        plan.write_text(odd)
        with pytest.raises(BadValue, match="cannot be read as a plan"):
            list(schemas._names_in_plan(plan))


def test_a_relation_that_is_not_set_is_an_empty_cell() -> None:
    unset = NullReference(Schema({"Scope": AssetType("Scope", {})}), "Scope")
    assert ["", "", "a; "] == [explore._text(value) for value in (None, unset, ["a", unset])]


def test_values_of_a_condition_are_separated_by_commas_outside_of_quotes() -> None:
    written = {
        "a": ["a"],
        " a , b ": ["a", "b"],
        '"a,b",c': ["a,b", "c"],
        '"say ""hi"""': ['say "hi"'],
        'say "hi"': ['say "hi"'],
        "a,,b": ["a", "", "b"],
        "a,": ["a", ""],
    }
    assert written == {text: conditions._split_values(text) for text in written}


def test_one_value_is_compared_and_several_are_alternatives() -> None:
    class Asked:
        """A column that returns what it was asked."""

        def __getattr__(self, name: str) -> Any:
            return lambda values: (name, values)

        def __lt__(self, value: object) -> Any:
            return "<", value

        def __le__(self, value: object) -> Any:
            return "<=", value

        def __gt__(self, value: object) -> Any:
            return ">", value

        def __ge__(self, value: object) -> Any:
            return ">=", value

    asked = Asked()
    assert [("in_", [1, 2]), ("not_in", [1])] == [
        conditions._comparison(asked, operator, values) for operator, values in (("=", [1, 2]), ("!=", [1]))
    ]
    for operator in ("<", "<=", ">", ">="):
        assert (operator, 5) == conditions._comparison(asked, operator, [5])
        for values in ([], [1, 2]):
            with pytest.raises(BadValue, match="is compared with one value"):
                conditions._comparison(asked, operator, values)
