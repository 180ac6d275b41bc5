"""Users, who belongs to which project, and what each of them may do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetmeta import sandbox
from sandbox.testspace.web import Web, told

PRIVATE = "projects/abccorp%3Atest"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def mara(web: Web) -> Web:
    """A member of the first project, the manager of the private one."""
    return Web(web.server, "mara")


@pytest.fixture(scope="module")
def theo(web: Web) -> Web:
    """A viewer of the private project."""
    return Web(web.server, "theo")


@pytest.fixture(scope="module")
def vera(web: Web) -> Web:
    """A user who belongs to no project."""
    return Web(web.server, "vera")


class TestUsers:
    def test_the_list(self, web: Web) -> None:
        found = web.get("users")
        assert ["admin", "mara", "theo", "vera"] == [row["username"] for row in found]
        keys = {"id", "username", "first_name", "last_name", "email", "role", "created_at", "updated_at"}
        assert [keys] * 4 == [set(row) for row in found]
        assert ["admin", "user", "user", "user"] == [row["role"] for row in found]

    def test_one_by_id_or_name(self, web: Web, vera: Web) -> None:
        assert web.get("users/2") == web.get("users/mara")
        assert "mara" == vera.get("users/2")["username"]
        web.refused("GET", "users/nobody", 404)

    def test_they_cannot_be_changed(self, web: Web) -> None:
        assert web.refused("PATCH", "users/2", 405, {"role": "admin"})
        assert web.refused("POST", "users", 405, {"username": "x"})

    def test_secrets_are_not_reported(self, web: Web) -> None:
        text = web.send("GET", "users").text
        assert not any(web.face.user_token(name) in text for name in ("admin", "mara"))
        assert "password" not in text and "token" not in text

    def test_tokens_for_tests(self, web: Web) -> None:
        answer = Web(web.server, None).send(
            "GET", PRIVATE, headers={"Authorization": f"Token {web.face.user_token('theo')}"}
        )
        assert "abccorp:test" == told(answer, 200)["name"]
        with pytest.raises(ValueError, match="nobody"):
            web.face.user_token("nobody")


class TestPrivateProjects:
    def test_strangers_do_not_see_them(self, vera: Web) -> None:
        assert ["abccorp:application", "abccorp:server", "samples"] == [row["name"] for row in vera.get("projects")]
        for method in ("GET", "PATCH", "DELETE"):
            assert "Not Found" == vera.refused(method, PRIVATE, 404)
        for path in ("projects/3/spaces", "spaces/5", "spaces/5/results", "spaces/5/metrics", "projects/3/users"):
            vera.refused("GET", path, 404)
        vera.refused("POST", "projects/3/spaces", 404, {"name": "x"})

    def test_those_who_belong_to_them_do(self, theo: Web, mara: Web) -> None:
        for who in (theo, mara):
            assert "abccorp:test" in [row["name"] for row in who.get("projects")]
            assert ["master"] == [row["name"] for row in who.get(f"{PRIVATE}/spaces")]


class TestRoles:
    def test_viewers_read(self, theo: Web) -> None:
        assert "Forbidden" == theo.refused("POST", "projects/3/spaces", 403, {"name": "x"})
        assert "Forbidden" == theo.refused("PATCH", "spaces/5", 403, {"description": "x"})
        assert "Forbidden" == theo.refused("DELETE", "spaces/5/results/build.1", 403)
        assert "Forbidden" == theo.refused("GET", "projects/3/users", 403)

    def test_everybody_reads_public_projects(self, vera: Web) -> None:
        assert 6 == len(vera.get("spaces/3/results"))
        assert "Forbidden" == vera.refused("PATCH", "spaces/3", 403, {"description": "x"})
        assert "Forbidden" == vera.refused("POST", "spaces/3/metrics", 403, {"name": "x", "data_source": "/[cases]"})
        assert "Forbidden" == vera.refused("DELETE", "spaces/3/results/8/contents", 403)

    def test_members_change_what_is_in_a_project(self, mara: Web) -> None:
        space = mara.space(1, "mara's")
        result = mara.result(space, "r")
        assert 2 == mara.get(f"spaces/{space}/results/{result}")["user_id"]
        mara.delete(f"spaces/{space}")
        assert "Forbidden" == mara.refused("DELETE", "projects/1", 403)
        assert "Forbidden" == mara.refused("GET", "projects/1/users", 403)

    def test_managers_also_the_project(self, web: Web, mara: Web) -> None:
        project = web.project("handed over", is_private=True)
        mara.refused("GET", f"projects/{project}", 404)
        web.post(f"projects/{project}/users", {"user_id": 2, "role": "manager"})
        assert "mine" == mara.patch(f"projects/{project}", {"name": "mine"})["name"]
        mara.delete(f"projects/{project}")

    def test_only_administrators_make_projects(self, web: Web, mara: Web) -> None:
        assert "Forbidden" == mara.refused("POST", "projects", 403, {"name": "x"})
        web.refused("GET", "projects/x", 404)


class TestMembers:
    def test_joining_changing_leaving(self, web: Web) -> None:
        answer = web.send("POST", "projects/samples/users", {"user_id": 4})
        member = {"user_id": 4, "project_id": 4, "role": "member", "notifications": []}
        assert (member, f"{web.server.url}/api/projects/4/users/4") == (told(answer, 201), answer.headers["Location"])
        assert [member] == web.get("projects/samples/users")
        assert member == web.get("projects/4/users/4") == web.get("projects/4/users/vera")
        changed = web.patch("projects/4/users/vera", {"role": "viewer", "notifications": ["results"]})
        assert member | {"role": "viewer", "notifications": ["results"]} == changed
        # A member is the user that the path names.
        for body in ({"user_id": 3}, {"user_id": "x"}, {"user_id": 3, "role": "viewer"}):
            assert changed == web.patch("projects/samples/users/vera", body)
        web.delete("projects/4/users/4")
        web.refused("GET", "projects/4/users/4", 404)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"user_id": 99},
            {"user_id": "4"},
            {"user_id": None},
            {"user_id": 2},
            {"user_id": 4, "role": "king"},
            {"user_id": 4, "role": None},
            {"user_id": 4, "notifications": "results"},
            {"user_id": 4, "notifications": [1]},
        ],
    )
    def test_values_that_are_refused(self, web: Web, body: dict[str, object]) -> None:
        assert web.refused("POST", "projects/1/users", 422, body)
        assert [2] == [row["user_id"] for row in web.get("projects/1/users")]

    def test_the_role_counts_at_once(self, web: Web, vera: Web) -> None:
        vera.refused("GET", "projects/3", 404)
        web.post("projects/3/users", {"user_id": 4, "role": "viewer"})
        assert "abccorp:test" == vera.get("projects/3")["name"]
        web.patch("projects/3/users/4", {"role": "member"})
        assert "x" == vera.patch("spaces/5", {"description": "x"})["description"]
        web.delete("projects/3/users/4")
        vera.refused("GET", "projects/3", 404)
