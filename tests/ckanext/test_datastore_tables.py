"""Tables in the DataStore: typed, described, swapped whole, finished after a crash."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from harvesters.model import Column, Table
from tests.ckanext.harvest_rig import create, update, withdraw

COLUMNS = (
    Column("don_vi", "text", "Đơn vị", "Agency", role="dimension"),
    Column("hang", "integer", "Hạng", "Rank"),
    Column("diem", "number", "Điểm", "Score", unit="điểm", description="Thang 1.000"),
    Column("ngay", "date", "Ngày"),
    Column("luc", "timestamp", "Lúc"),
    Column("dat", "boolean", "Đạt"),
)
ROWS = (
    (
        "Văn phòng UBND tỉnh",
        1,
        Decimal("962.73"),
        date(2022, 12, 31),
        datetime(2023, 1, 5, 8, 30),
        True,
    ),
    ("Sở Tài chính\t\\N\n", 2, Decimal("-0.10"), None, None, False),
    ("", None, None, None, None, None),
)
TABLE = Table(COLUMNS, ROWS, "Xếp hạng")


def test_rows_come_back_typed_and_described(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    found = _search(resource.id, sort="_id")
    assert found["total"] == 3
    assert found["records"] == [
        {
            "_id": 1,
            "don_vi": "Văn phòng UBND tỉnh",
            "hang": 1,
            "diem": 962.73,
            "ngay": "2022-12-31",
            "luc": "2023-01-05T08:30:00.000",
            "dat": True,
        },
        {
            "_id": 2,
            "don_vi": "Sở Tài chính\t\\N\n",
            "hang": 2,
            "diem": -0.1,
            "ngay": None,
            "luc": None,
            "dat": False,
        },
        {"_id": 3, "don_vi": "", **dict.fromkeys(["hang", "diem", "ngay", "luc", "dat"])},
    ]
    fields = {f["id"]: f for f in found["fields"]}
    assert {k: f["type"] for k, f in fields.items() if k != "_id"} == {
        "don_vi": "text",
        "hang": "int8",
        "diem": "numeric",
        "ngay": "date",
        "luc": "timestamp",
        "dat": "bool",
    }
    assert fields["diem"]["info"] == {
        "label": "Điểm",
        "label_en": "Score",
        "notes": "Thang 1.000",
        "unit": "điểm",
        "role": "measure",
    }
    assert _show(resource.id)["datastore_active"] is True


def test_odd_signs_in_titles_and_cells_are_only_signs(harvest: Any) -> None:
    odd = "100% :a %(x)s \\: ' \" \\n {} $$ --"
    table = Table(
        (Column("ty_le", "text", odd, description=odd, unit="%"),), ((odd,), ("\\.",), ("\\N",))
    )
    resource = _given(harvest, table)
    found = _search(resource.id, sort="_id")
    assert [r["ty_le"] for r in found["records"]] == [odd, "\\.", "\\N"]
    info = {f["id"]: f for f in found["fields"]}["ty_le"]["info"]
    assert (info["label"], info["notes"], info["unit"]) == (odd, odd, "%")


def test_an_empty_table_is_a_table(harvest: Any) -> None:
    resource = _given(harvest, Table(COLUMNS, ()))
    assert _search(resource.id)["total"] == 0


def test_words_in_a_table_are_found(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    assert [r["hang"] for r in _search(resource.id, q="văn phòng")["records"]] == [1]


def test_a_table_is_downloaded_as_csv_at_the_resources_address(harvest: Any, site: Any) -> None:
    resource = _given(harvest, TABLE)
    url = _show(resource.id)["url"]
    answer = site.get(url.partition("//")[2].partition("/")[2].join(["/", ""]))
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert [row["diem"] for row in rows] == ["962.73", "-0.1", ""]


def test_a_table_has_a_view(harvest: Any) -> None:
    from ckan.plugins import toolkit

    resource = _given(harvest, TABLE)
    views = toolkit.get_action("resource_view_list")({"ignore_auth": True}, {"id": resource.id})
    assert [view["view_type"] for view in views] == ["datatables_view"]


def test_a_changed_table_takes_the_place_of_the_old(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    _alias(resource.id, f"bi_danh_{resource.id[:8]}")
    row = ("Văn phòng UBND tỉnh", 1, Decimal("970"), None, None, True)
    other = Table((*COLUMNS[:3], *COLUMNS[3:5], COLUMNS[5]), (row,))
    changed = _given(harvest, other, "update")
    assert changed.id == resource.id
    (record,) = _search(resource.id)["records"]
    assert (record["diem"], record["_id"]) == (970, 1)
    # What CKAN keeps beside a table is still there: aliases, the trigger, the reader's right.
    assert _search(f"bi_danh_{resource.id[:8]}")["records"][0]["diem"] == 970
    _api(
        "datastore_upsert",
        resource_id=resource.id,
        force=True,
        method="insert",
        records=[{"don_vi": "Sở Xây dựng", "hang": 7}],
    )
    (added,) = _search(resource.id, q="xây dựng")["records"]
    assert (added["_id"], added["hang"]) == (2, 7)
    assert _objects(resource.id) == ["indexes 2", "triggers 1"]


def test_an_unchanged_table_is_not_written(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    before = _oid(resource.id)
    _given(harvest, TABLE, "update", notes="Khác")
    assert _oid(resource.id) == before


def test_a_table_that_goes_takes_its_rows_along(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    harvest.apply([update("r", harvest.dataset("r", notes="không còn bảng"))])
    assert _oid(resource.id) is None


def test_a_withdrawn_dataset_keeps_its_table_for_its_return(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    harvest.apply([withdraw("r", harvest.dataset("r"))])
    assert _oid(resource.id) is not None


def test_a_table_the_database_refuses_fails_its_dataset_alone(harvest: Any) -> None:
    resource = _given(harvest, TABLE)
    twice = Table((COLUMNS[0], COLUMNS[0]), (("a", "b"),))
    bad = harvest.resource("r", "bảng", table=twice)
    (outcome,) = harvest.apply([update("r", harvest.dataset("r", [bad]))])
    assert outcome.problem.code == "refused_by_catalogue"
    assert _search(resource.id)["total"] == 3
    assert harvest.catalog.current([harvest.dataset("r").id])


def test_whole_numbers_beyond_64_bits_stay_exact(harvest: Any) -> None:
    table = Table((Column("n", "integer", "N"),), ((2**63,), (1,)))
    resource = _given(harvest, table)
    assert [r["n"] for r in _search(resource.id, sort="_id")["records"]] == [2**63, 1]


def test_a_swap_that_a_crash_left_open_is_finished(harvest: Any, monkeypatch: Any) -> None:
    from ckan import model
    from ckanext.thanhhoa import datastore
    from ckanext.thanhhoa.model import to_load

    class Killed(BaseException):
        pass

    def die(self: Any) -> None:
        raise Killed

    dataset = harvest.dataset("r", [harvest.resource("r", "bảng", table=TABLE)])
    run = harvest.plan([create("r", dataset)])
    monkeypatch.setattr(datastore.Load, "swap", die)
    with pytest.raises(Killed):
        harvest.catalog.apply(run, [create("r", dataset)])
    monkeypatch.undo()
    model.Session().invalidate()
    model.Session.remove()
    (resource,) = dataset.resources
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}
    assert _oid(resource.id) is None
    datastore.recover(harvest.ledger)
    assert _oid(resource.id) is None  # so young an intent may still be somebody's work

    model.Session.execute(to_load.update().values(since=datetime(2020, 1, 1)))
    model.Session.commit()
    assert datastore.recover(harvest.ledger) == 1
    assert _search(resource.id)["total"] == 3
    assert datastore.recover(harvest.ledger) == 0


def _given(harvest: Any, table: Table, action: str = "create", **fields: Any) -> Any:
    resource = harvest.resource("r", "bảng", table=table, format="CSV")
    dataset = harvest.dataset("r", [resource], **fields)
    (outcome,) = harvest.apply([{"create": create, "update": update}[action]("r", dataset)])
    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}
    return resource


def _api(action: str, **data: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return toolkit.get_action(action)({"user": user["name"], "ignore_auth": True}, data)


def _search(resource_id: str, **more: Any) -> Mapping[str, Any]:
    """What an API client gets: through JSON."""

    return json.loads(
        json.dumps(_api("datastore_search", resource_id=resource_id, **more), default=_lazy)
    )


def _lazy(value: Any) -> Any:
    return list(value) if hasattr(value, "__iter__") else float(value)


def _show(resource_id: str) -> dict[str, Any]:
    return _api("resource_show", id=resource_id)


def _alias(resource_id: str, name: str) -> None:
    _api("datastore_create", resource_id=resource_id, aliases=name, force=True)


def _sql(statement: str, **values: Any) -> Any:
    import sqlalchemy as sa
    from ckanext.datastore.backend import postgres

    with postgres.get_write_engine().connect() as connection:
        return connection.execute(sa.text(statement), values).scalar()


def _oid(resource_id: str) -> int | None:
    return _sql(
        "SELECT oid FROM pg_class WHERE relname = :name AND relkind = 'r'", name=resource_id
    )


def _objects(resource_id: str) -> list[str]:
    oid = _oid(resource_id)
    indexes = _sql("SELECT count(*) FROM pg_index WHERE indrelid = :oid", oid=oid)
    triggers = _sql("SELECT count(*) FROM pg_trigger WHERE tgrelid = :oid", oid=oid)
    return [f"indexes {indexes}", f"triggers {triggers}"]
