"""Numbers in the questions of callers: what is none is refused in words, at every door."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.plugins import toolkit
from ckanext.thanhhoa import registration
from ckanext.thanhhoa.whole_numbers import whole_number

from harvesters.errors import HarvestError


@pytest.mark.parametrize(
    ("given", "number"), [(None, None), ("", None), (0, 0), ("-3", -3), (2.9, 2), ("7", 7)]
)
def test_a_whole_number_or_none(given: Any, number: int | None) -> None:
    assert whole_number({"limit": given}, "limit") == number
    assert whole_number({}, "limit") is None


@pytest.mark.parametrize("given", ["x", "1.5", [], {}, float("inf"), float("nan"), "9" * 9999])
def test_anything_else_is_refused(site: Any, given: Any) -> None:
    with pytest.raises(toolkit.ValidationError) as refused:
        whole_number({"limit": given}, "limit")
    assert list(refused.value.error_dict) == ["limit"]
    with pytest.raises(HarvestError):
        registration.whole_number("rows", given)


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("thanhhoa_search_suggest", '"q": "ab"'),
        ("organization_list", '"all_fields": true'),
        ("group_list", '"all_fields": true'),
        ("resource_search", '"query": "name:a"'),
    ],
)
def test_what_json_calls_infinite_is_no_error_of_the_server(
    site: Any, action: str, asked: str
) -> None:
    answer = site.post(
        f"/api/3/action/{action}",
        data=f'{{{asked}, "limit": 1e999}}',
        headers={"Content-Type": "application/json"},
        status=409,
    )
    assert answer.json["error"]["limit"]
