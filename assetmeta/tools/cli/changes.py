"""The command that watches a server and writes its changes as text or JSON lines."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assetmeta.tools.cli.conditions import conditions
from assetmeta.tools.cli.connection import Profile, Url, connected, guarded
from assetmeta.tools.cli.explore import TypeName

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Format(StrEnum):
    """How changes are written."""

    text = "text"
    jsonl = "jsonl"


@app.command()
@guarded
def watch(
    kind: TypeName,
    where: Annotated[
        list[str] | None, typer.Option(help='A condition: "Estimate>3", "Status=Done", "Super=" for none.')
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Attributes to compare, comma-separated.")] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two rounds.")] = 60.0,
    since: Annotated[Path | None, typer.Option(help="A file that keeps how far it came, for the next run.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Read once and end, for a crontab; needs --since.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Explain how changes are found, and end.")] = False,
    output: Annotated[Format, typer.Option("-o", "--output", help="text or jsonl.")] = Format.text,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Write each change of assets on a line, as it is found, until interrupted (Ctrl-C). A change is noted in the file
    of --since when its line was written.
    """
    if once and since is None:
        raise typer.BadParameter("without --since FILE every run would start again.", param_hint="--once")
    with connected(profile, url) as session:
        names = [name.strip() for text in select or [] for name in text.split(",") if name.strip()]
        query = session.query(kind).select(*names)
        watched = session.watch(query.where(*conditions(session, query, where or [])), every=every, since=since)
        if explain:
            typer.echo(watched.explain())
            return
        for change in watched.poll() if once else watched:
            line = json.dumps(change.to_dict(), ensure_ascii=False) if output is Format.jsonl else str(change)
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
