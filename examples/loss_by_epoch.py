"""The loss of several Valohai executions by epoch: a parameter sweep, waited for, and its metadata as one picture.

Against the sandbox: python examples/loss_by_epoch.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from assetmeta import ValohaiMeta, sandbox
from assetmeta.tools import valohai

CONFIG = """\
- step:
    name: train
    image: python:3.11
    command:
      - 'echo ''{"epoch": 1, "loss": {parameter-value:start}}'''
      - 'echo ''{"epoch": 2, "loss": 0.7}'''
      - 'echo ''{"epoch": 3, "loss": 0.6}'''
    parameters:
      - name: start
        type: float
"""
"""The sandbox runs commands that only print; a real step trains, and prints such lines."""


def main(picture: Path) -> None:
    """Run a sweep and draw it; needs the extras arrow, pandas, plot and sandbox."""
    with (
        sandbox.running("valohai") as server,
        ValohaiMeta(**server.token_credentials) as vh,
        tempfile.TemporaryDirectory() as code,
    ):
        Path(code, "valohai.yaml").write_text(CONFIG, encoding="utf-8")
        project = vh.Project.create(name="sweep")
        commit = valohai.upload_code(project, code)
        runs = [
            vh.Execution.new(project=project, commit=commit, step="train", parameters={"start": start})
            for start in (2.0, 1.5, 0.9)
        ]
        vh.commit().raise_if_failed()
        with vh.trace() as trace:
            valohai.wait(runs, interval=0.2, timeout=60)
            frame = valohai.metadata_frame(runs).to_pandas()
    losses = frame.pivot_table("loss", "epoch", "execution_counter")
    print(losses)
    print(f"{len(frame)} points of {len(runs)} runs in {len(trace)} requests, the waiting included")
    losses.plot(title="Loss by epoch").figure.savefig(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "loss_by_epoch.png"))
