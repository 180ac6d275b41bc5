"""What a block sent to a Valohai, in words that do not depend on ids."""

from __future__ import annotations

from typing import Any

_SHORTEST_ID = 31


def lines(trace: Any) -> list[str]:
    """The method and the path below the API of each request; a star for each id."""
    found = []
    for entry in trace.ledger:
        steps = entry.path.partition("/v0/")[2].split("/")
        found.append(f"{entry.method} " + "/".join("*" if len(step) >= _SHORTEST_ID else step for step in steps))
    return found
