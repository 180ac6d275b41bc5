"""Many changes in few requests: POST api/asset (bulk). Each command has its own outcome, and nothing is undone.

chunks     up to max_bulk commands; several chunks are yielded together when none has to wait for another
no answer  every change of the chunk is unknown, and nothing more is sent
404, 405   the server is older than its bulk API: this and all that follows goes one by one
400 ...    the body was not taken, so nothing was done: the chunk goes one by one, which shows what is wrong
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.base import check
from assetmeta.backends.versionone.chunks import Chunk, Command
from assetmeta.backends.versionone.complaints import explain
from assetmeta.backends.versionone.lookback import look_again
from assetmeta.backends.versionone.progress import Progress
from assetmeta.backends.versionone.singly import singly
from assetmeta.backends.versionone.told import read_told
from assetmeta.backends.versionone.verdicts import judge
from assetmeta.backends.versionone.waiting import Footprint
from assetmeta.model.errors import AssetmetaError, LoginRefused, Misuse, ServerError, ServerFailed, Unreadable
from assetmeta.model.flows import Flow, Response
from assetmeta.model.plans import Failed

_MISSING = frozenset({404, 405})

_NOT_TAKEN = frozenset({400, 404, 405, 411, 413, 415})
"""Once a body is understood the status is 200, whatever becomes of its commands: these say that nothing was done."""


def in_bulk(progress: Progress, indices: Sequence[int]) -> Flow[None]:
    """Send these changes, all of which fit, and note their outcomes.

    Requests: one per chunk, and one more for updates of which the server said nothing.
    """
    doubtful: dict[int, bool] = {}
    while indices and progress.settings.seen.bulk is not False:
        lanes = progress.settings.max_lanes if progress.settings.seen.bulk else 1
        wave, taken = _wave(progress, indices, lanes)
        if len(wave) == 1 and wave[0].is_simple:
            yield from singly(progress, wave[0].indices)
        elif wave:
            doubtful.update((yield from _exchange(progress, wave)))
        indices = indices[taken:]
    yield from singly(progress, indices)
    yield from look_again(progress, doubtful)


def _wave(progress: Progress, indices: Sequence[int], lanes: int) -> tuple[list[Chunk], int]:
    """Make chunks of the first of *indices*, at most *lanes*, none of which has to wait for another. Returns them, and
    how many of *indices* they and the changes that need no sending account for.
    """
    chunks: list[Chunk] = []
    before, chunk = Footprint(progress.schema), _empty(progress)
    for count, index in enumerate(indices):
        change = progress.changes[index]
        if before.holds_up(change):
            return chunks, count
        command = _command(progress, chunk, index)
        if command is None:
            continue
        if not chunk.has_room(command):
            for each in chunk.commands.values():
                before.add(each.change)
            if len(chunks) == lanes or before.holds_up(change):
                return chunks, count
            chunk = _empty(progress)
        if not chunk.commands:
            chunks.append(chunk)
        chunk.add(command)
    return chunks, len(indices)


def _empty(progress: Progress) -> Chunk:
    return Chunk(progress.schema, progress.known, progress.settings.max_bulk)


def _command(progress: Progress, chunk: Chunk, index: int) -> Command | None:
    """Spell a change for *chunk*, or note its outcome where that is clear without sending it."""
    if not progress.is_due(index):
        return None
    change = progress.changes[index]
    try:
        return chunk.spell(index, change)
    except Misuse as error:
        progress.end(index, Failed(change, error))
        return None


def _exchange(progress: Progress, wave: Sequence[Chunk]) -> Flow[dict[int, bool]]:
    """Send chunks and note outcomes. Returns the updates to look at again (see `look_again`)."""
    try:
        sent = yield tuple(chunk.request() for chunk in wave)
    except AssetmetaError as error:
        progress.lose([index for chunk in wave for index in chunk.indices], error)
        return {}
    doubtful: dict[int, bool] = {}
    not_taken: list[int] = []
    for chunk, answer in zip(wave, sent if isinstance(sent, tuple) else (sent,), strict=True):
        if isinstance(answer, Response) and answer.status in _NOT_TAKEN:
            not_taken += chunk.indices
            if answer.status in _MISSING and progress.settings.seen.bulk is None:
                progress.settings.seen.bulk = False
        else:
            doubtful.update(_settled(progress, chunk, answer))
    yield from singly(progress, not_taken)
    return doubtful


def _settled(progress: Progress, chunk: Chunk, answer: Response | AssetmetaError) -> dict[int, bool]:
    """Take the answer to a chunk. A server that broke off may have done some of it."""
    if isinstance(answer, AssetmetaError):
        progress.unanswered(chunk.indices, answer)
        return {}
    try:
        told = read_told(check(answer, explain), chunk)
    except (ServerFailed, Unreadable, LoginRefused) as error:
        progress.unanswered(chunk.indices, error)
    except ServerError as error:
        for index in chunk.indices:
            progress.end(index, Failed(progress.changes[index], error))
    else:
        progress.settings.seen.bulk = True
        return dict.fromkeys(judge(progress, chunk, told), told.failures is not None)
    return {}
