"""Notes, links, files, conversations and messages."""

from __future__ import annotations

DECLARED = """
Attachment order=Name display=Name
    Name! Text, Description LongText, Filename! Text, ContentType! Text, Content! Blob
    Asset! -> BaseAsset.Attachments
    Category -> AttachmentCategory.Attachments
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

EmbeddedImage
    ContentType! Text, Content! Blob
    Asset! -> BaseAsset.EmbeddedImages
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

Image
    ContentType! Text, Content! Blob

Link order=Name display=Name
    Name! Text, URL! Text, OnMenu Boolean
    Asset! -> BaseAsset.Links
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

Note order=Name display=Name
    Name! Text, Content LongText, Personal Boolean
    Asset! -> BaseAsset.Notes
    Category -> NoteCategory.Notes
    Author -> Member.AuthoredNotes
    PersonalTo -> Member.PersonalNotes
    InResponseTo -> Note.Responses
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

Conversation
    Participants* -> Member.ParticipatesInConversations
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

Expression order=AuthoredAt display=Content
    Content! LongText, AuthoredAt Date
    Author! -> Member
    BelongsTo -> Conversation.ContainedExpressions
    InReplyTo -> Expression.Replies
    InConversation -> Expression.ExpressionsInConversation
    Mentions* -> BaseAsset.MentionedInExpressions
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]

Message : BaseAsset
    Asset -> BaseAsset.Messages
    Recipients* -> Member.ReceivedMessages
    do Send

MessageReceipt
    Message! -> Message.Receipts
    Recipient! -> Member.MessageReceipts
    IsRead~ Boolean, IsArchived~ Boolean, IsUnread Boolean =, IsUnarchived Boolean =
    AssetState State =, IsDeleted Boolean =
    do MarkAsRead[IsUnread], MarkAsUnread[IsRead], MarkAsArchived[IsUnarchived], MarkAsUnarchived[IsArchived]
    do Delete[IsDeletable]

Subscription order=Name display=Name
    Name! Text, Description LongText
    Subscriber! -> Member.Subscriptions
    AssetState State =, IsDeleted Boolean =
    do Delete[IsDeletable]
"""
