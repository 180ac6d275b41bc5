"""Several flows run concurrently: in each round, the requests of all of them are sent in one tuple."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.responses import answered
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.http import Flow, Reply, Request, Response, T, Yielded

MOST = 64
"""Requests in one tuple at most."""

Answers = tuple[Response | AssetmetaError, ...]


def gather_results(flows: Sequence[Flow[T]]) -> Flow[list[T | AssetmetaError]]:
    """Run *flows*. One result or error per flow, same order.

    An error that prevents a tuple from being sent, such as a closed session, is raised as long as nothing was sent;
    later it is the error of each flow whose request it was.
    """
    results: dict[int, T | AssetmetaError] = {}
    waiting: dict[int, Yielded] = {}
    for index, flow in enumerate(flows):
        _advance(index, flow, None, waiting, results)
    is_sent = False
    while waiting:
        due = _due(waiting)
        requests = tuple(request for yielded in due.values() for request in _several(yielded))
        try:
            sent = yield requests
        except AssetmetaError as error:
            if not is_sent:
                raise
            answers: Answers = (error,) * len(requests)
        else:
            answers = sent if isinstance(sent, tuple) else (sent,)
        is_sent = True
        for index, yielded in due.items():
            number = len(_several(yielded))
            taken, answers = answers[:number], answers[number:]
            del waiting[index]
            _advance(index, flows[index], taken if isinstance(yielded, tuple) else taken[0], waiting, results)
    return [results[index] for index in range(len(flows))]


def gather(flows: Sequence[Flow[T]]) -> Flow[list[T]]:
    """Run *flows* concurrently. One result per flow, same order; raises the first error among them."""
    found: list[T] = []
    if len(flows) == 1:
        # A single flow raises its own errors and needs no tuple.
        return [(yield from flows[0])]
    for result in (yield from gather_results(flows)):
        if isinstance(result, AssetmetaError):
            raise result
        found.append(result)
    return found


def send_one(request: Request) -> Flow[Response]:
    """Send one request and return its answer, of any status."""
    return answered((yield request))


def _due(waiting: dict[int, Yielded]) -> dict[int, Yielded]:
    """The first of *waiting* whose requests fit into one tuple; one at least."""
    found: dict[int, Yielded] = {}
    number = 0
    for index, yielded in waiting.items():
        number += len(_several(yielded))
        if found and number > MOST:
            break
        found[index] = yielded
    return found


def _several(yielded: Yielded) -> tuple[Request, ...]:
    if isinstance(yielded, Request):
        return (yielded,)
    if isinstance(yielded, tuple):
        return yielded
    raise TypeError("a flow among others yields requests only")


def _advance(
    index: int,
    flow: Flow[T],
    sent: Reply | AssetmetaError | None,
    waiting: dict[int, Yielded],
    results: dict[int, T | AssetmetaError],
) -> None:
    """Run one flow to its next requests, or to its end."""
    try:
        if sent is None:
            yielded = next(flow)
        else:
            yielded = flow.throw(sent) if isinstance(sent, AssetmetaError) else flow.send(sent)
    except StopIteration as end:
        results[index] = end.value
    except AssetmetaError as error:
        results[index] = error
    else:
        _several(yielded)
        waiting[index] = yielded
