"""The command that writes stubs of the server at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assetmeta import BadValue
from assetmeta.connect import SYSTEMS, connect
from assetmeta.model.schema import Schema
from assetmeta.model.schema_json import from_text
from assetmeta.tools.cli.connection import Connection, Profile, Url, guarded
from assetmeta.tools.stubs import differences, stubs, write

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

_SHOWN = 40
"""Differences that are printed."""


@app.command("stubs")
@guarded
def command(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder of stubs.")] = Path("typings"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when the server differs.")] = False,
    schema: Annotated[Path | None, typer.Option(help="A schema file instead of a server.")] = None,
    system: Annotated[str | None, typer.Option(help=f"Whose schema the file has: {', '.join(SYSTEMS)}.")] = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Write stubs, so that mypy, pyright and editors know the types of connect(PROFILE): attributes with their Python
    types, choices, relations, operations.

    mypy finds them with mypy_path = typings, pyright looks into typings by itself.
    """
    target, known = _schema(schema, system, profile, url)
    files = stubs(target, known, output)
    if not check:
        write(files, output)
        typer.echo(f"{output / files[1].path}: {len(known.types)} types for connect({target!r})", err=True)
        return
    found = differences(files, output)
    if found:
        more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        typer.echo("\n".join([f"The server and the stubs in {output} differ:", *found[:_SHOWN], *more]))
        raise typer.Exit(1)


def _schema(file: Path | None, system: str | None, profile: str | None, url: str | None) -> tuple[str, Schema]:
    """The target that connect() will be called with, and its schema."""
    if file is None:
        connection = Connection.of(profile, url)
        with connection.open() as session:
            return connection.target, session.schema
    if system not in SYSTEMS or not (profile or url):
        raise BadValue(f"A schema file needs --system ({', '.join(SYSTEMS)}), and the --profile or --url it is for.")
    with connect(f"{system}+https://schema.example", token="none") as session:
        try:
            return profile or url or "", from_text(file.read_text(encoding="utf-8"), session.backend.codec)
        except (OSError, ValueError) as error:
            raise BadValue(f"{file} cannot be read as a schema: {error}") from None
