"""The paths of pipelines beyond their list (section 7.4)."""

from __future__ import annotations

from functools import partial

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .execution_paths import stop
from .fields import Fields
from .life import pipelines
from .model import Row
from .orders.lookups import project_in
from .orders.pipeline import pipeline_values
from .orders.template import body_of
from .resource import Route


def create(call: Call) -> Answer:
    """POST pipelines/."""
    fields = call.body_fields()
    return begun(call, pipeline_values(call, fields, project_in(call, fields)))


def create_from_template(call: Call) -> Answer:
    """POST pipelines/create-from-template/ with project, commit and the name of a pipeline in its valohai.yaml."""
    asked = call.body_fields()
    project = project_in(call, asked)
    body = body_of(call, asked, project)
    return begun(call, pipeline_values(call, Fields(body), project))


def begun(call: Call, values: Row) -> Answer:
    """201 with a new pipeline."""
    pipeline = pipelines.create(call.space, values, call.space.clock())
    return Answer(call.reader.document("pipeline", pipeline), 201)


ROUTES = (
    Route(("pipelines",), "Pipeline List", {"POST": create}),
    Route(("pipelines", "create-from-template"), "Pipeline From Template", {"POST": create_from_template}),
    Route(("pipelines", ANY, "stop"), "Pipeline Stop", {"POST": partial(stop, "pipeline", pipelines.stop)}),
)
"""The paths, with who answers them."""
