"""The paths of valis beside the ordinary ones: datasets, impact analysis, look-up by a similar name."""

from __future__ import annotations

from collections.abc import Iterator

from .call import Answer, Call
from .engine import Engine
from .resource import ANY, Pattern, Resource


class ValiPaths:
    """`valis/{id}/import-dataset/`, `alexa_what_if/...`, `fuzzysearch/...` and their like."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def resources(self) -> Iterator[tuple[Pattern, Resource]]:
        """All of them, under both names of the endpoint."""
        for base in ("valis", "vali"):
            yield (base, ANY, "convert-to-dataset"), Resource("Convert To Dataset", {"POST": self.convert})
            yield (base, ANY, "import-dataset"), Resource("Import Dataset", {"POST": self.import_rows})
            graph = Resource("Impact Analysis Graph For", {"GET": self.graph})
            yield (base, ANY, "impact-analysis-graph-for", ANY), graph
            yield (base, ANY, "impact-analysis"), Resource("Impact Analysis", {"POST": self.preview})
        what_if = Resource("Alexa What If", {"GET": self.what_if}, formats=False)
        yield ("alexa_what_if", ANY, ANY, ANY), what_if
        yield ("fuzzysearch", "Vali", "name", ANY), Resource("Fuzzy Search", {"GET": self.fuzzy}, formats=False)

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
