"""Objects over HTTP: created, read, changed, deleted; and files with their bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from assetmeta import sandbox
from sandbox.valispace.web import Web, told


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def project(web: Web) -> int:
    return web.project("Objects")


@pytest.fixture(scope="module")
def top(web: Web, project: int) -> int:
    return web.component("Top", project)


class TestObjects:
    def test_create_answers_with_the_whole_object(self, web: Web, project: int, top: int) -> None:
        made = web.post("components/", {"name": "Arm", "parent": top, "project": project, "zzz": 1, "children": [1]})
        assert made == web.get(f"components/{made['id']}/")
        assert (made["parent"], made["unique_name"], made["children"]) == (top, "Top.Arm", [])

    def test_patch_answers_with_the_whole_object(self, web: Web, top: int) -> None:
        vali = web.vali("Mass", top, "2", unit="kg")
        changed = web.patch(f"valis/{vali}/", {"formula": "4", "value": 77})
        assert (changed["value"], changed["formula"]) == (4.0, "4")
        assert changed == web.get(f"valis/{vali}/") == web.patch(f"valis/{vali}/", {})

    def test_put_needs_the_required_fields(self, web: Web, top: int) -> None:
        vali = web.vali("Force", top)
        missing = web.put(f"valis/{vali}/", {"formula": "6"}, 400)
        assert missing == {"shortname": ["This field is required."], "parent": ["This field is required."]}
        changed = web.put(f"valis/{vali}/", {"formula": "6", "shortname": "Force", "parent": top})
        assert changed["value"] == 6.0

    def test_deleted_is_gone(self, web: Web, project: int, top: int) -> None:
        arm = web.component("Doomed", project, top)
        vali = web.vali("Mass", arm)
        web.delete(f"components/{arm}/")
        assert web.get(f"components/{arm}/", 404) == {"detail": "No Component matches the given query."}
        assert web.get(f"valis/{vali}/", 404) == {"detail": "No Vali matches the given query."}
        assert web.send("DELETE", f"components/{arm}/").status_code == 404

    @pytest.mark.parametrize("key", ["abc", "-1", "1e3", "0x1", "9" * 40, "%201"])
    def test_ids_are_numbers(self, web: Web, key: str) -> None:
        assert web.get(f"valis/{key}/", 404) == {"detail": "Not found."}

    def test_refusals_name_the_field(self, web: Web) -> None:
        body = web.post("valis/", {"shortname": "L", "parent": 999_999}, 400)
        assert body == {"parent": ['Invalid pk "999999" - object does not exist.']}
        assert web.post("valis/", {"shortname": "L", "parent": "abc"}, 400) == {
            "parent": ["Incorrect type. Expected pk value, received str."]
        }

    def test_older_names_of_endpoints_answer_too(self, web: Web, top: int) -> None:
        vali = web.vali("Old", top)
        assert web.get(f"vali/{vali}/") == web.get(f"valis/{vali}/")


class TestRequirements:
    def test_bulk_update(self, web: Web, project: int) -> None:
        specification = web.post("requirements/specifications/", {"name": "Spec", "project": project})["id"]
        ids = [
            web.post("requirements/", {"specification": specification, "identifier": f"R-{n}"})["id"] for n in (1, 2)
        ]
        web.post("requirements/bulk-update/", {str(ids[0]): {"position": 1.2}, str(ids[1]): {"title": "T"}}, 200)
        assert web.get(f"requirements/{ids[0]}/")["position"] == 1.2
        assert web.get(f"requirements/{ids[1]}/")["title"] == "T"
        refused = web.send("POST", "requirements/bulk-update/", {str(ids[0]): {"position": 9}, "999999": {}})
        assert 400 <= refused.status_code < 500
        assert web.get(f"requirements/{ids[0]}/")["position"] == 1.2

    def test_children(self, web: Web, project: int) -> None:
        specification = web.post("requirements/specifications/", {"name": "Family", "project": project})["id"]
        parent, child = (
            web.post("requirements/", {"specification": specification, "identifier": f"F-{n}"})["id"] for n in (1, 2)
        )
        assert web.put(f"requirements/{parent}/add-child/", {"child": child})["children"] == [child]
        assert web.get(f"requirements/{child}/")["parents"] == [parent]
        assert web.put(f"requirements/{parent}/remove-child/", {"child": child})["children"] == []

    def test_verification_from_kind_to_component(self, web: Web, project: int, top: int) -> None:
        specification = web.post("requirements/specifications/", {"name": "Checked", "project": project})["id"]
        requirement = web.post("requirements/", {"specification": specification, "identifier": "C-1", "tags": []})["id"]
        kind = web.post("requirements/verification-methods/", {"name": "Rules", "project": project})["id"]
        vm = web.post("requirements/requirement-vms/", {"requirement": requirement, "method": kind})["id"]
        cvm = web.post("requirements/component-vms/", {"method": vm, "component": top})["id"]
        status = web.post("requirements/verification-statuses/", {"name": "Seen", "abbr": "S"})["id"]
        body = {"ids": [cvm], "data": {"status": status}}
        web.patch("requirements/component-vms/bulk-update/?save_history=true", body)
        assert web.get(f"requirements/component-vms/{cvm}/")["status"] == status
        (complete,) = [
            each for each in web.get(f"requirements/complete/?project={project}") if each["id"] == requirement
        ]
        (method,) = complete["verification_methods"]
        assert (method["method"]["name"], method["component_vms"][0]["status"]) == ("Rules", "Seen")
        found = web.post(
            "requirements/component-vms/search/",
            {"query_filters": {"method__requirement__specification__project_id": project}, "includes": ["id"]},
            200,
        )
        assert found == {"data": [{"id": cvm}]}

    def test_full_lists_and_past_days(self, web: Web, project: int) -> None:
        assert web.get(f"requirements/full_list/?project={project}")
        assert web.get(f"requirements/specifications/full_list/?project={project}&clean_text=description")
        assert web.get("requirements/complete/as_of/2001-01-31/") == []
        assert web.get("requirements/complete/as_of/soon/", 404) == {"detail": "Not found."}


class TestFiles:
    CONTENT = b"\x00\xff--x\r\n--\r\n\r\nend"

    def test_up_and_down(self, web: Web, project: int) -> None:
        parts = {"file": ("Größe 1.pdf", self.CONTENT, "application/pdf")}
        form = {"project": str(project), "content_type": "13", "object_id": str(project)}
        made = told(web.send("POST", "files/", files=parts, data=form), 201)
        assert (made["name"], made["mimetype"], made["file_type"]) == ("Größe 1.pdf", "application/pdf", 1)
        assert (made["project"], made["content_type"], made["object_id"]) == (project, 13, project)
        answer = web.session.get(made["download_url"], timeout=30)
        assert (answer.status_code, answer.content) == (200, self.CONTENT)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert made == web.get(f"files/{made['id']}/") and made in web.get(f"files/?project={project}")
        assert requests.get(made["download_url"], timeout=30).status_code == 401
        assert web.session.put(made["download_url"], data=b"x", timeout=30).status_code == 405

    def test_new_bytes(self, web: Web, project: int) -> None:
        form = {"project": str(project)}
        made = told(web.send("POST", "files/", files={"file": ("a.txt", b"1", "text/plain")}, data=form), 201)
        told(web.send("PATCH", f"files/{made['id']}/", files={"file": ("b.txt", b"22", "text/plain")}), 200)
        changed = web.get(f"files/{made['id']}/")
        assert web.session.get(changed["download_url"], timeout=30).content == b"22"

    def test_no_bytes(self, web: Web, project: int) -> None:
        answer = web.send("POST", "files/", files={"project": (None, str(project))})
        assert 400 <= answer.status_code < 500 and list(answer.json()) == ["file"]

    def test_links(self, web: Web, project: int) -> None:
        link = "https://example.org/procedures/abc"
        body = {"file_type": 2, "contenttype": 171, "name": "[P] CODE - Title", "project": project, "link": link}
        made = web.post("files/create-empty/", body)
        assert (made["download_url"], made["link"], made["file_type"]) == (link, link, 2)
        answer = web.session.get(f"{web.server.url}/media/files/{made['id']}/x", timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")

    def test_images_of_analyses(self, web: Web) -> None:
        made = told(web.send("POST", "analyses/blocks/image/", files={"file": ("p.png", b"\x89PNG", "image/png")}), 201)
        path = f"analyses/blocks/image/{made['id']}/"
        told(web.send("PATCH", path, files={"file": ("q.png", b"\x89PNG2", "image/png")}), 200)
        answer = web.session.get(f"{web.server.url}/media/{path}q.png", timeout=30)
        assert (answer.content, answer.headers["Content-Type"]) == (b"\x89PNG2", "image/png")


class TestOthers:
    def test_at_start(self, web: Web) -> None:
        assert web.get("ui/angular-settings/") == {"vali_assistant": {"offline_assistant": False}}
        assert web.get("own-profile/") in web.get("user/")
        models = {each["model"]: each["id"] for each in web.get("contenttypes/")}
        assert (models["requirement"], models["file"], models["user"]) == (120, 171, 5)

    def test_tasks(self, web: Web, project: int) -> None:
        body = {"title": "Look", "project": project, "duration": 5, "duration_unit": "days", "start_date": "2024-01-31"}
        task = web.post("user-tasks/", body)["id"]
        me = web.get("own-profile/")["id"]
        assert web.put(f"user-tasks/{task}/add-member/", {"member": str(me)})["members"] == [me]

    def test_the_assistant_proposes_texts(self, web: Web, project: int) -> None:
        specification = web.post("requirements/specifications/", {"name": "Said", "project": project})["id"]
        body = {"specification": specification, "identifier": "S-1", "text": "<p>Long</p>"}
        requirement = web.post("requirements/", body)["id"]
        prompt = {"custom_prompt": "Shorten", "content_type_id": 120, "field": "text", "objects_ids": [requirement]}
        path = "vali-assistant/general-custom-prompt/"
        assert web.put(path, prompt) == {"results": [{"id": requirement, "text": "<p>Long</p>"}]}
        assert list(web.put(path, prompt | {"field": "id"}, 400)) == ["field"]
        assert list(web.put(path, prompt | {"content_type_id": 9999}, 400)) == ["content_type_id"]
        assert list(web.put(path, prompt | {"objects_ids": [999_999]}, 400)) == ["objects_ids"]
        assert set(web.put(path, {}, 400)) == {"custom_prompt", "content_type_id", "field", "objects_ids"}


class TestValis:
    def test_matrix(self, web: Web, top: int) -> None:
        body = {"name": "Inertia", "number_of_columns": 2, "number_of_rows": 2, "parent": top, "unit": "kg"}
        made = web.post("matrices/", body)
        cells = [cell for row in made["cells"] for cell in row]
        assert len(cells) == 4
        changed = web.patch(f"valis/{cells[0]}/", {"formula": "7", "parent": made["id"], "shortname": "Ixx"})
        assert (changed["value"], changed["is_part_of_matrix"]) == (7.0, True)

    def test_datasets_both_ways(self, web: Web, top: int) -> None:
        vali = web.vali("Curve", top)
        made = web.post("datasets/", {"vali": vali})
        point = made["points"][0]
        web.patch(f"vali/functions/datasets/points/{point['id']}/", {"value": 1})
        web.patch(f"vali/functions/datasets/points/variables/{point['variables'][0]['id']}/", {"value_number": 2.5})
        web.post("vali/functions/datasets/points/", {"dataset": made["id"]})
        other = web.vali("Imported", top)
        web.post(f"valis/{other}/import-dataset/", {"headers": ["a", "b"], "data": [[1, 2], [3, 4]]}, 200)
        assert web.get(f"valis/{other}/")["function_data"]["data"]
        web.post(f"valis/{web.vali('Converted', top)}/convert-to-dataset/", {}, 200)

    def test_impact(self, web: Web, top: int) -> None:
        source = web.vali("Source", top, "2")
        target = web.vali("Target", top, f"3*${source}")
        graph = f"valis/{source}/impact-analysis-graph-for/{target}/?range_min=1&range_max=3&range_step_size=1"
        assert web.get(graph)
        told_ = web.post(f"vali/{target}/impact-analysis/", {"dependency": str(source), "new_value": "10"}, 200)
        assert told_["result"] == 30.0
        assert web.get("alexa_what_if/Top.Source/Top.Target/12.5/")["result"] == 37.5
        assert web.get(f"valis/{target}/")["value"] == 6.0

    def test_fuzzy(self, web: Web, top: int) -> None:
        vali = web.vali("Temperature", top)
        assert web.get("fuzzysearch/Vali/name/Top.Temperatur/")["id"] == vali
        assert web.get("fuzzysearch/Vali/name/qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq/") == {}
