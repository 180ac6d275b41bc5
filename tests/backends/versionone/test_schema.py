"""meta.v1 as a schema: own flags per type, reverse relations, documents of every age."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from assetmeta.backends.responses import parse_xml
from assetmeta.backends.versionone import VersionOne, schema
from assetmeta.backends.versionone.schema import read_schema, reflect
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, UnknownName
from assetmeta.model.http import Response
from assetmeta.model.schema import Operation, Schema

RECORDED = Path(__file__).parents[4] / "shared" / "reference" / "data" / "versionone"


def document(body: bytes) -> Response:
    return Response(200, {"content-type": "text/xml; charset=utf-8"}, body)


def kept(name: str) -> Schema:
    if not RECORDED.is_dir():
        pytest.skip("the recorded bodies are not at hand")
    return read_schema(parse_xml(document((RECORDED / name).read_bytes())))


def test_each_type_has_its_own_flags(v1_schema: Schema) -> None:
    assert v1_schema.attribute("Workitem", "Super").readonly
    assert v1_schema.attribute("Story", "Super").writable
    assert (v1_schema.attribute("Story", "Super").related, v1_schema.attribute("Workitem", "Super").related) == (
        "Epic",
        "Workitem",
    )
    assert v1_schema.attribute("Task", "Parent").required
    assert not v1_schema.attribute("Story", "Parent").required
    assert list(v1_schema.lineage("Story")) == ["Story", "PrimaryWorkitem", "Workitem", "BaseAsset"]
    assert v1_schema.type("Workitem").abstract


def test_the_far_side_of_a_writable_relation_is_writable(v1_schema: Schema) -> None:
    for type_name, name in [
        ("Epic", "Subs"),
        ("Scope", "Workitems"),
        ("Story", "Children"),
        ("StoryStatus", "PrimaryWorkitems"),
        ("Story", "Attachments"),
    ]:
        attribute = v1_schema.attribute(type_name, name)
        assert (attribute.readonly, attribute.writable) == (True, True), name


def test_closures_history_and_viewers_are_not_writable(v1_schema: Schema) -> None:
    for name in ("ParentMeAndUp", "ChildrenMeAndDown", "History", "Viewers", "ID", "Number", "AssetState"):
        assert not v1_schema.attribute("Story", name).writable, name


def test_custom_attributes_are_known_by_flag_or_name(v1_schema: Schema) -> None:
    assert [a.name for a in v1_schema.type("Story").attributes.values() if a.custom] == ["Custom_Due", "Custom_Flag"]


def test_basic_attributes_are_single_cheap_and_somebody_s(v1_schema: Schema) -> None:
    assert v1_schema.type("Story").basic == (
        *("Name", "AssetState", "Number", "Scope", "Parent", "Super", "ToDo", "Order", "Estimate", "Status"),
        *("Value", "RequestedBy", "Custom_Due", "Custom_Flag", "Payload"),
    )
    assert "Password" not in v1_schema.type("Member").basic


def test_computed_values_are_those_that_nobody_writes(v1_schema: Schema) -> None:
    computed = {a.name for a in v1_schema.type("Story").attributes.values() if a.computed}
    assert {"ChangeDate", "Moment", "AssetState", "CheckQuickClose", "Order", "Children"} <= computed
    assert not computed & {"ID", "Number", "Name", "CreateDateUTC", "Owners", "Estimate"}


def test_operations_name_their_validators(v1_schema: Schema) -> None:
    assert dict(v1_schema.type("Story").operations) == {
        "Delete": Operation("Delete", "IsDeletable"),
        "QuickClose": Operation("QuickClose", "CheckQuickClose"),
        "Copy": Operation("Copy"),
    }


def test_names_that_people_know_assets_by(v1_schema: Schema) -> None:
    story = v1_schema.type("Story")
    assert (story.display, story.short, story.order, story.label) == ("Name", "Number", "Order", "AssetType'Story")
    assert v1_schema.version == "18.2.5.14"


def test_the_whole_schema_takes_one_request(play: Any) -> None:
    body = b'<Meta version="1"><AssetType name="A" abstract="False" /></Meta>'
    schema, made = play(VersionOne().reflect(), document(body))
    assert [request.line for request in made] == ["GET meta.v1/"]
    assert (schema.version, list(schema.types)) == ("1", ["A"])


@pytest.mark.parametrize("names", [None, ["A"]])
def test_the_schema_is_read_without_login_and_may_be_read_again(play: Any, names: list[str] | None) -> None:
    body = b'<AssetType name="A" abstract="False" />'
    body = body if names else b'<Meta version="1">' + body + b"</Meta>"
    _, [made] = play(VersionOne().reflect(names), document(body))
    assert (True, True, False, (("Accept", "text/xml"),)) == (made.public, made.idempotent, made.writes, made.headers)


def test_sessions_that_get_the_same_document_share_the_schema(play: Any) -> None:
    """Each of them asks; what is read of the answer depends on the document and on the zone of its dates alone."""

    def schema(name: str, zone: str = "UTC") -> Schema:
        attribute = f'<AttributeDefinition name="{name}" attributetype="Date" />'
        body = f'<Meta version="1"><AssetType name="Shared" abstract="False">{attribute}</AssetType></Meta>'
        found, made = play(VersionOne(zone).reflect(), document(body.encode()))
        assert ["GET meta.v1/"] == [request.line for request in made]
        assert [name] == list(found.type("Shared").attributes)
        return found

    first = schema("Begun")
    assert first is schema("Begun")
    assert first is not schema("Ended")
    abroad = schema("Begun", "America/New_York")
    assert abroad.attribute("Shared", "Begun").codec != first.attribute("Shared", "Begun").codec
    with pytest.raises(InvalidResponse):
        play(
            VersionOne().reflect(), Response(200, {"content-type": "text/html"}, b"<Meta><AssetType name='A'/></Meta>")
        )
    for _ in range(2):
        with pytest.raises(InvalidResponse):
            play(VersionOne().reflect(), document(b"<Meta>"))


def test_one_type_brings_its_bases(play: Any) -> None:
    def one(name: str, base: str = "") -> Response:
        inner = f'<Base nameref="{base}" />' if base else ""
        return document(f'<AssetType version="7" name="{name}" abstract="False">{inner}</AssetType>'.encode())

    answers = [one("Story", "Primary"), one("Task", "Workitem"), one("Primary", "Workitem"), one("Workitem")]
    schema, made = play(VersionOne().reflect(["Story", "Task"]), *answers)
    assert [request.path for request in made] == [
        *("meta.v1/Story", "meta.v1/Task", "meta.v1/Primary", "meta.v1/Workitem"),
    ]
    assert list(schema.lineage("Story")) == ["Story", "Primary", "Workitem"]
    assert schema.version == "7"


def test_an_unknown_type_is_not_found(play: Any) -> None:
    with pytest.raises(NotFound):
        play(VersionOne().reflect(["Animal"]), Response(404, {"content-type": "text/xml"}, b"<Error/>"))


def test_another_document_is_refused() -> None:
    with pytest.raises(InvalidResponse, match="Assets"):
        read_schema(parse_xml(document(b"<Assets/>")))


def test_a_reverse_relation_is_writable_when_the_other_type_is_not_loaded() -> None:
    body = b"""<AssetType name="Scope"><AttributeDefinition name="Goals" attributetype="Relation" isreadonly="True"
        isrequired="False" ismultivalue="True"><ReciprocalRelation tokenref="Goal.Scope"/></AttributeDefinition>
        <AttributeDefinition name="Up" attributetype="Relation" isreadonly="True" ismultivalue="True">
        <ReciprocalRelation tokenref="Goal.DownAndMe"/></AttributeDefinition></AssetType>"""
    schema = read_schema(parse_xml(document(body)))
    assert schema.attribute("Scope", "Goals").writable
    assert schema.attribute("Scope", "Goals").related == "Goal"
    assert not schema.attribute("Scope", "Up").writable


def test_a_document_from_an_old_server_is_read() -> None:
    story = kept("attributedefinition--meta-v1-story.xml").type("Story")
    assert (story.display, story.short) == ("Name", None)
    assert story.operations["Copy"].validator == "CheckCopy"
    assert story.attributes["Order"].kind == "Rank"


def test_recorded_documents_are_all_read() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded bodies are not at hand")
    types = set()
    for file in RECORDED.glob("*--meta-v1-*.xml"):
        root = parse_xml(document(file.read_bytes()))
        if root.tag == "AssetType":
            for kind in read_schema(root).types.values():
                types.add(kind.name)
                for attribute in kind.attributes.values():
                    assert attribute.kind
                    assert attribute.is_relation is (attribute.kind == "Relation")
    assert {"Story", "Defect", "Member", "Scope", "BaseAsset", "MyType", "SimpleAttributeDefinition"} <= types


def test_a_recorded_multi_relation() -> None:
    owners = kept("multivalueattribute--meta-v1-story.xml").attribute("Story", "Owners")
    assert (owners.related, owners.reciprocal, owners.multi) == ("Member", "Member.OwnedWorkitems", True)


def test_unknown_names_suggest_near_ones(v1_schema: Schema) -> None:
    with pytest.raises(UnknownName, match="Did you mean Estimate"):
        v1_schema.attribute("Story", "Estimat")


def test_a_full_document_of_twice_the_types_takes_twice_the_steps() -> None:
    attribute = """<AttributeDefinition name="A{n}" token="T.A{n}" displayname="AttributeDefinition'A{n}'T"
        attributetype="Relation" isreadonly="{r}" ismultivalue="{r}" iscanned="True" iscustom="False">
        <Base href="/x" tokenref="B.A"/><ReciprocalRelation href="/x" tokenref="T{n}.A1"/>
        <OrderByAttribute href="/x" tokenref="T.A"/><RelatedAsset nameref="T{n}" href="/x"/></AttributeDefinition>"""
    attributes = "".join(attribute.format(n=n, r=str(n % 2 == 0)) for n in range(55))

    def steps(types: int) -> int:
        """How many functions are called to read so many types."""
        text = "".join(f'<AssetType name="T{n}"><Base nameref="Base"/>{attributes}</AssetType>' for n in range(types))
        response = document(f"<Meta>{text}</Meta>".encode())
        called = itertools.count()
        sys.setprofile(lambda *_: next(called))
        try:
            schema = read_schema(parse_xml(response))
        finally:
            sys.setprofile(None)
        assert sum(len(kind.attributes) for kind in schema.types.values()) == types * 55
        return next(called)

    steps(10)
    assert steps(80) < 2.2 * steps(40)


def test_no_name_leaves_its_place_in_an_address(play: Any) -> None:
    with pytest.raises(UnknownName):
        play(VersionOne().reflect(["../config.v1"]))


@pytest.mark.parametrize("settings", [{"zone": "Mars/Base"}, {"zone": "../x"}, {"max_page": 0}, {"max_keys": -1}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadValue, match=next(iter(settings))):
        VersionOne(**settings)


@pytest.mark.parametrize(
    ("bases", "names"),
    [({"A": "B", "B": "A"}, "B -> A -> B"), ({"A": "A"}, "A -> A"), ({"C": "A", "A": "A"}, "A -> A")],
)
def test_types_that_are_based_on_each_other_are_named(bases: dict[str, str], names: str) -> None:
    types = "".join(f'<AssetType name="{name}"><Base nameref="{base}"/></AssetType>' for name, base in bases.items())
    with pytest.raises(InvalidResponse, match=names):
        read_schema(parse_xml(document(f"<Meta>{types}</Meta>".encode())))


def test_types_read_one_by_one_may_not_be_based_on_each_other_either(play: Any) -> None:
    answers = [
        document(f'<AssetType name="{name}"><Base nameref="{base}"/></AssetType>'.encode())
        for name, base in (("A", "B"), ("B", "A"))
    ]
    with pytest.raises(InvalidResponse, match="based on each other"):
        play(reflect("UTC", ["A"]), *answers)


def test_no_more_than_four_schemas_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    document = (Path(__file__).parents[1] / "cases" / "versionone" / "meta.xml").read_bytes()
    monkeypatch.setattr(schema, "_read_before", {})
    headers = {"content-type": "text/xml"}

    def known(number: int) -> Schema:
        return schema._known(Response(200, headers, document + b" " * number), "UTC")

    found = [known(number) for number in range(4)]
    assert found == [known(number) for number in range(4)]
    assert all(one is known(number) for number, one in enumerate(found))
    assert schema._known(Response(200, headers, document), "Europe/Berlin") is not found[0]
    for number in range(4, 12):
        known(number)
        assert len(schema._read_before) <= 4
