"""The flow of every write (reference 10): one request per change, concurrently where nothing else has to be first;
parents before what is below them, deletions last. Results of one space are created one after the other: the server
numbers them as they come, and the last is the latest. There are no transactions: what was saved stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.writer import ChangeWriter, WriteRules
from assetmeta.backends.testspace.connection import parse_error
from assetmeta.backends.testspace.pages import objects_of
from assetmeta.backends.write_scheduler import Batches, Outcomes, in_rounds, sequentially
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import Change, Create


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
