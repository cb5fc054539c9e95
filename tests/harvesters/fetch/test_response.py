from decimal import Decimal

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import Response


def body(text: str | bytes) -> Response:
    return Response("http://nguon/", text.encode() if isinstance(text, str) else text)


def code(text: str | bytes) -> str:
    with pytest.raises(HarvestError) as caught:
        body(text).json()
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "truncated"),
        (" \n", "truncated"),
        ('{"a": [1, 2', "truncated"),
        ('{"a": "xin ch', "truncated"),
        ("{'a': 1,}", "not_json"),
        ('{"a": 1} x', "not_json"),
        ("9" * 5000, "not_json"),
        ("[" * 100_000, "too_deep"),
        (b'{"a": "\xe9"}', "unknown_encoding"),
        ("<!DOCTYPE html><html>", "html_instead_of_data"),
        ("<!-- x --><HTML>", "html_instead_of_data"),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "html_instead_of_data"),
    ],
)
def test_what_is_no_json_has_its_code(text, expected):
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeff[1]", [1]),
        ('["ệ"]\x00\x00', ["ệ"]),
        ('{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        (r'["\ud83d\ude00", "\ud800"]', ["😀", "?"]),
        (r'{"\udfff": 1}', {"?": 1}),
        ("null", None),
    ],
)
def test_odd_json_is_read(text, value):
    assert body(text).json() == value


def test_utf_16_with_its_mark_is_read():
    assert body('["Thủy sản"]'.encode("utf-16")).json() == ["Thủy sản"]


def test_exact_numbers_stay_what_was_published():
    assert body("[962.73, 0.1]").json(exact=True) == [Decimal("962.73"), Decimal("0.1")]
