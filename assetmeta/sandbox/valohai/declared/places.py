"""Where work runs and where its images come from (section 7.9 of the protocol)."""

from __future__ import annotations

from ..model import ALL, ON_REQUEST, Field, Kind, derived, kept, key, needed, owner, self_link, times

ACCOUNTS = ("user", "organization")
PERSON = ("id", "username")

ENVIRONMENT = (
    key(),
    kept("name", "str"),
    kept("slug", "str"),
    kept("description", "str"),
    kept("enabled", "bool"),
    kept("type", "str"),
    kept("owner", "ref", *ACCOUNTS, forms={"": PERSON}),
    kept("provider", "str"),
    kept("gpu_spec", "str"),
    kept("has_gpu", "bool"),
    kept("per_hour_price_usd", "decimal"),
    kept("per_user_queue_quota", "int"),
    kept("per_user_resource_quotas", "json"),
    kept("is_scalable", "bool"),
    kept("scale_min", "int"),
    kept("scale_max", "int"),
    kept("scale_down_grace_period", "int"),
    kept("spot", "bool"),
    kept("spot_max_price", "number"),
    kept("allow_personal_usage", "bool"),
    kept("bill_usage", "bool"),
    derived("can_admin", "bool"),
    kept("enable_smart_vm_selection", "bool"),
    kept("supports_priority", "bool"),
    derived("unfinished_job_count", "int", shapes=ON_REQUEST),
    *times(),
    self_link(),
)

REGISTRY_CREDENTIAL = (
    key(),
    Field("type", "str", "rw", required=True, choices=("docker", "aws-ecr", "aws-ecr-role", "gcp-cr")),
    needed("image_pattern"),
    owner(),
    Field("configuration", "map", "wo", default={}),
)

KINDS = (
    Kind("environment", "environments", ENVIRONMENT, "owner", alternative="slug"),
    Kind("registry_credential", "registry-credentials", REGISTRY_CREDENTIAL, "owner", methods=ALL, guarded="all"),
)
