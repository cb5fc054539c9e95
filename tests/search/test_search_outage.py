"""Solr is down: pages say so and list from the database; nothing tells where Solr is."""

import json
import re
import unicodedata
import uuid
from typing import Any

import pysolr
import pytest

SECRET = "http://solr-bi-mat:8983/solr"


@pytest.fixture
def key() -> str:
    return "k" + uuid.uuid4().hex[:8].translate(str.maketrans("0123456789", "ghijlmnpqr"))


@pytest.fixture
def shelf(with_plugins: None, app: Any, key: str) -> dict[str, Any]:
    """Three open datasets of an agency (themes 08, 15, 15) and two that nobody may see."""
    from ckan.tests import factories, helpers

    with app.flask_app.test_request_context():
        agency = factories.Organization(name=f"so-{key}", title=f"Sở {key}")
        group = factories.Group(name=f"nhom-{key}", title=f"Nhóm {key}")["name"]
        context = {"user": helpers.call_action("get_site_user")["name"], "ignore_auth": True}
        for title, theme, more in (
            ("Thủy sản", "08", {"tags": [{"name": "mặn"}]}),
            (
                "Bệnh viện",
                "15",
                {"access_rights": "RESTRICTED", "groups": [{"name": group}], "license_id": "cc-by"},
            ),
            ("Trạm y tế <b>", "15", {}),
            ("Kín", "15", {"access_rights": "NON_PUBLIC", "private": True}),
            ("Nháp", "15", {"state": "draft"}),
        ):
            given = {"access_rights": "PUBLIC", "frequency": "ANNUAL", **more}
            helpers.call_action(
                "package_create", context=dict(context), title=f"{title} {key}", theme=[theme],
                owner_org=agency["id"], **given,
                resources=[{"name": "Tệp", "url": f"https://tep.example.vn/{key}.csv"}],
            )  # fmt: skip
    return agency


@pytest.fixture(params=["refused", "unavailable", "timeout"])
def dead_solr(shelf, monkeypatch, request) -> None:
    """Every request to Solr fails, as it does when it is gone, starting, or hanging."""
    said = {
        "refused": f"Failed to connect to server at {SECRET}: Connection refused",
        "unavailable": f"Solr responded with an error (HTTP 503): [Reason: {SECRET} is loading]",
        "timeout": f"Connection to server '{SECRET}' timed out: read timeout",
    }[request.param]

    def fail(*args: Any, **more: Any) -> None:
        raise pysolr.SolrError(said)

    for method in ("search", "_send_request"):
        monkeypatch.setattr(pysolr.Solr, method, fail)


def page(app: Any, path: str = "/dataset/", **args: Any) -> str:
    answer = app.get(path, query_string=args)
    assert answer.status_code == 200
    assert "solr" not in answer.body.lower()
    assert "tep.example.vn" not in answer.body
    return re.sub(r"\s+", " ", answer.body)


def titles(said: str) -> list[str]:
    found = re.findall(r'<h2 class="dataset-heading"> <a [^>]*>(.*?)</a>', said)
    return sorted(re.sub("<[^>]*>", "", title).split(" k")[0] for title in found)


@pytest.mark.parametrize("where", ["/dataset/", "agency"])
def test_the_page_says_so_and_lists_what_everybody_may_see(app, shelf, dead_solr, key, where):
    said = page(app, f"/organization/so-{key}" if where == "agency" else where, q=key)
    assert "Chức năng tìm kiếm đang tạm gián đoạn." in said
    assert titles(said) == ["Bệnh viện", "Thủy sản", "Trạm y tế &lt;b&gt;"]


def test_words_and_some_filters_still_work(app, shelf, dead_solr, key):
    assert titles(page(app, q=f"thuy san {key}")) == ["Thủy sản"]
    assert titles(page(app, q=f"Thuỷ sản {key}")) == ["Thủy sản"]
    assert titles(page(app, organization=f"so-{key}", theme="15")) == [
        "Bệnh viện",
        "Trạm y tế &lt;b&gt;",
    ]
    said = page(app, q=key, access_rights="RESTRICTED", year="2024")
    assert titles(said) == ["Bệnh viện"]
    assert "Tạm thời chưa lọc được theo: năm." in said


@pytest.mark.parametrize("args", [{}, {"q": "không có gì như thế"}, {"q": "%_\\ ' \""},
                                  {"page": "99999999"}, {"q": "title:x", "sort": "title_order asc"},
                                  {"theme": '"%'}, {"organization": "\0"}, {"theme": "a\0b"},
                                  {"q": "a\0b"}, {"frequency": "\0"}])  # fmt: skip
def test_nothing_asked_meanwhile_is_an_error(app, shelf, dead_solr, args):
    assert "Chức năng tìm kiếm đang tạm gián đoạn." in page(app, **args)


def test_a_composed_and_a_decomposed_query_find_the_same(app, shelf, dead_solr, key):
    decomposed = unicodedata.normalize("NFD", f"Thủy sản {key}")
    assert titles(page(app, q=decomposed)) == ["Thủy sản"]
    theirs = unicodedata.normalize("NFD", "mặn")
    assert titles(page(app, q=key, tags=theirs)) == ["Thủy sản"]


@pytest.mark.parametrize("where", ["/dataset/", "agency"])
def test_filters_that_are_no_facets_hold_too(app, shelf, dead_solr, key, where):
    path = f"/organization/so-{key}" if where == "agency" else where
    assert titles(page(app, path, q=key, tags="mặn")) == ["Thủy sản"]
    assert titles(page(app, path, q=key, tags=["mặn", "ngọt"])) == []
    assert titles(page(app, path, q=key, tags="không có")) == []
    assert titles(page(app, path, q=key, groups=f"nhom-{key}")) == ["Bệnh viện"]
    assert titles(page(app, path, q=key, groups=f"so-{key}")) == []
    assert titles(page(app, path, q=key, license_id="cc-by")) == ["Bệnh viện"]
    assert "Tạm thời chưa lọc" not in page(app, path, q=key, tags="mặn", license_id="cc-by")


def test_a_group_lists_its_own_datasets_only(app, shelf, dead_solr, key):
    said = page(app, f"/group/nhom-{key}")
    assert "Chức năng tìm kiếm đang tạm gián đoạn." in said
    assert titles(said) == ["Bệnh viện"]


def test_whatever_filter_does_not_hold_is_named(app, shelf, dead_solr, key):
    said = page(app, q=key, author="a", year="2024", ext_b="c", _year_limit="0")
    assert len(titles(said)) == 3
    assert "Tạm thời chưa lọc được theo: năm, author." in said


@pytest.mark.parametrize("path", ["/catalog.ttl", "/feeds/dataset.atom"])
def test_a_feed_says_that_it_is_out_of_order(app, shelf, dead_solr, path):
    answer = app.get(path, status=503)
    assert "Chức năng tìm kiếm đang tạm gián đoạn." in answer.body
    assert "solr" not in answer.body.lower()


def test_the_other_pages_go_on(app, shelf, dead_solr, key):
    from ckanext.thanhhoa import key_figures

    key_figures._kept.clear()
    for path in ("/", "/organization/", "/about", f"/dataset/benh-vien-{key}"):
        page(app, path)
    assert "theme=08" in page(app, "/")


def test_the_api_says_that_it_is_out_of_order(app, shelf, dead_solr):
    answer = app.get("/api/3/action/package_search", query_string={"q": "x"})
    assert answer.status_code == 503
    assert "tạm gián đoạn" in json.loads(answer.body)["error"]["message"]
    assert "solr" not in answer.body.lower()
    assert "bi-mat" not in answer.body
