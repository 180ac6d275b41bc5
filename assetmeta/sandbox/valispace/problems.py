"""What can go wrong with a request, as exceptions that carry the status and the body of the answer."""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.sandbox.rest.refusals import Problem


class Refused(Problem):
    """400: a body or a filter that validation refuses; *errors* maps a field to its messages."""

    def __init__(self, errors: Mapping[str, object]) -> None:
        super().__init__(400, dict(errors))
        self.errors = dict(errors)

    @classmethod
    def of(cls, field: str, message: str) -> Refused:
        """One message about one field."""
        return cls({field: [message]})

    @classmethod
    def whole(cls, message: str) -> Refused:
        """One message about the object as a whole."""
        return cls({"non_field_errors": [message]})


class Missing(Problem):
    """404: no object of that id. *model* is the name of the type as messages say it, such as "Vali"."""

    def __init__(self, model: str) -> None:
        super().__init__(404, {"detail": f"No {model} matches the given query."})


class Forbidden(Problem):
    """405: an endpoint that exists does not take the method."""

    def __init__(self, method: str) -> None:
        super().__init__(405, {"detail": f'Method "{method}" not allowed.'})
