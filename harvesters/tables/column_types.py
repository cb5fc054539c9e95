"""The type of a column, decided from all its values and never from one cell.

`1.234` is one thousand two hundred thirty-four or one and a bit: only the other values of the
column, then those of the table, can tell. Where nothing tells, the column stays text and the
question is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from harvesters.errors import Problem
from harvesters.model import ColumnType, Scalar
from harvesters.tables.cells import FIGURE, MISSING, is_figure, shown
from harvesters.tables.grid import PLAIN, Style

Separator = Literal[",", ".", ""]

#: A column is numeric if at most this share of its filled cells are words (they become notes).
_WORDS_ALLOWED = 0.1
_DATE = re.compile(r"(\d{1,2})[/\-.](\d{1,2})[/\-.](\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True)
class Typed:
    """A column's type and values. `unit` is "%" when the values were written with it.

    `undecided` shows an ambiguous value ("1.234"); `words` are texts found among figures.
    """

    type: ColumnType
    values: tuple[Scalar, ...]
    unit: str = ""
    undecided: str = ""
    words: tuple[str, ...] = ()


def decimal_separator(values: Iterable[Scalar]) -> Separator:
    """The decimal separator that the texts among the values prove, else "".

    Proof: both separators in one value (the last is decimal), a separator twice in one value (it
    groups thousands), other than three digits after it, or a leading zero before it (decimal).
    Contradicting proofs are no proof.
    """
    votes: set[Separator] = set()
    grouped: set[str] = set()
    small = False
    for value in values:
        if not isinstance(value, str) or not is_figure(value.strip()):
            continue
        digits = _digits(value)
        marks = re.findall(r"[.,]", digits)
        small = small or bool(re.fullmatch(r"[1-9]\d{0,2}", digits))
        if found := _proof(digits, marks):
            votes.add(found)
        elif marks:
            grouped.add(marks[0])
    if len(votes) == 1:
        return votes.pop()
    if not votes and len(grouped) == 1 and small:
        # Beside "1.234" a bare "987": with three fixed decimals it would be "987.000".
        return "," if "." in grouped else "."
    return ""


def _proof(digits: str, marks: Sequence[str]) -> Separator | None:
    if not marks:
        return None
    last = marks[-1]
    other: Separator = "." if last == "," else ","
    if len(set(marks)) == 2:
        return "," if last == "," else "."
    if len(marks) > 1:
        return other
    whole_part, _, fraction = digits.partition(last)
    if len(fraction) != 3 or whole_part == "0" or len(whole_part) > 3:
        return "," if last == "," else "."
    return None


def _digits(text: str) -> str:
    found = FIGURE.fullmatch(text.strip())
    return re.sub(r"['\s]", "", found["digits"]) if found else ""


def type_column(
    values: Sequence[Scalar],
    styles: Sequence[Style] = (),
    elsewhere: Separator = "",
    as_text: bool = False,
) -> Typed:
    """Types a column. `elsewhere` is the separator proven by the rest of the table.

    `as_text` keeps codes and labels as they are written (numbers without decoration).
    """
    styles = styles or [PLAIN] * len(values)
    coded = any(style.digits for style in styles)
    filled = [v for v in values if v is not None and not _is_missing(v)]
    if as_text or coded:
        return Typed("text", tuple(map(_as_text, values, styles)))
    if not filled:
        # Nothing but "-": a figure that nobody has; nothing at all: perhaps remarks to come.
        signs = any(value is not None for value in values)
        return Typed("number" if signs else "text", (None,) * len(values))
    if all(isinstance(v, bool) for v in filled):
        return Typed("boolean", tuple(None if _is_missing(v) else v for v in values))
    if (dates := _dates(values, filled)) is not None:
        return dates
    return _numbers(values, styles, filled, elsewhere)


def _numbers(
    values: Sequence[Scalar],
    styles: Sequence[Style],
    filled: Sequence[Scalar],
    elsewhere: Separator,
) -> Typed:
    as_text = Typed("text", tuple(map(_as_text, values, styles)))
    words = [v for v in filled if not _is_number(v)]
    if len(words) > len(filled) * _WORDS_ALLOWED or any(map(_is_code, filled)):
        return as_text
    separator = decimal_separator(values) or elsewhere
    parsed: list[Scalar] = []
    for value, style in zip(values, styles, strict=True):
        if isinstance(value, str) and not separator and _ambiguous(value):
            return Typed("text", as_text.values, undecided=value.strip())
        parsed.append(_number(value, style, separator))
    percent = any(style.percent for style in styles) or any(
        isinstance(v, str) and "%" in v for v in filled
    )
    if all(isinstance(v, int) for v in parsed if v is not None) and not any(
        style.decimals for v, style in zip(parsed, styles, strict=True) if v is not None
    ):
        kind: ColumnType = "integer"
    else:
        kind = "number"
        parsed = [Decimal(v) if isinstance(v, int) else v for v in parsed]
    texts = tuple(dict.fromkeys(shown(word) for word in words))
    return Typed(kind, tuple(parsed), "%" if percent else "", words=texts)


def _is_missing(value: Scalar) -> bool:
    return isinstance(value, str) and value.strip() in MISSING


def _is_number(value: Scalar) -> bool:
    if isinstance(value, str):
        return is_figure(value.strip())
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_code(value: Scalar) -> bool:
    """A text with a leading zero ("038") or of more digits than a figure has is a code."""
    if not isinstance(value, str):
        return False
    return bool(re.fullmatch(r"0\d+|\d{16,}", value.strip()))


def _ambiguous(text: str) -> bool:
    digits = _digits(text)
    marks = re.findall(r"[.,]", digits)
    return len(marks) == 1 and _proof(digits, marks) is None


def _number(value: Scalar, style: Style, separator: Separator) -> int | Decimal | None:
    if isinstance(value, bool) or value is None or isinstance(value, date):
        return None
    if isinstance(value, (int, Decimal)):
        return _plain(Decimal(value) * 100) if style.percent else value
    found = FIGURE.fullmatch(value.strip())
    if not found or not is_figure(value.strip()):
        return None
    digits = re.sub(r"['\s]", "", found["digits"])
    thousands = "." if separator == "," else ","
    digits = digits.replace(thousands, "").replace(separator or ".", ".")
    negative = bool(found["open"]) or (found["sign"] or "").strip() in ("-", "−", "–")
    try:
        number = Decimal(("-" if negative else "") + digits)
    except InvalidOperation:
        return None
    return int(number) if "." not in digits else number


def _plain(number: Decimal) -> int | Decimal:
    """Without the exponent that scaling leaves: 25 and not 2.5E+1."""
    number = number.normalize()
    if number == number.to_integral_value():
        return int(number)
    return number


def _as_text(value: Scalar, style: Style = PLAIN) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and style.digits:
        return str(value).zfill(style.digits)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return shown(value)


def _dates(values: Sequence[Scalar], filled: Sequence[Scalar]) -> Typed | None:
    """A column of dates, written dd/mm/yyyy, yyyy-mm-dd or kept as dates by the workbook."""
    read = [_date(value) for value in filled]
    if any(moment is None for moment in read):
        return None
    timed = any(isinstance(moment, datetime) for moment in read)
    result: list[Scalar] = []
    for value in values:
        moment = None if value is None else _date(value)
        if timed and moment is not None and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        result.append(moment)
    return Typed("timestamp" if timed else "date", tuple(result))


def _date(value: Scalar) -> date | datetime | None:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    if found := _DATE.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _ISO_DATE.fullmatch(text):
        year, month, day = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def questions(typed: Typed, where: str, title: str) -> list[Problem]:
    """What a person should look at in a typed column."""
    found = []
    if typed.undecided:
        params = {"column": title, "example": typed.undecided}
        found.append(Problem("ambiguous_number", where=where, params=params))
    if typed.words:
        params = {"column": title, "words": "; ".join(typed.words[:3])}
        found.append(Problem("text_in_numbers", where=where, params=params))
    return found
