"""Which failures are tried again, how often and how soon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.errors import Problem
from harvesters.retries import LONGEST_PAUSE, LONGEST_PAUSE_HERE, passes, pause

UNREACHABLE = Problem("unreachable", "10.0.0.5:80")
FULL = Problem("portal_unavailable", params={"detail": "ổ đĩa đầy"})


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (UNREACHABLE, True),
        (Problem("deadline"), True),
        (Problem("truncated"), True),
        (FULL, True),
        (Problem("api_error", params={"status": "500"}), True),
        (Problem("api_error", params={"status": "503"}), True),
        (Problem("api_error", params={"status": "429"}), True),
        (Problem("api_error", params={"status": "404"}), False),
        (Problem("api_error", params={"detail": "không có mô tả bảng"}), False),
        (Problem("auth_failed"), False),
        (Problem("host_not_granted"), False),
        (Problem("html_instead_of_data"), False),
        (Problem("internal"), False),
        (Problem("cancelled"), False),
    ],
)
def test_what_may_be_gone_by_itself(problem: Problem, expected: bool) -> None:
    assert passes(problem) is expected


def test_pauses_double_and_a_person_waits_less() -> None:
    def pauses(by_person: bool) -> list[float | None]:
        return [pause(UNREACHABLE, n, 4, by_person, lambda: 1.0) for n in range(5)]

    assert pauses(False) == [60.0, 120.0, 240.0, 480.0, None]
    assert pauses(True) == [5.0, 10.0, 20.0, 40.0, None]


def test_without_retries_a_failure_of_the_source_ends_the_run() -> None:
    assert pause(UNREACHABLE, 0, 0, True, lambda: 0.5) is None


@given(st.integers(0, 10_000), st.floats(0, 1), st.booleans())
def test_what_the_portal_holds_up_goes_on_within_two_minutes(
    tries: int, chance: float, by_person: bool
) -> None:
    seconds = pause(FULL, tries, 0, by_person, lambda: chance)
    assert seconds is not None
    assert 0 < seconds <= LONGEST_PAUSE_HERE < 120


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_no_pause_is_longer_than_the_longest(tries: int, chance: float) -> None:
    seconds = pause(UNREACHABLE, tries, 20_000, False, lambda: chance)
    assert seconds is not None
    assert 0.75 * 60 <= seconds <= LONGEST_PAUSE
