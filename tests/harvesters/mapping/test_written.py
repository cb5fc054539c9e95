"""Dates, periods and numbers as people write them."""

from __future__ import annotations

import contextlib
import doctest
import time
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.mapping import written
from harvesters.mapping.written import date_pattern, read_date, read_number, read_period

DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def test_the_examples_hold():
    assert doctest.testmod(written).failed == 0


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("30/06/2025", ("dd/MM/yyyy",), "2025-06-30"),
        ("30/06/2025", ("%d/%m/%Y",), "2025-06-30"),
        ("06/30/2025", ("MM/dd/yyyy",), "2025-06-30"),
        ("30-06-25", ("dd-MM-yy",), "2025-06-30"),
        ("30/6/2025 08:15:00", ("d/M/yyyy HH:mm:ss",), "2025-06-30"),
        ("Ngày 5 Tháng 7 Năm 2025", ("ngày d tháng M năm yyyy",), "2025-07-05"),
        ("ngày 05.07", ("dd/MM/yyyy", "'ngày' dd.MM"), None),
        ("2025", ("yyyy",), "2025"),
        ("06/2025", ("dd/MM/yyyy", "MM/yyyy"), "2025-06"),
        ("1751241600", ("epoch",), "2025-06-30"),
        ("1751241600000", ("epoch_ms",), "2025-06-30"),
        ("/Date(1751302800000+0700)/", ("auto",), "2025-07-01"),
        ("2025-06-30T23:59:59.123Z", ("iso",), "2025-07-01"),
        ("2025-06-30T23:59:59+07:00", ("iso",), "2025-06-30"),
        ("28-09-2026", ("auto",), "2026-09-28"),
        ("2026-08-29 00:00", ("auto",), "2026-08-29"),
        ("31/02/2025", ("dd/MM/yyyy",), None),
        ("30/6/2025", ("dd/MM/yyyy",), None),
        ("hôm qua", ("auto",), None),
        ("٣٠/٠٦/٢٠٢٥", ("dd/MM/yyyy",), None),
        ("9" * 400, ("epoch",), None),
        ("0000", ("iso",), None),
    ],
)
def test_a_date_in_its_format(text, formats, day):
    if day is None:
        with pytest.raises(ValueError):  # noqa: PT011 -- the contract is no more than that
            read_date(text, formats)
    else:
        assert read_date(text, formats) == day


@given(DAYS)
def test_every_day_comes_back_from_every_form(day):
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "ngày %d tháng %m năm %Y"):
        assert read_date(day.strftime(form)) == day.isoformat()
    assert read_date(day) == day.isoformat()


@given(st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)))
def test_a_moment_of_utc_is_the_day_it_was_in_vietnam(moment):
    there = (moment + timedelta(hours=7)).date().isoformat()
    assert read_date(moment.isoformat() + "+00:00") == there
    assert read_date(moment.isoformat() + "Z", ("iso",)) == there


@pytest.mark.parametrize("wanted", ["", "dd/MM", "%d/%m/%Q", "yyyy yyyy", "dd yyyy"])
def test_a_format_without_a_year_or_twice_the_same_is_none(wanted):
    with pytest.raises(ValueError):  # noqa: PT011
        date_pattern(wanted)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("quý I/2025", "20251"),
        ("Quý 4 năm 2024", "20244"),
        ("6 tháng đầu năm 2025", "202501/202506"),
        ("6 tháng cuối năm 2025", "202507/202512"),
        ("9 tháng năm 2024", "202401/202409"),
        ("nửa đầu năm 2024", "202401/202406"),
        ("tháng 3/2025", "202503"),
        ("2025", "2025"),
        (202503, "202503"),
        (20251, "20251"),
        ("giai đoạn 2021 – 2025", "2021/2025"),
        ("từ quý I/2024 đến quý III/2024", "20241/20243"),
        (date(2025, 3, 9), "202503"),
    ],
)
def test_periods_of_the_province(text, period):
    assert read_period(text) == period


@pytest.mark.parametrize("text", ["", "quý V/2025", "13 tháng năm 2024", "202513", "2025 - 2021"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        read_period(text)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.234.567,80", ",", "1234567.8"),
        ("1,234,567.80", ".", "1234567.8"),
        ("12\u00a0500", ",", 12500),
        ("\u22120,5", ",", "-0.5"),
        ("+7", ",", 7),
        (12.5, ",", "12.5"),
        (Decimal("3.10"), ".", "3.1"),
        ("0,1234567890123456789012345678901234", ",", "0.1234567890123456789012345678901234"),
    ],
)
def test_a_number_stays_what_was_written(text, decimal, number):
    assert read_number(text, decimal) == number


@pytest.mark.parametrize("text", ["1.23", "1.2345", "1,2,3", "12a", "", "1e5", True, "١٢", ",5"])
def test_what_is_no_number_with_a_decimal_comma_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        read_number(text, ",")


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12
    )
)
def test_a_number_survives_the_way_the_province_writes_it(value):
    text = f"{value:,.3f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(read_number(text, ",")) == value


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_at_once(text):
    begun = time.monotonic()
    for reader in (read_date, read_period, lambda value: read_number(value, ",")):
        with contextlib.suppress(ValueError):
            assert reader(text) not in (None, "")
    assert time.monotonic() - begun < 1
