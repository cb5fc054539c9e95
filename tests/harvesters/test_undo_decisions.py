"""Taking a run back on in-memory ports: what goes back, what stays, what the next harvest does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.run import Ports, apply, execute
from harvesters.undoing import plan_undo
from tests.fakes import make_source
from tests.world import World, record, table_record


def undo(world: World, run: Any) -> tuple[Any, str]:
    """A run that takes the run back, and its state."""
    back = world.ledger.undo(run)
    return back, execute(back, Ports(world.ledger, world.catalog, fetch=None, batch=2))


def titled(world: World, title: str) -> str:
    return next(i for i, d in world.catalog.datasets.items() if d.fields["title"] == title)


def here(world: World) -> dict[str, Any]:
    """What the catalogue holds, by id."""
    return world.catalog.current(list(world.catalog.datasets))


def records(world: World) -> dict[str, Any]:
    """What the ledger holds of the active records."""
    return {k: r for k, r in world.ledger.records[world.source.id].items() if r.active}


def test_everything_that_a_run_did_goes_back(world):
    world.script.items = [table_record("962.73"), *(record(n) for n in range(20))]
    world.run()
    datasets, known = here(world), records(world)
    changed = [record(n, notes="mới") for n in range(10)]
    world.script.items = [table_record("963.1"), *changed, *(record(n) for n in range(12, 23))]
    run, state = world.run()
    counts = {"created": 3, "updated": 11, "unchanged": 8, "withdrawn": 2, "failed": 0}
    assert (state, world.counts(run)) == ("applied", counts)
    back, state = undo(world, run)
    assert (state, world.ledger.states[run.id]) == ("applied", "undone")
    assert (here(world), records(world)) == (datasets, known)
    assert world.codes(back) == []
    assert world.counts(back)["withdrawn"] == 3


def test_an_edited_field_stays_and_the_rest_goes_back(world):
    world.script.items = [record(1, notes="một", version="1")]
    world.run()
    world.script.items = [record(1, notes="hai", version="2")]
    run, _ = world.run()
    [id_] = world.catalog.datasets
    now = world.catalog.datasets[id_]
    world.catalog.datasets[id_] = replace(now, fields={**now.fields, "notes": "của tôi"})
    back, state = undo(world, run)
    fields = world.catalog.datasets[id_].fields
    assert (state, fields["notes"], fields["version"]) == ("applied", "của tôi", "1")
    [note] = world.ledger.problems[back.id]
    assert (note.code, note.params["portal"], note.params["source"]) == (
        "undo_field_changed",
        "của tôi",
        "một",
    )


def test_a_new_dataset_that_was_edited_is_kept_and_reported(world):
    world.script.items = [record(1), record(2)]
    run, _ = world.run()
    id_ = titled(world, "Bộ 1")
    now = world.catalog.datasets[id_]
    world.catalog.datasets[id_] = replace(now, fields={**now.fields, "notes": "của tôi"})
    back, _ = undo(world, run)
    assert list(here(world)) == [id_]
    assert world.codes(back) == ["undo_changed_since"]


def test_what_a_later_run_built_on_stays(world):
    world.script.items = [record(1, notes="một", version="1"), record(2, notes="một")]
    world.run()
    world.script.items = [record(1, notes="hai", version="2"), record(2, notes="hai")]
    run, _ = world.run()
    world.script.items = [record(1, notes="hai", version="3"), record(2, notes="hai")]
    world.run()
    undo(world, run)
    fields = world.catalog.datasets[titled(world, "Bộ 1")].fields
    assert (fields["notes"], fields["version"]) == ("một", "3")
    assert world.catalog.datasets[titled(world, "Bộ 2")].fields["notes"] == "một"
    run, state = world.run()
    assert (state, world.ledger.held[run.id]) == ("held", ("undone_before",))


def test_the_next_harvest_does_not_redo_what_was_undone(world):
    world.script.items = [record(1, notes="một"), *(record(n) for n in range(2, 22))]
    world.run()
    world.script.items = [record(1, notes="hai"), *(record(n) for n in range(3, 23))]
    run, state = world.run()
    assert state == "applied"
    undo(world, run)
    writes = world.catalog.writes
    held, state = world.run()
    assert (state, world.ledger.held[held.id]) == ("held", ("undone_before",))
    assert world.catalog.writes == writes
    # The source changes: what is new is taken over, the rest still waits for a person.
    world.script.items = [record(1, notes="ba"), *(record(n) for n in range(2, 22))]
    run, state = world.run()
    assert (state, world.codes(run)) == ("applied", [])
    assert world.catalog.datasets[titled(world, "Bộ 1")].fields["notes"] == "ba"


def test_a_person_can_have_it_done_again_and_is_not_asked_twice(world):
    world.script.items = [record(1, notes="một")]
    world.run()
    world.script.items = [record(1, notes="hai")]
    run, _ = world.run()
    undo(world, run)
    held, state = world.run()
    assert state == "held"
    approved = world.ledger.approve(held)
    assert execute(approved, Ports(world.ledger, world.catalog, fetch=None)) == "applied"
    assert here(world)[titled(world, "Bộ 1")].fields["notes"] == "hai"
    assert world.run()[1] == "applied"
    world.script.items = [record(1, notes="ba")]
    assert world.run()[1] == "applied"
    world.script.items = [record(1, notes="hai")]
    assert world.run()[1] == "applied"


def test_an_undo_that_died_goes_on_and_a_second_undo_changes_nothing(world):
    class Killed(BaseException):
        pass

    world.script.items = [record(n) for n in range(6)]
    world.run()
    world.script.items = [record(n, notes="mới") for n in range(6)]
    run, _ = world.run()
    writes = world.catalog.writes

    def die(change):
        if world.catalog.writes == writes + 3:
            raise Killed

    world.catalog.after_each = die
    back = world.ledger.undo(run)
    with pytest.raises(Killed):
        execute(back, Ports(world.ledger, world.catalog, fetch=None, batch=2))
    world.catalog.after_each = lambda change: None
    taken = replace(world.ledger.steal(back), phase="applying", undoes=run.id)
    assert execute(taken, Ports(world.ledger, world.catalog, fetch=None, batch=2)) == "applied"
    assert all("notes" not in dataset.fields for dataset in here(world).values())
    writes = world.catalog.writes
    again, state = undo(world, run)
    assert (state, world.catalog.writes, world.codes(again)) == ("applied", writes, [])


def test_an_edit_between_the_plan_of_an_undo_and_its_writing_is_kept(world):
    world.script.items = [record(1, notes="một", version="1"), record(2, notes="một")]
    world.run()
    world.script.items = [record(1, notes="hai", version="2"), record(2, notes="hai")]
    run, _ = world.run()
    id_ = titled(world, "Bộ 2")

    def edit(change):
        now = world.catalog.datasets[id_]
        world.catalog.datasets[id_] = replace(now, fields={**now.fields, "version": "của tôi"})

    world.catalog.after_each = edit
    back = world.ledger.undo(run)
    assert execute(back, Ports(world.ledger, world.catalog, fetch=None, batch=1)) == "applied"
    fields = world.catalog.datasets[id_].fields
    assert (fields["notes"], fields["version"]) == ("một", "của tôi")


def test_an_approved_plan_is_held_again_when_the_source_has_changed(world):
    world.script.items = [record(1, notes="một")]
    run, state = world.run("plan")
    assert state == "planned"
    world.script.items = [record(1, notes="hai")]
    approved = world.ledger.approve(run)
    assert execute(approved, Ports(world.ledger, world.catalog, fetch=None)) == "held"
    assert (world.ledger.held[run.id], world.catalog.writes) == (("source_changed",), 0)
    [line] = world.ledger.plans[run.id].values()
    assert line.change["dataset"]["fields"]["notes"] == "hai"
    again = world.ledger.approve(approved)
    assert execute(again, Ports(world.ledger, world.catalog, fetch=None)) == "applied"


def test_an_approved_plan_waits_again_when_the_source_does_not_answer(world):
    world.script.items = [record(1, notes="một")]
    run, _ = world.run("plan")
    items, world.script.items = world.script.items, []
    world.script.error = HarvestError("unreachable", where="nguon")
    approved = world.ledger.approve(run)
    assert execute(approved, Ports(world.ledger, world.catalog, fetch=None)) == "held"
    assert (world.codes(run), len(world.ledger.plans[run.id])) == (["unreachable"], 1)
    world.script.items, world.script.error = items, None
    again = world.ledger.approve(approved)
    assert execute(again, Ports(world.ledger, world.catalog, fetch=None)) == "applied"


def test_a_rejected_plan_is_not_asked_again_while_it_is_the_same(world):
    world.source = make_source(config={"guards": {"withdraw_at_most": 0}})
    world.script.items = [record(1), record(2), record(3)]
    world.run()
    world.script.items = [record(1), record(2)]
    run, state = world.run()
    assert state == "held"
    world.ledger.reject(run)
    for _ in range(2):
        again, state = world.run()
        assert (state, world.codes(again)) == ("rejected", ["rejected_before"])
        assert len(here(world)) == 3
    assert world.run("plan")[1] == "held"
    world.script.items = [record(1)]
    assert world.run()[1] == "held"


def test_a_rejected_plan_is_not_applied_by_the_next_run_though_no_guard_holds_it(world):
    world.script.items = [record(1, notes="một")]
    run, _ = world.run("plan")
    world.ledger.reject(run)
    assert world.run()[1] == "rejected"
    world.script.items = [record(1, notes="hai")]
    assert world.run()[1] == "applied"


def test_figures_go_back_and_the_plan_of_the_undo_says_which(world):
    world.script.items = [table_record("962.73")]
    world.run()
    world.script.items = [table_record("963.1")]
    run, _ = world.run()
    back, _ = undo(world, run)
    [line] = world.ledger.done(back.id, 0, 10)
    [table] = line.change.tables
    [cell] = table.cells
    assert (cell.before, cell.after) == (Decimal("963.1"), Decimal("962.73"))


def edit_once(world: World, id_: str, **fields: Any) -> None:
    """Lets a person edit a dataset at the moment when the catalogue is about to write it."""
    edits = iter([fields])

    def meanwhile(change: Any) -> None:
        if change.dataset_id == id_ and (values := next(edits, None)):
            now = world.catalog.datasets[id_]
            world.catalog.datasets[id_] = replace(now, fields={**now.fields, **values})

    world.catalog.before_each = meanwhile


def test_what_is_edited_while_an_undo_is_written_stays(world):
    world.script.items = [record(1, notes="một")]
    world.run()
    world.script.items = [record(1, notes="hai"), record(2), record(3)]
    run, _ = world.run()
    changed, added = titled(world, "Bộ 1"), titled(world, "Bộ 2")
    edit_once(world, added, notes="của tôi")
    back, state = undo(world, run)
    assert (state, world.codes(back)) == ("applied", ["undo_changed_since"])
    assert {i: d.fields.get("notes") for i, d in here(world).items()} == {
        changed: "một",
        added: "của tôi",
    }
    assert world.ledger.pending(back, 10) == []


def test_a_field_edited_while_an_undo_is_written_stays(world):
    world.script.items = [record(1, notes="một", version="1")]
    world.run()
    world.script.items = [record(1, notes="hai", version="2")]
    run, _ = world.run()
    edit_once(world, titled(world, "Bộ 1"), notes="của tôi")
    _, state = undo(world, run)
    [dataset] = here(world).values()
    assert (state, dataset.fields["notes"], dataset.fields["version"]) == (
        "applied",
        "của tôi",
        "1",
    )


def test_a_withdrawn_dataset_that_a_person_brought_back_before_the_undo_is_written_stays(world):
    world.script.items = [record(n) for n in range(20)]
    world.run()
    world.script.items = [record(n) for n in range(19)]
    run, _ = world.run()
    gone = titled(world, "Bộ 19")
    back = world.ledger.undo(run)
    assert plan_undo(back, Ports(world.ledger, world.catalog, fetch=None)) == "running"
    now = world.catalog.datasets[gone]
    world.catalog.datasets[gone] = replace(now, fields={**now.fields, "notes": "của tôi"})
    world.catalog.deleted.discard(gone)
    apply(back, Ports(world.ledger, world.catalog, fetch=None))
    assert world.catalog.datasets[gone].fields["notes"] == "của tôi"
    assert world.codes(back) == ["undo_changed_since"]
