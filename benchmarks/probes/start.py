"""Start a session and tell when its first query could be sent, and what was asked of the server before: FOLDER TYPES
ATTRIBUTES KEPT. The server is a generated schema, answered from memory. With KEPT = 1 the schema is kept in FOLDER.
"""

from __future__ import annotations

import json
import sys
import time

from assetmeta import V1Meta
from assetmeta.model.http import Request, Response
from benchmarks.document import FIRST, meta_document
from benchmarks.tape import Tape


def main(folder: str, types: int, attributes: int, *, kept: bool) -> dict[str, float]:
    """Milliseconds from making the session to the first query on its way, and the requests before it."""
    document = meta_document(types, attributes)
    sent: list[tuple[str, float]] = []

    def reply(request: Request) -> Response:
        sent.append((request.path, time.perf_counter()))
        if request.path.startswith("meta.v1"):
            return Response(200, {"content-type": "text/xml"}, document, request)
        return Response(200, {"content-type": "application/json"}, b"[[]]", request)

    options = {"schema_cache": folder} if kept else {}
    tape = Tape(reply).replay()
    start = time.perf_counter()
    v1 = V1Meta("http://127.0.0.1/VersionOne", username="ann", password="secret", cassette=tape, **options)
    kind = v1[FIRST]
    assert not list(kind.where(kind.Text0 == "a").select("Text0", "Number0"))
    path, at = sent[-1]
    assert path == "query.v1"
    return {"milliseconds": (at - start) * 1000, "requests": len(sent) - 1}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), kept=sys.argv[4] == "1")))
