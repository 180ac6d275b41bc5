"""Jobs that are killed at random points and run again until they are done: every asset exactly once, every value right.

    python -m benchmarks.kills              200 kills over the four servers, and as many other mishaps
    python -m benchmarks.kills 20 valohai   fewer, of one server

Each run is a process of its own, killed by `kill -9` before or after a request or a transaction of the journal. The
same seed has the same points. The test suite plays a few of these (tests/contract/test_kills.py).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta import Session, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.backends import versionone, write_scheduler
from assetmeta.backends.versionone import VersionOne
from assetmeta.features.journal import Journal

ROUND = 4
"""Changes in one round: small, so that few changes take several."""

LONGEST_PAUSE = 0.02
MISHAPS = ("kill", "kill late", "ctrl-c", "drop", "503", "429", "full disk", "still running")
KILLS = ("kill", "kill late", "still running")


class Level(NamedTuple):
    """One type of new assets: each asset of the level above gets *number* of them."""

    type: str
    name: str
    parent: str | None = None
    number: int = 2
    values: Mapping[str, Any] = {}


@dataclass(frozen=True)
class System:
    """What a job does on a server: new assets level by level, and edits and deletes of assets that were there before.
    *edited* names their type and the attribute that is written, *path* the part of a write's path.
    """

    kind: type[Session]
    levels: Sequence[Level]
    edited: tuple[str, str]
    made: Callable[[Any, str], Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


SYSTEMS = {
    "versionone": System(
        V1Meta,
        (
            Level("Epic", "Name", values={"Scope": "Scope:0"}),
            Level("Story", "Name", "Super", values={"Scope": "Scope:0"}),
            Level("Task", "Name", "Parent"),
        ),
        ("Story", "Reference"),
        lambda v1, name: v1.Story.create(Name=name, Scope="Scope:0"),
    ),
    "valispace": System(
        ValispaceMeta,
        (
            Level("Project", "name", number=1),
            Level("Component", "name", "project"),
            Level("Vali", "shortname", "parent"),
        ),
        ("Project", "description"),
        lambda vs, name: vs.Project.create(name=name),
    ),
    "valohai": System(
        ValohaiMeta,
        (Level("Project", "name"), Level("Deployment", "name", "project")),
        ("Project", "description"),
        lambda vh, name: vh.Project.create(name=name),
    ),
    "testspace": System(
        TestspaceMeta,
        (Level("Project", "name", number=1), Level("Space", "name", "project"), Level("Result", "name", "space")),
        ("Project", "description"),
        lambda ts, name: ts.Project.create(name=name),
    ),
}


@dataclass
class Stage:
    """A server, and the assets on it that one job edits and deletes. *tag* begins the names of all its assets."""

    system: System
    server: sandbox.Server[Any, Any]
    folder: Path
    tag: str
    kept: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def open(self, **settings: Any) -> Any:
        known: dict[str, Any] = {**self.server.token_credentials, **self.system.settings, **settings}
        return self.system.kind(**known)

    def prepare(self) -> None:
        with self.open() as session:
            made = [self.system.made(session, f"{self.tag}_old_{number}").idref for number in range(4)]
        self.kept, self.gone = made[:3], made[3:]

    def fill(self, session: Any) -> None:
        """What the script of the job does, the same in every run."""
        above: list[Any] = [None]
        for depth, level in enumerate(self.system.levels):
            made = []
            for number, parent in enumerate(above):
                for each in range(level.number):
                    values = {level.name: f"{self.tag}_{depth}_{number}_{each}", **level.values}
                    if level.parent is not None:
                        values[level.parent] = parent
                    made.append(session[level.type].new(**values))
            above = made
        for token in self.kept:
            session.asset_from_oid(token)[self.system.edited[1]] = "edited by the job"
        for token in self.gone:
            session.delete(session.asset_from_oid(token))

    def run(self, session: Any) -> Any:
        with session.job(self.tag, folder=self.folder, give_up_after=60) as job:
            self.fill(session)
        return job

    def complaints(self) -> list[str]:
        """What is not as it should be once the job is done."""
        found: list[str] = []
        with self.open() as session:
            for depth, level in enumerate(self.system.levels):
                assets = [
                    asset
                    for asset in session[level.type].select(level.name, *([level.parent] if level.parent else []))
                    if asset[level.name].startswith(f"{self.tag}_{depth}_")
                ]
                names = Counter(asset[level.name] for asset in assets)
                number = 1
                for each in self.system.levels[: depth + 1]:
                    number *= each.number
                if sorted(names.values()) != [1] * number:
                    found.append(f"{self.tag}: {number} {level.type} wanted, there are {dict(names)}")
                for asset in assets if level.parent else ():
                    above = asset[level.parent][self.system.levels[depth - 1].name].rpartition("_")
                    place = int(above[0].rpartition("_")[2]) * self.system.levels[depth - 1].number + int(above[2])
                    if asset[level.name].split("_")[-2] != str(place):
                        found.append(f"{asset[level.name]} is below {above}")
            kind, edited = self.system.edited
            there = {asset.idref: asset[edited] for asset in session[kind].select(edited)}
            found += [
                f"{token}: {there.get(token)!r}" for token in self.kept if there.get(token) != "edited by the job"
            ]
            found += [f"{token} is not deleted" for token in self.gone if token in there]
            job = session.job(self.tag, folder=self.folder)
            if job.report or job.status.state != "finished":
                found.append(f"{self.tag}: {job.status}; {job.report}")
        return found


def in_process(work: Callable[[], object]) -> int:
    """Do *work* in a process of its own; return how it ended: 0, 1 for an exception, -9 for a kill."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        code = 1
        try:
            signal.alarm(60)
            work()
            code = 0
        except BaseException as error:  # noqa: BLE001
            code = 2 if isinstance(error, KeyboardInterrupt) else 1
            if os.environ.get("KILLS_VERBOSE"):
                sys.excepthook(type(error), error, error.__traceback__)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Events:
    """Counts requests and transactions, their beginnings and ends, and lets something happen at one of them."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self._left, self._act = at, act
        self._lock = threading.Lock()

    def happen(self) -> None:
        with self._lock:
            self._left -= 1
            is_due = self._left == 0
        if is_due:
            self._act()

    def watch(self, session: Any) -> None:
        """Count the requests of a session, and the transactions of all journals of this process."""
        deliver, transaction = session._driver._sender.deliver, Journal._transaction

        def delivered(request: Any, *given: Any) -> Any:
            self.happen()
            try:
                return deliver(request, *given)
            finally:
                self.happen()

        @contextmanager
        def written(journal: Journal, **given: Any) -> Any:
            self.happen()
            with transaction(journal, **given) as connection:
                yield connection
            self.happen()

        session._driver._sender.deliver = delivered
        Journal._transaction = written  # type: ignore[method-assign,assignment]


def kill() -> None:
    """`kill -9` of this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    """Ctrl-C."""
    raise KeyboardInterrupt


def spoiled_run(stage: Stage, mishap: str, at: int) -> Callable[[], object]:
    """A run to which something happens."""

    def work() -> None:
        write_scheduler.MOST = ROUND
        versionone.VersionOne = partial(VersionOne, max_batch=ROUND, max_bulk=ROUND)  # type: ignore[misc,assignment]
        session = stage.open(retries=1, sleep=lambda seconds: time.sleep(min(seconds, LONGEST_PAUSE)))
        assert session.types
        if mishap in KILLS:
            Events(at, kill).watch(session)
        elif mishap == "ctrl-c":
            Events(at, interrupt).watch(session)
        elif mishap == "full disk":
            Events(at, lambda: _fill_disk(session)).watch(session)
        job = stage.run(session)
        assert not job.report, job.report

    return work


def _fill_disk(session: Any) -> None:
    opened, transaction = Journal.open, Journal._transaction

    @contextmanager
    def full(journal: Journal, **given: Any) -> Any:
        used = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count={used}")
        with transaction(journal, **given) as connection:
            connection.execute("CREATE TABLE more (data BLOB)")
            yield connection

    del opened
    Journal._transaction = full  # type: ignore[method-assign,assignment]


def ordeal(stage: Stage, mishaps: Sequence[str], chance: random.Random, most: int = 40) -> list[str]:
    """Run a job with one mishap after the other, then until it is done. Returns what is wrong then."""
    stage.prepare()
    wrong: list[str] = []
    for mishap in mishaps:
        at = chance.randint(1, most)
        if mishap in ("drop", "503", "429"):
            stage.server.add_fault(mishap, count=chance.randint(1, 3), method="POST")
        if mishap == "still running":
            # The request goes on at the server while the next run begins.
            stage.server.add_fault("slow", value=0.1, count=2, method="POST")
        codes = [in_process(spoiled_run(stage, mishap, at))]
        if mishap == "kill late":
            codes.append(in_process(spoiled_run(stage, "kill", chance.randint(1, 6))))
        if mishap in KILLS and not {0, -signal.SIGKILL}.issuperset(codes):
            wrong.append(f"{stage.tag}: a run that was to be killed ended with {codes}")
    stage.server.clear_faults()
    for _ in range(3):
        if in_process(spoiled_run(stage, "", 0)) == 0:
            return [*wrong, *stage.complaints()]
    return [*wrong, f"{stage.tag} is not done", *stage.complaints()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play it all. Returns 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kills", type=int, nargs="?", default=200, help="kills over all servers (200)")
    parser.add_argument("systems", nargs="*", help="the servers (all)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    systems = given.systems or list(SYSTEMS)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in systems:
            wrong += _play(name, given.kills // len(systems), given.seed, Path(folder))
    print(*wrong, sep="\n")
    return 1 if wrong else 0


def _play(name: str, kills: int, seed: int, folder: Path) -> list[str]:
    wrong: list[str] = []
    began, done = time.perf_counter(), Counter[str]()
    chance = random.Random(f"{name}/{seed}")
    with sandbox.running(name) as server:
        while done["kill"] + 2 * done["kill late"] < kills:
            mishaps = chance.choices(MISHAPS, weights=(6, 2, 1, 1, 1, 1, 1, 1), k=3)
            stage = Stage(SYSTEMS[name], server, folder, f"{name[:5]}{sum(done.values())}")
            wrong += ordeal(stage, mishaps, chance)
            done.update(mishaps)
    told = ", ".join(f"{number} {word}" for word, number in done.items())
    print(f"{name}: {told}; {time.perf_counter() - began:.0f} s, {len(wrong)} wrong", file=sys.stderr)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
