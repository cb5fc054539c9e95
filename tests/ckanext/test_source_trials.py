"""A source is checked and its mapping tried, without a run and without a write."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckanext.people import SOURCE, People


def test_the_check_says_in_words_that_nothing_is_granted(people: People) -> None:
    values = {"name": "chua-cap", "owner_org": people.org["id"], **SOURCE, "config": {}}
    people.call("admin", "thanhhoa_source_create", **values)
    found = people.call("editor", "thanhhoa_source_check", id="chua-cap")
    assert not found["ok"]
    assert [error["code"] for error in found["errors"]] == ["host_not_granted"]
    assert "chưa được phép" in found["errors"][0]["message"]


def test_the_check_shows_what_would_come_and_writes_nothing(people: People) -> None:
    from ckan import model

    from tests.ckan_source import serving

    with serving(7) as there:
        people.call(
            "sysadmin",
            "thanhhoa_source_create",
            name="cong-khac",
            owner_org=people.org["id"],
            type="ckan",
            url=there.base,
            allow=[there.base.removeprefix("http://")],
        )
        datasets = model.Session.query(model.Package).count()
        found = people.call("editor", "thanhhoa_source_check", id="cong-khac")
    assert (found["ok"], found["datasets"], len(found["records"])) == (True, 7, 3)
    assert found["records"][0]["title"]
    assert "7" in found["message"]
    assert model.Session.query(model.Package).count() == datasets


ROWS = [{"ma": f"r{n}", "ten": f"Bộ {n}", "ngay": "30/06/2025", "loai": "mở"} for n in range(9)]
TRIED = {
    "read": {"id": "ma"},
    "mapping": {"title": "ten", "modified": {"from": "ngay", "date": "dd/MM/yyyy"}},
}


def json_source(people: People, httpserver: Any, config: dict[str, Any]) -> str:
    """A source of nine records; says nothing of more than it is asked for."""
    httpserver.expect_request("/bo").respond_with_json(ROWS)
    name = f"json-{uuid.uuid4().hex[:8]}"
    people.call(
        "sysadmin",
        "thanhhoa_source_create",
        name=name,
        owner_org=people.org["id"],
        type="rest",
        url=httpserver.url_for("/bo"),
        allow=[f"127.0.0.1:{httpserver.port}"],
        config=config,
    )
    return name


def test_a_mapping_is_tried_on_five_records_and_nothing_is_written(
    people: People, httpserver: Any
) -> None:
    from ckan import model

    name = json_source(people, httpserver, TRIED)
    datasets = model.Session.query(model.Package).count()
    found = people.call("editor", "thanhhoa_mapping_test", id=name)
    assert (found["ok"], len(found["records"]), found["errors"]) == (True, 5, [])
    first = {line["field"]: line for line in found["records"][0]["fields"]}
    assert first["title"]["source"] == {"ten": "Bộ 0"}
    assert first["modified"]["source"] == {"ngay": "30/06/2025"}
    assert first["modified"]["result"] == "2025-06-30"
    assert model.Session.query(model.Package).count() == datasets
    status = people.call("editor", "thanhhoa_harvest_status", source=name, limit=10)
    assert status["runs"] == []


def test_a_mapping_that_is_not_saved_is_tried_and_stays_unsaved(
    people: People, httpserver: Any
) -> None:
    from ckan.plugins import toolkit

    name = json_source(people, httpserver, TRIED)
    asked = {
        "mapping": {"title": "ten", "modified": {"from": "ngay", "date": "yyyy"}},
        "auth": {"type": "api_key", "secret": "env:PORTAL_SECRET_KHAC"},
    }
    found = people.call("admin", "thanhhoa_mapping_test", id=name, config=asked, rows=2)
    assert len(found["records"]) == 2
    lines = {line["field"]: line for line in found["records"][0]["fields"]}
    assert lines["modified"]["problems"][0]["code"] == "bad_value"
    assert "Authorization" not in httpserver.log[-1][0].headers
    assert people.call("admin", "thanhhoa_source_show", id=name)["config"] == TRIED
    wrong = {"mapping": {"titel": "ten"}}
    found = people.call("admin", "thanhhoa_mapping_test", id=name, config=wrong)
    assert [error["code"] for error in found["errors"]] == ["unknown_setting"]
    with pytest.raises(toolkit.ValidationError):
        people.call("admin", "thanhhoa_mapping_test", id=name, rows="hai")


def test_a_source_that_cannot_be_read_says_so_in_the_trial(people: People) -> None:
    values = {"name": "thu-chua-cap", "owner_org": people.org["id"], **SOURCE, "config": {}}
    people.call("admin", "thanhhoa_source_create", **values)
    found = people.call("editor", "thanhhoa_mapping_test", id="thu-chua-cap")
    assert (found["ok"], found["records"]) == (False, [])
    assert found["errors"][0]["code"] == "host_not_granted"
