"""What is read out of a folder of files, what is asked and what is refused, file by file.

``python -m harvesters.tables.report FOLDER [--lang en] [--rows N]`` reads with the same readers as
the sources do and publishes nothing: a department can see beforehand what its files will become.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.response import Response
from harvesters.messages import say
from harvesters.model import Table
from harvesters.tables.cube_record import read_cubes
from harvesters.tables.cube_table import to_table
from harvesters.tables.reading import read_tables
from harvesters.tables.workbook import SUFFIXES

#: What a file of several tables may show of its columns before the line is cut.
_COLUMNS_SHOWN = 12


@dataclass(frozen=True)
class FileReport:
    """One file: its tables with the sheet each stood in, and what is to be said of it."""

    name: str
    kind: str = ""
    tables: tuple[tuple[str, Table], ...] = ()
    asked: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def _workbook(name: str, content: bytes) -> FileReport:
    reading = read_tables(name, content)
    tables = tuple((read.sheet, read.table) for read in reading.tables)
    return FileReport(name, reading.kind, tables, reading.asked, reading.refused, reading.notes)


def _cubes(name: str, content: bytes) -> FileReport:
    found = read_cubes(Response(name, content), name, "vi")
    tables = tuple(("", to_table(cube, name)) for cube in found.cubes)
    return FileReport(name, found.format, tables, notes=found.notes)


#: Which reader takes a file, by its suffix.
READERS: Mapping[str, Callable[[str, bytes], FileReport]] = {
    **dict.fromkeys(SUFFIXES, _workbook),
    ".px": _cubes,
    ".json": _cubes,
}


def report_file(path: Path) -> FileReport:
    """The report of one file; a file that cannot be read is refused, never an error."""
    try:
        return READERS[path.suffix.lower()](path.name, path.read_bytes())
    except HarvestError as error:
        return FileReport(path.name, refused=(error.problem,))


def report_folder(folder: Path) -> Iterator[FileReport]:
    """The reports of all files that some reader takes, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in READERS:
            yield report_file(path)


def lines(report: FileReport, lang: str = "vi", rows: int = 0) -> Iterator[str]:
    """The report in words: tables read, then what is asked, refused and noted."""
    cells = sum(len(t.rows) * len(t.columns) for _, t in report.tables)
    figures = f"{len(report.tables)} tables, {cells} cells"
    yield f"{report.name}  [{report.kind or '-'}]  {figures}"
    for sheet, table in report.tables:
        size = f"{len(table.rows)} x {len(table.columns)}"
        place = f"{sheet}: " if sheet else ""
        yield f"  READ     {place}{table.title or '(no title)'}  [{size}]"
        shown = [f"{c.name}:{c.type}" for c in table.columns[:_COLUMNS_SHOWN]]
        more = len(table.columns) - len(shown)
        yield "           " + ", ".join(shown) + (f" … +{more}" if more > 0 else "")
        for row in table.rows[:rows]:
            yield "           | " + " | ".join("" if v is None else str(v) for v in row)
    for word, problems in (
        ("ASKED", report.asked),
        ("REFUSED", report.refused),
        ("NOTED", report.notes),
    ):
        for problem in problems:
            yield f"  {word:8} {problem.code}: {say(problem, lang).message}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the reports of a folder and their sum. Exit 1 when nothing could be read."""
    parser = argparse.ArgumentParser(prog="python -m harvesters.tables.report")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lang", choices=("vi", "en"), default="vi")
    parser.add_argument("--rows", type=int, default=0, help="first rows of each table to show")
    options = parser.parse_args(arguments)
    reports = []
    for report in report_folder(options.folder):
        reports.append(report)
        for line in lines(report, options.lang, options.rows):
            sys.stdout.write(f"{line}\n")
        sys.stdout.write("\n")
    tables = sum(len(report.tables) for report in reports)
    refused = sum(not report.tables for report in reports)
    asked = sum(len(report.asked) for report in reports)
    sys.stdout.write(
        f"{len(reports)} files: {tables} tables read, {asked} questions, "
        f"{refused} files without a table\n"
    )
    return 0 if tables else 1


if __name__ == "__main__":
    sys.exit(main())
