"""Commands that read: a server's schema, and its assets as tables, JSON, CSV and files. None of them writes."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console

from assetmeta import Asset, BadValue, NotFound, Query, Session
from assetmeta.model import optional
from assetmeta.model.json_value import json_value
from assetmeta.model.printable import printable, without_formula
from assetmeta.model.table import SHOWN, Table
from assetmeta.profiles import names
from assetmeta.tools.cli.conditions import conditions
from assetmeta.tools.cli.connection import Connection, Profile, Url, connected, guarded
from assetmeta.tools.cli.options import writable

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

_VARIABLES = {"versionone": "v1", "valispace": "vs", "valohai": "vh", "testspace": "ts"}
"""Variables of sessions in the shell."""

_NUMBER = "Number"
"""The attribute that holds the number of an asset, where a server numbers its assets (S-01005)."""

_FINDING = "Assets are found by other attributes with assetmeta query TYPE --where ATTRIBUTE=VALUE."


class Format(StrEnum):
    """How assets are written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


class QueryFormat(StrEnum):
    """How the assets of a query are written: the formats of one asset, and files."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    excel = "excel"


_FILES = (QueryFormat.parquet, QueryFormat.excel)
"""Formats that are written to a file, not printed."""

Output = Annotated[Format, typer.Option("-o", "--output", help="table, json, jsonl or csv.")]
TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="An asset type, such as Story.")]


def show(table: Table) -> None:
    """Print a table: framed on a terminal; in a pipe with tabs between the cells and all rows, without title."""
    if sys.stdout.isatty():
        Console().print(table)
        return
    for row in [table.columns, *table.rows] if any(table.columns) else table.rows:
        typer.echo(_line(row))
    for note in table.notes:
        typer.echo(note, err=True)


@app.command()
@guarded
def whoami(profile: Profile = None, url: Url = None) -> None:
    """Show which server and user the settings lead to, and where each setting comes from; never a secret. One request
    shows whether the login is accepted.
    """
    connection = Connection.of(profile, url)
    rows = [(setting.name, setting.shown, setting.source) for setting in connection.settings]
    with connection.open() as session:
        try:
            rows.append(("login", _login(session), "the server"))
        finally:
            # Where the settings come from matters most when the login is refused.
            show(Table(f"{type(session).__name__}", ("setting", "value", "from"), rows))


def _login(session: Session) -> str:
    if session.backend.name.lower() == "versionone":
        found = session.Member.where(IsSelf=True).select("Name", "Username").first()
        return f"accepted: {found.Name} ({found.Username})" if found is not None else "accepted"
    session.Project.first()
    return "accepted"


@app.command()
@guarded
def profiles() -> None:
    """List the profiles of your settings file: name, address and how each logs in. Sends nothing."""
    rows = [(name, str(known.get("url", "")), ", ".join(sorted(set(known) - {"url"}))) for name, known in names()]
    show(Table("Profiles", ("profile", "url", "other settings"), rows))


@app.command()
@guarded
def types(profile: Profile = None, url: Url = None) -> None:
    """List the server's asset types."""
    with connected(profile, url) as session:
        known = [session.schema.types[name] for name in session.types]
        rows = [
            (kind.name, kind.base or "", "abstract" if kind.abstract else "", str(len(kind.attributes)))
            for kind in known
        ]
        show(Table(f"{len(rows)} types", ("type", "a kind of", "", "attributes"), rows, shown=len(rows)))


@app.command()
@guarded
def describe(
    kind: TypeName,
    word: Annotated[str | None, typer.Argument(help="Part of the names to show.")] = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Show the attributes and operations of a type: kind, required, read-only, choices, where a relation leads."""
    with connected(profile, url) as session:
        show(session.query(kind).describe(word))


@app.command()
@guarded
def search(
    word: Annotated[str, typer.Argument(help="Part of a name or a label.")], profile: Profile = None, url: Url = None
) -> None:
    """Find types, attributes, operations and list values by a word."""
    with connected(profile, url) as session:
        show(session.search(word))


@app.command()
@guarded
def get(
    token: Annotated[str, typer.Argument(help="An asset: Story:1005, by its number S-01005, or Project:name.")],
    select: Annotated[list[str] | None, typer.Option(help="Attributes or paths, comma-separated.")] = None,
    output: Output = Format.table,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Show one asset: its basic attributes, or those that are selected."""
    with connected(profile, url) as session:
        asset = _asset(session, token)
        query = session.query(type(asset).__name__).select(*_names(select))
        paths = [str(path) for path in query._columns]
        try:
            session.populate([asset], *map(str, query.fetch().select))
        except BadValue as error:
            raise BadValue(f"{error} {_FINDING}") from None
        if output is Format.table:
            rows = [(path, _text(asset[path])) for path in paths]
            show(Table(repr(asset), ("attribute", "value"), rows, shown=len(rows)))
        else:
            write(iter([asset]), query, output, sys.stdout)


def _asset(session: Session, token: str) -> Asset:
    """The asset of a token, of `Type:name` or, where the server numbers its assets, of a number alone."""
    kind, _, key = token.partition(":")
    if not key:
        return _numbered(session, token)
    is_id = key.replace(":", "").isdigit()
    found = session.asset_from_oid(token) if is_id and not session[kind]._type.abstract else session[kind](key)
    assert isinstance(found, Asset)
    return found


def _numbered(session: Session, number: str) -> Asset:
    """The asset with a number such as S-01005, whichever its type is. One request for all types."""
    if number in session.types:
        raise BadValue(f"{number} is a type: assetmeta query {number} shows its assets. One is {number}:id.")
    known = session.schema.types
    roots = [
        kind.name
        for kind in known.values()
        if _NUMBER in kind.attributes and (kind.base is None or _NUMBER not in known[kind.base].attributes)
    ]
    fetches = [session.query(name).where({_NUMBER: number}).select().page(1).fetch() for name in roots]
    for rows in session.run(session.backend.fetch(session.schema, fetches)) if fetches else ():
        for row in rows.rows:
            found = session.asset_from_oid(row.oid)
            assert isinstance(found, Asset)
            return found
    if roots:
        raise NotFound(f"Nothing has the {_NUMBER} {number!r}, or this user may not see it.")
    raise BadValue(f"{number!r} is not an asset: its type goes before it, as in {session.types[0]}:1. {_FINDING}")


@app.command()
@guarded
def query(
    kind: TypeName,
    where: Annotated[
        list[str] | None, typer.Option(help='A condition: "Estimate>3", "Status=Done", "Super=" for none.')
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Attributes or paths, comma-separated.")] = None,
    sort: Annotated[list[str] | None, typer.Option(help="Names to sort by, -Name for largest first.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many; 0 for all.")] = None,
    output: Annotated[
        QueryFormat, typer.Option("-o", "--output", help="table, json, jsonl, csv, or a file: parquet, excel.")
    ] = QueryFormat.table,
    file: Annotated[
        Path | None, typer.Option(callback=writable, help="Where to write parquet or excel; it is replaced.")
    ] = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Read assets, as text or into a file. A table on a terminal shows the first 50 and the number of all; all else is
    complete.
    """
    if (output in _FILES) != (file is not None):
        raise BadValue(
            f"-o {output.value} writes a file: name it with --file."
            if file is None
            else "--file is for -o parquet and -o excel; other formats are printed, to be redirected."
        )
    with connected(profile, url) as session:
        found = session.query(kind).select(*_names(select)).sort(*_names(sort))
        found = found.where(*conditions(session, found, where or []))
        if output is QueryFormat.table and limit is None and sys.stdout.isatty():
            limit = SHOWN
        chosen = found.page(limit) if limit else found
        if file is not None:
            (chosen.to_parquet if output is QueryFormat.parquet else chosen.to_excel)(file)
            return
        write(iter(chosen), chosen, Format(output.value), sys.stdout)
        if limit and output is QueryFormat.table:
            more = found.count() - limit
            if more > 0:
                typer.echo(f"… and {more} more; --limit 0 shows all.", err=True)


def write(assets: Iterator[Asset], chosen: Query, output: Format, stream: TextIO) -> None:
    """Write assets with what *chosen* selects, each as it is read; nothing when the first one cannot be read."""
    paths = [str(path) for path in chosen._columns]
    # The first request is sent before anything is written.
    assets = chain(list(islice(assets, 1)), assets)
    if output is Format.csv:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([chosen.type_name, *paths])
        writer.writerows([asset.idref, *(_cell(asset[path]) for path in paths)] for asset in assets)
    elif output is Format.jsonl:
        for asset in assets:
            stream.write(f"{json.dumps(_record(asset, paths), ensure_ascii=False)}\n")
    elif output is Format.json:
        stream.write("[")
        for number, asset in enumerate(assets):
            stream.write(f"{',' if number else ''}\n{json.dumps(_record(asset, paths), ensure_ascii=False)}")
        stream.write("\n]\n")
    elif stream.isatty():
        rows = [(asset.idref, *(_text(asset[path]) for path in paths)) for asset in assets]
        show(Table(repr(chosen), (chosen.type_name, *paths), rows, shown=len(rows)))
    else:
        stream.write(f"{_line([chosen.type_name, *paths])}\n")
        for asset in assets:
            stream.write(f"{_line([asset.idref, *(_text(asset[path]) for path in paths)])}\n")


@app.command()
@guarded
def shell(profile: Profile = None, url: Url = None) -> None:
    """Start IPython with a session; what is pending at the end is not sent."""
    ipython = optional.load("IPython", extra="cli")
    config = optional.load("traitlets.config", extra="cli").Config()
    config.InteractiveShellApp.extensions = ["assetmeta"]
    session = connected(profile, url)
    name = _VARIABLES.get(session.backend.name.lower(), "session")
    config.TerminalInteractiveShell.banner2 = (
        f"{name} is {session!r}.\n{name}.<Tab> completes types; {name}.search('word') finds what is in them; "
        f"{name}.commit() sends changes.\n"
    )
    ipython.start_ipython(argv=[], user_ns={name: session, "session": session}, config=config)
    if session.pending:
        typer.echo(f"{session.pending} assets with changes that were not sent.", err=True)
    session.close()


def _line(cells: Iterable[str]) -> str:
    """A row of a table in a pipe, which may end on a terminal: one line, without control characters."""
    return "\t".join(printable(" ".join(cell.split())) for cell in cells)


def _names(given: list[str] | None) -> list[str]:
    """The names of an option that may be repeated and may have commas."""
    return [name.strip() for text in given or [] for name in text.split(",") if name.strip()]


def _text(value: Any) -> str:
    """A value as text in a cell: assets by their tokens, several values with semicolons, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, Asset):
        return value.idref
    if _is_several(value):
        return "; ".join(map(_text, value))
    return str(value) if value or not hasattr(value, "idref") else ""


def _cell(value: Any) -> Any:
    """A value in CSV. Text that a spreadsheet would take for a formula stays text by an apostrophe."""
    if isinstance(value, int | float | Decimal):
        return value
    return without_formula(_text(value))


def _record(asset: Asset, paths: list[str]) -> dict[str, Any]:
    """An asset as a JSON object: its token as `_oid`, and its values by path."""
    return {"_oid": asset.idref, **{path: json_value(asset[path]) for path in paths}}


def _is_several(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes) and not hasattr(value, "items")
