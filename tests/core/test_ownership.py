"""What goes with a deleted asset, and whose counts change with it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.inspect import inspect
from assetmeta.core.ownership import Owners, Parts, TakenAlong, taken_along
from assetmeta.core.plan_names import annotated
from assetmeta.model.errors import NotFound
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid
from core.fake import Bench, asset_type, attribute

DRIVE = Schema(
    {
        "Folder": asset_type(
            "Folder",
            attribute("Name"),
            attribute("Size", computed=True, basic=True),
            attribute("Parent", "Relation", related="Folder", reciprocal="Folder.Folders", cascades=True),
            attribute("Folders", "Relation", related="Folder", multi=True, reciprocal="Folder.Parent"),
            attribute("Files", "Relation", related="File", multi=True, reciprocal="File.Folder"),
        ),
        "File": asset_type(
            "File",
            attribute("Name"),
            attribute("Folder", "Relation", related="Folder", reciprocal="Folder.Files", cascades=True),
        ),
        "Link": asset_type("Link", attribute("Name"), attribute("File", "Relation", related="File")),
    }
)


def folder(number: int) -> Oid:
    return Oid("Folder", number)


def file(number: int) -> Oid:
    return Oid("File", number)


@pytest.fixture
def bench() -> Bench:
    """Folders 1 > 2 > 3 and 8, with a file each, and links to those."""
    bench = Bench(schema=DRIVE)
    for number, parent in ((1, None), (2, folder(1)), (3, folder(2)), (8, None)):
        contents = {"Name": f"folder {number}", "Size": str(number), "Parent": parent, "Files": (file(10 + number),)}
        bench.add(f"Folder:{number}", **contents)
        bench.add(f"File:{10 + number}", Name=f"file {number}", Folder=folder(number))
        bench.add(f"Link:{20 + number}", Name=f"link {number}", File=file(10 + number))
    return bench


def loaded(bench: Bench) -> list[Any]:
    found = [list(bench.query(name).select("Name", *names)) for name, *names in READ]
    return [asset for assets in found for asset in assets]


READ = (("Folder", "Parent", "Files", "Size"), ("File", "Folder"), ("Link", "File"))


def remove(bench: Bench, *gone: int) -> None:
    """Folders that the server has deleted, with what was in them."""
    for number in gone:
        bench.backend.assets.pop(folder(number), None)
        bench.backend.assets.pop(file(10 + number), None)
        bench.backend.assets[Oid("Link", 20 + number)]["File"] = None


def test_what_was_in_a_deleted_folder_is_gone_and_the_rest_is_not(bench: Bench) -> None:
    assets = loaded(bench)
    bench.unit.delete(bench.Folder(2))
    bench.backend.meanwhile += [lambda: remove(bench, 3, 2)]
    assert not bench.writer.commit()
    kept = {asset._state.oid.token for asset in assets if "Name" in set(asset._state.names())}
    assert {"Folder:1", "Folder:8", "File:11", "File:18", *(f"Link:{number}" for number in (21, 22, 23, 28))} == kept
    for gone in (bench.Folder(2), bench.Folder(3), bench.File(12), bench.File(13)):
        with pytest.raises(NotFound):
            gone.Name
    assert not bench.Link(23).File
    assert bench.Link(21).File is bench.File(11)


def test_relations_to_what_went_along_are_read_again_and_no_others(bench: Bench) -> None:
    assets = loaded(bench)
    bench.unit.delete(bench.Folder(2))
    bench.backend.meanwhile += [lambda: remove(bench, 3, 2)]
    assert not bench.writer.commit()
    links = [asset for asset in assets if asset._state.oid.type == "Link"]
    assert [22, 23] == [link.intid for link in links if inspect(link).would_fetch("File")]


def test_old_values_in_a_circle_come_to_an_end(bench: Bench) -> None:
    bench.backend.assets[folder(1)]["Parent"] = folder(3)
    assets = loaded(bench)
    bench.unit.delete(bench.Folder(8))
    assert not bench.writer.commit()
    assert bench.Folder(8) not in [asset for asset in assets if "Name" in set(asset._state.names())]
    assert "Name" in set(bench.Folder(3)._state.names())
    assert "Name" not in set(bench.File(18)._state.names())


def test_what_may_be_a_part_is_requested_again(bench: Bench) -> None:
    [one, *_] = bench.query("File").select("Name")
    [link, *_] = bench.query("Link").select("Name")
    bench.unit.delete(bench.Folder(8))
    assert not bench.writer.commit()
    assert "Name" not in set(one._state.names())
    assert "Name" in set(link._state.names())


def test_a_plan_names_what_a_delete_takes_along(bench: Bench) -> None:
    assets = loaded(bench)
    bench.unit.delete(bench.Folder(1), bench.Folder(3), bench.Link(21))
    before = bench.requests
    plan = annotated(bench.context, bench.unit.plan())
    assert bench.requests == before
    types = ("File", "Folder")
    assert {file(11), folder(2), file(12), file(13)} == set(plan.along[folder(1)].known)
    assert TakenAlong((file(13),), types) == plan.along[folder(3)]
    assert types == plan.along[folder(1)].types
    assert Oid("Link", 21) not in plan.along
    assert plan.names[file(12)] == "file 2"
    assert assets


def test_what_is_gone_or_of_the_past_is_not_taken_along(bench: Bench) -> None:
    assets = loaded(bench)
    past = bench.context.asset(file(18).at(77)).with_data({"Name": "old", "Folder": bench.Folder(8)})
    bench.unit.delete(bench.File(18))
    assert not bench.writer.commit()
    bench.unit.delete(bench.Folder(8))
    plan = annotated(bench.context, bench.unit.plan())
    assert TakenAlong((), ("File", "Folder")) == plan.along[folder(8)]
    assert (len(assets), past.Name) == (12, "old")


def test_a_new_part_changes_the_counts_of_what_it_is_in(bench: Bench) -> None:
    assets = loaded(bench)
    bench.File.new(Name="new", Folder=bench.Folder(3))
    assert not bench.writer.commit()
    folders = [asset for asset in assets if asset._state.oid.type == "Folder"]
    assert [1, 2, 3] == [found.intid for found in folders if inspect(found).would_fetch("Size")]


def test_what_cannot_be_a_part_keeps_what_is_loaded(bench: Bench) -> None:
    """Folders are parts of folders, which is no reason to take them for parts of a file."""
    assets = [*bench.query("Folder").select("Name"), *bench.query("Link").select("Name")]
    bench.unit.delete(bench.File(18))
    assert not bench.writer.commit()
    assert not any(inspect(asset).would_fetch("Name") for asset in assets)


def test_a_part_of_an_unread_folder_changes_the_counts_of_any_folder(bench: Bench) -> None:
    """What was not read of the deleted asset may lead to any."""
    folders = list(bench.query("Folder").select("Size"))
    bench.unit.delete(bench.File(12))
    assert not bench.writer.commit()
    assert [1, 2, 3, 8] == sorted(found.intid for found in folders if inspect(found).would_fetch("Size"))


TREE = Schema(
    {
        "Node": asset_type("Node", attribute("Name"), abstract=True),
        "Branch": asset_type(
            "Branch",
            attribute("Name"),
            attribute("On", "Relation", related="Node", reciprocal="Node.Kids", cascades=True),
            base="Node",
        ),
        "Twig": asset_type(
            "Twig", attribute("Name"), attribute("On", "Relation", related="Branch", cascades=True), base="Node"
        ),
        "Leaf": asset_type("Leaf", attribute("Name"), part_of=("Branch",)),
        "Bug": asset_type(
            "Bug", attribute("Name"), attribute("Near", "Relation", related="Leaf", cascades=True), part_of=("Bird",)
        ),
        "Bird": asset_type("Bird", attribute("Name"), attribute("Bugs", "Relation", related="Bug", multi=True)),
        "Sum": asset_type("Sum", attribute("Name"), part_of=("Branch",), derived=True),
    }
)


def tree() -> Bench:
    bench = Bench(schema=TREE)
    for token, on in (("Branch:1", None), ("Branch:2", Oid("Branch", 1)), ("Twig:3", Oid("Branch", 2))):
        bench.add(token, Name=token, On=on)
    bench.add("Leaf:4", Name="leaf")
    bench.add("Bug:5", Name="bug", Near=Oid("Leaf", 4))
    bench.add("Bird:6", Name="bird", Bugs=(Oid("Bug", 5),))
    return bench


def test_the_types_that_can_go_along_are_concrete_and_also_those_without_a_relation() -> None:
    bench = tree()
    found = taken_along(TREE, bench.context.identity, [Oid(name, 9) for name in TREE.types])
    assert {oid.type: along.types for oid, along in found.items()} == {
        "Node": ("Branch", "Bug", "Leaf", "Sum", "Twig"),
        "Branch": ("Branch", "Bug", "Leaf", "Sum", "Twig"),
        "Twig": ("Branch", "Bug", "Leaf", "Sum", "Twig"),
        "Leaf": ("Bug",),
        "Bird": ("Bug",),
    }
    assert (TakenAlong(), taken_along(TREE, bench.context.identity, [])) == (((), ()), {})


def test_what_may_be_below_a_deleted_asset() -> None:
    bench = tree()
    unread = {"Branch": 7, "Twig": 7, "Leaf": 7, "Bug": 7, "Bird": 7}

    def below(*gone: str) -> set[str]:
        parts = Parts(TREE, bench.context.identity, list(map(Oid.parse, gone)))
        return {name for name, key in unread.items() if parts.holds(Oid(name, key))}

    assert below("Branch:1") == {"Branch", "Twig", "Leaf", "Bug"}
    assert below("Twig:1") == {"Branch", "Twig", "Leaf", "Bug"}
    assert below("Leaf:1") == {"Bug"}
    assert below("Bird:1") == {"Bug"}
    assert below("Bug:1") == below() == set()
    assert len(bench.query("Branch").select("On").all()) == 2
    assert len(bench.query("Twig").select("On").all()) == 1


def test_what_is_surely_below_is_so_by_loaded_relations() -> None:
    bench = tree()
    assets = [*bench.query("Branch").select("On"), *bench.query("Twig").select("On")]
    parts = Parts(TREE, bench.context.identity, [Oid("Branch", 1)])
    sure = [parts.is_sure(asset._state.oid, {Oid("Branch", 1)}) for asset in assets]
    assert sure == [True, True, True]
    assert [parts.is_sure(asset._state.oid, {Oid("Branch", 2)}) for asset in assets] == [False, True, True]
    assert not parts.is_sure(Oid("Twig", 9), {Oid("Branch", 1)})
    assets[0].with_data({"On": Oid("Branch", 2)})
    assert not parts.is_sure(Oid("Twig", 3), {Oid("Branch", 8)})
    again = Parts(TREE, bench.context.identity, [Oid("Branch", 8)])
    assert not any(again.holds(asset._state.oid) for asset in assets)


def test_what_an_asset_refers_to_may_count_it() -> None:
    bench = tree()
    owners = Owners(TREE, bench.context.identity)
    owners.add_values("Branch", {"Name": "x", "On": Oid("Branch", 1, 5)})
    owners.add_values("Bug", {"Near": UNREAD})
    owners.close()
    assert owners.lists_of(Oid("Branch", 1)) == owners.lists_of(Oid("Branch", 1, 7)) == {"Kids"}
    assert owners.lists_of(Oid("Leaf", 1)) == {""}
    # Branch 1 was never read: it may be on any node.
    assert owners.lists_of(Oid("Twig", 1)) == owners.lists_of(Oid("Branch", 2)) == {"Kids"}
    assert owners.lists_of(Oid("Bird", 1)) is None
    [twig] = bench.query("Twig").select("On")
    [*branches] = bench.query("Branch").select("On")
    below = Owners(TREE, bench.context.identity)
    below.add(twig)
    below.close()
    assert [below.lists_of(each._state.oid) for each in branches] == [{"Kids"}, {""}]
    assert Owners(TREE, bench.context.identity).lists_of(Oid("Branch", 1)) is None


def test_a_type_may_be_below_by_the_second_of_its_relations() -> None:
    two = asset_type(
        "Two",
        attribute("Name"),
        attribute("Bird", "Relation", related="Bird", cascades=True),
        attribute("Branch", "Relation", related="Branch", cascades=True),
    )
    three = asset_type("Three", attribute("Name"), attribute("Two", "Relation", related="Two", cascades=True))
    schema = Schema({**TREE.types, "Two": two, "Three": three})
    parts = Parts(schema, Bench(schema=schema).context.identity, [Oid("Branch", 1)])
    assert [parts.holds(Oid(name, 5)) for name in ("Two", "Three", "Bird")] == [True, True, False]


def test_what_the_server_derives_from_a_written_asset_is_read_again_among_all_others() -> None:
    branch = replace(
        TREE.types["Branch"],
        attributes={**TREE.types["Branch"].attributes, "Size": attribute("Size", affects_related=True)},
    )
    bench = Bench(schema=Schema({**TREE.types, "Branch": branch}))
    for token in ("Bird:1", "Branch:1", "Branch:2", "Leaf:4", "Sum:1"):
        bench.add(token, Name=token, Size="1", On=None)
    held = [asset for name in ("Bird", "Branch", "Leaf", "Sum") for asset in bench.query(name).select("Name")]
    bench.Branch(1).Name = "new"
    assert not bench.writer.commit()
    assert {"Name"} == set(held[-1]._state.names())
    bench.Branch(1).Size = "2"
    assert not bench.writer.commit()
    assert [asset._state.oid.token for asset in held if not set(asset._state.names())] == ["Sum:1"]
