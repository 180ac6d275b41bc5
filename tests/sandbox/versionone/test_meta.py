"""The documents of meta.v1, and their agreement with recorded fragments of real servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from assetmeta.sandbox.versionone.catalogue import catalogue
from assetmeta.sandbox.versionone.definitions import define
from assetmeta.sandbox.versionone.meta import MetaDocuments
from nonempty import nonempty

RECORDED = Path(__file__).parents[4] / "shared" / "reference" / "data" / "versionone"
OTHER_VERSIONS = {
    ("Defect.Super", "isreadonly"),
    ("Defect.Super", "OrderByAttribute"),
    ("Defect.Super", "ReciprocalRelation"),
    ("Defect.Super", "RelatedAsset"),
    ("Defect.Parent", "Base"),
    ("Defect.Super", "Base"),
    ("Story.Requests", "ReciprocalRelation"),
    ("Story", "Base"),
    ("Request", "Base"),
}
"""Where a recording is of an older server, or was changed by hand: the token, and what differs."""

META = MetaDocuments(catalogue(), "/VersionOne")


def xml(document: bytes | None) -> etree._Element:
    """Parse a document that must exist."""
    assert document is not None
    return etree.fromstring(document)


def member(type_name: str, text: str) -> etree._Element:
    """The root of `meta.v1/{type_name}/{text}`."""
    return xml(META.of_member(type_name, text))


def references(element: etree._Element) -> dict[str, str]:
    """What the pointing children point at, by tag."""
    return {
        str(child.tag): child.get("tokenref") or child.get("nameref") or ""
        for child in element
        if child.tag not in ("AttributeDefinition", "Operation")
    }


class TestTypeDocument:
    """`meta.v1/Story`."""

    STORY = xml(META.of_type("Story"))

    def test_root(self) -> None:
        assert dict(self.STORY.attrib) == {
            "href": "/VersionOne/meta.v1/Story",
            "version": catalogue().version,
            "name": "Story",
            "token": "Story",
            "displayname": "AssetType'Story",
            "abstract": "False",
        }

    def test_references(self) -> None:
        assert references(self.STORY) == {
            "Base": "PrimaryWorkitem",
            "DefaultOrderBy": "Story.Order",
            "DefaultDisplayBy": "Story.Name",
            "ShortName": "Story.Number",
            "Name": "Story.Name",
            "Description": "Story.Description",
        }

    def test_attributes_and_operations_are_direct_children(self) -> None:
        names = {child.get("name") for child in self.STORY.findall("AttributeDefinition")}
        assert names == set(catalogue().types["Story"].attributes)
        assert len(self.STORY.findall("Operation")) == len(catalogue().types["Story"].operations)

    def test_only_the_root_has_an_address(self) -> None:
        assert not any(child.get("href") or child.get("of") for child in self.STORY.findall("AttributeDefinition"))

    def test_booleans_are_capitalised(self) -> None:
        flags = ("isreadonly", "isrequired", "ismultivalue", "iscanned", "iscustom")
        for child in nonempty(self.STORY.findall("AttributeDefinition")):
            assert {child.get(flag) for flag in flags} <= {"True", "False"}

    def test_a_type_without_base_and_short_name(self) -> None:
        found = references(xml(META.of_type("Publication")))
        name = "Publication.Name"
        assert found == {"DefaultOrderBy": name, "DefaultDisplayBy": name, "Name": name}

    def test_an_unknown_type_has_no_document(self) -> None:
        assert META.of_type("Animal") is None
        assert META.of_member("Animal", "Name") is None


class TestAttributeDocument:
    """`meta.v1/Story/Status` and its like."""

    def test_a_single_relation(self) -> None:
        status = member("Story", "Status")
        assert dict(status.attrib) == {
            "href": "/VersionOne/meta.v1/Story/Status",
            "of": "/VersionOne/meta.v1/Story",
            "version": catalogue().version,
            "name": "Status",
            "token": "Story.Status",
            "displayname": "AttributeDefinition'Status'Story",
            "attributetype": "Relation",
            "isreadonly": "False",
            "isrequired": "False",
            "ismultivalue": "False",
            "iscanned": "True",
            "iscustom": "False",
        }
        assert references(status) == {
            "Base": "PrimaryWorkitem.Status",
            "ReciprocalRelation": "StoryStatus.PrimaryWorkitems",
            "OrderByAttribute": "Story.Status.Order",
            "DisplayByAttribute": "Story.Status.Name",
            "RelatedAsset": "StoryStatus",
        }
        assert {child.get("href") for child in status} >= {"/VersionOne/meta.v1/Story/Status.Order"}

    def test_a_multi_value_relation_has_no_order(self) -> None:
        assert set(references(member("Story", "Owners"))) == {"Base", "ReciprocalRelation", "RelatedAsset"}

    def test_a_scalar_is_ordered_by_itself_except_is(self) -> None:
        assert references(member("Story", "Category.Name"))["OrderByAttribute"] == "Story.Category.Name"
        assert references(member("Story", "Value")) == {"OrderByAttribute": "Story.Value"}
        assert references(member("BaseAsset", "Is")) == {}

    def test_a_custom_field(self) -> None:
        found = member("Story", "Custom_testfield")
        assert (found.get("iscanned"), found.get("iscustom")) == ("False", "True")
        assert references(found) == {"OrderByAttribute": "Story.Custom_testfield"}

    def test_old_servers_do_not_tell_canned_from_custom(self) -> None:
        document = MetaDocuments(catalogue(), "/V1", flags=False).of_type("Story")
        assert b"iscustom" not in (document or b"")

    def test_an_operation(self) -> None:
        delete = member("Story", "Delete")
        assert (delete.tag, delete.get("name"), delete.get("of")) == (
            "Operation",
            "Delete",
            "/VersionOne/meta.v1/Story",
        )
        assert references(delete) == {"Validator": "Story.IsDeletable"}

    def test_an_operation_without_validator_is_empty(self) -> None:
        assert len(member("Scope", "AssignMemberWithRole")) == 0


class TestPathDocument:
    """Derived definitions of whole tokens."""

    def test_a_path_over_a_multi_value_relation(self) -> None:
        found = member("Task", "Owners.Nickname")
        assert found.get("attributetype") == "Text"
        assert (found.get("isreadonly"), found.get("isrequired"), found.get("ismultivalue")) == ("True", "True", "True")
        assert references(found)["RelatedAttribute"] == "Member.Nickname"
        assert "OrderByAttribute" not in references(found)

    def test_an_aggregate_is_single_and_reaches_nothing(self) -> None:
        found = member("Task", "Actuals.Value.@Sum")
        assert (found.get("attributetype"), found.get("ismultivalue")) == ("Numeric", "False")
        assert "RelatedAttribute" not in references(found)

    def test_inherited_paths_point_at_the_base_type(self) -> None:
        assert references(member("Story", "Scope.Name"))["Base"] == "PrimaryWorkitem.Scope.Name"

    def test_a_path_that_ends_in_a_relation_has_a_related_asset(self) -> None:
        assert references(member("Task", "Parent.Owners"))["RelatedAsset"] == "Member"

    def test_downcast_and_filter(self) -> None:
        text = "Workitems:Story[Owners.@Count!='0'].Category"
        found = member("Scope", text)
        assert found.get("token") == f"Scope.{text}"
        assert references(found)["RelatedAttribute"] == "Story.Category"

    @pytest.mark.parametrize(
        "text",
        [
            "Nope",
            "Name.Nope",
            "Scope.Nope",
            "Workitems:Animal",
            "Workitems:Member",
            "Workitems.Custom_testfield",
            "Workitems[Nope='1'].@Count",
            "Workitems[",
            "Name.@Sum",
            "Name:Story",
            "",
        ],
    )
    def test_impossible_tokens_have_no_document(self, text: str) -> None:
        assert META.of_member("Scope", text) is None
        assert define(catalogue(), "Scope", text) is None


class TestWholeDocument:
    """`meta.v1/`."""

    def test_all_types_are_there(self) -> None:
        root = xml(META.whole())
        assert (root.tag, root.get("href"), root.get("version")) == (
            "Meta",
            "/VersionOne/meta.v1/",
            catalogue().version,
        )
        assert {kind.get("name") for kind in root} == set(catalogue().types)
        assert not any(kind.get("href") or kind.get("version") for kind in root)

    def test_every_reference_leads_to_a_definition(self) -> None:
        tokens = {kind.get("tokenref") for kind in xml(META.whole()).iter() if kind.get("tokenref")}
        for token in tokens:
            owner, text = str(token).split(".", 1)
            assert define(catalogue(), owner, text), token

    def test_it_is_rendered_once(self) -> None:
        assert META.whole() is META.whole()


class TestJson:
    """The same in JSON."""

    def test_whole(self) -> None:
        whole = json.loads(META.whole(as_json=True))
        assert (whole["HREF"], whole["Version"]) == ("/VersionOne/meta.v1/", catalogue().version)
        story = whole["AssetTypes"]["Story"]
        assert (story["_type"], story["Token"], story["Abstract"]) == ("AssetType", "Story", False)
        assert story["Base"] == {"nameref": "PrimaryWorkitem", "href": "/VersionOne/meta.v1/PrimaryWorkitem"}
        assert story["DefaultOrderBy"]["tokenref"] == "Story.Order"
        assert story["Operations"]["Story.Delete"] == {
            "_type": "Operation",
            "Name": "Delete",
            "Validator": {"href": "/VersionOne/meta.v1/Story/IsDeletable", "tokenref": "Story.IsDeletable"},
        }

    def test_attribute(self) -> None:
        found = json.loads(META.of_type("Story", as_json=True) or b"")["Attributes"]["Story.Owners"]
        flags = {name: found[name] for name in ("IsReadOnly", "IsRequired", "IsMultivalue", "IsCanned", "IsCustom")}
        assert flags == {
            "IsReadOnly": False,
            "IsRequired": False,
            "IsMultivalue": True,
            "IsCanned": True,
            "IsCustom": False,
        }
        assert found["AttributeType"] == "Relation"
        assert found["RelatedAsset"]["nameref"] == "Member"

    def test_one_type_and_one_attribute_have_an_address(self) -> None:
        assert json.loads(META.of_type("Role", as_json=True) or b"")["HREF"] == "/VersionOne/meta.v1/Role"
        assert (
            json.loads(META.of_member("Role", "Name", as_json=True) or b"")["HREF"] == "/VersionOne/meta.v1/Role/Name"
        )


def recorded() -> list[Path]:
    """The recorded meta documents, none where the reference data is not at hand."""
    return sorted(RECORDED.glob("*--meta-v1-*.xml"))


def differences(theirs: etree._Element) -> set[tuple[str, str]]:
    """What a recorded type or attribute says otherwise than ours, apart from addresses, versions and later flags."""
    token = theirs.get("token") or ""
    owner, _, name = token.partition(".")
    ours = member(owner, name) if name else xml(META.of_type(owner))
    skipped = {"href", "of", "version"}
    found = {(token, key) for key, value in theirs.attrib.items() if key not in skipped and ours.get(str(key)) != value}
    pointed = references(ours)
    return found | {(token, tag) for tag, target in references(theirs).items() if pointed.get(tag) != target}


@pytest.mark.skipif(not recorded(), reason="the recorded bodies are not at hand")
@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem)
def test_agrees_with_the_recording(path: Path) -> None:
    """Where a recorded fragment concerns a type and attribute of ours, it says the same."""
    root = etree.parse(path).getroot()
    found: set[tuple[str, str]] = set()
    known = catalogue()
    for element in nonempty(root.iter("AssetType", "AttributeDefinition", "Operation")):
        validator = element.find("Validator")
        owner, _, name = (element.get("token") or "").partition(".")
        if element.tag != "Operation":
            if known.find(owner) and (not name or define(known, owner, name)):
                found |= differences(element)
        elif validator is not None:
            owner = (validator.get("tokenref") or "").split(".")[0]
            ours = member(owner, element.get("name") or "")
            assert references(ours) == {"Validator": validator.get("tokenref")}
    assert found <= OTHER_VERSIONS


@pytest.mark.parametrize(
    ("token", "kind", "related"),
    [
        ("Story.Benefits", "LongText", None),
        ("Team.Rooms", "Relation", "TeamRoom"),
        ("TeamRoom.Team", "Relation", "Team"),
    ],
)
def test_attributes_that_public_programs_use(token: str, kind: str, related: str | None) -> None:
    found = member(*token.split("."))
    assert (found.get("attributetype"), references(found).get("RelatedAsset")) == (kind, related)
