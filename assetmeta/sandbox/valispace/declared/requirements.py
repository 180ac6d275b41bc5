"""Requirements, their documents, and their verification (sections 2.6 to 2.8 of the protocol)."""

from __future__ import annotations

from ..model import READ_ONLY, Field, Kind, derived, html, kept, key, many, number, one, owner, pointer, reverse, text

BASE = "requirements"
BY_PROJECT = {"project": "project"}

REQUIREMENT = (
    key(),
    text("identifier", length=255, needed=True),
    text("title"),
    html("text"),
    html("comment"),
    html("rationale"),
    one("specification", f"{BASE}/specifications", needed=True),
    one("group", f"{BASE}/groups"),
    derived("project", "one", "project"),
    one("type", f"{BASE}/types"),
    one("state", f"{BASE}/states"),
    owner(),
    kept("parents", "many", BASE, default=()),
    reverse("children", BASE, "parents"),
    many("tags", "tag"),
    reverse("verification_methods", f"{BASE}/requirement-vms", "requirement"),
    number("position"),
    kept("created", "datetime"),
    kept("updated", "datetime"),
    kept("updated_by", "one", "user"),
    derived("verified", "bool"),
    derived("verified_items", "int"),
    derived("total_items", "int"),
    derived("verified_children", "int"),
    derived("total_children", "int"),
    derived("verification_items", "int"),
    one("compliance_statement", f"{BASE}/compliance-statements"),
    html("compliance_comment", None),
    Field("custom_values", "json", nullable=True),
    Field("custom_field_rows", "json", virtual=True),
    derived("linked_components", "many", "components"),
    derived("contenttype", "content_type"),
    derived("vpermission", "json"),
)

SPECIFICATION = (
    key(),
    text("name", length=255, needed=True),
    text("abbr", length=50),
    html("description"),
    one("project", "project", needed=True),
    one("folder", f"{BASE}/specifications/folders"),
    many("components", "components"),
    owner(),
    reverse("requirements", BASE, "specification"),
    reverse("requirement_groups", f"{BASE}/groups", "specification"),
    derived("contenttype", "content_type"),
    derived("vpermission", "json"),
)

GROUP = (
    key(),
    text("name", length=255, needed=True),
    html("description"),
    one("specification", f"{BASE}/specifications", needed=True),
    one("parent", f"{BASE}/groups", deletion="cascade"),
    reverse("children", f"{BASE}/groups", "parent"),
    derived("requirements", "many", BASE),
    derived("project", "one", "project"),
    owner(),
    derived("vpermission", "json"),
)

FOLDER = (
    key(),
    text("name", length=255, needed=True),
    one("parent", f"{BASE}/specifications/folders", deletion="cascade"),
    reverse("children", f"{BASE}/specifications/folders", "parent"),
    reverse("items", f"{BASE}/specifications", "folder"),
    one("project", "project", needed=True),
)

COMPONENT_VM = (
    key(),
    one("component", "components", needed=True),
    one("method", f"{BASE}/requirement-vms", needed=True),
    derived("verification_method", "one", f"{BASE}/verification-methods"),
    one("status", f"{BASE}/verification-statuses"),
    html("comment", None),
    *pointer(deletion="null"),
    one("verified_by", "user"),
    kept("verified_on", "datetime"),
    many("vattachments", "attachments"),
    one("custom_compliance_statement", f"{BASE}/compliance-statements"),
    html("custom_compliance_comment", None),
    many("tags", "tag"),
)


def listed(name: str, model: str, title: str, *, abbr: bool = False, shared: bool = False) -> Kind:
    """A short list that each project has for itself; a *shared* one may have entries of no project."""
    project = one("project", "project", deletion="cascade") if shared else one("project", "project", needed=True)
    middle = (text("abbr", length=20),) if abbr else ()
    return Kind(
        f"{BASE}/{name}", model, title, (key(), text("name", length=100, needed=True), *middle, project), BY_PROJECT
    )


KINDS = (
    Kind(
        BASE,
        "requirement",
        "Requirement",
        REQUIREMENT,
        {"project": "specification__project", "ids": "id"},
        display="identifier",
        space="container",
    ),
    Kind(f"{BASE}/specifications", "specification", "Specification", SPECIFICATION, BY_PROJECT),
    Kind(f"{BASE}/specifications/folders", "specificationfolder", "SpecificationFolder", FOLDER, BY_PROJECT),
    Kind(f"{BASE}/groups", "requirementgroup", "RequirementGroup", GROUP, {"project": "specification__project"}),
    listed("states", "requirementstate", "RequirementState"),
    listed("types", "requirementtype", "RequirementType"),
    listed("verification-methods", "verificationmethod", "VerificationMethod"),
    listed("verification-statuses", "verificationstatus", "VerificationStatus", abbr=True, shared=True),
    listed("compliance-statements", "compliancestatement", "ComplianceStatement"),
    Kind(
        f"{BASE}/requirement-vms",
        "requirementvm",
        "RequirementVM",
        (
            key(),
            one("requirement", BASE, needed=True),
            one("method", f"{BASE}/verification-methods"),
            html("text"),
            reverse("component_vms", f"{BASE}/component-vms", "method"),
        ),
        {"project": "requirement__specification__project", "ids": "id"},
        display="id",
    ),
    Kind(
        f"{BASE}/component-vms",
        "componentvm",
        "ComponentVM",
        COMPONENT_VM,
        {"project": "method__requirement__specification__project"},
        display="id",
    ),
    Kind(
        f"{BASE}/applicability-conditions",
        "applicabilitycondition",
        "ApplicabilityCondition",
        (key(), one("requirement", BASE, needed=True), many("component_types", "components/types")),
        {"project": "requirement__specification__project"},
        display="id",
    ),
    Kind(
        f"{BASE}/versions",
        "requirementversion",
        "RequirementVersion",
        (
            key(),
            kept("object_id", "one", BASE),
            derived("content_type", "content_type"),
            kept("created", "datetime"),
            kept("user", "one", "user"),
            kept("data", "json"),
        ),
        display="id",
        methods=READ_ONLY,
    ),
)
"""The kinds of this part, in the order of the API root."""
