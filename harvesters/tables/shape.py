"""Which columns of a table are labels, numbering, codes, times, units and measures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from harvesters.model import Role, Scalar
from harvesters.tables.cells import is_year, shown, whole
from harvesters.tables.grid import Sheet
from harvesters.tables.headers import Titles
from harvesters.tables.labels import is_of_which, is_ordinal
from harvesters.tables.layout import Row
from schemas.text import fold

_NUMBERING = re.compile(r"(?:stt|tt|so tt|so thu tu|no\.?|#)(?: / .*)?")
_CODE = re.compile(r"(?:ma|code|id)\b.*|.*\b(?:ma so|ma dinh danh|code|id)")
_TIME = re.compile(
    r"(?:nam|thang|quy|ky|ky bao cao|ngay|nien do|thoi gian|thoi diem|ngay thang"
    r"|year|month|quarter|date|time|period|day)(?: .{0,20})?"
)
_PERIOD_VALUE = re.compile(
    r"(?:năm|tháng|quý|q|t)?\.?\s*(?:[ivx]+|\d{1,2})?\s*[/\-. ]?\s*(?:năm)?\s*(?:19|20)\d\d"
    r"(?:\s*[-/]?\s*"
    r"(?:q[1-4]|\d{1,2}|(?:19|20)\d\d))?(?:\s*\(.*\))?|(?:tháng|quý)\s*(?:[ivx]+|\d{1,2})"
    r"|\d{4}-\d\d-\d\d.*|\d{1,2}/\d{1,2}/\d{4}"
    r"|(?:sơ bộ|ước tính|ước)\s*(?:năm\s*)?(?:19|20)\d\d",
    re.IGNORECASE,
)
_UNIT = re.compile(r"(?:don vi|dvt|don vi tinh|dv tinh|unit)\b.*")
_NOTE = re.compile(r"(?:ghi chu|chu thich|nguon|link|note|remark|source|url).*")
_MOST = 0.8
_SAMPLE = 1000


@dataclass(frozen=True)
class Shape:
    """Columns by number. `steps` are the columns that hold one label between them.

    `leading` are the other columns left of the first measure, `after` all columns from it on.
    """

    steps: tuple[int, ...]
    leading: tuple[int, ...]
    after: tuple[int, ...]
    roles: Mapping[int, Role]
    units: tuple[int, ...] = ()
    numbering: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()

    @property
    def measures(self) -> tuple[int, ...]:
        return tuple(c for c in self.after if c not in self.units)


@dataclass(frozen=True)
class _Stats:
    figures: int
    texts: int
    missing: int

    @property
    def filled(self) -> int:
        return self.figures + self.texts + self.missing


def find_shape(sheet: Sheet, body: Sequence[Row], titles: Titles) -> Shape:
    """Sorts the columns of a table by what its titles and its values show."""
    return _Finder(sheet, body, titles).find()


class _Finder:
    def __init__(self, sheet: Sheet, body: Sequence[Row], titles: Titles):
        self.sheet, self.body, self.titles = sheet, body, titles.text
        self.stats = self._count()
        self.times: dict[int, bool] = {}
        self.columns = [c for c in range(sheet.width) if self._is_column(c, titles)]
        self.folded = {c: fold(self.titles.get(c, "")) for c in self.columns}

    def _is_column(self, column: int, titles: Titles) -> bool:
        """Whether a column has values, or a title that stands for no column with values."""
        if self.stats[column].filled:
            return True
        group = next((group for group in titles.groups if group[0] == column), ())
        return bool(group) and not any(self.stats[c].filled for c in group)

    def find(self) -> Shape:
        first = next((i for i, c in enumerate(self.columns) if self._measures(c)), None)
        leading = self.columns if first is None else self.columns[:first]
        after = [] if first is None else self.columns[first:]
        dropped = [c for c in after if self._stray(c)]
        after = [c for c in after if c not in dropped]
        steps = self._steps([c for c in leading if self._labels(c)]) or self._headed_times(leading)
        rest = tuple(c for c in leading if c not in steps)
        return Shape(
            tuple(steps),
            rest,
            tuple(after),
            {c: self._role(c, c in leading) for c in self.columns},
            tuple(c for c in self.columns if _UNIT.fullmatch(self.folded[c])),
            tuple(c for c in rest if self._numbers(c)),
            tuple(c for c in leading if self._written(c)),
            tuple(dropped),
        )

    def _values(self, column: int) -> list[Scalar]:
        return [self.sheet.rows[row.index][column] for row in self.body]

    def _count(self) -> dict[int, _Stats]:
        figures, texts, missing = Counter[int](), Counter[int](), Counter[int]()
        for row in self.body:
            figures.update(row.figures)
            texts.update(row.texts)
            missing.update(row.missing)
        return {c: _Stats(figures[c], texts[c], missing[c]) for c in range(self.sheet.width)}

    def _measures(self, column: int) -> bool:
        stats = self.stats[column]
        if stats.figures + stats.missing <= stats.texts or not stats.figures:
            return False
        return not self._identifies(column)

    def _identifies(self, column: int) -> bool:
        """Whether a column of figures numbers, names or dates its rows instead of measuring."""
        title = self.folded[column]
        if self._numbers(column) or _CODE.fullmatch(title):
            return True
        if self._is_time(column):
            return True
        return not title and bool(self.titles) and column < min(self.titles)

    def _numbers(self, column: int) -> bool:
        """Whether a column numbers the rows: by its title, or untitled counting from 0 or 1."""
        title = self.folded[column]
        if title or column != self.columns[0]:
            return bool(_NUMBERING.fullmatch(title))
        values = [whole(v) for v in self._values(column) if v is not None]
        counted = [list(range(first, first + len(values))) for first in (0, 1)]
        return len(values) > 2 and values in counted

    def _is_time(self, column: int) -> bool:
        """Whether a column dates its rows: by its title or its place, and by most of its values."""
        if column not in self.times:
            titled = bool(_TIME.fullmatch(self.folded[column]))
            values = [v for v in self._values(column)[:_SAMPLE] if v is not None]
            dated = sum(map(_is_period, values)) if titled or column == self.columns[0] else 0
            self.times[column] = bool(values) and dated >= len(values) * _MOST
        return self.times[column]

    def _labels(self, column: int) -> bool:
        """Whether a leading column holds labels that headings may stand over."""
        title = self.folded[column]
        special = self._numbers(column) or _CODE.fullmatch(title) or _UNIT.fullmatch(title)
        return not special and not self._is_time(column) and self.stats[column].filled > 0

    def _headed_times(self, leading: Sequence[int]) -> list[int]:
        """A column of periods with headings among them is the label column of its table."""
        headed = {row.texts[0] for row in self.body if row.alone}
        return [c for c in leading if self._is_time(c) and c in headed][:1]

    def _written(self, column: int) -> bool:
        """Whether a leading column is kept as it is written: all but years and dates."""
        return not self._is_time(column)

    def _steps(self, labels: Sequence[int]) -> list[int]:
        """The columns that share one label: the first, and those beside it filled in its place."""
        if not labels:
            return []
        steps = [labels[0]]
        for column in labels[1:]:
            title, before = self.titles.get(column, ""), self.titles.get(steps[-1], "")
            if (title and title != before) or not self._excludes(steps, column):
                break
            steps.append(column)
        return steps

    def _excludes(self, steps: Sequence[int], column: int) -> bool:
        either = both = 0
        for row in self.body:
            values = self.sheet.rows[row.index]
            beside = [shown(values[c]) for c in steps if values[c] is not None]
            beside = [text for text in beside if not is_of_which(text) and not is_ordinal(text)]
            either += bool(beside)
            both += bool(beside) and values[column] is not None
        return both <= either * 0.3

    def _stray(self, column: int) -> bool:
        """A column of figures without a title beside titled ones, filled in few rows: workings."""
        if self.titles.get(column) or len(self.titles) < 2:
            return False
        values = [v for v in self._values(column) if v is not None]
        return len(values) <= max(1, len(self.body) // 5) or not any(values)

    def _role(self, column: int, leads: bool) -> Role:
        if self._is_time(column):
            return "time"
        title = self.folded[column]
        if _NOTE.fullmatch(title) or self._numbers(column):
            return "note"
        if leads or _UNIT.fullmatch(title) or _CODE.fullmatch(title):
            return "dimension"
        stats = self.stats[column]
        return "note" if stats.texts > stats.figures + stats.missing else "measure"


def _is_period(value: Scalar) -> bool:
    return isinstance(value, date) or is_year(value) or bool(_PERIOD_VALUE.fullmatch(shown(value)))
