"""What the rows of one run share: how large the numbers are, running sandboxes, and recorded stories."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.chains import build
from benchmarks.sandbox import Sandbox
from benchmarks.stories import Stories, record

STORIES_AMONG = 0.14
"""The part of the sandbox's generated assets that are stories, at the least."""

ACTIVE_AMONG = 0.1
"""The part that are stories which may be changed."""

WORKITEMS_AMONG = 0.63
"""The same for workitems, which stories, tasks, defects, tests and epics are."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. *samples* are what v1pysdk does of the work where all of it takes too long."""

    rounds: int = 5
    decoded: int = 10_000
    walked: int = 1_000
    committed: int = 1_000
    samples: int = 60
    streamed: int = 200_000
    scaled: int = 100_000
    overlapped: int = 100_000
    latency: float = 20.0


QUICK = Size(
    rounds=2, decoded=1_000, walked=200, committed=200, samples=15, streamed=20_000, scaled=10_000, overlapped=20_000
)


class Bench:
    """The sandboxes of one run, started when first needed: `near` without latency, for *stories* stories and
    *workitems* workitems; `far` with latency and `twin` without, which hold the same chains.
    """

    def __init__(self, size: Size, stories: int = 0, workitems: int = 0) -> None:
        self.size = size
        self._assets = int(max(stories / STORIES_AMONG, workitems / WORKITEMS_AMONG, 2_000))
        self._running: list[Sandbox] = []
        self._folder = TemporaryDirectory()

    @cached_property
    def near(self) -> Sandbox:
        """The large sandbox without latency."""
        return self._start(Sandbox(self._assets))

    @cached_property
    def far(self) -> Sandbox:
        """The sandbox with latency: enough chains for the walk, and enough stories for the commit."""
        return self._start(Sandbox(latency=self.size.latency, db=self._copy("far")))

    @cached_property
    def twin(self) -> Sandbox:
        """The same assets without latency."""
        return self._start(Sandbox(db=self._copy("twin")))

    @cached_property
    def stories(self) -> Stories:
        """The recorded stories that the decoding rows read."""
        return record(self.near, self.size.decoded)

    @cached_property
    def _chained(self) -> Path:
        file = Path(self._folder.name) / "chains.db"
        others = max(self.size.committed - self.size.walked, 0)
        with Sandbox(int(others / ACTIVE_AMONG), db=file) as sandbox, sandbox.session() as v1:
            build(v1, self.size.walked)
        return file

    def _copy(self, name: str) -> Path:
        return Path(shutil.copy(self._chained, self._chained.with_name(f"{name}.db")))

    def _start(self, sandbox: Sandbox) -> Sandbox:
        self._running.append(sandbox)
        return sandbox

    def close(self) -> None:
        """Stop the sandboxes."""
        for sandbox in self._running:
            sandbox.close()
        self._folder.cleanup()
