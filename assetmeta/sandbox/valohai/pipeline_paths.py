"""The paths of pipelines beyond their list (section 7.4)."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .life import pipelines
from .model import Row
from .orders.fields import Fields
from .orders.lookups import project_in
from .orders.pipeline import pipeline_values
from .orders.template import body_of
from .resource import Route
from .workspace import Workspace


class PipelinePaths:
    """How pipelines are made and stopped."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """All of them."""
        yield Route(("pipelines",), "Pipeline List", {"POST": create})
        yield Route(("pipelines", "create-from-template"), "Pipeline From Template", {"POST": create_from_template})
        yield Route(("pipelines", ANY, "stop"), "Pipeline Stop", {"POST": stop})


def create(call: Call) -> Answer:
    """POST pipelines/."""
    fields = Fields(call.fields(), is_form=call.body.is_form)
    return begun(call, pipeline_values(call, fields, project_in(call, fields)))


def create_from_template(call: Call) -> Answer:
    """POST pipelines/create-from-template/ with project, commit and the name of a pipeline in its valohai.yaml."""
    asked = Fields(call.fields(), is_form=call.body.is_form)
    project = project_in(call, asked)
    body = body_of(call, asked, project)
    return begun(call, pipeline_values(call, Fields(body), project))


def begun(call: Call, values: Row) -> Answer:
    """201 with a new pipeline."""
    pipeline = pipelines.create(call.space, values, call.space.clock())
    return Answer(call.reader.document("pipeline", pipeline), 201)


def stop(call: Call) -> Answer:
    """POST pipelines/{id}/stop/."""
    pipeline = call.find("pipeline")
    call.writable("pipeline", pipeline)
    if pipelines.stop(call.space, pipeline, call.space.clock()):
        return Answer({"message": "OK"})
    return Answer({"message": f"The pipeline is {call.space.row('pipeline', pipeline)['status']} already."})
