"""The ASGI application in front of a face: body in, latency, faults, log, answer out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from assetmeta.sandbox.face import Answering
from assetmeta.sandbox.faults import Fault, Faults
from assetmeta.sandbox.handle import Logged
from assetmeta.sandbox.messages import Request, Response

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TRANSPORT = "assetmeta.transport"
"""The extension of a scope that holds the transport of its connection."""

CUT = 0
SLOW_PIECES = 20


class Application:
    """Serves one face. Requests are carried out on *executor*, so a slow answer holds nobody up."""

    def __init__(self, face: Answering, executor: Executor, faults: Faults, latency: float = 0.0) -> None:
        self.face = face
        self.faults = faults
        self.log: list[Logged] = []
        self._executor = executor
        self._latency = latency / 1000.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Scopes other than "http" are not offered by the server."""
        request = await read_request(scope, receive)
        if request is None:
            return
        if self._latency:
            await asyncio.sleep(self._latency)
        fault = self.faults.take(request, late=False)
        if fault is None:
            response = await asyncio.get_running_loop().run_in_executor(self._executor, self.face.answer, request)
            if response.status < 400:
                fault = self.faults.take(request, late=True)
        else:
            response = failure(fault)
        cut = fault is not None and fault.kind in ("drop", "drop-before")
        self.log.append(Logged(request.method, request.target, CUT if cut else response.status))
        await deliver(response, fault, scope, receive, send)


async def read_request(scope: Scope, receive: Receive) -> Request | None:
    """The request with its whole body, since an answer before its end would break the pipe of a large upload.

    None where the client went away in the middle of the body: half a request must not be carried out.
    """
    pieces: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    host, port = scope["server"]
    origin = f"{scope['scheme']}://{headers.get('host') or f'{host}:{port}'}"
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, query, headers, b"".join(pieces), origin)


def failure(fault: Fault) -> Response:
    """The error page of a fault that prevents the request: HTML, as a proxy in between would send it."""
    if not fault.kind.isdigit():
        return Response(CUT)
    status = int(fault.kind)
    wait = fault.value if fault.value is not None else 1.0 if status == 429 else None
    headers = () if wait is None else (("Retry-After", f"{wait:g}"),)
    return Response(status, f"<html><body><h1>{status}</h1></body></html>".encode(), "text/html", headers)


async def deliver(response: Response, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *response*, spoilt by *fault* if there is one."""
    kind = fault.kind if fault is not None else ""
    if kind in ("drop", "drop-before"):
        scope["extensions"][TRANSPORT]["transport"].abort()
        await gone(receive)
        return
    await send({"type": "http.response.start", "status": response.status, "headers": list(headers_of(response))})
    if kind == "slow" and fault is not None:
        await trickle(response.body, 2.0 if fault.value is None else fault.value, send)
    elif kind == "truncate":
        await send({"type": "http.response.body", "body": response.body[: len(response.body) // 2], "more_body": True})
        scope["extensions"][TRANSPORT]["transport"].close()
        await gone(receive)
    else:
        await send({"type": "http.response.body", "body": response.body})


async def trickle(body: bytes, seconds: float, send: Send) -> None:
    """Send *body* in small pieces over *seconds*."""
    size = max(1, -(-len(body) // SLOW_PIECES))
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / SLOW_PIECES)
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed, so that it does not report a lost answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


def headers_of(response: Response) -> Iterator[tuple[bytes, bytes]]:
    """The header lines of *response*, its length included."""
    if response.content_type is not None:
        yield b"content-type", response.content_type.encode("latin-1")
    for name, value in response.headers:
        yield name.lower().encode("latin-1"), value.encode("latin-1")
    yield b"content-length", str(len(response.body)).encode()
