"""Who sees what and who may change it: the organization, its team, its reader, and somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetmeta import sandbox
from sandbox.valohai.web import ORGANIZATION, Web, told

GONE = {"detail": "Not found."}
DENIED = {"detail": "You do not have permission to perform this action."}


class People:
    """Everybody at one installation, with a project of the organization and one of somebody else."""

    def __init__(self, admin: Web) -> None:
        self.admin = admin
        self.ada, self.reader, self.outsider = (Web(admin.server, name) for name in ("ada", "reader", "outsider"))
        self.project = admin.project("Shared")
        self.run = admin.execution(self.project)
        self.datum = admin.datum(self.project)
        self.private = self.outsider.post("projects/", {"name": "Private"})["id"]


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    with sandbox.running("valohai") as server:
        yield People(Web(server))


def names(web: Web) -> set[str]:
    return {row["name"] for row in web.rows("projects/?limit=1000")}


class TestSeeing:
    def test_lists_have_what_one_sees(self, people: People) -> None:
        assert "Shared" in names(people.ada) and "Shared" in names(people.reader)
        assert names(people.outsider) == {"Private"} and "Private" not in names(people.admin)
        assert people.outsider.get("executions/")["count"] == 0

    def test_what_one_does_not_see_is_404(self, people: People) -> None:
        paths = [f"projects/{people.project}/", f"executions/{people.run}/", f"data/{people.datum}/"]
        paths += [f"projects/{people.project}/commits/", f"executions/{people.project}:1/", "organizations/7/"]
        for path in paths:
            people.admin.get(path)
            assert people.outsider.get(path, 404) == GONE
        for method in ("PATCH", "PUT", "DELETE"):
            assert told(people.outsider.send(method, paths[0], {"name": "x"}), 404) == GONE

    def test_it_cannot_be_pointed_at(self, people: People) -> None:
        body = people.outsider.post("datum-aliases/", {"name": "a", "datum": people.datum}, 400)
        assert [leaf["code"] for leaf in body["datum"]] == ["does_not_exist"]
        body = people.outsider.post("deployments/", {"name": "a", "project": people.project}, 400)
        assert [leaf["code"] for leaf in body["project"]] == ["does_not_exist"]

    def test_environments_belong_to_nobody(self, people: People) -> None:
        assert people.outsider.get("environments/")["count"] == people.admin.get("environments/")["count"] == 3
        assert people.outsider.rows("environments/")[0]["can_admin"] is False

    def test_users_see_their_colleagues(self, people: People) -> None:
        assert [row["username"] for row in people.outsider.rows("users/")] == ["outsider"]
        assert {"admin", "ada", "reader"} <= {row["username"] for row in people.ada.rows("users/")}


class TestChanging:
    def test_readers_read(self, people: People) -> None:
        path = f"projects/{people.project}/"
        assert people.reader.get(path)["read_only"] is True
        assert people.ada.get(path)["read_only"] is False
        for method, where in (
            ("PATCH", path),
            ("PUT", path),
            ("DELETE", path),
            ("DELETE", f"executions/{people.run}/"),
        ):
            assert told(people.reader.send(method, where, {"name": "x"}), 403) == DENIED
        for where in (f"data/{people.datum}/purge/", f"projects/{people.project}/environment_variable/"):
            assert people.reader.post(where, {"name": "a", "value": "b"}, 403) == DENIED
        assert people.reader.post("projects/", {"name": "x", "owner": ORGANIZATION}, 403) == DENIED
        assert people.reader.post("deployments/", {"name": "x", "project": people.project}, 403) == DENIED

    def test_everybody_has_an_account_of_their_own(self, people: People) -> None:
        made = people.reader.post("projects/", {"name": "Mine"})
        assert made["owner"] == {"id": 3, "username": "reader"} and made["read_only"] is False
        people.reader.delete(f"projects/{made['id']}/")

    def test_nobody_makes_projects_for_others(self, people: People) -> None:
        assert people.ada.post("projects/", {"name": "x", "owner": "admin"}, 403) == DENIED
        body = people.outsider.post("projects/", {"name": "x", "owner": ORGANIZATION}, 400)
        assert body["owner"][0]["code"] == "does_not_exist"

    def test_members_delete_what_they_made(self, people: People) -> None:
        people.ada.patch(f"projects/{people.project}/", {"description": "by Ada"})
        assert told(people.ada.send("DELETE", f"projects/{people.project}/"), 403) == DENIED
        assert told(people.ada.send("DELETE", f"executions/{people.run}/"), 403) == DENIED
        own = people.ada.project("Ada's")
        run = people.admin.execution(own, creator=2)
        assert people.ada.send("DELETE", f"executions/{run}/").json() == {"ok": True}
        people.ada.delete(f"projects/{own}/")

    def test_members_delete_what_nobody_made(self, people: People) -> None:
        run = people.admin.execution(people.project, creator=None)
        assert people.ada.send("DELETE", f"executions/{run}/").json() == {"ok": True}

    def test_members_make_no_teams_and_no_stores_for_all(self, people: People) -> None:
        for path, body in (
            ("teams/", {"name": "x", "organization": 7}),
            ("stores/", {"name": "x", "type": "s3", "owner": 7}),
            ("registry-credentials/", {"type": "docker", "image_pattern": "x", "owner": 7}),
        ):
            assert people.ada.post(path, body, 403) == DENIED
        store = people.admin.rows("stores/")[0]["id"]
        assert told(people.ada.send("PUT", f"stores/{store}/", {"name": "x"}), 403) == DENIED
        assert people.ada.post("stores/", {"name": "x", "type": "s3"})["owner"] == 2

    def test_nothing_is_done_to_many_data_when_one_is_denied(self, people: People) -> None:
        own = people.reader.post("projects/", {"name": "Own"})["id"]
        mine = people.admin.datum(own)
        body = {"datum_metadata": {mine: {"valohai.tags": ["x"]}, people.datum: {"valohai.tags": ["x"]}}}
        assert people.reader.post("data/metadata/apply/", body, 403) == DENIED
        assert people.reader.get(f"data/{mine}/")["tags"] == []


class TestTeams:
    def test_a_project_of_a_team_is_for_the_team(self, people: People) -> None:
        people.admin.post("teams/", {"name": "inner", "organization": ORGANIZATION})
        project = people.admin.project("Inner", f"{ORGANIZATION}:inner")
        assert people.ada.get(f"projects/{project}/", 404) == GONE
        assert people.reader.get(f"projects/{project}/", 404) == GONE
        assert people.admin.get(f"projects/{project}/")["owner"] == {"id": 7, "username": ORGANIZATION}

    @pytest.mark.parametrize(("read_only", "status"), [(True, 403), (False, 200)])
    def test_members_of_a_team_may_be_its_readers(self, people: People, read_only: bool, status: int) -> None:
        name = f"readers{read_only}"
        ada = {"user": 2, "allow_project_administration": False, "is_read_only": read_only}
        people.admin.put_in("team", name=name, organization=7, members=[ada])
        project = people.admin.project(name, f"{ORGANIZATION}:{name}")
        assert people.ada.get(f"projects/{project}/")["read_only"] is read_only
        assert people.ada.send("PATCH", f"projects/{project}/", {"description": "x"}).status_code == status

    def test_its_project_stays_when_the_team_goes(self, people: People) -> None:
        team = people.admin.post("teams/", {"name": "short", "organization": ORGANIZATION})["id"]
        project = people.admin.project("Left", f"{ORGANIZATION}:short")
        people.admin.delete(f"teams/{team}/")
        assert people.ada.get(f"projects/{project}/")["name"] == "Left"
