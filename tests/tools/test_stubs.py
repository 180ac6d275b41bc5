"""Stubs of the server at hand: what type checkers find in a user's program, and names that must not break them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import assetmeta
from assetmeta import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.model.codecs import Text
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema
from assetmeta.sandbox import Server
from assetmeta.tools.cli import main
from assetmeta.tools.stubs import differences, stubs, write

PROGRAM = """\
from decimal import Decimal
from typing import assert_type

from assetmeta import BadValue, connect, inspect

v1 = connect("work")
story = v1.Story(1005)
assert_type(story.Name, str)
assert_type(story.Estimate, Decimal | None)
story.Estimate = 5
story.Super.Scope.Name.upper()
story.Super = None
story.Super = v1.Epic(3)
story.Status = "Done"
story.Owners.add(v1.Member(20))
story.Owners = [v1.Member(20)]
for one in v1.Story.where(v1.Story.Estimate > 3, Status="Done").select("Name", "Owners.Name").sort("-Estimate"):
    print(one.Name.upper(), [member.Name.upper() for member in one.Owners])
first = v1.Story.where(Name="x").first()
if first is not None:
    first.Name.upper()
v1.Story.new(Name="x", Scope=v1.Scope(0)).QuickClose()
v1.commit().raise_if_failed()
inspect(story).refresh()
v1.delete(story)
print(BadValue, connect("another").Anything)
first.Name  # wrong
story.Nmae  # wrong
v1.Stroy  # wrong
story.Estimate = ["x"]  # wrong
v1.Story.selct("Name")  # wrong
v1.Story.where(Nmae=3)  # wrong
v1.Story.where(Name="x").where(Nmae=3)  # wrong
v1.Story.new(Nmae="x")  # wrong
story.CreateDate = None  # wrong
"""

SETTINGS = """\
[mypy]
mypy_path = typings
strict = True
[mypy-IPython.*,dask.*,distributed.*,matplotlib.*,numpy.*,pandas.*,pint.*,polars.*,pyarrow.*,rich.*,sqlalchemy.*,typer.*]
follow_imports = skip
"""
"""Large libraries that no stub names are not read: that takes several times as long as all else."""


@pytest.fixture(scope="module")
def schema(versionone_sandbox_shared: Server) -> Schema:
    """Stories, and the types that they have to do with: a quarter of what the server has."""
    with V1Meta(**versionone_sandbox_shared.credentials) as session:
        types = session.schema.types
    names = {"Story", *(attribute.related for attribute in types["Story"].attributes.values())}
    while bases := {types[name].base for name in names if name in types} - names - {None}:
        names |= bases
    return Schema({name: one for name, one in types.items() if name in names})


def test_a_type_checker_finds_slips_and_knows_values(schema: Schema, tmp_path: Path) -> None:
    write(stubs("work", schema, tmp_path / "typings"), tmp_path / "typings")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(SETTINGS, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    expected = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}
    found = {int(line) for line in re.findall(r"program\.py:(\d+): error", done.stdout)}
    assert found == expected, done.stdout + done.stderr


@pytest.mark.parametrize("system", ["valispace", "valohai", "testspace"])
def test_the_other_servers_have_stubs_too(system: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: Server = request.getfixturevalue(f"{system}_sandbox_shared")
    opened: dict[str, Any] = {"valispace": ValispaceMeta, "valohai": ValohaiMeta, "testspace": TestspaceMeta}
    with opened[system](**server.credentials) as session:
        known = session.schema
    [face, module] = stubs(system, known, tmp_path)
    classes = {node.name for node in ast.parse(module.text).body if isinstance(node, ast.ClassDef)}
    assert {"_Project", "_ProjectQuery", "_ProjectType", "Session"} <= classes
    assert "name(self) -> _b.str" in module.text
    assert f"_Literal['{system}']" in face.text


def test_a_partial_package_leaves_the_other_modules_to_the_real_one(schema: Schema, tmp_path: Path) -> None:
    whole, partial = stubs("work", schema, tmp_path), stubs("work", schema, tmp_path, partial=True)
    assert [file.path for file in partial] == [
        "assetmeta-stubs/py.typed", "assetmeta-stubs/__init__.pyi", "assetmeta-stubs/_target_work.pyi"
    ]  # fmt: skip
    assert [file.text for file in partial] == ["partial\n", *(file.text for file in whole)]
    write(partial, tmp_path)
    write(stubs("other", schema, tmp_path, partial=True), tmp_path)
    assert differences(stubs("work", schema, tmp_path, partial=True), tmp_path) == []
    assert "_Literal['work']" in (tmp_path / "assetmeta-stubs/__init__.pyi").read_text(encoding="utf-8")


def test_the_face_hands_on_all_that_the_package_does(schema: Schema, tmp_path: Path) -> None:
    [face, _] = stubs("work", schema, tmp_path)
    tree = ast.parse(face.text)
    names = {name.asname for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert set(assetmeta.__all__) - {"connect"} <= names


def test_the_verbs_in_stubs_are_those_of_queries_and_types(schema: Schema, tmp_path: Path) -> None:
    [_, module] = stubs("work", schema, tmp_path)
    classes = {node.name: node for node in ast.parse(module.text).body if isinstance(node, ast.ClassDef)}

    def members(name: str) -> set[str]:
        return {node.name for node in classes[name].body if isinstance(node, ast.FunctionDef)}

    public = {name for name in vars(assetmeta.Query) if not name.startswith("_")}
    returning = {name for name in public if "Query" in str(getattr(vars(assetmeta.Query)[name], "__annotations__", {}))}
    assert returning - {"where"} <= members("_QueryOf")
    verbs = {name for name in vars(type(assetmeta.Asset)) if not name.startswith("_")}
    assert verbs - {"where", "new", "create", "template"} <= members("_TypeOf")


def hostile() -> Schema:
    names = ["class", "a b", 'quo"te', "new\nline", "_private", "__init__", "é", "property", "str", "date", "Literal",
             "self", "value", "1st", "", "print(1)", "None", "connect", "_b", "Any"]  # fmt: skip
    attributes = {name: Attribute(name, "Text", Text()) for name in names}
    related = {"to": Attribute("to", "Relation", Text(), related="Elsewhere"), "many": Attribute(
        "many", "Relation", Text(), related="class", multi=True)}  # fmt: skip
    kinds = {
        name: AssetType(name, {**attributes, **related}, {"del": Operation("del"), "go": Operation("go")})
        for name in ["class", "a b", "a_b", "Story", "A", "b", '"""', "x\ny", "Type"]
    }
    kinds["Loop"] = AssetType("Loop", {}, base="Loop2")
    kinds["Loop2"] = AssetType("Loop2", {}, base="Loop")
    return Schema(kinds)


@pytest.mark.parametrize("target", ["work", 'we"ird\n\\', "versionone+https://host/Instance", "класс", "'''"])
def test_no_name_makes_a_stub_that_does_not_parse(tmp_path: Path, target: str) -> None:
    files = stubs(target, hostile(), tmp_path)
    write(files, tmp_path)
    for file in files:
        tree = ast.parse(file.text)
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        assert len(classes) == len(set(classes))
    # Another target keeps the first one.
    [face, _] = stubs("other", hostile(), tmp_path)
    write([face], tmp_path)
    tree = ast.parse(face.text)
    literals = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert target in literals
    assert "other" in literals


def test_what_has_changed_is_said(schema: Schema, tmp_path: Path) -> None:
    write(stubs("work", schema, tmp_path), tmp_path)
    assert differences(stubs("work", schema, tmp_path), tmp_path) == []

    story = schema.types["Story"]
    fewer = {name: one for name, one in story.attributes.items() if name != "Custom_testfield"}
    more = {**fewer, "Custom_new": Attribute("Custom_new", "Text", Text(), custom=True)}
    changed = Schema({**schema.types, "Story": AssetType("Story", more, story.operations, story.base)})
    found = differences(stubs("work", changed, tmp_path), tmp_path)
    assert any(line.startswith("+ _Story: ") and "Custom_new" in line for line in found)
    assert any(line.startswith("- ") and "Custom_testfield" in line for line in found)


def test_the_command_writes_and_checks(
    versionone_sandbox_shared: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = versionone_sandbox_shared
    monkeypatch.setenv("ASSETMETA_TOKEN", server.token)
    folder = tmp_path / "typings"
    arguments = ["assetmeta", "stubs", "--url", f"versionone+{server.url}", "-o", str(folder)]

    def run(*more: str) -> int:
        monkeypatch.setattr(sys, "argv", [*arguments, *more])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    assert run("--check") == 1
    missing = capsys.readouterr()
    assert (missing.out, f"There are no stubs in {folder}" in missing.err) == ("", True)
    assert run() == 0
    assert run("--check") == 0
    [module] = folder.glob("assetmeta/_target_*.pyi")
    module.write_text(module.read_text(encoding="utf-8").replace("def Custom_testfield", "def Custom_gone"))
    capsys.readouterr()
    assert run("--check") == 1
    assert "Custom_testfield" in capsys.readouterr().out
