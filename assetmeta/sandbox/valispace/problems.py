"""What can go wrong with a request, as exceptions that carry the status and the body of the answer."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import Problem


class Missing(Problem):
    """404: no object of that id. *model* is the name of the type as messages say it, such as "Vali"."""

    def __init__(self, model: str) -> None:
        super().__init__(404, {"detail": f"No {model} matches the given query."})


class Forbidden(Problem):
    """405: an endpoint that exists does not take the method."""

    def __init__(self, method: str) -> None:
        super().__init__(405, {"detail": f'Method "{method}" not allowed.'})


def missing_object(text: object) -> str:
    """The message about a reference to what does not exist."""
    return f'Invalid pk "{text}" - object does not exist.'
