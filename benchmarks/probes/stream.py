"""Read workitems page by page and tell the most memory that was in use: URL USER SECRET COUNT."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc

from assetmeta import V1Meta

NAMES = ("Name", "Number", "CreateDate", "Scope")


def main(url: str, user: str, secret: str, count: int) -> dict[str, float]:
    """Read *count* workitems and drop each page; only what comes after the first page of all counts."""
    with V1Meta(url, username=user, password=secret) as v1:
        query = v1.Workitem.select(*NAMES)
        assert list(query.page(size=1000))
        tracemalloc.start()
        start, received = time.perf_counter(), 0
        for item in query.page(size=count):
            assert item.Name is not None
            received += 1
        seconds = time.perf_counter() - start
        _, peak = tracemalloc.get_traced_memory()
    return {"received": received, "seconds": seconds, "peak": peak}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
