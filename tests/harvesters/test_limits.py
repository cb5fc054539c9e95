"""Bounds on reading are bounds: none can be taken off by a value that is no number."""

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import Failure
from harvesters.settings import Limits, parse_config, raised
from harvesters.sources import files, pxweb, rest, sdmx


@pytest.mark.parametrize("value", [0, -1, "nan", "inf", "-inf"])
@pytest.mark.parametrize("name", ["deadline", "timeout", "max_ratio"])
def test_a_bound_is_a_number_above_zero(name, value):
    with pytest.raises(HarvestError) as caught:
        parse_config({"fetch": {name: value}})
    assert (caught.value.code, caught.value.problem.params["key"]) == (
        "bad_setting",
        f"fetch.{name}",
    )


@pytest.mark.parametrize("name", ["max_bytes", "max_cells", "max_total_bytes"])
def test_a_count_is_above_zero(name):
    with pytest.raises(HarvestError):
        parse_config({"fetch": {name: 0}})


def test_no_retries_and_no_pace_can_be_asked_for():
    limits = parse_config({"fetch": {"retries": 0, "requests_per_second": 0}}).fetch
    assert (limits.retries, limits.requests_per_second) == (0, 0)


def test_what_is_wider_than_allowed_is_named():
    most = Limits(deadline=100, max_cells=10, requests_per_second=5)
    assert raised(Limits(deadline=100, max_cells=10, requests_per_second=5), most) == []
    asked = Limits(deadline=101, max_cells=11, requests_per_second=0)
    assert raised(asked, most) == ["deadline", "max_cells", "requests_per_second"]
    assert raised(Limits(requests_per_second=9), Limits(requests_per_second=0)) == []


def test_the_cap_on_cells_holds_in_workbooks_and_csv(tmp_path):
    (tmp_path / "a.csv").write_text("Xã;Số hộ\n" + "Hoằng Quý;1\n" * 300, encoding="utf-8")
    with Fetcher([str(tmp_path)], Limits(max_cells=500)) as fetch:
        (failure, _) = files.read(files.Settings(str(tmp_path)), fetch, {})
    assert isinstance(failure, Failure)
    assert failure.problem.code == "too_large"
    with Fetcher([str(tmp_path)], Limits(max_cells=700)) as fetch:
        (record, _) = files.read(files.Settings(str(tmp_path)), fetch, {})
    assert not isinstance(record, Failure)


PX = (
    'CHARSET="ANSI";\nCODEPAGE="utf-8";\nTITLE="a";\nSTUB="x";\n'
    'VALUES("x")="A","B","C";\nDATA=\n1 2 3;'
)
JSON_STAT = (
    '{"version": "2.0", "class": "dataset", "id": ["xa"], "size": [3], "value": [1, 2, 3],'
    ' "dimension": {"xa": {"category": {"index": ["A", "B", "C"]}}}}'
)
SDMX = "DATAFLOW,XA,OBS_VALUE\nX,A,1\nX,B,2\nX,C,3\n"


@pytest.mark.parametrize(
    ("source", "name", "content", "fits"),
    [
        (pxweb, "a.px", PX, 3),
        (pxweb, "a.json", JSON_STAT, 3),
        (sdmx, "a.csv", SDMX, 6),
    ],
)
def test_the_cap_on_cells_is_the_sources_in_cubes_too(tmp_path, source, name, content, fits):
    """Neither more nor less: a portal that allows more than the default is not cut short."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    with Fetcher([str(tmp_path)], Limits(max_cells=fits - 1)) as fetch:
        (failure, *_) = source.read(source.Settings(str(tmp_path)), fetch, {})
    assert isinstance(failure, Failure)
    assert failure.problem.code == "too_large"
    assert str(fits - 1) in failure.problem.params["limit"]
    assert str(fits - 1) in failure.problem.params["limit_en"]
    with Fetcher([str(tmp_path)], Limits(max_cells=fits)) as fetch:
        (record, _) = source.read(source.Settings(str(tmp_path)), fetch, {})
    assert not isinstance(record, Failure)


def test_the_cap_on_cells_is_the_sources_in_tables_of_rows_too(httpserver):
    httpserver.expect_request("/ho").respond_with_json([{"xa": f"Xã {n}"} for n in range(9)])
    settings = rest.Settings(httpserver.url_for("/ho"), table={"id": "ho", "title": "Số hộ"})
    grant = [f"127.0.0.1:{httpserver.port}"]
    with Fetcher(grant, Limits(max_cells=8)) as fetch, pytest.raises(HarvestError) as caught:
        list(rest.read(settings, fetch, {}))
    assert (caught.value.code, caught.value.problem.params["limit"]) == ("too_large", "8 ô")
    with Fetcher(grant, Limits(max_cells=9)) as fetch:
        (record, _) = rest.read(settings, fetch, {})
    assert not isinstance(record, Failure)
