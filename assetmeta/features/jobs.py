"""Jobs: commits that go on where they stopped, in this process or the next one.

    with v1.job("release-7-tasks") as job:
        for row in rows:
            v1.Task.new(Name=row["name"], Parent=v1.Story(row["story"]))
    print(job.report)

The block collects changes, and its end runs them (features.job_run): the plan is matched with the journal of earlier
runs (features.recognition, features.journal), what is in doubt is looked up (features.job_lookup), and the rest is sent
while a recorder (features.job_recorder) notes every step. What a journal shows by itself is in features.job_record.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assetmeta.core.commit import Committer
from assetmeta.core.context import SessionContext
from assetmeta.core.plan import Plan
from assetmeta.core.report import Report
from assetmeta.core.state import Instance
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import require_oid
from assetmeta.features.job_record import JobRecord
from assetmeta.features.job_run import JobOptions, Run
from assetmeta.features.journal import SENT, UNKNOWN
from assetmeta.features.plans import check_plan
from assetmeta.model.errors import AssetmetaError, BadValue, UsageError
from assetmeta.model.plans import Change, Create, Done
from assetmeta.model.scalars import shown


class Job(JobRecord):
    """A block whose pending changes are committed at its end and survive the process in a journal. See Session.job."""

    def __init__(
        self,
        name: str,
        session: tuple[SessionContext, UnitOfWork, Committer],
        options: JobOptions,
        folder: str | Path | None = None,
    ) -> None:
        super().__init__(name, folder)
        self._session, self._options = session, options
        self._context, self._unit, self._writer = session
        self._process = 0
        self._run: Run | None = None

    def __enter__(self) -> Self:
        if self._stack is not None:
            raise UsageError(f"The block of the job {self.name!r} is open already.")
        run = Run(self.name, self._journal, self._session, self._options, self)
        self._run, self._latest, self._notes = run, run.recorder.latest, run.notes
        with ExitStack() as stack:
            stack.enter_context(self._writer.block(self))
            stack.callback(self._journal.close)
            self._journal.lock()
            if self._journal.exists:
                self._journal.open()
                run.check_owner()
            self._process = os.getpid()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        assert stack is not None and self._run is not None
        if os.getpid() != self._process:
            # A process that was forked inside leaves the job to the one that began it.
            self._journal.abandon()
            kind = SystemExit
        with stack:
            if kind is None:
                self._run.execute()
                self._names = self._run.names

    def _running(self, method: str) -> Run:
        if self._stack is None or self._run is None:
            raise UsageError(f"job.{method}() is called inside of the block of the job {self.name!r}.")
        return self._run

    def key(self, asset: Instance, key: str | int) -> Any:
        """Name a new asset of the block by a text or a number of the script's own, by which the next run knows it again
        whatever its values are; return the asset. One that exists already is just returned. Raises UsageError outside
        the block and for new assets from elsewhere.
        """
        run = self._running("key")
        if isinstance(asset, Instance) and not asset._state.oid.is_new:
            # It was found, so that nobody has to know it again.
            return asset
        if not isinstance(asset, Instance) or self._unit.tracked(asset._state.oid) is not asset:
            raise UsageError(f"job.key() takes a new asset of this block, not {shown(asset)}.")
        run.keys[asset._state.oid] = f"key={key}"
        return asset

    def add(self, plan: Plan) -> None:
        """Make the changes of a plan pending in the block, mostly of one from a file (`Plan.load`). Its old
        values count: the job's `conflicts=` compares them with what the server has. Sends nothing.

        Raises UsageError outside the block and for a plan of another server, BadValue for secrets that the file left
        out, UnknownName and ReadOnly for what cannot be written.
        """
        run = self._running("add")
        check_plan(self._context, plan)
        run.take(plan.changes)

    def resume(self) -> Report:
        """Go on where the latest run stopped, from the journal alone, as running the script again would; return the
        report. It opens a block of its own. Requests: those of the script's block.

        Changes with secret values stay in the journal, and so do those that need them: it holds digests of secrets.
        The report's notes name them; running the script sends them. Raises JobError where there is nothing to go on
        with, and what a block raises.
        """
        with self:
            self._running("resume").resume()
        return self.report

    @property
    def landed(self) -> Iterable[Change]:
        """The changes that the latest run of this object wrote."""
        return self._run.recorder.saved if self._run is not None else ()

    def refusal(self, what: str) -> AssetmetaError:
        """The error for what would write inside of the block."""
        return UsageError(
            f"{what}: inside of the job {self.name!r} changes wait for the end of the block, which writes"
            " them. Use new() and assignments, or call it outside."
        )

    def settle(self, token: str, asset: Any) -> None:
        """Decide what a create is whose outcome is unknown: *token* is the one in the report, *asset* the asset that it
        created (or its token), None where it created none, so that the next run sends it. Sends nothing.

        Raises BadValue for anything else, JobError while the job runs.
        """
        self._refuse_in_block()
        oid = None if asset is None else require_oid(self._context, asset, "settle()")
        self._journal.lock()
        try:
            with self._open():
                items = list(self._journal.items(SENT, UNKNOWN)) if self._journal.is_open else []
                known = {item.change.oid.token: item for item in items if isinstance(item.change, Create)}
                item = known.get(token)
                if item is None or (oid and oid.type != item.change.oid.type):
                    names = ", ".join(known) or "nothing"
                    raise BadValue(f"settle({shown(token)}, {shown(asset)}): in doubt in this journal: {names}.")
                self._journal.record_outcomes([(item.id, Done(item.change, oid.current) if oid else None)])
        finally:
            self._journal.close()
