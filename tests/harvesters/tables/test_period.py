"""Labels of time dimensions as statistical offices write them."""

from __future__ import annotations

import pytest

from harvesters.tables.period import coverage, frequency, looks_like_time, parse_period


@pytest.mark.parametrize(
    ("label", "kind", "start", "state"),
    [
        ("2024", "year", "2024", ""),
        ("Năm 2024", "year", "2024", ""),
        ("Sơ bộ 2024", "year", "2024", "Sơ bộ"),
        ("Prel. 2024", "year", "2024", "Prel."),
        ("2024 (sơ bộ)", "year", "2024", "sơ bộ"),
        ("Ước tính 2025", "year", "2025", "Ước tính"),
        ("Est. 2025", "year", "2025", "Est."),
        ("2018M12", "month", "201812", ""),
        ("Tháng 3 năm 2024", "month", "202403", ""),
        ("03/2024", "month", "202403", ""),
        ("2004Q1", "quarter", "20041", ""),
        ("2024K3", "quarter", "20243", ""),
        ("Quý III năm 2024", "quarter", "20243", ""),
        ("Quý 4/2023", "quarter", "20234", ""),
        ("2024H2", "half", "202407", ""),
        ("2024-05-31", "day", "202405", ""),
        ("2020-2022", "span", "2020", ""),
    ],
)
def test_a_period_is_read(label: str, kind: str, start: str, state: str) -> None:
    period = parse_period(label)
    assert period is not None
    assert (period.kind, period.start, period.state) == (kind, start, state)


@pytest.mark.parametrize(
    "label",
    ["Thanh Hóa", "14758", "1234", "9 tháng", "2024M13", "Quý V 2024", "20245", ""],
)
def test_other_labels_are_no_period(label: str) -> None:
    assert parse_period(label) is None


def test_time_is_told_by_all_labels() -> None:
    assert looks_like_time("Phân theo", ["2022", "2023", "Sơ bộ 2024"])
    assert not looks_like_time("Phân theo", ["2022", "2023", "Cả nước"])
    assert not looks_like_time("Mã", ["2024"]), "a single label may be anything"
    assert looks_like_time("Năm", ["2024"])
    assert not looks_like_time("Năm", [])


def test_coverage_and_frequency() -> None:
    def periods(*labels: str) -> list[object]:
        return [parse_period(label) for label in labels]

    assert coverage(periods("2023", "2011", "Sơ bộ 2024")) == ("2011", "2024")
    assert frequency(periods("2022", "2023", "Sơ bộ 2024")) == "ANNUAL"
    assert frequency(periods("1981", "1991", "2001")) == "", "gaps tell no frequency"
    assert frequency(periods("2023", "2024")) == "", "two are too few"
    assert coverage(periods("2018M12", "2018M06")) == ("201806", "201812")
    assert frequency(periods("2018M11", "2018M12", "2019M01")) == "MONTHLY"
    assert frequency(periods("2003Q4", "2004Q1", "2004Q2")) == "QUARTERLY"
    assert coverage(periods("2024", "2024M05")) == ("2024", "2024")
    assert coverage([]) is None
