"""rest-1.v1: addresses, formats, documents, parameters, history, writing, New."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assetmeta.sandbox.messages import Request

from ..conftest import BASIC, Clock, Instance

SCOPE = '<Relation name="Scope" act="set"><Asset idref="Scope:0" /></Relation>'


def story_document(name: str, more: str = "") -> str:
    return f'<Asset><Attribute name="Name" act="set">{name}</Attribute>{SCOPE}{more}</Asset>'


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/VersionOne/rest-1.v1/Data/Scope/0",
            "/versionone/REST-1.V1/data/Scope/0",
            "//VersionOne//rest-1.v1//Data//Scope//0/",
        ],
    )
    def test_case_and_doubled_slashes_do_not_matter(self, v1: Instance, path: str) -> None:
        answer = v1.face.answer(Request("GET", path, "SEL=Name", {"authorization": BASIC}))
        assert answer.status == 200
        assert b'href="/VersionOne/rest-1.v1/Data/Scope/0" id="Scope:0"' in answer.body

    def test_another_instance_path_leads_nowhere(self, v1: Instance) -> None:
        answer = v1.face.answer(Request("GET", "/Other/rest-1.v1/Data/Scope/0", "", {"authorization": BASIC}))
        assert answer.status == 404

    @pytest.mark.parametrize("root", ["", "/", "/a/b", "V1Instance"])
    def test_the_instance_path_is_a_setting(self, v1: Instance, root: str) -> None:
        face = type(v1.face)(v1.face.engine, root)
        path = f"/{root.strip('/')}/rest-1.v1/Data/Scope/0"
        answer = face.answer(Request("GET", path, "sel=", {"authorization": BASIC}))
        prefix = f"/{root.strip('/')}" if root.strip("/") else ""
        assert f'href="{prefix}/rest-1.v1/Data/Scope/0"'.encode() in answer.body

    def test_the_oauth_twin_links_to_itself(self, v1: Instance) -> None:
        answer = v1.get("rest-1.oauth.v1/Data/Scope/0?sel=", authorization=f"Bearer {v1.face.token}")
        assert b"/VersionOne/rest-1.oauth.v1/Data/Scope/0" in answer.body

    def test_a_bare_question_mark_is_nothing(self, v1: Instance) -> None:
        assert v1.xml("rest-1.v1/Data/Scope/0/Name?").text == "System (All Projects)"

    def test_a_base_type_in_the_address_finds_the_asset(self, v1: Instance) -> None:
        story = v1.create("Story")
        assert v1.xml(f"rest-1.v1/Data/Workitem/{story[6:]}?sel=").get("id") == story


class TestFormats:
    @pytest.mark.parametrize(
        ("accept", "json_wanted"),
        [
            ("", False),
            ("*/*", False),
            ("application/xml", False),
            ("text/xml", False),
            ("image/png", False),
            ("application/json", True),
            ("text/json", True),
            ("application/json, text/plain, */*", True),
            ("text/xml, application/json;q=0.5", False),
            ("text/xml;q=0.5, application/json", True),
            ("application/json;q=0", False),
        ],
    )
    def test_xml_is_the_default(self, v1: Instance, accept: str, json_wanted: bool) -> None:
        answer = v1.get("rest-1.v1/Data/Scope/0?sel=Name", accept=accept)
        assert answer.body.startswith(b"{" if json_wanted else b"<?xml") is True

    def test_the_accept_parameter_wins(self, v1: Instance) -> None:
        answer = v1.get("rest-1.v1/Data/Scope/0?sel=Name&Accept=text/json", accept="text/xml")
        assert json.loads(answer.body)["id"] == "Scope:0"

    def test_xsl_adds_a_stylesheet(self, v1: Instance) -> None:
        body = v1.get("rest-1.v1/Data/Scope/0?sel=&xsl=api.xsl").body
        assert b'<?xml-stylesheet type="text/xsl" href="api.xsl"?>' in body


class TestDocuments:
    def test_a_single_asset_in_xml(self, v1: Instance) -> None:
        story = v1.create("Story", Name="a < b", Owners=["Member:20"], TaggedWith=["x", "y"], Estimate=2.5)
        body = v1.get(
            f"rest-1.v1/Data/Story/{story[6:]}?sel=Name,Owners.Name,TaggedWith,Estimate,Super.Name,Value"
        ).body
        for piece in (
            f'<Asset href="/VersionOne/rest-1.v1/Data/Story/{story[6:]}" id="{story}">',
            '<Attribute name="Name">a &lt; b</Attribute>',
            '<Attribute name="Owners.Name"><Value>Administrator</Value></Attribute>',
            '<Attribute name="TaggedWith"><Value>x</Value><Value>y</Value></Attribute>',
            '<Attribute name="Estimate">2.5</Attribute>',
            '<Attribute name="Super.Name" />',
            '<Attribute name="Value" />',
        ):
            assert piece.encode() in body
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Asset ')

    def test_relations_link_to_their_assets(self, v1: Instance) -> None:
        story = v1.create("Story", Owners=["Member:20"])
        body = v1.get(f"rest-1.v1/Data/Story/{story[6:]}?sel=Owners,Status,Scope,ID").body
        link = b'<Asset href="/VersionOne/rest-1.v1/Data/Member/20" idref="Member:20" />'
        assert b'<Relation name="Owners">' + link + b"</Relation>" in body
        assert b'<Relation name="Status" />' in body
        assert f'<Relation name="ID"><Asset href="/VersionOne/rest-1.v1/Data/Story/{story[6:]}"'.encode() in body

    def test_a_single_asset_in_json(self, v1: Instance) -> None:
        story = v1.create("Story", Name="n", Owners=["Member:20"], Estimate=3, TaggedWith=["t"])
        names = "Name,Owners.Nickname,Scope.ID,Super.ID,Estimate,TaggedWith,AssetState,IsClosed,Goals,Goals.Name,Value"
        document = v1.json(f"rest-1.v1/Data/Story/{story[6:]}?sel={names}")
        href = f"/VersionOne/rest-1.v1/Data/Story/{story[6:]}"
        assert ("Asset", href, story) == (document["_type"], document["href"], document["id"])
        attributes = document["Attributes"]
        assert attributes["Name"] == {"_type": "Attribute", "name": "Name", "value": "n"}
        scope = {"_type": "Asset", "href": "/VersionOne/rest-1.v1/Data/Scope/0", "idref": "Scope:0"}
        assert attributes["Scope.ID"] == {"_type": "Relation", "name": "Scope.ID", "value": scope}
        values = {key: each["value"] for key, each in attributes.items() if key != "Scope.ID"}
        for key, value in {
            "Owners.Nickname": ["Admin"],
            "Super.ID": None,
            "Estimate": 3,
            "TaggedWith": ["t"],
            "AssetState": 64,
            "IsClosed": False,
            "Goals": [],
            "Goals.Name": [],
            "Value": None,
        }.items():
            assert values[key] == value

    def test_a_list_announces_total_size_and_start(self, v1: Instance) -> None:
        root = v1.xml("rest-1.v1/Data/Story")
        assert root.tag == "Assets"
        assert root.attrib == {"total": "0", "pageSize": "2147483647", "pageStart": "0"}
        document = v1.json("rest-1.v1/Data/Story?page=3,5")
        assert document == {"_type": "Assets", "total": 0, "pageSize": 3, "pageStart": 5, "Assets": []}

    def test_one_attribute_names_its_asset(self, v1: Instance) -> None:
        element = v1.xml("rest-1.v1/Data/Member/20/Name")
        of = "/VersionOne/rest-1.v1/Data/Member/20"
        assert (element.tag, element.text) == ("Attribute", "Administrator")
        assert element.attrib == {"name": "Name", "href": f"{of}/Name", "of": of}
        document = v1.json("rest-1.v1/Data/Member/20/DefaultRole")
        assert (document["_type"], document["value"]["idref"]) == ("Relation", "Role:1")

    def test_one_attribute_may_be_any_token(self, v1: Instance) -> None:
        v1.create("Story", Estimate=3)
        v1.create("Story", Estimate=4.5)
        token = "Workitems:Story[Owners.@Count='0'].Estimate.@Sum"
        element = v1.xml(f"rest-1.v1/Data/Scope/0/{token}")
        assert (element.get("name"), element.text) == (token, "7.5")

    def test_the_empty_selection_has_no_attributes(self, v1: Instance) -> None:
        assert len(v1.xml("rest-1.v1/Data/Scope/0?sel=")) == 0
        assert len(v1.xml("rest-1.v1/Data/Scope/0")) > 5

    def test_a_selected_relation_brings_display_attributes_unless_switched_off(self, v1: Instance) -> None:
        path = "/VersionOne/rest-1.v1/Data/Scope/0"
        request = Request("GET", path, "sel=Owner", {"authorization": BASIC, "accept": "application/json"})
        with_extras = json.loads(v1.face.answer(request).body)["Attributes"]
        assert {"Owner", "Owner.Name", "Owner.Nickname"} == set(with_extras)
        bare = type(v1.face)(v1.face.engine, extras=False)
        assert set(json.loads(bare.answer(request).body)["Attributes"]) == {"Owner"}

    def test_the_total_is_left_out_only_by_switch(self, v1: Instance) -> None:
        face = type(v1.face)(v1.face.engine, totals=False)
        for accept in ("text/xml", "application/json"):
            for query, present in (("sel=", False), ("sel=&needTotal=true", True)):
                headers = {"authorization": BASIC, "accept": accept}
                answer = face.answer(Request("GET", "/VersionOne/rest-1.v1/Data/Story", query, headers))
                assert (b"total" in answer.body, b"pageSize" in answer.body) == (present, True)

    def test_meta_flags_are_left_out_only_by_switch(self, v1: Instance) -> None:
        request = Request("GET", "/VersionOne/meta.v1/Story/Name", "", {"authorization": BASIC})
        assert b"iscustom" in v1.face.answer(request).body
        assert b"iscustom" not in type(v1.face)(v1.face.engine, flags=False).answer(request).body

    @pytest.mark.parametrize(
        "text",
        [
            "  leading and  double blanks  ",
            "tab\tand\nline feed",
            "carriage\rreturn\r\nboth",
            "<b>&amp; ]]> \"quotes\" 'both'",
            "ünïcödé 漢字 😀 \u200b\u2028",
            " ",
        ],
    )
    def test_text_comes_back_character_for_character(self, v1: Instance, text: str) -> None:
        story = v1.create("Story", Name="x", Description=text)
        assert v1.read(story, "Description") == {"Description": text}
        assert v1.xml(f"rest-1.v1/Data/Story/{story[6:]}/Description").text == text

    @pytest.mark.parametrize(
        ("number", "text", "value"),
        [
            ("5.0", "5", 5),
            ("9.30", "9.3", 9.3),
            ("0.01", "0.01", 0.01),
            ("-2", "-2", -2),
            ("1e-7", "0.0000001", 1e-7),
        ],
    )
    def test_numbers_are_invariant_without_trailing_zeros(
        self, v1: Instance, number: str, text: str, value: float
    ) -> None:
        story = v1.create("Story", Estimate=number)
        assert v1.xml(f"rest-1.v1/Data/Story/{story[6:]}/Estimate").text == text
        assert v1.read(story, "Estimate") == {"Estimate": value}

    def test_dates_at_midnight_are_days_and_utc_twins_have_seven_decimals(self, v1: Instance) -> None:
        epic = v1.create("Epic", PlannedStart="2024-02-03", PlannedEnd="2024-02-03T04:05:06.789")
        read = v1.read(epic, "PlannedStart", "PlannedEnd", "CreateDate", "CreateDateUTC")
        assert (read["PlannedStart"], read["PlannedEnd"]) == ("2024-02-03", "2024-02-03T04:05:06.789")
        assert read["CreateDateUTC"].endswith("0000Z")
        assert len(read["CreateDateUTC"]) == len("2017-09-06T15:06:26.7530000Z")

    def test_role_names_are_localizer_tags(self, v1: Instance) -> None:
        assert v1.xml("rest-1.v1/Data/Role/8/Name").text == "Role.Name'Observer"


class TestParameters:
    def test_sorting_paging_and_filtering(self, v1: Instance) -> None:
        a, b, c = (v1.create("Story", Name=name) for name in ("a", "b", "c"))
        assert v1.ids("Data/Story?sel=&sort=-Name") == [c, b, a]
        assert v1.ids("Data/Story?sel=&sort=-Name&page=1,1") == [b]
        assert v1.ids("Data/Story?sel=&Where=Name='a','c'") == [a, c]
        page = v1.xml("rest-1.v1/Data/Story?sel=&page=10,99")
        assert (page.get("total"), page.get("pageSize"), page.get("pageStart"), len(page)) == ("3", "10", "99", 0)

    def test_find_and_variables(self, v1: Instance) -> None:
        story = v1.create("Story", Name="Green apples")
        v1.create("Story", Name="Pineapple")
        assert v1.ids("Data/Story?sel=&find=apples&findIn=Name") == [story]
        assert v1.ids("Data/Story?sel=&where=Name=$N;Scope=$S&with=$N=Green+apples%7C$S=Scope:0") == [story]

    @pytest.mark.parametrize(
        ("query", "summary"),
        [
            ("sel=Nonsense", "Invalid SEL parameter"),
            ("sel=Name,", "Invalid SEL parameter"),
            ("where=Name=", "Invalid WHERE parameter"),
            ("where=Name='it's'", "Invalid WHERE parameter"),
            ("sort=Nonsense", "Invalid SORT parameter"),
            ("sort=+Name", "Invalid SORT parameter"),
            ("page=x", "Invalid PAGE parameter"),
            ("page=-1", "Invalid PAGE parameter"),
            ("page=1,2,3", "Invalid PAGE parameter"),
            ("page=99999999999", "Invalid PAGE parameter"),
            ("asof=yesterday", "Invalid ASOF parameter"),
            ("with=A=1", "Invalid WITH parameter"),
            ("findin=Nonsense&find=x", "Invalid FINDIN parameter"),
            ("needTotal=perhaps", "Invalid NEEDTOTAL parameter"),
            ("colour=red", "Invalid COLOUR parameter"),
            ("sel=Name&SEL=Name", "Invalid SEL parameter"),
            ("op=Delete", "Invalid OP parameter"),
        ],
    )
    def test_what_is_not_understood_is_refused(self, v1: Instance, query: str, summary: str) -> None:
        assert v1.xml(f"rest-1.v1/Data/Story?{query}", status=400).findtext("Message") == summary

    @pytest.mark.parametrize(
        "query",
        ["where=Name='x'", "where=no%20filter", "sort=Nonsense", "page=0", "find=x&findin=Name", "needTotal=no"],
    )
    def test_what_chooses_among_assets_is_ignored_beside_the_address_of_one(self, v1: Instance, query: str) -> None:
        assert v1.xml(f"rest-1.v1/Data/Scope/0?sel=Name&{query}").get("id") == "Scope:0"
        assert v1.xml(f"rest-1.v1/Data/Scope/0/Name?{query}").text == "System (All Projects)"
        assert v1.xml(f"rest-1.v1/Data/Scope/0/0?sel=&{query}").get("id") == "Scope:0:0"

    def test_a_selection_does_not_fit_one_attribute(self, v1: Instance) -> None:
        assert v1.get("rest-1.v1/Data/Scope/0/Name?sel=Name").status == 400

    def test_the_history_of_one_asset_is_a_list_and_is_filtered(self, v1: Instance) -> None:
        assert v1.xml("rest-1.v1/Hist/Scope/0?where=Name='x'").get("total") == "0"

    def test_an_encoded_slash_divides_a_path(self, v1: Instance) -> None:
        assert v1.xml("rest-1.v1/Data/Scope%2F0?sel=").get("id") == "Scope:0"
        assert v1.xml("rest-1.v1%2fData/Scope/0%2FName").text == "System (All Projects)"
        assert v1.xml("meta.v1/Story%2FName").get("token") == "Story.Name"
        assert v1.get("rest-1.v1/Data/Scope%2F0%2FName%2FMore").status == 404

    def test_a_slash_in_a_value_of_a_filter_does_not(self, v1: Instance) -> None:
        v1.create("Story", Name="a/b")
        token = "Workitems[Name='a%2Fb'].@Count"
        assert v1.xml(f"rest-1.v1/Data/Scope/0/{token}").text == "1"
        assert v1.xml(f"rest-1.v1/Hist/Scope/0/{token}").get("total") == "1"
        assert v1.xml(f"meta.v1/Scope/{token}").get("attributetype") == "Numeric"

    def test_need_total_is_taken(self, v1: Instance) -> None:
        assert v1.get("rest-1.v1/Data/Story?needTotal=true").status == 200


class TestHistory:
    @pytest.fixture
    def story(self, v1: Instance, clock: Clock) -> str:
        """A story renamed a day after it was made."""
        story = v1.create("Story", Name="first")
        clock.pass_days(1)
        v1.update(story, Name="second")
        clock.pass_days(1)
        return story

    def test_hist_lists_every_record_oldest_first(self, v1: Instance, story: str) -> None:
        root = v1.xml(f"rest-1.v1/Hist/Story/{story[6:]}?sel=Name,ChangeDate")
        assert (root.tag, root.attrib["total"]) == ("History", "2")
        assert [each.findtext("Attribute[@name='Name']") for each in root] == ["first", "second"]
        assert [len(each.attrib["id"].split(":")) for each in root] == [3, 3]
        first = root[0].attrib
        assert first["href"] == "/VersionOne/rest-1.v1/Data/" + first["id"].replace(":", "/")

    def test_hist_in_json_has_its_list_under_assets(self, v1: Instance, story: str) -> None:
        document = v1.json(f"rest-1.v1/Hist/Story?where=ID='{story}'&sel=Name")
        assert (document["_type"], len(document["Assets"])) == ("History", 2)

    def test_hist_of_one_attribute_is_a_list_of_it(self, v1: Instance, story: str) -> None:
        root = v1.xml(f"rest-1.v1/Hist/Story/{story[6:]}/Name")
        assert [each.findtext("Attribute") for each in root] == ["first", "second"]

    @pytest.mark.parametrize("when", ["2024-05-02", "2024-05-01T23:00:00", "2024-05-01+23:00:00.00"])
    def test_asof_shows_the_last_record_before_it(self, v1: Instance, story: str, when: str) -> None:
        for branch, tag in (("Hist", "History"), ("Data", "Assets")):
            root = v1.xml(f"rest-1.v1/{branch}/Story?where=Name='first'&sel=Name&asof={when}")
            assert (root.tag, [each.findtext("Attribute") for each in root]) == (tag, ["first"])
            assert len(root[0].attrib["id"].split(":")) == 3

    def test_asof_before_its_creation_an_asset_is_absent(self, v1: Instance, story: str) -> None:
        assert v1.ids("Hist/Story?sel=&asof=2024-05-01") == []
        assert v1.get(f"rest-1.v1/Data/Story/{story[6:]}?asof=2024-05-01").status == 404

    def test_a_moment_in_the_address(self, v1: Instance, story: str) -> None:
        first = v1.ids(f"Hist/Story/{story[6:]}?sel=")[0]
        path = f"rest-1.v1/Data/{first.replace(':', '/')}"
        asset = v1.xml(f"{path}?sel=Name,Scope")
        assert (asset.get("id"), asset.findtext("Attribute[@name='Name']")) == (first, "first")
        assert asset.find("Relation/Asset").attrib["idref"] == "Scope:0"  # type: ignore[union-attr]
        name = v1.xml(f"{path}/Name")
        assert (name.text, name.get("of")) == ("first", f"/VersionOne/{path}")
        assert v1.get(f"{path}?asof=2024-05-01").status == 400

    def test_current_ids_have_no_moment(self, v1: Instance, story: str) -> None:
        assert v1.ids("Data/Story?sel=") == [story]

    def test_a_deleted_asset_is_gone_from_data_and_stays_in_hist(self, v1: Instance, story: str) -> None:
        v1.operate(story, "Delete")
        assert v1.get(f"rest-1.v1/Data/Story/{story[6:]}").status == 404
        assert len(v1.ids(f"Hist/Story/{story[6:]}?sel=")) == 3


class TestWriting:
    def test_create_answers_with_what_was_written_and_a_momented_id(self, v1: Instance) -> None:
        root = v1.xml("rest-1.v1/Data/Story", story_document("New"))
        assert root.tag == "Asset"
        assert len(root.attrib["id"].split(":")) == 3
        assert root.attrib["href"] == "/VersionOne/rest-1.v1/Data/" + root.attrib["id"].replace(":", "/")
        assert {(each.tag, each.get("name")) for each in root} == {("Attribute", "Name"), ("Relation", "Scope")}
        assert root.find("Relation/Asset").attrib["idref"] == "Scope:0"  # type: ignore[union-attr]

    def test_create_in_json(self, v1: Instance) -> None:
        owners = {"value": [{"idref": "Member:20", "act": "add"}]}
        body = {"Attributes": {"Name": {"value": "N", "act": "set"}, "Scope": {"value": "Scope:0", "act": "set"}}}
        answer = v1.json("rest-1.v1/Data/Story", {"Attributes": {**body["Attributes"], "Owners": owners}})
        assert answer["Attributes"]["Owners"]["value"][0]["idref"] == "Member:20"
        listed = [{"idref": "Member:20", "act": "add"}]
        again = v1.json("rest-1.v1/Data/Story", {"Attributes": {**body["Attributes"], "Owners": listed}})
        assert again["Attributes"]["Owners"]["value"][0]["idref"] == "Member:20"

    def test_the_body_decides_the_format_not_its_label(self, v1: Instance) -> None:
        body = json.dumps(
            {"Attributes": {"Name": {"value": "x", "act": "set"}, "Scope": {"value": "Scope:0", "act": "set"}}}
        )
        assert v1.post("rest-1.v1/Data/Story", body, content_type="text/xml").status == 200
        assert v1.post("rest-1.v1/Data/Story", story_document("y"), content_type="application/json").status == 200
        assert v1.post("rest-1.v1/Data/Story", "\ufeff" + story_document("z")).status == 200

    def test_acts_on_many_relations_and_tags(self, v1: Instance) -> None:
        other = v1.create("Member", Name="Joe", Nickname="Joe", DefaultRole="Role:4")
        owners = (
            f'<Relation name="Owners"><Asset idref="Member:20" act="add"/><Asset idref="{other}" act="add"/></Relation>'
        )
        tags = '<Attribute name="TaggedWith"><Value act="add">ux</Value><Value act="add">api</Value></Attribute>'
        story = v1.xml("rest-1.v1/Data/Story", story_document("x", owners + tags)).attrib["id"]
        number = story.split(":")[1]
        assert v1.read(f"Story:{number}", "Owners.ID.@Count", "TaggedWith")["TaggedWith"] == ["ux", "api"]
        removal = (
            '<Asset><Relation name="Owners"><Asset idref="Member:20" act="remove"/></Relation>'
            '<Attribute name="TaggedWith"><Value act="remove">ux</Value></Attribute></Asset>'
        )
        v1.xml(f"rest-1.v1/Data/Story/{number}", removal)
        read = v1.read(f"Story:{number}", "Owners", "TaggedWith")
        assert ([each["idref"] for each in read["Owners"]], read["TaggedWith"]) == ([other], ["api"])

    @pytest.mark.parametrize(
        "document",
        [
            '<Asset><Attribute name="Description" act="set" /></Asset>',
            '<Asset><Relation name="Description" act="set" /></Asset>',
            '{"Attributes": {"Description": {"act": "set"}}}',
            '{"Attributes": {"Description": {"value": null, "act": "set"}}}',
            '{"Attributes": {"Description": {"value": "", "act": "set"}}}',
        ],
    )
    def test_a_scalar_can_be_cleared(self, v1: Instance, document: str) -> None:
        story = v1.create("Story", Description="text")
        assert v1.post(f"rest-1.v1/Data/Story/{story[6:]}", document).status == 200
        assert v1.read(story, "Description") == {"Description": None}

    @pytest.mark.parametrize(
        "document",
        ['<Asset><Relation name="Status" act="set" /></Asset>', '{"Attributes": {"Status": {"act": "set"}}}'],
    )
    def test_a_relation_can_be_cleared(self, v1: Instance, document: str) -> None:
        story = v1.create("Story", Status="StoryStatus:134")
        v1.post(f"rest-1.v1/Data/Story/{story[6:]}", document)
        assert v1.read(story, "Status.ID") == {"Status.ID": None}

    def test_an_element_without_act_changes_nothing(self, v1: Instance) -> None:
        story = v1.create("Story", Name="kept")
        root = v1.xml(
            f"rest-1.v1/Data/Story/{story[6:]}", '<Asset id="x"><Attribute name="Name">new</Attribute></Asset>'
        )
        assert (len(root), len(root.attrib["id"].split(":"))) == (0, 3)
        assert v1.read(story, "Name") == {"Name": "kept"}

    def test_reverse_relations_can_be_written(self, v1: Instance) -> None:
        epic, story = v1.create("Epic"), v1.create("Story")
        for act, expected in (("add", {"idref": epic}), ("remove", None)):
            document = f'<Asset><Relation name="Subs"><Asset idref="{story}" act="{act}" /></Relation></Asset>'
            v1.xml(f"rest-1.v1/Data/Epic/{epic[5:]}", document)
            parent = v1.read(story, "Super")["Super"]
            assert (parent and {"idref": parent["idref"]}) == expected

    def test_an_unchanged_value_makes_no_moment(self, v1: Instance) -> None:
        story = v1.create("Story", Name="same")
        assert v1.update(story, Name="same") == v1.update(story, Name="same")
        assert len(v1.ids(f"Hist/Story/{story[6:]}?sel=")) == 1

    def test_the_comment_loses_one_pair_of_quotes(self, v1: Instance) -> None:
        story = v1.create("Story")
        path = f"rest-1.v1/Data/Story/{story[6:]}"
        body = '<Asset><Attribute name="Name" act="set">b</Attribute></Asset>'
        v1.xml(f"{path}?Comment='why'", body)
        assert v1.read(story, "ChangeComment") == {"ChangeComment": "why"}

    def test_the_written_password_is_not_shown(self, v1: Instance) -> None:
        values = {"Name": "Joe", "Nickname": "J", "DefaultRole": "Role:4", "Username": "joe", "Password": "s3cret"}
        attributes = {name: {"value": value, "act": "set"} for name, value in values.items()}
        answer = v1.post("rest-1.v1/Data/Member", json.dumps({"Attributes": attributes}))
        assert answer.status == 200
        assert b"s3cret" not in answer.body

    @pytest.mark.parametrize(
        "document",
        [
            "",
            "hello",
            "<Asset>",
            "<Assets/>",
            '<!DOCTYPE Asset [<!ENTITY e "x">]><Asset/>',
            '<!DOCTYPE Asset SYSTEM "x"><Asset/>',
            '<Asset><Thing name="Name" act="set">x</Thing></Asset>',
            '<Asset><Attribute act="set">x</Attribute></Asset>',
            '<Asset><Attribute name="Name" act="set">x<b/></Attribute></Asset>',
            '<Asset><Attribute name="Name" act="put">x</Attribute></Asset>',
            '<Asset><Relation name="Scope" act="set"><Asset/></Relation></Asset>',
            '<Asset><Relation name="Super" act="set"><Asset idref="Epic:1"/><Asset idref="Epic:2"/></Relation></Asset>',
            '<Asset><Attribute name="Name" act="set">\x01</Attribute></Asset>',
            "[]",
            "{",
            "{}",
            '{"Attributes": []}',
            '{"Attributes": {}, "Extra": 1}',
            '{"Attributes": {"Name": "x"}}',
            '{"Attributes": {"Name": {"value": "x", "act": "put"}}}',
            '{"Attributes": {"Name": {"value": ["x", "y"], "act": "set"}}}',
            '{"Attributes": {"Name": {"value": "\\u0001", "act": "set"}}}',
            '{"Attributes": {"Name": {"value": "\\ud800", "act": "set"}}}',
            '{"Attributes": {"Estimate": {"value": NaN, "act": "set"}}}',
            '{"Attributes": {"Nonsense": {"value": "x", "act": "set"}}}',
            '{"Attributes": {"Owners": {"value": [{"idref": "", "act": "add"}]}}}',
        ],
    )
    def test_a_document_that_is_wrong_changes_nothing(self, v1: Instance, document: str) -> None:
        story = v1.create("Story", Name="kept")
        root = v1.xml(f"rest-1.v1/Data/Story/{story[6:]}", document, status=400)
        assert root.tag == "Error"
        assert v1.read(story, "Name") == {"Name": "kept"}

    def test_an_invalid_value_beside_valid_ones_changes_nothing(self, v1: Instance) -> None:
        story = v1.create("Story", Name="kept")
        body = {"Attributes": {"Name": {"value": "new", "act": "set"}, "Estimate": {"value": "much", "act": "set"}}}
        v1.json(f"rest-1.v1/Data/Story/{story[6:]}", body, status=400)
        assert v1.read(story, "Name") == {"Name": "kept"}


class TestOperations:
    def test_a_deleted_asset_takes_no_update_and_comes_back_by_its_plain_address(self, v1: Instance) -> None:
        story = v1.create("Story", Name="kept")
        v1.operate(story, "Delete")
        path = f"rest-1.v1/Data/Story/{story[6:]}"
        assert v1.post(path, '{"Attributes": {"Name": {"value": "new", "act": "set"}}}').status == 404
        assert v1.operate(story, "Undelete").startswith(f"{story}:")
        assert v1.read(story, "Name") == {"Name": "kept"}

    def test_an_operation_that_creates_answers_with_the_new_asset(self, v1: Instance) -> None:
        story = v1.create("Story", Name="original")
        copy = v1.operate(story, "Copy").rpartition(":")[0]
        assert copy.startswith("Story:")
        assert copy != story

    def test_the_answer_is_the_asset_with_its_new_moment(self, v1: Instance) -> None:
        story = v1.create("Story")
        root = v1.xml(f"rest-1.v1/Data/Story/{story[6:]}?op=Inactivate", b"")
        assert root.attrib["id"].startswith(f"{story}:")
        assert (len(root), v1.read(story, "AssetState")) == (0, {"AssetState": 128})

    def test_a_document_beside_an_operation_is_refused(self, v1: Instance) -> None:
        story = v1.create("Story")
        assert v1.post(f"rest-1.v1/Data/Story/{story[6:]}?op=Delete", "<Asset/>").status == 400
        assert v1.read(story, "AssetState") == {"AssetState": 64}

    def test_unknown_and_forbidden_operations(self, v1: Instance) -> None:
        story = v1.create("Story")
        assert v1.post(f"rest-1.v1/Data/Story/{story[6:]}?op=Explode").status == 400
        assert v1.post(f"rest-1.v1/Data/Story/{story[6:]}?op=Reactivate").status == 400
        assert v1.post("rest-1.v1/Data/Story/99999?op=Delete").status == 404


class TestNew:
    def test_without_context_nothing_is_suggested(self, v1: Instance) -> None:
        root = v1.xml("rest-1.v1/New/Story")
        assert (root.attrib, len(root)) == ({"href": "/VersionOne/rest-1.v1/New/Story"}, 0)

    def test_a_template_can_be_posted_back(self, v1: Instance) -> None:
        request = v1.create("Request", Name="Bigger fields")
        template = v1.get(f"rest-1.v1/New/Story?ctx={request}").body
        assert b'<Attribute name="Name" act="set">Bigger fields</Attribute>' in template
        assert f'idref="{request}" act="add"'.encode() in template
        story = v1.xml("rest-1.v1/Data/Story", template).attrib["id"].rpartition(":")[0]
        read = v1.read(story, "Name", "Requests")
        assert (read["Name"], [each["idref"] for each in read["Requests"]]) == ("Bigger fields", [request])

    def test_a_json_template_can_be_posted_back(self, v1: Instance) -> None:
        request = v1.create("Request", Name="Bigger fields")
        template: Any = v1.json(f"rest-1.v1/New/Story?ctx={request}")
        assert template["Attributes"]["Name"]["act"] == "set"
        story = v1.json("rest-1.v1/Data/Story", template)["id"].rpartition(":")[0]
        assert v1.read(story, "Name")["Name"] == "Bigger fields"

    @pytest.mark.parametrize(
        ("type_name", "context", "suggested"),
        [
            ("Subscription", "Member:20", {"Subscriber": "Member:20"}),
            ("MessageReceipt", "Member:20", {"Recipient": "Member:20"}),
            ("Override", "AssetType:-1", {"Asset": "AssetType:-1"}),
            ("Grant", "Role:3", {"Role": "Role:3"}),
        ],
    )
    def test_a_context_fills_the_only_required_relation_that_takes_it(
        self, v1: Instance, type_name: str, context: str, suggested: dict[str, str]
    ) -> None:
        template = v1.xml(f"rest-1.v1/New/{type_name}?ctx={context}")
        found = {str(each.get("name")): each[0].get("idref") for each in template if each.tag == "Relation"}
        assert found == suggested

    def test_a_context_that_two_required_relations_take_is_given_to_neither(self, v1: Instance) -> None:
        assert len(v1.xml("rest-1.v1/New/RelationDefinition?ctx=AssetType:-1")) == 0

    def test_context_on_create(self, v1: Instance) -> None:
        epic = v1.create("Epic", Name="Parent", Description="why")
        story = v1.xml(f"rest-1.v1/Data/Story?ctx={epic}", "<Asset/>").attrib["id"].rpartition(":")[0]
        assert v1.read(story, "Name", "Super.ID")["Name"] == "Parent"
