"""When a source is due. Pure: calendar boundaries in the province's own time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SCHEDULES = ("manual", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly")
#: Runs that are due once a day or less begin at this hour, when nobody works.
NIGHT_HOUR = 1

_STEPS = {
    "hourly": relativedelta(hours=1),
    "daily": relativedelta(days=1),
    "weekly": relativedelta(weeks=1),
    "monthly": relativedelta(months=1),
    "quarterly": relativedelta(months=3),
    "yearly": relativedelta(years=1),
}


def next_due(schedule: str, after: datetime, spread: int = 0) -> datetime | None:
    """The first moment later than `after` at which a source is due; None for `manual`.

    Hours, days, weeks (from Monday), months, quarters and years begin by the clock of
    Asia/Ho_Chi_Minh. `spread` shifts a source by that many minutes within the hour (taken modulo
    60), so that a province's sources do not all begin in the same minute.
    """
    if schedule == "manual":
        return None
    step, shift = _STEPS[schedule], timedelta(minutes=spread % 60)
    due = _begin(schedule, after.astimezone(ZONE)) + shift
    while due <= after:
        due += step
    return due


def _begin(schedule: str, moment: datetime) -> datetime:
    """The beginning of the period in which `moment` lies."""
    if schedule == "hourly":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    if schedule == "weekly":
        return day - timedelta(days=day.weekday())
    if schedule == "monthly":
        return day.replace(day=1)
    if schedule == "quarterly":
        return day.replace(day=1, month=day.month - (day.month - 1) % 3)
    if schedule == "yearly":
        return day.replace(day=1, month=1)
    return day
