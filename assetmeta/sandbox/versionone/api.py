"""The endpoints below api/: asset, ProjectRoles, ActivityStream, tags and webhook."""

from __future__ import annotations

from collections.abc import Callable

from assetmeta.sandbox.messages import Response

from .activity import ActivityStream
from .bulk.endpoint import BulkEndpoint
from .call import Call, no_such_path
from .roles import ProjectRoles
from .tags import Tags
from .webhooks import Webhooks


class Api:
    """Finds the endpoint of a path below api/."""

    def __init__(
        self, bulk: BulkEndpoint, roles: ProjectRoles, activity: ActivityStream, tags: Tags, webhooks: Webhooks
    ) -> None:
        self._endpoints: dict[str, Callable[[Call], Response]] = {
            "asset": bulk,
            "projectroles": roles,
            "activitystream": activity,
            "tags": tags,
            "webhook": webhooks,
        }

    def __call__(self, call: Call) -> Response:
        """Answer one request; 404 for what is not there."""
        endpoint = self._endpoints.get(call.rest[0].lower()) if call.rest else None
        if endpoint is None:
            raise no_such_path(call.request.path)
        return endpoint(call)
