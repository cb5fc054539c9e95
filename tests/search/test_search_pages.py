"""The search page: results that say where they were found, filters, messages."""

import html
import json
import re
import uuid
from typing import Any

import pytest

COLUMNS = {
    "fields": [
        {"name": "don_vi", "title": "Đơn vị", "type": "string"},
        {"name": "so_ca_mac", "title": "Số ca mắc sốt xuất huyết", "type": "number"},
    ]
}


@pytest.fixture
def key() -> str:
    """A word that no other dataset has."""
    return f"k{uuid.uuid4().hex[:8]}"


@pytest.fixture
def create(with_plugins: None, app: Any) -> Any:
    """`create(title, …)`: a dataset of an agency of its own, found by its title."""
    from ckan.tests import factories, helpers

    def make(title: str, **fields: Any) -> dict[str, Any]:
        with app.flask_app.test_request_context():
            if "owner_org" not in fields:
                agency = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}", title="Sở Y tế")
                fields["owner_org"] = agency["id"]
            given = {"theme": ["15"], "access_rights": "PUBLIC", "frequency": "ANNUAL", **fields}
            user = factories.Sysadmin()["name"]
            return helpers.call_action(
                "package_create",
                context={"user": user, "ignore_auth": True},
                title=title,
                name=f"d-{uuid.uuid4().hex[:12]}",
                **given,
            )

    return make


def page(app: Any, path: str = "/dataset/", status: int = 200, **args: Any) -> str:
    answer = app.get(path, query_string=args, status=status)
    return re.sub(r"\s+", " ", html.unescape(answer.body.replace("&lt;", "‹")))


def test_what_was_found_is_marked(app, create, key):
    create(f"Bệnh truyền nhiễm {key}", notes="Số *giường* bệnh theo năm", tag_string="vắc xin")
    said = page(app, q=f"{key} benh truyen nhiem vac xin")
    assert f"<mark>Bệnh truyền nhiễm {key}</mark>" in said
    assert "Tìm thấy trong từ khóa: <mark>vắc xin</mark>" in said
    assert "Tìm thấy trong cột" not in said


def test_a_result_says_in_which_column_it_was_found(app, create, key):
    create(
        f"Y tế dự phòng {key}",
        resources=[{"name": "Bảng", "url": "https://a.vn/a", "table_schema": json.dumps(COLUMNS)}],
    )
    said = page(app, q=f"sốt xuất huyết {key}")
    assert "Tìm thấy trong cột: Số ca mắc <mark>sốt xuất huyết</mark>" in said
    assert "Đơn vị</p>" not in said


def test_an_old_name_is_found_in_the_place(app, create, key):
    create(f"Trạm y tế {key}", spatial_coverage=[{"code": "14758", "valid_on": "2026-01-01"}])
    said = page(app, q=f"trạm y tế hàm rồng {key}")
    assert "Tìm thấy trong địa bàn: Phường <mark>Hàm Rồng</mark>" in said


@pytest.mark.parametrize("q", ["script", "alert", "b", "mark"])
def test_no_text_of_a_dataset_becomes_markup(app, create, key, q):
    hostile = f"<script>alert(1)</script> <b>b</b> <mark>mark</mark> {key}"
    create(
        hostile,
        notes=hostile,
        tag_string="script-alert b",
        resources=[{"name": hostile, "url": "https://a.vn/a"}],
    )
    body = app.get("/dataset/", query_string={"q": f"{q} {key}"}).body
    listed = body[body.index("dataset-list") : body.index("</footer>")]
    assert key in listed
    for tag in ("<script>alert", "<b>b", "<mark>mark</mark></mark>"):
        assert tag not in listed


def test_without_a_query_nothing_is_marked(app, create, key):
    made = create(f"Bệnh truyền nhiễm {key}")
    assert "<mark>" not in page(app, organization=made["organization"]["name"])
    assert "<mark>" not in page(app, q=f"title:{key}")


def test_the_answer_of_the_action_has_no_marks(app, create, key):
    create(f"Bệnh truyền nhiễm {key}")
    answer = app.get("/api/3/action/package_search", query_string={"q": key})
    result = json.loads(answer.body)["result"]
    assert result["results"][0]["title"] == f"Bệnh truyền nhiễm {key}"
    assert set(result) == {"count", "facets", "results", "sort", "search_facets"}
