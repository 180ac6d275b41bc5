"""A bound on the requests of a block."""

from __future__ import annotations

from assetmeta.model.errors import BadValue, BudgetExceeded


class RequestBudget:
    """Counts requests against a limit. Raises BadValue for a limit that is not a number of requests."""

    def __init__(self, limit: int) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise BadValue(f"A budget is a number of requests, not {limit!r}.")
        self.limit = limit
        self.spent = 0

    def allow(self, number: int) -> None:
        """Raise BudgetExceeded when so many requests more would be too many."""
        if self.spent + number > self.limit:
            raise BudgetExceeded(
                f"This block may send {self.limit} requests; {self.spent} were sent and {number} more would be needed. "
                "session.trace() shows which reads take a request each."
            )

    def spend(self, number: int) -> None:
        """Count requests that are sent now."""
        self.spent += number
