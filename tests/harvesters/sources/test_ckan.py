import json
import uuid
from collections import Counter

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from harvesters import mapping
from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources._ckan_package import mark, to_record
from harvesters.sources.ckan import SOURCE, Settings
from tests.ckan_source import serving
from tests.recorded import NOT_HERE, REAL, services

SOURCE_ID = str(uuid.uuid4())
real = pytest.mark.skipif(not (REAL / "ckan").is_dir(), reason=NOT_HERE)


@pytest.fixture
def portal():
    with serving(250) as running:
        yield running


def read(base, since=None, **read_settings):
    limits = Limits(retries=0, requests_per_second=1000, deadline=20)
    with Fetcher([base.removeprefix("http://").partition("/")[0]], limits) as fetch:
        return list(SOURCE.read(Settings(base, **read_settings), fetch, since or {}))


def kinds(items):
    return Counter(type(item).__name__ for item in items)


def marks(items):
    return {item.remote_id: item.mark for item in items if isinstance(item, Record)}


def test_all_pages_are_read_and_proven_complete(portal):
    items = read(portal.base)
    assert kinds(items) == {"Record": 250, "End": 1}
    assert items[-1] == End(True, 250)
    assert portal.requests == ["/api/3/action/package_search"] * 2
    assert [item.remote_id for item in items[:-1]] == sorted(portal.packages)


def test_a_record_becomes_a_dataset_of_the_portal(portal):
    record = read(portal.base)[0]
    package = portal.packages[record.remote_id]
    dataset, notes = mapping.map_record(SOURCE_ID, record, SOURCE.mapping, {})
    fields = dataset.fields
    assert notes == []
    assert fields["title"] == package["title"]
    assert fields["url"] == f"{portal.base}/dataset/{package['name']}"
    assert fields["identifier"] == package["id"]
    assert (fields["license_id"], fields["frequency"]) == ("cc-by", package["frequency"])
    assert fields["contact"] == [{"name": package["author"], "email": package["author_email"]}]
    assert fields["modified"] == package["metadata_modified"][:10]
    assert [r.fields["url"] for r in dataset.resources] == [r["url"] for r in package["resources"]]
    assert {r.fields["format"] for r in dataset.resources} == {"CSV", "XLSX", "JSON"}


def test_unchanged_packages_are_not_read_again(portal):
    held = marks(read(portal.base))
    portal.requests.clear()
    items = read(portal.base, held)
    assert kinds(items) == {"Unchanged": 250, "End": 1}
    assert len(portal.requests) == 2


def test_only_what_has_changed_is_read_whole(portal):
    held = marks(read(portal.base))
    portal.switch(touch=60)
    items = read(portal.base, held)
    assert kinds(items) == {"Record": 60, "Unchanged": 190, "End": 1}
    changed = [item for item in items if isinstance(item, Record)]
    assert all("đã chỉnh lý" in record.fields["title"] for record in changed)
    assert items[-1] == End(True, 250)


def test_what_is_gone_is_not_listed_and_what_is_new_is_read(portal):
    held = marks(read(portal.base))
    gone = sorted(held)[-25:]
    portal.switch(drop=0.1)
    items = read(portal.base, {**{k: v for k, v in held.items() if k not in sorted(held)[:3]}})
    assert kinds(items) == {"Record": 3, "Unchanged": 222, "End": 1}
    assert not {item.remote_id for item in items[:-1]} & set(gone)
    assert items[-1].complete


def test_fewer_than_counted_is_incomplete(portal):
    portal.switch(count=300)
    end = read(portal.base)[-1]
    assert (end.complete, end.expected, end.problem.code) == (False, 300, "incomplete_listing")
    assert dict(end.problem.params) == {"seen": "250", "expected": "300"}


def test_an_empty_portal_is_a_complete_listing_of_nothing(portal):
    portal.switch(drop=1.0)
    assert read(portal.base) == [End(True, 0)]


@pytest.mark.parametrize("tail", ["/", "/api/3/action", "/dataset/?q=x", "/dataset/abc", "/api"])
def test_any_address_of_the_portal_will_do(portal, tail):
    assert read(portal.base + tail)[-1] == End(True, 250)


def test_organizations_and_fq_narrow_the_listing(portal):
    items = read(portal.base, organizations=("so-y-te",))
    names = {item.fields["organization"]["name"] for item in items[:-1]}
    assert (names, items[-1]) == ({"so-y-te"}, End(True, 83))
    items = read(portal.base, fq="metadata_modified:[2025-12-01T00:00:00Z TO *]", page_size=7)
    assert 0 < len(items) - 1 < 30
    assert items[-1].complete


def test_probe_gives_title_and_count(portal, httpserver):
    with Fetcher([portal.base[7:], f"127.0.0.1:{httpserver.port}"], Limits(retries=0)) as fetch:
        found = SOURCE.probe(f"{portal.base}/dataset", fetch)
        assert (found.title, found.datasets) == ("Cổng dữ liệu thử nghiệm", 250)
        httpserver.expect_request("/html/api/3/action/package_search").respond_with_data("<html>")
        for path in ("/html", "/khong-co"):
            assert SOURCE.probe(httpserver.url_for(path), fetch) is None


class Scripted:
    """A CKAN whose pages are given: a list of bodies for `package_search` by `start`."""

    def __init__(self, server: HTTPServer, pages, light: bool = False, show=None):
        self.pages = pages
        self.light = light
        self.show = show or {}
        self.calls = []
        server.expect_request("/api/3/action/package_search").respond_with_handler(self.search)
        server.expect_request("/api/3/action/package_show").respond_with_handler(self.package)
        self.url = server.url_for("/").rstrip("/")

    def search(self, request):
        self.calls.append(dict(request.args))
        if "fl" in request.args and not self.light:
            return Response('{"success": false, "error": {"fl": ["không hỗ trợ"]}}', 409)
        if "id:(" in request.args.get("fq", ""):
            return answer(0, [])
        page = self.pages(int(request.args.get("start", 0)), len(self.calls))
        return page if isinstance(page, Response) else answer(*page)

    def package(self, request):
        found = self.show.get(request.args["id"])
        return answer_of(found) if found else Response('{"success": false}', 404)


def answer_of(result) -> Response:
    return Response(json.dumps({"success": True, "result": result}), mimetype="application/json")


def answer(count, results) -> Response:
    return answer_of({"count": count, "results": results})


def package(id_, **more):
    modified = {"metadata_modified": "2025-01-01T00:00:00"}
    return {"id": id_, "name": id_, "title": f"Bộ {id_}", "resources": [], **modified, **more}


def sliced(packages, rows):
    return lambda start, call: (len(packages), packages[start : start + rows])


def test_a_service_that_gives_fewer_rows_than_asked_is_read_to_the_end(httpserver):
    scripted = Scripted(httpserver, sliced([package(f"d{n}") for n in range(7)], 3))
    assert read(scripted.url)[-1] == End(True, 7)
    assert [call["start"] for call in scripted.calls] == ["0", "3", "6"]


def test_a_service_that_does_not_page_is_incomplete_and_ends(httpserver):
    same = [package("a"), package("b")]
    scripted = Scripted(httpserver, lambda start, call: (10, same))
    items = read(scripted.url)
    assert kinds(items) == {"Record": 2, "End": 1}
    assert not items[-1].complete
    assert len(scripted.calls) == 2


def test_the_same_id_twice_is_given_twice_for_the_run_to_refuse(httpserver):
    """And the listing is not complete: something else may have been pushed out by it."""
    packages = [package("a"), package("b"), package("a", title="Khác"), package("c")]
    items = read(Scripted(httpserver, sliced(packages, 2)).url)
    assert [item.remote_id for item in items[:-1]] == ["a", "b", "c", "a"]
    assert items[-1].problem.code == "incomplete_listing"


def test_a_listing_that_changes_while_it_is_read_is_walked_again(httpserver):
    """One is deleted between the pages: `d2` slips onto the first page and would be missed."""
    before = [package(f"d{n}") for n in range(4)]
    after = before[1:]

    def pages(start, call):
        packages = before if call == 1 else after
        return len(packages), packages[start : start + 2]

    items = read(Scripted(httpserver, pages).url)
    assert sorted(item.remote_id for item in items[:-1]) == ["d0", "d1", "d2", "d3"]
    assert items[-1] == End(True, 3)


def test_a_listing_that_never_settles_is_incomplete(httpserver):
    def pages(start, call):
        packages = [package(f"d{n}") for n in range(4 + call % 2)]
        return len(packages), packages[start : start + 2]

    items = read(Scripted(httpserver, pages).url)
    assert kinds(items)["Record"] == len({i.remote_id for i in items if isinstance(i, Record)})
    assert not items[-1].complete


def test_an_error_in_the_middle_is_raised_after_what_came(httpserver):
    def pages(start, call):
        return (4, [package("a"), package("b")]) if start == 0 else Response("hỏng", 500)

    scripted = Scripted(httpserver, pages)
    seen = []
    with Fetcher([scripted.url[7:]], Limits(retries=0)) as fetch:
        items = SOURCE.read(Settings(scripted.url), fetch, {})
        seen += [next(items).remote_id, next(items).remote_id]
        with pytest.raises(HarvestError, match="api_error"):
            next(items)
    assert seen == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"success": false, "error": {"message": "Hết phiên"}}', "api_error"),
        ('{"success": true, "result": null}', "unexpected_answer"),
        ('{"success": true, "result": []}', "unexpected_answer"),
        ('{"success": true, "result": {"count": "7", "results": []}}', "unexpected_answer"),
        ('{"success": true, "result": {"count": 7}}', "unexpected_answer"),
        ('{"datasets": []}', "unexpected_answer"),
        ("[]", "unexpected_answer"),
        ("null", "unexpected_answer"),
        ("<!DOCTYPE html><html><body>Đăng nhập</body></html>", "html_instead_of_data"),
        ('{"success": true, "result": {"count": 7, "resul', "truncated"),
        ("", "truncated"),
    ],
)
def test_an_answer_that_is_none_has_its_code(httpserver, body, code):
    httpserver.expect_request("/api/3/action/package_search").respond_with_data(body)
    with pytest.raises(HarvestError) as caught:
        read(httpserver.url_for("/"))
    assert caught.value.code == code


def test_a_bad_record_fails_alone(httpserver):
    packages = [package("a"), "khong-phai-doi-tuong", {"title": "x"}, package("b", resources="x")]
    items = read(Scripted(httpserver, sliced(packages, 10)).url)
    failures = [item.problem for item in items if isinstance(item, Failure)]
    assert [(p.code, p.record) for p in failures] == [
        ("unexpected_answer", None),
        ("unexpected_answer", None),
        ("unexpected_answer", "b"),
    ]
    assert [item.remote_id for item in items if isinstance(item, Record)] == ["a"]
    assert not items[-1].complete  # whoever has no id might be one that we hold


def test_what_is_not_published_is_not_taken(httpserver):
    packages = [
        package("a"),
        package("b", private=True),
        package("c", state="draft"),
        package("d", state="deleted"),
        package("e", type="harvest"),
        package("f", private="True"),
        package("g", state="Active", type="Dataset", private=False),
    ]
    items = read(Scripted(httpserver, sliced(packages, 10)).url)
    assert [item.remote_id for item in items[:-1]] == ["a", "g"]
    assert items[-1] == End(True, 7)


def test_without_a_light_listing_all_is_read(httpserver):
    scripted = Scripted(httpserver, sliced([package("a"), package("b")], 10))
    items = read(scripted.url, {"a": "2025-01-01T00:00:00.000", "b": "khác"})
    assert kinds(items) == {"Record": 2, "End": 1}
    assert "fl" not in scripted.calls[-1]


def rows_asked(scripted):
    return [int(call["rows"]) for call in scripted.calls]


def test_pages_of_small_packages_grow_and_a_refusal_makes_them_small_again(httpserver):
    packages = [package(f"{n:04}") for n in range(900)]

    def page(start, call):
        rows = rows_asked(scripted)[-1]
        if rows > 300:
            return Response('{"success": false, "error": {"rows": ["quá nhiều"]}}', 409)
        return len(packages), packages[start : start + rows]

    scripted = Scripted(httpserver, page)
    items = read(scripted.url)
    assert kinds(items) == {"Record": 900, "End": 1}
    assert items[-1].complete
    assert rows_asked(scripted) == [100, 1000, *[100] * 8]


def test_pages_of_small_packages_grow(httpserver):
    packages = [package(f"{n:04}") for n in range(900)]
    scripted = Scripted(httpserver, sliced(packages, 1000))
    scripted.pages = lambda start, call: (900, packages[start:][: rows_asked(scripted)[-1]])
    assert kinds(read(scripted.url)) == {"Record": 900, "End": 1}
    assert rows_asked(scripted) == [100, 1000]


def test_pages_of_large_packages_stay_small(httpserver):
    packages = [package(f"{n:04}", notes="x" * 30_000) for n in range(250)]
    scripted = Scripted(httpserver, sliced(packages, 100))
    assert kinds(read(scripted.url)) == {"Record": 250, "End": 1}
    assert rows_asked(scripted) == [100] * 3


def test_pages_that_were_set_small_stay_small(httpserver):
    scripted = Scripted(httpserver, sliced([package("a"), package("b")], 1))
    assert kinds(read(scripted.url, page_size=1)) == {"Record": 2, "End": 1}
    assert rows_asked(scripted) == [1, 1]


def test_without_a_light_listing_what_came_the_same_is_not_understood_again(httpserver):
    first, second = package("a"), package("b")
    scripted = Scripted(httpserver, sliced([first, {**second, "title": "Mới"}], 10))
    items = read(scripted.url, {"a": mark(first), "b": mark(second)})
    assert kinds(items) == {"Unchanged": 1, "Record": 1, "End": 1}
    assert items[0] == Unchanged("a")


def test_a_service_that_ignores_fl_has_given_the_packages_already(httpserver):
    packages = [package("a"), package("b")]
    scripted = Scripted(httpserver, sliced(packages, 10), light=True)
    items = read(scripted.url, {"a": mark(packages[0]), "b": "2025-01-01T00:00:00.000"})
    assert items[:2] == [Unchanged("a"), to_record(packages[1], scripted.url)]
    assert len(scripted.calls) == 2


def test_what_the_search_does_not_give_is_shown_or_fails_alone(httpserver):
    light = [{"id": id_, "metadata_modified": "2025-02-02T00:00:00Z"} for id_ in "abcd"]
    show = {"a": package("a"), "b": [package("b")], "c": package("khác")}
    scripted = Scripted(httpserver, sliced(light, 10), light=True, show=show)
    items = read(scripted.url, {"a": "cũ"})
    assert [type(item).__name__ for item in items] == [
        "Record",
        "Record",
        "Failure",
        "Failure",
        "End",
    ]
    codes = [(item.problem.record, item.problem.code) for item in items[2:4]]
    assert codes == [("c", "unexpected_answer"), ("d", "api_error")]
    assert items[-1].complete


@real
@pytest.mark.parametrize(
    ("name", "records", "complete"),
    [
        ("br_package_search_empty.json", 0, True),
        ("br_package_search_rows2.json", 2, False),
        ("br_package_search.json", 10, False),
        ("datasud_package_search_org.json", 7, True),
        ("demo_packages.json", 3, True),
    ],
)
def test_real_listings_are_read_and_counted(httpserver, name, records, complete):
    answer = services.ckan_listing(f"ckan/{name}")
    httpserver.expect_request("/api/3/action/package_search").respond_with_handler(answer)
    items = read(httpserver.url_for("/"))
    assert kinds(items)["Record"] == records
    assert items[-1].complete == complete


@real
def test_a_real_refusal_is_passed_on(httpserver):
    answer = services.ckan_refusal("ckan/br_group_not_found_404.json")
    httpserver.expect_request("/api/3/action/package_search").respond_with_handler(answer)
    with pytest.raises(HarvestError) as caught:
        read(httpserver.url_for("/"))
    assert caught.value.problem.params["detail"] == "HTTP 404 Not Found: Não encontrado"
