"""Jobs: commits that go on where they stopped, in this process or the next one (journal, recognition).

    with v1.job("release-7-tasks") as job:
        for row in rows:
            v1.Task.new(Name=row["name"], Parent=v1.Story(row["story"]))
    print(job.report)

At the end of the block: match the plan with the journal, write the whole plan, look up what is in doubt, send the rest,
round by round, and go on after passing faults until nothing is left.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from assetmeta.core.commit import Committer
from assetmeta.core.conflicts import POLICIES
from assetmeta.core.context import SessionContext
from assetmeta.core.plan import Plan
from assetmeta.core.report import Report, error_of
from assetmeta.core.state import Instance
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import require_oid
from assetmeta.features import GIVE_UP_AFTER
from assetmeta.features.job_record import JobRecord
from assetmeta.features.journal import DONE, PLANNED, SENT, UNKNOWN, Item, secret_digest, state_of
from assetmeta.features.plans import check_changes, check_plan, withheld
from assetmeta.features.recognition import Match, Part, check_fit, match, parts_of
from assetmeta.model.contract import UNOBSERVED, CommitObserver, SupportsLookup, WriteObserver
from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, BadValue, JobError, Unreachable, UsageError
from assetmeta.model.http import NO_WORD
from assetmeta.model.ordering import needs, references
from assetmeta.model.plans import Change, Create, Delete, Done, Outcome, Unknown, Update
from assetmeta.model.values import UNREAD, Oid

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 60.0
_NAMED = 10
"""Changes that a note names."""

_APART = 2.0
"""Seconds between two looks at what became of creates, at first."""


class Job(JobRecord):
    """A block whose pending changes are committed at its end and survive the process in a journal. See Session.job."""

    def __init__(
        self,
        name: str,
        context: SessionContext,
        unit: UnitOfWork,
        writer: Committer,
        *,
        folder: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        fresh: bool = False,
        extend: bool = False,
        give_up_after: float = GIVE_UP_AFTER,
        conflicts: str = "error",
        observer: WriteObserver = UNOBSERVED,
    ) -> None:
        super().__init__(name, folder)
        if fresh and extend:
            raise BadValue("fresh=True starts anew, extend=True goes on: give one of them.")
        if conflicts not in POLICIES:
            raise BadValue(f"There is no conflict policy {conflicts!r}; there are {', '.join(POLICIES)}.")
        if not give_up_after >= 0:
            raise BadValue(f"give_up_after={give_up_after} is a number of seconds.")
        self._context, self._unit, self._writer = context, unit, writer
        self._natural = dict(keys or {})
        self._fresh, self._extend, self._conflicts = fresh, extend, conflicts
        self._give_up_after = give_up_after
        self._observer = observer
        self._process = 0
        self._keys: list[tuple[Instance, str]] = []
        self._old: dict[tuple[Oid, str], object] = {}
        self._left: set[int] = set()
        self._items: dict[int, Item] = {}
        self._index: dict[Oid, dict[str, Item]] = {}
        self._marks: dict[str, Any] = {}
        self._landed: list[Change] = []
        self._unsettled: set[int] = set()
        self._stable: dict[Oid, Oid] = {}
        self._added: set[int] = set()
        self._first_plan: Plan | None = None

    # The block

    def __enter__(self) -> Self:
        if self._stack is not None:
            raise UsageError(f"The block of the job {self.name!r} is open already.")
        for type_name, attribute in self._natural.items():
            self._context.schema.attribute(type_name, attribute)
        self._latest, self._notes, self._landed, self._keys, self._unsettled = {}, [], [], [], set()
        self._old, self._left = {}, set()
        with ExitStack() as stack:
            stack.enter_context(self._writer.block(self))
            stack.callback(self._journal.close)
            self._journal.lock()
            if self._journal.exists:
                self._journal.open()
                self._check_owner()
            self._process = os.getpid()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        assert stack is not None
        if os.getpid() != self._process:
            # A process that was forked inside leaves the job to the one that began it.
            self._journal.abandon()
            kind = kind or SystemExit
        with stack:
            if kind is None:
                self._run()

    def key(self, asset: Instance, key: str | int) -> Any:
        """Name a new asset of the block by a text or a number of the script's own, by which the next run knows it again
        whatever its values are; return the asset. One that exists already is just returned. Raises UsageError outside
        the block and for new assets from elsewhere.
        """
        if self._stack is None:
            raise UsageError(f"job.key() is called inside of the block of the job {self.name!r}.")
        if isinstance(asset, Instance) and not asset._state.oid.is_new:
            # It was found, so that nobody has to know it again.
            return asset
        if not isinstance(asset, Instance) or self._unit.tracked(asset._state.oid) is not asset:
            raise UsageError(f"job.key() takes a new asset of this block, not {asset!r:.80}.")
        self._keys.append((asset, f"key={key}"))
        return asset

    def add(self, plan: Plan) -> None:
        """Make the changes of a plan pending in the block, mostly of one from a file (`Plan.load`). What an update
        replaces is what the plan says: the job's `conflicts=` compares it with what the server has. Sends nothing.

        Raises UsageError outside the block and for a plan of another server, BadValue for secrets that the file left
        out, UnknownName and ReadOnly for what cannot be written.
        """
        if self._stack is None:
            raise UsageError(f"job.add() is called inside of the block of the job {self.name!r}.")
        check_plan(self._context, plan)
        self._take(plan.changes)

    def resume(self) -> Report:
        """Go on where the latest run stopped, from the journal alone, as running the script again would; return the
        report. It opens a block of its own. Requests: those of the script's block.

        Changes with secret values stay in the journal, and so do those that need them: it holds digests of secrets.
        The report's notes name them; running the script sends them. Raises JobError where there is nothing to go on
        with, and what a block raises.
        """
        with self:
            self._rebuild()
        return self.report

    def _take(self, changes: Sequence[Change]) -> dict[Oid, Oid]:
        """Make changes pending. Returns the identities of their new assets in this session."""
        fresh: dict[Oid, Oid] = self._unit.add(changes)
        for change in changes:
            if isinstance(change, Update) and not change.oid.is_new:
                self._old |= {(change.oid, delta.name): delta.old for delta in change.deltas}
        return fresh

    def _rebuild(self) -> None:
        """Make the items of the latest run pending, those that are done too, by which the others are known again."""
        run = int(self._journal.about.get("runs", 0)) if self._journal.is_open else 0
        if not run:
            raise JobError(f"The job {self.name!r} has no journal to go on with ({self._journal.file}).")
        every = list(self._journal.items())
        items = [item for item in every if item.run == run]
        check_changes(self._context, [item.change for item in items])
        real = {
            item.change.oid: item.oid
            for item in every
            if item.run < run and item.state == DONE and item.oid and isinstance(item.change, Create)
        }
        self._leave_secrets(items)
        taken = [item for item in items if item.id not in self._left]
        fresh = self._take([self._unit.with_identities(item.change, real) for item in taken])
        for item in taken:
            if isinstance(item.change, Create) and item.key is not None:
                asset = self._unit.tracked(fresh[item.change.oid])
                assert asset is not None
                self._keys.append((asset, item.key))
                name = item.key.partition("=")[0]
                if name in {delta.name for delta in item.change.deltas} - {"key"}:
                    self._natural.setdefault(item.change.oid.type, name)

    def _leave_secrets(self, items: Sequence[Item]) -> None:
        """Leave what is not done and has secrets, or needs what has: of a secret the journal holds a digest."""
        waiting = [item for item in items if item.state != DONE]
        missing: set[Oid] = set()
        left: dict[int, Item] = {}
        while True:
            found = [
                item
                for item in waiting
                if item.id not in left
                and (withheld(item.change) or missing & {item.change.oid, *self._referred(item.change)})
            ]
            if not found:
                break
            left |= {item.id: item for item in found}
            missing |= {item.change.oid for item in found if isinstance(item.change, Create)}
        self._left = set(left)
        if left:
            places = [".".join([item.change.oid.token, *withheld(item.change)[:1]]) for item in left.values()]
            self._notes.append(
                f"{len(left)} changes have secret values, of which the journal holds only digests, or need an asset "
                f"that has, and were left: {', '.join(places[:_NAMED])}{' …' if len(places) > _NAMED else ''}. Run the "
                "script to send them."
            )

    def _referred(self, change: Change) -> set[Oid]:
        return set(references(change, self._context.references_in))

    @property
    def landed(self) -> Iterable[Change]:
        """The changes that the latest run of this object wrote."""
        return self._landed

    def refusal(self, what: str) -> AssetmetaError:
        """The error for what would write inside of the block."""
        return UsageError(
            f"{what}: inside of the job {self.name!r} changes wait for the end of the block, which writes"
            " them. Use new() and assignments, or call it outside."
        )

    # What is known

    def settle(self, token: str, asset: Any) -> None:
        """Say what became of a create that is unknown: *token* is the one in the report, *asset* the asset that it made
        (or its token), None where there is none, so that the next run sends it. Sends nothing. Raises BadValue for
        anything else, JobError while the job runs.
        """
        self._refuse_in_block()
        oid = None if asset is None else require_oid(self._context, asset, "settle()")
        self._journal.lock()
        try:
            with self._open():
                items = self._journal.items() if self._journal.is_open else ()
                open_items = {item.change.oid.token: item for item in items if item.state in (SENT, UNKNOWN)}
                item = open_items.get(token)
                if item is None or not isinstance(item.change, Create) or (oid and oid.type != item.change.oid.type):
                    known = ", ".join(open_items) or "nothing"
                    raise BadValue(f"settle({token!r:.80}, {asset!r:.80}): in doubt in this journal: {known}.")
                if oid is None:
                    self._journal.reset([item.id])
                else:
                    self._journal.settled([(item.id, Done(item.change, oid.current))])
        finally:
            self._journal.close()

    # The run

    def _check_owner(self) -> None:
        about, context = self._journal.about, self._context
        for word, here in (("server", context.server), ("user", context.user)):
            there = about.get(word)
            if there and here and there != here:
                raise JobError(
                    f"The journal of the job {self.name!r} ({self._journal.file}) belongs to the {word} {there}, and "
                    f"this session is logged in at {context.server} as {context.user}. Give the job another name or "
                    "folder=, or delete the journal (job.forget())."
                )

    def _run(self) -> None:
        """Match the plan with the journal and write what is not done. Raises JobError before anything is sent."""
        plan = self._with_given_old(self._unit.plan())
        self._refuse_strangers(plan)
        self._names = plan.names
        self._journal.open()
        about = {} if self._fresh else self._journal.about
        items = [] if self._fresh else list(self._journal.items())
        salt = about.get("salt") or os.urandom(16).hex()
        parts = parts_of(plan.changes, self._keys_of(plan))
        found = Match(new=list(range(len(parts))))
        if items:
            found = match(parts, items, self._unit.renamed, secret_digest(salt))
            check_fit(self.name, parts, found, extend=self._extend)
        runs = int(about.get("runs", 0)) + 1
        if items and _is_finished(found, runs - 1):
            # A process that was killed behind its last write noted no end.
            when = f" ({about['ended']})" if about.get("ended") else ""
            self._notes.append(f"The job {self.name!r} was finished before{when}: nothing is sent.")
            self._adopt(plan, parts, found)
            self._note_other_values(parts, found)
            return
        later = self._keep(parts, found, items, salt, runs)
        self._adopt(plan, parts, found)
        self._first_plan = None if found.known else plan
        self._note_other_values(parts, found)
        log.info("Job %s, run %s: %s changes, %s of them done", self.name, runs, len(plan), len(self._landed))
        try:
            self._work(later)
        finally:
            self._journal.note(ended=_now())
            log.info("Job %s: %s", self.name, ", ".join(f"{n} {state}" for state, n in self._counts().items()))

    def _with_given_old(self, plan: Plan) -> Plan:
        """The plan of the block, in which changes that were added replace what they replaced where they come from."""
        if not self._old:
            return plan
        changes = [
            replace(
                change,
                deltas=tuple(
                    replace(delta, old=self._old.get((change.oid, delta.name), delta.old)) for delta in change.deltas
                ),
            )
            if isinstance(change, Update)
            else change
            for change in plan.changes
        ]
        return replace(plan, changes=tuple(changes))

    def _refuse_strangers(self, plan: Plan) -> None:
        """Raise UsageError for a change that names a new asset from before the block."""
        created = {change.oid for change in plan.changes if isinstance(change, Create)}
        for change in plan.changes:
            for oid in needs(change) - created:
                raise UsageError(
                    f"{change.oid.token} refers to {oid.token}, which is new and none of the job {self.name!r}: commit "
                    "it before the block, or make it inside. Nothing was sent.",
                    oid=change.oid.token,
                )

    def _keys_of(self, plan: Plan) -> dict[Oid, str]:
        """The keys of the creates that have one. Raises JobError for a key that two have, or that has no value."""
        given = {asset._state.oid: key for asset, key in self._keys}
        found: dict[Oid, str] = {}
        seen: dict[tuple[str, str], Oid] = {}
        for change in plan.changes:
            if not isinstance(change, Create):
                continue
            key = given.get(change.oid)
            name = self._natural.get(change.oid.type)
            if key is None and name is not None:
                value = next((delta.new for delta in change.deltas if delta.name == name), None)
                if value is None:
                    raise JobError(f"{change.oid.token} has no {name}, by which keys= knows assets of its type.")
                key = f"{name}={value}"
            if key is None:
                continue
            if (change.oid.type, key) in seen:
                raise JobError(f"Two new assets of type {change.oid.type} have the key {key!r:.80}. Nothing was sent.")
            seen[change.oid.type, key] = change.oid
            found[change.oid] = key
        return found

    def _keep(self, parts: Sequence[Part], found: Match, items: Sequence[Item], salt: str, run: int) -> list[Item]:
        """Write the plan of this run. Returns the items whose other values are written once it is known what became of
        those that were sent.
        """
        number = max((item.id for item in items), default=0)
        numbers = {index: item.id for index, item in found.known.items()}
        for index in found.new:
            number += 1
            numbers[index] = number
        self._stable = {
            part.change.oid: _stable_oid(numbers[index], part.change)
            for index, part in enumerate(parts)
            if isinstance(part.change, Create)
        }
        new = [
            Item(numbers[index], run, parts[index].place, parts[index].change, parts[index].key) for index in found.new
        ]
        now: list[Item] = []
        later: list[Item] = []
        for index in found.differing:
            item = found.known[index]
            if item.state == DONE and isinstance(item.change, Create):
                continue
            changed = dataclasses.replace(
                item, change=self._with_stable(parts[index].change), state=PLANNED, error=None
            )
            (later if item.state in (SENT, UNKNOWN) and isinstance(item.change, Create) else now).append(changed)
        about = {"runs": str(run), "job": self.name, "server": self._context.server, "started": _now()}
        if self._context.user:
            about["user"] = self._context.user
        gone = [item for item in found.gone if item.id not in self._left]
        self._journal.begin(about, map(self._as_written, new), now, gone, fresh=self._fresh, salt=salt)
        self._added = {item.id for item in new}
        changed_now = {item.id: item for item in now}
        self._items = {item.id: changed_now.get(item.id, item) for item in items} | {item.id: item for item in new}
        for index, item_id in numbers.items():
            part, item = parts[index], self._items[item_id]
            item.run = run
            self._index.setdefault(part.change.oid, {})[_slot(part.change, part.name)] = item
            if index in found.known:
                found.known[index] = item
        return later

    def _with_stable(self, change: Change) -> Change:
        """A change of this run with the identities that new assets have in the journal."""
        found: Change = self._unit.with_identities(change, self._stable)
        return found

    def _as_written(self, item: Item) -> Item:
        """An item that is new in this run as it is in the journal. It is not kept so: that would be a second copy."""
        return dataclasses.replace(item, change=self._with_stable(item.change))

    def _written(self, item: Item) -> Change:
        """The change of an item as it is in the journal."""
        return self._with_stable(item.change) if item.id in self._added else item.change

    def _real(self) -> dict[Oid, Oid]:
        """The assets that the job created, by their identities in the journal."""
        return {
            _stable_oid(item.id, item.change): item.oid
            for item in self._items.values()
            if item.state == DONE and item.oid and isinstance(item.change, Create)
        }

    def _adopt(self, plan: Plan, parts: Sequence[Part], found: Match) -> None:
        """Let the assets of the block be those that earlier runs created, and their edits those that landed."""
        done: dict[int, set[str]] = {}
        real: dict[int, Oid] = {}
        for index, item in found.known.items():
            if item.state == DONE:
                done.setdefault(parts[index].place, set()).add(parts[index].name)
                real[parts[index].place] = item.oid or item.change.oid
        outcomes: list[Outcome] = []
        for place, names in done.items():
            change = plan.changes[place]
            if isinstance(change, Update):
                change = replace(change, deltas=tuple(delta for delta in change.deltas if delta.name in names))
            oid = real[place] if isinstance(change, Create) else change.oid
            outcomes.append(Done(change, oid, stale=True))
        self._take_over(outcomes)

    def _take_over(self, outcomes: Sequence[Outcome]) -> None:
        """Let assets and the index know of outcomes that are in the journal already."""
        for outcome in outcomes:
            self._rename(outcome)
            if isinstance(outcome, Done):
                self._landed.append(outcome.change)
        self._writer.take_over(outcomes)

    def _rename(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.change, Create):
            self._index[outcome.oid] = self._index.setdefault(outcome.change.oid, {})

    def _note_other_values(self, parts: Sequence[Part], found: Match) -> None:
        names = [
            found.known[index].oid
            for index in found.differing
            if found.known[index].state == DONE and isinstance(parts[index].change, Create)
        ]
        if names:
            tokens = ", ".join(oid.token for oid in names[:5] if oid) + (" …" if len(names) > 5 else "")
            self._notes.append(f"{len(names)} assets exist by their keys, and have other values now: {tokens}")

    def _work(self, later: Sequence[Item]) -> None:
        """Look up what is in doubt and send the rest, again after each passing fault."""
        pause = _Pauses(self._give_up_after, self._context.wait)
        is_marked = False
        while True:
            before = self._counts()[DONE]
            fault: AssetmetaError | None = None
            try:
                self._settle_doubt()
                later = self._write_later(later)
                if not is_marked:
                    self._take_marks()
                    is_marked = True
                fault = self._send()
            except AssetmetaError as error:
                if not _is_passing(error):
                    raise
                fault = error
            if fault is None:
                return
            if not pause.after(fault, has_advanced=self._counts()[DONE] > before):
                self._notes.append(f"The job gave up after {self._give_up_after:g} s without progress: {fault}")
                return

    def _write_later(self, later: Sequence[Item]) -> Sequence[Item]:
        """Write the other values of creates that turned out not to be there."""
        ready = [item for item in later if self._items[item.id].state == PLANNED]
        if ready:
            self._journal.replace(ready)
            for item in ready:
                self._items[item.id].change = item.change
        return ()

    def _send(self) -> AssetmetaError | None:
        """Send what is pending. Returns the passing fault that it met; None when nothing is left to be done."""
        if not len(self._unit):
            return None
        report = self._writer.commit(self._conflicts, plan=self._next_plan(), observer=self, by=self)
        self._record(report.outcomes, are_settled=True)
        refused = [error for error in report.errors if isinstance(error, AuthenticationFailed)]
        if refused:
            raise refused[0]
        faults = (outcome for outcome in report.outcomes if not isinstance(outcome, Done) and self._is_open(outcome))
        return next((error for outcome in faults if _is_passing(error := error_of(outcome))), None)

    def _is_open(self, outcome: Outcome) -> bool:
        """False for a create that stays unknown, since looking it up told nothing."""
        return not any(item.id in self._unsettled for item in self._items_of(outcome.change))

    def _next_plan(self) -> Plan:
        """What is pending, with what each update replaces as it was when the job was planned first."""
        first, self._first_plan = self._first_plan, None
        plan = self._unit.plan() if first is None else first
        if self._conflicts == "overwrite":
            return plan
        return replace(plan, changes=tuple(map(self._with_old, plan.changes)))

    def _with_old(self, change: Change) -> Change:
        if not isinstance(change, Update):
            return change
        slots = self._index.get(change.oid, {})
        deltas = []
        for delta in change.deltas:
            item = slots.get(delta.name)
            planned = item.change if item is not None else None
            old = planned.deltas[0].old if isinstance(planned, Update) else UNREAD
            deltas.append(delta if old is UNREAD or change.oid.is_new else replace(delta, old=old))
        return replace(change, deltas=tuple(deltas))

    # What is followed (WriteObserver)

    def on_start(self, changes: Sequence[Change]) -> None:
        """Let the other observer know what the job is about to send, again after each passing fault."""
        if isinstance(self._observer, CommitObserver):
            self._observer.on_start(changes)

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        """Let the other observer know what came of it."""
        if isinstance(self._observer, CommitObserver):
            self._observer.on_end(outcomes)

    def on_send(self, changes: Sequence[Change]) -> None:
        """Note in the journal what is about to be sent. Raises JobError where that is not possible."""
        marks = {name: json.dumps(mark) for name, mark in self._marks.items()}
        rows: list[tuple[int, str | None]] = []
        for change in changes:
            for item in self._items_of(change):
                item.state = SENT
                item.mark = self._marks.get(change.oid.type)
                rows.append((item.id, marks.get(change.oid.type)))
        self._journal.sent(rows)
        self._observer.on_send(changes)

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Note in the journal what came of changes."""
        self._record(outcomes)
        self._observer.on_outcomes(outcomes)

    def _record(self, outcomes: Sequence[Outcome], *, are_settled: bool = False) -> None:
        """Keep outcomes. Those that *are_settled* may be there already."""
        rows: list[tuple[int, Outcome]] = []
        for outcome in outcomes:
            self._rename(outcome)
            state = state_of(outcome)
            if isinstance(outcome, Done):
                self._advance(outcome)
                self._landed += [] if are_settled else [outcome.change]
            for item in self._items_of(outcome.change):
                is_known = are_settled and state == DONE == item.state
                if not is_known:
                    rows.append((item.id, outcome))
                item.state = state
                item.oid = outcome.oid if isinstance(outcome, Done) else item.oid
                if state == DONE:
                    self._latest.pop(item.id, None)
                else:
                    self._latest[item.id] = outcome
        if rows:
            self._journal.settled(rows)

    def _items_of(self, change: Change) -> list[Item]:
        slots = self._index.get(change.oid, {})
        names = [delta.name for delta in change.deltas] if isinstance(change, Update) else [_slot(change, "")]
        return [slots[name] for name in names if name in slots]

    def _counts(self) -> Counter[str]:
        return Counter(item.state for item in self._items.values())

    # What is in doubt

    def _settle_doubt(self) -> None:
        """Find out what became of all that was sent without an answer. Creates are looked up; of updates and deletes
        the present values tell.
        """
        doubt = [
            item for item in self._items.values() if item.state in (SENT, UNKNOWN) and item.id not in self._unsettled
        ]
        creates = [item for item in doubt if isinstance(item.change, Create)]
        others = [item for item in doubt if not isinstance(item.change, Create)]
        if creates:
            log.info("Job %s: looking up %s creates that were not answered", self.name, len(creates))
            self._settle(creates, self._look_up(creates))
        real = self._real() if others else {}
        resolved = [(item, self._unit.with_identities(self._written(item), real)) for item in others]
        # Without its asset, which is not there, it cannot have landed.
        known = [(item, change) for item, change in resolved if not change.oid.is_new]
        found = self._writer.look_again([change for _, change in known]) if known else []
        self._settle([item for item, _ in known], found)

    def _settle(self, items: Sequence[Item], outcomes: Sequence[Outcome | None]) -> None:
        """Note what became of items in doubt; None lets one be sent again."""
        current = {id(item): oid for oid, slots in self._index.items() for item in slots.values()}
        rows: list[tuple[int, Outcome]] = []
        adopted: list[Outcome] = []
        again: list[int] = []
        for item, outcome in zip(items, outcomes, strict=True):
            oid = current.get(id(item))
            asset = self._unit.tracked(oid) if oid is not None else None
            if outcome is None:
                again.append(item.id)
                item.state = PLANNED
                self._latest.pop(item.id, None)
                if asset is not None:
                    self._unit.retry(asset)
                continue
            rows.append((item.id, outcome))
            item.state = state_of(outcome)
            self._latest[item.id] = outcome
            if isinstance(outcome, Unknown):
                self._unsettled.add(item.id)
            if isinstance(outcome, Done):
                item.oid = outcome.oid
                del self._latest[item.id]
            if asset is not None:
                found = replace(outcome, change=self._pending_part(asset, item))
                adopted.append(replace(found, stale=True) if isinstance(found, Done) else found)
        self._journal.reset(again)
        self._journal.settled(rows)
        self._observer.on_outcomes([outcome for _, outcome in rows])
        self._take_over(adopted)

    def _pending_part(self, asset: Instance, item: Item) -> Change:
        """The change of *item* as it is pending now."""
        change = self._unit.change_of(asset)
        if isinstance(item.change, Delete):
            return Delete(asset._state.oid)
        if isinstance(item.change, Update):
            names = {delta.name for delta in item.change.deltas}
            return Update(asset._state.oid, tuple(delta for delta in change.deltas if delta.name in names))
        # What was cut out of a create that others refer to is an item of its own, and is sent after it.
        cut = self._index.get(asset._state.oid, {})
        return replace(change, deltas=tuple(delta for delta in change.deltas if delta.name not in cut))

    def _look_up(self, items: Sequence[Item]) -> list[Outcome | None]:
        """What became of creates. Looks until two reads agree, since the request may still be running."""
        backend = self._context.backend
        if not isinstance(backend, SupportsLookup):
            return [_unsettled(self._written(item)) for item in items]
        real, written = self._real(), [self._written(item) for item in items]
        creates = [self._unit.with_identities(change, real) for change in written]
        claimed = {item.oid for item in self._items.values() if item.oid is not None and item.state == DONE}
        marks = _earliest(items)
        keys = self._natural
        before: list[Oid | None] | None = None
        pause = _APART
        while True:
            found = self._context.run(backend.find_created(self._context.schema, creates, marks, claimed, keys))
            told = [outcome.oid if isinstance(outcome, Done) else None for outcome in found]
            if told == before or None not in told:
                return [
                    _unsettled(change, outcome.error)
                    if isinstance(outcome, Unknown)
                    else outcome and replace(outcome, change=change)
                    for change, outcome in zip(written, found, strict=True)
                ]
            before = told
            self._context.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _take_marks(self) -> None:
        """Learn what the server has now, to tell it later from what the job creates."""
        backend = self._context.backend
        waiting = [item for item in self._items.values() if item.state == PLANNED and isinstance(item.change, Create)]
        if waiting and isinstance(backend, SupportsLookup):
            real = self._real()
            creates: list[Any] = [item.change for item in waiting]
            if real:
                creates = [self._unit.with_identities(self._written(item), real) for item in waiting]
            self._marks = dict(self._context.run(backend.take_mark(self._context.schema, creates)))

    def _advance(self, outcome: Done) -> None:
        """Move a mark on to an asset that was just created: what is created later has a higher number."""
        mark = self._marks.get(outcome.oid.type)
        number = str(outcome.oid.key).rpartition("/")[2]
        if mark and "after" in mark and isinstance(outcome.change, Create) and number.isdigit():
            self._marks[outcome.oid.type] = {**mark, "after": max(mark["after"], int(number))}


class _Pauses:
    """Waits after passing faults, longer each time, until *most* seconds went by without progress."""

    def __init__(self, most: float, wait: Callable[[float], object]) -> None:
        self._most = most
        self._wait = wait
        self._begin()

    def _begin(self) -> None:
        self._attempt, self._waited, self._since = 0, 0.0, time.monotonic()

    def after(self, fault: AssetmetaError, *, has_advanced: bool) -> bool:
        """Wait after *fault*; False, without waiting, when it is time to give up."""
        if has_advanced:
            self._begin()
        passed = max(self._waited, time.monotonic() - self._since)
        if passed >= self._most:
            return False
        seconds = min(2.0**self._attempt, _LONGEST_PAUSE, max(self._most - passed, 0.1))
        self._attempt += 1
        self._waited += seconds
        log.info("A pause of %.1f s: %s", seconds, fault)
        self._wait(seconds)
        return True


def _is_finished(found: Match, run: int) -> bool:
    """True when nothing of a plan is new or left to be done, and the latest *run* left nothing that is not planned any
    more or in doubt.
    """
    left = (item for item in found.gone if item.state != DONE and (item.run == run or item.state in (SENT, UNKNOWN)))
    return not found.new and all(item.state == DONE for item in found.known.values()) and not any(left)


def _slot(change: Change, name: str) -> str:
    """Which item of an asset a change is: its create, its delete, or the update of the attribute *name*."""
    return "+" if isinstance(change, Create) else "-" if isinstance(change, Delete) else name


def _earliest(items: Sequence[Item]) -> dict[str, Any]:
    """The first mark of each type."""
    found: dict[str, Any] = {}
    for item in items:
        mark, known = item.mark, found.get(item.change.oid.type)
        if mark and (known is None or _order(mark) < _order(known)):
            found[item.change.oid.type] = mark
    return found


def _order(mark: Mapping[str, Any]) -> tuple[int, str]:
    return (mark.get("after", 0), mark.get("since") or "")


def _is_passing(error: AssetmetaError) -> bool:
    return error.status in NO_WORD or (isinstance(error, Unreachable) and not error.permanent)


def _unsettled(change: Change, error: AssetmetaError | None = None) -> Unknown:
    """The outcome of a create of which nobody knows whether it landed, with how to settle that."""
    token, kind = change.oid.token, change.oid.type
    why = f"{error}" if error else f"{token} was sent and not answered, and this server cannot be asked about it."
    advice = (
        f"Look whether it exists. If so, job.settle('{token}', '{kind}:<id>') says which it is; if not, "
        f"job.settle('{token}', None) lets the next run send it."
    )
    return Unknown(change, Unreachable(f"{why} {advice}", oid=token))


def _stable_oid(number: int, change: Change) -> Oid:
    """The identity of a new asset in the journal: that of its item, the same in every run."""
    return Oid(change.oid.type, f"new-{number}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
