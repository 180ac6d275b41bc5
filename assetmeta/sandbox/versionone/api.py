"""The endpoints below api/: asset, ProjectRoles and ActivityStream."""

from __future__ import annotations

from assetmeta.sandbox.messages import Response

from .activity import ActivityStream
from .bulk.endpoint import BulkEndpoint
from .call import Call, no_such_path
from .roles import ProjectRoles


class Api:
    """Finds the endpoint of a path below api/."""

    def __init__(self, bulk: BulkEndpoint, roles: ProjectRoles, activity: ActivityStream) -> None:
        self.bulk = bulk
        self.roles = roles
        self.activity = activity

    def __call__(self, call: Call) -> Response:
        """Answer one request; 404 for what is not there."""
        name = call.rest[0].lower() if call.rest else ""
        if name == "asset":
            return self.bulk(call)
        if name == "projectroles":
            return self.roles(call)
        if name == "activitystream":
            return self.activity(call)
        raise no_such_path(call.request.path)
