"""Commands about schemas: stubs for type checkers, and the changes between two schemas."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from assetmeta import BadValue
from assetmeta.model.schema import Schema, SchemaChange, SchemaDiff
from assetmeta.model.schema_json import from_text
from assetmeta.systems import SYSTEMS, connect
from assetmeta.tools.cli.connection import Connection, Profile, Url, guarded
from assetmeta.tools.cli.explore import show
from assetmeta.tools.stubs import differences, stubs, write

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

_SHOWN = 40
"""Differences of stubs that are printed."""

System = Annotated[str | None, typer.Option(help=f"Whose schema a file has: {', '.join(SYSTEMS)}.")]


@app.command("stubs")
@guarded
def write_stubs(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder of stubs.")] = Path("typings"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when the server differs.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="A partial stub package, as ty needs it.")] = False,
    schema: Annotated[Path | None, typer.Option(help="A schema file instead of a server.")] = None,
    system: System = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Write stubs, so that mypy, pyright and editors know the types of connect(PROFILE): attributes with their Python
    types, choices, relations, operations.

    mypy finds them with mypy_path = typings, pyright looks into typings by itself, ty finds those of --partial in its
    extra-paths.
    """
    if schema is None:
        connection = Connection.of(profile, url)
        target = connection.target
        with connection.open() as session:
            known = session.schema
    else:
        target, known = profile or url or "", _from_file(schema, system)
        if not target:
            raise BadValue("A schema file needs the --profile or --url that connect() will be called with.")
    files = stubs(target, known, output, partial)
    if not check:
        write(files, output)
        typer.echo(f"{output / files[-1].path}: {len(known.types)} types for connect({target!r})", err=True)
        return
    if not output.is_dir():
        typer.echo(f"There are no stubs in {output}; the same command without --check writes them.", err=True)
        raise typer.Exit(1)
    found = differences(files, output)
    if found:
        more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        typer.echo("\n".join([f"The server and the stubs in {output} differ:", *found[:_SHOWN], *more]))
        raise typer.Exit(1)


@app.command("diff")
@guarded
def show_diff(
    before: Annotated[str, typer.Argument(help="A profile, an address or a schema file.")],
    after: Annotated[
        str | None, typer.Argument(help="Another; without it the kept schema of BEFORE and today's.")
    ] = None,
    against: Annotated[list[Path] | None, typer.Option(help="A plan or a folder of stubs that may break.")] = None,
    system: System = None,
) -> None:
    """Show what became of a schema: what is added, removed, renamed or changed. With --against exits with 1 when one of
    your files names what is gone.
    """
    if after is None:
        found = _kept(before).diff(_schema(before, system, kept=False))
    else:
        found = _schema(before, system).diff(_schema(after, system))
    show(found._table())
    broken = [line for path in against or [] for line in _broken(path, found)]
    if broken:
        typer.echo("\n".join(["What breaks:", *broken]), err=True)
        raise typer.Exit(1)


def _kept(target: str) -> Schema:
    """The schema that an earlier session kept. Raises BadValue when there is none."""
    with connect(target) as session:
        if not session.known_types:
            raise BadValue(f"No schema of {target} is kept from an earlier session; give two to compare.")
        found: Schema = session.schema
        return found


def _schema(target: str, system: str | None, kept: bool = True) -> Schema:
    if Path(target).is_file():
        return _from_file(Path(target), system)
    with connect(target, **({} if kept else {"schema_cache": None})) as session:
        found: Schema = session.schema
        return found


def _from_file(file: Path, system: str | None) -> Schema:
    if system not in SYSTEMS:
        raise BadValue(f"A schema file needs --system: {', '.join(SYSTEMS)}.")
    with connect(f"{system}+https://schema.example", token="none") as session:
        try:
            return from_text(file.read_text(encoding="utf-8"), session.backend.codec)
        except (OSError, ValueError) as error:
            raise BadValue(f"{file} cannot be read as a schema: {error}") from None


def _broken(path: Path, found: SchemaDiff) -> Iterator[str]:
    """Yield a line for each name in a plan, or in the stubs of a folder, that the new schema does not have."""
    gone = {_old_name(change): change for change in found if change.kind in ("removed", "renamed")}
    files = sorted(path.rglob("*.pyi")) if path.is_dir() else [path]
    for file in files:
        names = _names_in_stubs(file) if file.suffix == ".pyi" else _names_in_plan(file)
        for name in sorted(set(names) & set(gone)):
            yield f"{file}: {name}: {gone[name]}"


def _old_name(change: SchemaChange) -> str:
    if change.kind == "removed":
        return change.name
    owner = change.name.rpartition(".")[0]
    return f"{owner}.{change.before}" if owner else change.before


def _names_in_plan(file: Path) -> Iterator[str]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        for change in document["changes"]:
            [type_name] = [change[verb][0] for verb in ("create", "update", "delete", "call") if verb in change]
            yield type_name
            yield from (f"{type_name}.{value['name']}" for value in change.get("values", ()))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BadValue(f"{file} cannot be read as a plan: {error}") from None


def _names_in_stubs(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
            yield node.name[1:]
            yield from (f"{node.name[1:]}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))
