"""Several flows run side by side: in each round, one request of each goes out in the same tuple."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.base import answered
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.flows import Flow, Request, Response, T, Yielded

MOST = 64
"""Requests in one tuple at most: what was sent of a larger one is all lost when the session is closed meanwhile."""


def settled(flows: Sequence[Flow[T]]) -> Flow[list[T | AssetmetaError]]:
    """Run *flows*, each of which yields single requests. One result or error per flow, same order.

    What spoils a whole tuple, such as a closed session, is raised.
    """
    results: dict[int, T | AssetmetaError] = {}
    waiting: dict[int, Request] = {}
    for index, flow in enumerate(flows):
        _go_on(index, flow, None, waiting, results)
    while waiting:
        due = list(waiting.items())[:MOST]
        sent = yield tuple(request for _, request in due)
        for (index, _), answer in zip(due, sent if isinstance(sent, tuple) else (sent,), strict=True):
            del waiting[index]
            _go_on(index, flows[index], answer, waiting, results)
    return [results[index] for index in range(len(flows))]


def together(flows: Sequence[Flow[T]]) -> Flow[list[T]]:
    """Run *flows* side by side. One result per flow, same order; raises the first error among them."""
    found: list[T] = []
    if len(flows) == 1:
        # A single flow keeps its own errors and needs no tuple.
        return [(yield from flows[0])]
    for result in (yield from settled(flows)):
        if isinstance(result, AssetmetaError):
            raise result
        found.append(result)
    return found


def single(request: Request) -> Flow[Response]:
    """Send one request and return its answer, of any status."""
    return answered((yield request))


def _go_on(
    index: int,
    flow: Flow[T],
    answer: Response | AssetmetaError | None,
    waiting: dict[int, Request],
    results: dict[int, T | AssetmetaError],
) -> None:
    """Let one flow go on to its next request, or to its end."""
    try:
        yielded = _next(flow, answer)
    except StopIteration as end:
        results[index] = end.value
    except AssetmetaError as error:
        results[index] = error
    else:
        if not isinstance(yielded, Request):
            raise TypeError("a flow among others yields one request at a time")
        waiting[index] = yielded


def _next(flow: Flow[T], answer: Response | AssetmetaError | None) -> Yielded:
    if answer is None:
        return next(flow)
    return flow.throw(answer) if isinstance(answer, AssetmetaError) else flow.send(answer)
