"""What every asset type has, and the two abstract roots BaseAsset and List."""

from __future__ import annotations

EVERY_TYPE = """
    ID -> Self.ID = ID
    AssetType AssetType =
    Key Opaque =, Moment Opaque =
    CanUpdate Boolean =
"""
"""Attributes that each type declares anew, so that they never show a base definition."""

EVERY_ROOT = """
    Prior -> Self = Prior
    Now -> Self = Now
    History* -> Self = History
    Is Boolean =, Days Numeric =
    IsDeletable Boolean =, IsReadOnly Boolean =
    CreateDate Date =, CreateDateUTC Date =, CreateReason Text =, CreateComment Text =
    CreatedBy -> Member = CreatedBy
    ChangeDate Date =, ChangeDateUTC Date =, ChangeReason Text =, ChangeComment Text =
    ChangedBy -> Member = ChangedBy
    RetireDate Date =, RetireDateUTC Date =, RetireReason Text =, RetireComment Text =
    RetiredBy -> Member = RetiredBy
    MyLastChangeDate Date =, MyLastChangeDateUTC Date =, MyLastChangeReason Text =
    MyLastChangeComment Text =, MyLastChangeMoment Opaque =
    Viewers* -> Member = Viewers
"""
"""Attributes that each type without a base declares, and all others inherit."""

DECLARED = """
abstract BaseAsset order=Name display=Name
    Name! Text, Description LongText
    AssetState State =, SubState State =, FakeAssetState State =
    IsDeleted Boolean =, IsInactive Boolean =, IsClosed Boolean =, IsDead Boolean =, IsUndeletable Boolean =
    ClosedDate Date =
    ClosedBy -> Member = ClosedBy
    SecurityScope+ -> Scope.SecuredAssets = SecurityScope
    Ideas* LongInt, GeneratedFromIdea Text
    do Delete[IsDeletable], Undelete[IsUndeletable]

abstract List order=Order display=Name
    Name! Text, Description LongText, Order Rank
    AssetState State =, Inactive Boolean =, IsDeleted Boolean =
    do Delete[IsDeletable], Activate, Inactivate

Role order=Name display=Name
    Name LocalizerTag

State order=ID display=Code
    Code Text

Scheme : BaseAsset

Publication order=Name display=Name
    Name Text, Payload! Guid
"""
