"""The loop on in-memory ports: what is planned, held, applied, resumed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from harvesters.errors import HarvestError, LeaseLost, Problem
from harvesters.model import Column, Failure, Record, RecordResource, Table, Unchanged
from harvesters.run import Ports, execute, help_apply
from tests.fakes import make_source
from tests.world import record, table_record


def test_first_harvest_creates_and_second_writes_nothing(world):
    world.script.items = [record(1), record(2)]
    run, state = world.run()
    assert state == "applied"
    assert world.counts(run)["created"] == 2
    writes = world.catalog.writes
    run, state = world.run()
    assert (state, world.counts(run)["unchanged"], world.catalog.writes) == ("applied", 2, writes)
    assert world.script.asked[-1] == {"r1": "m1", "r2": "m2"}


def test_marks_spare_reading_and_unchanged_records_are_not_withdrawn(world):
    world.script.items = [record(1), record(2)]
    world.run()
    world.script.items = [Unchanged("r1"), Unchanged("r2")]
    run, state = world.run()
    assert (state, world.counts(run)["unchanged"], world.counts(run)["withdrawn"]) == (
        "applied",
        2,
        0,
    )


def test_a_new_mark_with_the_same_content_writes_only_the_ledger(world):
    world.script.items = [record(1)]
    world.run()
    world.script.items = [replace(record(1), mark="later")]
    writes = world.catalog.writes
    run, state = world.run()
    assert (state, world.catalog.writes, world.counts(run)["unchanged"]) == ("applied", writes, 1)
    assert world.ledger.recall(world.source.id, ["r1"])["r1"].mark == "later"
    assert world.ledger.recall(world.source.id, ["r1"])["r1"].base is not None


def test_one_changed_figure_is_exactly_one_cell_of_the_plan(world):
    world.script.items = [table_record("962.73")]
    world.run()
    before = next(iter(world.catalog.datasets.values()))
    world.script.items = [table_record("963.10")]
    run, state = world.run("plan")
    assert state == "planned"
    [change] = world.ledger.pending(run, 10)
    [table] = change.tables
    [cell] = table.cells
    assert (cell.row, cell.column, cell.before, cell.after) == (
        "Văn phòng UBND tỉnh",
        "diem",
        Decimal("962.73"),
        Decimal("963.1"),
    )
    assert next(iter(world.catalog.datasets.values())) == before
    _, state = world.run()
    assert state == "applied"
    after = next(iter(world.catalog.datasets.values()))
    assert [r.id for r in after.resources] == [r.id for r in before.resources]
    assert after.resources[1].table != before.resources[1].table


def test_an_empty_listing_is_held_and_can_be_approved(world):
    world.script.items = [record(n) for n in range(3)]
    world.run()
    world.script.items = []
    run, state = world.run()
    assert (state, world.ledger.verdicts[run.id].held_because) == ("held", ("empty_listing",))
    assert len(world.catalog.current(list(world.catalog.datasets))) == 3
    approved = world.ledger.approve(run)
    assert execute(approved, Ports(world.ledger, world.catalog, fetch=None)) == "applied"
    assert world.catalog.current(list(world.catalog.datasets)) == {}


def test_withdrawals_beyond_the_quota_are_held_and_within_it_applied(world):
    world.script.items = [record(n) for n in range(40)]
    world.run()
    world.script.items = [record(n) for n in range(36)]
    run, state = world.run()
    assert (state, world.counts(run)["withdrawn"]) == ("applied", 4)
    world.script.items = [record(n) for n in range(20)]
    run, state = world.run()
    assert (state, world.ledger.verdicts[run.id].held_because) == ("held", ("deletion_quota",))


def test_an_incomplete_listing_updates_but_withdraws_nothing(world):
    world.script.items = [record(n) for n in range(10)]
    world.run()
    world.script.items = [record(0, notes="mới")]
    world.script.error = HarvestError("truncated", where="http://nguon/trang-2")
    run, state = world.run()
    assert state == "applied"
    assert not world.ledger.verdicts[run.id].complete
    assert (world.counts(run)["updated"], world.counts(run)["withdrawn"]) == (1, 0)
    assert world.codes(run) == ["truncated"]


def test_a_source_that_fails_at_once_leaves_everything(world):
    world.script.items = [record(1)]
    world.run()
    world.script.items, world.script.error = [], HarvestError("unreachable", where="nguon")
    run, state = world.run()
    assert (state, world.codes(run)) == ("failed", ["unreachable"])
    assert len(world.catalog.current(list(world.catalog.datasets))) == 1


def test_a_failing_record_is_reported_and_kept(world):
    world.script.items = [record(1), record(2)]
    world.run()
    world.script.items = [record(1), Failure(Problem("no_table", "b.xlsx", "r2"))]
    run, state = world.run()
    assert (state, world.counts(run)["failed"], world.counts(run)["withdrawn"]) == ("applied", 1, 0)
    assert len(world.catalog.current(list(world.catalog.datasets))) == 2


def test_a_failing_record_without_an_id_may_be_any_so_none_is_withdrawn(world):
    world.script.items = [record(n) for n in range(20)]
    world.run()
    nameless = Failure(Problem("unexpected_answer", "nguon", None, {"detail": "id"}))
    world.script.items = [*(record(n) for n in range(19)), nameless]
    run, state = world.run()
    assert (state, world.counts(run)["failed"], world.counts(run)["withdrawn"]) == ("applied", 1, 0)
    assert not world.ledger.verdicts[run.id].complete
    assert len(world.catalog.current(list(world.catalog.datasets))) == 20


@pytest.mark.parametrize(
    ("first", "in_portal", "later", "result"),
    [
        ("NON_PUBLIC", "NON_PUBLIC", None, "NON_PUBLIC"),
        ("RESTRICTED", "RESTRICTED", "PUBLIC", "PUBLIC"),
        ("PUBLIC", "RESTRICTED", "PUBLIC", "RESTRICTED"),
        (None, "RESTRICTED", "PUBLIC", "RESTRICTED"),
        (None, "PUBLIC", "NON_PUBLIC", "NON_PUBLIC"),
        ("PUBLIC", "NON_PUBLIC", "RESTRICTED", "NON_PUBLIC"),
    ],
)
def test_no_harvest_opens_what_a_person_or_silence_closed(world, first, in_portal, later, result):
    def said(access: str | None) -> dict[str, object]:
        return {"access_rights": access} if access else {}

    world.script.items = [record(1, notes="một", **said(first))]
    world.run()
    [id_] = world.catalog.datasets
    here = world.catalog.datasets[id_]
    world.catalog.datasets[id_] = replace(here, fields={**here.fields, **said(in_portal)})
    world.script.items = [record(1, notes="hai", **said(later))]
    world.run()
    fields = world.catalog.datasets[id_].fields
    assert (fields["notes"], fields["access_rights"]) == ("hai", result)


def test_a_duplicate_id_leaves_that_record_as_it_was(world):
    world.script.items = [record(1), record(2)]
    world.run()
    world.script.items = [record(1, notes="một"), record(2, notes="a"), record(1, notes="hai")]
    run, state = world.run()
    assert (state, world.codes(run)) == ("applied", ["duplicate_id"])
    assert (world.counts(run)["updated"], world.counts(run)["failed"]) == (1, 1)
    by_title = {d.fields["title"]: d.fields.get("notes") for d in world.catalog.datasets.values()}
    assert by_title == {"Bộ 1": None, "Bộ 2": "a"}


def test_an_unknown_code_fails_only_its_record(world):
    world.script.items = [record(1, theme=["99"]), record(2, theme=["08"])]
    run, state = world.run()
    assert (state, world.codes(run), world.counts(run)["created"]) == (
        "applied",
        ["unknown_code"],
        1,
    )


def test_a_record_the_catalogue_refuses_does_not_stop_the_run(world):
    world.catalog.refuse = lambda change: change.remote_id == "r1"
    world.script.items = [record(1), record(2)]
    run, state = world.run()
    assert (state, world.codes(run)) == ("applied", ["refused_by_catalogue"])
    assert [d.fields["title"] for d in world.catalog.datasets.values()] == ["Bộ 2"]


def test_personal_data_holds_the_run(world):
    columns = (Column("ho_ten", "text", "Họ tên"), Column("cccd", "text", "Số CCCD"))
    rows = (("A", "038199012345"), ("B", "038299012346"))
    resource = RecordResource("table", {"name": "Danh sách"}, table=Table(columns, rows))
    world.script.items = [Record("x", {"title": "Danh sách"}, (resource,))]
    run, state = world.run()
    assert (state, world.ledger.verdicts[run.id].held_because) == ("held", ("personal_data",))
    assert world.catalog.writes == 0


def test_a_lost_column_or_most_rows_gone_holds_the_run(world):
    world.script.items = [table_record("1", tuple((f"Sở {n}", Decimal(n)) for n in range(10)))]
    world.run()
    world.script.items = [table_record("1")]
    run, state = world.run()
    assert (state, world.ledger.verdicts[run.id].held_because) == ("held", ("rows_collapsed",))


def test_a_killed_run_goes_on_where_it_stopped(world):
    class Killed(BaseException):
        pass

    def die(change):
        if world.catalog.writes == 3:
            raise Killed

    world.script.items = [record(n) for n in range(8)]
    world.catalog.after_each = die
    run = world.ledger.start(world.source)
    with pytest.raises(Killed):
        execute(run, Ports(world.ledger, world.catalog, fetch=None))
    taken = replace(world.ledger.steal(run), phase="applying")
    world.catalog.after_each = lambda change: None
    with pytest.raises(LeaseLost):
        execute(run, Ports(world.ledger, world.catalog, fetch=None))
    assert execute(taken, Ports(world.ledger, world.catalog, fetch=None)) == "applied"
    assert world.catalog.writes == 8
    assert len(world.ledger.known(world.source.id)) == 8


def test_cancelling_ends_the_run(world):
    world.script.items = [record(n) for n in range(3)]
    run = world.ledger.start(world.source)
    world.ledger.cancelled.add(run.id)
    assert execute(run, Ports(world.ledger, world.catalog, fetch=None)) == "cancelled"
    assert world.catalog.writes == 0


def test_what_a_steward_added_survives_and_what_the_source_dropped_goes(world):
    world.script.items = [record(1, notes="của nguồn", version="1")]
    world.run()
    [id_] = world.catalog.datasets
    here = world.catalog.datasets[id_]
    world.catalog.datasets[id_] = replace(here, fields={**here.fields, "title_en": "By a steward"})
    world.script.items = [record(1, notes="của nguồn, sửa")]
    world.run()
    assert world.catalog.datasets[id_].fields == {
        "identifier": "r1",
        "harvest_source": "nguon",
        "title": "Bộ 1",
        "notes": "của nguồn, sửa",
        "title_en": "By a steward",
    }


def test_a_withdrawn_record_that_returns_has_its_dataset_again(world):
    world.script.items = [record(n) for n in range(20)]
    world.run()
    world.script.items = [record(n) for n in range(19)]
    world.run()
    assert len(world.catalog.current(list(world.catalog.datasets))) == 19
    world.script.items = [record(n) for n in range(20)]
    run, state = world.run()
    assert (state, world.counts(run)["created"]) == ("applied", 1)
    assert len(world.catalog.datasets) == 20
    assert not world.catalog.deleted


def test_a_record_that_the_filter_leaves_out_is_not_there(world):
    world.source = make_source(config={"mapping": {"skip": {"trang_thai": "nháp"}}})
    world.script.items = [record(1), record(2), record(3), record(4, trang_thai="nháp")]
    run, _ = world.run()
    assert (world.counts(run)["created"], world.counts(run)["failed"]) == (3, 0)
    world.script.items = [record(1), record(2), record(3, trang_thai="Nháp")]
    run, _ = world.run("plan")
    assert world.counts(run)["withdrawn"] == 1


def test_a_change_of_a_volatile_field_alone_is_no_change(world):
    world.source = make_source(config={"mapping": {"volatile": ["luot_xem"]}})
    world.script.items = [record(1, luot_xem=1)]
    world.run()
    world.script.items = [replace(record(1, luot_xem=2), mark="m1-moi")]
    run, _ = world.run()
    assert world.counts(run)["unchanged"] == 1
    world.script.items = [record(1, luot_xem=3, notes="Mới")]
    run, _ = world.run()
    assert world.counts(run)["updated"] == 1


def test_a_ledger_that_goes_away_fails_no_record(world, monkeypatch):
    def away(content):
        raise LeaseLost("")

    monkeypatch.setattr(world.ledger, "put_blob", away)
    world.script.items = [table_record("962.73")]
    run = world.ledger.start(world.source)
    with pytest.raises(LeaseLost):
        execute(run, Ports(world.ledger, world.catalog, fetch=None))
    assert world.codes(run) == []


def test_a_portal_that_cannot_keep_what_is_read_reads_again_later(world, monkeypatch):
    def full(content):
        raise HarvestError("portal_unavailable", detail="ổ đĩa đầy")

    monkeypatch.setattr(world.ledger, "put_blob", full)
    world.script.items = [record(1), table_record("962.73")]
    run, state = world.run()
    assert (state, world.codes(run)) == ("queued", [])
    assert world.catalog.writes == 0


def test_a_helper_does_parts_of_a_run_and_the_holder_ends_it(world):
    world.script.items = [record(n) for n in range(9)]
    run = world.ledger.start(world.source)
    ports = Ports(world.ledger, world.catalog, fetch=None, batch=2)
    done = []

    def help_once(change):
        if not done:
            done.append(0)
            done[0] = help_apply(replace(run, helping=True), ports)

    world.catalog.after_each = help_once
    assert execute(run, ports) == "applied"
    assert done == [7]
    assert world.catalog.writes == 9


def test_what_passes_by_itself_is_tried_again_and_what_does_not_fails(world):
    world.ledger.retries = 1
    world.script.error = HarvestError("unreachable", where="nguon")
    run, state = world.run()
    assert (state, world.ledger.states[run.id], world.codes(run)) == ("queued", "queued", [])
    world.script.error = HarvestError("auth_failed", where="nguon")
    run, state = world.run()
    assert (state, world.codes(run)) == ("failed", ["auth_failed"])


def test_a_portal_that_cannot_write_puts_the_run_off_and_blames_no_record(world):
    def full(change):
        raise HarvestError("portal_unavailable", detail="ổ đĩa đầy")

    world.script.items = [record(n) for n in range(3)]
    world.catalog.after_each = full
    run, state = world.run()
    assert (state, world.codes(run)) == ("queued", [])
    world.catalog.after_each = lambda change: None
    world.ledger.states[run.id] = "running"
    again = replace(world.ledger.steal(run), phase="applying")
    assert execute(again, Ports(world.ledger, world.catalog, fetch=None)) == "applied"
    assert world.catalog.writes == 3


def test_marks_that_moved_on_are_spooled_together(world, monkeypatch):
    world.script.items = [record(n) for n in range(1200)]
    world.run()
    world.script.items = [replace(record(n), mark="later") for n in range(1200)]
    spooled = []
    spool = world.ledger.spool

    def counted(run, changes, problems):
        spooled.append([change.base for change in changes])
        spool(run, changes, problems)

    monkeypatch.setattr(world.ledger, "spool", counted)
    run, _ = world.run()
    assert [len(bases) for bases in spooled] == [500, 500, 200]
    assert not any(base for bases in spooled for base in bases)
    assert world.counts(run)["unchanged"] == 1200
    known = world.ledger.recall(world.source.id, ["r7"])["r7"]
    assert (known.mark, known.title, known.base is not None) == ("later", "Bộ 7", True)


def test_an_id_that_comes_twice_with_a_new_mark_counts_once(world):
    world.script.items = [record(1), record(2)]
    world.run()
    world.script.items = [replace(record(n), mark="later") for n in (1, 2, 1)]
    run, state = world.run()
    assert (state, world.codes(run)) == ("applied", ["duplicate_id"])
    assert (world.counts(run)["unchanged"], world.counts(run)["failed"]) == (1, 1)
