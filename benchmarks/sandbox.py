"""The sandbox as a process of its own, so that its work is not counted as ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from assetmeta import V1Meta


class Sandbox:
    """A running sandbox (of VersionOne unless *system* says otherwise) with about *assets* assets, kept in the file
    *db* if one is given; its answers are delayed by *latency* milliseconds.
    """

    def __init__(
        self, assets: int = 0, latency: float = 0.0, db: Path | None = None, system: str = "versionone"
    ) -> None:
        command = [sys.executable, "-m", "assetmeta", "sandbox", system, "--port", "0"]
        options = ["--assets", str(assets), "--latency", str(latency), *(("--db", str(db)) if db else ())]
        self._process = subprocess.Popen(command + options, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = self._process.stdout.readline().split()
        if len(told) != 5 or self._process.stdout.readline().strip() != "ready":
            self.close()
            raise RuntimeError(f"the sandbox did not start; it said {told}")
        _, self.url, self.user, self.secret, _ = told

    def session(self, **options: object) -> V1Meta:
        """A session of assetmeta that has read its schema."""
        v1 = V1Meta(self.url, username=self.user, password=self.secret, **options)
        assert v1.schema.types
        return v1

    def close(self) -> None:
        """Stop the process."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
