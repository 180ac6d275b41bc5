"""The flow of every write (reference 10): one request per change, concurrently where nothing else has to be first;
parents before what is below them, deletions last. Results of one space are created one after the other: the server
numbers them as they come, and the last is the latest. There are no transactions: what was saved stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check
from assetmeta.backends.rest.http import Object, delete
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.testspace.connection import Settings, parse_error, resource_of
from assetmeta.backends.testspace.keys import item_path
from assetmeta.backends.testspace.pages import objects_of
from assetmeta.backends.write_scheduler import Batches, Outcomes, in_rounds, sequentially
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import Change, Create
from assetmeta.model.values import Oid


def batches(writer: ChangeWriter) -> Batches:
    """Each change its own request, what may not overtake each other in turn."""

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        for queue in _queues(ready):
            yield queue, sequentially(queue, writer.write)

    return in_rounds(divide)


def _queues(ready: Sequence[Change]) -> list[list[Change]]:
    """Changes that are sent one after the other."""
    found: dict[object, list[Change]] = {}
    for change in ready:
        found.setdefault(_queue(change), []).append(change)
    return list(found.values())


def _queue(change: Change) -> object:
    """What a change has in common with those that it may not overtake."""
    if isinstance(change, Create) and change.oid.type == "Result":
        return next((("results", delta.new) for delta in change.deltas if delta.name == "space"), change.oid)
    return change.oid


def _answer_object(response: Response) -> Object | None:
    """The object in the answer to a write; None for an empty one, which HTTP wants of a 205."""
    if not response.body.strip():
        return None
    found = objects_of(response)
    return found[0] if len(found) == 1 else None


RULES = WriteRules("Testspace", answer_object=_answer_object, parse_error=parse_error, verbatim=True, brief=True)


def clear(result: Oid, settings: Settings) -> Flow[None]:
    """Delete all contents of a result; the result stays. One request. Raises what it is refused with."""
    place = settings.endpoint_path(item_path(resource_of("Result"), result.key), "contents")
    check((yield from send_one(delete(place))), parse_error)
