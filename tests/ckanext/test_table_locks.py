"""A table that somebody reads for long is swapped later; a staged one is seen by nobody."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from harvesters.errors import LeaseLost
from harvesters.model import Column, MappedResource, Table
from tests.ckanext.harvest_rig import Harvest, create, update

OLD = Table((Column("nam", "integer", "Năm"),), ((2023,),))
NEW = Table((Column("nam", "integer", "Năm"),), ((2023,), (2024,)))


def _rows(resource: MappedResource) -> list[int]:
    from ckan.plugins import toolkit

    found = toolkit.get_action("datastore_search")(
        {"ignore_auth": True}, {"resource_id": resource.id, "sort": "nam"}
    )
    return [record["nam"] for record in found["records"]]


def test_a_reader_who_holds_the_table_delays_the_swap_and_loses_nothing(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan import model
    from ckanext.datastore.backend import postgres
    from ckanext.thanhhoa import datastore
    from ckanext.thanhhoa.model import to_load

    first = harvest.resource("r", "bảng", table=OLD)
    harvest.apply([create("r", harvest.dataset("r", [first]))])
    monkeypatch.setattr(datastore, "_LOCK_TIMEOUT", "200ms")
    second = harvest.resource("r", "bảng", table=NEW)
    with postgres.get_read_engine().connect() as reader:
        reader.execute(sa.text(f'SELECT * FROM "{first.id}"'))  # held until it ends
        (outcome,) = harvest.apply([update("r", harvest.dataset("r", [second]))])
        assert outcome.problem is None
        assert _rows(first) == [2023]
        waiting = sa.select(to_load.c.resource_id).where(to_load.c.resource_id == first.id)
        assert model.Session.execute(waiting).scalar() == first.id
        reader.rollback()
    long_ago = sa.text("now() - interval '10 minutes'")
    model.Session.execute(sa.update(to_load).values(since=long_ago))
    model.Session.commit()
    assert datastore.recover(harvest.ledger) == 1
    assert _rows(first) == [2023, 2024]
    model.Session.commit()
    assert model.Session.execute(waiting).scalar() is None


def test_a_staged_table_is_seen_by_nobody(harvest: Harvest) -> None:
    from ckanext.datastore.backend import postgres
    from ckanext.thanhhoa import datastore

    resource = harvest.resource("r", "bảng", table=OLD)
    names = sa.text('SELECT name FROM "_table_metadata"')
    with datastore.Load() as load:
        load.stage(resource.id, "digest", OLD)
        assert load._connection is not None
        inside = set(load._connection.execute(names).scalars())
        assert not [name for name in inside if name.startswith("_stage_")]
        assert resource.id not in inside
    with postgres.get_read_engine().connect() as reader:
        left = reader.execute(
            sa.text("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_stage\\_%'")
        )
        assert left.scalar() == 0, "left without a swap it leaves nothing behind"


def _long_ago() -> None:
    from ckan import model
    from ckanext.thanhhoa.model import to_load

    model.Session.execute(sa.update(to_load).values(since=sa.text("now() - interval '1 hour'")))
    model.Session.commit()


def test_a_swap_left_open_does_not_come_after_a_table_that_went_back(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.datastore.backend import postgres
    from ckanext.thanhhoa import datastore

    old = harvest.resource("r", "bảng", table=OLD)
    harvest.apply([create("r", harvest.dataset("r", [old]))])
    monkeypatch.setattr(datastore, "_LOCK_TIMEOUT", "200ms")
    new = harvest.resource("r", "bảng", table=NEW)
    with postgres.get_read_engine().connect() as reader:
        reader.execute(sa.text(f'SELECT * FROM "{old.id}"'))
        harvest.apply([update("r", harvest.dataset("r", [new]))])
    harvest.apply([update("r", harvest.dataset("r", [old]))])
    _long_ago()
    datastore.recover(harvest.ledger)
    assert _rows(old) == [2023]


def test_a_drop_left_open_does_not_take_a_table_that_came_back(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import datastore

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    from ckan import model

    with_table = harvest.resource("r", "bảng", table=OLD)
    harvest.apply([create("r", harvest.dataset("r", [with_table]))])
    without = harvest.dataset("r", [dataclasses.replace(with_table, table=None)])
    run = harvest.plan([update("r", without)])
    with monkeypatch.context() as patch:
        patch.setattr(datastore, "drop", die)
        with pytest.raises(Killed):
            harvest.catalog.apply(run, [update("r", without)])
    model.Session().invalidate()
    model.Session.remove()
    harvest.ledger.finish(run, "applied")
    harvest.apply([update("r", harvest.dataset("r", [with_table]))])
    _long_ago()
    datastore.recover(harvest.ledger)
    assert _rows(with_table) == [2023]


def test_a_reader_of_a_table_that_goes_is_waited_for_a_while_only(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan import model
    from ckanext.datastore.backend import postgres
    from ckanext.thanhhoa import datastore
    from ckanext.thanhhoa.model import to_load

    old = harvest.resource("r", "bảng", table=OLD)
    harvest.apply([create("r", harvest.dataset("r", [old]))])
    monkeypatch.setattr(datastore, "_LOCK_TIMEOUT", "200ms")
    without = harvest.dataset("r", [dataclasses.replace(old, table=None)])
    reader = postgres.get_read_engine().connect()
    reader.execute(sa.text(f'SELECT * FROM "{old.id}"'))
    late: list[bool] = []

    def let_go() -> None:
        late.append(True)
        reader.rollback()
        reader.close()

    timer = threading.Timer(8, let_go)
    timer.start()
    (outcome,) = harvest.apply([update("r", without)])
    timer.cancel()
    assert outcome.problem is None
    assert not late, "the worker waited as long as the reader liked"
    let_go()
    waiting = sa.select(to_load.c.resource_id).where(to_load.c.resource_id == old.id)
    assert model.Session.execute(waiting).scalar() == old.id


def test_no_answer_to_a_copy_is_no_fault_of_the_table(harvest: Harvest) -> None:
    """A statement that PostgreSQL ended, as it does when it is shut down, within COPY itself."""
    from ckanext.thanhhoa import datastore

    load = datastore.Load()

    class Rows(tuple[Any, ...]):
        def __iter__(self) -> Any:
            load._open().execute(sa.text("SET LOCAL statement_timeout = '1ms'"))
            return super().__iter__()

    rows = Rows((("a" * 50,),) * 300_000)
    with load, pytest.raises(LeaseLost):
        load.stage("bang", "digest", Table((Column("ten", "text", "Tên"),), rows))
