"""The paths of valis beside the ordinary ones: datasets, impact analysis, look-up by a similar name."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .engine import Engine
from .router import Resource


class ValiPaths:
    """`valis/{id}/import-dataset/`, `alexa_what_if/...`, `fuzzysearch/...` and their like."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def resources(self) -> Iterator[Resource]:
        """All of them, under both names of the endpoint."""
        for base in ("valis", "vali"):
            yield Resource((base, ANY, "convert-to-dataset"), "Convert To Dataset", {"POST": self.convert})
            yield Resource((base, ANY, "import-dataset"), "Import Dataset", {"POST": self.import_rows})
            graph = (base, ANY, "impact-analysis-graph-for", ANY)
            yield Resource(graph, "Impact Analysis Graph For", {"GET": self.graph})
            yield Resource((base, ANY, "impact-analysis"), "Impact Analysis", {"POST": self.preview})
        yield Resource(("alexa_what_if", ANY, ANY, ANY), "Alexa What If", {"GET": self.what_if}, formats=False)
        yield Resource(("fuzzysearch", "Vali", "name", ANY), "Fuzzy Search", {"GET": self.fuzzy}, formats=False)

    def convert(self, call: Call) -> Answer:
        """POST valis/{id}/convert-to-dataset/."""
        return Answer(self.engine.convert_to_dataset(call.number(), user=call.user))

    def import_rows(self, call: Call) -> Answer:
        """POST valis/{id}/import-dataset/."""
        return Answer(self.engine.import_dataset(call.number(), call.body.value, user=call.user))

    def graph(self, call: Call) -> Answer:
        """GET valis/{id}/impact-analysis-graph-for/{target}/."""
        return Answer(self.engine.impact_graph(call.number(), call.number(1), call.query))

    def preview(self, call: Call) -> Answer:
        """POST vali/{id}/impact-analysis/."""
        return Answer(self.engine.impact_analysis(call.number(), call.body.value))

    def what_if(self, call: Call) -> Answer:
        """GET alexa_what_if/{vali name}/{target name}/{value}/."""
        vali, target, value = call.arguments
        return Answer(self.engine.what_if(vali, target, value))

    def fuzzy(self, call: Call) -> Answer:
        """GET fuzzysearch/Vali/name/{text}/."""
        return Answer(self.engine.fuzzy(call.arguments[0]))
