"""Which type a URL is of: what is known is recognised as what it is, and strangers are not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harvesters.fetch.fetcher import Fetcher
from harvesters.probing import Probed, probe_all
from harvesters.settings import Limits
from tests.ckan_source import serving
from tests.contracts import specimen

QUICK = Limits(deadline=20, timeout=5, retries=0, requests_per_second=1000)
CSV = "Xã;Số hộ\nHà Trung;120\nNga Sơn;95\n"
#: Specimens whose recording also answers what a probe asks.
KNOWN = (
    "csw/dublin_core",
    "csw/web_folder",
    "datajson/series_v3",
    "dcat/jsonld_blank_nodes",
    "dcat/paged_turtle",
    "pxweb/api",
    "pxweb/px_lying_codepage",
    "rest/odd_records",
    "sdmx/service_21",
    "sdmx/service_30",
    "soap/reports_by_wsdl",
    "wfs/geoserver",
)
STRANGERS = (
    "dcat/login_page",
    "files/login_page",
    "pxweb/login_page",
    "rest/login_page",
    "sdmx/login_page",
    "soap/login_page",
)


def _probed(url: str, allow: list[str]) -> Probed:
    with Fetcher(allow, QUICK) as fetch:
        return probe_all(url, fetch)


def _specimen(name: str) -> Probed:
    (case,) = [case for case in specimen.cases() if case.name == name]
    with specimen.opened(case) as read:
        words = read.words  # type: ignore[attr-defined]
        allow = [words["base"].removeprefix("http://")]
        return _probed(case.config["url"].format(**words), allow)


@pytest.mark.parametrize("name", KNOWN)
def test_a_specimen_is_recognised_as_what_it_is(name: str) -> None:
    assert _specimen(name).matches[0].type == name.partition("/")[0]


@pytest.mark.parametrize("name", STRANGERS)
def test_a_login_page_is_nothing(name: str) -> None:
    assert _specimen(name).matches == ()


def test_a_portal_is_recognised_with_its_number_of_datasets() -> None:
    with serving(7) as there:
        found = _probed(there.base, [there.base.removeprefix("http://")])
    assert [(match.type, match.probe.datasets) for match in found.matches] == [("ckan", 7)]


def test_a_folder_and_a_workbook_are_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CSV, encoding="utf-8")
    found = _probed(str(tmp_path), [str(tmp_path)])
    assert [(match.type, match.probe.datasets) for match in found.matches] == [("files", 2)]
    found = _probed(str(tmp_path / "a.csv"), [str(tmp_path)])
    assert [match.type for match in found.matches] == ["files"]


def test_a_file_is_fetched_once_only(httpserver) -> None:
    httpserver.expect_request("/a.csv").respond_with_data(CSV)
    found = _probed(httpserver.url_for("/a.csv"), [f"127.0.0.1:{httpserver.port}"])
    assert [match.type for match in found.matches] == ["files"]
    assert [request.method for request, _ in httpserver.log] == ["HEAD", "GET"]


def test_why_nothing_was_recognised_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    for allow, code in ((["127.0.0.1:1"], "host_not_granted"), ([f"127.0.0.1:{port}"], None)):
        found = _probed(url, allow)
        assert found.matches == ()
        assert found.problem is not None
        assert found.problem.code == (code or "unreachable")
    found = _probed("upload://", [])
    assert found.problem is not None
    assert found.problem.code == "no_upload"
