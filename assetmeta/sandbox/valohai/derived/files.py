"""Data, datasets and stores."""

from __future__ import annotations

from ..model import DEEP, Document, Key, Row
from ..reader import Deriver, Reader

PUBLIC = frozenset(
    {
        *("bucket", "region", "endpoint_url", "role_arn", "kms_key_arn", "multipart_upload_iam_role", "container"),
        *("use_presigned_put_object", "insecure", "skip_upload_file_name_check", "test_configuration", "access_key_id"),
        *("account_name", "project", "url"),
    }
)
"""The keys of a store's configuration that are shown again; all others are secrets."""

SCHEMES = {"s3": "s3", "swift": "swift", "azure": "azure", "google": "gs"}


def aliases(reader: Reader, id: Key, row: Row) -> list[Document | None]:
    """The aliases that mean a datum."""
    rows = reader.space.store.rows("datum_alias")
    found = reader.space.store.pointing("datum_alias", "datum", id)
    return [reader.picked("datum_alias", each, ("id", "name")) for each in found if not rows[each]["deleted"]]


def latest_version(reader: Reader, id: Key, row: Row) -> Document | None:
    """The version of a dataset that was made last."""
    versions = reader.space.store.pointing("dataset_version", "dataset", id)
    return reader.nested("dataset_version", versions[-1]) if versions else None


def uri_prefix(reader: Reader, id: Key, row: Row) -> str:
    """How the addresses of a store's files start."""
    place = row["configuration"].get("bucket") or row["configuration"].get("container") or row["name"]
    return f"{SCHEMES[row['type']]}://{place}/"


DERIVED: dict[tuple[str, str], Deriver] = {
    ("datum", "aliases"): aliases,
    ("dataset", "latest_version"): latest_version,
    ("dataset_version", "files"): lambda reader, id, row: [
        {"datum": reader.show("datum", entry["datum"], DEEP)} for entry in row["files"]
    ],
    ("store", "configuration"): lambda reader, id, row: {
        name: value for name, value in row["configuration"].items() if name in PUBLIC
    },
    ("store", "allow_adopt"): lambda reader, id, row: row["allow_read"],
    ("store", "uri_prefix"): uri_prefix,
}
