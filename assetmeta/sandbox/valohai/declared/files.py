"""Data, aliases, datasets and the stores they lie in (section 7.6 of the protocol)."""

from __future__ import annotations

from ..model import (
    ALL,
    CHANGE_ONLY,
    ON_REQUEST,
    Field,
    Filter,
    Kind,
    derived,
    flag,
    kept,
    key,
    needed,
    one,
    owner,
    self_link,
    times,
)

HIDDEN = ""

DATUM = (
    key(),
    kept("name", "str"),
    kept("size", "int"),
    kept("ctime", "datetime"),
    kept("file_ctime", "datetime"),
    kept("file_mtime", "datetime"),
    kept("uri", "str", shapes="drn"),
    kept("md5", "str"),
    kept("sha1", "str"),
    kept("sha256", "str"),
    kept("output_execution", "ref", "execution", forms={"": ("id", "counter")}),
    kept("project", "ref", "project", forms={"d": "n", "n": "n", "": "id"}),
    kept("store", "ref", "store"),
    Field("tags", "words", "rw", default=()),
    derived("aliases", "list", shapes="dn"),
    Field("purged", "bool", kept=True, default=False),
    derived("download_url", "url", shapes=ON_REQUEST),
    Field("deleted", "bool", kept=True, default=False, shapes=HIDDEN),
    Field("properties", "map", kept=True, default={}, shapes=HIDDEN),
)

DATUM_FILTERS = {
    "project": Filter("project"),
    "output_execution": Filter("output_execution"),
    "deleted": Filter("deleted"),
    "tag": Filter("tags", "member"),
    "name": Filter("name"),
    "store": Filter("store"),
}

DATUM_ALIAS = (
    key(),
    *times(),
    needed("name", max_length=255),
    one("datum", "datum", forms={"": "r"}),
    one("project", "project", "new", forms={"": "n"}),
    Field("deleted", "bool", kept=True, default=False, shapes=HIDDEN),
)

DATASET = (
    key(),
    needed("name", max_length=255),
    owner("new", required=True),
    derived("latest_version", "map"),
)

DATASET_VERSION = (
    key(),
    needed("name", max_length=255),
    one("dataset", "dataset", "new", required=True),
    one("previous_version", "dataset_version", "new"),
    Field("files", "list", "new", required=True, shapes="d"),
    kept("ctime", "datetime"),
)

STORE = (
    key(),
    needed("name", max_length=64),
    Field("type", "str", "new", required=True, choices=("s3", "swift", "azure", "google")),
    Field(
        "access_mode",
        "str",
        "rw",
        default="owner_organization",
        choices=("public", "single_project", "teams", "owner_organization"),
    ),
    flag("allow_read", default=True),
    flag("allow_write", default=True),
    flag("allow_uri_download"),
    derived("allow_adopt", "bool"),
    Field("configuration", "map", "rw", default={}, shapes="d"),
    owner(),
    one("project", "project"),
    Field("paths", "map", "rw", default={}, shapes="d"),
    Field("teams", "refs", "rw", ("team",), default=()),
    derived("uri_prefix", "str"),
    Field("deleted", "bool", kept=True, default=False),
    *times(),
    self_link(),
)

KINDS = (
    Kind("datum", "data", DATUM, "project", DATUM_FILTERS, CHANGE_ONLY),
    Kind(
        "datum_alias",
        "datum-aliases",
        DATUM_ALIAS,
        "project",
        {"project": Filter("project"), "deleted": Filter("deleted"), "name": Filter("name")},
        ALL,
        soft=True,
        unique=(("project", "name"),),
    ),
    Kind("dataset", "datasets", DATASET, "owner", methods=ALL, unique=(("owner", "name"),)),
    Kind(
        "dataset_version",
        "dataset-versions",
        DATASET_VERSION,
        "dataset",
        {"dataset": Filter("dataset")},
        ALL,
        unique=(("dataset", "name"),),
    ),
    Kind("store", "stores", STORE, "owner", methods=ALL, guarded="all"),
)
