"""The catalogue of the VersionOne face: inheritance, overrides, reverse relations, closures, and the shipped rows."""

from __future__ import annotations

from typing import ClassVar

import pytest

from assetmeta.sandbox.versionone import seed
from assetmeta.sandbox.versionone.catalogue import CARRIED, catalogue
from assetmeta.sandbox.versionone.computed import RULES
from assetmeta.sandbox.versionone.flatten import flatten
from assetmeta.sandbox.versionone.notation import read_types
from assetmeta.sandbox.versionone.requests import LoadRow
from assetmeta.sandbox.versionone.schema_rows import schema_rows
from assetmeta.sandbox.versionone.types import AttributeDef, Closure, Column, Computed, Link, Reverse

CATALOGUE = catalogue()
EVERYWHERE = {"ID", "AssetType", "Key", "Moment", "CanUpdate"}


def attribute(token: str) -> AttributeDef:
    """The attribute of a definition token, which must exist."""
    found = CATALOGUE.attribute(*token.split("."))
    assert found is not None, token
    return found


def all_attributes() -> list[tuple[str, AttributeDef]]:
    """Every attribute of every type, with the type's name."""
    return [(kind.name, each) for kind in CATALOGUE.types.values() for each in kind.attributes.values()]


class TestNotation:
    """The declarations are read strictly."""

    @pytest.mark.parametrize(
        "text",
        [
            "Story Base",
            "Story\n    Name",
            "Story\n    name? Text",
            "Story\n    Owner Text -> Member",
            "Story\n    do Co-py",
        ],
    )
    def test_a_line_outside_the_notation_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a"):
            read_types(text)

    def test_a_wrong_related_type_is_noticed(self) -> None:
        with pytest.raises(KeyError):
            flatten(read_types("EveryType\nEveryRoot\nStory\n    Owner -> Nobody.Stories"))

    def test_the_catalogue_is_built_once(self) -> None:
        assert catalogue() is catalogue()


class TestInheritance:
    """Types list what they inherit, with their own flags."""

    def test_every_type_has_the_common_attributes(self) -> None:
        for kind in CATALOGUE.types.values():
            assert EVERYWHERE | {"Prior", "Now", "History", "Is", "Days", "CreateDateUTC", "ChangedBy"} <= set(
                kind.attributes
            )

    def test_common_attributes_never_show_a_base(self) -> None:
        assert all(each.base is None for _, each in all_attributes() if each.name in EVERYWHERE)

    def test_a_type_has_all_that_its_base_has(self) -> None:
        for kind in CATALOGUE.types.values():
            base = CATALOGUE.find(kind.base or "")
            if base is not None:
                assert set(base.attributes) <= set(kind.attributes)
                assert set(base.operations) <= set(kind.operations)
                assert kind.concrete <= base.concrete
                assert kind.lineage == (kind.name, *base.lineage)

    def test_abstract_types_stand_for_their_concrete_ones(self) -> None:
        assert CATALOGUE.types["PrimaryWorkitem"].concrete == {"Story", "Defect", "TestSet"}
        assert CATALOGUE.types["Story"].concrete == {"Story"}
        assert "Workitem" not in CATALOGUE.types["BaseAsset"].concrete

    @pytest.mark.parametrize(
        ("token", "related", "required", "readonly"),
        [
            ("Workitem.Parent", "Workitem", False, False),
            ("Story.Parent", "Theme", False, False),
            ("Theme.Parent", "Theme", False, False),
            ("Task.Parent", "PrimaryWorkitem", True, False),
            ("Test.Parent", "PrimaryWorkitem", True, False),
            ("Workitem.Super", "Workitem", False, True),
            ("Story.Super", "Epic", False, False),
            ("Defect.Super", "Epic", False, False),
            ("TestSet.Super", "Epic", False, False),
            ("Epic.Super", "Epic", False, False),
            ("Story.Scope", "Scope", True, False),
            ("Task.Scope", "Scope", False, True),
            ("Task.Timebox", "Timebox", False, True),
            ("Theme.Timebox", "Timebox", False, True),
        ],
    )
    def test_overrides(self, token: str, related: str, required: bool, readonly: bool) -> None:
        found = attribute(token)
        assert (found.related, found.required, found.readonly) == (related, required, readonly)

    def test_base_names_the_definition_above(self) -> None:
        assert attribute("Story.Name").base == "BaseAsset.Name"
        assert attribute("Story.Status").base == "PrimaryWorkitem.Status"
        assert attribute("PrimaryWorkitem.Parent").base == "Workitem.Parent"
        assert attribute("Story.Category").base is None

    def test_a_base_definition_exists_and_has_the_same_name(self) -> None:
        for owner, each in all_attributes():
            if each.base:
                above, name = each.base.split(".")
                assert name == each.name
                assert above in CATALOGUE.types[owner].lineage[1:]
                assert attribute(each.base).declared_by == above


class TestRelations:
    """Both ends of a relation agree."""

    def test_every_related_type_and_reciprocal_exists(self) -> None:
        for _, each in all_attributes():
            assert each.is_relation == (each.related is not None)
            if each.related:
                assert each.related in CATALOGUE.types
            if each.reciprocal:
                other = attribute(each.reciprocal)
                assert other.is_relation
                assert other.declared_by == each.reciprocal.split(".")[0]

    def test_reciprocals_name_the_declaring_type(self) -> None:
        assert attribute("Story.Owners").reciprocal == "Member.OwnedWorkitems"
        assert attribute("Member.OwnedWorkitems").reciprocal == "Workitem.Owners"

    def test_reciprocals_lead_back(self) -> None:
        for owner, each in all_attributes():
            if each.reciprocal and each.name != "ID":
                back = attribute(each.reciprocal).reciprocal or ""
                assert back.split(".")[1] == each.name, f"{owner}.{each.name}"

    def test_a_single_relation_has_a_read_only_reverse(self) -> None:
        reverse = attribute("Scope.Workitems")
        assert (reverse.storage, reverse.related, reverse.readonly, reverse.multi) == (
            Reverse("Scope"),
            "Workitem",
            True,
            True,
        )

    def test_a_many_to_many_relation_is_written_from_both_ends(self) -> None:
        owners, owned = attribute("Story.Owners"), attribute("Member.OwnedWorkitems")
        assert (owners.storage, owners.readonly) == (Link("Workitem.Owners"), False)
        assert (owned.storage, owned.readonly) == (Link("Workitem.Owners", "target"), False)

    def test_ends_of_overridden_relations_relate_to_all_that_point_at_them(self) -> None:
        assert attribute("Epic.Subs").related == "Workitem"
        assert attribute("PrimaryWorkitem.Children").related == "Workitem"
        assert attribute("Theme.Children").related == "Workitem"

    def test_some_relations_have_no_reciprocal(self) -> None:
        for token in ("Story.CreatedBy", "Story.ChangedBy", "Story.RetiredBy", "Story.Viewers", "Member.DefaultRole"):
            assert attribute(token).reciprocal is None

    def test_id_is_a_relation_to_itself(self) -> None:
        for kind in CATALOGUE.types.values():
            found = kind.attributes["ID"]
            assert (found.related, found.reciprocal, found.readonly) == (kind.name, f"{kind.name}.ID", True)


class TestClosures:
    """Each hierarchy has six generated relations."""

    @pytest.mark.parametrize(
        ("type_name", "up", "down"),
        [
            ("Workitem", "Parent", "Children"),
            ("Workitem", "Super", "Subs"),
            ("Scope", "Parent", "Children"),
            ("PrimaryWorkitem", "SplitFrom", "SplitTo"),
            ("AssetType", "Base", "AssetTypes"),
        ],
    )
    def test_all_six(self, type_name: str, up: str, down: str) -> None:
        for upward, downward, me, deep in (
            ("AndUp", "AndDown", False, True),
            ("MeAndUp", "MeAndDown", True, True),
            ("AndMe", "AndMe", True, False),
        ):
            above, below = attribute(f"{type_name}.{up}{upward}"), attribute(f"{type_name}.{down}{downward}")
            assert above.storage == Closure(up, "up", me, deep)
            assert below.storage == Closure(up, "down", me, deep)
            assert above.reciprocal == f"{type_name}.{below.name}"
            assert below.reciprocal == f"{type_name}.{above.name}"
            assert above.multi and below.multi and above.readonly and below.readonly

    @pytest.mark.parametrize(
        ("token", "related"),
        [
            ("Story.SuperAndUp", "Epic"),
            ("Story.SuperMeAndUp", "Workitem"),
            ("Epic.SuperMeAndUp", "Epic"),
            ("Task.ParentAndUp", "Workitem"),
            ("Theme.ParentMeAndUp", "Theme"),
        ],
    )
    def test_they_relate_to_what_can_be_reached(self, token: str, related: str) -> None:
        assert attribute(token).related == related


class TestStorage:
    """Every attribute tells where its value lives."""

    def test_every_rule_is_used(self) -> None:
        used = {each.storage.rule for _, each in all_attributes() if isinstance(each.storage, Computed)}
        assert set(RULES) <= used

    def test_the_catalogue_lists_its_columns(self) -> None:
        assert CATALOGUE.columns == {
            each.storage.name for _, each in all_attributes() if isinstance(each.storage, Column)
        }

    def test_computed_values_are_read_only_except_bytes(self) -> None:
        for owner, each in all_attributes():
            if isinstance(each.storage, Computed):
                assert each.readonly == (each.kind != "Blob"), f"{owner}.{each.name}"

    def test_carried_relations_are_read_only_and_stored(self) -> None:
        for type_name, names in CARRIED.items():
            for name in names:
                found = attribute(f"{type_name}.{name}")
                assert found.readonly
                assert found.storage == Column(name)

    def test_no_attribute_is_called_as_of(self) -> None:
        assert not any(each.name == "AsOf" for _, each in all_attributes())

    def test_multi_value_scalars_are_links(self) -> None:
        for token, kind in (
            ("Story.TaggedWith", "Text"),
            ("Story.Ideas", "LongInt"),
            ("RegressionTest.TaggedWith", "Text"),
        ):
            found = attribute(token)
            assert found.kind == kind
            assert found.multi
            assert isinstance(found.storage, Link)


class TestBasic:
    """The default selection."""

    def test_of_a_scope(self) -> None:
        basic = {each.name for each in CATALOGUE.types["Scope"].attributes.values() if each.basic}
        single = "AssetType AssetState SecurityScope Schedule Parent Owner Status TestSuite Scheme PlanningLevel"
        other = "Name Description BeginDate EndDate Reference TargetEstimate TargetSwag BuildProjects Ideas"
        assert {*single.split(), *other.split()} <= basic
        assert not {"Workitems", "Members", "CreateDate", "ParentMeAndUp", "Children", "ID", "IsClosed", "Key"} & basic

    def test_overriding_does_not_change_it(self) -> None:
        for owner, each in all_attributes():
            if each.base:
                assert attribute(each.base).basic == each.basic, f"{owner}.{each.name}"

    def test_a_password_is_never_among_them(self) -> None:
        assert not attribute("Member.Password").basic


class TestOperations:
    """Operations and the attributes that allow them."""

    def test_validators_are_boolean_attributes_of_the_type(self) -> None:
        for kind in CATALOGUE.types.values():
            for operation in kind.operations.values():
                if operation.validator:
                    assert kind.attributes[operation.validator].kind == "Boolean"

    def test_of_a_story(self) -> None:
        names = (
            "Delete Copy DeepCopy ShallowCopy Split MakeTemplate GenerateSubStory StoryToEpic EpicToStory QuickClose"
        )
        operations = CATALOGUE.types["Story"].operations
        assert {*names.split(), "QuickSignup", "Inactivate", "Reactivate", "Undelete"} == set(operations)
        assert operations["Copy"].validator == "CheckCopy"
        assert operations["Delete"].validator == "IsDeletable"

    def test_assigning_roles_has_no_validator(self) -> None:
        assert CATALOGUE.types["Scope"].operations["AssignMemberWithRole"].validator is None
        assert CATALOGUE.types["Member"].operations["AssignToScopeWithRole"].validator is None


class TestCustomFields:
    """What an administrator added."""

    def test_kinds(self) -> None:
        assert attribute("Story.Custom_testfield").kind == "Text"
        assert attribute("Story.Custom_FundingLevel").related == "Custom_FundingLevel"
        assert attribute("Defect.Custom_DowntimeMinutes").kind == "Numeric"
        assert attribute("Epic.Custom_Regions").multi

    def test_they_are_marked(self) -> None:
        assert all(each.custom == each.name.startswith("Custom_") for _, each in all_attributes())


class TestShippedRows:
    """The rows of every instance."""

    ROWS: dict[str, LoadRow] = {row.asset: row for row in seed.rows(CATALOGUE)}  # noqa: RUF012

    def test_assets_are_unique_and_of_concrete_types(self) -> None:
        assert len(list(seed.rows(CATALOGUE))) == len(self.ROWS)
        assert not any(CATALOGUE.types[asset.split(":")[0]].abstract for asset in self.ROWS)

    def test_ids_are_below_those_of_user_assets(self) -> None:
        high = [asset for asset in self.ROWS if int(asset.split(":")[1]) >= 1000]
        assert high == ["Scheme:1001"]

    def test_only_scope_and_role_share_an_id(self) -> None:
        numbers = [asset.split(":")[1] for asset in self.ROWS]
        assert {number for number in numbers if numbers.count(number) > 1} == {"0"}

    def test_values_fit_the_catalogue(self) -> None:
        for asset, row in self.ROWS.items():
            attributes = CATALOGUE.types[asset.split(":")[0]].attributes
            for name, value in row.values.items():
                assert attributes[name].storage == Column(name)
                if attributes[name].is_relation and value is not None:
                    assert value in self.ROWS

    @pytest.mark.parametrize(
        ("asset", "name"),
        [
            ("Scope:0", "System (All Projects)"),
            ("Member:20", "Administrator"),
            ("Scheme:1001", "Default Scheme"),
            ("Role:8", "Role.Name'Observer"),
            ("StoryStatus:134", "In Progress"),
            ("TestStatus:129", "Passed"),
            ("GoalCategory:194", "Strategic"),
        ],
    )
    def test_known_rows(self, asset: str, name: str) -> None:
        assert self.ROWS[asset].values["Name"] == name

    def test_every_list_type_has_rows(self) -> None:
        filled = {asset.split(":")[0] for asset in self.ROWS}
        assert CATALOGUE.types["List"].concrete <= filled


class TestSchemaRows:
    """The schema as data agrees with the catalogue."""

    ROWS: list[LoadRow] = [row for row in seed.rows(CATALOGUE) if ":-" in row.asset]  # noqa: RUF012
    TYPES: dict[str, str] = {row.asset: str(row.values["Name"]) for row in ROWS if row.asset.startswith("AssetType:")}  # noqa: RUF012

    def definitions_of(self, type_name: str) -> dict[str, LoadRow]:
        """What `AttributeDefinition?where=Asset.AssetTypesMeAndDown.Name='…'` finds, by attribute name."""
        lineage = CATALOGUE.types[type_name].lineage
        found = [
            row
            for row in self.ROWS
            if "AttributeType" in row.values and self.TYPES[str(row.values["Asset"])] in lineage
        ]
        assert len({row.values["Name"] for row in found}) == len(found)
        return {str(row.values["Name"]): row for row in found}

    def test_every_type_has_a_row(self) -> None:
        assert set(self.TYPES.values()) == set(CATALOGUE.types)

    @pytest.mark.parametrize("type_name", ["Defect", "Story", "Task", "Scope", "Member", "StoryStatus", "Attachment"])
    def test_definitions_of_a_type_are_its_own_and_inherited_ones(self, type_name: str) -> None:
        attributes = CATALOGUE.types[type_name].attributes
        stored = {name for name, each in attributes.items() if isinstance(each.storage, Column | Computed)}
        assert stored <= set(self.definitions_of(type_name)) <= set(attributes)

    def test_basic_ones_are_the_default_selection(self) -> None:
        for type_name in ("Defect", "Scope", "Task"):
            flagged = {name for name, row in self.definitions_of(type_name).items() if row.values["IsBasic"]}
            assert flagged == {each.name for each in CATALOGUE.types[type_name].attributes.values() if each.basic}

    def test_flags_agree(self) -> None:
        for row in self.ROWS:
            if "AttributeType" in row.values:
                found = attribute(f"{self.TYPES[str(row.values['Asset'])]}.{row.values['Name']}")
                flags = (found.kind, found.basic, found.custom, found.readonly, found.required)
                names = ("AttributeType", "IsBasic", "IsCustom", "IsReadOnly", "IsRequired")
                assert flags == tuple(row.values[name] for name in names)

    def test_hierarchies_are_hierarchy_relations(self) -> None:
        rows = [row for row in self.ROWS if row.asset.startswith("HierarchyRelationDefinition:")]
        assert sorted(f"{self.TYPES[str(row.values['Asset'])]}.{row.values['Name']}" for row in rows) == [
            "AssetType.Base",
            "PrimaryWorkitem.SplitFrom",
            "Scope.Parent",
            "Workitem.Parent",
            "Workitem.Super",
        ]

    def test_overrides_are_rows_of_their_own(self) -> None:
        rows = {
            (self.TYPES[str(row.values["Asset"])], row.values["Name"]): row
            for row in self.ROWS
            if row.asset.startswith("Ov")
        }
        assert rows["Task", "Parent"].values["IsRequired"] is True
        assert rows["Task", "Scope"].values["IsReadOnly"] is True


class TestSchemaAsAssets:
    """The schema as assets: types, attributes and operations."""

    rows: ClassVar[list[LoadRow]] = list(schema_rows(CATALOGUE))

    def values(self, kind: str) -> list[dict[str, object]]:
        return [dict(row.values) for row in self.rows if row.asset.partition(":")[0] == kind]

    def test_every_row_has_an_id_of_its_own(self) -> None:
        ids = [int(row.asset.partition(":")[2]) for row in self.rows]
        assert list(range(-1, -len(ids) - 1, -1)) == sorted(ids, reverse=True)
        assert {(0, 64)} == {(row.since, row.state) for row in self.rows}

    def test_types_are_in_the_order_of_the_catalogue(self) -> None:
        types = self.values("AssetType")
        assert list(CATALOGUE.types) == [row["Name"] for row in types]
        assert list(range(1, len(types) + 1)) == [row["Order"] for row in types]
        tokens = {row["Name"]: each.asset for row, each in zip(types, self.rows, strict=False)}
        for row in types:
            base = CATALOGUE.types[str(row["Name"])].base
            assert row["Base"] == (tokens[base] if base else None)

    def test_an_operation_is_defined_once_and_inherited_by_all_below(self) -> None:
        defined = [
            (name, operation)
            for name, kind in CATALOGUE.types.items()
            for operation in kind.operations
            if kind.base is None or operation not in CATALOGUE.types[kind.base].operations
        ]
        assert len(defined) < sum(len(kind.operations) for kind in CATALOGUE.types.values())
        assert len(defined) == len(self.values("Operation")) > 0
