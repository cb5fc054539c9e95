"""Template helpers: codes in words, numbers, dates and periods as a reader writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import flask
from ckan.lib.i18n import get_lang
from ckan.plugins import toolkit

import schemas
from schemas.admin_units import units_with_code
from schemas.wording import date_label, period_label, within


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Helpers for words and figures, by their names in templates."""
    return {
        "thanhhoa_choices": thanhhoa_choices,
        "thanhhoa_date": thanhhoa_date,
        "thanhhoa_item": thanhhoa_item,
        "thanhhoa_label": thanhhoa_label,
        "thanhhoa_language": language,
        "thanhhoa_moment": thanhhoa_moment,
        "thanhhoa_number": thanhhoa_number,
        "thanhhoa_period": thanhhoa_period,
        "thanhhoa_place": thanhhoa_place,
        "thanhhoa_within": thanhhoa_within,
    }


def language() -> str:
    """``vi`` or ``en``: the reader's language, or the portal's outside of a request."""
    spoken = get_lang() if flask.has_request_context() else None
    spoken = spoken or toolkit.config.get("ckan.locale_default") or "vi"
    return "en" if str(spoken).startswith("en") else "vi"


def thanhhoa_choices(field: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choices of a form field with a ``codelist``: ``{value, label: {vi, en}, state}``."""
    return schemas.codelist(field["codelist"]).choices()


def thanhhoa_item(codelist: str, code: str) -> schemas.Item | None:
    """The codelist's item, for pages that say more of it than its name."""
    return schemas.codelist(codelist).get(code) or schemas.codelist(codelist).find(code)


def thanhhoa_label(codelist: str, code: str) -> str:
    """A code's name in the reader's language; the code itself when the list does not know it."""
    item = thanhhoa_item(codelist, code)
    return item.label(language()) if item else code


def thanhhoa_place(code: str) -> str:
    """The name of the administrative unit that has, or had last, this code."""
    units = units_with_code(code)
    if not units:
        return code
    return units[-1].name_en if language() == "en" and units[-1].name_en else units[-1].name


def thanhhoa_number(value: Any, decimals: int | None = None) -> str:
    """A number as it is written: ``1.234.567,8``, in English ``1,234,567.8``; else as it is.

    With `decimals` it is rounded to that many; without, it keeps its own.

    >>> thanhhoa_number("abc")
    'abc'
    """
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    try:
        number = Decimal(str(value))
        if not number.is_finite():
            return str(value)
    except InvalidOperation:
        return str(value)
    if decimals is None:
        written = f"{number:,f}"
        if "." in written:
            written = written.rstrip("0").rstrip(".")
    else:
        written = f"{number:,.{decimals}f}"
    return written if language() == "en" else written.translate(str.maketrans(",.", ".,"))


def thanhhoa_date(value: Any) -> str:
    """A date or moment of a dataset as a day: ``23/11/2026``; a year or month stays one."""
    return date_label(str(value), language()) if value else ""


def day_and_time(value: Any) -> str:
    """A date with its time, where it has one: ``30/06/2026 08:15``; a time zone is the portal's."""
    text = str(value)
    if len(text) <= 10:
        return thanhhoa_date(text)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo and (moment.hour, moment.minute) != (0, 0):
            moment = moment.astimezone(_portals_zone())
    except (ValueError, OverflowError):
        return text
    time = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{thanhhoa_date(f'{moment:%Y-%m-%d}')} {'' if time == '00:00' else time}".strip()


def _portals_zone() -> ZoneInfo:
    return ZoneInfo(toolkit.config["ckan.display_timezone"])


def thanhhoa_moment(value: Any) -> str:
    """A moment in the portal's time zone: ``23/11/2026 14:05``; English ``23 Nov 2026 14:05``."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment is None:
        return ""
    local = moment.astimezone(_portals_zone())
    return local.strftime("%d %b %Y %H:%M" if language() == "en" else "%d/%m/%Y %H:%M")


def thanhhoa_period(value: Any) -> str:
    """A reporting period in words: ``quý I/2025`` for ``20251``."""
    return period_label(str(value), language()) if value else ""


def thanhhoa_within(period: str) -> str:
    """The words for a period within a sentence: ``quý I năm 2024``, in English ``Q1 2024``."""
    return within(period, language())
