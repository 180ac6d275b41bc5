"""The realistic data set: reproducible, connected, valid, and with a past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache

import pytest

from assetmeta.sandbox.versionone import seed
from assetmeta.sandbox.versionone.backlog.drafts import START, TODAY
from assetmeta.sandbox.versionone.catalogue import CARRIED, catalogue
from assetmeta.sandbox.versionone.engine import Engine
from assetmeta.sandbox.versionone.population import populate
from assetmeta.sandbox.versionone.requests import Change, LoadLink, LoadRow, Query, RowOut
from assetmeta.sandbox.versionone.tokens import parse_filter, parse_selection
from assetmeta.sandbox.versionone.types import AttributeDef, Catalogue, Column, Link
from digest import digest
from nonempty import nonempty

SHIPPED = {row.asset for row in seed.rows(catalogue())}
TEXTS = ("Text", "LongText", "Password", "Duration")


class Ledger:
    """An engine that only writes down what it is given."""

    def __init__(self) -> None:
        self.catalogue: Catalogue = catalogue()
        self.rows: list[LoadRow] = []
        self.links: list[LoadLink] = []
        self.blobs: dict[str, bytes] = {}
        self.times: list[datetime] = [START]

    def load(self, rows: Iterable[LoadRow], links: Iterable[LoadLink]) -> None:
        self.rows += rows
        self.links += links

    def reserve(self, count: int) -> int:
        return 1002

    def tick(self, at: datetime) -> int:
        self.times.append(at)
        return len(self.times) - 1

    def write_blob(self, asset: str, content: bytes) -> None:
        self.blobs[asset] = content

    def current(self) -> dict[str, LoadRow]:
        """The newest record of each asset."""
        return {row.asset: row for row in self.rows}

    def first(self) -> dict[str, int]:
        """The moment of each asset's creation; 0 for shipped rows."""
        return dict.fromkeys(SHIPPED, 0) | {row.asset: row.since for row in reversed(self.rows)}


def filled(assets: int, seed: int = 1) -> Ledger:
    """A data set, written down."""
    ledger = Ledger()
    populate(ledger, assets, seed)
    return ledger


@cache
def ledger() -> Ledger:
    """Three thousand assets, made once, by the first test that looks at them."""
    return filled(3000)


def attributes(asset: str) -> dict[str, AttributeDef]:
    """The attributes of an asset's type."""
    return ledger().catalogue.types[asset.split(":", maxsplit=1)[0]].attributes


class TestReproducible:
    """The same seed, the same data."""

    def test_same_seed(self) -> None:
        one, two = filled(400), filled(400)
        assert (one.rows, one.links, one.blobs, one.times) == (two.rows, two.links, two.blobs, two.times)
        # In every version: what changes it is meant to.
        made = digest(one.rows), digest(one.links), digest([one.blobs, one.times])
        assert ("c303575dda59c028", "da6969fb787341ec", "91a4b2d605907b54") == made

    def test_other_seed(self) -> None:
        assert filled(400).rows != filled(400, seed=2).rows

    @pytest.mark.parametrize("assets", [60, 300, 3000])
    def test_size_is_about_what_was_asked(self, assets: int) -> None:
        assert assets <= len(filled(assets).current()) <= assets + 20


class TestValid:
    """Every record could have been written through the API."""

    def test_ids_are_given_in_order_of_creation(self) -> None:
        first = ledger().first()
        keys = {int(asset.split(":")[1]): since for asset, since in first.items() if asset not in SHIPPED}
        assert sorted(keys) == list(range(1002, 1002 + len(keys)))
        assert [keys[key] for key in sorted(keys)] == sorted(keys.values())

    def test_values_are_of_their_attributes_kinds(self) -> None:
        for row in nonempty(ledger().rows):
            for name, value in row.values.items():
                found = attributes(row.asset)[name]
                assert found.storage == Column(name)
                if value is not None and not found.is_relation:
                    assert isinstance(value, str) == (found.kind in TEXTS), f"{row.asset}.{name}"
                    assert isinstance(value, date) == (found.kind == "Date"), f"{row.asset}.{name}"

    def test_required_values_are_set(self) -> None:
        for row in nonempty(ledger().rows):
            for name, found in attributes(row.asset).items():
                if found.required and isinstance(found.storage, Column):
                    assert row.values.get(name) not in (None, ""), f"{row.asset}.{name}"

    def test_relations_point_at_assets_that_exist_by_then(self) -> None:
        first = ledger().first()
        for row in ledger().rows:
            assert first[row.changed_by] <= row.since
            for name, value in row.values.items():
                related = attributes(row.asset)[name].related
                if related and value is not None:
                    assert str(value).split(":")[0] in ledger().catalogue.types[related].concrete, f"{row.asset}.{name}"
                    assert first[str(value)] <= row.since, f"{row.asset}.{name}"

    def test_links_join_assets_that_exist_by_then(self) -> None:
        first = ledger().first()
        scalars = {
            each.storage.relation
            for kind in ledger().catalogue.types.values()
            for each in kind.attributes.values()
            if isinstance(each.storage, Link) and not each.is_relation
        }
        for link in nonempty(ledger().links):
            assert first[link.source] <= link.since
            assert link.relation in scalars or first[link.target] <= link.since
        assert len({(link.relation, link.source, link.target) for link in ledger().links}) == len(ledger().links)

    def test_children_carry_the_relations_of_their_parent(self) -> None:
        current = ledger().current()
        for asset, row in current.items():
            for name in CARRIED.get(asset.split(":")[0], ()):
                assert row.values[name] == current[str(row.values["Parent"])].values.get(name)

    def test_numbers_are_unique_and_have_their_prefix(self) -> None:
        numbers = [
            (row.asset.split(":")[0], str(row.values["Number"]))
            for row in ledger().current().values()
            if "Number" in row.values
        ]
        assert len({number for _, number in numbers}) == len(numbers)
        for type_name, number in numbers:
            assert number.startswith(f"{ledger().catalogue.types[type_name].number_prefix}-")
        assert ("Story", "S-01001") in numbers

    def test_timebox_states_agree(self) -> None:
        boxes = [row for row in ledger().rows if row.asset.startswith("Timebox:")]
        assert all(seed.TIMEBOX_STATES[str(row.values["State"])] == row.state for row in boxes)
        assert {row.state for row in ledger().current().values() if row.asset.startswith("Timebox:")} == {0, 64, 128}


class TestRealistic:
    """It looks like the data of a real company."""

    def test_many_types_take_part(self) -> None:
        kinds = Counter(asset.split(":")[0] for asset in ledger().current())
        assert kinds["Task"] > kinds["Story"] > kinds["Defect"] > kinds["Epic"] > 0
        present = (
            "Scope Schedule Timebox Member Team Epic TestSet Test Request Issue Goal Actual Link Note Conversation"
        )
        assert set(
            f"{present} Expression Attachment RegressionSuite BuildRun Message Retrospective Grant".split()
        ) <= set(kinds)

    def test_some_are_closed_and_a_few_deleted(self) -> None:
        states = Counter(row.state for asset, row in ledger().current().items() if asset.startswith("Story:"))
        assert states[64] > states[128] > states[255] > 0

    def test_stories_and_tasks_have_a_past(self) -> None:
        records = Counter(row.asset for row in ledger().rows)
        for type_name in ("Story", "Task"):
            lengths = [count for asset, count in records.items() if asset.startswith(f"{type_name}:")]
            assert sum(length > 1 for length in lengths) > len(lengths) / 2

    def test_time_runs_forward_over_months(self) -> None:
        assert ledger().times == sorted(ledger().times)
        assert ledger().times[-1] <= TODAY
        assert (ledger().times[-1] - ledger().times[0]).days > 200

    @pytest.mark.parametrize("sign", ["'", '"', "&", "ü", "🚀", "<", "日"])
    def test_awkward_characters_occur_in_titles(self, sign: str) -> None:
        assert any(sign in str(row.values.get("Name")) for row in ledger().rows)

    def test_projects_and_epics_are_trees(self) -> None:
        current = ledger().current().values()
        assert any(str(row.values["Parent"]) != "Scope:0" for row in current if row.asset.startswith("Scope:"))
        assert any(row.values["Super"] for row in current if row.asset.startswith("Epic:"))

    def test_estimates_are_partly_unset(self) -> None:
        estimates = [
            row.values.get("Estimate") for row in ledger().current().values() if row.asset.startswith("Story:")
        ]
        assert None in estimates
        assert any(estimates)

    def test_custom_fields_are_filled(self) -> None:
        for type_name, name in (
            ("Story", "Custom_testfield"),
            ("Story", "Custom_FundingLevel"),
            ("Defect", "Custom_DowntimeMinutes"),
        ):
            assert any(row.values.get(name) for row in ledger().rows if row.asset.startswith(f"{type_name}:"))
        assert any(link.relation == "Epic.Custom_Regions" for link in ledger().links)

    def test_attachments_have_bytes(self) -> None:
        attachments = {asset for asset in ledger().current() if asset.startswith("Attachment:")}
        assert attachments <= set(ledger().blobs)
        assert all(ledger().blobs.values())


@pytest.fixture(scope="module")
def stored() -> Iterator[Engine]:
    """An engine with a data set of 600 assets."""
    engine = Engine(catalogue())
    populate(engine, 600, seed=1)
    yield engine
    engine.close()


class TestStored:
    """The engine takes the data set and answers from it."""

    def rows(self, engine: Engine, type_name: str, select: str, where: str) -> list[RowOut]:
        """The rows of one query."""
        return engine.select(Query(type_name, parse_selection(select), parse_filter(where))).rows

    def test_everything_arrives(self, stored: Engine) -> None:
        stories = [
            row for asset, row in filled(600).current().items() if asset.startswith("Story:") and row.state != 255
        ]
        found = self.rows(stored, "Story", "Name,Number", "Key>'0'")
        assert [(row.values["Name"], row.values["Number"]) for row in found] == [
            (row.values["Name"], row.values["Number"]) for row in stories
        ]

    def test_a_closed_story_has_its_past(self, stored: Engine) -> None:
        closed = self.rows(stored, "Story", "History,ClosedDate,Status.Name", "AssetState='Closed'")
        assert closed
        for row in closed:
            history = row.values["History"]
            assert isinstance(history, list)
            assert len(history) > 4
            assert row.values["Status.Name"] == "Accepted"
            assert str(row.values["ClosedDate"]) < TODAY.isoformat()

    def test_a_new_story_is_numbered_after_them(self, stored: Engine) -> None:
        changes = [Change("Name", "set", "One more"), Change("Scope", "set", "Scope:0")]
        written = stored.create("Story", changes, member="Member:20")
        before, last = self.rows(stored, "Story", "Number", "IsDeleted='true','false'")[-2:]
        assert last.asset == written.asset
        assert int(str(last.values["Number"])[2:]) == int(str(before.values["Number"])[2:]) + 1

    def test_required_fields_are_found_in_the_schema(self, stored: Engine) -> None:
        where = "Asset.AssetTypesMeAndDown.Name='Defect';IsRequired='true'"
        names = [row.values["Name"] for row in self.rows(stored, "AttributeDefinition", "Name", where)]
        assert sorted(map(str, names)) == ["Name", "Scope"]

    def test_basic_attributes_are_found_in_the_schema(self, stored: Engine) -> None:
        where = "Asset.AssetTypesMeAndDown.Name='Scope';IsBasic='true'"
        names = {row.values["Name"] for row in self.rows(stored, "AttributeDefinition", "Name", where)}
        shown = stored.select(Query("Scope", oid="Scope:0")).rows[0].values
        assert names == {name for name in shown if "." not in name}
