"""The SDMX source where a service or a folder is difficult; and the recorded messages of a kind."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import Response
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources.sdmx import SOURCE, Settings
from harvesters.tables.sdmx import Component, Definition, Flow, Ref
from harvesters.tables.sdmx_query import (
    Wanted,
    availability_url,
    base_of,
    data_url,
    selection_of,
    split,
)
from tests import recorded
from tests.recorded import services

REAL = recorded.REAL / "sdmx"
real = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
BASE = "https://sdmx.test/rest"
NAMES = "<Name xml:lang='vi'>{}</Name>"
FLOWS = f"{BASE}/dataflow/all/all/latest"
DSD = f"{BASE}/datastructure/TH/D/1.0?references=children"


def _flow(name: str, version: str = "1.0", more: str = "") -> str:
    return (
        f"<Dataflow id='{name}' agencyID='TH' version='{version}'>{more}{NAMES.format(name)}"
        "<Structure><Ref agencyID='TH' id='D' version='1.0'/></Structure></Dataflow>"
    )


def _structures(body: str) -> str:
    return f"<Structure><Header/><Structures>{body}</Structures></Structure>"


def _dimension(name: str) -> str:
    listed = f"<Enumeration><Ref agencyID='TH' id='CL_{name}' version='1.0'/></Enumeration>"
    concept = f"<ConceptIdentity><Ref id='{name}'/></ConceptIdentity>"
    return (
        f"<Dimension id='{name}'>{concept}<LocalRepresentation>{listed}</LocalRepresentation>"
        "</Dimension>"
    )


def _codelist(name: str, codes: str) -> str:
    listed = "".join(f"<Code id='{c}'>{NAMES.format('Nơi ' + c)}</Code>" for c in codes)
    return f"<Codelist id='CL_{name}' agencyID='TH' version='1.0'>{listed}</Codelist>"


DEFINITION = _structures(
    _codelist("A", "ab")
    + _codelist("B", "xyz")
    + "<DataStructure id='D' agencyID='TH' version='1.0'><DataStructureComponents><DimensionList>"
    + _dimension("A")
    + _dimension("B")
    + "<TimeDimension id='TIME_PERIOD'/></DimensionList></DataStructureComponents></DataStructure>"
)


def _data(*series: str, prepared: str = "2025-01-01T00:00:00") -> str:
    rows = "".join(
        f"<Series A='{one[0]}' B='{one[1]}'>"
        f"<Obs TIME_PERIOD='2024' OBS_VALUE='{one[2:]}'/></Series>"
        for one in series
    )
    return (
        f"<StructureSpecificData><Header><Prepared>{prepared}</Prepared></Header>"
        f"<DataSet>{rows}</DataSet></StructureSpecificData>"
    )


class Server:
    """A `Fetch` that answers from a table; what is missing there is a 404."""

    limits = Limits()

    def __init__(self, pages: Mapping[str, Any]):
        self.pages = pages
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def get(self, url: str, params: object = None, headers: Any = None) -> Response:
        self.asked.append(url)
        self.headers.append(dict(headers or {}))
        page = self.pages.get(url)
        if page is None:
            raise HarvestError("api_error", where=url, detail="HTTP 404 Not Found")
        if isinstance(page, HarvestError):
            raise page
        if isinstance(page, Response):
            held = self.headers[-1].get("If-None-Match")
            if held and held == page.headers.get("etag"):
                return Response(url, b"", 304, page.headers)
            return page
        return Response(url, page.encode() if isinstance(page, str) else page)

    def read(self, location: str) -> Response:
        return self.get(location)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not for SDMX services")


def _read(server: Server, since: Mapping[str, str] | None = None, **settings: Any) -> list[Item]:
    return list(SOURCE.read(Settings(BASE, **settings), server, since or {}))


def _rows(item: Item) -> list[tuple[Any, ...]]:
    assert isinstance(item, Record)
    table = item.resources[-1].table
    assert table is not None
    at = [[c.name for c in table.columns].index(name) for name in ("a", "b", "obs_value")]
    return [tuple(row[place] for place in at) for row in table.rows]


def _too_large(url: str) -> HarvestError:
    return HarvestError("api_error", where=url, detail="HTTP 413 Content Too Large")


def test_structures_are_asked_for_once_and_availability_not_again_where_it_is_unknown() -> None:
    pages = {FLOWS: _structures(_flow("f") + _flow("g")), DSD: DEFINITION}
    pages |= {f"{BASE}/data/TH,{name},1.0/all": _data("ax1") for name in "fg"}
    server = Server(pages)
    first, second, end = _read(server)
    assert _rows(first) == _rows(second) == [("a", "x", 1)]
    assert end == End(True, 2)
    assert server.asked.count(DSD) == 1
    assert sum("availableconstraint" in url for url in server.asked) == 1


def test_a_flow_is_halved_until_every_part_comes_through() -> None:
    data = f"{BASE}/data/TH,f,1.0"
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f")), DSD: DEFINITION}
    pages |= {f"{data}/{key}": _too_large(data) for key in ("all", ".x+y")}
    pages |= {
        f"{data}/a.x+y": HarvestError("too_large", where=data, limit="1"),
        f"{data}/a.x": _data("ax1"),
        f"{data}/b.x+y": _data("by2", "bx3"),
        f"{data}/.z": _data("bz4"),
    }  # a.y is a 404: nothing there
    server = Server(pages)
    record, end = _read(server)
    assert _rows(record) == [("a", "x", 1), ("b", "y", 2), ("b", "x", 3), ("b", "z", 4)]
    assert end == End(True, 1)
    assert server.asked[-7:] == [
        f"{data}/{key}" for key in ("all", ".x+y", "a.x+y", "a.x", "a.y", "b.x+y", ".z")
    ]


def test_a_flow_of_one_series_that_is_too_large_fails_alone() -> None:
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f") + _flow("g"))}
    pages |= {f"{BASE}/data/TH,f,1.0/all": _too_large(BASE)}
    pages |= {f"{BASE}/data/TH,g,1.0/all": _data("ax1")}
    failure, record, end = _read(Server(pages))
    assert isinstance(failure, Failure)
    assert (failure.problem.code, failure.problem.record) == ("api_error", "TH:f")
    assert isinstance(record, Record)
    assert end == End(True, 2)


def test_a_part_that_breaks_fails_the_flow_rather_than_publish_half_of_it() -> None:
    data = f"{BASE}/data/TH,f,1.0"
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f")), DSD: DEFINITION}
    pages |= {f"{data}/all": _too_large(data), f"{data}/.x+y": _data("ax1")}
    pages |= {f"{data}/.z": _data("az1")[:-40]}
    failure, end = _read(Server(pages))
    assert isinstance(failure, Failure)
    assert failure.problem.code == "truncated"
    assert end == End(True, 1)


def test_the_count_of_the_constraint_splits_before_anything_large_is_asked_for() -> None:
    data = f"{BASE}/data/TH,f,1.0"
    count = (
        "<Annotations><Annotation id='obs_count'><AnnotationTitle>9</AnnotationTitle></Annotation>"
        "</Annotations>"
    )
    region = (
        "<CubeRegion include='true'><KeyValue id='B'><Value>x</Value><Value>z</Value></KeyValue>"
        "</CubeRegion>"
    )
    constraint = f"<ContentConstraint id='c'>{count}{region}</ContentConstraint>"
    pages: dict[str, Any] = {
        FLOWS: _structures(_flow("f")),
        DSD: DEFINITION,
        f"{BASE}/availableconstraint/TH,f,1.0/all/all/all": _structures(constraint),
        f"{data}/a.": _data("ax1"),
        f"{data}/b.": _data("bz2"),
    }
    server = Server(pages)
    record, _ = _read(server, max_observations=8)
    assert _rows(record) == [("a", "x", 1), ("b", "z", 2)]
    assert f"{data}/all" not in server.asked


def test_a_flow_with_the_date_it_was_updated_is_not_asked_for_again() -> None:
    told = (
        "<Annotations><Annotation><AnnotationTitle>2025-02-20T10:00:00+0700</AnnotationTitle>"
        "<AnnotationType>UPDATE_DATA</AnnotationType></Annotation></Annotations>"
    )
    pages = {FLOWS: _structures(_flow("f", more=told)), DSD: DEFINITION}
    pages |= {f"{BASE}/data/TH,f,1.0/all": _data("ax1")}
    (record, _) = _read(Server(pages))
    assert isinstance(record, Record)
    assert record.fields["modified"] == "2025-02-20"
    server = Server(pages)
    assert _read(server, {"TH:f": record.mark})[0] == Unchanged("TH:f")
    assert not any("/data/" in url for url in server.asked)
    other = _read(Server(pages), {"TH:f": record.mark}, language="en")[0]
    assert isinstance(other, Record)


def test_a_validator_of_http_is_used_and_other_labels_make_it_void() -> None:
    data = f"{BASE}/data/TH,f,1.0/all"
    answer = Response(data, _data("ax1").encode(), 200, {"etag": '"v1"'})
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f")), DSD: DEFINITION, data: answer}
    record = _read(Server(pages))[0]
    assert isinstance(record, Record)
    server = Server(pages)
    assert _read(server, {"TH:f": record.mark})[0] == Unchanged("TH:f")
    assert server.headers[-1]["If-None-Match"] == '"v1"'
    changed = {**pages, data: replace(answer, headers={"etag": '"v2"'})}
    assert isinstance(_read(Server(changed), {"TH:f": record.mark})[0], Record)
    relabelled = {**pages, DSD: DEFINITION.replace("Nơi", "Chỗ").replace("id='A'", "id='A' x='1'")}
    relabelled[DSD] = relabelled[DSD].replace("<TimeDimension", f"{_dimension('C')}<TimeDimension")
    assert isinstance(_read(Server(relabelled), {"TH:f": record.mark})[0], Record)


def test_an_answer_that_differs_in_its_header_only_is_unchanged() -> None:
    data = f"{BASE}/data/TH,f,1.0/all"
    pages = {FLOWS: _structures(_flow("f")), DSD: DEFINITION, data: _data("ax1")}
    record = _read(Server(pages))[0]
    assert isinstance(record, Record)
    assert "modified" not in record.fields
    later = {**pages, data: _data("ax1", prepared="2026-01-01T00:00:00")}
    assert _read(Server(later), {"TH:f": record.mark})[0] == Unchanged("TH:f")
    assert _read(Server(later))[0] == record


def test_the_latest_of_several_versions_of_a_flow_is_read() -> None:
    pages = {FLOWS: _structures(_flow("f", "1.9") + _flow("f", "1.10")), DSD: DEFINITION}
    pages |= {f"{BASE}/data/TH,f,1.10/all": _data("ax1")}
    record, end = _read(Server(pages))
    assert _rows(record) == [("a", "x", 1)]
    assert end == End(True, 1)


def test_a_structure_that_cannot_be_had_for_now_fails_the_flow_and_not_its_columns() -> None:
    busy = HarvestError("api_error", where=DSD, detail="HTTP 503 Service Unavailable")
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f") + _flow("g")), DSD: busy}
    pages |= {f"{BASE}/data/TH,{name},1.0/all": _data("ax1") for name in "fg"}
    first, second, _ = _read(Server(pages))
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    pages.pop(DSD)  # a service without structures: codes are shown
    assert [type(item) for item in _read(Server(pages))] == [Record, Record, End]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HarvestError("deadline", where=BASE, limit="1"), "deadline"),
        (HarvestError("host_not_granted", where=BASE), "host_not_granted"),
    ],
)
def test_what_ends_a_reading_ends_it(error: HarvestError, code: str) -> None:
    pages: dict[str, Any] = {FLOWS: _structures(_flow("f")), DSD: DEFINITION}
    pages |= {f"{BASE}/data/TH,f,1.0/all": error}
    with pytest.raises(HarvestError) as caught:
        _read(Server(pages))
    assert caught.value.code == code


def test_a_listing_that_is_cut_proves_nothing() -> None:
    with pytest.raises(HarvestError) as caught:
        _read(Server({FLOWS: _structures(_flow("f"))[:-30]}), api="2.1")
    assert caught.value.code == "truncated"


def test_probe_tells_services_messages_and_lists_from_others() -> None:
    flows = {FLOWS: _structures(_flow("f") + _flow("g"))}
    assert SOURCE.probe(BASE, Server(flows)).datasets == 2  # type: ignore[union-attr]
    assert SOURCE.probe(FLOWS, Server(flows)).datasets == 2  # type: ignore[union-attr]
    message = {"https://x.test/POPVNM.xml": _data("ax1")}
    found = SOURCE.probe("https://x.test/POPVNM.xml", Server(message))
    assert found is not None
    assert (found.title, found.datasets) == ("POPVNM", 1)
    others = {
        "https://x.test/": "<html><body>Trang</body></html>",
        "https://x.test/a.json": '{"a": 1}',
        "https://x.test/a.csv": "ten,so\na,1\n",
        "https://x.test/links.csv": "ten,trang\na,https://x.test/a\n",
        "https://x.test/rss": "<rss/>",
        "https://x.test/cut": _data("ax1").replace("Structure", "")[:50],
    }
    for url in (*others, "https://x.test/not-there"):
        server = Server(others)
        assert SOURCE.probe(url, server) is None, url
        assert len(server.asked) == 1, url


def test_a_folder_of_messages_is_opened_only_where_something_changed(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(_data("ax1"), "utf-8")
    (tmp_path / "b.xml").write_text(_data("bz2"), "utf-8")
    settings = Settings(str(tmp_path))
    with Fetcher([str(tmp_path)]) as fetch:
        first = list(SOURCE.read(settings, fetch, {}))
        marks = {item.remote_id: item.mark for item in first if isinstance(item, Record)}
        assert set(marks) == {"a.xml", "b.xml"}
        again = list(SOURCE.read(settings, fetch, marks))
        assert again == [Unchanged("a.xml"), Unchanged("b.xml"), End(True, 2)]
        # New words beside the data are new titles in its table.
        (tmp_path / "cau-truc.xml").write_text(DEFINITION, "utf-8")
        third = list(SOURCE.read(settings, fetch, marks))
        assert [type(item) for item in third] == [Record, Record, End]
        probe = SOURCE.probe(str(tmp_path), fetch)
        assert probe is not None
        assert probe.datasets == 3


def test_a_message_that_breaks_fails_and_does_not_disappear(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"data": {"dataSets": [', "utf-8")
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "c.json").write_text("<html><body>Bảo trì</body></html>", "utf-8")
    (tmp_path / "khac.json").write_text('{"a": 1}', "utf-8")
    (tmp_path / "khac.csv").write_text("a,b\n1,2\n", "utf-8")
    with Fetcher([str(tmp_path)]) as fetch:
        *failures, end = SOURCE.read(Settings(str(tmp_path)), fetch, {})
    codes = [(f.problem.record, f.problem.code) for f in failures if isinstance(f, Failure)]
    assert codes == [
        ("a.json", "truncated"),
        ("b.csv", "truncated"),
        ("c.json", "html_instead_of_data"),
    ]
    assert end == End(True, 3)


@real
def test_the_list_of_the_files_of_viet_nam() -> None:
    """Every line is a record; here the files that were recorded are behind their addresses."""
    with services.listed() as (url, fetch):
        *items, end = SOURCE.read(Settings(url), fetch, {})
    records = {item.remote_id: item for item in items if isinstance(item, Record)}
    tables = {name: record.resources[1].table for name, record in records.items()}
    assert {name: len(table.rows) for name, table in tables.items() if table} == {
        "gdp": 5818,
        "cpi": 1683,
        "gov-debt": 245,
        "trade": 17206,
        "labor": 737,
        "pop": 165,
    }
    assert records["gov-debt"].fields["title"] == "Nợ của Chính phủ"
    assert records["gov-debt"].fields["url"].endswith("MOF_CGD_Vietnam.xml")
    assert records["pop"].resources[0].file is not None
    assert records["pop"].resources[0].file.name == "POPVNM.xml"
    failed = [item for item in items if isinstance(item, Failure)]
    assert len(failed) == 8
    assert {item.problem.code for item in failed} == {"api_error"}
    assert end == End(True, 14)


@real
def test_the_recorded_messages_as_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sdmx"
    shutil.copytree(REAL, folder)
    with Fetcher([str(folder)]) as fetch:
        *items, end = SOURCE.read(Settings(str(folder)), fetch, {})
    rows = {
        item.remote_id: sum(len(r.table.rows) for r in item.resources if r.table)
        for item in items
        if isinstance(item, Record)
    }
    assert rows == {
        "ecb_EXR_M.USD.xml": 252,
        "ecb_EXR_flat.json": 4,
        "insee_IPI-2010-A21.xml": 3230,
        "istat_47_850_generic.xml": 22,
        "oecd_PART2.json": 7,
        "sdmxcsv_example-01.csv": 2,
        "vn_CPIVNM.xml": 1683,
        "vn_GDPVNM.xml": 5818,
        "vn_LMIVNM.xml": 737,
        "vn_METVNM.xml": 17206,
        "vn_MOF_CGD.xml": 245,
        "vn_POPVNM.xml": 165,
        "vn_SBV.EXR.xml": 232,
    }
    failed = [item.problem for item in items if isinstance(item, Failure)]
    assert [(p.record, p.code) for p in failed] == [("estat_footer_async.xml", "too_large")]
    assert end == End(True, 14)


# Addresses

DEFINED = Definition(
    Ref("TH", "D", "1.0"), {}, (Component("A", "dimension"), Component("B", "dimension"))
)
FLOW = Flow(Ref("TH", "f", "1.0"), {})


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://x/rest/", "https://x/rest"),
        ("https://x/rest/dataflow/all/all/latest?detail=full", "https://x/rest"),
        ("https://x/sdmx/3.0/structure/dataflow/*/*/~", "https://x/sdmx/3.0"),
    ],
)
def test_the_service_behind_its_listing(url: str, base: str) -> None:
    assert base_of(url) == base


def test_addresses_of_both_versions() -> None:
    chosen = selection_of("a+b.", DEFINED)
    assert chosen == {"A": ("a", "b")}
    wanted = Wanted("2020", 3)
    assert data_url("B", "2.1", FLOW, DEFINED, chosen, wanted) == (
        "B/data/TH,f,1.0/a+b.?startPeriod=2020&lastNObservations=3"
    )
    assert data_url("B", "3.0", FLOW, DEFINED, chosen, wanted) == (
        "B/data/dataflow/TH/f/1.0/*?c%5BA%5D=a,b&c%5BTIME_PERIOD%5D=ge:2020&lastNObservations=3"
    )
    assert data_url("B", "2.1", FLOW, None, chosen, Wanted()) == "B/data/TH,f,1.0/all"
    assert availability_url("B", "3.0", FLOW, DEFINED, {}) == (
        "B/availability/dataflow/TH/f/1.0/*/*"
    )


def test_halving_takes_the_longest_dimension_and_ends() -> None:
    codes = {"A": ("a", "b"), "B": ("x", "y", "z")}
    halves = split({}, codes, ["A", "B"])
    assert halves == [{"B": ("x", "y")}, {"B": ("z",)}]
    assert split({"A": ("a",), "B": ("z",)}, codes, ["A", "B"]) == []
    assert split({}, {}, ["A", "B"]) == []
