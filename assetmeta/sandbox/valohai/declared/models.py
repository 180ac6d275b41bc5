"""Models and their versions (section 7.8 of the protocol)."""

from __future__ import annotations

from ..model import ALL, Field, Filter, Kind, derived, flag, kept, key, needed, one, owner, self_link, times

BRIEF = "drn"
PERSON = {"": ("id", "username")}

MODEL = (
    key(),
    needed("name", max_length=255),
    kept("slug", "str"),
    owner("new", forms=PERSON, shapes=BRIEF),
    kept("creator", "ref", "user", forms=PERSON, shapes=BRIEF),
    *times(BRIEF),
    Field("access_mode", "str", "rw", default="organization", choices=("organization", "teams"), shapes=BRIEF),
    Field("tags", "words", "rw", default=(), shapes=BRIEF),
    flag("archived", shapes=BRIEF),
    derived("version_summary", "list", shapes=BRIEF),
    Field("descriptions", "list", "rw", default=(), shapes=BRIEF),
    Field("n_comments", "int", kept=True, default=0, shapes=BRIEF),
    Field("associated_project_ids", "refs", "rw", ("project",), default=(), shapes=BRIEF),
    derived("associated_projects", "list", shapes=BRIEF),
    Field("teams", "refs", "rw", ("team",), default=(), shapes=BRIEF),
    self_link(BRIEF),
)

MODEL_VERSION = (
    key(),
    one("model", "model", "new", required=True, forms={"": ("id", "name", "slug")}),
    kept("counter", "int"),
    Field("status", "str", "rw", default="pending", choices=("creating", "pending", "approved", "rejected")),
    Field("source", "map", "new", default={"type": "manual"}),
    *times(),
    kept("creator", "ref", "user", forms=PERSON),
    derived("execution_count", "int"),
    derived("dataset_aliases", "list"),
    one("dataset_version", "dataset_version", "new", forms={"": ("name", "id", "ctime")}),
    Field("tags", "words", "rw", default=()),
    Field("notes", "list", "rw", default=()),
    Field("descriptions", "list", "rw", default=()),
)

KINDS = (
    Kind(
        "model",
        "models",
        MODEL,
        "owner",
        {"tags": Filter("tags", "words"), "name": Filter("name", "contains")},
        ALL,
        unique=(("owner", "name"),),
    ),
    Kind(
        "model_version",
        "model-versions",
        MODEL_VERSION,
        "model",
        {
            "model": Filter("model"),
            "counter": Filter("counter"),
            "status": Filter("status"),
            "tags": Filter("tags", "words"),
        },
        ALL,
        counted="model",
    ),
)
