"""Names of the protocols that the dialects know by heart, written out: one that is left out is a quiet fault."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.backends import creations, echo, error_documents, responses, verification
from assetmeta.backends.rest import backend, decode, encode, schema
from assetmeta.backends.testspace import Testspace, aliases
from assetmeta.backends.testspace import files as testspace_files
from assetmeta.backends.valispace import files as valispace_files
from assetmeta.backends.valispace import variants
from assetmeta.backends.valohai import aliases as valohai_aliases
from assetmeta.backends.valohai import connection, files, logs, owners
from assetmeta.backends.versionone import bulk_request, bulk_response, bulk_writes, extras, tokens
from assetmeta.backends.versionone import schema as v1

WRITTEN: list[tuple[object, set[Any]]] = [
    (creations._UNREADABLE, {"Blob", "Password", "Rank"}),
    (verification._NEVER_READ, {"Blob", "Password"}),
    (echo._TEXTS, {"Text", "Html", "Formula", "DateTime", "Date", "Json", "SecretJson", "Source", "Inputs"}),
    (error_documents.WHOLE, {"detail", "non_field_errors", "__all__", "error", "message"}),
    (responses._COMPLETE, {200, 201, 203, 204, 205}),
    (responses._ANY_BYTES, {"", "application/octet-stream", "binary/octet-stream", "application/x-download"}),
    (backend.RestBackend.SURVEYS, {"full", "root", "none"}),
    (backend.RestBackend.FILE_TYPES, set()),
    (decode.DOCUMENTS, {"Json", "Health", "CaseCounts", "SuiteCounts", "AnnotationCounts", "FailureCounts"}),
    (encode.DOCUMENTS, {"Json", "SecretJson", "Source", "Inputs"}),
    (encode._TEXTS, {"Text", "Html", "Formula"}),
    (schema._MAY_BE_CHOICES, {"Text", "Integer", "Choice"}),
    (Testspace.SURVEYS, {"none", "root"}),
    (aliases._NAMED.items(), {("Project", 1), ("Space", 2), ("Result", 3)}),
    (aliases._LISTED_BY.items(), {("Metric", "name"), ("User", "username")}),
    (testspace_files.TYPES, {"File"}),
    (valispace_files.TYPES, {"File"}),
    (variants._PARAMETERS.items(), {("CleanText", "clean_text"), ("CleanHtml", "clean_html")}),
    (files.TYPES, {"Datum"}),
    (connection.HOST_VARIABLES, {"VALOHAI_HOST"}),
    (connection.TOKEN_VARIABLES, {"VALOHAI_TOKEN", "VH_API_TOKEN", "VALOHAI_API_TOKEN"}),
    (valohai_aliases.WRITTEN_BY_ALIAS, {"Commit", "Environment"}),
    (owners._TYPES, {"Organization", "User"}),
    (logs.COMPLETE, {"complete", "error", "crashed", "stopped"}),
    (extras.TYPES, {"Attachment", "EmbeddedImage"}),
    (tokens._OPPOSITE.items(), {("<", ">="), ("<=", ">"), (">", "<="), (">=", "<")}),
    (tokens._ALWAYS_THERE, {"ID", "AssetType", "AssetState", "Key", "Moment"}),
    (bulk_request._SINGLY, {"Blob", "Rank"}),
    (bulk_response._SECTIONS, {"assetsCreated", "assetsModified", "assetsOperatedOn"}),
    (bulk_writes._MISSING, {404, 405}),
    (bulk_writes._NOT_TAKEN, {400, 404, 405, 411, 413, 415}),
    (v1._CREATION, {"CreateDate", "CreateDateUTC", "CreatedBy", "CreateReason", "CreateComment"}),
    (v1._STORED, {"ID", "AssetType", "Key", "Number", "Name", *v1._CREATION}),
    (v1._BASIC_READONLY, {"AssetState", "Number"}),
    (v1._NOT_BASIC, {"LongText", "Blob", "Password"}),
    (v1._FIXED_LISTS, {"Role", "State"}),
]


def test_no_name_is_left_out() -> None:
    for known, written in WRITTEN:
        assert written == set(known)  # type: ignore[call-overload]


def test_the_order_in_which_names_count() -> None:
    assert ("VALOHAI_TOKEN", "VH_API_TOKEN", "VALOHAI_API_TOKEN") == connection.TOKEN_VARIABLES
    assert ("assetsCreated", "assetsModified", "assetsOperatedOn") == bulk_response._SECTIONS


@pytest.mark.parametrize("page", ["api", "p", "auth", "accounts", "login", "projects", "admin"])
def test_the_address_of_a_page_is_that_of_the_installation(page: str) -> None:
    assert "https://host/below" == connection.base_url(f"https://host/below/{page}/more")
