"""What failed on Valohai, over all projects: who ran it, how long it took, and the last it had to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from assetmeta import ValohaiMeta, sandbox
from assetmeta.tools import valohai

FAILED = ("error", "crashed")
LINES = 2
"""How many lines of a log are shown."""


def last_words(execution: Any) -> list[str]:
    """The last lines that an execution wrote, or what Valohai wrote where it got no further. One request."""
    told = list(valohai.events(execution, limit=10))
    own = [event.message for event in told if event.stream != "status"]
    return (own or [event.message for event in told])[-LINES:]


def report(vh: ValohaiMeta) -> None:
    """Print a table of the failed executions, newest first."""
    # Project and creator come along with the rows; only the logs are asked for one by one.
    failed = vh.Execution.where(status=FAILED).select("counter", "step", "project.name", "creator_name", "duration")
    print(f"{'project':<18}{'run':>5}  {'step':<12}{'who':<8}{'status':<9}{'duration':>10}")
    for execution in failed.sort("-ctime"):
        duration = timedelta(seconds=round((execution.duration or timedelta()).total_seconds()))
        print(
            f"{execution.project.name:<18}{execution.counter:>5}  {execution.step:<12}{execution.creator_name:<8}"
            f"{execution.status:<9}{duration!s:>10}"
        )
        for line in last_words(execution):
            print(f"{'':>25}{line}")


def by_step(vh: ValohaiMeta) -> None:
    """How often each step failed, of how many runs."""
    runs: dict[str, list[bool]] = {}
    for execution in vh.Execution.select("step", "status"):
        runs.setdefault(execution.step, []).append(execution.status in FAILED)
    for step, outcomes in sorted(runs.items()):
        print(f"{step:<12}{sum(outcomes):>4} of {len(outcomes):>4} failed")


def main() -> None:
    with (
        sandbox.running("valohai", assets=400, seed=5) as server,
        ValohaiMeta(**server.credentials) as vh,
        vh.trace() as trace,
    ):
        report(vh)
        print()
        by_step(vh)
        print(f"\n{len(trace)} requests: one to log in, one for the schema, one for each list and each log")


if __name__ == "__main__":
    main()
