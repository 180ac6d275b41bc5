"""The schema as data: asset types, attribute definitions and operations are themselves assets."""

from __future__ import annotations

DECLARED = """
AssetType order=Order display=Name short=Name
    Name! Text, Order Rank
    Base^ -> AssetType.AssetTypes
    IsAbstract Boolean, IsCustom! Boolean
    NumberPattern Text, Initializer Text, Resolver Text, NameResolutionAttributes Text
    DefaultOrderByAttribute Text, DefaultHierarchyAttribute Text, ShortNameAttribute Text
    SecurityScopeRelation Text, UpdateRights! Text, ViewRights! Text

abstract AttributeDefinition order=Name display=Name short=Name
    Asset! -> AssetType.AttributeDefinitions
    Name! Text, AttributeType! Text, NativeValue! Text
    IsBasic! Boolean, IsCustom! Boolean, IsReadOnly! Boolean, IsRequired! Boolean
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

SimpleAttributeDefinition : AttributeDefinition

SyntheticAttributeDefinition : AttributeDefinition

abstract RelationDefinition : AttributeDefinition
    RelatedAssetType! -> AssetType
    ReverseName Text, ReverseIsBasic Boolean
    ValidValuesFilter Text, NewValidValuesFilter Text, QuickValuesFilter Text
    ReverseValidValuesFilter Text, ReverseNewValidValuesFilter Text, ReverseQuickValuesFilter Text

OneToManyRelationDefinition : RelationDefinition

HierarchyRelationDefinition : RelationDefinition

ManyToManyRelationDefinition : RelationDefinition

Operation order=Name display=Name short=Name
    Asset! -> AssetType.Operations
    Name! Text, Validator! Text, Implementation! Text, ExecuteRights! Text

Override order=Name display=Name short=Name
    Asset! -> AssetType.Overrides
    Name! Text, IsReadOnly Boolean, IsRequired Boolean
    RelatedAssetType -> AssetType
"""
