"""What a session does with its pending changes: plan, commit, job, and the `with` block that commits at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from assetmeta.core.asset import Asset
from assetmeta.core.commit import Committer
from assetmeta.core.context import ProgressOption, SessionContext
from assetmeta.core.plan import Plan
from assetmeta.core.plan_names import annotated
from assetmeta.core.report import Report
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.features import GIVE_UP_AFTER
from assetmeta.model import optional
from assetmeta.model.contract import UNOBSERVED
from assetmeta.model.errors import SessionClosed
from assetmeta.wire.driver import Driver

if TYPE_CHECKING:
    from assetmeta.features.jobs import Job
    from assetmeta.features.plans import Planning

_jobs = optional.later("assetmeta.features.jobs")
_plans = optional.later("assetmeta.features.plans")
_progress = optional.later("assetmeta.features.progress")


class WorkBlock:
    """The pending changes of a session and what writes them. A `with` block commits at its end."""

    _context: SessionContext
    _driver: Driver
    _unit: UnitOfWork
    _writer: Committer

    def plan(self) -> Plan:
        """Return what a commit would do, in its order, before and after, field by field, with the names of assets and
        what deletes take along, as far as that is loaded. Sends nothing.
        """
        return annotated(self._context, self._unit.plan())

    @contextmanager
    def planning(self) -> Iterator[Planning]:
        """Write nothing in a block, whatever the code inside calls: `with v1.planning() as planning:`.

        commit(), create(), operations and every other request that would write raise ReadOnly. At the end of the block
        its pending changes are dropped, and are listed in `planning.plan`. What was pending before the block is set
        aside, and pending again after it.
        """
        with self._driver.reading_only(), _plans.planning(self._context, self._unit, self._writer) as block:
            yield block

    def commit(
        self,
        plan: Plan | None = None,
        *,
        conflicts: str | None = None,
        progress: ProgressOption = None,
        log: str | Path | None = None,
    ) -> Report:
        """Write all pending changes; return a report that is falsy when all were saved and iterates over the errors.

        One request per asset at most, few for many assets where the server can write several at once. What was not
        saved stays pending. Raises ReadOnly and SessionClosed, and then has sent nothing.

        Args:
            plan: send exactly these changes; other pending edits stay as they are. New assets of a plan of another
            origin
                (`Plan.load`, another session) are created here. Raises UsageError for a plan of another server, and
                Conflict, with what was, what is planned and what is, when values have changed since it was made.
            conflicts: what to do about attributes that another user changed since they were loaded. "overwrite" (no
                check), "error" (the asset's change fails with Conflict: was, mine, theirs), or "merge" (the asset's
                other attributes land, those that clash fail). The check is one read of exactly the changed attributes.
                Without it pending changes are sent unchecked, and a plan is checked as a whole.
            progress: True for a bar (plain lines where there is no terminal and no notebook), or a function that is
                called with how many changes have an outcome, how many there are, and "commit". What it raises breaks
                the commit off.
            log: a file to which one line of JSON per outcome is appended, without secrets. Raises OSError, before
                anything is sent, when it cannot be written.
        """
        observer = UNOBSERVED if progress is None and log is None else _progress.follower(progress, log)
        if plan is not None:
            report: Report = _plans.commit_plan(self._context, self._unit, self._writer, plan, conflicts, observer)
            return report
        return self._writer.commit(conflicts or "overwrite", observer=observer)

    def job(
        self,
        name: str,
        *,
        folder: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        fresh: bool = False,
        extend: bool = False,
        give_up_after: float = GIVE_UP_AFTER,
        conflicts: str = "error",
        progress: ProgressOption = None,
        log: str | Path | None = None,
    ) -> Job:
        """Begin or go on with a job: `with v1.job("release-7-tasks") as job:`.

        What becomes pending in the block is committed at its end, and kept in a journal until then and after: when the
        process is killed, the computer loses power or the server goes away, the same script goes on where it stopped.
        What is done is not sent again, and what was sent and never answered is looked up first. An exception inside of
        the block sends nothing; commit(), create() and operations raise UsageError there. The end of the block does not
        raise for single failures: see `job.report`. What was not saved stays in the journal, not in the session.

        Making the job sends nothing. The block's start raises JobError while another process runs the job, and for the
        journal of another server or user; its end raises JobError, before anything is sent, for a plan that does not
        fit the journal, and AuthenticationFailed for a refused login.

        Args:
            name: what the job is called, the same in every run: with the date in it for one that runs every night.
            folder: where the journal is kept; else the folder that ASSETMETA_STATE names, or the user's state folder.
            keys: attributes by which new assets are known again, by type: {"Task": "Reference"}. Others are known by
                `job.key(asset, ...)`, or else by their values.
            fresh: forget the journal and start again.
            extend: take changes along that the journal does not have.
            give_up_after: seconds without progress, while the server is away, after which the job ends.
            conflicts: as for commit(), against the values that were there when the job was planned first.
            progress, log: as for commit(). What is done from earlier runs is neither shown nor logged again.
        """
        observer = _progress.follower(progress, log, f"job {name}")
        options = _jobs.JobOptions(dict(keys or {}), fresh, extend, give_up_after, conflicts, observer)
        job: Job = _jobs.Job(name, (self._context, self._unit, self._writer), options, folder)
        return job

    @property
    def last_report(self) -> Report | None:
        """The report of the latest commit or `execute()`, also of one that was broken off, by Ctrl-C for example: what
        was answered until then is done, what was under way unknown, the rest skipped. None before the first.
        """
        return self._writer.last_report

    def delete(self, *assets: Asset) -> None:
        """Delete assets with the next commit. Raises Unsupported where the server deletes nothing."""
        self._unit.delete(*assets)

    def revert(self, *assets: Asset) -> None:
        """Drop what is pending for *assets*, or for all when none is given. Sends nothing."""
        self._unit.revert(assets or None)

    @property
    def pending(self) -> int:
        """How many assets a commit would do something about."""
        return len(self._unit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish_block()
        finally:
            self._driver.save_cassette()

    def _finish_block(self) -> None:
        if self._context.closed and len(self._unit):
            raise SessionClosed(f"The session was closed before its block ended: {len(self._unit)} assets are unsent.")
        if not self._context.closed:
            self.commit().raise_if_failed()
