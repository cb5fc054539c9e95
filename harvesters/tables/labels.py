"""Row labels and what they belong to: headings between rows, labels in steps, “of which”.

A printed table says that “Trong nước” is meant of passengers and not of goods by a heading above
it, by indentation, by a column of its own or by numbering (A, I, 1, a, -). Here each row keeps its
own label and gets the path of what it belongs to, so that nothing is lost and nothing doubled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harvesters.tables.grid import one_line
from schemas.text import fold

_OF_WHICH = re.compile(
    r"^(?:trong do|tr\.? ?do|chia ra|bao gom|gom|cu the|of which|tong so trong do)\s*[:：]?\s*$"
)
_OF_WHICH_START = re.compile(
    r"^\s*(?:trong đó|tr\.\s?đó|tđ|bao gồm|of which)\s*[:：]\s*(?=\S)", re.IGNORECASE
)
_TOTAL = re.compile(
    r"^\W*(?:tong\b|toan (?:nganh|tinh|quoc|xa hoi)\b|ca nuoc\b|(?:cong|chung|total)[\W\d]*$)"
)
_ORDINALS = (
    (re.compile(r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})[.)/](?:\s|$)"), 1),
    (re.compile(r"[A-ZĐ][.)/](?:\s|$)"), 0),
    (re.compile(r"\d{1,2}[.)/](?!\d)"), 3),
    (re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?(?:\s|$)"), 4),
    (re.compile(r"[a-zđ][.)]\s"), 5),
    (re.compile(r"[-–—]\s*"), 7),
    (re.compile(r"[+*•]\s*"), 8),
)
_TOP, _CAPITALS, _PLAIN = -1, 2, 6
#: Rows with such numbers are siblings, however they are indented.
_NUMBERED = (0, 1, 3)


@dataclass(frozen=True)
class Line:
    """One body row before it becomes a record.

    `column` is the label's place in the steps, `depth` its indentation, `ordinal` what stands in
    a numbering column before it. `heading` is a row with a label and no values.
    """

    row: int
    label: str
    column: int = 0
    depth: int = 0
    ordinal: str = ""
    heading: bool = False
    bold: bool = False
    panel: bool = False


@dataclass(frozen=True)
class Labelled:
    """A row with its label and the path of headings and rows that it belongs to."""

    row: int
    label: str
    path: tuple[str, ...]


def label_rows(lines: Sequence[Line]) -> list[Labelled]:
    """Labels and paths of the rows that have values, in order."""
    joined = _even_depths(_join_wrapped(lines))
    plain = _labelled(joined, by_weight=False)
    if not _doubled(plain):
        return plain
    weighed = _labelled(joined, by_weight=True)
    return weighed if _doubled(weighed) < _doubled(plain) else plain


def _labelled(lines: Sequence[Line], by_weight: bool) -> list[Labelled]:
    """`by_weight`: rows set in bold stand above the others of their level.

    Bold is also used for emphasis, so that it counts only where labels could not be told apart
    otherwise ("13-14, 15-17 …" under Nam and again under Nữ).
    """
    stack = _Stack(by_weight)
    return [found for line in lines if (found := stack.take(line)) is not None]


def _doubled(rows: Sequence[Labelled]) -> int:
    return len(rows) - len({(row.label, row.path) for row in rows})


def _join_wrapped(lines: Sequence[Line]) -> list[Line]:
    """A label broken over two rows is one label; the figures stand beside either half."""
    result: list[Line] = []
    for number, line in enumerate(lines):
        before = result[-1] if result else None
        after = lines[number + 1] if number + 1 < len(lines) else None
        if before and before.column == line.column and _goes_on(before, line, after):
            label = f"{before.label} {line.label}"
            row = before.row if line.heading else line.row
            heading = before.heading and line.heading
            result[-1] = replace(before, label=label, row=row, heading=heading)
        else:
            result.append(line)
    return result


def _goes_on(before: Line, line: Line, after: Line | None) -> bool:
    if before.panel or line.panel or not (before.heading or line.heading):
        return False
    if before.heading and line.heading and _two_lines(before, line):
        return True
    if not _continues(line.label):
        return False
    if line.heading:
        return True
    listed = after is not None and not after.heading and _continues(after.label)
    return not listed and not before.label.endswith((":", ";", "."))


def _two_lines(before: Line, line: Line) -> bool:
    """A heading in capitals set in two lines: PHÂN THEO KHU VỰC | VÀ THÀNH PHẦN KINH TẾ."""
    capitals = is_capitals(line.label) and before.label.isupper()
    return capitals and line.row == before.row + 1 and not _is_total(line.label)


def _continues(label: str) -> bool:
    """Whether a label can only be the rest of one: it begins with a small letter or a bracket."""
    text = label.strip()
    if not text or _OF_WHICH.match(fold(text)) or re.match(r"[a-zđ][.)]\s", text):
        return False
    return text[0].islower() or (text[0] == "(" and not text.startswith(("(*", "(1")))


def _even_depths(lines: Sequence[Line]) -> list[Line]:
    """Indentations that only a stray blank makes are taken for the usual one just below.

    A single blank counts as depth only where a good part of the rows has it.
    """
    counts = Counter(line.depth for line in lines)
    usual = [0] + [
        depth
        for depth, count in counts.items()
        if (count * 3 >= len(lines) if depth == 1 else count > 2 or count * 20 >= len(lines))
    ]
    return [replace(line, depth=max(d for d in usual if d <= line.depth)) for line in lines]


#: Column, indentation, numbering, weight: what is smaller stands above.
Level = tuple[int, int, int, int]


@dataclass
class _Open:
    """Something that later rows may belong to. `used` once it has a row of figures, `lighter` if it
    has figures itself and its parts are not set in bold as it is."""

    level: Level
    label: str
    heading: bool
    bold: bool = False
    total: bool = False
    of_which: bool = False
    used: bool = False
    lighter: bool = False

    def takes(self, new: _Open) -> bool:
        """Whether the new row belongs to this one.

        What stands deeper does. A heading without figures also keeps the rows of its own level
        until the next heading; one right under another, in another type, is a part of it. After
        “Trong đó:” the rows of the same level are parts, until one is set in bold like the whole.
        """
        if self.total:
            return self.level[:2] < new.level[:2]
        if self.lighter and new.bold and not new.heading and self.level[0] == new.level[0]:
            return False
        if self.level[0] == new.level[0] and self.level[2] == new.level[2] in _NUMBERED:
            return False
        if self.level < new.level:
            return True
        if new.total:
            return self.heading and not self.used and self.level[:2] <= new.level[:2]
        if self.level != new.level:
            return False
        if self.of_which:
            return not new.heading and not (self.bold and new.bold)
        if not self.heading and not opens_group(self.label):
            return False
        if not new.heading:
            return not opens_group(new.label)
        return not self.used and self.bold != new.bold


class _Stack:
    """What the next row may belong to, from the outermost heading inwards."""

    def __init__(self, by_weight: bool = False) -> None:
        self.open: list[_Open] = []
        self.panel = ""
        self.by_weight = by_weight

    def take(self, line: Line) -> Labelled | None:
        """The row with its path, or None for a heading, which waits for its rows."""
        label = one_line(line.label)
        if line.panel:
            self.panel, self.open = label, []
            return None
        if line.heading and _OF_WHICH.match(fold(label)):
            if self.open:
                self.open[-1].of_which = True
            return None
        if (inner := _OF_WHICH_START.match(label)) and self.open and not line.heading:
            return Labelled(line.row, label[inner.end() :], self._path(self.open))
        total = not line.heading and _is_total(label)
        weighty = line.bold or line.heading
        height = _TOP if total else rank(label, line.ordinal, weighty)
        depth = 0 if total or height == _CAPITALS else line.depth
        weight = int(self.by_weight and not line.bold)
        self._close(
            _Open((line.column, depth, height, weight), label, line.heading, line.bold, total)
        )
        path = self._path(self.open[:-1])
        if line.heading:
            return None
        for entry in self.open[:-1]:
            entry.used = True
            entry.lighter = entry.bold and not entry.heading and not line.bold
        return Labelled(line.row, label, path)

    def _path(self, entries: Sequence[_Open]) -> tuple[str, ...]:
        panel = (self.panel,) if self.panel else ()
        return panel + tuple(entry.label for entry in entries if not entry.total)

    def _close(self, new: _Open) -> None:
        """Ends what the new row does not belong to, and opens the new row."""
        if self.open and self.open[-1].level < new.level:
            # What follows “Trong đó:” is indented, so that the indentation says where it ends.
            self.open[-1].of_which = False
        while self.open and not self.open[-1].takes(new):
            self.open.pop()
        self.open.append(new)


def rank(label: str, ordinal: str = "", bold: bool = True) -> int:
    """How high a label's numbering puts it: A before I before 1 before a before -.

    Capitals stand above too, if they are more than an abbreviation in ordinary type.
    """
    if ordinal.isdigit():
        return 3
    numbered = ordinal if not is_ordinal(ordinal) else ordinal.rstrip(".)") + ". "
    for text in (numbered, label.strip()):
        for pattern, height in _ORDINALS:
            if pattern.match(text):
                return height
    letters = sum(char.isalpha() for char in label)
    capital = label.isupper() and letters > 3 and (bold or len(label.split()) > 2)
    return _CAPITALS if capital else _PLAIN


def _is_total(label: str) -> bool:
    return bool(_TOTAL.match(fold(label)))


def is_of_which(text: str) -> bool:
    """Whether a text only says “Trong đó:” or “Chia ra”."""
    return bool(_OF_WHICH.match(fold(text)))


def is_ordinal(text: str) -> bool:
    """Whether a text is nothing but a number in a list: "A", "II", "1.", "2.1"."""
    return bool(re.fullmatch(r"(?:[A-ZĐa-zđ]|[IVX]{1,5}|\d{1,3}(?:\.\d{1,2})*)[.)]?", text.strip()))


def is_capitals(text: str) -> bool:
    """Whether a label is set in capitals."""
    return rank(text) == _CAPITALS


def opens_group(text: str) -> bool:
    """Whether a label reads as a heading: "Phân theo …", "…:", "Trong đó"."""
    plain = fold(text)
    return plain.endswith(":") or bool(
        re.match(r"(?:\w{1,3}[.)]\s*)?(?:phan|chia) theo\b|phan to\b|trong do\b|chia ra\b", plain)
    )
