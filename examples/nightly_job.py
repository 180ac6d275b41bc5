"""A night job: tasks from a CSV file, first as a plan, then as a job that goes on where it stopped.

    nightly_job.py --plan tasks.csv work      print what would be done, and write nothing
    nightly_job.py tasks.csv work             do it: "work" is a profile, an address will do as well

The exit code is 0 when everything is done, 1 when something is not (the log says what), 2 when the job could not be run
at all. In a crontab, every night at 2:30, and again at 4:30 and 6:30, which goes on with what is left, or does nothing:

    30 2,4,6 * * *  cd /srv/import && python nightly_job.py tasks.csv work >> nightly.log 2>&1

Without arguments it shows itself against a sandbox.
"""

from __future__ import annotations

import argparse
import csv
import logging
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from assetmeta import AssetmetaError, connect, sandbox

log = logging.getLogger("nightly_job")


def fill(v1: Any, file: Path) -> None:
    """Make what the file says pending: new tasks of stories, and the estimates of these."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    stories = {story.Number: story for story in v1.Story.where(Number=[row["story"] for row in rows])}
    for row in rows:
        story = stories[row["story"]]
        v1.Task.new(Name=row["task"], Parent=story, ToDo=row["hours"])
        story.Estimate = row["estimate"]


def night(v1: Any, file: Path, folder: Path | None = None) -> int:
    """Do what the file says, and return the exit code. The date in the name makes it another job every night."""
    try:
        with v1.job(f"{file.stem}-{date.today()}", folder=folder) as job:
            fill(v1, file)
    except AssetmetaError as error:
        log.error("%s", error)
        return 2
    for problem in job.report.errors:
        log.error("%s", problem)
    log.info("%s", job.status)
    return 1 if job.report else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Create tasks from a CSV file.")
    parser.add_argument("file", type=Path, help="story,task,hours,estimate")
    parser.add_argument("server", help="a profile or an address")
    parser.add_argument("--plan", action="store_true", help="print what would be done")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    with connect(given.server) as v1:
        if not given.plan:
            return night(v1, given.file)
        with v1.planning() as planning:
            fill(v1, given.file)
        print(planning.plan)
        return 0


def demo() -> None:
    """Plan, do, and do it once more, against a sandbox."""
    with tempfile.TemporaryDirectory() as place, sandbox.running("versionone", assets=200, seed=5) as server:
        file = Path(place) / "tasks.csv"
        with connect(f"versionone+{server.url}", token=server.token) as v1:
            numbers = [story.Number for story in v1.Story.where(AssetState="Active").select("Number")[:5]]
            lines = [f"{number},Task {place} of {number},{place}.5,8" for number in numbers for place in (1, 2, 3)]
            file.write_text("\n".join(["story,task,hours,estimate", *lines]), encoding="utf-8")
            with v1.planning() as planning:
                fill(v1, file)
            print("\n".join(str(planning.plan).splitlines()[:8]), "\n  ...\n")
            for run in ("The first run", "The same again"):
                with v1.trace() as trace:
                    code = night(v1, file, Path(place))
                print(f"{run}: exit code {code}, {sum(entry.method == 'POST' for entry in trace.ledger)} POSTs")
            print(f"{v1.Task.where(Name=[line.split(',')[1] for line in lines]).count()} tasks on the server")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main())
    demo()
