"""A VersionOne server that takes its time: META COUNT SECONDS. It prints its URL, and serves until its input ends.

Every page of stories takes SECONDS, whatever is in it, and pages are served concurrently. Stories come by key, also
where they are to be sorted; the schema is the document in the file META.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FIRST = 1000
"""The key of the first story; the others follow without gaps."""


class Handler(BaseHTTPRequestHandler):
    """Answers what a loop over stories requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    meta = b""
    stories: Sequence[bytes] = ()
    seconds = 0.0

    def do_GET(self) -> None:
        if "/meta.v1" in self.path:
            self._send("text/xml; charset=utf-8", self.meta)
        else:
            total = f'<Assets total="{len(self.stories)}" pageSize="1" pageStart="0"></Assets>'
            self._send("text/xml; charset=utf-8", total.encode())

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(self.seconds)
        page = query.get("page") or {"start": 0, "size": len(self.stories)}
        beyond = [int("".join(filter(str.isdigit, text))) - FIRST + 1 for text in query.get("filter", ())]
        start = page["start"] + max([0, *beyond])
        self._send("application/json", b"[[" + b", ".join(self.stories[start : start + page["size"]]) + b"]]")

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def story(number: int) -> bytes:
    """One story, with a name, two scalars and a relation."""
    item = {
        "_oid": f"Story:{FIRST + number}",
        "Name": f"Story number {number} of a long list",
        "Number": f"S-{FIRST + number:05}",
        "CreateDate": f"2026-0{number % 9 + 1}-1{number % 10}T08:00:00.000",
        "Scope": {"_oid": f"Scope:{number % 40}"},
    }
    return json.dumps(item).encode()


def main(meta: str, count: int, seconds: float) -> None:
    Handler.meta = Path(meta).read_bytes()
    Handler.stories = [story(number) for number in range(count)]
    Handler.seconds = seconds
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/VersionOne", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
