"""PxWebApi 2 where its server misbehaves, on a scripted fetcher; and the recorded answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import Response
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources.pxweb import SOURCE, Settings
from harvesters.tables.pxweb_query import queries
from harvesters.tables.pxweb_v2 import read_config, read_metadata, read_page, selection, split_url
from tests import recorded

BASE = "https://px.test/api/v2"
REAL = recorded.REAL / "px"
real = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
CONFIG = {"apiVersion": "2.0", "maxDataCells": 100, "defaultLanguage": "sv", "languages": []}
META = {
    "class": "dataset",
    "label": "Dân số theo năm",
    "id": ["nam"],
    "size": [2],
    "role": {"time": ["nam"]},
    "dimension": {"nam": {"label": "Năm", "category": {"index": ["2023", "2024"]}}},
    "value": [],
}


class Server:
    """A `Fetch` that answers by path (pages by their number); what is missing is a 404."""

    limits = Limits()

    def __init__(self, pages: Mapping[str, Any], posted: Any = None):
        self.pages = pages
        self.posted = posted if posted is not None else {**META, "value": [3739, 3764]}
        self.asked: list[str] = []
        self.bodies: list[Any] = []

    def get(self, url: str, params: object = None, headers: object = None) -> Response:
        self.asked.append(url)
        parts = urlsplit(url)
        number = parse_qs(parts.query).get("pageNumber", [""])[0]
        return self._answer(url, self.pages.get(f"{parts.path}{number and '#'}{number}"))

    def post(self, url: str, json: Any, headers: object = None) -> Response:
        self.bodies.append(json)
        return self._answer(url, self.posted)

    def _answer(self, url: str, page: Any) -> Response:
        if page is None:
            raise HarvestError("api_error", where=url, detail="HTTP 404 Not Found")
        if isinstance(page, HarvestError):
            raise page
        return Response(url, page if isinstance(page, bytes) else json.dumps(page).encode())

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not for PxWebApi 2")


def _page(number: int, pages: int, total: int, *names: str) -> dict[str, Any]:
    tables = [{"id": n, "label": n, "updated": "2025-01-01T00:00:00Z"} for n in names]
    return {
        "tables": tables,
        "page": {"pageNumber": number, "totalPages": pages, "totalElements": total},
    }


def _pages(*pages: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"/api/v2/config": CONFIG}
    for number, page in enumerate(pages, 1):
        found[f"/api/v2/tables#{number}"] = page
        for table in page["tables"]:
            found[f"/api/v2/tables/{table['id']}/metadata"] = META
    return found


def _read(
    server: Server, since: Mapping[str, str] | None = None, url: str = BASE, **settings: Any
) -> list[Item]:
    return list(SOURCE.read(Settings(url, **settings), server, since or {}))


def test_a_listing_is_complete_only_when_its_count_is_reached() -> None:
    full = _read(Server(_pages(_page(1, 2, 3, "a", "b"), _page(2, 2, 3, "c"))))
    assert [type(item) for item in full] == [Record, Record, Record, End]
    assert full[-1] == End(True, 3)
    # A table twice, as when one is added while pages are turned: one is missing.
    *items, end = _read(Server(_pages(_page(1, 2, 3, "a", "b"), _page(2, 2, 3, "b"))))
    assert len(items) == 2
    assert isinstance(end, End)
    assert (end.complete, end.expected) == (False, 3)
    assert end.problem is not None
    assert end.problem.code == "incomplete_listing"


def test_a_server_that_repeats_its_page_is_asked_twice_only() -> None:
    page = _page(1, 1000, 5000, "a")
    server = Server(_pages(*[page] * 5))
    *items, end = _read(server)
    assert len(items) == 1
    assert isinstance(end, End)
    assert not end.complete
    assert sum("/tables?" in url for url in server.asked) == 2


def test_a_page_that_cannot_be_read_ends_the_reading() -> None:
    pages = _pages(_page(1, 2, 2, "a"))
    pages["/api/v2/tables#2"] = {"title": "busy", "status": 200}
    with pytest.raises(HarvestError) as caught:
        _read(Server(pages))
    assert caught.value.code == "unexpected_answer"


def test_marks_selections_and_tables_of_the_settings() -> None:
    pages = _pages(_page(1, 1, 2, "a", "b"))
    first = _read(Server(pages))[0]
    assert isinstance(first, Record)
    assert first.fields["title"] == "Dân số theo năm"
    server = Server(pages)
    again = _read(server, {"a": first.mark, "b": first.mark})
    assert again == [Unchanged("a"), Unchanged("b"), End(True, 2)]
    assert not server.bodies
    cut = {**META, "size": [1], "value": [3764]}
    cut["dimension"] = {"nam": {"label": "Năm", "category": {"index": ["2024"]}}}
    server = Server(pages, cut)
    *items, end = _read(server, tables=("a", "khong-co"), select={"Năm": "top:1"})
    assert server.bodies == [{"selection": [{"variableCode": "nam", "valueCodes": ["2024"]}]}]
    assert isinstance(items[0], Record)
    assert items[0].resources[-1].table is not None
    assert items[0].resources[-1].table.rows == ((2024, 3764),)
    assert isinstance(items[1], Failure)
    assert items[1].problem.code == "unknown_code"
    assert end == End(True, 1)


def test_one_table_of_the_address_and_a_table_that_fails_alone() -> None:
    pages = _pages(_page(1, 1, 2, "a", "b"))
    assert [type(i) for i in _read(Server(pages), url=f"{BASE}/tables/a")] == [Record, End]
    pages["/api/v2/tables/a/metadata"] = b'{"class": "data'
    first, second, end = _read(Server(pages))
    assert isinstance(first, Failure)
    assert first.problem.code == "truncated"
    assert isinstance(second, Record)
    assert end == End(True, 2)


def test_a_table_larger_than_a_table_may_be_is_not_asked_for() -> None:
    codes = {str(at): at for at in range(3000)}
    large = {**META, "id": ["nam", "huyen"], "size": [3000, 3000]}
    large["dimension"] = {
        name: {"label": name, "category": {"index": codes}} for name in ("nam", "huyen")
    }
    pages = _pages(_page(1, 1, 1, "a"))
    pages["/api/v2/tables/a/metadata"] = large
    server = Server(pages)
    failure = _read(server)[0]
    assert isinstance(failure, Failure)
    assert failure.problem.code == "too_large"
    assert not server.bodies


def test_probe_tells_version_2_from_version_1() -> None:
    pages = _pages(_page(1, 9, 9, "a"))
    found = SOURCE.probe(BASE, Server(pages))
    assert found is not None
    assert (found.title, found.datasets) == ("px.test", 9)
    one = SOURCE.probe(f"{BASE}/tables/a", Server(pages))
    assert one is not None
    assert one.datasets == 1
    first = Server({"/api/v1/vi": [{"id": "a", "type": "t", "text": "A"}]})
    found = SOURCE.probe("https://px.test/api/v1/vi", first)
    assert found is not None
    assert found.datasets == 1
    assert first.asked == ["https://px.test/api/v1/vi"]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://x/api/v2", ("https://x/api/v2", "")),
        ("https://x/api/v2/tables?lang=sv", ("https://x/api/v2", "")),
        ("https://x/api/v2/tables/TAB1/data?lang=sv", ("https://x/api/v2", "TAB1")),
        ("https://x/v2-beta/tables/T/", ("https://x/v2-beta", "T")),
        ("https://x/api/v1/vi", None),
        ("https://x/v20/tables", None),
    ],
)
def test_addresses(url: str, parts: tuple[str, str] | None) -> None:
    assert split_url(url) == parts


# The recorded answers


def _json(name: str) -> Any:
    return Response(name, (REAL / name).read_bytes()).json(exact=True)


@real
def test_the_configuration_and_the_lists_that_were_recorded() -> None:
    config = read_config(_json("scb_v2_config.json"))
    assert config is not None
    assert (config.languages, config.default) == (("en", "sv"), "sv")
    assert (config.limits.cells, config.limits.calls, config.limits.window) == (150_000, 3, 1.0)
    assert (config.language("vi"), config.language("en")) == ("sv", "en")
    page = read_page(_json("scb_v2_tables.json"), "x")
    assert (page.number, page.pages, page.total, len(page.tables)) == (1, 213, 4246, 20)
    first = page.tables[0]
    assert (first.id, first.updated) == ("TAB4707", "2026-05-29T06:00:00Z")
    assert first.subjects == ("Arbetsmarknad", "Anställningar")
    page = read_page(_json("pxwebapi2_tables.json"), "x")
    assert (page.pages, page.total, page.tables[0].id) == (1, 5, "TAB004")
    assert len(page.tables) == 5


@real
def test_the_metadata_that_was_recorded_and_its_queries() -> None:
    info = read_metadata(_json("scb_v2_TAB6471_metadata.json"), "x")
    assert [(v.code, len(v.values), v.time) for v in info.variables] == [
        ("Region", 312, False),
        ("Alder", 134, False),
        ("Kon", 3, False),
        ("ContentsCode", 1, False),
        ("Tid", 16, True),
    ]
    assert info.variables[0].texts[:2] == ("Riket", "Stockholms län")
    bodies = [selection(body) for body in queries(info, "json-stat2", 150_000)]
    sizes = []
    for body in bodies:
        size = 1
        for part in body["selection"]:
            size *= len(part["valueCodes"])
        sizes.append(size)
    assert max(sizes) <= 150_000
    assert sum(sizes) == 312 * 134 * 3 * 16
    other = read_metadata(_json("pxwebapi2_TAB001_metadata.json"), "x")
    assert [len(v.values) for v in other.variables] == [30, 3, 22, 1, 3]


@real
def test_the_data_that_was_recorded_read_as_a_source() -> None:
    """The recorded data are a selection of the table: its own dimensions are its metadata here."""
    data = _json("scb_v2_TAB6471_data.json")
    pages = _pages(_page(1, 1, 1, "TAB6471"))
    pages["/api/v2/config"] = {**CONFIG, "maxDataCells": 150_000}
    raw = json.loads((REAL / "scb_v2_TAB6471_data.json").read_bytes())
    pages["/api/v2/tables/TAB6471/metadata"] = {**raw, "value": []}
    server = Server(pages, (REAL / "scb_v2_TAB6471_data.json").read_bytes())
    record, end = _read(server)
    assert isinstance(record, Record)
    assert record.fields["title"] == "Folkmängden per månad efter region, ålder, kön och månad"
    assert record.fields["modified"] == "2026-06-08"
    assert record.fields["contact"][0]["email"] == "information@scb.se"
    table = record.resources[-1].table
    assert table is not None
    assert len(table.rows) == sum(value is not None for value in data["value"]) == 2772
    measured = [c for c in table.columns if c.role == "measure"]
    at = [c.name for c in table.columns].index(measured[0].name)
    assert [row[at] for row in table.rows] == data["value"]
    assert end == End(True, 1)
