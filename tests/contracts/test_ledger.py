"""Port Ledger: one suite, run on the in-memory fake and on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import Cancelled, LeaseLost, Problem
from harvesters.model import (
    CellChange,
    Change,
    FieldChange,
    Known,
    MappedDataset,
    MappedResource,
    TableChange,
)
from harvesters.ports import Run, Verdict
from tests.fakes import FakeLedger, make_source

COUNTS = {"created": 2, "updated": 0, "unchanged": 0, "withdrawn": 0, "failed": 0}


@dataclass
class Harness:
    """A ledger, and what its surroundings do: start, steal, approve, cancel, settle, look."""

    ledger: Any
    start: Callable[[str], Run]
    steal: Callable[[Run], Run]
    approve: Callable[[Run], Run]
    cancel: Callable[[Run], None]
    settle: Callable[[Run, Change], None]
    settle_failed: Callable[[Run, Change, Problem], None]
    expire: Callable[[Run], None]
    retry: Callable[[Run, int], None]
    state: Callable[[Run], str]
    problems: Callable[[Run], list[str]]
    notes: Callable[[Run], list[str]]


def _fake() -> Harness:
    ledger = FakeLedger()
    source = make_source()
    return Harness(
        ledger,
        lambda kind: ledger.start(source, kind),
        ledger.steal,
        ledger.approve,
        lambda run: ledger.cancelled.add(run.id),
        ledger.settle,
        ledger.settle,
        ledger.expire,
        lambda run, retries: setattr(ledger, "retries", retries),
        lambda run: ledger.states[run.id],
        lambda run: [p.code for p in ledger.problems[run.id] if not p.note],
        lambda run: [p.code for p in ledger.problems[run.id] if p.note],
    )


def _postgres() -> Harness:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import runs, sources
    from ckanext.thanhhoa.ledger import Ledger
    from ckanext.thanhhoa.model import part as part_table
    from ckanext.thanhhoa.model import run as run_table
    from ckanext.thanhhoa.run_facts import run_report

    ledger = Ledger()
    values = {"type": "files", "url": "/srv/x", "config": {}, "allow": [], "schedule": "manual"}
    source_id = sources.create({"name": "nguon", **values}, str(uuid.uuid4()), None, None)
    model.Session.commit()

    def acquire(run_id: str) -> Run:
        model.Session.execute(
            sa.update(run_table)
            .where(run_table.c.id == run_id)
            .values(lease_until=sa.func.now() - sa.literal_column("interval '1 second'"))
        )
        model.Session.commit()
        run = runs.acquire(run_id, "another worker")
        assert run is not None
        return run

    def start(kind: str) -> Run:
        run_id = runs.request(sources.by_id(source_id), kind, "test")
        model.Session.commit()
        return acquire(run_id)

    def approve(run: Run) -> Run:
        runs.approve(run.id, "test")
        return acquire(run.id)

    def cancel(run: Run) -> None:
        runs.cancel(run.id, "test")
        model.Session.commit()

    def settle(run: Run, change: Change) -> None:
        ledger.guard(run)
        ledger.settle(run, change, "ten-bo-du-lieu", {"fields": {"title": "trước"}})
        model.Session.commit()

    def settle_failed(run: Run, change: Change, problem: Problem) -> None:
        ledger.guard(run)
        ledger.settle_failed(run, change, problem)
        model.Session.commit()

    def expire(run: Run) -> None:
        assert run.part is not None
        over = {"lease_until": sa.func.now() - sa.literal_column("interval '1 second'")}
        model.Session.execute(
            sa.update(part_table).where(part_table.c.number == run.part.number).values(over)
        )
        model.Session.commit()

    def retry(run: Run, times: int) -> None:
        model.Session.execute(sa.update(run_table).values(retries=times))
        model.Session.commit()

    return Harness(
        ledger,
        start,
        lambda run: acquire(run.id),
        approve,
        cancel,
        settle,
        settle_failed,
        expire,
        retry,
        lambda run: runs.find(run.id).state,
        lambda run: [error["code"] for error in run_report(run.id)["errors"]],
        lambda run: [note["code"] for note in run_report(run.id)["notes"]],
    )


@pytest.fixture(params=["fake", "postgres"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    if request.param == "fake":
        yield _fake()
        return
    for name in ("clean_ledger", "with_plugins"):
        request.getfixturevalue(name)
    yield _postgres()


def change(remote_id: str, action: Any = "create", title: str = "Thủy sản") -> Change:
    """A change with everything that must survive the ledger."""
    dataset = MappedDataset(
        str(uuid.uuid5(uuid.NAMESPACE_URL, remote_id)),
        {"title": title, "tags": ["cá", "tôm"], "spatial_coverage": [{"code": "38"}]},
        (MappedResource("r-" + remote_id, {"name": "Bảng", "table_schema": {}}, "a" * 64, None),),
    )
    made = Change(
        action,
        remote_id,
        dataset.id,
        dataset,
        replace(dataset, fields={"title": title}),
        "hash-" + remote_id,
        "mark-1",
        "version-1",
        title,
        (FieldChange("title", "cũ", title), FieldChange("unit", None, "tấn", "r-" + remote_id)),
        (
            TableChange(
                "r-" + remote_id,
                rows_added=1,
                cells=(CellChange("2024", "san_luong", Decimal("962.73"), Decimal("962.740")),),
                cells_total=1,
                columns_added=("ghi_chu",),
            ),
        ),
    )
    if action == "withdraw":
        return Change("withdraw", remote_id, dataset.id, title=title)
    return made if action != "keep" else replace(made, dataset=None, fields=(), tables=())


def planned(harness: Harness, *changes: Change, kind: str = "run") -> Run:
    """A run whose plan has been judged and may be applied."""
    run = harness.start(kind)
    harness.ledger.begin_plan(run)
    harness.ledger.spool(run, changes, [])
    assert harness.ledger.judge(run, Verdict(True, COUNTS)) in ("running", "planned")
    return run


def test_a_blob_comes_back_by_its_digest_and_is_kept_once(harness: Harness) -> None:
    content = b"\x00\xffbang so lieu" * 1000
    digest = harness.ledger.put_blob(content)
    assert harness.ledger.put_blob(content) == digest
    assert harness.ledger.get_blob(digest) == content
    assert len(digest) == 64


def test_a_blob_that_is_not_there_is_an_error(harness: Harness) -> None:
    with pytest.raises(LookupError):
        harness.ledger.get_blob("0" * 64)


def test_pending_gives_the_plan_back_unchanged_and_in_order(harness: Harness) -> None:
    changes = [change(f"r{number}") for number in range(5)]
    run = planned(harness, *changes)
    assert harness.ledger.pending(run, 3) == changes[:3]
    assert harness.ledger.pending(run, 100) == changes


def test_begin_plan_forgets_what_an_interrupted_reading_spooled(harness: Harness) -> None:
    run = harness.start("run")
    harness.ledger.spool(run, [change("a")], [Problem("truncated")])
    harness.ledger.begin_plan(run)
    harness.ledger.spool(run, [change("b")], [])
    harness.ledger.judge(run, Verdict(True, COUNTS))
    assert [c.remote_id for c in harness.ledger.pending(run, 10)] == ["b"]
    assert harness.problems(run) == []


def test_discard_takes_a_change_out_and_says_what_it_was(harness: Harness) -> None:
    run = harness.start("run")
    harness.ledger.spool(run, [change("a"), change("b", "update")], [])
    assert harness.ledger.discard(run, "b") == "update"
    assert harness.ledger.discard(run, "b") is None
    harness.ledger.judge(run, Verdict(True, COUNTS))
    assert [c.remote_id for c in harness.ledger.pending(run, 10)] == ["a"]


def test_a_settled_change_is_known_and_no_longer_pending(harness: Harness) -> None:
    done, waiting = change("a"), change("b")
    run = planned(harness, done, waiting)
    harness.settle(run, done)
    assert harness.ledger.pending(run, 10) == [waiting]
    known = harness.ledger.recall(run.source.id, ["a"])["a"]
    assert done.base is not None
    assert (known.dataset_id, known.hash, known.mark) == (done.dataset_id, "hash-a", "mark-1")
    assert (known.version, known.active, known.title) == ("version-1", True, "Thủy sản")
    assert known.base == done.base.to_json()
    assert isinstance(known, Known)


def test_a_failed_change_leaves_the_record_unknown_and_its_problem_is_told(
    harness: Harness,
) -> None:
    poisonous = change("a")
    run = planned(harness, poisonous)
    problem = Problem("refused_by_catalogue", "", "a", {"detail": "…"})
    harness.settle_failed(run, poisonous, problem)
    assert harness.ledger.pending(run, 10) == []
    assert harness.ledger.known(run.source.id) == {}
    assert "refused_by_catalogue" in harness.problems(run)


def test_withdrawing_leaves_a_tombstone_and_coming_back_lifts_it(harness: Harness) -> None:
    first = planned(harness, change("a"))
    harness.settle(first, change("a"))
    harness.ledger.finish(first, "applied")
    name = harness.ledger.recall(first.source.id, ["a"])["a"].name
    second = planned(harness, change("a", "withdraw"))
    harness.settle(second, change("a", "withdraw"))
    harness.ledger.finish(second, "applied")
    gone = harness.ledger.recall(first.source.id, ["a"])["a"]
    assert (gone.active, gone.name, gone.base is not None) == (False, name, True)
    third = planned(harness, change("a"))
    harness.settle(third, change("a"))
    back = harness.ledger.recall(first.source.id, ["a"])["a"]
    assert (back.active, back.name) == (True, name)


def test_refresh_moves_the_mark_on_and_settles(harness: Harness) -> None:
    first = planned(harness, change("a"))
    harness.settle(first, change("a"))
    harness.ledger.finish(first, "applied")
    kept = replace(change("a", "keep"), mark="mark-2", version="version-2")
    second = planned(harness, kept)
    harness.ledger.refresh(second, [kept])
    assert harness.ledger.pending(second, 10) == []
    known = harness.ledger.recall(second.source.id, ["a"])["a"]
    assert (known.mark, known.version) == ("mark-2", "version-2")


def test_a_mark_alone_moves_on_without_title_and_base(harness: Harness) -> None:
    first = planned(harness, change("a"))
    harness.settle(first, change("a"))
    harness.ledger.finish(first, "applied")
    before = harness.ledger.recall(first.source.id, ["a"])["a"]
    light = Change("keep", "a", change("a").dataset_id, hash="hash-a", mark="mark-2", version="v")
    second = planned(harness, light)
    harness.ledger.refresh(second, [light])
    after = harness.ledger.recall(second.source.id, ["a"])["a"]
    assert after == replace(before, mark="mark-2", version="v")
    assert before.base is not None


def test_known_is_short_and_recall_is_whole(harness: Harness) -> None:
    run = planned(harness, change("a"), change("b"))
    harness.settle(run, change("a"))
    harness.settle(run, change("b"))
    known = harness.ledger.known(run.source.id)
    whole = harness.ledger.recall(run.source.id, ["b", "unknown"])
    assert set(known) == {"a", "b"}
    assert list(whole) == ["b"]
    assert known["b"] == replace(whole["b"], name="", title="", base=None)
    assert (whole["b"].title, whole["b"].base) == ("Thủy sản", change("b").base.to_json())


def test_a_guard_holds_the_run_and_a_person_lets_it_go_on(harness: Harness) -> None:
    run = harness.start("run")
    harness.ledger.spool(run, [change("a")], [])
    verdict = Verdict(True, COUNTS, ("deletion_quota",))
    assert harness.ledger.judge(run, verdict) == "held"
    assert harness.state(run) == "held"
    approved = harness.approve(run)
    assert approved.phase == "reading"
    assert approved.token > run.token
    assert [c.remote_id for c in harness.ledger.pending(approved, 10)] == ["a"]


def test_a_plan_is_only_planned(harness: Harness) -> None:
    run = planned(harness, change("a"), kind="plan")
    assert harness.state(run) == "planned"


def test_the_end_of_a_run_is_kept_with_its_problem(harness: Harness) -> None:
    run = harness.start("run")
    harness.ledger.finish(run, "failed", Problem("unreachable", "10.0.0.5:80"))
    assert harness.state(run) == "failed"
    assert harness.problems(run) == ["unreachable"]


def test_every_write_with_an_older_token_is_refused(harness: Harness) -> None:
    one = change("a")
    stale = planned(harness, one)
    harness.steal(stale)
    writes: list[Callable[[], object]] = [
        lambda: harness.ledger.begin_plan(stale),
        lambda: harness.ledger.spool(stale, [change("b")], []),
        lambda: harness.ledger.discard(stale, "a"),
        lambda: harness.ledger.judge(stale, Verdict(True, COUNTS)),
        lambda: harness.ledger.refresh(stale, [one]),
        lambda: harness.ledger.finish(stale, "applied"),
        lambda: harness.ledger.beat(stale),
        lambda: harness.settle(stale, one),
    ]
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
    assert harness.state(stale) == "running"
    assert harness.ledger.known(stale.source.id) == {}


def parts_of(harness: Harness, run: Run) -> list[Run]:
    """Claims every part that is free."""
    found = []
    while (part := harness.ledger.claim(run)) is not None:
        found.append(part)
    return found


def ids(changes: list[Change]) -> list[str]:
    return [change.remote_id for change in changes]


def test_a_plan_is_shared_out_in_parts_that_do_not_overlap(harness: Harness) -> None:
    run = planned(harness, *(change(f"r{number}") for number in range(5)))
    harness.ledger.divide(run, 2)
    first, second, third = parts_of(harness, run)
    shares = [ids(harness.ledger.pending(part, 10)) for part in (first, second, third)]
    assert shares == [["r0", "r1"], ["r2", "r3"], ["r4"]]
    assert ids(harness.ledger.pending(first, 1)) == ["r0"]
    assert not harness.ledger.is_settled(run)
    for part in (first, second, third):
        for one in harness.ledger.pending(part, 10):
            harness.settle(part, one)
        harness.ledger.close(part)
    assert harness.ledger.is_settled(run)
    assert harness.ledger.pending(run, 10) == []


def test_a_plan_is_divided_once(harness: Harness) -> None:
    run = planned(harness, *(change(f"r{number}") for number in range(3)))
    harness.ledger.divide(run, 2)
    harness.ledger.divide(run, 1)
    assert len(parts_of(harness, run)) == 2


def test_an_empty_plan_is_settled(harness: Harness) -> None:
    run = planned(harness)
    harness.ledger.divide(run, 100)
    assert harness.ledger.claim(run) is None
    assert harness.ledger.is_settled(run)


def test_a_part_whose_worker_is_gone_goes_to_another_who_alone_can_write(
    harness: Harness,
) -> None:
    one, other = change("a"), change("b")
    run = planned(harness, one, other)
    harness.ledger.divide(run, 10)
    gone = harness.ledger.claim(run)
    harness.settle(gone, one)
    assert harness.ledger.claim(run) is None
    harness.expire(gone)
    heir = harness.ledger.claim(run)
    assert ids(harness.ledger.pending(heir, 10)) == ["b"]
    for write in (
        lambda: harness.settle(gone, other),
        lambda: harness.ledger.refresh(gone, [other]),
        lambda: harness.ledger.beat(gone),
        lambda: harness.ledger.close(gone),
    ):
        with pytest.raises(LeaseLost):
            write()
    harness.settle(heir, other)
    harness.ledger.close(heir)
    assert harness.ledger.is_settled(run)


def test_a_part_that_is_given_back_is_free_at_once(harness: Harness) -> None:
    run = planned(harness, change("a"))
    harness.ledger.divide(run, 10)
    harness.ledger.give_back(harness.ledger.claim(run))
    assert ids(harness.ledger.pending(harness.ledger.claim(run), 10)) == ["a"]


def test_a_run_that_is_taken_over_frees_its_parts(harness: Harness) -> None:
    one = change("a")
    run = planned(harness, one)
    harness.ledger.divide(run, 10)
    part = harness.ledger.claim(run)
    heir = harness.steal(run)
    with pytest.raises(LeaseLost):
        harness.settle(part, one)
    again = harness.ledger.claim(heir)
    harness.settle(again, one)
    harness.ledger.close(again)
    assert harness.ledger.is_settled(heir)


def test_a_failure_that_passes_is_tried_again_so_often_and_no_oftener(harness: Harness) -> None:
    problem = Problem("unreachable", "10.0.0.5:80")
    run = harness.start("run")
    assert not harness.ledger.put_off(run, problem)
    harness.retry(run, 1)
    assert not harness.ledger.put_off(run, Problem("auth_failed"))
    assert harness.state(run) == "running"
    assert harness.ledger.put_off(run, problem)
    assert harness.state(run) == "queued"
    with pytest.raises(LeaseLost):
        harness.ledger.beat(run)


def test_beat_goes_on_until_a_person_cancels(harness: Harness) -> None:
    run = planned(harness, change("a"))
    harness.ledger.beat(run)
    harness.cancel(run)
    with pytest.raises(Cancelled):
        harness.ledger.beat(run)


def test_a_line_can_be_revised_and_left_before_it_is_written(harness: Harness) -> None:
    one, two, three = change("a"), change("b"), change("c")
    run = planned(harness, one, two, three)
    now = replace(one, action="update", title="Tên mới")
    harness.ledger.revise(run, [now])
    left = Problem("deleted_by_steward", record="b", params={"title": "b"}, note=True)
    harness.ledger.leave(run, [(two, left)])
    assert harness.ledger.pending(run, 10) == [now, three]
    assert harness.notes(run) == ["deleted_by_steward"]
    harness.settle(run, now)
    harness.settle(run, three)
    known = harness.ledger.known(run.source.id)
    assert sorted(known) == ["a", "c"]
