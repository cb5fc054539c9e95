"""When a source is due: boundaries by the clock of Asia/Ho_Chi_Minh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from ckanext.thanhhoa.schedule import SCHEDULES, ZONE, next_due


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("hourly", local(2026, 3, 1, 10, 0), local(2026, 3, 1, 10, 7)),
        ("hourly", local(2026, 3, 1, 10, 7), local(2026, 3, 1, 11, 7)),
        ("hourly", local(2026, 12, 31, 23, 30), local(2027, 1, 1, 0, 7)),
        ("daily", local(2026, 3, 1, 0, 30), local(2026, 3, 1, 1, 7)),
        ("daily", local(2026, 2, 28, 9, 0), local(2026, 3, 1, 1, 7)),
        ("weekly", local(2026, 3, 4, 9, 0), local(2026, 3, 9, 1, 7)),
        ("monthly", local(2026, 1, 31, 9, 0), local(2026, 2, 1, 1, 7)),
        ("quarterly", local(2026, 2, 1, 9, 0), local(2026, 4, 1, 1, 7)),
        ("quarterly", local(2026, 11, 5, 9, 0), local(2027, 1, 1, 1, 7)),
        ("yearly", local(2026, 1, 1, 1, 7), local(2027, 1, 1, 1, 7)),
    ],
)
def test_the_first_boundary_after_a_moment(schedule: str, after: datetime, due: datetime) -> None:
    assert next_due(schedule, after, 7) == due


def test_a_manual_source_is_never_due() -> None:
    assert next_due("manual", datetime.now(UTC)) is None


def test_a_server_in_another_time_zone_sees_the_same_moment() -> None:
    """18:30 UTC is 01:30 of the next day in Vietnam: that night's hour has passed."""
    assert next_due("daily", datetime(2026, 3, 1, 18, 30, tzinfo=UTC)) == local(2026, 3, 3, 1, 0)


@pytest.mark.parametrize("schedule", [name for name in SCHEDULES if name != "manual"])
def test_the_next_time_always_lies_ahead_and_steps_on(schedule: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(30):
        due = next_due(schedule, moment, 59)
        assert due is not None
        assert moment < due <= moment + timedelta(days=367)
        moment = due
