"""Search through the running portal: the action, the API and the pages, with all plugins."""

import json
import unicodedata
import uuid
from typing import Any

import pytest


@pytest.fixture
def dataset(with_plugins: None, app: Any) -> dict[str, Any]:
    """A dataset whose words no other test has, in an agency of its own."""
    from ckan.tests import factories, helpers

    with app.flask_app.test_request_context():
        return create(factories, helpers)


def create(factories, helpers):
    key = uuid.uuid4().hex[:8]
    agency = factories.Organization(name=f"so-{key}", title=f"Sở {key}")
    return helpers.call_action(
        "package_create",
        context={"user": factories.Sysadmin()["name"], "ignore_auth": True},
        name=f"thuy-san-{key}",
        title=f"Thủy sản {key}",
        notes="Sản lượng nuôi trồng CĐS",
        owner_org=agency["id"],
        theme=["08"],
        access_rights="PUBLIC",
        frequency="ANNUAL",
        spatial_coverage=[{"code": "14758", "valid_on": "2026-01-01"}],
        temporal_coverage=[{"start_period": "2023", "end_period": "2024"}],
        contact=[{"name": "Phòng Kế hoạch", "email": "kh@example.org"}],
    )


def found(app, q, **params):
    answer = app.get("/api/3/action/package_search", query_string={"q": q, **params})
    assert answer.status_code == 200, answer.body
    return json.loads(answer.body)["result"]


@pytest.mark.parametrize("spelling", ["thuy san", "Thuỷ sản", "THỦY SẢN", "thủy san"])
def test_the_api_finds_every_spelling(app, dataset, spelling):
    key = dataset["name"].rpartition("-")[2]
    for text in (spelling, unicodedata.normalize("NFD", spelling)):
        assert found(app, f"{text} {key}")["results"][0]["id"] == dataset["id"]


def test_facets_are_filled_from_the_fields(app, dataset):
    fields = ["theme", "organization", "frequency", "year", "place", "license_id", "access_rights"]
    result = found(
        app,
        "*:*",
        fq=f"name:{dataset['name']}",
        **{"facet.field": json.dumps(fields)},
    )
    values = {name: list(result["facets"][name]) for name in fields if name != "license_id"}
    assert values == {
        "theme": ["08"],
        "organization": [dataset["organization"]["name"]],
        "frequency": ["ANNUAL"],
        "year": ["2023", "2024"],
        "place": ["14758"],
        "access_rights": ["PUBLIC"],
    }


@pytest.mark.parametrize(
    "q",
    ["{!lucene}x", "title:(", "từ " * 4000, "name:[a TO", "x \x00 {!func}1 y"],
    ids=["local parameters", "bracket", "10,000 characters", "range", "control character"],
)
def test_a_query_nobody_can_answer_is_no_error_of_the_server(app, dataset, q):
    api = app.post("/api/3/action/package_search", json={"q": q})
    assert api.status_code in (200, 400)
    assert "solr" not in api.body.lower()
    page = app.get("/dataset/", query_string={"q": q})
    assert page.status_code in (200, 400)


@pytest.mark.parametrize(
    "params",
    [
        {"start": 10**12},
        {"start": 1_000_000},
        {"rows": 10**9},
        {"facet.field": ["khong_co"]},
        {"fq": "khong_co:["},
        {"fq": "{!frange l=0}1"},
        {"sort": "khong_co desc"},
    ],
    ids=str,
)
def test_no_parameter_is_an_error_of_the_server(app, dataset, params):
    answer = app.post("/api/3/action/package_search", json={"q": "thủy sản", **params})
    assert answer.status_code in (200, 400, 409), answer.body
    assert "solr" not in answer.body.lower()


def test_the_answer_has_the_shape_of_ckans(app, dataset):
    result = found(app, dataset["title"])
    assert set(result) == {"count", "facets", "results", "sort", "search_facets"}
    assert result["results"][0]["title"] == dataset["title"]
