"""What a write lets be read again, asset by asset and attribute by attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.inspect import inspect
from assetmeta.core.invalidation import computed_names
from assetmeta.core.outcome_log import OutcomeLog
from assetmeta.core.part_file import open_part
from assetmeta.model.codecs import Text
from assetmeta.model.errors import NotFound
from assetmeta.model.plans import Delete, Done, Row, Skipped, Unknown, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, asset_type, attribute


class Neighbour(Text, frozen=True):
    """Is written as a neighbour, and read as a place."""

    def decode(self, raw: Any) -> object:
        return int(raw)

    def parse(self, value: object) -> object:
        return str(value)


NESTS = Schema(
    {
        "Branch": asset_type("Branch", attribute("Name"), attribute("Nests", "Relation", related="Nest", multi=True)),
        "Nest": asset_type(
            "Nest",
            attribute("Name"),
            attribute("On", "Relation", related="Branch", reciprocal="Branch.Nests", cascades=True),
            attribute("Eggs", "Relation", related="Egg", multi=True),
            attribute("Rank", "Rank"),
            Attribute("Place", "Place", Neighbour(), basic=True),
            attribute("Weight", affects_related=True),
        ),
        "Egg": asset_type("Egg", attribute("Name"), attribute("Total", computed=True), part_of=("Nest",)),
        "Far": asset_type("Far", attribute("Name"), attribute("Total", computed=True)),
    }
)


@pytest.fixture
def bench() -> Bench:
    bench = Bench(schema=NESTS)
    for key in (1, 2):
        bench.add(f"Branch:{key}", Name=f"b{key}", Nests=(Oid("Nest", key * 10), Oid("Nest", key * 10 + 1)))
        for nest in (key * 10, key * 10 + 1):
            eggs = (Oid("Egg", nest * 10), Oid("Egg", nest * 10 + 1))
            bench.add(
                f"Nest:{nest}", Name=f"n{nest}", On=Oid("Branch", key), Eggs=eggs, Rank="5", Place="7", Weight="1"
            )
            for egg in eggs:
                bench.add(egg.token, Name=egg.token, Total="3")
    bench.add("Far:1", Name="far", Total="9")
    return bench


def loaded(asset: Any) -> set[str]:
    return set(asset._state.names())


def test_what_a_deleted_asset_held_went_with_it_as_far_as_is_sure(bench: Bench) -> None:
    nests = bench.query("Nest").select("On", "Eggs").all()
    eggs = [*bench.query("Egg").select("Name")]
    inspect(nests[1]).refresh()
    bench.unit.delete(bench.Branch(1))
    assert not bench.writer.commit()
    gone = {asset._state.oid.key: str(asset._state.gone) for asset in eggs if asset._state.gone is not None}
    assert gone == {100: "Egg:100 went with Nest:10.", 101: "Egg:101 went with Nest:10."}
    assert {"Name"} == loaded(bench.Egg(200))
    assert [asset._state.oid.key for asset in eggs if not loaded(asset)] == [100, 101, 110, 111]
    for error in (bench.Egg(100)._state.gone, bench.Branch(1)._state.gone):
        assert isinstance(error, NotFound)
        assert error.status == 404
        assert error.oid in ("Egg:100", "Branch:1")


def test_what_a_deleted_asset_held_itself_went_with_it(bench: Bench) -> None:
    nests = bench.query("Nest").select("On", "Eggs").all()
    eggs = [*bench.query("Egg").select("Name")]
    branches = bench.query("Branch").select("Nests").all()
    bench.unit.delete(nests[0])
    assert not bench.writer.commit()
    assert [bool(egg._state.gone) for egg in eggs] == [True, True, *[False] * 6]
    assert [inspect(branch).would_fetch("Nests") for branch in branches] == [True, False]


def test_what_is_read_otherwise_than_written_is_read_again(bench: Bench) -> None:
    nest = bench.Nest(10)
    assert (nest.Place, nest.Rank) == (7, "5")
    nest.Place = "before n11"
    nest.Name = "new"
    assert not bench.writer.commit()
    bench.backend.assets[Oid("Nest", 10)]["Place"] = "8"
    assert [inspect(nest).would_fetch(name) for name in ("Name", "Place", "Rank", "Weight")] == [
        *(False, True, True, False),
    ]
    assert nest.Place == 8
    names = ["Name", "Rank", "Nests.@Count", "Unheard"]
    assert list(computed_names(NESTS.types["Nest"], names)) == names[1:]


def test_a_write_that_affects_others_lets_all_that_is_computed_be_read_again(bench: Bench) -> None:
    far, nest = bench.Far(1), bench.Nest(10)
    assert (far.Total is None, far.Name, nest.Weight) == (False, "far", "1")
    nest.Name = "other"
    assert not bench.writer.commit()
    assert loaded(far) == {"Name", "Total"}
    nest.Weight = "2"
    assert not bench.writer.commit()
    assert loaded(far) == {"Name"}


def test_both_ends_of_a_relation_that_is_written_are_read_again(bench: Bench) -> None:
    branches = bench.query("Branch").select("Name", "Nests").all()
    nest = bench.Nest(10)
    assert nest.On is branches[0]
    nest.On = branches[1]
    assert not bench.writer.commit()
    assert [inspect(branch).would_fetch("Nests") for branch in branches] == [True, True]
    assert [inspect(branch).would_fetch("Name") for branch in branches] == [False, False]
    assert len(branches[0].Nests) == 2
    new = bench.Nest.new(Name="new", On=branches[0])
    assert not bench.writer.commit()
    assert inspect(branches[0]).would_fetch("Nests")
    assert (new.On, inspect(new).would_fetch("Name")) == (branches[0], False)


@pytest.mark.parametrize("kind", ["lose", "lose_applied"])
def test_what_was_sent_and_not_answered_may_have_been_saved(bench: Bench, kind: str) -> None:
    branches = bench.query("Branch").select("Name", "Nests").all()
    nest = bench.Nest(10)
    assert (nest.On, nest.Rank) == (branches[0], "5")
    nest.On = branches[1]
    getattr(bench.backend, kind).add("Nest:10")
    assert bench.writer.commit().unknown
    assert [inspect(branch).would_fetch("Nests") for branch in branches] == [True, True]
    assert inspect(nest).would_fetch("Rank")
    assert (nest.On, inspect(nest).pending) == (branches[1], True)


def test_an_outcome_from_elsewhere_counts_like_ones_own(bench: Bench) -> None:
    nest, branch = bench.Nest(10), bench.Branch(1)
    assert (nest.Name, len(branch.Nests)) == ("n10", 2)
    bench.writer.take_over([Done(Delete(Oid("Nest", 10)), Oid("Nest", 10))])
    assert isinstance(nest._state.gone, NotFound)
    assert inspect(branch).would_fetch("Nests")
    bench.writer.take_over([])
    stale = Done(Update(Oid("Nest", 11), ()), Oid("Nest", 11), stale=True)
    assert bench.Nest(11).Name == "n11"
    bench.writer.take_over([stale])
    assert loaded(bench.Nest(11)) == set()


def test_a_name_is_looked_for_by_one_condition_per_attribute() -> None:
    bench = Bench(schema=Schema({**SCHEMA.types, "Scope": replace(SCHEMA.types["Scope"], short="Stories")}))
    bench.add("Epic:1", Name="Big")
    bench.Story(1).Super = "Big"
    assert str(bench.backend.fetched[-1].where) == "Name='Big'"
    bench.add("Scope:1", Name="Web")
    bench.Epic(1).Scope = "Web"
    assert str(bench.backend.fetched[-1].where) == "(Name='Web') | (Stories='Web')"


def test_a_file_of_no_known_source_is_nobody_elses(tmp_path: Path) -> None:
    part = open_part(tmp_path, "")
    part.begin({"etag": "x"})
    part.write(b"bytes")
    assert part.earlier() is None
    assert [path.name for path in tmp_path.iterdir()] == [part.path.name]
    part.finish()
    assert part.closed
    kept = open_part(tmp_path, "source")
    kept.begin({"etag": "x"})
    assert len([path for path in tmp_path.iterdir() if path.name.endswith(".head")]) == 1
    kept.finish()
    assert not kept.closed
    kept.remove()
    assert [path.name for path in tmp_path.iterdir()] == [part.path.name]


def test_what_became_of_changes_whose_write_was_broken_off() -> None:
    changes = [Delete(Oid("Nest", key)) for key in range(4)]
    skipped, done, sent, left = changes
    seen: list[Any] = []

    class Observer:
        def on_send(self, changes: Any) -> None:
            seen.append(("send", list(changes)))

        def on_outcomes(self, outcomes: Any) -> None:
            seen.append(("outcomes", list(outcomes)))

    log = OutcomeLog(Observer(), is_commit=True)
    assert not log.is_begun
    log.on_outcomes([Skipped(skipped)])
    assert not log.is_begun
    log.on_outcomes([Done(done, done.oid)])
    assert log.is_begun
    assert log.outcome(done, "x") == Done(done, done.oid)
    log.on_send([skipped, sent])
    log.on_outcomes([Skipped(skipped)])
    assert [type(log.outcome(each, "KeyboardInterrupt")) for each in changes] == [Skipped, Done, Unknown, Skipped]
    unknown, unsent = (log.outcome(each, "KeyboardInterrupt").error for each in (sent, left))  # type: ignore[union-attr]
    assert (unknown.sent, unsent.sent) == (True, False)
    assert str(unknown) == "The commit was broken off (KeyboardInterrupt); it may have been saved or not."
    assert str(unsent) == "The commit was broken off (KeyboardInterrupt) before this was sent."
    assert [what for what, _ in seen] == ["outcomes", "outcomes", "send", "outcomes"]
    begun = OutcomeLog(Observer(), is_commit=False)
    begun.on_send([sent])
    assert begun.is_begun
    begun.on_outcomes([Skipped(sent)])
    assert not begun.is_begun

    class Ending(Observer):
        def on_send(self, changes: Any) -> None:
            raise OSError("disk")

    ended = OutcomeLog(Ending(), is_commit=True)
    with pytest.raises(OSError, match="disk"):
        ended.on_send([sent])
    assert not ended.is_begun


def test_a_read_from_before_a_write_brings_nothing_back_of_what_the_write_reached(bench: Bench) -> None:
    branch, nest, far = bench.Branch(1), bench.Nest(10), bench.Far(1)
    assert (len(branch.Nests), nest.Name, far.Total) == (2, "n10", "9")
    since = bench.context.writes
    nest.Weight = "2"
    assert not bench.writer.commit()
    late = [Row(Oid("Far", 1), ("Total",), ("old",)), Row(Oid("Nest", 10), ("Weight",), ("old",))]
    bench.context.merge_rows(late, since)
    assert (loaded(far), nest.Weight) == ({"Name"}, "2")
    bench.context.merge_rows(late, bench.context.writes)
    assert far.Total == "old"
