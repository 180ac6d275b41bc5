"""The trend of test results over the spaces of a Testspace project, drawn into a file (extra `plot`).

    python examples/results_trend.py [FOLDER]

The picture is put into FOLDER, or into a new folder for temporary files.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.ticker import MaxNLocator

from assetmeta import TestspaceMeta, sandbox

# It tells when it looks for fonts for the first time.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

COLOURS = {"failed": "#c8553d", "errored": "#e3a857"}


def trends(ts: TestspaceMeta, project: Any) -> dict[Any, list[Any]]:
    """The results of each space of a project that has several, oldest first; the longest trend first."""
    found: dict[Any, list[Any]] = {}
    for result in ts.Result.where({"space.project": project}).sort("sequence_number"):
        found.setdefault(result.space, []).append(result)
    several = [(space, results) for space, results in found.items() if len(results) > 1]
    return dict(sorted(several, key=lambda item: -len(item[1])))


def rate(result: Any) -> float:
    """The share of passed cases in percent, those that do not apply left out."""
    counts = result.case_counts
    ran = counts.passed + counts.failed + counts.errored
    return 100 * counts.passed / ran if ran else 0.0


def broken(result: Any) -> int:
    """How many cases did not pass."""
    return int(result.case_counts.failed + result.case_counts.errored)


def drawn(project: Any, spaces: dict[Any, list[Any]], folder: Path) -> Path:
    """Draw what did not pass and the share of what did, a row for each space; return the file."""
    figure, rows = pyplot.subplots(len(spaces), squeeze=False, figsize=(9, 2.6 * len(spaces)), layout="constrained")
    for axes, (space, results) in zip(rows[:, 0], spaces.items(), strict=True):
        numbers, below = [result.sequence_number for result in results], [0] * len(results)
        for outcome, colour in COLOURS.items():
            cases = [getattr(result.case_counts, outcome) for result in results]
            axes.bar(numbers, cases, bottom=below, color=colour, label=outcome)
            below = [low + more for low, more in zip(below, cases, strict=True)]
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(title=space.name, xlabel="result", ylabel="cases", ylim=(0, max(*below, 1) * 1.6))
        share = axes.twinx()
        share.plot(numbers, [rate(result) for result in results], color="#30638e", marker=".")
        share.set(ylabel="% passed", ylim=(0, 105))
    figure.legend(*rows[0, 0].get_legend_handles_labels(), loc="upper right", ncols=len(COLOURS))
    figure.suptitle(project.name)
    path = folder / "results_trend.png"
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path


def main() -> None:
    folder = Path(sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp(prefix="assetmeta-"))
    with (
        sandbox.running("testspace", assets=1500) as server,
        TestspaceMeta(**server.credentials) as ts,
        ts.trace() as trace,
    ):
        project = ts.Project("abccorp:billing")
        spaces = trends(ts, project)
        for space, results in spaces.items():
            worst = min(results, key=rate)
            print(f"{space.name:<14}{len(results):>3} results, worst {worst.name} with {rate(worst):.1f} % passed")
            print(f"{'':<14}not passed: {' '.join(str(broken(result)) for result in results)}")
        path = drawn(project, spaces, folder)
        print(f"\ndrawn: the trend of {len(spaces)} spaces of {project.name}, {len(trace)} requests")
        print(f"saved: {path} ({path.stat().st_size // 1024} KiB)")


if __name__ == "__main__":
    main()
