"""Login, status codes, error documents, and the small endpoints."""

from __future__ import annotations

import base64
import json
from xml.etree import ElementTree

import pytest

from ..conftest import Instance

READABLE = [
    "rest-1.v1/Data/Story",
    "rest-1.v1/Hist/Story",
    "rest-1.v1/New/Story",
    "attachment.img/1",
    "config.v1/",
    "api/ActivityStream/Member:20",
    "nonsense",
]
OPEN = ["meta.v1/", "meta.v1/Story", "meta.v1/Story/Name", "loc.v1/?Scope", "loc-2.v1?[Scope]"]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class TestLogin:
    @pytest.mark.parametrize("path", READABLE)
    @pytest.mark.parametrize(
        "authorization",
        ["", "Basic", "Basic !!!", basic("admin", "wrong"), basic("", ""), "Bearer 1.wrong=", "Negotiate abc"],
    )
    def test_401_comes_with_a_basic_challenge_on_every_path(self, v1: Instance, path: str, authorization: str) -> None:
        answer = v1.get(path, authorization=authorization)
        assert answer.status == 401
        assert ("WWW-Authenticate", 'Basic realm="VersionOne"') in answer.headers

    @pytest.mark.parametrize("path", OPEN)
    @pytest.mark.parametrize("authorization", ["", basic("admin", "wrong"), "Bearer 1.wrong="])
    def test_the_schema_and_its_words_ask_for_no_login(self, v1: Instance, path: str, authorization: str) -> None:
        assert v1.get(path, authorization=authorization).status == 200

    def test_the_access_token_has_its_usual_form(self, v1: Instance) -> None:
        token = v1.face.token
        assert (token[:2], len(token), token[-1]) == ("1.", 30, "=")
        assert len(base64.b64decode(token[2:], validate=True)) == 20
        assert v1.get("config.v1/", authorization=f"bearer {token}").status == 200

    def test_any_member_may_log_in_and_is_who_asks(self, v1: Instance) -> None:
        member = v1.create(
            "Member", Name="Zoë", Nickname="Z", DefaultRole="Role:4", Username="zoë", Password="geheim:ß"
        )
        answer = v1.get("rest-1.v1/Data/Member?where=IsSelf='true'&sel=", authorization=basic("zoë", "geheim:ß"))
        assert [each.get("id") for each in ElementTree.fromstring(answer.body)] == [member]
        v1.operate(member, "Inactivate")
        assert v1.get("config.v1/", authorization=basic("zoë", "geheim:ß")).status == 401

    def test_the_documented_login_check(self, v1: Instance) -> None:
        document = v1.json('rest-1.v1/Data/Member?where=IsSelf="true"&sel=Username')
        (member,) = document["Assets"]
        assert member["Attributes"]["Username"] == {"_type": "Attribute", "name": "Username", "value": "admin"}


class TestStatus:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "", 404),
            ("GET", "rest-1.v1", 404),
            ("GET", "rest-1.v1/Data", 404),
            ("GET", "rest-1.v1/Thing/Story", 404),
            ("GET", "rest-1.v1/Data/Story/1/2/Name/More", 404),
            ("GET", "rest-1.v1/New/Story/5", 404),
            ("GET", "rest-1.v1/Data/Story/99999", 404),
            ("GET", "rest-1.v1/Data/Story/20", 404),
            ("GET", "rest-1.v1/Data/Member/20/Name/x", 404),
            ("GET", "rest-1.v1/Data/Animal", 400),
            ("GET", "rest-1.v1/Data/story", 400),
            ("GET", "rest-1.v1/Data/Story/abc", 400),
            ("GET", "rest-1.v1/Data/Member/20/Nonsense", 400),
            ("GET", "meta.v1/Animal", 404),
            ("GET", "meta.v1/Story/Nonsense", 404),
            ("GET", "meta.v1/Story/Name/More", 404),
            ("GET", "meta.v1/Story/Delete", 200),
            ("GET", "meta.v1/Task/Actuals.Value.@Sum", 200),
            ("PUT", "rest-1.v1/Data/Story", 405),
            ("DELETE", "rest-1.v1/Data/Scope/0", 405),
            ("HEAD", "meta.v1/", 405),
            ("POST", "meta.v1/Story", 405),
            ("POST", "rest-1.v1/Hist/Story", 405),
            ("POST", "rest-1.v1/New/Story", 405),
            ("POST", "rest-1.v1/Data/Scope/0/Name", 405),
            ("POST", "rest-1.v1/Data/Scope/0/0", 405),
            ("POST", "config.v1/", 405),
            ("GET", "oauth.v1/token", 405),
            ("GET", "oauth.v1/nonsense", 404),
            ("GET", "api/asset/nonsense", 404),
        ],
    )
    def test_status_codes(self, v1: Instance, method: str, path: str, status: int) -> None:
        answer = v1.send(method, path)
        assert answer.status == status
        if status >= 400:
            assert answer.content_type == "text/xml; charset=utf-8"
            assert ElementTree.fromstring(answer.body).tag == "Error"

    def test_405_says_what_is_allowed(self, v1: Instance) -> None:
        assert ("Allow", "GET, POST") in v1.send("PATCH", "rest-1.v1/Data/Story").headers

    def test_a_failure_of_its_own_is_500_with_a_document(
        self, v1: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("out of <order>")

        monkeypatch.setattr(v1.face.engine, "select", broken)
        root = v1.xml("rest-1.v1/Data/Story", status=500)
        assert root.findtext("Exception/Message") == "out of <order>"
        assert "GET /VersionOne/rest-1.v1/Data/Story failed" in caplog.text


class TestDocuments:
    def test_the_recorded_error(self, v1: Instance) -> None:
        """The one complete error document that is public."""
        answer = v1.get("rest-1.v1/Data/Scope/0?sel=Name,Number")
        root = ElementTree.fromstring(answer.body)
        assert (answer.status, root.attrib) == (400, {"href": "/VersionOne/rest-1.v1/Data/Scope/0?sel=Name,Number"})
        assert [child.tag for child in root] == ["Message", "Exception", "Exception"]
        assert root.findtext("Message") == "Invalid SEL parameter"
        assert [(each.get("class"), each.findtext("Message")) for each in root.findall("Exception")] == [
            ("VersionOne.MetaException", "Unknown token: Number"),
            (
                "VersionOne.MultipleException",
                "(1) Unknown AttributeDefinition: Scope.Number (2) Unknown token: Number",
            ),
        ]

    def test_the_same_in_json(self, v1: Instance) -> None:
        error = v1.json("rest-1.v1/Data/Scope/0?sel=Name,Number", status=400)
        assert (error["error"], error["message"]) == ("Bad Request", "Invalid SEL parameter")
        assert error["exceptions"][0] == {"class": "VersionOne.MetaException", "message": "Unknown token: Number"}

    def test_404_in_json(self, v1: Instance) -> None:
        assert v1.json("rest-1.v1/Data/Story/99999", status=404)["error"] == "Not Found"

    def test_hostile_text_is_escaped(self, v1: Instance) -> None:
        root = v1.xml("rest-1.v1/Data/Story?where=Name=<b>%26%00'\"", status=400)
        assert root.tag == "Error"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"Scope": "Scope:0"}, "Violation'Required'Story.Name"),
            ({"Name": "x"}, "Violation'Required'Story.Scope"),
            ({"Name": "x", "Scope": "Scope:9999"}, "Violation'Invalid'Story.Scope"),
            ({"Name": "x", "Scope": "Member:20"}, "Violation'Invalid'Story.Scope"),
            ({"Name": "x", "Scope": "Scope:0", "Nonsense": "y"}, "Unknown AttributeDefinition: Story.Nonsense"),
        ],
    )
    def test_validation(self, v1: Instance, values: dict[str, str], message: str) -> None:
        attributes = {name: {"value": value, "act": "set"} for name, value in values.items()}
        error = v1.json("rest-1.v1/Data/Story", {"Attributes": attributes}, status=400)
        assert message in [error["message"], *(each["message"] for each in error["exceptions"])]
        assert v1.ids("Data/Story?sel=") == []


class TestSmallEndpoints:
    @pytest.mark.parametrize(
        ("tag", "text"),
        [
            *((f"AttributeDefinition'Name'{kind}", "Title") for kind in ("Story", "Defect", "Task", "Test", "Epic")),
            ("AttributeDefinition'Name'Scope", "Name"),
            ("AttributeDefinition'TargetEstimate'Scope", "Target Estimate"),
            ("AssetType'Scope", "Project"),
            ("Scope", "Project"),
            ("Role.Name'Observer", "Observer"),
            ("Violation'Required'Story.Name", "A required value is missing"),
            ("Nobody'Knows'This", "Nobody'Knows'This"),
        ],
    )
    def test_loc_gives_plain_text(self, v1: Instance, tag: str, text: str) -> None:
        answer = v1.get(f"loc.v1/?{tag}")
        assert (answer.content_type, answer.body.decode()) == ("text/plain; charset=utf-8", text)

    def test_loc_2_gives_a_map(self, v1: Instance) -> None:
        answer = v1.get("loc-2.v1?[AttributeDefinition'Name'Story,Scope]")
        assert json.loads(answer.body) == {"AttributeDefinition'Name'Story": "Title", "Scope": "Project"}
        assert v1.get("loc-2.v1?Scope").status == 400

    def test_config_lists_settings(self, v1: Instance) -> None:
        root = v1.xml("config.v1/")
        assert root.tag == "Configuration"
        settings = {each.get("key"): each.get("value") for each in root.findall("Setting")}
        assert settings["MaximumAttachmentSize"] == str(16 * 1024 * 1024)
        assert {"EffortTracking", "StoryTrackingLevel", "DefectTrackingLevel", "CapacityPlanning"} <= set(settings)

    def test_the_page_of_an_asset(self, v1: Instance) -> None:
        story = v1.create("Story", Name="<Page>")
        number = v1.read(story, "Number")["Number"]
        for query in (f"oid={story}", f"number={number}"):
            page = v1.get(f"assetdetail.v1?{query}")
            assert page.status == 200
            assert f"{story} &lt;Page&gt;".encode() in page.body
        assert v1.get("assetdetail.v1?oid=Story:99999").status == 404
        assert v1.get("assetdetail.v1?number=S-99999").status == 404
        assert v1.get("assetdetail.v1").status == 400

    def test_meta_in_both_formats(self, v1: Instance) -> None:
        assert v1.xml("meta.v1/Story").attrib["href"] == "/VersionOne/meta.v1/Story"
        assert "Story.Name" in v1.json("meta.v1/Story")["Attributes"]
        styled = v1.get("meta.v1/Story?xsl=api.xsl").body
        assert ElementTree.fromstring(styled).tag == "AssetType"
        assert b'<?xml-stylesheet type="text/xsl" href="api.xsl"?>' in styled
