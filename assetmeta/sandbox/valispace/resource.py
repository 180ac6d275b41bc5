"""A path of the API: what it is called, which methods it takes, and what its metadata says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.sandbox.rest.routing import Route

from .model import Field


@dataclass(frozen=True)
class Resource(Route):
    """All paths of one pattern below `/rest/`.

    *fields* are those of the objects that POST or PUT take here, none for actions. *filters* are the query parameters
    that the page for browsers offers. *formats* False keeps a dot in the last part of the path as it is.
    """

    fields: Sequence[Field] = ()
    filters: Sequence[str] = ()
    formats: bool = True
    description: str = ""
