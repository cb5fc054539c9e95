"""Undo against the real catalogue: metadata, resources, files, tables and withdrawals go back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from harvesters.errors import HarvestError
from harvesters.model import Column, File, Table
from harvesters.ports import Verdict
from tests.ckanext.harvest_rig import create, update, withdraw

COLUMNS = (Column("nam", "integer", "Năm", role="time"), Column("diem", "number", "Điểm"))
OLD, NEW = Table(COLUMNS, ((2023, 1), (2024, 2))), Table(COLUMNS, ((2024, 3), (2025, 4)))


def applied(harvest: Any, *changes: Any) -> str:
    """A finished run of these changes; its id."""
    run = harvest.plan(changes)
    outcomes = harvest.catalog.apply(run, changes)
    assert [outcome.problem for outcome in outcomes] == [None] * len(changes)
    harvest.ledger.finish(run, "applied")
    return run.id


def taken_back(run_id: str) -> dict[str, Any]:
    """Undoes a run as a worker does; the report of the undo."""
    from ckan import model
    from ckanext.thanhhoa import undo
    from ckanext.thanhhoa.run_facts import run_report
    from ckanext.thanhhoa.work import work

    new_id = undo.request(run_id, "test")
    model.Session.commit()
    assert work(new_id) == "applied"
    return run_report(new_id)


def figures(resource_id: str) -> list[tuple[Any, ...]]:
    from ckan.tests.helpers import call_action

    found = call_action("datastore_search", resource_id=resource_id, sort="_id")
    return [(row["nam"], float(row["diem"])) for row in found["records"]]


@pytest.fixture
def three(harvest: Any) -> dict[str, Any]:
    """Three datasets before a run, and the run that changes, withdraws and adds one."""
    table = harvest.resource("sua", "bảng", table=OLD)
    file = harvest.resource("sua", "tệp", file=File("cu.csv", "text/csv", b"nam\n2024\n"))
    link = harvest.resource("sua", "liên kết", url="https://e.org/a")
    old = harvest.dataset("sua", [table, file, link], notes="Cũ", tags=["biển", "cá"])
    gone = harvest.dataset("go", [harvest.resource("go", "bảng", table=OLD)], notes="Sẽ gỡ")
    applied(harvest, create("sua", old), create("go", gone))
    other = harvest.resource("sua", "tệp", file=File("moi.csv", "text/csv", b"nam\n2025\n"))
    figures_now = harvest.resource("sua", "bảng", table=NEW)
    new = harvest.dataset("sua", [figures_now, other], notes="Mới", title="Tên mới", tags=["cá"])
    added = harvest.dataset("them", [harvest.resource("them", "bảng", table=NEW)])
    run = applied(harvest, update("sua", new), withdraw("go", gone), create("them", added))
    return {"old": old, "gone": gone, "new": new, "added": added, "run": run}


def test_a_run_goes_back_whole(harvest: Any, three: dict[str, Any]) -> None:
    from ckan import model
    from ckanext.thanhhoa import originals, runs

    old, gone, added = three["old"], three["gone"], three["added"]
    names = {d.id: model.Package.get(d.id).name for d in (old, gone)}
    assert figures(old.resources[0].id) == [(2024, 3.0), (2025, 4.0)]
    report = taken_back(three["run"])
    assert (report["kind"], report["state"], report["undoes"]) == ("undo", "applied", three["run"])
    counts = {k: report[k] for k in ("created", "updated", "withdrawn", "failed")}
    assert counts == {"created": 1, "updated": 1, "withdrawn": 1, "failed": 0}
    assert (report["errors"], report["notes"]) == ([], [])
    assert harvest.catalog.current([old.id, gone.id, added.id]) == {old.id: old, gone.id: gone}
    assert figures(old.resources[0].id) == [(2023, 1.0), (2024, 2.0)]
    assert figures(gone.resources[0].id) == [(2023, 1.0), (2024, 2.0)]
    assert originals.holdings([old.resources[1].id])[old.resources[1].id][1] == (
        old.resources[1].file
    )
    assert {id_: model.Package.get(id_).name for id_ in names} == names
    known = harvest.ledger.recall(harvest.source_id, ["sua", "go", "them"])
    assert {k: (r.active, r.hash) for k, r in known.items() if r.active} == {
        "sua": (True, "h-sua"),
        "go": (True, "h-go"),
    }
    assert known["sua"].base == old.to_json()
    assert runs.find(three["run"]).state == "undone"
    with pytest.raises(HarvestError, match="not_undoable"):
        taken_back(three["run"])
    with pytest.raises(HarvestError, match="not_undoable"):
        taken_back(report["run"])


def test_what_a_steward_edited_since_stays(harvest: Any, three: dict[str, Any]) -> None:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    steward = {"user": factories.Sysadmin()["name"]}
    old, added = three["old"], three["added"]
    call_action("package_patch", dict(steward), id=old.id, notes="Của người phụ trách")
    call_action("package_patch", dict(steward), id=added.id, notes="Cũng vậy")
    report = taken_back(three["run"])
    now = harvest.catalog.current([old.id, added.id])
    expected = replace(old, fields={**old.fields, "notes": "Của người phụ trách"})
    assert now[old.id] == expected
    assert now[added.id].fields["notes"] == "Cũng vậy"
    codes = sorted(note["code"] for note in report["notes"])
    assert codes == ["undo_changed_since", "undo_field_changed"]
    messages = " ".join(note["message"] for note in report["notes"])
    assert "Của người phụ trách" in messages


def test_the_preview_of_an_undo_says_what_it_would_do_and_writes_nothing(
    harvest: Any, three: dict[str, Any]
) -> None:
    from ckanext.thanhhoa import undo

    shown = undo.preview(three["run"], "vi")
    assert {c["record"]: c["action"] for c in shown["changes"]} == {
        "sua": "update",
        "go": "create",
        "them": "withdraw",
    }
    [changed] = [c for c in shown["changes"] if c["record"] == "sua"]
    assert {"field": "notes", "before": "Mới", "after": "Cũ"} in changed["fields"]
    assert (shown["lines"], shown["lines_total"]) == (3, 3)
    assert harvest.catalog.current([three["old"].id])[three["old"].id] == three["new"]


def test_the_next_harvest_is_held_until_the_source_changes(
    harvest: Any, three: dict[str, Any]
) -> None:
    taken_back(three["run"])
    for change, state in (
        (update("sua", three["new"]), "held"),
        (withdraw("go", three["gone"]), "held"),
        (create("them", three["added"]), "held"),
        (replace(update("sua", three["new"]), hash="h3"), "running"),
    ):
        run = harvest.run()
        harvest.ledger.begin_plan(run)
        harvest.ledger.spool(run, [replace(change, hash=change.hash)], [])
        assert harvest.ledger.judge(run, Verdict(True, {})) == state
        if state == "running":
            harvest.ledger.finish(run, "cancelled")


def test_an_open_conflict_is_remembered_with_the_record(harvest: Any) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import record

    from harvesters.model import FieldChange

    dataset = harvest.dataset("r", notes="a")
    conflict = FieldChange("notes", "của Cổng", "của nguồn")
    applied(harvest, create("r", dataset))
    applied(harvest, replace(update("r", dataset), conflicts=(conflict,)))
    applied(harvest, update("r", dataset))
    query = sa.select(record.c.conflicts).where(record.c.dataset_id == dataset.id)
    assert list(model.Session.execute(query).scalar_one()) == ["notes"]


def test_a_new_dataset_whose_source_names_no_access_class_goes_back(harvest: Any) -> None:
    dataset = harvest.dataset("r")
    silent = replace(dataset, fields={"title": "Không nêu quyền truy cập"})
    run = applied(harvest, create("r", silent))
    assert taken_back(run)["notes"] == []
    assert harvest.catalog.current([dataset.id]) == {}
