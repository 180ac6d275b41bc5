"""Commands about mirrors: a server's assets in a SQLite file, and its pages in a browser. They write only that file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from assetmeta import Session
from assetmeta.model.conditions import Term
from assetmeta.model.table import Table
from assetmeta.tools.browse import browse
from assetmeta.tools.cli.conditions import conditions
from assetmeta.tools.cli.connection import Profile, Url, connected, guarded
from assetmeta.tools.cli.explore import show
from assetmeta.tools.mirror import MirroredType, mirror

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

MirrorFile = Annotated[Path, typer.Argument(metavar="FILE", help="The SQLite file.")]


@app.command("mirror")
@guarded
def mirror_types(
    file: MirrorFile,
    types: Annotated[list[str], typer.Option(help="Asset types, comma-separated.")],
    where: Annotated[
        list[str] | None,
        typer.Option(help='A condition: "Story.Estimate>3" on one of the types, "Name~invoice" on each of them.'),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what has changed.")] = False,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Copy types into a SQLite file: a table per type, foreign keys, a full-text index. Run again, it reads what has
    changed and removes what is gone. It may be interrupted at any point; the next run completes it.
    """
    names = [name.strip() for text in types for name in text.split(",") if name.strip()]
    with connected(profile, url) as session:
        wanted = {name: _conditions(session, name, names, where or []) for name in names}
        done = mirror(session, file, names, wanted, full=full)
    show(Table(str(file), MirroredType._fields, [tuple(map(str, one)) for one in done], shown=len(done)))


def _conditions(session: Session, name: str, names: list[str], texts: Iterable[str]) -> list[Term]:
    """The conditions on one type: those that begin with its name, and those that begin with none."""
    own = []
    for text in texts:
        head, dot, rest = text.partition(".")
        if dot and head.strip() in names:
            own += [rest] if head.strip() == name else []
        else:
            own.append(text)
    return list(conditions(session, session.query(name), own))


@app.command("browse")
@guarded
def browse_mirror(
    file: MirrorFile, port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 8001
) -> None:
    """Show a mirror in your browser: tables with labels, choices to narrow by, search, SQL, links to the server's own
    pages. Only this computer can open them. Interrupt it to stop.
    """
    browse(file, port, ready=lambda address: typer.echo(f"{address} shows {file}; Ctrl-C stops."))
