"""Bounds on reading are bounds: none can be taken off by a value that is no number."""

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import Failure
from harvesters.settings import Limits, parse_config, raised
from harvesters.sources import files


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
