"""Programs as users of the VersionOne Python SDK write them. Each takes the SDK as a module and a server, and prints.

Nothing here knows which of two modules it runs on: v1pysdk itself, or assetmeta.v1pysdk.
"""

from __future__ import annotations

import csv
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.error import HTTPError

PROGRAMS: dict[str, tuple[Callable[..., None], int]] = {}
"""Programs by name, with the number of requests that each takes on assetmeta.v1pysdk."""


def program(requests: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def known(function: Callable[..., None]) -> Callable[..., None]:
        PROGRAMS[function.__name__] = (function, requests)
        return function

    return known


def connect(sdk: Any, server: Any, **changed: Any) -> Any:
    login = {"instance_url": server.url, "username": server.user, "password": server.secret}
    return sdk.V1Meta(**(login | changed))


@program(requests=2)
def report_of_a_project(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    stories = v1.Story.select("Name", "Estimate", "Status.Name", "Scope.Name").sort("Number")
    total: Counter[str] = Counter()
    for story in stories:
        total[story.Scope.Name] += int(float(story.Estimate or 0))
        print(f"{story.Name:40} {story.Estimate} {story.Status.Name}")
    for name in sorted(total):
        print(name, total[name])


@program(requests=2)
def export_as_csv(sdk: Any, server: Any) -> None:
    with connect(sdk, server) as v1:
        writer = csv.writer(sys.stdout)
        writer.writerow(["id", "name", "estimate", "state", "sprint", "owners", "closed"])
        for s in v1.Story.select("Name", "Estimate", "AssetState", "Timebox.Name", "Owners.Name", "IsClosed"):
            owners = ", ".join(o.Name for o in s.Owners)
            writer.writerow([s.intid, s.Name, s.Estimate, s.AssetState, s.Timebox.Name, owners, s.IsClosed])


@program(requests=10)
def create_a_tree(sdk: Any, server: Any) -> None:
    with connect(sdk, server) as v1:
        scope = v1.Scope.where(Name="System (All Projects)").first()
        epic = v1.Epic.create(Name="Epic of the tree", Scope=scope)
        story = v1.Story.create(Name="Story of the tree", Scope=scope, Super=epic, Estimate=5)
        for hours in (1, 2.5):
            v1.Task.create(Name=f"Task of {hours}", Parent=story, ToDo=hours)
        v1.Test.create(Name="Test", Parent=story)
        print([child.Name for child in story.Children], story.Super.Name, story.Super.Scope.Name, story.Estimate)
        print(sorted(each.ToDo or "-" for each in story.Children))
        print([sub.idref == story.idref for sub in epic.Subs], story.Super is epic)


@program(requests=11)
def attach_files(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="With a file", Scope=v1.Scope(0))
    made = v1.Attachment.create(Name="notes", Content="", ContentType="text/plain", Filename="n.txt", Asset=story)
    made.file_data = b"\x00first\xff"
    print(made.file_data, made.get_blob() == v1.get_attachment_blob(made))
    v1.set_attachment_blob(made, b"second")
    print(v1.get_attachment_blob(made.intid), [each.Name for each in story.Attachments])


@program(requests=10)
def operate(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="To be closed", Scope=v1.Scope(0))
    print(story.QuickSignup(), [owner.Name for owner in story.Owners])
    story.QuickClose()
    print(story.AssetState, story.IsClosed)
    story.Reactivate()
    print(story.AssetState)


@program(requests=5)
def look_into_the_past(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    for result in v1.Story.select("Name", "Owners").asof("2024-10-05", ["2024-11-01T12:00:00"]).sort("Number"):
        print(result.data["AsOf"], result.idref, result.Name, [owner.idref for owner in result.Owners])
    print([each.AsOf for each in v1.Scope.asof(["2024-10-05", None]).where(ID="Scope:0").select("Name")])


@program(requests=5)
def page_with_new_queries(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    size, start = 5, 0
    while True:
        results = v1.Story.select("Name").filter("Estimate>'5'").sort("-Name").page(size=size, start=start)
        if not len(results):
            break
        print("Page items =", len(results), ", ".join(results.Name))
        start += size


@program(requests=5)
def page_with_one_query(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    size, start = 5, 0
    results = v1.Story.select("Name").filter("Estimate>'5'").sort("-Name")
    while True:
        results = results.page(size=size, start=start).reQueryAll()
        if not len(results):
            break
        start += size
        print(results.length(), ", ".join(results.Name))


@program(requests=4)
def find_words(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    v1.Story.create(Name="Unmistakable zebra", Scope=v1.Scope(0))
    print(list(v1.Story.select("Name").find("ZEBRA", field="Name").Name))
    print(len(v1.Story.select("Name").find("zebr", field="Name")))


@program(requests=4)
def sums_of_the_server(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    term = "Workitems:Story.Estimate.@Sum"
    for box in v1.Timebox.select("Name", term).filter("Workitems:Story"):
        print(box.Name, box.data[term], box[term])
    defined = v1.AttributeDefinition.where(IsBasic="true").select("Name")
    print(sorted({name for name in defined.Name if name.startswith("E")}))
    print(v1.Story(999999).with_data({"Name": "given", "Estimate": "8"}).Name)
    print(list(v1.Member.where(IsSelf="true").Username))


@program(requests=5)
def run_a_query_again(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    query = v1.Story.select("Name").where(Name="Twice").queryAll()
    print(len(query))
    v1.Story.create(Name="Twice", Scope=v1.Scope(0))
    print(len(query), len(query.reQueryAll()))
    print(len(query.where({"Name": "Twice"}).reQueryAll()), [each.Name for each in query])
    query.select("Estimate")
    print(len(query.filter("Estimate>'0'").reQueryAll()))


@program(requests=5)
def set_many(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    v1.Story.query("Estimate>'5'").set(Reference="big")
    first = v1.Story.query().first()
    first.set(Reference="one", RequestedBy="Ann")
    first.pending({"RequestedBy": "Bo"})
    print(first.RequestedBy)
    print(v1.commit() == [], v1.commit())
    for story in v1.Story.filter("Reference").select("Reference", "RequestedBy").sort("Number"):
        print(story.idref, story.Reference, story.RequestedBy)


@program(requests=8)
def query_texts(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    print(len(v1.Story.query("Estimate>'3'")), len(v1.Story.filter("Estimate>'3'").filter("Estimate>'99'")))
    print(len(v1.Story.query()), len(v1.Story.filter("")), len(v1.Story.filter(None)), len(v1.Story.where()))
    print(sorted(s.Estimate for s in v1.Story.where(Estimate=5).where(Estimate="8").select("Estimate")))


@program(requests=12)
def ask_the_server_itself(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    root = v1.server.get_xml("/rest-1.v1/Data/Scope", query={"sel": "Name", "where": "ID='Scope:0'"})
    print(root.tag, root.get("total"), root.find("Asset/Attribute").text)
    print(v1.server.get_asset_xml("Member", 20).get("id"), v1.server.get_meta_xml("Story").get("name"))
    print(v1.server.get_query_xml("Member", where="ID='Member:20'", sel="Name").get("total"))
    print(v1.server.get_attr("Member", 20, "Name").text, v1.query("Member", "ID='Member:20'", "Name").tag)
    error, body = v1.server.fetch("/rest-1.v1/Data/Story/999999")
    print(error.code, type(error).__name__, body[:6])
    error, body = v1.server.fetch("/rest-1.v1/Data/Member", query="sel=Name&where=ID='Member:20'")
    print(error, b"Administrator" in body)
    document = v1.generate_update_doc({"Name": "By document", "Scope": v1.Scope(0), "Owners": [v1.Member(20)]})
    made = v1.asset_from_oid(v1.server.create_asset("Story", document).get("id"))
    print(made.Name, [owner.idref for owner in made.Owners], v1.server.build_url("/x", query={"a": "b c"}) == "?")


@program(requests=5)
def walk_lazily(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    for story in v1.Story:
        print(story.Name, story.Scope.Name, [owner.Nickname for owner in story.Owners])


@program(requests=2)
def nothing_at_the_end(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    scope = v1.Scope(0)
    parent = scope.Parent
    print(parent, bool(parent), parent.Parent.Name.Anything, f"{scope.Parent.Owner.Name}", not parent.Name)
    print(scope.Description, scope.data["Parent"], json.dumps(scope.Name))
    print(isinstance(parent, sdk.none_deref.NoneDeref))


@program(requests=7)
def owners_are_added(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="Owned", Scope=v1.Scope(0))
    others = [member for member in v1.Member.select("Name").sort("Name") if member.idref != "Member:20"][:2]
    story.Owners = [others[0]]
    print([owner.Name for owner in story.Owners])
    v1.commit()
    story.Owners = v1.Member.where(Name=others[1].Name)
    v1.commit()
    print(sorted(owner.Name for owner in story.Owners) == sorted(other.Name for other in others))


@program(requests=7)
def errors_of_a_commit(sdk: Any, server: Any) -> None:
    with connect(sdk, server) as v1:
        good = v1.Story.create(Name="Good", Scope=v1.Scope(0))
        bad = v1.Story.create(Name="Bad", Scope=v1.Scope(0))
        bad.set(Estimate="much", Name="Worse")
        good.Estimate = 3
        errors = v1.commit()
        print(len(errors), [isinstance(error, sdk.client.V1Error) for error in errors])
        print(bad.Estimate, bad.Name, good.Estimate, v1.commit())
        bad.set(Estimate=1)
        print(v1.commit(), bad.Estimate, bad.Name)


@program(requests=5)
def refusals(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    for attempt in (
        lambda: v1.Story.create(Name="Nowhere"),
        lambda: v1.Story.where(Name="There is none").first(),
        lambda: v1.Story(999999).Name,
        lambda: v1.Animal,
        lambda: list(v1.Story.select("Nonsense")),
        lambda: v1.Story("x"),
        lambda: v1.Story(1005)["Name"],
        lambda: v1.Story(1005).Nonsense,
        lambda: v1.Attachment(999999).file_data,
    ):
        try:
            print(attempt())
        except (sdk.client.V1Error, LookupError, ValueError, AttributeError, HTTPError) as error:
            print(type(error).__mro__[1].__name__ if "Unknown" in type(error).__name__ else type(error).__name__)


@program(requests=2)
def types_by_name(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    for name in ("Story", "Defect"):
        kind = v1.asset_class(name)
        print(name, kind.__name__, kind is getattr(v1, name), isinstance(kind.Name, property))
        print(callable(kind.QuickClose), issubclass(kind, sdk.base_asset.BaseAsset))
    story = v1.Story(1005)
    print(story is v1.asset_from_oid("Story:1005"), story is v1.Story("1005"), story, story.idref, story.intid)
    print(story.url.partition("/VersionOne")[2], story.reprref, isinstance(v1.Story.query(), sdk.query.V1Query))
    print(v1.Member.select("Name").first().intid)


@program(requests=8)
def assets_of_another_session(sdk: Any, server: Any) -> None:
    one, other = connect(sdk, server), connect(sdk, server)
    story = one.Story.create(Name="Shared", Scope=other.Scope(0), Owners=[other.Member(20)])
    print(story.Scope.Name, [owner.Name for owner in story.Owners])
    story.Super = other.Epic.query().first()
    print(one.commit(), bool(story.Super))


@program(requests=9)
def times_and_flags(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    scope = v1.Scope.create(Name="Timed", Parent=v1.Scope(0), Scheme=v1.Scheme.query().first(), BeginDate="2026-01-31")
    print(scope.BeginDate, scope.EndDate)
    scope.EndDate = datetime(2026, 2, 28)
    scope.Description = "<p>text</p>"
    v1.commit()
    print(scope.EndDate, scope.Description, scope.IsClosed)
    scope.EndDate = None
    scope.Description = None
    v1.commit()
    print(scope.EndDate, scope.Description)


@program(requests=3)
def what_is_loaded(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    print(len(v1.Story.select("Name", "Super").where(Name="System").filter("Super").sort("ID")))
    for found in v1.Story.select("Name", "Super", "Estimate").filter("Super").page(2):
        print(found["Name"], found.data["Super"][0].idref, found["Super"] == [found.Super], "Nonsense" in found.data)
        print(isinstance(found.data, dict), found.data["AsOf"], sorted(found.data)[:2])


@program(requests=2)
def columns(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    members = v1.Member.select("Name").queryAll()
    print("Members: " + ", ".join(members.Name), len(members), members.length())
    print("Members: " + ", ".join(m.Name for m in members), sorted(members.Name)[0])


@program(requests=2)
def connect_by_position(sdk: Any, server: Any) -> None:
    address, _, instance = server.url.removeprefix("http://").partition("/")
    v1 = sdk.V1Meta(address, instance, server.user, server.secret, "http", None, "myapp", logging.CRITICAL)
    print(v1.Member(20).Name, v1.server.instance, v1.server.scheme, v1.server.logger.name, v1.server.logger.level)


@program(requests=2)
def a_token_as_password(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server, username="", password=server.token, use_password_as_token=True)
    print(v1.Member(20).Username)


@program(requests=4)
def refused_logins(sdk: Any, server: Any) -> None:
    for changed in ({"password": "wrong"}, {"password": "1.wrong", "use_password_as_token": True}):
        try:
            print(connect(sdk, server, **changed).Member(20).Name)
        except HTTPError as error:
            print("refused", error.code)
            error.close()


@program(requests=5)
def close_what_is_done(sdk: Any, server: Any) -> None:
    with connect(sdk, server) as v1:
        doomed = v1.Story.filter("Estimate>'8'").select("Name").sort("Number")
        for story in doomed:
            story.Reference = "done"
            story.Owners = [v1.Member(20)]
    v1 = connect(sdk, server)
    print([story.idref for story in v1.Story.where(Reference="done").select("Number").sort("Number")])


@program(requests=5)
def read_what_the_first_read_loads(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    member = v1.Member(20)
    print(member, dict(member.data))
    print(member.Name, member.data["AssetType"], member["Nickname"], member.data["SecurityScope"], member["Email"])
    print(
        member.data["IsLoginDisabled"], [role.idref for role in member.data["DefaultRole"]], "Password" in member.data
    )
    story = connect(sdk, server).Story(v1.Story.select("Number").sort("Number").first().intid)
    print(story.AssetType, "Order" in story.data, [scope.idref for scope in story.data["SecurityScope"]])


@program(requests=3)
def results_that_nobody_holds(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    for story in v1.Story.select("Name", "Owners", "Estimate").sort("Number").page(3):
        print(story)
    again = v1.Story.select("Name").sort("Number").first()
    print(again, again.data["Estimate"], again.intid, v1.Story(int(again.intid)).intid)


@program(requests=9)
def read_again_after_a_commit(sdk: Any, server: Any) -> None:
    v1, other = connect(sdk, server), connect(sdk, server)
    story = v1.Story.create(Name="Mine", Scope=v1.Scope(0))
    print(story.Name)
    other.Story(story.intid).Name = "Renamed by another"
    print(other.commit(), story.Name)
    story.Reference = "x"
    print(v1.commit(), story.Name, story.Reference)
    other.Story(story.intid).Name = "And again"
    print(other.commit(), story.QuickSignup(), story.Name)


@program(requests=9)
def write_documents(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="By document", Scope=v1.Scope(0))
    root = v1.server.update_asset("Story", story.intid, v1.generate_update_doc({"Name": "Anew", "Super": None}))
    print(root.tag, root.get("id").rpartition(":")[0] == story.idref, story.Name)
    print(
        v1.server.execute_operation("Story", story.intid, "QuickClose").tag, v1.Story(story.intid).idref == story.idref
    )
    print(v1.update_asset("Story", story.intid, {"Name": "Third"}).tag, v1.read_asset("Story", story.intid)["Name"])
    print(v1.execute_operation("Story", story.intid, "Reactivate").tag, v1.get_attr("Story", story.intid, "AssetState"))


@program(requests=7)
def log_effort(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.select("Name", "Scope").filter("AssetState='64'").sort("Number").first()
    for value, day in (("2.5", "2026-02-03"), (1, date(2026, 2, 4))):
        effort = v1.Actual.create(Value=value, Date=day, Workitem=story, Member=v1.Member(20), Scope=story.Scope)
        print(effort.Value, effort.Date, effort.Member.Name, effort.Workitem.Name == story.Name)
    print(sum(float(each.Value) for each in v1.Actual.where(Workitem=story.idref).select("Value")))
    print(sorted(each.Value for each in story.Actuals))


@program(requests=7)
def notes_and_links(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="With a link & a <b>note</b> é中", Scope=v1.Scope(0), Description="<p>a &amp; b</p>")
    v1.Link.create(Name="L", URL="http://x/?a=1&b=2", OnMenu=True, Asset=story)
    v1.Note.create(Name="N", Content="c", Personal="false", Asset=story)
    print(story.Name, story.Description, [(each.Name, each.URL, each.OnMenu) for each in story.Links])
    print([(each.Name, each.Content, each.Personal, bool(each.Author)) for each in story.Notes])


@program(requests=18)
def close_a_tree(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    story = v1.Story.create(Name="Tree", Scope=v1.Scope(0))
    tasks = [v1.Task.create(Name=f"T{hours}", Parent=story, ToDo=hours) for hours in range(3)]
    for task in story.Children:
        task.QuickClose()
        print(task.Name, task.AssetState, task.ToDo)
    tasks[0].Delete()
    story.QuickClose()
    for attempt in (story.QuickClose, lambda: story.Fly(), lambda: tasks[0].Name):
        try:
            print(attempt())
        except (sdk.client.V1Error, AttributeError) as error:
            print(
                [kind.__name__ for kind in (sdk.client.V1AssetNotFoundError, AttributeError) if isinstance(error, kind)]
            )
    print(story.AssetState, len(list(story.Children)))


@program(requests=3)
def members_by_token(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    members = list(v1.Member.select("Name"))
    print(
        len(set(members)) == len(members), v1.Member(20) in members, {each.idref: each for each in members}["Member:20"]
    )
    work: dict[Any, list[str]] = {}
    for story in v1.Story.select("Owners"):
        for owner in story.Owners:
            work.setdefault(owner, []).append(story.idref)
    print(sorted((owner.Name, len(stories)) for owner, stories in work.items()))
    print(v1.Member(20) == v1.Member("20"), hash(v1.Member(20)) == hash(v1.asset_from_oid("Member:20")))


@program(requests=6)
def copy_a_story(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    names = ("Name", "Estimate", "Scope", "Owners", "Super", "Description", "Reference")
    first = v1.Story.create(Name="First", Scope=v1.Scope(0), Estimate=5, Owners=[v1.Member(20)], Description="<p>a</p>")
    source = v1.Story.select(*names).where(ID=first.idref).first()
    made = v1.Story.create(**{name: getattr(source, name) for name in names if getattr(source, name)})
    for name in names:
        one, other = getattr(source, name), getattr(made, name)
        print(name, one == other or (not one and not other))
    print(getattr(source, "Nonsense", "not there"), hasattr(source, "Nonsense"), "Name" in dir(source))


@program(requests=7)
def a_selection_as_a_list(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    nothing = v1.Story.where(Name="There is none")
    print(bool(nothing), len(nothing), list(nothing), list(nothing.Name))
    some = v1.Story.select("Name").sort("Number").page(3, 2)
    print(bool(some), [each.Name for each in some], next(iter(some)).idref, len(list(zip(some, some, strict=True))))
    for place, story in enumerate(some):
        story.RequestedBy = f"r{place}"
    print(
        v1.commit(), [each.RequestedBy for each in v1.Story.select("RequestedBy").sort("Number").page(size=3, start=2)]
    )
    print(list(some.Estimate), [[owner.idref for owner in owners] for owners in some.Owners])


@program(requests=17)
def members_come_and_go(sdk: Any, server: Any) -> None:
    with connect(sdk, server) as v1:
        for place in range(2):
            values = {"Username": f"new{place}", "Nickname": f"N{place}", "Email": f"n{place}@x.y"}
            member = v1.Member.create(Name=f"New {place}", Password="secret", DefaultRole=v1.Role(4), **values)
            print(member.Name, member.Username, member.DefaultRole.idref, member.IsLoginDisabled, member.Email)
        scope = v1.Scope(0)
        scope.Members = v1.Member.filter("Username='new0'|Username='new1'")
        print(v1.commit(), sorted(each.Nickname for each in scope.Members if each.Nickname.startswith("N")))
        for member in v1.Member.where(AssetState="64").select("Nickname"):
            if member.Nickname == "N0":
                member.Inactivate()
                print(member.AssetState, member.IsInactive)
        for member in v1.Member.where(Username="new1"):
            member.Delete()
        print([each.Name for each in v1.Member.where(AssetState="128")], len(v1.Member.where(Nickname="N1")))


@program(requests=10)
def triage_of_defects(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    defects = (
        v1.Defect.select("Name", "Number", "Status", "Priority.Name", "CreateDate")
        .filter("CreateDate>'2025-01-01';(Status.Name!='Done'|Status='')")
        .sort("-CreateDate", "Number")
    )
    for defect in defects:
        print(defect.Number, defect.Status.Name or "-", bool(defect.Priority), defect.CreateDate[:10])
    defects.set(Priority=v1.WorkitemPriority.where(Name="High").first())
    print(v1.commit(), len(v1.dirtylist))
    print(Counter(each.Priority.Name or "-" for each in v1.Defect.select("Priority.Name")))
    some = list(v1.Defect.select("Number", "Priority.Name").sort("Number").page(3, 0))
    for defect in some[:2]:
        defect.set(Name=f"Triaged {defect.Number}").Priority = None
    print(v1.commit(), [(each.Name, each.Priority.Name or "-") for each in some])


@program(requests=12)
def import_tests(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    statuses = {each.Name: each for each in v1.TestStatus}
    stories: dict[str, Any] = {}
    for line in csv.DictReader(["story,name,status,note", "A,first,Passed,x", "A,second,Failed,", "B,third,,y"]):
        if line["story"] not in stories:
            stories[line["story"]] = v1.Story.create(Name=f"Imported {line['story']}", Scope=v1.Scope(0))
        values = {"Status": statuses[line["status"]]} if line["status"] else {}
        test = v1.Test.create(Name=line["name"], Parent=stories[line["story"]], Description=line["note"], **values)
        print(test.Name, test.Parent.Name, test.Status.Name or "-", repr(test.Description))
    for name, story in sorted(stories.items()):
        print(name, [each.Name for each in story.Children], len(v1.Test.where(Parent=story.idref)))


@program(requests=8)
def print_a_tree(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)

    def show(work: Any, depth: int) -> None:
        print("  " * depth + work.Name, work.Super.Name or "-", work.Super.Super.Name or "-", type(work).__name__)
        for each in sorted(getattr(work, "Subs", []), key=lambda below: int(below.intid)):
            show(each, depth + 1)

    for epic in v1.Epic.where(Super="").sort("Number") if hasattr(v1.Epic, "sort") else v1.Epic.where(Super=""):
        show(epic, 0)
    print(sorted(each.Name for each in v1.Epic.filter("Subs.@Count>'0'")))


@program(requests=3)
def burn_down(sdk: Any, server: Any) -> None:
    v1 = connect(sdk, server)
    sprints = v1.Timebox.select("Name", "BeginDate", "EndDate", "State.Code", "Workitems.ToDo").sort("BeginDate")
    for sprint in sprints:
        left = sum(float(work.ToDo or 0) for work in sprint.Workitems)
        days = datetime.strptime(sprint.EndDate[:10], "%Y-%m-%d") - datetime.strptime(sprint.BeginDate[:10], "%Y-%m-%d")
        print(sprint.Name, days.days, sprint.State.Code, left, sprint["Name"], len(sprint.data["Workitems"]))
    print(sprints.get_sel_string(), sprints.get_sort_string(), repr(sprints.get_where_string()))
    query = v1.Story.where(Name="a").filter("Estimate>'1'").page(5, 2).find("b", "Name")
    print(query.get_where_string(), query.get_page_size(), query.get_page_start(), query.get_find_string())
    print(query.get_findIn_string(), v1.Story.query().run_single_query({"sel": "Name", "page": "2,1"}).get("pageStart"))
