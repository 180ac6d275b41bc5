"""Commands that write many changes: load a table, show and apply plans, look after jobs. Only `load --apply`, `apply`
and `jobs resume` write.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assetmeta import BadValue, Plan, Report, Session, TimedOut, Unreachable, UpsertReport
from assetmeta.core.plan_text import ENDING
from assetmeta.features import GIVE_UP_AFTER
from assetmeta.features.job_record import JobRecord
from assetmeta.features.jobs import Job
from assetmeta.features.journal import folder_for, journals
from assetmeta.model.errors import nearest
from assetmeta.model.printable import printable
from assetmeta.model.table import Table
from assetmeta.tools.cli.connection import (
    FAILED,
    INTERRUPTED,
    UNREACHED,
    Profile,
    Url,
    connected,
    guarded,
    leave,
)
from assetmeta.tools.cli.explore import show

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Missing(StrEnum):
    """What is done about a key that no asset has."""

    create = "create"
    skip = "skip"
    error = "error"


class Action(StrEnum):
    """What is done with a job."""

    show = "show"
    resume = "resume"
    forget = "forget"


def _writable(file: Path | None) -> Path | None:
    """Refuse a file in a folder that does not exist before anything is sent."""
    if file is not None and not file.expanduser().absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.expanduser().absolute().parent}")
    return file


Rate = Annotated[list[str] | None, typer.Option(help="Requests at most, such as 100/minute; several are allowed.")]
Log = Annotated[
    Path | None,
    typer.Option(callback=_writable, help="A file to which one line of JSON is appended per outcome."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only what went wrong.")]
JobName = Annotated[
    str | None, typer.Option("--job", help="Keep a journal by this name, so that a run that breaks off can go on.")
]
GiveUpAfter = Annotated[
    float, typer.Option(min=0, help="Seconds without progress, while the server is away, after which a job ends.")
]


@app.command()
@guarded
def load(
    file: Annotated[Path, typer.Argument(help="A table: .csv, .tsv, .json, .jsonl, .parquet or .xlsx.")],
    kind: Annotated[str, typer.Option("--type", help="The asset type of the rows, such as Story.")],
    key: Annotated[str, typer.Option(help="The attribute that identifies assets.")],
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=ATTRIBUTE", help="What a column is; COLUMN= leaves it out."),
    ] = None,
    missing: Annotated[Missing, typer.Option(help="What to do about a key that no asset has.")] = Missing.create,
    plan: Annotated[
        Path | None, typer.Option(callback=_writable, help="Save the plan as this file; apply writes it.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the changes. Without it nothing is written.")] = False,
    job: JobName = None,
    give_up_after: GiveUpAfter = GIVE_UP_AFTER,
    rate: Rate = None,
    log: Log = None,
    quiet: Quiet = False,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Make assets agree with a table: print what would be changed or created, and with --apply write it."""
    if plan is not None and apply:
        raise BadValue("Give --plan to save what would be written, or --apply to write it, not both.")
    if not apply and (job is not None or log is not None):
        raise BadValue("--job and --log are about what is written: give --apply, too.")
    renamed = _columns(columns or [])
    with _session(profile, url, rate) as session:

        def rows() -> UpsertReport:
            found: UpsertReport = session[kind].upsert(file, key=key, missing=missing.value, columns=renamed)
            _show_rows(found, quiet)
            return found

        if not apply:
            with session.planning() as planning:
                found = rows()
            _show_plan(planning.plan, plan, quiet)
            code = FAILED if found.refused else 0
        elif job is not None:
            running = session.job(
                job, keys={kind: key}, give_up_after=give_up_after, progress=_is_watched(quiet), log=log
            )
            with _going_on_with(running, profile, url), running:
                found = rows()
            code = _finish(running.report, quiet, _resume(job, profile, url)) or (FAILED if found.refused else 0)
        else:
            again = "Run the same command again: rows whose assets agree with them already change nothing."
            with _broken_off(session, again):
                found = rows()
                report = session.commit(progress=_is_watched(quiet), log=log)
            code = _finish(report, quiet) or (FAILED if found.refused else 0)
    raise typer.Exit(code)


@app.command("plan")
@guarded
def show_plan(
    file: Annotated[Path, typer.Argument(help="A plan that was saved.")],
    full: Annotated[bool, typer.Option("--full", help="Every change, field by field.")] = False,
) -> None:
    """Print a saved plan: where it was made, and what it would write. Sends nothing."""
    found = _plan(file)
    origin = found.origin
    typer.echo(printable(f"Made for {origin.server} as {origin.user or 'an unknown user'} at {origin.made}."))
    typer.echo(found.full() if full else _screen(found, file))


@app.command("apply")
@guarded
def apply_plan(
    file: Annotated[Path, typer.Argument(help="A plan that was saved.")],
    job: JobName = None,
    give_up_after: GiveUpAfter = GIVE_UP_AFTER,
    rate: Rate = None,
    log: Log = None,
    quiet: Quiet = False,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Write exactly the changes of a saved plan. Nothing is written when a value has changed since it was made; with
    --job only the assets concerned are not written.
    """
    plan = _plan(file)
    with _session(profile, url, rate) as session:
        if job is None:
            again = (
                "Make a new plan for the rest: applying this one again would create again what is there. With --job a "
                "plan can go on."
            )
            with _broken_off(session, again):
                report = session.commit(plan, progress=_is_watched(quiet), log=log)
        else:
            running = session.job(job, give_up_after=give_up_after, progress=_is_watched(quiet), log=log)
            with _going_on_with(running, profile, url), running:
                running.add(plan)
            report = running.report
        code = _finish(report, quiet, "" if job is None else _resume(job, profile, url))
    raise typer.Exit(code)


@app.command()
@guarded
def jobs(
    action: Annotated[Action | None, typer.Argument(help="show, resume or forget; nothing for a list.")] = None,
    name: Annotated[str | None, typer.Argument(help="The name of the job.")] = None,
    give_up_after: GiveUpAfter = GIVE_UP_AFTER,
    rate: Rate = None,
    log: Log = None,
    quiet: Quiet = False,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """List the jobs of this user that have journals; show how far one has come, go on with it where it stopped, or
    delete its journal. Only resume needs a server; changes with secret values stay for the script that made the job.
    """
    if action is None:
        show(_job_table())
        return
    record = _record(name)
    if action is Action.show:
        typer.echo(printable(str(record.status)))
        typer.echo(str(record.report))
    elif action is Action.forget:
        was = record.status
        record.forget()
        if not quiet:
            typer.echo(printable(f"Forgotten: {was}"))
    else:
        with _session(profile, url, rate) as session:
            running = session.job(record.name, give_up_after=give_up_after, progress=_is_watched(quiet), log=log)
            with _going_on_with(running, profile, url):
                report = running.resume()
            code = _finish(report, quiet, _resume(record.name, profile, url))
        raise typer.Exit(code)


def _job_table() -> Table:
    rows = []
    for file, name in journals(folder_for(None)):
        if name is None:
            typer.echo(f"{printable(str(file))} is not a journal that can be read.", err=True)
            continue
        status = JobRecord(name).status
        done, total = status.counts.get("done", 0), sum(status.counts.values())
        rows.append((name, status.state, f"{done} of {total}", status.started or "", status.server or ""))
    columns = ("job", "state", "done", "latest run", "server")
    return Table("Jobs", columns, rows, shown=len(rows))


def _record(name: str | None) -> JobRecord:
    """The journal of a job. Raises BadValue where there is none."""
    known = [each for _, each in journals(folder_for(None)) if each is not None]
    if name is None:
        raise BadValue("Which job? assetmeta jobs lists them.")
    if name not in known:
        raise BadValue(f"There is no job {name!r:.80}.{nearest(name, known)} assetmeta jobs lists them.")
    return JobRecord(name)


def _columns(given: Sequence[str]) -> dict[str, str | None]:
    """Parse --map: the attribute of each column, None to leave it out. Raises BadValue."""
    found: dict[str, str | None] = {}
    for text in given:
        # The name of a column may hold an equals sign; that of an attribute does not.
        column, sign, attribute = text.rpartition("=")
        if not sign or not column.strip():
            raise BadValue(f"--map takes COLUMN=ATTRIBUTE, not {text!r}.")
        found[column.strip()] = attribute.strip() or None
    return found


def _plan(file: Path) -> Plan:
    try:
        return Plan.load(file)
    except OSError as error:
        raise BadValue(f"{file} cannot be read: {error.strerror or error}.") from None


@contextmanager
def _session(profile: str | None, url: str | None, rate: list[str] | None) -> Iterator[Session]:
    """A session that is closed at the end, and commits nothing by itself."""
    session = connected(profile, url, **({"rate": rate} if rate else {}))
    try:
        yield session
    finally:
        session.close()


def _is_watched(quiet: bool) -> bool:
    return sys.stderr.isatty() and not quiet


def _show_rows(report: UpsertReport, quiet: bool) -> None:
    """Print the counts, and every row that was refused or missing."""
    if not quiet:
        typer.echo(str(report).partition("\n")[0])
    for row in [*report.refused, *([] if quiet else report.missing)]:
        typer.echo(str(row), err=True)


def _screen(plan: Plan, file: Path | None) -> str:
    """A plan on one screen, with how to see all of it in a shell."""
    if file is None:
        advice = "--plan FILE saves all of them; assetmeta plan FILE --full shows each."
    else:
        advice = f"assetmeta plan {shlex.quote(str(file))} --full shows each."
    return str(plan).replace(ENDING, advice)


def _show_plan(plan: Plan, file: Path | None, quiet: bool) -> None:
    if not quiet:
        typer.echo(_screen(plan, file))
    if file is None:
        return
    try:
        plan.save(file)
    except OSError as error:
        raise BadValue(f"{file} cannot be written: {error.strerror or error}.") from None
    if not quiet:
        typer.echo(f"Saved; assetmeta apply {shlex.quote(str(file))} writes it.", err=True)


def _resume(job: str, profile: str | None, url: str | None) -> str:
    """How to go on with a job."""
    server = ["--profile", profile] if profile else ["--url", url] if url else []
    return f"To go on: {shlex.join(['assetmeta', 'jobs', 'resume', job, *server])}"


def _finish(report: Report, quiet: bool, again: str = "") -> int:
    """Print what came of changes, and how to go on when some were not saved; return the exit code."""
    if report or not quiet:
        typer.echo(str(report), err=bool(report))
    if report and again:
        typer.echo(printable(again), err=True)
    if not report:
        return 0
    is_away = all(isinstance(error, Unreachable | TimedOut) for error in report.errors)
    return UNREACHED if is_away and not report.done else FAILED


@contextmanager
def _broken_off(session: Session, again: str) -> Iterator[None]:
    """Report what was written when the user interrupts, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        report = session.last_report
        if report is None:
            leave("interrupted; nothing was written.", INTERRUPTED)
        leave(f"interrupted: {report.counts}. {again}", INTERRUPTED)


@contextmanager
def _going_on_with(job: Job, profile: str | None, url: str | None) -> Iterator[None]:
    """Report how far the job came when the user interrupts, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        status = job.status
        if not status.runs:
            leave("interrupted; nothing was written.", INTERRUPTED)
        leave(f"interrupted: {status}. {_resume(job.name, profile, url)}", INTERRUPTED)
