"""What a person says of a workbook that cannot be told from it (the YAML beside the files)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from harvesters.model import ColumnType, Role
from schemas.text import fold


@dataclass(frozen=True)
class ColumnHint:
    """What is said of one column; empty values leave what was read."""

    name: str = ""
    title: str = ""
    title_en: str = ""
    type: ColumnType | None = None
    unit: str = ""
    description: str = ""
    role: Role | None = None
    skip: bool = False

    @property
    def is_number(self) -> bool:
        return self.type in ("integer", "number")


_NOTHING = ColumnHint()


@dataclass(frozen=True)
class Hints:
    """How to read a file. Sheet names are patterns (`Biểu*`), compared without case or accents.

    `header` gives the header's rows as the workbook numbers them, by sheet ("*" for all):
    (4, 6) means rows 4 to 6. `columns` are by name or by title.
    """

    encoding: str = ""
    decimal: str = ""
    sheets: tuple[str, ...] = ()
    skip_sheets: tuple[str, ...] = ()
    hidden: bool = False
    header: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    columns: Mapping[str, ColumnHint] = field(default_factory=dict)

    def takes(self, sheet: str) -> bool:
        """Whether a sheet is to be read."""
        wanted = not self.sheets or any(_matches(sheet, pattern) for pattern in self.sheets)
        return wanted and not any(_matches(sheet, pattern) for pattern in self.skip_sheets)

    def header_of(self, sheet: str) -> tuple[int, int] | None:
        for pattern, rows in self.header.items():
            if _matches(sheet, pattern):
                return rows
        return None

    def column(self, name: str, title: str) -> ColumnHint:
        """What is said of a column, by its name or its title."""
        for key, hint in self.columns.items():
            if key == name or (title and fold(key) == fold(title)):
                return hint
        return _NOTHING


def _matches(sheet: str, pattern: str) -> bool:
    return fnmatchcase(fold(sheet), fold(pattern))
