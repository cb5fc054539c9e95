"""The catalogue on CKAN: what was written is what is there."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest

from tests.ckanext.harvest_rig import create, update, withdraw

CONTACT = {"name": "Phòng Chuyển đổi số", "email": "cds@thanhhoa.gov.vn", "phone": "0237 123 4567"}
FULL = {
    "title": "Xếp hạng chỉ số chuyển đổi số năm 2022",
    "title_en": "Digital transformation index 2022",
    "notes": "Điểm của các sở, ngành.\n\nNguồn: Sở TT&TT.",
    "theme": ["19", "13"],
    "tags": ["chuyển đổi số", "xếp hạng"],
    "access_rights": "PUBLIC",
    "frequency": "ANNUAL",
    "license_id": "CC-BY-4.0",
    "language": ["vi"],
    "temporal_coverage": [
        {"start_period": "2022", "end_period": "2022", "start": "2022-01-01", "end": "2022-12-31"}
    ],
    "contact": [CONTACT],
    "issued": "2023-01-15",
    "modified": "2023-02-01",
    "version": "1.0",
    "provenance": "Báo cáo của Sở",
    "identifier": "dti-2022",
    "url": "https://sotttt.thanhhoa.gov.vn/dti",
    "source_system": "Hệ thống báo cáo",
}


def test_every_field_comes_back_as_it_was_written(harvest: Any) -> None:
    link = harvest.resource(
        "r", "csv", url="https://example.org/dti.csv", format="CSV", period="2022", unit="điểm"
    )
    dataset = harvest.dataset("r", [link], **FULL)
    (outcome,) = harvest.apply([create("r", dataset)])
    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}


def test_an_update_changes_what_changed_and_keeps_the_rest(harvest: Any) -> None:
    first = harvest.resource("r", "a", url="https://example.org/a.csv", format="CSV")
    second = harvest.resource("r", "b", url="https://example.org/b.csv", format="CSV")
    dataset = harvest.dataset("r", [first, second], **FULL)
    harvest.apply([create("r", dataset)])
    name = _package(dataset.id).name
    fields = {**FULL, "title": "Tên mới", "notes": "Khác", "theme": ["13"]}
    del fields["title_en"], fields["version"]
    changed = harvest.dataset("r", [second, harvest.resource("r", "c", url="https://e.org/c")])
    changed = dataclasses.replace(changed, fields=fields)

    (outcome,) = harvest.apply([update("r", changed)])

    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: changed}
    assert _package(dataset.id).name == name


def test_what_is_not_the_harvests_to_set_survives_an_update(harvest: Any) -> None:
    from ckan.plugins import toolkit

    dataset = harvest.dataset("r", **FULL)
    harvest.apply([create("r", dataset)])
    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    added = {"name": "Ghi chú của sở", "url": "https://example.org/note", "own": "x"}
    toolkit.get_action("resource_create")(
        {"user": user["name"], "ignore_auth": True}, {"package_id": dataset.id, **added}
    )
    now = harvest.catalog.current([dataset.id])[dataset.id]
    merged = dataclasses.replace(now, fields={**now.fields, "notes": "Khác"})

    harvest.apply([update("r", merged)])

    (resource,) = _show(dataset.id)["resources"]
    assert {k: resource[k] for k in added} == added


@pytest.mark.parametrize(
    ("title", "name"),
    [("Thủy sản {}", "thuy-san-{}"), ("Chuyển đổi số {}", "chuyen-doi-so-{}")],
)
def test_a_name_is_made_of_the_title(harvest: Any, title: str, name: str) -> None:
    mark = uuid.uuid4().hex[:8]
    dataset = harvest.dataset("r", title=title.format(mark))
    harvest.apply([create("r", dataset)])
    assert _package(dataset.id).name == name.format(mark)


def test_a_name_that_is_taken_gets_a_suffix(harvest: Any) -> None:
    title = f"Dân số {uuid.uuid4().hex[:8]}"
    one, two = harvest.dataset("1", title=title), harvest.dataset("2", title=title)
    outcomes = harvest.apply([create("1", one), create("2", two)])
    assert [o.problem for o in outcomes] == [None, None]
    first, second = _package(one.id).name, _package(two.id).name
    assert second == f"{first}-{two.id.replace('-', '')[:6]}"


def test_a_withdrawn_dataset_keeps_its_name_and_comes_back(harvest: Any) -> None:
    from ckan import model

    dataset = harvest.dataset("r", **FULL)
    harvest.apply([create("r", dataset)])
    name = _package(dataset.id).name

    harvest.apply([withdraw("r", dataset)])

    assert harvest.catalog.current([dataset.id]) == {}
    assert (_package(dataset.id).state, _package(dataset.id).name) == ("deleted", name)
    assert harvest.ledger.recall(harvest.source_id, ["r"])["r"].active is False

    harvest.apply([create("r", dataset)])

    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}
    assert _package(dataset.id).name == name
    members = model.Session.query(model.Member).filter_by(table_id=dataset.id, state="active")
    assert [m.group_id for m in members] == [_package(dataset.id).owner_org]


def test_a_class_that_is_not_public_makes_a_private_dataset(harvest: Any) -> None:
    dataset = harvest.dataset("r", access_rights="NON_PUBLIC")
    harvest.apply([create("r", dataset)])
    assert _package(dataset.id).private is True

    opened = dataclasses.replace(dataset, fields={**dataset.fields, "access_rights": "PUBLIC"})
    harvest.apply([update("r", opened)])
    assert _package(dataset.id).private is False


def test_the_ledger_knows_what_was_written(harvest: Any) -> None:
    dataset = harvest.dataset("r", **FULL)
    harvest.apply([create("r", dataset)])
    known = harvest.ledger.recall(harvest.source_id, ["r"])["r"]
    assert (known.dataset_id, known.name) == (dataset.id, _package(dataset.id).name)
    assert known.base == dataset.to_json()


def test_changes_are_in_the_activity_stream_once(harvest: Any) -> None:
    from ckanext.activity.model import Activity

    dataset = harvest.dataset("r", **FULL)
    harvest.apply([create("r", dataset)])
    changed = dataclasses.replace(dataset, fields={**dataset.fields, "notes": "Khác"})
    harvest.apply([update("r", changed)])
    from ckan import model

    stream = model.Session.query(Activity).filter_by(object_id=dataset.id)
    kinds = [a.activity_type for a in stream.order_by(Activity.timestamp)]
    assert kinds == ["new package", "changed package"]


def _package(dataset_id: str) -> Any:
    from ckan import model

    model.Session.expire_all()
    return model.Package.get(dataset_id)


def _show(dataset_id: str) -> dict[str, Any]:
    from ckan.plugins import toolkit

    return toolkit.get_action("package_show")(
        {"ignore_auth": True, "use_cache": False}, {"id": dataset_id}
    )


@pytest.mark.parametrize("away", [False, True])
def test_what_a_source_drops_of_a_resource_is_gone(harvest: Any, away: bool) -> None:
    full = {
        "description": "Mô tả",
        "format": "CSV",
        "mimetype": "text/csv",
        "size": 1039869,
        "hash": "x",
        "period": "2024",
        "unit": "người",
    }
    dataset = harvest.dataset("r", [harvest.resource("r", "a", url="https://e.org/x", **full)])
    harvest.apply([create("r", dataset)])
    if away:
        harvest.apply([update("r", harvest.dataset("r"))])
    bare = harvest.dataset("r", [harvest.resource("r", "a", url="https://e.org/x")])
    harvest.apply([update("r", bare)])
    assert harvest.catalog.current([bare.id]) == {bare.id: bare}
