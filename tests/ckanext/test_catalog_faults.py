"""A dataset and its ledger rows are one transaction: both are there, or neither."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import event

from harvesters.errors import LeaseLost
from tests.ckanext.harvest_rig import create, update, withdraw


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def die_at() -> Any:
    """`die_at("before_commit", n)`: the n-th commit of CKAN's session is the process's end."""
    from ckan import model

    planted = []

    def plant(moment: str, number: int) -> None:
        left = [number]

        def die(session: Any) -> None:
            if not session.in_nested_transaction():
                left[0] -= 1
                if left[0] == 0:
                    raise Killed

        event.listen(model.Session, moment, die)
        planted.append((moment, die))

    yield plant
    for moment, die in planted:
        event.remove(model.Session, moment, die)


def _gone_and_back() -> None:
    """The dead process's connection ends; the database rolls back what was not committed."""
    from ckan import model

    model.Session().invalidate()
    model.Session.remove()


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
@pytest.mark.parametrize("action", ["create", "update", "withdraw"])
def test_a_crash_at_a_commit_leaves_both_or_neither(
    harvest: Any, die_at: Any, action: str, moment: str, number: int
) -> None:
    old = harvest.dataset("r", [harvest.resource("r", "a", url="https://e.org/a")])
    new = dataclasses.replace(old, fields={**old.fields, "notes": "Khác"})
    if action != "create":
        harvest.apply([create("r", old)])
    change = {"create": create, "update": update, "withdraw": withdraw}[action]("r", new)
    before = harvest.catalog.current([old.id])
    run = harvest.plan([change])
    die_at(moment, number)
    try:
        harvest.catalog.apply(run, [change])
    except Killed:
        _gone_and_back()
    wanted = {} if action == "withdraw" else {new.id: new}
    now = harvest.catalog.current([old.id])
    settled = not harvest.ledger.pending(run, 10)
    assert (now == wanted) if settled else (now == before)

    # Taken up again, the run ends where it would have ended.
    left = harvest.ledger.pending(run, 10)
    assert [o.problem for o in harvest.catalog.apply(run, left)] == [None] * len(left)
    assert harvest.catalog.current([old.id]) == wanted
    assert harvest.ledger.recall(harvest.source_id, ["r"])["r"].active is (action != "withdraw")


def test_a_poisonous_dataset_fails_alone(harvest: Any) -> None:
    good, bad, last = (
        harvest.dataset("1"),
        harvest.dataset("2", contact=[{"email": "không phải thư"}]),
        harvest.dataset("3"),
    )
    changes = [create("1", good), create("2", bad), create("3", last)]
    run = harvest.plan(changes)
    outcomes = harvest.catalog.apply(run, changes)
    assert [o.remote_id for o in outcomes] == ["1", "2", "3"]
    assert [o.problem and o.problem.code for o in outcomes] == [
        None,
        "refused_by_catalogue",
        None,
    ]
    assert outcomes[1].problem.record == "2"
    params = outcomes[1].problem.params
    assert params["detail"].startswith("“Đầu mối liên hệ” (contact[0].email): ")
    assert params["detail_en"].startswith("“Contact point” (contact[0].email): ")
    assert set(harvest.catalog.current([good.id, bad.id, last.id])) == {good.id, last.id}
    assert set(harvest.ledger.known(harvest.source_id)) == {"1", "3"}
    assert harvest.ledger.pending(run, 10) == []


def test_a_refused_update_leaves_the_dataset_as_it_was(harvest: Any) -> None:
    dataset = harvest.dataset("r", notes="Trước")
    harvest.apply([create("r", dataset)])
    bad = dataclasses.replace(
        dataset, fields={**dataset.fields, "notes": "Sau", "url": "javascript:alert(1)"}
    )
    (outcome,) = harvest.apply([update("r", bad)])
    assert outcome.problem is not None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}
    assert harvest.ledger.recall(harvest.source_id, ["r"])["r"].base == dataset.to_json()


def test_who_lost_the_lease_writes_nothing(harvest: Any) -> None:
    dataset = harvest.dataset("r")
    change = create("r", dataset)
    run = harvest.plan([change])
    stale = dataclasses.replace(run, token=run.token - 1)
    with pytest.raises(LeaseLost):
        harvest.catalog.apply(stale, [change])
    assert harvest.catalog.current([dataset.id]) == {}
    assert harvest.ledger.pending(run, 10) == [change]
