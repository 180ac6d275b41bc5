"""The journal of a job: a private SQLite file that outlives the process, and the lock that goes with it.

What is planned is written before the first request, what is about to be sent before each round, each outcome after it;
every step is one transaction, on the disk before the job goes on. An item is one create, one delete, or the update of
one attribute. It holds no secret: in the place of one stands a digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from assetmeta.core.report import error_of
from assetmeta.model import errors, optional
from assetmeta.model.changes_json import change_from_json, change_to_json
from assetmeta.model.errors import AssetmetaError, JobError
from assetmeta.model.folders import expanded, state_folder
from assetmeta.model.plans import Change, Done, Failed, Outcome, Skipped, Unknown, Update
from assetmeta.model.values import Oid
from assetmeta.version import __version__

_FORMAT = 1
_ROUNDS = 10_000
"""Rounds of the digest of a secret."""

_TABLES = """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE items (
        id INTEGER PRIMARY KEY, run INTEGER NOT NULL, place INTEGER NOT NULL, change TEXT NOT NULL, key TEXT,
        state TEXT NOT NULL, oid TEXT, error TEXT, mark TEXT
    );
"""

_REPLACE = "UPDATE items SET change=?, state=?, error=NULL WHERE id=?"

PLANNED, SENT, DONE, FAILED, UNKNOWN = "planned", "sent", "done", "failed", "unknown"

_ABANDONED: list[Any] = []
"""Connections of a parent process, which are not to be closed here."""


@dataclass(slots=True)
class Item:
    """One item of a journal. *run* and *place* say which change of which run's plan it is of, *key* by which text the
    script knows a create, *oid* which asset was changed or created, *mark* what the server had before it was sent.
    """

    id: int
    run: int
    place: int
    change: Change
    key: str | None = None
    state: str = PLANNED
    oid: Oid | None = None
    error: Mapping[str, Any] | None = None
    mark: Any = None


def folder_for(folder: str | Path | None) -> Path:
    """Where journals are: *folder*, or `jobs` in the user's state folder (model.folders)."""
    return state_folder() / "jobs" if folder is None else expanded(folder)


def journals(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield the journals in *folder* in order: the file and the name of its job, None where it cannot be read. Journals
    of jobs that have not begun are left out. Sends nothing.
    """
    sqlite: Any = optional.load("sqlite3")
    for file in sorted(folder.glob("*.sqlite")):
        try:
            with closing(sqlite.connect(file, timeout=10, isolation_level=None)) as connection:
                found = connection.execute("SELECT value FROM about WHERE name='job'").fetchone()
        except sqlite.Error:
            yield file, None
            continue
        if found is not None:
            yield file, found[0] if Journal(found[0], folder).file == file else None


class Journal:
    """The journal of the job *name* in *folder*. Making it opens nothing."""

    def __init__(self, name: str, folder: Path) -> None:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self._name = name
        self._stem = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)[:80]}-{digest}"
        self.file = self._stem.with_name(f"{self._stem.name}.sqlite")
        self._sqlite: Any = optional.load("sqlite3")
        self._connection: Any = None
        self._lock: Any = None
        self._digest: Any = secret_digest("")

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._connection is not None

    def abandon(self) -> None:
        """Leave the file and the lock to the process that this one was forked from, where they are open."""
        _ABANDONED.extend((self._connection, self._lock))
        self._connection = self._lock = None

    @property
    def exists(self) -> bool:
        """Whether the job has run before."""
        return self.file.exists()

    def lock(self) -> None:
        """Keep other processes, and other sessions of this one, from running the job. Raises JobError, which names the
        process that does.
        """
        file = self._stem.with_name(f"{self._stem.name}.lock")
        with self._errors("lock"):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_private(file)
            lock = self._sqlite.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._errors("lock"):
                try:
                    # What is held between two transactions is the write lock; reading who holds it stays possible.
                    lock.execute("BEGIN IMMEDIATE")
                    lock.execute("CREATE TABLE IF NOT EXISTS holder (text TEXT)")
                    lock.execute("DELETE FROM holder")
                    lock.execute("INSERT INTO holder VALUES (?)", (_process(),))
                    lock.execute("COMMIT")
                    lock.execute("BEGIN IMMEDIATE")
                except self._sqlite.OperationalError as error:
                    if error.sqlite_errorcode != self._sqlite.SQLITE_BUSY:
                        raise
                    raise JobError(f"The job {self._name!r} is being run by {self._holder(lock)}.") from None
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def _holder(self, lock: Any) -> str:
        try:
            row = lock.execute("SELECT text FROM holder").fetchone()
        except self._sqlite.Error:
            row = None
        return str(row[0]) if row else "another process"

    @property
    def holder(self) -> str | None:
        """The process that is running the job; None when there is none. Sends nothing."""
        file = self._stem.with_name(f"{self._stem.name}.lock")
        if self._lock is not None:
            return _process()
        if not file.exists():
            return None
        with self._errors("read"):
            lock = self._sqlite.connect(file, timeout=0, isolation_level=None)
            try:
                lock.execute("BEGIN IMMEDIATE")
            except self._sqlite.OperationalError:
                return self._holder(lock)
            finally:
                lock.close()
        return None

    def _make_private(self, file: Path) -> None:
        """Make a file that only this user can read; SQLite gives its own files beside it the same rights. Raises
        JobError for one that others can write.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        number = os.open(file, flags, 0o600)
        try:
            about = os.fstat(number)
        finally:
            os.close(number)
        if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            raise JobError(f"{file} belongs to another user, or others can write it. Name another folder for the job.")

    def open(self) -> None:
        """Open the journal, or begin one. Raises JobError."""
        if self._connection is not None:
            return
        with self._errors("open"):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_private(self.file)
            connection = self._sqlite.connect(self.file, timeout=10, isolation_level=None, check_same_thread=False)
            try:
                # A transaction then takes one sync of the disk and not three, and is on it all the same.
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='about'").fetchone():
                    connection.executescript(f"BEGIN;{_TABLES}COMMIT;")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        about = self.about
        if int(about.get("format", _FORMAT)) > _FORMAT:
            self.close()
            raise JobError(
                f"{self.file} was written by assetmeta {about.get('version')}, which is newer than this one."
            )

    def close(self) -> None:
        """Close the file and give up the lock."""
        for connection in (self._connection, self._lock):
            if connection is not None:
                connection.close()
        self._connection = self._lock = None

    def forget(self) -> None:
        """Delete the journal. The caller holds the lock."""
        self.close()
        for ending in (".sqlite", ".sqlite-wal", ".sqlite-shm", ".lock", ".lock-journal"):
            self._stem.with_name(f"{self._stem.name}{ending}").unlink(missing_ok=True)

    @property
    def about(self) -> dict[str, str]:
        """What is known of the job: server, user, times, the number of runs, the salt of digests."""
        with self._errors("read"):
            return dict(self._connection.execute("SELECT name, value FROM about"))

    def items(self) -> Iterator[Item]:
        """Yield all items in the order in which they were planned."""
        with self._errors("read"):
            for row in self._connection.execute(
                "SELECT id, run, place, change, key, state, oid, error, mark FROM items ORDER BY id"
            ):
                number, run, place, change, key, state, oid, error, mark = row
                yield Item(
                    number,
                    run,
                    place,
                    change_from_json(json.loads(change)),
                    key,
                    state,
                    Oid(*json.loads(oid)) if oid else None,
                    json.loads(error) if error else None,
                    json.loads(mark) if mark else None,
                )

    def begin(
        self,
        about: Mapping[str, str],
        new: Iterable[Item],
        replaced: Iterable[Item],
        gone: Iterable[Item],
        *,
        fresh: bool,
        salt: str,
    ) -> None:
        """Write the plan of a run, in one transaction: *new* items, *replaced* ones, which have other values now, and
        all that were there before except those that are *gone*. With *fresh* none of them stays.
        """
        self._digest = secret_digest(salt)
        known = {"format": str(_FORMAT), "salt": salt, "version": __version__, **about}
        with self._transaction() as connection:
            if fresh:
                connection.execute("DELETE FROM items")
                connection.execute("DELETE FROM about")
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", known.items())
            connection.execute("UPDATE items SET run=?", (int(about["runs"]),))
            connection.executemany("UPDATE items SET run=? WHERE id=?", ((item.run, item.id) for item in gone))
            connection.executemany(
                "INSERT INTO items (change, state, id, run, place, key) VALUES (?, ?, ?, ?, ?, ?)",
                ((*self._row(item), item.run, item.place, item.key) for item in new),
            )
            connection.executemany(_REPLACE, map(self._row, replaced))

    def _row(self, item: Item) -> tuple[str, str, int]:
        change = msgspec.json.encode(change_to_json(item.change, self._digest)).decode()
        return (change, item.state, item.id)

    def replace(self, items: Iterable[Item]) -> None:
        """Let items have other values, which are planned."""
        with self._transaction() as connection:
            connection.executemany(_REPLACE, map(self._row, items))

    def reset(self, numbers: Iterable[int]) -> None:
        """Let items be sent again."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE items SET state='planned', error=NULL WHERE id=?", ((number,) for number in numbers)
            )

    def counts(self, run: int) -> dict[str, int]:
        """How many items of a run's plan are in each state."""
        with self._errors("read"):
            return dict(
                self._connection.execute("SELECT state, count(*) FROM items WHERE run=? GROUP BY state", (run,))
            )

    def note(self, **about: str) -> None:
        """Keep what is known of the job."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())

    def sent(self, items: Sequence[tuple[int, str | None]]) -> None:
        """Note which items are sent now, each with a mark as JSON."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE items SET state='sent', error=NULL, mark=? WHERE id=?",
                ((mark, number) for number, mark in items),
            )

    def settled(self, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Keep the outcomes of items."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE items SET state=?, oid=?, error=? WHERE id=?",
                ((*_outcome_row(outcome), number) for number, outcome in outcomes),
            )

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._errors("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self, deed: str) -> Iterator[None]:
        try:
            yield
        except (self._sqlite.Error, OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, AssetmetaError):
                raise
            raise JobError(
                f"Cannot {deed} the journal of the job {self._name!r} ({self.file}): {error}. What was sent before is "
                "in it, and nothing is sent without it."
            ) from error


def _process() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} (since {since})"


def secret_digest(salt: str) -> Any:
    """Return the function that turns a secret into what stands in the journal."""

    def digest(secret: object) -> str:
        text = secret if isinstance(secret, str) else json.dumps(secret, sort_keys=True, default=str)
        return hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "replace"), salt.encode(), _ROUNDS).hex()

    return digest


_STATES: Mapping[type[Outcome], str] = {Done: DONE, Failed: FAILED, Skipped: PLANNED, Unknown: UNKNOWN}
_KEPT = ("type_name", "attribute", "oid", "status", "request", "server_message", "code", "sent")


def state_of(outcome: Outcome) -> str:
    """The state of an item with that outcome: what was not sent is planned."""
    return _STATES[type(outcome)]


def _outcome_row(outcome: Outcome) -> tuple[str, str | None, str | None]:
    """State, asset and error of an outcome."""
    if isinstance(outcome, Done):
        notes = json.dumps({"notes": outcome.notes}) if outcome.notes else None
        return DONE, json.dumps(outcome.oid[:2]), notes
    error = error_of(outcome)
    details = {name: value for name in _KEPT if (value := vars(error).get(name)) is not None}
    return _STATES[type(outcome)], None, json.dumps({"kind": type(error).__name__, "text": str(error), **details})


def error_from(found: Mapping[str, Any]) -> AssetmetaError:
    """Return the error of an item as it was noted."""
    kind = getattr(errors, found["kind"], AssetmetaError)
    known = kind if isinstance(kind, type) and issubclass(kind, AssetmetaError) else AssetmetaError
    return known(found["text"], **{name: value for name, value in found.items() if name in _KEPT})


def outcomes_of(items: Iterable[Item], latest: Mapping[int, Outcome]) -> list[Outcome]:
    """Return what came of items: one outcome per change, in the order in which they were planned. *latest* are outcomes
    of this process.
    """
    found: list[Outcome] = []
    last: tuple[int, int, str] | None = None
    for item in items:
        place = (item.run, item.place, f"{item.state} {item.error}")
        outcome = _outcome(item, latest.get(item.id))
        change, before = outcome.change, found[-1].change if found else None
        if place == last and isinstance(change, Update) and isinstance(before, Update) and before.oid == change.oid:
            # Attributes of one update.
            found[-1] = _with_change(found[-1], Update(change.oid, (*before.deltas, *change.deltas), change.comment))
        else:
            found.append(outcome)
        last = place
    return found


def _outcome(item: Item, latest: Outcome | None) -> Outcome:
    if latest is not None and state_of(latest) == item.state:
        return _with_change(latest, item.change)
    if item.state == DONE:
        notes = tuple(item.error.get("notes", ())) if item.error else ()
        return Done(item.change, item.oid or item.change.oid, notes=notes)
    error = error_from(item.error) if item.error else None
    if item.state == FAILED and error is not None:
        return Failed(item.change, error)
    if item.state in (SENT, UNKNOWN):
        why = "It was sent, and the run was broken off before an answer was noted. Run the job again to look it up."
        return Unknown(item.change, error or errors.BrokenOff(why, oid=item.change.oid.token))
    why = "It is planned and was not sent yet. Run the job again."
    return Skipped(item.change, error=error or errors.BrokenOff(why, oid=item.change.oid.token, sent=False))


def _with_change(outcome: Outcome, change: Change) -> Outcome:
    if isinstance(outcome, Done):
        return Done(change, outcome.oid, notes=outcome.notes)
    if isinstance(outcome, Skipped):
        return Skipped(change, outcome.needs, outcome.error)
    return type(outcome)(change, outcome.error)
