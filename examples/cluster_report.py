"""A report by several workers: Dask reads the parts of a query where it uses them, all under one rate (extra `dask`).

    python examples/cluster_report.py [ASSETS]

2,000 assets of a sandbox, unless told otherwise, by two workers; from 10,000 on (1,000,000 take some minutes to be
made) the workers are processes.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from dask.distributed import Client, LocalCluster

from assetmeta import connect, sandbox

SEPARATE = 10_000
"""Assets from which on it is worth the while to start processes."""

PROFILE = """
[cluster]
url = "versionone+{url}"
username = "{username}"
password_env = "CLUSTER_PASSWORD"
rate = "200/second"
"""


def prepare(server: Any, folder: Path) -> None:
    """Give this process, and those that it starts, a profile for the server. A part names it, and holds no login."""
    login = server.credentials
    (folder / "profiles.toml").write_text(PROFILE.format(url=server.url, username=login["username"]))
    os.environ["ASSETMETA_PROFILES"] = str(folder / "profiles.toml")
    os.environ["ASSETMETA_STATE"] = str(folder / "state")
    os.environ["CLUSTER_PASSWORD"] = login["password"]


def main(arguments: list[str]) -> None:
    number = int(arguments[0]) if arguments else 2_000
    with tempfile.TemporaryDirectory() as name, sandbox.running("versionone", assets=number) as server:
        prepare(server, Path(name))
        with (
            connect("cluster") as v1,
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=number >= SEPARATE,
                dashboard_address=None,
                silence_logs=logging.ERROR,
            ) as cluster,
            Client(cluster),
        ):
            query = v1.Workitem.select("Number", "Scope.Name", "ToDo")
            frame = query.to_dask(8, decimals="float")
            print(f"{frame.npartitions} parts, {len(v1.ledger)} requests so far")
            print(query.parts(8)[1].explain())
            report = frame.groupby("Scope.Name").agg({"Number": "count", "ToDo": "sum"}).compute()
            print(report.sort_values("Number", ascending=False).head(20).to_string())
            print(f"{report['Number'].sum()} workitems in {len(report)} projects")


if __name__ == "__main__":
    main(sys.argv[1:])
