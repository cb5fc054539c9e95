"""CSV: encodings, delimiters, and what is not guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harvesters.errors import HarvestError
from harvesters.tables.hints import Hints
from harvesters.tables.reading import Reading, read_tables

TEXT = "Tên trường;Số học sinh;Điểm\nTrường Quảng Thắng;1.234;7,85\nTrường Đông Vệ;987;8,10\n"


def _read(content: bytes, encoding: str = "") -> Reading:
    return read_tables("x.csv", content, Hints(encoding=encoding))


def _rows(content: bytes, encoding: str = "") -> tuple[tuple[object, ...], ...]:
    return _read(content, encoding).tables[0].table.rows


ROWS = (
    ("Trường Quảng Thắng", 1234, Decimal("7.85")),
    ("Trường Đông Vệ", 987, Decimal("8.10")),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_recognised(encoding: str) -> None:
    assert _rows(TEXT.encode(encoding)) == ROWS


def test_windows_1258_is_recognised_by_its_tone_marks_and_told() -> None:
    apart = (
        (TEXT.replace("ườ", "ươ\u0300").replace("ả", "a\u0309").replace("ắ", "ă\u0301"))
        .replace("ọ", "o\u0323")
        .replace("ố", "ô\u0301")
        .replace("ể", "ê\u0309")
        .replace("ệ", "ê\u0323")
    )
    reading = _read(apart.encode("cp1258"))
    assert reading.tables[0].table.rows == ROWS
    assert [note.code for note in reading.notes] == ["encoding_concluded"]


def test_tcvn3_must_be_declared() -> None:
    content = "Tªn;Sè\nThanh Ho¸;1\nHµ Néi;2\n".encode("latin-1")
    with pytest.raises(HarvestError) as caught:
        _read(content)
    assert caught.value.code == "unknown_encoding"
    assert _rows(content, "tcvn3") == (("Thanh Hoá", 1), ("Hà Nội", 2))
    vni = "Teân;Soá\nThanh Hoùa;1\nHaø Noäi;2\n".encode("latin-1")
    assert _rows(vni, "vni") == (("Thanh Hóa", 1), ("Hà Nội", 2))


def test_a_declared_encoding_that_is_wrong_is_told() -> None:
    with pytest.raises(HarvestError) as caught:
        _read("Tên".encode("utf-16-le") + b"\xff", "utf-8")
    assert caught.value.code == "unknown_encoding"
    with pytest.raises(HarvestError) as caught:
        _read(b"a;b\n1;2", "utf8x")
    assert caught.value.code == "bad_setting"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (("Xã", "Hộ"), ("A", "1"), ("B", "2")))
    assert _rows(text.encode()) == (("A", 1), ("B", 2))


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert _rows("Xã;Chỉ số\nA;1,5\nB;2,5\n".encode()) == (
        ("A", Decimal("1.5")),
        ("B", Decimal("2.5")),
    )


def test_excels_own_word_about_its_delimiter() -> None:
    assert _rows("sep=|\nXã|Ghi; chú|Hộ\nA|x;y|1\nB|z;w|2\n".encode())[0] == ("A", "x;y", 1)


def test_quotes_and_line_breaks_in_a_field() -> None:
    assert _rows('Xã;Hộ\n"A;\nB";1\nC;2\n'.encode())[0] == ("A; B", 1)
