"""How failures are tracked from one result to the next. Pure: states in, states out.

The rules are those that fit every sample of the protocol's reference, letter by letter:

new         the case fails for the first time
consistent  it has failed in one way only since; results without the case do not count
passing     after that it has passed, or was not applicable, without failing again
flaky       anything more mixed
resolved    five passes in a row; then it is forgotten
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .suites import ERRORED, FAILED, NOT_APPLICABLE, PASSED

NEW, FLAKY, CONSISTENT, PASSING, RESOLVED = "new", "flaky", "consistent", "passing", "resolved"
STATES = (NEW, FLAKY, CONSISTENT, PASSING, RESOLVED)
"""In the order in which counts have them; exempt failures come last and are counted apart."""

LETTERS = {PASSED: "P", FAILED: "F", ERRORED: "E", NOT_APPLICABLE: "N"}
MISSING = "M"
FAILING = "FE"
WINDOW = 5


@dataclass(frozen=True)
class Track:
    """One tracked failure in one result. *history* has up to five letters, the newest last."""

    history: str
    state: str
    failed_at: int
    passed_at: int | None = None
    tracked_count: int = 1


def followed(before: Track | None, history: str, status: str | None, moment: int) -> Track | None:
    """The failure after one more result, in which the case has *status*, None for missing; None while untracked.

    *history* has the letters of the results before, for a case that was not tracked until now.
    """
    letter = MISSING if status is None else LETTERS.get(status, MISSING)
    if before is None or before.state == RESOLVED:
        known = history if before is None else before.history
        return Track((known + letter)[-WINDOW:], NEW, moment) if letter in FAILING else None
    letters = (before.history + letter)[-WINDOW:]
    count = before.tracked_count + 1
    tracked = letters[-count:]
    if not tracked.strip(MISSING):
        return None
    state = state_of(tracked)
    timed = stamped(before, letter, moment)
    return replace(timed, history=letters, state=state, tracked_count=0 if state == RESOLVED else count)


def state_of(letters: str) -> str:
    """The state that the letters of two or more tracked results make."""
    if letters == "P" * WINDOW:
        return RESOLVED
    seen = letters.replace(MISSING, "").replace("N", "P")
    failing = seen.rstrip("P")
    if len(set(failing)) > 1:
        return FLAKY
    return PASSING if seen.endswith("P") else CONSISTENT


def stamped(before: Track, letter: str, moment: int) -> Track:
    """The times after one more letter: when the running failure began, and since when the case does not fail.

    A result without the case ends a failure, but when the case is back and fails it is the same failure.
    """
    last = before.history[-1]
    if letter not in FAILING:
        return before if last not in FAILING else replace(before, passed_at=moment)
    if last in FAILING or last == MISSING:
        return before
    return replace(before, failed_at=moment, passed_at=None)
