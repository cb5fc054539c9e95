"""A bad source at the level of a run: the catalogue stays what it was, and the report says why."""

import json
import re
from dataclasses import replace

import pytest
from werkzeug import Response

from harvesters.fetch.fetcher import Fetcher
from harvesters.run import Ports, execute
from tests.bad_inputs.reading import FETCH, assert_said_well
from tests.ckan_source import Portal, serving
from tests.fakes import FakeCatalog, FakeLedger, make_source

DATASETS = 30


class Harvest:
    """A source with its ledger and catalogue, over several runs."""

    def __init__(self, url, allow, config=None):
        self.source = replace(
            make_source("ckan", url, {"fetch": FETCH, **(config or {})}), allow=tuple(allow)
        )
        self.ledger = FakeLedger()
        self.catalog = FakeCatalog(self.ledger)

    def run(self, url=None, allow=None):
        """State, whether complete, codes of what was said, why held."""
        source = replace(self.source, url=url or self.source.url)
        run = self.ledger.start(source)
        granted = source.allow if allow is None else allow
        with Fetcher(granted, source.config.fetch, source.config.auth, home=source.url) as fetch:
            state = execute(run, Ports(self.ledger, self.catalog, fetch))
        said = self.ledger.problems[run.id]
        for problem in said:
            assert problem.code != "internal", problem
            assert_said_well(problem)
        verdict = self.ledger.verdicts.get(run.id)
        self.counts = dict(verdict.counts) if verdict else {}
        held = verdict.held_because if verdict else ()
        return state, [problem.code for problem in said], held

    def holds(self):
        """The catalogue as it is."""
        return {
            id_: dataset.to_json()
            for id_, dataset in self.catalog.datasets.items()
            if id_ not in self.catalog.deleted
        }


@pytest.fixture
def portal():
    with serving(DATASETS) as running:
        yield running


@pytest.fixture
def harvest(portal):
    """Thirty datasets, harvested once."""
    harvest = Harvest(portal.base, [portal.base.removeprefix("http://")])
    assert harvest.run() == ("applied", [], ())
    assert len(harvest.holds()) == DATASETS
    return harvest


def serve(httpserver, body, **options) -> tuple[str, list[str]]:
    """A server that always gives this body. Its address and the grant for it."""
    answer = Response(body, **options)
    httpserver.expect_request(re.compile(".*")).respond_with_handler(lambda request: answer)
    return httpserver.url_for("").rstrip("/"), [f"127.0.0.1:{httpserver.port}"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("<!DOCTYPE html><html><body>Đăng nhập</body></html>", 200, "html_instead_of_data"),
        ('{"success": true, "result": {"count": 30, "results": [{"id": "a', 200, "truncated"),
        ('{"success": false, "error": "Hệ thống đang bảo trì"}', 200, "api_error"),
        ("", 200, "truncated"),
        ("null", 200, "unexpected_answer"),
        ("Bad Gateway", 502, "api_error"),
        ("", 403, "auth_failed"),
        (b'{"success": true, "result": "Thu\xfd"}', 200, "unknown_encoding"),
        ("{'success': True,}", 200, "not_json"),
    ],
)
def test_an_answer_that_is_no_listing_fails_the_run(harvest, httpserver, body, status, code):
    before = harvest.holds()
    url, allow = serve(httpserver, body, status=status)
    assert harvest.run(url, allow) == ("failed", [code], ())
    assert harvest.holds() == before


def test_an_unreachable_source_and_one_not_granted_fail_the_run(harvest):
    before = harvest.holds()
    assert harvest.run("http://127.0.0.1:1", ["127.0.0.1:1"]) == ("failed", ["unreachable"], ())
    assert harvest.run(allow=[]) == ("failed", ["host_not_granted"], ())
    assert harvest.holds() == before


def test_an_empty_listing_is_held(harvest, portal):
    before = harvest.holds()
    portal.switch(drop=1.0)
    state, _, held = harvest.run()
    assert (state, "empty_listing" in held) == ("held", True)
    assert harvest.holds() == before


def test_half_of_it_gone_is_held(harvest, portal):
    before = harvest.holds()
    portal.switch(drop=0.5)
    state, _, held = harvest.run()
    assert (state, held) == ("held", ("deletion_quota",))
    assert harvest.counts["withdrawn"] == DATASETS // 2
    assert harvest.holds() == before


def test_ids_that_have_all_changed_are_held(harvest, portal, httpserver):
    before = harvest.holds()
    packages = [{**p, "id": f"moi-{p['id']}"} for p in portal.packages.values()]
    body = answer(packages)
    httpserver.expect_request(re.compile(".*")).respond_with_handler(
        lambda request: (
            no_light_listing()
            if "fl" in request.args
            else (answer([], DATASETS) if int(request.args.get("start", 0)) else body)
        )
    )
    url = httpserver.url_for("").rstrip("/")
    state, _, held = harvest.run(url, [f"127.0.0.1:{httpserver.port}"])
    assert state == "held", held
    assert "deletion_quota" in held
    assert harvest.holds() == before


def test_a_few_gone_are_withdrawn(harvest, portal):
    portal.switch(drop=0.1)
    assert harvest.run() == ("applied", [], ())
    assert len(harvest.holds()) == DATASETS - 3


def test_an_incomplete_listing_withdraws_nothing_and_updates_the_rest(harvest, portal):
    portal.switch(drop=0.5, touch=DATASETS, count=DATASETS)
    assert harvest.run() == ("applied", ["incomplete_listing"], ())
    assert len(harvest.holds()) == DATASETS
    assert harvest.counts["withdrawn"] == 0
    assert harvest.counts["updated"] == DATASETS // 2


def test_an_error_on_the_second_page_withdraws_nothing(harvest, portal, httpserver):
    pages = iter([page_of(portal, 0, 10), Response("hỏng", 500)])
    httpserver.expect_request(re.compile(".*")).respond_with_handler(
        lambda request: no_light_listing() if "fl" in request.args else next(pages)
    )
    url = httpserver.url_for("").rstrip("/")
    state, codes, held = harvest.run(url, [f"127.0.0.1:{httpserver.port}"])
    assert (state, codes, held) == ("applied", ["api_error"], ())
    assert len(harvest.holds()) == DATASETS


def test_a_page_repeated_for_ever_ends_and_withdraws_nothing(harvest, portal, httpserver):
    page = page_of(portal, 0, 10)
    httpserver.expect_request(re.compile(".*")).respond_with_handler(lambda request: page)
    url = httpserver.url_for("").rstrip("/")
    state, codes, _ = harvest.run(url, [f"127.0.0.1:{httpserver.port}"])
    assert (state, codes) == ("applied", ["incomplete_listing"])
    assert len(harvest.holds()) == DATASETS


def test_a_duplicate_id_fails_alone_and_the_catalogue_keeps_its_dataset(
    harvest, portal, httpserver
):
    portal.switch(touch=DATASETS)
    packages = list(portal.packages.values())
    twice = {**packages[3], "title": "Tên khác cùng mã"}
    body = answer([*packages, twice])
    httpserver.expect_request(re.compile(".*")).respond_with_handler(
        lambda request: no_light_listing() if "fl" in request.args else body
    )
    before = harvest.holds()
    state, codes, _ = harvest.run(
        httpserver.url_for("").rstrip("/"), [f"127.0.0.1:{httpserver.port}"]
    )
    after = harvest.holds()
    assert (state, sorted(codes)) == ("applied", ["duplicate_id", "incomplete_listing"])
    same = [id_ for id_ in before if before[id_]["fields"] == after[id_]["fields"]]
    assert [before[id_]["fields"]["identifier"] for id_ in same] == [twice["id"]]
    assert len(after) == DATASETS


def test_a_code_that_does_not_exist_fails_alone(portal):
    config = {"mapping": {"frequency": {"from": "frequency"}}}
    harvest = Harvest(portal.base, [portal.base.removeprefix("http://")], config)
    harvest.run()
    before = harvest.holds()
    packages = [dict(package) for package in portal.packages.values()]
    packages[5].update(frequency="khi nào rảnh", metadata_modified="2026-02-02T00:00:00")
    portal.text[packages[5]["id"]] = json.dumps(packages[5])
    portal.packages[packages[5]["id"]] = packages[5]
    state, codes, _ = harvest.run()
    assert (state, codes) == ("applied", ["unknown_code"])
    assert harvest.counts["failed"] == 1
    assert harvest.holds() == before


def test_a_second_harvest_writes_nothing(harvest):
    writes = harvest.catalog.writes
    assert harvest.run() == ("applied", [], ())
    assert (harvest.catalog.writes, harvest.counts["unchanged"]) == (writes, DATASETS)


def answer(packages, count=None) -> Response:
    total = len(packages) if count is None else count
    result = {"success": True, "result": {"count": total, "results": packages}}
    return Response(json.dumps(result), mimetype="application/json")


def page_of(portal: Portal, start: int, rows: int) -> Response:
    return answer(list(portal.packages.values())[start : start + rows], DATASETS)


def no_light_listing() -> Response:
    return Response('{"success": false, "error": {"fl": ["không hỗ trợ"]}}', 409)
