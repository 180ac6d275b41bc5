"""One run of a job: its plan is matched with the journal, what is in doubt is looked up, the rest is sent.

    match ── does not fit ──▶ JobError, before anything is requested
      │
      ▼
    look up what is in doubt  ◀───────────── pause ◀──┐
      │                                               │
      ▼                                               │
    write the plan (once), take over what is done     │ a passing fault
      │                                               │
      ▼                                               │
    send the rest, round by round ────────────────────┘
      │
      ▼
    nothing left to be sent, or gave up

The journal decides what the state of each item is (see features.journal); the session follows it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from assetmeta.core.commit import Committer
from assetmeta.core.conflicts import POLICIES
from assetmeta.core.context import BlockProtocol, SessionContext
from assetmeta.core.plan import Plan
from assetmeta.core.report import error_of
from assetmeta.core.state import Instance
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.features import GIVE_UP_AFTER
from assetmeta.features.job_draft import Draft, keys_of, refuse_strangers
from assetmeta.features.job_lookup import LONGEST_PAUSE, JobLookup
from assetmeta.features.job_recorder import Recorder
from assetmeta.features.journal import DONE, Item, Journal
from assetmeta.features.plans import check_changes, withheld
from assetmeta.features.recognition import Part, check_fit, parts_of
from assetmeta.model.contract import UNOBSERVED, SupportsLookup, WriteObserver
from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, BadValue, JobError, Unreachable
from assetmeta.model.http import NO_WORD
from assetmeta.model.identities import resolve_change
from assetmeta.model.ordering import references
from assetmeta.model.plans import Change, Create, Delete, Done, Outcome, Update
from assetmeta.model.values import UNREAD, Oid

log = logging.getLogger(__name__)

_NAMED = 10
"""Changes that a note names."""


@dataclass(frozen=True)
class JobOptions:
    """The settings of a job; see Session.job. Raises BadValue for those that exclude each other."""

    keys: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    extend: bool = False
    give_up_after: float = GIVE_UP_AFTER
    conflicts: str = "error"
    observer: WriteObserver = UNOBSERVED

    def __post_init__(self) -> None:
        if self.fresh and self.extend:
            raise BadValue("fresh=True starts again, extend=True goes on: give one of them.")
        if self.conflicts not in POLICIES:
            raise BadValue(f"There is no conflict policy {self.conflicts!r}; there are {', '.join(POLICIES)}.")
        if not self.give_up_after >= 0:
            raise BadValue(f"give_up_after={self.give_up_after} is a number of seconds.")


class Run:
    """One run of the job *name*, in the block of *owner*. *notes* are for its report."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        session: tuple[SessionContext, UnitOfWork, Committer],
        options: JobOptions,
        owner: BlockProtocol,
    ) -> None:
        self._name, self._journal, self._options, self._owner = name, journal, options, owner
        self._context, self._unit, self._writer = session
        self._lookup = JobLookup(journal, self._context, self._writer)
        self.recorder = Recorder(journal, options.observer)
        self.keys: dict[Oid, str] = {}
        self.notes: list[str] = []
        self.names: Mapping[Oid, str] = {}
        # What each update replaces, as it was when the update was planned first.
        self._old: dict[tuple[Oid, str], object] = {}
        # What is resumed without a script, and the numbers of the items that only the script can send.
        self._resumed: dict[tuple[Oid, str], Item] | None = None
        self._left: set[int] = set()
        self._draft: Draft | None = None
        for type_name, attribute in options.keys.items():
            self._context.schema.attribute(type_name, attribute)

    def check_owner(self) -> None:
        """Raise JobError for the journal of another server or user."""
        about, context = self._journal.about, self._context
        for word, here in (("server", context.server), ("user", context.user)):
            there = about.get(word)
            if there and here and there != here:
                raise JobError(
                    f"The journal of the job {self._name!r} ({self._journal.file}) belongs to the {word} {there}, and "
                    f"this session is logged in at {context.server} as {context.user}. Give the job another name or "
                    "folder=, or delete the journal (job.forget())."
                )

    # What is pending in the block

    def take(self, changes: Sequence[Change]) -> dict[Oid, Oid]:
        """Make changes pending, with the old values that they carry. Returns the session's identities of new assets."""
        fresh: dict[Oid, Oid] = self._unit.add(changes)
        self._remember_old(changes)
        return fresh

    def _remember_old(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if isinstance(change, Update) and not change.oid.is_new:
                old = {(change.oid, delta.name): delta.old for delta in change.deltas if delta.old is not UNREAD}
                self._old.update(old)

    def _pending_plan(self) -> Plan:
        """What is pending, with what each update replaces as it was when it was planned first."""
        plan = self._unit.plan()
        return replace(plan, changes=tuple(map(self._with_old, plan.changes))) if self._old else plan

    def _with_old(self, change: Change) -> Change:
        if not isinstance(change, Update):
            return change
        known = [(delta, self._old.get((change.oid, delta.name), delta.old)) for delta in change.deltas]
        return replace(change, deltas=tuple(replace(delta, old=old) for delta, old in known))

    def resume(self) -> None:
        """Make pending what the latest run left. Raises JobError where there is no journal."""
        run = int(self._journal.about.get("runs", 0)) if self._journal.is_open else 0
        if not run:
            raise JobError(f"The job {self._name!r} has no journal to go on with ({self._journal.file}).")
        items = [item for item in self._journal.items() if item.run == run and item.state != DONE]
        check_changes(self._context, [item.change for item in items])
        self._leave_secrets(items)
        taken = [item for item in items if item.id not in self._left]
        real = self._journal.assets()
        fresh = self.take([resolve_change(item.change, real, self._context.references_in) for item in taken])
        self._resumed = {}
        for item in taken:
            oid = item.change.oid
            current = fresh.get(oid) or real.get(oid, oid)
            self._resumed |= {(current, part.slot): item for part in parts_of([item.change], {})}

    def _leave_secrets(self, items: Sequence[Item]) -> None:
        """Leave out items with secret values, of which the journal holds digests, and those that need their assets."""
        left: dict[int, Item] = {}
        missing: set[Oid] = set()
        before = -1
        # Each round may find items that need what the one before it left out.
        while len(left) > before:
            before = len(left)
            for item in items:
                named = {item.change.oid, *references(item.change, self._context.references_in)}
                if withheld(item.change) or missing & named:
                    left[item.id] = item
                    missing |= {item.change.oid} if isinstance(item.change, Create) else set()
        self._left = set(left)
        if left:
            places = [".".join([item.change.oid.token, *withheld(item.change)[:1]]) for item in left.values()]
            self.notes.append(
                f"{len(left)} changes have secret values, of which the journal holds only digests, or need an asset "
                f"that has, and were left: {', '.join(places[:_NAMED])}{' …' if len(places) > _NAMED else ''}. Run the "
                "script to send them."
            )

    # The plan and the journal

    def execute(self) -> None:
        """Match the plan with the journal and write what is not done. Raises JobError before anything is requested."""
        draft = self._draft = self._match_plan()
        run = draft.run
        if draft.is_finished:
            # A process that was killed after its last write did not note the time.
            when = f" ({draft.about['ended']})" if draft.about.get("ended") else ""
            self.notes.append(f"The job {self._name!r} was finished before{when}: nothing is sent.")
            self._follow_journal()
            return
        log.info("Job %s, run %s: %s changes", self._name, run, len(draft.plan))
        del draft
        try:
            self._work()
        finally:
            self._journal.note(ended=_now())
            counts = self._journal.counts(run).items()
            log.info("Job %s: %s", self._name, ", ".join(f"{number} {state}" for state, number in counts))

    def _match_plan(self) -> Draft:
        """Compare what is pending with the journal. Raises UsageError and JobError for what does not fit."""
        plan, is_fresh = self._pending_plan(), self._options.fresh
        refuse_strangers(self._name, plan)
        self.names = plan.names
        self._journal.open()
        items = [] if is_fresh else list(self._journal.items())
        about = {"runs": "0", "salt": os.urandom(16).hex(), **({} if is_fresh else self._journal.about)}
        parts = parts_of(plan.changes, keys_of(plan, self.keys, self._options.keys))
        draft = Draft(plan, parts, items, about)
        if self._resumed is not None:
            # What is resumed needs no recognition: its items are known.
            draft.found.known = dict(enumerate(self._resumed.values()))
            draft.found.gone = [item for item in items if item.id in self._left or item.run < draft.run - 1]
            self.recorder.enter((slot, item.id) for slot, item in self._resumed.items())
            return draft
        draft.match(self._context.references_in)
        if items:
            check_fit(self._name, parts, draft.found, extend=self._options.extend)
        self.recorder.enter(draft.numbers())
        self._note_other_values(draft)
        return draft

    def _note_other_values(self, draft: Draft) -> None:
        pairs = [(draft.parts[place], draft.found.known[place]) for place in draft.found.differing]
        oids = [item.oid for part, item in pairs if item.state == DONE and part.slot == "+"]
        if oids:
            tokens = ", ".join(oid.token for oid in oids[:5] if oid) + (" …" if len(oids) > 5 else "")
            self.notes.append(f"{len(oids)} assets exist by their keys, and have other values now: {tokens}")

    def _begin(self, draft: Draft) -> None:
        """Write the plan of this run to the journal."""
        context, found, index = self._context, draft.found, self.recorder.index
        stable = draft.identities()
        states = self._journal.states() if found.differing else {}

        def in_journal(part: Part) -> Change:
            """A change with the identities that new assets have in the journal."""
            return resolve_change(part.change, stable, context.references_in) if stable else part.change

        new = (
            Item(index[part.change.oid, part.slot], draft.run, part.place, in_journal(part), part.key)
            for part in map(draft.parts.__getitem__, found.new)
        )
        pairs = [(draft.parts[place], found.known[place].id) for place in found.differing]
        replaced = [
            (number, in_journal(part)) for part, number in pairs if part.slot != "+" or states[number][0] != DONE
        ]
        about = {**draft.about, "runs": str(draft.run), "job": self._name, "server": context.server, "started": _now()}
        about |= {"user": context.user} if context.user else {}
        gone = [item.id for item in found.gone if item.id not in self._left]
        self._journal.begin(about, new, replaced, gone, fresh=self._options.fresh)
        same = found.known.keys() - set(found.differing)
        self._remember_old(found.known[place].change for place in same)

    def _follow_journal(self) -> None:
        """Give the assets of the block the states of their items: what is done, with the assets that earlier runs
        created; what stays unknown; what may be sent again.
        """
        states, unknown, recorder = self._journal.states(), self._lookup.unknown, self.recorder
        outcomes: list[Outcome] = []
        for (oid, slot), number in list(recorder.index.items()):
            asset = self._unit.tracked(oid)
            if asset is None or number in recorder.done:
                continue
            state, real = states[number]
            if state == DONE:
                change = self._pending_part(asset, slot)
                done = Done(change, real or oid, stale=True)
                outcomes.append(done)
                recorder.take_done(done, [number])
            elif number in unknown:
                outcomes.append(replace(unknown[number], change=self._pending_part(asset, slot)))
                recorder.latest[number] = unknown[number]
            else:
                self._unit.retry(asset)
        self._writer.take_over(outcomes)

    def _pending_part(self, asset: Instance, slot: str) -> Change:
        """The pending change of an asset, as far as it is the item of *slot* (see recognition.Part)."""
        oid, change, index = asset._state.oid, self._unit.change_of(asset), self.recorder.index
        if slot == "-":
            return Delete(oid)
        if slot == "+":
            # What was cut out of a create that others refer to is an item of its own, and is sent after it.
            return replace(change, deltas=tuple(delta for delta in change.deltas if (oid, delta.name) not in index))
        return Update(oid, tuple(delta for delta in change.deltas if delta.name == slot))

    # What is sent

    def _work(self) -> None:
        """Look up what is in doubt and send the rest, again after each passing fault."""
        pauses = _Pauses(self._options.give_up_after, self._context.wait)
        while True:
            before = len(self.recorder.done)
            try:
                plan = self._next_plan()
                fault = self._send(plan) if plan.changes else None
            except AssetmetaError as error:
                if not _is_passing(error):
                    raise
                fault = error
            if fault is None:
                return
            if not pauses.after(fault, has_advanced=len(self.recorder.done) > before):
                seconds = self._options.give_up_after
                self.notes.append(f"The job gave up after {seconds:g} s without progress: {fault}")
                return

    def _next_plan(self) -> Plan:
        """Look up what is in doubt, then return what is left to be sent. Requests: those of the look-ups."""
        is_forgotten = self._draft is not None and self._options.fresh
        for settled in () if is_forgotten else self._lookup.settle():
            self._options.observer.on_outcomes([outcome for _, outcome in settled if outcome is not None])
            self._remember_old(item.change for item, _ in settled)
        draft, self._draft = self._draft, None
        if draft is not None:
            self._begin(draft)
            if not draft.found.known:
                return draft.plan
        self._follow_journal()
        return self._pending_plan()

    def _send(self, plan: Plan) -> AssetmetaError | None:
        """Send changes. Returns a passing error of one of them, or None. Raises AuthenticationFailed."""
        self._read_marks(plan)
        report = self._writer.commit(self._options.conflicts, plan=plan, observer=self.recorder, by=self._owner)
        self.recorder.note(report.outcomes)
        failed = [outcome for outcome in report.outcomes if not isinstance(outcome, Done)]
        for error in map(error_of, failed):
            if isinstance(error, AuthenticationFailed):
                raise error
        unknown = self._lookup.unknown
        open_items = (each for each in failed if unknown.keys().isdisjoint(self.recorder.items_of(each.change)))
        return next(filter(_is_passing, map(error_of, open_items)), None)

    def _read_marks(self, plan: Plan) -> None:
        """Read the server's marks before the first create is sent, to distinguish later what the job created."""
        backend, creates = self._context.backend, [change for change in plan.changes if isinstance(change, Create)]
        if creates and not self.recorder.marks and isinstance(backend, SupportsLookup):
            self.recorder.marks = dict(self._context.run(backend.take_mark(self._context.schema, creates)))


class _Pauses:
    """Waits after passing errors, longer each time, until *most* seconds have passed without progress."""

    def __init__(self, most: float, wait: Callable[[float], object]) -> None:
        self._most = most
        self._wait = wait
        self._reset()

    def _reset(self) -> None:
        self._attempt, self._waited, self._since = 0, 0.0, time.monotonic()

    def after(self, fault: AssetmetaError, *, has_advanced: bool) -> bool:
        """Wait after *fault*; False, without waiting, when it is time to give up."""
        if has_advanced:
            self._reset()
        passed = max(self._waited, time.monotonic() - self._since)
        if passed >= self._most:
            return False
        seconds = min(2.0**self._attempt, LONGEST_PAUSE, max(self._most - passed, 0.1))
        self._attempt += 1
        self._waited += seconds
        log.info("A pause of %.1f s: %s", seconds, fault)
        self._wait(seconds)
        return True


def _is_passing(error: AssetmetaError) -> bool:
    """True where the same request may succeed later: the server is away, overloaded or limits the rate."""
    return error.status in NO_WORD or (isinstance(error, Unreachable) and not error.permanent)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
