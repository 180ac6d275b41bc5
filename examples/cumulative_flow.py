"""The cumulative flow of a VersionOne project: how many stories were in which status, week by week, as a picture.

Against the sandbox: python examples/cumulative_flow.py
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from assetmeta import V1Meta, sandbox


def main(picture: Path) -> None:
    """Read the history of all stories and draw it; needs the extras arrow, pandas, plot and sandbox."""
    with sandbox.running("versionone", assets=300) as server, V1Meta(**server.credentials) as v1, v1.trace() as trace:
        frame = v1.Story.query().history_frame("Status.Name", start=date(2025, 1, 6), end=date(2025, 4, 7))
    flow = frame.groupby(["AsOf", "Status.Name"], dropna=False, observed=True).size().unstack(fill_value=0)
    print(flow)
    print(f"{len(frame)} rows in {len(trace)} requests")
    axes = flow.plot.area(title="Cumulative flow")
    axes.figure.savefig(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "cumulative_flow.png"))
