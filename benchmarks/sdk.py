"""v1pysdk doing the same work, over the network or from recorded documents."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from v1pysdk import V1Meta as SdkMeta

from benchmarks.sandbox import Sandbox
from benchmarks.stories import NAMES, Stories

logging.getLogger().setLevel(logging.ERROR)


class Sdk:
    """A connection of v1pysdk, with a count of what it puts on the wire, refused first tries included."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.meta: Any = SdkMeta(instance_url=sandbox.url, username=sandbox.user, password=sandbox.secret)
        self.exchanges = 0
        self._open = self.meta.server.opener.open
        self.meta.server.opener.open = self._counted

    def _counted(self, *arguments: Any, **options: Any) -> Any:
        # A login that is asked for comes back through here for its second try.
        self.exchanges += 1
        return self._open(*arguments, **options)

    def know(self, *kinds: str) -> None:
        """Read the schema of these types, which is not part of what is measured."""
        for kind in kinds:
            self.meta.asset_class(kind)
        self.exchanges = 0


class Reader:
    """v1pysdk reading the recorded list document, without a network."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self._documents: Mapping[str, bytes] = {f"/meta.v1/{kind}": text for kind, text in stories.metas.items()}
        self.meta: Any = SdkMeta(instance_url="http://127.0.0.1/VersionOne", username="", password="")
        self.meta.server.fetch = self._fetch

    def _fetch(self, path: str, query: str = "", postdata: object = None) -> tuple[None, bytes]:
        return None, self._documents.get(path, self._stories.listed)

    def read(self) -> list[Any]:
        """All stories, ready for use."""
        self.meta.global_cache.clear()
        found = list(self.meta.Story.select(*NAMES))
        assert len(found) == self._stories.count
        return found
