"""A table that somebody reads for long is swapped later; a staged one is seen by nobody."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

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
