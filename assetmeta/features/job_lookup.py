"""What became of items of a job that were sent and never answered, in an earlier run or before a passing fault.

Creates are looked up: by their natural key, else by their values among the assets created since a mark.
Updates and deletes are compared with the present values.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from assetmeta.core.commit import Committer
from assetmeta.core.context import SessionContext
from assetmeta.features.job_draft import NATURAL
from assetmeta.features.journal import SENT, UNKNOWN, Item, Journal
from assetmeta.model.contract import Mark, SupportsLookup
from assetmeta.model.errors import AssetmetaError, Unreachable
from assetmeta.model.identities import resolve_change
from assetmeta.model.plans import Change, Create, Done, Outcome, Unknown
from assetmeta.model.values import Oid

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0

_APART = 2.0
"""Seconds between two looks at what became of creates, at first."""


class JobLookup:
    """Settles what is in doubt in one journal. *unknown* is what stays so in this run, with how to settle it."""

    def __init__(self, journal: Journal, context: SessionContext, writer: Committer) -> None:
        self._journal, self._context, self._writer = journal, context, writer
        self.unknown: dict[int, Unknown] = {}

    def settle(self) -> Iterator[list[tuple[Item, Outcome | None]]]:
        """Note in the journal what became of what is in doubt, and yield it, creates first; None for what is sent
        again. Requests: a read per type and chunk of assets, again until two looks at creates agree.
        """
        doubt = [item for item in self._journal.items(SENT, UNKNOWN) if item.id not in self.unknown]
        creates = [item for item in doubt if isinstance(item.change, Create)]
        others = [item for item in doubt if not isinstance(item.change, Create)]
        for items, look in ((creates, self._creates), (others, self._others)):
            if items:
                found = list(zip(items, look(items), strict=True))
                self._journal.record_outcomes((item.id, outcome) for item, outcome in found)
                self.unknown |= {item.id: outcome for item, outcome in found if isinstance(outcome, Unknown)}
                yield found

    def _resolved(self, items: Sequence[Item]) -> list[Any]:
        """Changes as the server knows their assets: those that the job created by their real identities."""
        real = self._journal.assets()
        return [resolve_change(item.change, real, self._context.references_in) for item in items]

    def _others(self, items: Sequence[Item]) -> list[Outcome | None]:
        changes = self._resolved(items)
        # Without its asset, which is not there, a change was not saved.
        known = [change for change in changes if not change.oid.is_new]
        outcomes = iter(self._writer.look_up(known))
        return [None if change.oid.is_new else next(outcomes) for change in changes]

    def _creates(self, items: Sequence[Item]) -> list[Outcome | None]:
        """Look until two reads agree, since the request may still be running."""
        log.info("Looking up %s creates that were not answered", len(items))
        backend, context = self._context.backend, self._context
        if not isinstance(backend, SupportsLookup):
            return [_unknown(item.change) for item in items]
        creates, claimed = self._resolved(items), set(self._journal.assets().values())
        marks, keys = _earliest(items), _natural_keys(items)
        before: list[Oid | None] | None = None
        pause = _APART
        while True:
            found = context.run(backend.find_created(context.schema, creates, marks, claimed, keys))
            now = [outcome.oid if isinstance(outcome, Done) else None for outcome in found]
            if now == before or None not in now:
                return [_noted(item.change, outcome) for item, outcome in zip(items, found, strict=True)]
            before = now
            context.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _noted(change: Change, outcome: Outcome | None) -> Outcome | None:
    """The outcome of a look-up, about the change as it is in the journal."""
    if isinstance(outcome, Unknown):
        return _unknown(change, outcome.error)
    return None if outcome is None else replace(outcome, change=change)


def _unknown(change: Change, error: AssetmetaError | None = None) -> Unknown:
    """The outcome of a create that may have been saved or not, with how to settle that."""
    token, kind = change.oid.token, change.oid.type
    why = f"{error}" if error else f"{token} was sent and not answered, and this server cannot be asked about it."
    advice = (
        f"Look whether it exists. If so, job.settle('{token}', '{kind}:<id>') names it; if not, "
        f"job.settle('{token}', None) lets the next run send it."
    )
    return Unknown(change, Unreachable(f"{why} {advice}", oid=token))


def _natural_keys(items: Iterable[Item]) -> dict[str, str]:
    """The attributes by which assets are known, by type."""
    parts = ((item.change.oid.type, item.key.partition(NATURAL)) for item in items if item.key is not None)
    return {kind: name for kind, (name, sign, _) in parts if sign and "=" not in name}


def _earliest(items: Iterable[Item]) -> dict[str, Mark]:
    """The first mark of each type."""
    found: dict[str, Mark] = {}
    for item in items:
        mark, known = item.mark, found.get(item.change.oid.type)
        if mark and (known is None or _order(mark) < _order(known)):
            found[item.change.oid.type] = mark
    return found


def _order(mark: Mapping[str, Any]) -> tuple[int, str]:
    return (mark.get("after", 0), mark.get("since") or "")
