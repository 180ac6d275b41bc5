"""Jobs that are killed (`kill -9`) and otherwise disturbed at random points, the same in every run of the tests, are
done in the end: every asset exactly once, every value right. benchmarks/kills.py plays the same at length.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from assetmeta import sandbox

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.kills import SYSTEMS, Stage, in_process, kill, ordeal, spoiled_run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")


DISTURBED = {
    "versionone": ("kill", "still running", "full disk", "kill"),
    "valispace": ("kill", "ctrl-c", "drop"),
    "valohai": ("kill", "kill late", "503"),
    "testspace": ("kill", "drop", "kill"),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_job_that_is_disturbed_is_done_in_the_end(name: str, tmp_path: Path) -> None:
    with sandbox.running(name) as server:
        stage = Stage(SYSTEMS[name], server, tmp_path, "kills")
        assert [] == ordeal(stage, DISTURBED[name], random.Random(name), most=24)


def test_the_harness_kills_and_complains(tmp_path: Path) -> None:
    """What else would let the other tests pass without a meaning."""
    assert -9 == in_process(kill)
    with sandbox.running("versionone") as server:
        stage = Stage(SYSTEMS["versionone"], server, tmp_path, "harness")
        stage.prepare()
        assert 0 == in_process(spoiled_run(stage, "", 0))
        assert [] == stage.complaints()
        for file in tmp_path.iterdir():
            file.unlink()
        # Without its journal the job is done once more, and what is to be deleted is gone.
        assert 1 == in_process(spoiled_run(stage, "", 0))
        assert any("wanted, there are" in line for line in stage.complaints())
