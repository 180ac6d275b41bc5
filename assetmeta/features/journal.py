"""The journal of a job: a private SQLite file that outlives the process, and the lock that goes with it.

    planned ──mark_sent()──▶ sent ──record_outcomes()──▶ done | failed | unknown | planned (it was not sent after all)

What is planned is written before the first request, what is about to be sent before each round, each outcome after it.
The first two are on the disk before the job goes on, whatever becomes of the power. An outcome that is lost leaves its
item sent, and the next run looks it up.

An item is one create, one delete, or the update of one attribute. New assets are named in it by provisional identities
that are the same in all runs. It holds no secret: in the place of one is a digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from assetmeta.core.report import error_of
from assetmeta.model import optional
from assetmeta.model.changes_json import change_from_json, change_to_json
from assetmeta.model.errors import AssetmetaError, JobError
from assetmeta.model.folders import expanded, state_folder
from assetmeta.model.plans import Change, Done, Failed, Outcome, Skipped, Unknown
from assetmeta.model.values import Oid
from assetmeta.version import __version__

_FORMAT = 1
_ROUNDS = 10_000
"""Rounds of the digest of a secret."""

_TABLES = """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE items (
        id INTEGER PRIMARY KEY, run INTEGER NOT NULL, place INTEGER NOT NULL, asset TEXT NOT NULL, change TEXT NOT NULL,
        key TEXT, state TEXT NOT NULL, oid TEXT, error TEXT, mark TEXT
    );
"""

PLANNED, SENT, DONE, FAILED, UNKNOWN = "planned", "sent", "done", "failed", "unknown"

_ABANDONED: list[Any] = []
"""Connections of a parent process, which are not to be closed here."""


@dataclass(slots=True)
class Item:
    """One item of a journal: a *change* and its *state*. *run* is the number of the latest run that planned it, *place*
    the position of its change in that plan; *key* is the script's key of a create, *oid* the asset that was changed or
    created, *error* the details of a failure, *mark* the server's mark from before a create was sent (as JSON).
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
    """Yield the journals in *folder* in order: the file and the name of its job, None where it cannot be read. A
    journal in which no run was noted yet is left out. Sends nothing.
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
                    lock.execute("INSERT INTO holder VALUES (?)", (_this_process(),))
                    lock.execute("COMMIT")
                    lock.execute("BEGIN IMMEDIATE")
                except self._sqlite.OperationalError as error:
                    if error.sqlite_errorcode != self._sqlite.SQLITE_BUSY:
                        raise
                    raise JobError(f"The job {self._name!r} is being run by {self._read_holder(lock)}.") from None
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def _read_holder(self, lock: Any) -> str:
        """The process that is noted in the lock's file, as text."""
        try:
            row = lock.execute("SELECT text FROM holder").fetchone()
        except self._sqlite.Error:
            row = None
        return str(row[0]) if row else "another process"

    @property
    def holder(self) -> str | None:
        """The process that is running the job; None when there is none. Sends nothing."""
        file = self._stem.with_name(f"{self._stem.name}.lock")
        if not file.exists():
            return None
        with self._errors("read"):
            lock = self._sqlite.connect(file, timeout=0, isolation_level=None)
            try:
                lock.execute("BEGIN IMMEDIATE")
            except self._sqlite.OperationalError:
                return self._read_holder(lock)
            finally:
                lock.close()
        return None

    def _make_private(self, file: Path) -> None:
        """Make a file that only this user can read; SQLite gives its own files beside it the same rights. Raises
        JobError for one that others can write.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(file, flags, 0o600)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            raise JobError(f"{file} belongs to another user, or others can write it. Name another folder for the job.")

    def open(self) -> None:
        """Open the journal, or create one. Raises JobError for a file that cannot be used, or of a newer version."""
        if self._connection is not None:
            return
        with self._errors("open"):
            self._make_private(self.file)
            connection = self._sqlite.connect(self.file, timeout=10, isolation_level=None, check_same_thread=False)
            try:
                # A transaction then takes one sync of the disk and not three, or none.
                connection.execute("PRAGMA journal_mode=WAL")
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
        """The properties of the job, by name: job, server, user, started, ended (ISO), runs (their number), salt."""
        with self._errors("read"):
            return dict(self._connection.execute("SELECT name, value FROM about"))

    def items(self, *states: str) -> Iterator[Item]:
        """Yield all items, or those in these states, in the order in which they were planned."""
        where = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        with self._errors("read"):
            for number, run, place, change, key, state, oid, error, mark in self._connection.execute(
                f"SELECT id, run, place, change, key, state, oid, error, mark FROM items {where} ORDER BY id", states
            ):
                yield Item(
                    number,
                    run,
                    place,
                    change_from_json(msgspec.json.decode(change)),
                    key,
                    state,
                    _oid(oid) if oid else None,
                    msgspec.json.decode(error) if error else None,
                    msgspec.json.decode(mark) if mark else None,
                )

    def states(self) -> dict[int, tuple[str, Oid | None]]:
        """The state of each item, and which asset was changed or created."""
        with self._errors("read"):
            rows = self._connection.execute("SELECT id, state, oid FROM items")
            return {number: (state, _oid(oid) if oid else None) for number, state, oid in rows}

    def assets(self) -> dict[Oid, Oid]:
        """The assets that were changed or created, by their identities in the journal."""
        with self._errors("read"):
            rows = self._connection.execute("SELECT asset, oid FROM items WHERE state='done'")
            return {_oid(asset): _oid(oid) for asset, oid in rows}

    def counts(self, run: int) -> dict[str, int]:
        """How many items of a run's plan are in each state."""
        with self._errors("read"):
            return dict(
                self._connection.execute("SELECT state, count(*) FROM items WHERE run=? GROUP BY state", (run,))
            )

    def begin(
        self,
        about: Mapping[str, str],
        new: Iterable[Item],
        replaced: Iterable[tuple[int, Change]],
        gone: Iterable[int],
        *,
        fresh: bool,
    ) -> None:
        """Write the plan of a run, in one transaction that is on the disk when this returns.

        The run consists of the *new* items, and of all earlier ones except those that are *gone*; *replaced* are
        numbers of items, each with the change that it has now. With *fresh* all earlier items are deleted. *about* are
        the job's properties, with its runs and its salt.
        """
        digest, run = secret_digest(about["salt"]), int(about["runs"])

        def text(change: Change) -> str:
            return _json(change_to_json(change, digest))

        with self._transaction(is_durable=True) as connection:
            if fresh:
                connection.execute("DELETE FROM items")
                connection.execute("DELETE FROM about")
            known = {"format": str(_FORMAT), "version": __version__, **about}
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", known.items())
            # A negative number marks the items that do not join this run, and becomes their own again.
            connection.executemany("UPDATE items SET run=-run WHERE id=?", ((number,) for number in gone))
            connection.execute("UPDATE items SET run=CASE WHEN run < 0 THEN -run ELSE ? END", (run,))
            connection.executemany(
                "INSERT INTO items (id, run, place, asset, change, key, state) VALUES (?, ?, ?, ?, ?, ?, 'planned')",
                ((i.id, i.run, i.place, _json(i.change.oid[:2]), text(i.change), i.key) for i in new),
            )
            connection.executemany(
                "UPDATE items SET state='planned', error=NULL, change=? WHERE id=?",
                ((text(change), number) for number, change in replaced),
            )

    def note(self, **about: str) -> None:
        """Write properties of the job (see `about`)."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())

    def mark_sent(self, items: Sequence[tuple[int, str | None]]) -> None:
        """Mark items, by their numbers, as sent, each with its mark as JSON. It is on the disk when this returns."""
        with self._transaction(is_durable=True) as connection:
            connection.executemany(
                "UPDATE items SET state='sent', error=NULL, mark=? WHERE id=?",
                ((mark, number) for number, mark in items),
            )

    def record_outcomes(self, outcomes: Iterable[tuple[int, Outcome | None]]) -> None:
        """Write the outcomes of items, by their numbers; None makes an item planned again."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE items SET state=?, oid=?, error=? WHERE id=?",
                ((*_outcome_row(outcome), number) for number, outcome in outcomes),
            )

    @contextmanager
    def _transaction(self, *, is_durable: bool = False) -> Iterator[Any]:
        """Give the connection; all that is written in the block is saved, or nothing. Raises JobError."""
        with self._errors("write"):
            # One that is not durable is whole all the same, and is on the disk with the next one that is.
            self._connection.execute(f"PRAGMA synchronous={'FULL' if is_durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        """Raise JobError for what a file, the database or its contents raise; *verb* names what cannot be done."""
        try:
            yield
        except (self._sqlite.Error, OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, AssetmetaError):
                raise
            raise JobError(
                f"Cannot {verb} the journal of the job {self._name!r} ({self.file}): {error}. What was sent before is "
                "in it, and nothing is sent without it."
            ) from error


def _this_process() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} (since {since})"


def secret_digest(salt: str) -> Callable[[object], str]:
    """Return the function that turns a secret into what the journal has in its place: PBKDF2 of SHA-256, in hex."""

    def digest(secret: object) -> str:
        text = secret if isinstance(secret, str) else json.dumps(secret, sort_keys=True, default=str)
        return hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "replace"), salt.encode(), _ROUNDS).hex()

    return digest


def _json(found: object) -> str:
    text: str = msgspec.json.encode(found).decode()
    return text


def _oid(text: str) -> Oid:
    return Oid(*msgspec.json.decode(text))


_STATES: Mapping[type[Outcome] | type[None], str] = {
    Done: DONE,
    Failed: FAILED,
    Skipped: PLANNED,
    Unknown: UNKNOWN,
    type(None): PLANNED,
}

KEPT = ("type_name", "attribute", "oid", "status", "request", "server_message", "code", "sent")
"""Attributes of an error that the journal has besides its class and its text."""


def state_of(outcome: Outcome | None) -> str:
    """The state of an item with that outcome: what was not sent is planned."""
    return _STATES[type(outcome)]


def _outcome_row(outcome: Outcome | None) -> tuple[str, str | None, str | None]:
    """The columns state, oid and error of an outcome."""
    if outcome is None:
        return PLANNED, None, None
    if isinstance(outcome, Done):
        notes = _json({"notes": outcome.notes}) if outcome.notes else None
        return DONE, _json(outcome.oid[:2]), notes
    error = error_of(outcome)
    details = {name: value for name in KEPT if (value := vars(error).get(name)) is not None}
    return state_of(outcome), None, _json({"kind": type(error).__name__, "text": str(error), **details})
