"""Actions on sources and runs: who may what, what is refused in which words, and no secret out."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckanext.people import ADMINS, EDITORS, EVERYBODY, ROLES, SECRET, SOURCE, People, held


def test_who_may_what(people: People, source: dict[str, Any]) -> None:
    run = held(people, source)
    here, this = {"id": source["id"]}, {"source": source["name"]}
    expected: list[tuple[str, dict[str, Any], set[str]]] = [
        ("thanhhoa_source_create", {"owner_org": people.org["id"]}, ADMINS),
        ("thanhhoa_source_show", here, EDITORS),
        ("thanhhoa_source_list", {}, {*ROLES, "sysadmin"}),
        ("thanhhoa_source_update", here, ADMINS),
        ("thanhhoa_source_delete", here, ADMINS),
        ("thanhhoa_source_check", here, EDITORS),
        ("thanhhoa_mapping_test", here, EDITORS),
        ("thanhhoa_mapping_test", {**here, "config": {"read": {}}}, ADMINS),
        ("thanhhoa_source_grant", {}, {"sysadmin"}),
        ("thanhhoa_harvest_run", this, EDITORS),
        ("thanhhoa_harvest_plan", this, EDITORS),
        ("thanhhoa_harvest_status", this, EDITORS),
        ("thanhhoa_harvest_status", {"run": run}, EDITORS),
        ("thanhhoa_harvest_approve", {"run": run}, EDITORS),
        ("thanhhoa_harvest_reject", {"run": run}, EDITORS),
        ("thanhhoa_harvest_cancel", {"run": run}, EDITORS),
        ("thanhhoa_harvest_undo", {"run": run}, EDITORS),
    ]
    for action, data, allowed in expected:
        may = {who for who in EVERYBODY if people.may(who, action, **data)}
        assert may == allowed, action


def test_every_action_asks_who_is_calling(people: People, source: dict[str, Any]) -> None:
    """An action without its auth function would let everybody in."""
    from ckan.plugins import toolkit
    from ckanext.thanhhoa.logic.action import get_actions

    data = {"id": source["id"], "run": held(people, source), "owner_org": people.org["id"]}
    for action in get_actions():
        with pytest.raises(toolkit.NotAuthorized):
            people.call("nobody", action, **data)


def test_the_list_holds_only_what_one_may_see(people: People, source: dict[str, Any]) -> None:
    seen = {
        who: [row["name"] for row in people.call(who, "thanhhoa_source_list")]
        for who in (*ROLES, "sysadmin")
    }
    for who in EDITORS:
        assert source["name"] in seen[who]
    for who in ("stranger", "foreigner", "member"):
        assert seen[who] == []


def test_an_admin_creates_a_source_but_grants_nothing(people: People) -> None:
    from ckan.plugins import toolkit

    values = {"name": "nguon-cua-so", "owner_org": people.org["id"], **SOURCE}
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("admin", "thanhhoa_source_create", allow=["127.0.0.1:5432"], **values)
    assert caught.value.error_dict["code"] == ["grant_refused"]
    made = people.call("admin", "thanhhoa_source_create", **values)
    assert made["allow"] == []
    with pytest.raises(toolkit.ValidationError):
        people.call("admin", "thanhhoa_source_update", id=made["id"], allow=["127.0.0.1:5432"])
    granted = people.call(
        "sysadmin", "thanhhoa_source_update", id=made["id"], allow=["10.0.0.5:8080"]
    )
    assert granted["allow"] == ["10.0.0.5:8080"]
    kept = people.call("admin", "thanhhoa_source_update", id=made["id"], schedule="daily")
    assert (kept["allow"], kept["schedule"]) == (["10.0.0.5:8080"], "daily")
    assert kept["next_run_at"] is not None


def test_an_admin_reads_within_the_portals_bounds_only(people: People) -> None:
    """What a sysadmin allowed this one source stays allowed; no pace at all is beyond any."""
    from ckan.plugins import toolkit

    def refused(who: str, **fetch: float) -> str:
        with pytest.raises(toolkit.ValidationError) as caught:
            people.call(who, "thanhhoa_source_update", id=made["id"], config={"fetch": fetch})
        assert caught.value.error_dict["code"] == ["limit_refused"]
        return str(caught.value.error_dict["message"][0])

    values = {"name": "nguon-lon", "owner_org": people.org["id"], **SOURCE}
    made = people.call("admin", "thanhhoa_source_create", **values)
    assert refused("admin", max_cells=20_000_001) == (
        "Giá trị của fetch.max_cells vượt quá mức tối đa của Cổng (20.000.000)."
    )
    refused("admin", requests_per_second=0)
    people.call(
        "sysadmin", "thanhhoa_source_update", id=made["id"], config={"fetch": {"deadline": 9000}}
    )
    people.call(
        "admin",
        "thanhhoa_source_update",
        id=made["id"],
        config={"fetch": {"deadline": 9000, "max_cells": 20_000_000}},
    )
    refused("admin", deadline=9001)


def test_an_admin_cannot_use_a_secret_of_the_server(people: People) -> None:
    from ckan.plugins import toolkit

    config = {"auth": {"type": "api_key", "secret": "env:PORTAL_SECRET_KHO"}}
    values = {"name": "nguon-cua-so", "owner_org": people.org["id"], **SOURCE, "config": config}
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("admin", "thanhhoa_source_create", **values)
    assert caught.value.error_dict["code"] == ["secret_reference_refused"]
    made = people.call("sysadmin", "thanhhoa_source_create", **values)
    with pytest.raises(toolkit.ValidationError):
        people.call("admin", "thanhhoa_source_update", id=made["id"], url="http://10.0.0.9:80/")
    people.call("admin", "thanhhoa_source_update", id=made["id"], schedule="weekly")


def test_a_stored_secret_does_not_follow_the_source_to_another_host(
    people: People, source: dict[str, Any]
) -> None:
    def update(who: str, **values: Any) -> bool:
        changed = people.call(who, "thanhhoa_source_update", id=source["id"], **values)
        return bool(changed["has_secret"])

    assert update("admin", url="http://10.0.0.5:8080/khac")
    assert not update("admin", url="http://10.0.0.6:8080")
    assert update("admin", secret=SECRET)
    assert update("sysadmin", url="http://10.0.0.7:8080")
    assert not update("admin", secret="")


def test_no_secret_comes_out_anywhere(
    people: People, source: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import sources, vault

    caplog.set_level("DEBUG")
    run = held(people, source)
    answers = [
        source,
        people.call("sysadmin", "thanhhoa_source_show", id=source["name"]),
        people.call("sysadmin", "thanhhoa_source_list"),
        people.call("sysadmin", "thanhhoa_source_update", id=source["id"], secret=SECRET),
        people.call("sysadmin", "thanhhoa_source_check", id=source["id"]),
        people.call("sysadmin", "thanhhoa_harvest_status", run=run),
        people.call("sysadmin", "thanhhoa_harvest_status", source=source["id"]),
    ]
    assert SECRET not in json.dumps(answers, ensure_ascii=False)
    assert SECRET not in caplog.text
    rows = model.Session.execute(sa.text("SELECT s::text FROM thanhhoa.source s")).scalars().all()
    assert SECRET not in "".join(rows)
    row = sources.find(source["id"])
    assert vault.resolve(row.config["auth"]["secret"], row.secret) == SECRET


def test_a_run_is_queued_once(people: People, source: dict[str, Any]) -> None:
    from ckan.plugins import toolkit

    report = people.call("editor", "thanhhoa_harvest_run", source=source["name"])
    assert (report["state"], report["source"]) == ("queued", source["name"])
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("editor", "thanhhoa_harvest_plan", source=source["name"])
    assert caught.value.error_dict["code"] == ["already_running"]
    assert report["run"] in caught.value.error_dict["message"][0]
    stopped = people.call("editor", "thanhhoa_harvest_cancel", run=report["run"])
    assert stopped["state"] == "cancelled"
    people.call("editor", "thanhhoa_harvest_run", source=source["name"])


def test_a_held_run_is_approved_as_planned(people: People, source: dict[str, Any]) -> None:
    from ckan.plugins import toolkit

    run = held(people, source)
    shown = people.call("editor", "thanhhoa_harvest_status", run=run)
    assert (shown["state"], shown["held_because"]) == ("held", ["deletion_quota"])
    assert (shown["withdrawn"], shown["changes_total"], len(shown["changes"])) == (3, 3, 3)
    part = people.call(
        "editor", "thanhhoa_harvest_status", run=run, changes_limit=1, changes_offset=2
    )
    assert [change["record"] for change in part["changes"]] == ["r2"]
    approved = people.call("editor", "thanhhoa_harvest_approve", run=run)
    assert (approved["state"], approved["phase"]) == ("queued", "reading")
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("editor", "thanhhoa_harvest_reject", run=run)
    assert caught.value.error_dict["code"] == ["not_waiting"]


def test_a_held_run_cannot_be_approved_while_another_is_under_way(
    people: People, source: dict[str, Any]
) -> None:
    from ckan.plugins import toolkit

    run = held(people, source)
    people.call("editor", "thanhhoa_harvest_run", source=source["name"])
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("editor", "thanhhoa_harvest_approve", run=run)
    assert caught.value.error_dict["code"] == ["already_running"]


def test_a_held_run_is_overtaken_by_a_later_one(people: People, source: dict[str, Any]) -> None:
    """Approving what was planned before would take back what came since."""
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.ledger import Ledger

    from harvesters.ports import Verdict

    old = held(people, source)
    new = people.call("editor", "thanhhoa_harvest_run", source=source["name"])
    run = runs.acquire(new["run"], "test")
    assert run is not None
    Ledger().judge(run, Verdict(True, {"unchanged": 3}))
    Ledger().finish(run, "applied")
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("editor", "thanhhoa_harvest_approve", run=old)
    assert caught.value.error_dict["code"] == ["not_waiting"]
    shown = people.call("editor", "thanhhoa_harvest_status", run=old)
    assert [error["code"] for error in shown["errors"]] == ["plan_overtaken"]


def test_a_rejected_run_stays_rejected(people: People, source: dict[str, Any]) -> None:
    run = held(people, source, "plan")
    assert people.call("editor", "thanhhoa_harvest_reject", run=run)["state"] == "rejected"
    runs_of = people.call("editor", "thanhhoa_harvest_status", source=source["name"])["runs"]
    assert [(report["run"], report["state"]) for report in runs_of] == [(run, "rejected")]


def test_refusals_speak_the_callers_language(people: People, source: dict[str, Any]) -> None:
    from ckan.plugins import toolkit

    run = people.call("editor", "thanhhoa_harvest_run", source=source["name"])["run"]
    said = {}
    for lang in ("vi", "en"):
        with pytest.raises(toolkit.ValidationError) as caught:
            people.call("editor", "thanhhoa_harvest_approve", run=run, lang=lang)
        said[lang] = caught.value.error_dict["message"][0]
    assert said["vi"].startswith("Lần chạy")
    assert said["en"].startswith("Run ")


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("thanhhoa_source_show", {"id": "khong-co"}),
        ("thanhhoa_harvest_run", {"source": "khong-co"}),
        ("thanhhoa_harvest_status", {"run": str(uuid.uuid4())}),
        ("thanhhoa_harvest_approve", {"run": "%"}),
        ("thanhhoa_harvest_approve", {}),
    ],
)
def test_what_is_not_there_is_not_found(people: People, action: str, data: dict[str, Any]) -> None:
    from ckan.plugins import toolkit

    with pytest.raises(toolkit.ObjectNotFound):
        people.call("sysadmin", action, **data)
