"""What came of a commit: one outcome per change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from assetmeta.model.errors import AssetmetaError, CommitError
from assetmeta.model.plans import Create, Done, Failed, Outcome, Skipped, Unknown
from assetmeta.model.printable import printable
from assetmeta.model.table import SHOWN, Displayed, Table
from assetmeta.model.values import Oid

RETRY = " Look whether it exists: then revert it, or else inspect(asset).retry() lets the next commit send it."


class Report(Displayed, Struct, frozen=True):
    """The outcomes of a commit in the order of its plan. Falsy when every change was saved; iterates over the errors.

    What is not done is still pending: a failed change with its error attached, a skipped one because it needs a failed
    one or the write ended before its turn, an unknown one because it was sent and no answer came. *notes* are
    about the commit as a whole, *advice* about a create that may have been saved.
    """

    outcomes: tuple[Outcome, ...] = ()
    names: Mapping[Oid, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    advice: str = RETRY

    @property
    def done(self) -> list[Done]:
        """The changes that were saved."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Done)]

    @property
    def failed(self) -> list[Failed]:
        """The changes that the server turned down, or that surely never reached it."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failed)]

    @property
    def skipped(self) -> list[Skipped]:
        """The changes that were not sent: they need one that was not saved, or the write ended before their turn."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Skipped)]

    @property
    def unknown(self) -> list[Unknown]:
        """The changes that were sent and never answered."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Unknown)]

    @property
    def errors(self) -> list[AssetmetaError]:
        """One error for each change that is not done, in order."""
        return [error_of(outcome) for outcome in _not_done(self.outcomes)]

    def __bool__(self) -> bool:
        return any(not isinstance(outcome, Done) for outcome in self.outcomes)

    def __iter__(self) -> Iterator[AssetmetaError]:
        return iter(self.errors)

    def __len__(self) -> int:
        return len(self.errors)

    def raise_if_failed(self) -> None:
        """Raise CommitError, which carries this report, unless every change was saved."""
        if self:
            raise CommitError(f"{self}", report=self)

    def __str__(self) -> str:
        counts = self.counts
        lines = [f"  {outcome.change.oid.token}: {self._text(outcome)}" for outcome in _not_done(self.outcomes)[:10]]
        more = len(self.errors) - len(lines)
        notes = [f"  {outcome.oid.token}: {note}" for outcome in self.done for note in outcome.notes][:10]
        notes += [f"  {note}" for note in self.notes]
        return printable("\n".join([counts, *lines, *([f"  … and {more} more"] if more > 0 else []), *notes]))

    def _text(self, outcome: Failed | Skipped | Unknown) -> str:
        """The error, and for a create that may have been saved what to do: it is not sent again by itself."""
        is_doubtful = isinstance(outcome, Unknown) and isinstance(outcome.change, Create)
        return f"{error_of(outcome)}{self.advice if is_doubtful else ''}"

    def __repr__(self) -> str:
        return f"<Report {self.counts}>"

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def _table(self) -> Table:
        rows = [
            (type(outcome).__name__.lower(), outcome.change.oid.token, self._text(outcome))
            for outcome in _not_done(self.outcomes)[:SHOWN]
        ]
        return Table(self.counts, ("outcome", "asset", "what happened"), rows, len(self.errors), "; ".join(self.notes))

    @property
    def counts(self) -> str:
        """The numbers of outcomes in words: `12 done, 1 failed`."""
        kinds = (("done", self.done), ("failed", self.failed), ("skipped", self.skipped), ("unknown", self.unknown))
        return ", ".join(f"{len(found)} {word}" for word, found in kinds if found or word == "done")


def _not_done(outcomes: Sequence[Outcome]) -> list[Failed | Skipped | Unknown]:
    return [outcome for outcome in outcomes if not isinstance(outcome, Done)]


def error_of(outcome: Failed | Skipped | Unknown) -> AssetmetaError:
    """The error of a change that was not saved."""
    if not isinstance(outcome, Skipped):
        return outcome.error
    if outcome.error is not None:
        return outcome.error
    token, needed = outcome.change.oid.token, outcome.needs.token if outcome.needs else "another asset"
    return CommitError(f"{token} was not sent, because it needs {needed}, which was not saved.", oid=token)
