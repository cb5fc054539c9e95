"""The loop where source and portal both change: what survives, what is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from harvesters.codec import encode_table
from harvesters.model import Table, Unchanged
from harvesters.run import Ports, execute
from tests.fakes import make_source
from tests.world import COLUMNS, World, record, table_record


def edited(world: World, **fields: object) -> str:
    """A steward edits the only dataset in the portal; returns its id."""
    [id_] = world.catalog.datasets
    here = world.catalog.datasets[id_]
    world.catalog.datasets[id_] = replace(here, fields={**here.fields, **fields})
    return id_


def test_a_conflict_keeps_the_stewards_value_and_is_told_once(world):
    world.script.items = [record(1, notes="một", version="1")]
    world.run()
    id_ = edited(world, notes="của người phụ trách")
    world.script.items = [record(1, notes="hai", version="2")]
    run, state = world.run()
    fields = world.catalog.datasets[id_].fields
    assert (state, fields["notes"], fields["version"]) == ("applied", "của người phụ trách", "2")
    [note] = world.ledger.problems[run.id]
    assert (note.code, note.record, note.note) == ("conflict", "r1", True)
    assert (note.params["portal"], note.params["source"]) == ("của người phụ trách", "hai")
    run, _ = world.run()
    assert world.codes(run) == []


def test_a_field_of_the_source_is_put_right_again(world):
    world.source = make_source(config={"ownership": {"fields": {"notes": "source"}}})
    world.script.items = [record(1, notes="một")]
    world.run()
    id_ = edited(world, notes="của người phụ trách")
    world.script.items = [record(1, notes="hai")]
    run, _ = world.run()
    assert (world.catalog.datasets[id_].fields["notes"], world.codes(run)) == ("hai", [])


def test_an_edit_between_plan_and_approval_is_not_overwritten(world):
    world.source = make_source(config={"guards": {"withdraw_at_most": 0}})
    world.script.items = [record(1, notes="một", version="1"), record(2)]
    world.run()
    world.script.items = [record(1, notes="hai", version="2")]
    run, state = world.run()
    assert state == "held"
    id_ = next(i for i, d in world.catalog.datasets.items() if d.fields["title"] == "Bộ 1")
    here = world.catalog.datasets[id_]
    edits = {"notes": "của người phụ trách", "title_en": "Dataset 1"}
    world.catalog.datasets[id_] = replace(here, fields={**here.fields, **edits})
    approved = world.ledger.approve(run)
    assert execute(approved, Ports(world.ledger, world.catalog, fetch=None)) == "applied"
    fields = world.catalog.datasets[id_].fields
    assert (fields["notes"], fields["title_en"], fields["version"]) == (
        "của người phụ trách",
        "Dataset 1",
        "2",
    )
    [line] = [
        line.change
        for line in world.ledger.plans[run.id].values()
        if line.change["action"] == "update"
    ]
    assert [name for name, *_ in line["fields"]] == ["version"]


def test_a_dataset_that_a_steward_deletes_before_the_approval_stays_deleted(world):
    world.script.items = [record(n) for n in range(3)]
    world.run()
    world.script.items = [record(0, notes="mới"), record(1), record(2)]
    run, state = world.run("plan")
    assert state == "planned"
    id_ = next(i for i, d in world.catalog.datasets.items() if d.fields["title"] == "Bộ 0")
    world.catalog.deleted.add(id_)
    hash_ = world.ledger.known(world.source.id)["r0"].hash
    approved = world.ledger.approve(run)
    execute(approved, Ports(world.ledger, world.catalog, fetch=None))
    assert id_ in world.catalog.deleted
    assert world.codes(run) == ["deleted_by_steward"]
    assert world.ledger.known(world.source.id)["r0"].hash == hash_


@pytest.mark.parametrize("listed", ["changed", "same", "by its mark", "not"])
def test_a_dataset_that_a_steward_deleted_stays_deleted(world, listed):
    world.script.items = [record(n) for n in range(20)]
    world.run()
    id_ = next(i for i, d in world.catalog.datasets.items() if d.fields["title"] == "Bộ 0")
    world.catalog.deleted.add(id_)
    first = {
        "changed": [record(0, notes="mới")],
        "same": [record(0)],
        "by its mark": [Unchanged("r0")],
        "not": [],
    }[listed]
    world.script.items = [*first, *(record(n) for n in range(1, 20))]
    run, state = world.run()
    assert (state, world.counts(run)["withdrawn"]) == ("applied", 0)
    assert world.codes(run) == (["deleted_by_steward"] if first else [])
    world.script.items = [record(n, notes="mới") for n in range(20)]
    world.run()
    assert world.catalog.deleted == {id_}
    world.catalog.deleted.clear()  # the steward restores it
    world.script.items = [record(n, notes="mới nhất") for n in range(20)]
    world.run()
    assert world.catalog.datasets[id_].fields["notes"] == "mới nhất"


def test_a_table_that_the_portal_keeps_is_no_change_of_the_plan(world):
    world.script.items = [table_record("962.73")]
    world.run()
    [id_] = world.catalog.datasets
    here = world.catalog.datasets[id_]
    file, table = here.resources
    own = world.ledger.put_blob(encode_table(Table(COLUMNS, (("Của tỉnh", Decimal(1)),))))
    world.catalog.datasets[id_] = replace(here, resources=(file, replace(table, table=own)))
    world.script.items = [table_record("963.10")]
    run, state = world.run()
    assert (state, world.counts(run)["updated"], world.codes(run)) == ("applied", 0, ["conflict"])
    assert world.catalog.datasets[id_].resources[1].table == own


def test_an_edit_at_the_moment_of_writing_is_not_overwritten(world):
    world.script.items = [record(1, notes="một", version="1"), record(2, version="1")]
    world.run()
    first = next(i for i, d in world.catalog.datasets.items() if d.fields["title"] == "Bộ 1")
    edits = iter(["của người phụ trách"])

    def meanwhile(change):
        if change.dataset_id == first and (notes := next(edits, None)):
            here = world.catalog.datasets[first]
            fields = {**here.fields, "notes": notes}
            world.catalog.datasets[first] = replace(here, fields=fields)

    world.catalog.before_each = meanwhile
    world.script.items = [record(1, notes="một", version="2"), record(2, version="2")]
    run, state = world.run()
    fields = world.catalog.datasets[first].fields
    assert (state, fields["notes"], fields["version"]) == ("applied", "của người phụ trách", "2")
    assert world.ledger.pending(run, 10) == []
    assert {d.fields["version"] for d in world.catalog.datasets.values()} == {"2"}


def test_a_dataset_that_is_never_as_it_was_read_holds_no_run_up(world):
    world.script.items = [record(1, version="1")]
    world.run()
    number = iter(range(1000))

    def meanwhile(change):
        edited(world, url=f"https://e.org/{next(number)}")

    world.catalog.before_each = meanwhile
    world.script.items = [record(1, version="2")]
    run, state = world.run()
    [dataset] = world.catalog.datasets.values()
    assert (state, dataset.fields["version"], world.ledger.pending(run, 10)) == ("applied", "2", [])
    assert next(number) < 10
