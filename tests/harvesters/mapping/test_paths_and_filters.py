"""Ways into a record, and which records are wanted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.mapping.filters import is_wanted
from harvesters.paths import at_path, without

RECORD = {
    "ten": "Số hộ nghèo",
    "a.b": {"c": 1},
    "tep": [{"url": "x", "the": [{"ten": "1"}, {"ten": "2"}]}, {"url": "y"}, {"khac": 3}],
    "theo_ma": {"a": {"so": 1}, "b": {"so": 2}},
    "trang_thai": "Đã công khai",
    "an": False,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("ten", "Số hộ nghèo"),
        ("a.b.c", None),
        ("a.b", {"c": 1}),
        ("tep.1.url", "y"),
        ("tep.9.url", None),
        ("tep.*.url", ["x", "y"]),
        ("tep.*.the.*.ten", ["1", "2"]),
        ("theo_ma.*.so", [1, 2]),
        ("ten.x", None),
        ("tep.x", None),
    ],
)
def test_a_path_leads_to_its_value(path, found):
    assert at_path(RECORD, path) == found


def test_what_is_volatile_is_taken_out_and_nothing_else():
    source = {"a": {"x": 1, "y": 2}, "l": [{"n": 1, "m": 2}, {"n": 3}], "p.q": 5, "z": [1, 2, 3]}
    paths = ["a.x", "l.*.n", "p.q", "z.1", "gone.away"]
    assert without(source, paths) == {"a": {"y": 2}, "l": [{"m": 2}, {}], "z": [1, 3]}
    assert source["a"] == {"x": 1, "y": 2}
    assert without(source, []) is source


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=4)
KEYS = st.text(alphabet="abc", min_size=1, max_size=2)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(st.dictionaries(KEYS, TREES), st.lists(KEYS, min_size=1, max_size=3))
def test_after_taking_out_nothing_is_found_and_the_rest_is_the_same(source, steps):
    path = ".".join(steps)
    pruned = without(source, [path])
    assert at_path(pruned, path) is None
    assert {k: v for k, v in pruned.items() if k != steps[0]} == {
        k: v for k, v in source.items() if k != steps[0]
    }


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, True),
        ({"only": {"trang_thai": "đã công khai "}}, True),
        ({"only": {"trang_thai": "da cong khai"}}, False),
        ({"only": {"trang_thai": ["Nháp", "Đã công khai"]}}, True),
        ({"only": {"an": False}}, True),
        ({"only": {"an": "false", "ten": {"contains": "hộ nghèo"}}}, True),
        ({"only": {"an": True}}, False),
        ({"only": {"ten": {"starts_with": ["Số", "Tỷ lệ"]}}}, True),
        ({"only": {"ten": {"ends_with": "nghèo", "starts_with": "Tỷ"}}}, False),
        ({"only": {"ten": {"like": "số*nghèo"}}}, True),
        ({"only": {"ten": {"like": "*hộ*giàu*"}}}, False),
        ({"only": {"tep.*.url": "y"}}, True),
        ({"only": {"mo_ta": {"present": False}}}, True),
        ({"only": {"mo_ta": {"present": True}}}, False),
        ({"only": {"ten": {"present": True, "contains": "xã"}}}, False),
        ({"skip": {"trang_thai": "Nháp", "ten": {"contains": "nghèo"}}}, False),
        ({"skip": {"trang_thai": "Nháp"}}, True),
    ],
)
def test_only_needs_all_and_skip_needs_one(filters, wanted):
    assert is_wanted(RECORD, filters) is wanted


def test_tone_marks_may_stand_on_either_vowel():
    assert is_wanted({"tinh": "Tỉnh Thanh Hoá"}, {"only": {"tinh": "tỉnh Thanh Hóa"}})


def test_a_pattern_full_of_stars_takes_no_time():
    begun = time.monotonic()
    assert not is_wanted({"a": "a" * 20_000}, {"only": {"a": {"like": "*a" * 5_000 + "b"}}})
    assert time.monotonic() - begun < 2


@given(
    st.text(alphabet="ab", max_size=12), st.lists(st.text(alphabet="ab", max_size=3), max_size=4)
)
def test_a_text_is_like_any_pattern_that_made_it(filling, parts):
    text = filling.join(parts)
    assert is_wanted({"a": text}, {"only": {"a": {"like": "*".join(parts)}}})
