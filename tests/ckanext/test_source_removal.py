"""A source is removed, and added again: what stays, and who may have it back."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckanext.people import SOURCE, People, held


def test_removing_keeps_what_was_known_and_adding_again_finds_it(
    people: People, source: dict[str, Any]
) -> None:
    from ckan.plugins import toolkit

    gone = people.call("admin", "thanhhoa_source_delete", id=source["id"])
    assert gone == {"run": None}
    with pytest.raises(toolkit.ObjectNotFound):
        people.call("sysadmin", "thanhhoa_source_show", id=source["name"])
    values = {"name": source["name"], "owner_org": people.org["id"], **SOURCE}
    again = people.call("admin", "thanhhoa_source_create", **values)
    assert again["id"] == source["id"]
    assert (again["allow"], again["has_secret"]) == ([], False)
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("admin", "thanhhoa_source_create", **values)
    assert caught.value.error_dict["code"] == ["source_exists"]


def test_a_removed_source_does_not_come_back_in_another_organisation(
    people: People, source: dict[str, Any]
) -> None:
    """Its runs and its datasets would be at the mercy of the other one's admins."""
    from ckan import model
    from ckan.plugins import toolkit

    people.call("admin", "thanhhoa_source_delete", id=source["id"])
    foreigner = model.User.get(people.names["foreigner"])
    [other] = foreigner.get_groups("organization", "admin")
    values = {"name": source["name"], "owner_org": other.id, **SOURCE}
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("foreigner", "thanhhoa_source_create", **values)
    assert caught.value.error_dict["code"] == ["source_exists"]


def test_a_plan_of_a_removed_source_cannot_be_approved(
    people: People, source: dict[str, Any]
) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import runs

    run = held(people, source)
    people.call("admin", "thanhhoa_source_delete", id=source["id"])
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("sysadmin", "thanhhoa_harvest_approve", run=run)
    assert caught.value.error_dict["code"] == ["not_waiting"]
    assert runs.find(run).state == "cancelled"


def test_a_source_that_runs_is_not_removed(people: People, source: dict[str, Any]) -> None:
    from ckan.plugins import toolkit

    people.call("editor", "thanhhoa_harvest_run", source=source["name"])
    with pytest.raises(toolkit.ValidationError) as caught:
        people.call("admin", "thanhhoa_source_delete", id=source["id"])
    assert caught.value.error_dict["code"] == ["already_running"]
