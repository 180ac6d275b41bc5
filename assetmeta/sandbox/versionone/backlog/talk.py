"""What people write around the work: requests, issues, retrospectives, notes, links, files, conversations, messages."""

from __future__ import annotations

from datetime import timedelta

from .drafts import Book, Draft
from .organisation import Project
from .phrases import paragraph, story_name, words


def request(book: Book, project: Project) -> None:
    """Draft a request; some are answered and closed."""
    at = book.between(project.scope.last.at)
    who = book.random.choice(project.members)
    drafted = book.new(
        "Request",
        at,
        who,
        Name=story_name(book.random),
        Description=paragraph(book.random, 1),
        Scope=project.scope,
        RequestedBy=book.random.choice(("Acme & Sons", "Bäckerei Müller", "O'Malley's", None)),
        Priority=f"RequestPriority:{book.random.randint(167, 169)}",
        Category=f"RequestCategory:{book.random.randint(349, 351)}",
        Owner=who,
    )
    if book.chance(0.6):
        status = f"RequestStatus:{book.random.randint(170, 172)}"
        book.change(drafted, book.after(at, 15), who, 128 if status.endswith("172") else None, Status=status)
    project.requests.append(drafted)


def issue(book: Book, project: Project) -> None:
    """Draft an issue; some are solved and closed."""
    at = book.between(project.scope.last.at)
    who = book.random.choice(project.members)
    drafted = book.new(
        "Issue",
        at,
        who,
        Name=f"Waiting for {book.random.choice(words.objects)} from {book.random.choice(words.products)}",
        Scope=project.scope,
        Team=project.team if book.chance(0.5) else None,
        Priority=f"IssuePriority:{book.random.randint(159, 161)}",
        Category=f"IssueCategory:{book.random.choice((164, 314, 315))}",
        Owner=who,
        TargetDate=at.date() + timedelta(days=20),
    )
    if book.chance(0.5):
        solved = {"Resolution": "<p>Solved</p>", "ResolutionReason": "IssueResolution:346"}
        book.change(drafted, book.after(at, 20), who, 128, **solved)
    project.issues.append(drafted)


def retrospective(book: Book, project: Project) -> None:
    """Draft the retrospective of one iteration of the project."""
    timebox = book.random.choice([each for each in project.timeboxes if each.last.state == 128] or project.timeboxes)
    at = max(timebox.last.at, project.scope.last.at)
    who = book.random.choice(project.members)
    values = {"Scope": project.scope, "Timebox": timebox, "Team": project.team, "FacilitatedBy": who}
    name = f"Retrospective of {timebox.get('Name')}"
    book.new("Retrospective", at, who, Name=name, Date=at.date(), Summary=paragraph(book.random), **values)


def note(book: Book, project: Project) -> None:
    """Draft a note on a story, sometimes with an answer."""
    item, who = _subject(book, project), book.random.choice(project.members)
    at = book.after(item.created, 20)
    content = paragraph(book.random, 1)
    first = book.new(
        "Note", at, who, Name="Remark", Content=content, Asset=item, Author=who, Category="NoteCategory:365"
    )
    if book.chance(0.3):
        other = book.random.choice(project.members)
        values = {"Content": "<p>Agreed.</p>", "Asset": item, "Author": other, "InResponseTo": first}
        book.new("Note", book.after(at, 2), other, Name="Re: Remark", **values)


def link(book: Book, project: Project) -> None:
    """Draft a link of a story to somewhere on the web."""
    item, who = _subject(book, project), book.random.choice(project.members)
    url = f"https://wiki.example.com/page?id={book.random.randint(1, 9999)}&view=full#top"
    book.new(
        "Link",
        book.after(item.created, 10),
        who,
        Name="Wiki: specification",
        URL=url,
        OnMenu=book.chance(0.5),
        Asset=item,
    )


def attachment(book: Book, project: Project) -> None:
    """Draft a small file attached to a story: a log of some lines, or a picture that only looks like one."""
    item, who = _subject(book, project), book.random.choice(project.members)
    if book.chance(0.5):
        named = {
            "Name": "Log",
            "Filename": "log.txt",
            "ContentType": "text/plain",
            "Category": "AttachmentCategory:368",
        }
        content = "\n".join(book.random.choice(words.remarks) for _ in range(5)).encode()
    else:
        named = {"Name": "Screenshot", "Filename": "Übersicht 1.png", "ContentType": "image/png"}
        content = b"\x89PNG\r\n\x1a\n" + book.random.randbytes(64)
    book.blobs.append((book.new("Attachment", book.after(item.created, 10), who, Asset=item, **named), content))


def conversation(book: Book, project: Project) -> None:
    """Draft a conversation of two to four posts that mention a story."""
    item = _subject(book, project)
    at = book.after(item.created, 30)
    speakers = book.random.sample(project.members, 2)
    talk = book.new("Conversation", at, speakers[0])
    talk.last.links += [("Participants", speaker) for speaker in speakers]
    before: Draft | None = None
    for place in range(book.random.randint(2, 4)):
        at, author = book.after(at, 1), speakers[place % 2]
        values = {
            "Content": book.random.choice(words.remarks),
            "AuthoredAt": at,
            "BelongsTo": talk,
            "InReplyTo": before,
        }
        before = book.new("Expression", at, author, Author=author, **values)
        before.last.links += [("Mentions", item)] if place == 0 else []


def message(book: Book, project: Project) -> None:
    """Draft a message about a story, with its receipts."""
    item, who = _subject(book, project), project.members[0]
    at = book.after(item.created, 10)
    sent = book.new("Message", at, who, Name="Please have a look", Description=paragraph(book.random, 1), Asset=item)
    for recipient in book.random.sample(project.members[1:], 2):
        sent.last.links.append(("Recipients", recipient))
        read = book.chance(0.5)
        book.new("MessageReceipt", at, who, Message=sent, Recipient=recipient, IsRead=read, IsArchived=False)


def _subject(book: Book, project: Project) -> Draft:
    """A story to write about, or the project itself while it has none."""
    return book.random.choice(project.stories[-40:] or [project.scope])
