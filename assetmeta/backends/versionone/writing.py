"""The flow of every write: many changes together through api/asset, where it takes them, all else one by one
(writing; bulk).
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.versionone.bulk import in_bulk
from assetmeta.backends.versionone.commands import fits
from assetmeta.backends.versionone.documents import unsupported
from assetmeta.backends.versionone.progress import Progress
from assetmeta.backends.versionone.settings import Settings
from assetmeta.backends.versionone.singly import singly
from assetmeta.backends.versionone.waiting import Footprint
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Call, Change, Outcome
from assetmeta.model.schema import Schema


def write(schema: Schema, changes: Sequence[Change], settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; a change on its own takes one request to rest-1.v1.

    After a refused login or a server that gave no answer nothing more is sent: the rest fails with the same error.
    Raises Unsupported, before anything is sent, for an operation with arguments where bulk writing is off or missing.
    """
    for change in changes:
        if _has_arguments(change) and not _may_bulk(settings):
            assert isinstance(change, Call)
            raise unsupported(change)
    progress = Progress(schema, settings, changes)
    left = list(range(len(changes)))
    bulky = {index for index in left if _may_bulk(settings) and fits(schema, changes[index])}
    while left:
        together = left[0] in bulky
        taken, left = _parted(progress, left, bulky, together)
        yield from in_bulk(progress, taken) if together else singly(progress, taken)
    return [progress.outcomes[index] for index in range(len(changes))]


def _may_bulk(settings: Settings) -> bool:
    return settings.bulk and settings.seen.bulk is not False


def _has_arguments(change: Change) -> bool:
    return isinstance(change, Call) and bool(change.arguments)


def _parted(progress: Progress, indices: Sequence[int], bulky: set[int], together: bool) -> tuple[list[int], list[int]]:
    """Part changes into those that go the first one's way now, and those that go later: the others, and what has to
    wait for one of them.
    """
    now: list[int] = []
    later: list[int] = []
    waiting = Footprint(progress.schema)
    for index in indices:
        change = progress.changes[index]
        if (index in bulky) is together and not waiting.holds_up(change):
            now.append(index)
        else:
            later.append(index)
            waiting.add(change)
    return now, later
