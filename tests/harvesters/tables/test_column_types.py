"""Types of columns from evidence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from harvesters.model import Scalar
from harvesters.tables.column_types import Typed, decimal_separator, type_column
from harvesters.tables.grid import Style


@pytest.mark.parametrize(
    ("values", "separator"),
    [
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["1.234.567"], ","),
        (["12,5", "3,25"], ","),
        (["0,125"], ","),
        (["1234,567"], ","),
        (["1.234", "987"], ","),
        (["1.234", "2.345"], ""),
        (["1,5", "1.5"], ""),
        ([1, 2], ""),
    ],
)
def test_the_separator_is_proven_or_not(values: list[Scalar], separator: str) -> None:
    assert decimal_separator(values) == separator


def _typed(*values: Scalar, elsewhere: str = "") -> Typed:
    return type_column(values, elsewhere=elsewhere)  # type: ignore[arg-type]


def test_ambiguous_values_stay_text_and_are_asked() -> None:
    typed = _typed("1.234", "2.345")
    assert (typed.type, typed.undecided) == ("text", "1.234")
    assert _typed("1.234", "2.345", elsewhere=",").values == (1234, 2345)
    assert _typed("1.234", "2.345", elsewhere=".").values == (Decimal("1.234"), Decimal("2.345"))


def test_missing_signs_are_nothing() -> None:
    assert _typed("-", "…", "..", "x", 5).values == (None, None, None, None, 5)
    assert _typed("-", "-").type == "number"


def test_marks_of_footnotes_and_signs() -> None:
    typed = _typed("12,3(*)", "-4,5", "(1,5)", "+2,0", "1 234,5")
    assert typed.values == tuple(map(Decimal, ("12.3", "-4.5", "-1.5", "2.0", "1234.5")))


def test_per_cent_in_the_values_is_the_unit() -> None:
    assert (_typed("12,5%", "7%").unit, _typed("12,5%", "7%").values[1]) == ("%", Decimal(7))
    scaled = type_column([Decimal("0.125"), 1], [Style(percent=True)] * 2)
    assert scaled.values == (Decimal("12.5"), Decimal(100))


def test_codes_stay_as_they_are_written() -> None:
    assert _typed("038", "039").values == ("038", "039")
    assert type_column([38, 7], [Style(digits=5)] * 2).values == ("00038", "00007")


def test_dates() -> None:
    assert _typed("31/12/2024", "1/2/2025").values == (date(2024, 12, 31), date(2025, 2, 1))
    assert _typed("2024-12-31", date(2025, 1, 1)).type == "date"
    assert _typed("31/12/2024", "31/13/2024").type == "text"


def test_one_word_among_figures_is_told_many_make_it_text() -> None:
    typed = _typed(*range(20), "chưa có")
    assert (typed.type, typed.values[-1], typed.words) == ("integer", None, ("chưa có",))
    assert _typed(1, "a", "b").type == "text"


def test_integers_shown_with_decimals_are_numbers() -> None:
    assert type_column([1, 2], [Style(decimals=True)] * 2).type == "number"
    assert _typed(1, 2).type == "integer"
    assert _typed(True, False).type == "boolean"
