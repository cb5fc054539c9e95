"""Problems in words: what happened · where · what to do next, in Vietnamese and English.

Codes are stable and documented (README); the words may change. `{where}` and the problem's own
parameters may be used; a parameter that is missing shows as "…", never as an error. What stands in
square brackets is left out when a parameter in it is missing or empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from harvesters.errors import Problem
from harvesters.problem_words import MESSAGES
from harvesters.said_values import said_values

#: Why a plan waits for a person (`held_because`), in Vietnamese and English.
HELD: dict[str, tuple[str, str]] = {
    "empty_listing": (
        "Nguồn trả về danh sách rỗng trong khi Cổng đang có bộ dữ liệu của nguồn này.",
        "The source listed nothing although the portal holds datasets of it.",
    ),
    "deletion_quota": (
        "Số bộ dữ liệu sẽ gỡ vượt mức cho phép.",
        "More datasets would be withdrawn than the source's quota allows.",
    ),
    "ids_changed": (
        "Nhiều bộ dữ liệu có vẻ đã đổi mã: cùng tên nhưng mã khác.",
        "Many datasets seem to have new ids: same titles, other ids.",
    ),
    "schema_drift": (
        "Cấu trúc cột của bảng đã thay đổi.",
        "The columns of a table have changed.",
    ),
    "rows_collapsed": (
        "Số dòng của bảng giảm bất thường.",
        "A table lost an unusual share of its rows.",
    ),
    "personal_data": (
        "Có cột có vẻ chứa dữ liệu cá nhân.",
        "A column looks like personal data.",
    ),
    "source_changed": (
        "Nguồn đã thay đổi sau khi lập kế hoạch.",
        "The source has changed since the plan was made.",
    ),
    "undone_before": (
        "Những thay đổi này đã từng được hoàn tác.",
        "These changes were undone before.",
    ),
}


#: The states of a run, in Vietnamese and English.
STATES: dict[str, tuple[str, str]] = {
    "queued": ("đang chờ chạy", "queued"),
    "running": ("đang chạy", "running"),
    "planned": ("đã lập kế hoạch", "planned"),
    "held": ("chờ duyệt", "held for approval"),
    "applied": ("đã xong", "applied"),
    "rejected": ("đã từ chối", "rejected"),
    "failed": ("thất bại", "failed"),
    "cancelled": ("đã dừng", "cancelled"),
    "undone": ("đã hoàn tác", "undone"),
}

_OPTIONAL = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Said:
    """A problem in words."""

    message: str
    hint: str


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def say(problem: Problem, lang: str = "vi") -> Said:
    """The problem in the reader's language (`vi`, else English)."""
    words = MESSAGES[problem.code]
    message, hint = (words.vi, words.vi_hint) if lang == "vi" else (words.en, words.en_hint)
    values = _Gaps(said_values(problem, lang))
    values["where"] = problem.where or values["where"]
    if values["state"] in STATES:
        values["state"] = STATES[values["state"]][0 if lang == "vi" else 1]
    return Said(_filled(message, values), _filled(hint, values))


def _filled(template: str, values: _Gaps) -> str:
    def part(match: re.Match[str]) -> str:
        names = [name for _, name, _, _ in Formatter().parse(match[1]) if name]
        return match[1] if all(values.get(name) for name in names) else ""

    return _OPTIONAL.sub(part, template).format_map(values)


def held_reasons(codes: tuple[str, ...] | list[str], lang: str = "vi") -> list[str]:
    """The reasons for holding a plan, in words."""
    return [HELD[code][0 if lang == "vi" else 1] for code in codes]


def report_entry(problem: Problem, lang: str = "vi") -> Mapping[str, str | None]:
    """The `errors` entry of a run's report."""
    said = say(problem, lang)
    return {
        "code": problem.code,
        "record": problem.record,
        "message": said.message,
        "hint": said.hint,
    }
