"""Commands that write many changes: load a table, show and apply plans, show, resume and forget jobs. Only
`load --apply`, `apply` and `jobs resume` write.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from assetmeta import BadValue, JobError, Plan, Report, Session, TimedOut, Unreachable, UpsertReport
from assetmeta.core.plan_text import ENDING
from assetmeta.features.job_record import JobRecord
from assetmeta.features.jobs import Job
from assetmeta.features.journal import folder_for, journals
from assetmeta.features.recognition import ADVICE
from assetmeta.model.errors import nearest
from assetmeta.model.printable import printable
from assetmeta.model.scalars import shown
from assetmeta.model.table import Table
from assetmeta.tools.cli.connection import (
    FAILED,
    INTERRUPTED,
    UNREACHED,
    connected,
    guarded,
    leave,
)
from assetmeta.tools.cli.explore import show
from assetmeta.tools.cli.options import GiveUpAfter, JobChoice, Sending, with_options, writable

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Missing(StrEnum):
    """What is done about a key that no asset has."""

    create = "create"
    skip = "skip"
    error = "error"


class Empty(StrEnum):
    """What is done with empty cells."""

    leave = "leave"
    clear = "clear"


class Action(StrEnum):
    """What is done with a job."""

    show = "show"
    resume = "resume"
    forget = "forget"


@app.command()
@guarded
@with_options
def load(
    file: Annotated[Path, typer.Argument(help="A table: .csv, .tsv, .json, .jsonl, .parquet or .xlsx.")],
    kind: Annotated[str, typer.Option("--type", help="The asset type of the rows, such as Story.")],
    key: Annotated[str, typer.Option(help="The attribute that identifies assets.")],
    into: JobChoice,
    sending: Sending,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=ATTRIBUTE", help="What a column is; COLUMN= leaves it out."),
    ] = None,
    missing: Annotated[Missing, typer.Option(help="What to do about a key that no asset has.")] = Missing.create,
    empty: Annotated[Empty, typer.Option(help="What an empty cell does to its attribute.")] = Empty.leave,
    plan: Annotated[
        Path | None, typer.Option(callback=writable, help="Save the plan as this file; apply writes it.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the changes. Without it nothing is written.")] = False,
) -> None:
    """Make assets agree with a table: print what would be changed or created, and with --apply write it."""
    if plan is not None and apply:
        raise BadValue("Give --plan to save what would be written, or --apply to write it, not both.")
    if not apply and (into.job is not None or sending.log is not None or sending.conflicts is not None):
        raise BadValue("--job, --log and --conflicts are about what is written: give --apply, too.")
    settings, renamed = into.settings(), _columns(columns or [])
    with _session(sending) as session:

        def rows() -> UpsertReport:
            found: UpsertReport = session[kind].upsert(
                file, key=key, missing=missing.value, columns=renamed, empty=empty.value
            )
            _show_rows(found, sending.quiet)
            return found

        if not apply:
            with session.planning() as planning:
                found = rows()
            _show_plan(planning.plan, plan, sending.quiet)
            code = FAILED if found.refused else 0
        elif into.job is not None:
            running = session.job(into.job, keys={kind: key}, **settings, **_write_settings(sending, is_job=True))
            with _report_job_interruption(running, sending), running:
                found = rows()
            code = _finish(running.report, sending.quiet, _resume_command(into.job, sending))
            code = code or (FAILED if found.refused else 0)
        else:
            again = "Run the same command again: rows whose assets agree with them already change nothing."
            with _report_interruption(session, again):
                found = rows()
                report = session.commit(**_write_settings(sending))
            code = _finish(report, sending.quiet) or (FAILED if found.refused else 0)
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
    typer.echo(printable(f"Made for {origin.server} as {_user(origin.user)} at {origin.made}."))
    typer.echo(found.full() if full else _summary(found, file))


@app.command("apply")
@guarded
@with_options
def apply_plan(
    file: Annotated[Path, typer.Argument(help="A plan that was saved.")], into: JobChoice, sending: Sending
) -> None:
    """Write exactly the changes of a saved plan. Nothing is written when a value has changed since it was made; with
    --job or --conflicts only the assets concerned are not written.
    """
    plan, settings = _plan(file), into.settings()
    with _session(sending) as session:
        if into.job is None:
            again = (
                "Make a new plan for the rest: applying this one again would create again what is there. With --job a "
                "plan can go on."
            )
            with _report_interruption(session, again):
                report = session.commit(plan, **_write_settings(sending))
            code = _finish(report, sending.quiet)
        else:
            running = session.job(into.job, **settings, **_write_settings(sending, is_job=True))
            with _report_job_interruption(running, sending), running:
                running.add(plan)
            code = _finish(running.report, sending.quiet, _resume_command(into.job, sending))
    raise typer.Exit(code)


@app.command()
@guarded
@with_options
def jobs(
    patience: GiveUpAfter,
    sending: Sending,
    action: Annotated[Action | None, typer.Argument(help="show, resume or forget; nothing for a list.")] = None,
    name: Annotated[str | None, typer.Argument(help="The name of the job.")] = None,
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
        if not sending.quiet:
            typer.echo(printable(f"Forgotten: {was}"))
    else:
        with _session(sending) as session:
            settings = _write_settings(sending, is_job=True)
            running = session.job(record.name, give_up_after=patience.give_up_after, **settings)
            with _report_job_interruption(running, sending):
                report = running.resume()
            code = _finish(report, sending.quiet, _resume_command(record.name, sending))
        raise typer.Exit(code)


def _job_table() -> Table:
    """A row for each journal of this user; files that cannot be read are named on stderr."""
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
        raise BadValue(f"There is no job {shown(name)}.{nearest(name, known)} assetmeta jobs lists them.")
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
    """Load a saved plan. Raises BadValue."""
    try:
        return Plan.load(file)
    except OSError as error:
        raise BadValue(f"{file} cannot be read: {error.strerror or error}.") from None


@contextmanager
def _session(sending: Sending) -> Iterator[Session]:
    """A session that is closed at the end, and commits nothing by itself."""
    session = connected(sending.profile, sending.url, **({"rate": sending.rate} if sending.rate else {}))
    try:
        yield session
    finally:
        session.close()


def _write_settings(sending: Sending, *, is_job: bool = False) -> dict[str, Any]:
    """The arguments of commit(), or with *is_job* of job()."""
    settings: dict[str, Any] = {"progress": sys.stderr.isatty() and not sending.quiet, "log": sending.log}
    if sending.conflicts is not None or not is_job:
        settings["conflicts"] = sending.conflicts and sending.conflicts.value
    return settings


def _show_rows(report: UpsertReport, quiet: bool) -> None:
    """Print the counts, and every row that was refused or missing."""
    if not quiet:
        typer.echo(str(report).partition("\n")[0])
    for row in [*report.refused, *([] if quiet else report.missing)]:
        typer.echo(str(row), err=True)


def _user(identity: str | None) -> str:
    """The user of a plan, to be shown; of the digest of a token only the beginning."""
    kind, _, digest = (identity or "an unknown user").partition(" ")
    return f"{kind} {digest[:8]}…" if kind == "token" else f"{kind} {digest}".strip()


def _summary(plan: Plan, file: Path | None) -> str:
    """A plan as one screen of text, with the command that shows all of it."""
    if file is None:
        advice = "--plan FILE saves all of them; assetmeta plan FILE --full shows each."
    else:
        advice = f"assetmeta plan {shlex.quote(str(file))} --full shows each."
    return str(plan).replace(ENDING, advice)


def _show_plan(plan: Plan, file: Path | None, quiet: bool) -> None:
    if not quiet:
        typer.echo(_summary(plan, file))
    if file is None:
        return
    try:
        plan.save(file)
    except OSError as error:
        raise BadValue(f"{file} cannot be written: {error.strerror or error}.") from None
    if not quiet:
        typer.echo(f"Saved; assetmeta apply {shlex.quote(str(file))} writes it.", err=True)


def _resume_command(job: str, sending: Sending) -> str:
    """The line that names the command that goes on with a job."""
    server = ["--profile", sending.profile] if sending.profile else ["--url", sending.url] if sending.url else []
    return f"To go on: {shlex.join(['assetmeta', 'jobs', 'resume', job, *server])}"


def _finish(report: Report, quiet: bool, again: str = "") -> int:
    """Print a report, and *again* when some changes were not saved; return the exit code."""
    if report or not quiet:
        typer.echo(str(report), err=bool(report))
    if report and again:
        typer.echo(printable(again), err=True)
    if not report:
        return 0
    is_unreachable = all(isinstance(error, Unreachable | TimedOut) for error in report.errors)
    return UNREACHED if is_unreachable and not report.done else FAILED


@contextmanager
def _report_interruption(session: Session, again: str) -> Iterator[None]:
    """When the user interrupts, report what was written and *again*, how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        report = session.last_report
        if report is None:
            leave("interrupted; nothing was written.", INTERRUPTED)
        leave(f"interrupted: {report.counts}. {again}", INTERRUPTED)


@contextmanager
def _report_job_interruption(job: Job, sending: Sending) -> Iterator[None]:
    """When the user interrupts, report how far the job came and how to go on. The error of a plan that does not fit
    gets the command's options as its advice.
    """
    try:
        yield
    except KeyboardInterrupt:
        status = job.status
        if not status.runs:
            leave("interrupted; nothing was written.", INTERRUPTED)
        leave(f"interrupted: {status}. {_resume_command(job.name, sending)}", INTERRUPTED)
    except JobError as error:
        advice = "--extend adds new changes to it, --fresh starts again, another --job has a journal of its own."
        raise JobError(str(error).replace(ADVICE, advice)) from None
