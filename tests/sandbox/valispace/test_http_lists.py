"""Lists: filters with their traps, sparse fields, cleaned texts, pages, searches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from sandbox.valispace.web import Web

CHOICE = "Select a valid choice. That choice is not one of the available choices."
REFERENCE = (
    '<span class="quill-autocomplete" host="requirement" itemid="1" name="R" field="identifier">'
    '<requirement editable="true" itemid="1" field="identifier">$SPC-001</requirement></span>'
)


class Plant:
    """Two projects: a fan with a blade and a motor, and an empty one with one part."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.space = web.post("workspace/", {"name": "Plant"})["id"]
        self.fan = web.post("project/", {"name": "Fan", "workspace": self.space})["id"]
        self.other = web.post("project/", {"name": "Other one", "workspace": self.space})["id"]
        self.tag = web.post("tag/", {"name": "budget", "color": "#1F77B4"})["id"]
        self.top = web.component("Fan", self.fan, tags=[self.tag])
        self.blade = web.component("Blade", self.fan, self.top)
        self.motor = web.component("Motor", self.fan, self.top)
        self.part = web.component("Part", self.other)
        self.mass = web.vali("Mass", self.top, "3", unit="kg", tags=[self.tag])
        self.length = web.vali("Length", self.blade, "2", unit="m")
        self.cost = web.vali("Cost", self.part, "5")

    def ids(self, path: str) -> list[int]:
        return [each["id"] for each in self.web.get(path)]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def plant(web: Web) -> Plant:
    return Plant(web)


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("project={fan}", ["mass", "length"]),
            ("_project={fan}", ["mass", "length"]),
            ("parent={blade}", ["length"]),
            ("parent__unique_name=Fan.Blade", ["length"]),
            ("parent__project__workspace={space}", ["mass", "length", "cost"]),
            ("parent__project__workspace__name=Plant", ["mass", "length", "cost"]),
            ("tags__id={tag}", ["mass"]),
            ("tags__name=budget", ["mass"]),
            ("project={fan}&tags__name=budget", ["mass"]),
            ("project={other}&tags__name=budget", []),
        ],
    )
    def test_valis(self, plant: Plant, query: str, names: list[str]) -> None:
        assert plant.ids(f"valis/?{query.format(**vars(plant))}") == [getattr(plant, name) for name in names]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("project={fan}", ["top", "blade", "motor"]),
            ("project__name=Other one", ["part"]),
            ("project__workspace={space}", ["top", "blade", "motor", "part"]),
            ("workspace__name=Plant", ["top", "blade", "motor", "part"]),
            ("parent={top}", ["blade", "motor"]),
            ("parent__unique_name=Fan", ["blade", "motor"]),
            ("tags__id={tag}", ["top"]),
            ("tags__name=budget", ["top"]),
        ],
    )
    def test_components(self, plant: Plant, query: str, names: list[str]) -> None:
        assert plant.ids(f"components/?{query.format(**vars(plant))}") == [getattr(plant, name) for name in names]

    def test_projects(self, plant: Plant) -> None:
        assert plant.ids(f"project/?workspace={plant.space}") == [plant.fan, plant.other]
        assert plant.ids("project/?workspace__name=Plant") == [plant.fan, plant.other]
        assert plant.ids("project/?name=Other%20one") == [plant.other]

    def test_unknown_parameters_and_empty_values_filter_nothing(self, plant: Plant) -> None:
        every = plant.ids("components/")
        for query in ("nope=1", "parent=", "project=&nope=", "parent__isnull=true"):
            assert plant.ids(f"components/?{query}") == every, query

    @pytest.mark.parametrize("value", ["999999", "abc", "null", "1.5", "-1", "9" * 30])
    def test_an_id_that_does_not_exist_is_refused(self, plant: Plant, value: str) -> None:
        assert plant.web.get(f"components/?parent={value}", 400) == {"parent": [CHOICE]}
        assert plant.web.get(f"requirements/?project={value}", 400) == {"project": [CHOICE]}

    @pytest.mark.parametrize("path", ["project/?name=X", "components/?project__name=X", "valis/?tags__name=X"])
    def test_a_text_that_fits_nothing_is_no_error(self, plant: Plant, path: str) -> None:
        assert plant.ids(path) == []

    def test_of_a_repeated_parameter_the_last_counts(self, plant: Plant) -> None:
        assert plant.ids(f"components/?project={plant.fan}&project={plant.other}") == [plant.part]


class TestSparseFields:
    def test_only_the_fields_named(self, plant: Plant) -> None:
        rows = plant.web.get(f"valis/?fields=id,name&project={plant.fan}")
        assert rows == [{"id": plant.mass, "name": "Fan.Mass"}, {"id": plant.length, "name": "Fan.Blade.Length"}]

    def test_names_that_do_not_exist_are_passed_over(self, plant: Plant) -> None:
        assert plant.web.get(f"valis/?fields=id,nope&parent={plant.top}") == [{"id": plant.mass}]


class TestCleaning:
    def test_texts(self, plant: Plant) -> None:
        html = f"<p>Less &amp; <b>lighter</b> than {REFERENCE}</p>"
        made = plant.web.post("textvalis/", {"shortname": "Note", "text": html, "parent": plant.top})
        path = f"textvalis/{made['id']}/"
        assert plant.web.get(path)["text"] == html
        assert plant.web.get(f"{path}?clean_text=text,nope")["text"] == "Less & lighter than $SPC-001"
        assert plant.web.get(f"{path}?clean_html=text")["text"] == "<p>Less &amp; <b>lighter</b> than $SPC-001</p>"
        rows = plant.web.get("textvalis/?clean_text=text")
        assert rows[-1]["text"] == "Less & lighter than $SPC-001"


class TestPages:
    def test_never_unless_requested(self, plant: Plant) -> None:
        assert isinstance(plant.web.get("components/?limit=1&offset=1"), list)

    def test_by_offset(self, plant: Plant) -> None:
        plant.web.face.settings.page_size = 2
        try:
            first = plant.web.get("components/")
            second = plant.web.get(relative(plant.web, first["next"]))
        finally:
            plant.web.face.settings.page_size = None
        every = plant.web.get("components/")
        assert first["next"] == plant.web.url("components/?limit=2&offset=2") and first["previous"] is None
        assert second["previous"] == plant.web.url("components/?limit=2") and second["next"] is None
        assert first["results"] + second["results"] == every and first["count"] == second["count"] == len(every)

    def test_by_number(self, plant: Plant) -> None:
        settings = plant.web.face.settings
        settings.page_size, settings.page_style = 2, "number"
        try:
            first, second = plant.web.get("components/?project="), plant.web.get("components/?page=2")
            last = plant.web.get("components/?page=last")
            refused = [plant.web.get(f"components/?page={page}", 404) for page in ("9", "3", "0", "x")]
        finally:
            settings.page_size, settings.page_style = None, "offset"
        assert first["next"] == plant.web.url("components/?page=2&project=")
        assert (second["previous"], second["next"]) == (plant.web.url("components/"), None) and last == second
        assert refused == [{"detail": "Invalid page."}] * 4


def relative(web: Web, url: str) -> str:
    return url.removeprefix(web.url(""))


class TestSearches:
    def search(self, plant: Plant, endpoint: str, **body: Any) -> Any:
        answer = plant.web.post(f"{endpoint}/search/", body, 200)
        assert "data" in answer
        return answer["data"]

    def test_files_by_ids(self, plant: Plant) -> None:
        ids = [
            plant.web.post(
                "files/create-empty/",
                {"name": name, "link": "https://example.org", "file_type": 2} | {"project": plant.fan},
            )["id"]
            for name in "abc"
        ]
        found = self.search(plant, "files", query_filters={"id__in": ids[:2]}, size=-1)
        assert [each["id"] for each in found] == ids[:2]
        found = self.search(plant, "files", query_filters={"id__in": ids}, includes=["name"], size=2)
        assert found == [{"name": "a"}, {"name": "b"}]

    def test_methods_by_project(self, plant: Plant) -> None:
        web = plant.web
        made = web.post("requirements/verification-methods/", {"name": "Rules", "project": plant.fan})
        found = self.search(
            plant, "requirements/verification-methods", query_filters={"project_id": plant.fan}, size=-1
        )
        assert made in found and all(each["project"] == plant.fan for each in found)

    def test_where_they_are_only_likely(self, plant: Plant) -> None:
        found = self.search(plant, "valis", query_filters={"id__in": [plant.mass]}, includes=["id", "name"])
        assert found == [{"id": plant.mass, "name": "Fan.Mass"}]
        plant.web.face.settings.wide_search = False
        try:
            body = plant.web.post("valis/search/", {}, 405)
        finally:
            plant.web.face.settings.wide_search = True
        assert body == {"detail": 'Method "POST" not allowed.'}
