"""Files, collaboration, analyses, testing and custom fields (sections 2.9 and 2.10 of the protocol)."""

from __future__ import annotations

from ..model import (
    READ_ONLY,
    Field,
    Kind,
    derived,
    flag,
    html,
    integer,
    kept,
    key,
    many,
    number,
    one,
    pointer,
    text,
)

BY_PROJECT = {"project": "project"}
FILE_TYPES = ((1, "Upload"), (2, "Link"), (3, "Reference"))
CUSTOM_TYPES = ((0, "Text"), (1, "Selection"), (2, "Date"))

FILE = (
    key(),
    text("name", length=255),
    integer("file_type", 1, choices=FILE_TYPES),
    Field("file", "file", "wo"),
    derived("download_url", "url"),
    Field("link", "url", nullable=True),
    kept("mimetype", "string"),
    one("project", "project", needed=True),
    one("folder", "files/folders", deletion="cascade"),
    one("reference_file", "files", deletion="cascade"),
    *pointer(deletion="null"),
    derived("current_version", "one", "files/versions"),
    html("reference", None),
    derived("preview_ready", "bool"),
    Field("contenttype", "content_type", nullable=True),
)

TASK = (
    key(),
    text("title", needed=True),
    html("description"),
    one("project", "project", needed=True),
    number("duration"),
    text("duration_unit", length=20),
    Field("start_date", "date", nullable=True),
    *pointer(),
    flag("public"),
    kept("members", "many", "user", default=()),
)


def project_of(*, needed: bool = True) -> Field:
    """The project an object belongs to."""
    return one("project", "project", needed=needed, deletion="cascade")


def name() -> Field:
    """The name that most objects must have."""
    return text("name", length=255, needed=True)


KINDS = (
    Kind("files", "file", "File", FILE, BY_PROJECT),
    Kind(
        "files/folders",
        "filefolder",
        "FileFolder",
        (key(), name(), one("parent", "files/folders", deletion="cascade"), project_of()),
        BY_PROJECT,
    ),
    Kind(
        "files/versions",
        "fileversion",
        "FileVersion",
        (
            key(),
            kept("version", "string"),
            kept("file", "one", "files"),
            kept("created", "datetime"),
            kept("size", "int"),
        ),
        {"project": "file__project"},
        display="version",
        methods=READ_ONLY,
    ),
    Kind("attachments", "attachment", "Attachment", (key(), *pointer("target_type", "target_id")), display="id"),
    Kind(
        "discussions",
        "discussion",
        "Discussion",
        (key(), html("title"), project_of(), *pointer(), one("group", "group")),
        display="title",
    ),
    Kind("user-tasks", "usertask", "UserTask", TASK, display="title"),
    Kind("analyses", "analysis", "Analysis", (key(), name(), project_of()), BY_PROJECT, space="container"),
    Kind(
        "analyses/blocks/image",
        "imageblock",
        "ImageBlock",
        (key(), Field("file", "file", "wo")),
        display="id",
    ),
    Kind("dashboards/blocks/blocktext", "blocktext", "BlockText", (key(), html("text")), display="id"),
    Kind("testing/test-procedures", "testprocedure", "TestProcedure", (key(), name(), project_of()), BY_PROJECT),
    Kind(
        "testing/test-procedure-steps",
        "testprocedurestep",
        "TestProcedureStep",
        (key(), text("title", needed=True), one("test_procedure", "testing/test-procedures", needed=True)),
        {"project": "test_procedure__project"},
        display="title",
    ),
    Kind(
        "testing/test-runs",
        "testrun",
        "TestRun",
        (key(), name(), integer("status"), one("test_procedure", "testing/test-procedures", needed=True)),
        {"project": "test_procedure__project"},
    ),
    Kind(
        "data/custom-fields",
        "customfield",
        "CustomField",
        (
            key(),
            many("projects", "project"),
            Field("target_content_type", "content_type", required=True),
            name(),
            integer("type", 0, choices=CUSTOM_TYPES),
            flag("multi"),
        ),
        {"project": "projects"},
    ),
    Kind(
        "data/custom-field-options",
        "customfieldoption",
        "CustomFieldOption",
        (key(), one("custom_field", "data/custom-fields", needed=True), name(), number("position")),
        {"project": "custom_field__projects"},
    ),
    Kind(
        "data/custom-field-row",
        "customfieldrow",
        "CustomFieldRow",
        (
            key(),
            one("custom_field", "data/custom-fields", needed=True),
            Field("value", "json", nullable=True),
            *pointer(),
        ),
        {"project": "custom_field__projects"},
        display="id",
    ),
)
"""The kinds of this part, in the order of the API root."""
