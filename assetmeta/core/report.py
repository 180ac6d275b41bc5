"""What came of a commit: one outcome per change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.model.errors import AssetmetaError, CommitError
from assetmeta.model.plans import Done, Failed, Outcome, Skipped, Unknown
from assetmeta.model.values import Oid


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of a commit in the order of its plan. Falsy when every change landed; iterates over the errors.

    What is not done is still pending: a failed change with its error attached, a skipped one because it needs a failed
    one, an unknown one because it was sent and no answer came.
    """

    outcomes: tuple[Outcome, ...] = ()
    names: Mapping[Oid, str] = field(default_factory=dict)

    @property
    def done(self) -> list[Done]:
        """The changes that landed."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Done)]

    @property
    def failed(self) -> list[Failed]:
        """The changes that the server turned down, or that surely never reached it."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failed)]

    @property
    def skipped(self) -> list[Skipped]:
        """The changes that were not sent, because they need one that did not land."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Skipped)]

    @property
    def unknown(self) -> list[Unknown]:
        """The changes that were sent and never answered."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Unknown)]

    @property
    def errors(self) -> list[AssetmetaError]:
        """One error for each change that is not done, in order."""
        return [_error(outcome) for outcome in self.outcomes if not isinstance(outcome, Done)]

    def __bool__(self) -> bool:
        return any(not isinstance(outcome, Done) for outcome in self.outcomes)

    def __iter__(self) -> Iterator[AssetmetaError]:
        return iter(self.errors)

    def __len__(self) -> int:
        return len(self.errors)

    def raise_if_failed(self) -> None:
        """Raise CommitError, which carries this report, unless every change landed."""
        if self:
            raise CommitError(f"{self}", report=self)

    def __str__(self) -> str:
        counts = self._counts()
        lines = [f"  {outcome.change.oid.token}: {_error(outcome)}" for outcome in _not_done(self.outcomes)[:10]]
        more = len(self.errors) - len(lines)
        return "\n".join([counts, *lines, *([f"  … and {more} more"] if more > 0 else [])])

    def __repr__(self) -> str:
        return f"<Report {self._counts()}>"

    def _counts(self) -> str:
        kinds = (("done", self.done), ("failed", self.failed), ("skipped", self.skipped), ("unknown", self.unknown))
        return ", ".join(f"{len(found)} {word}" for word, found in kinds if found or word == "done")


def _not_done(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if not isinstance(outcome, Done)]


def _error(outcome: Outcome) -> AssetmetaError:
    if isinstance(outcome, Failed | Unknown):
        return outcome.error
    assert isinstance(outcome, Skipped)
    token, needed = outcome.change.oid.token, outcome.needs.token
    return CommitError(f"{token} was not sent, because it needs {needed}, which did not land.", oid=token)
