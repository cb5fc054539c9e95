"""What becomes of PX, JSON-stat and PX-Web files: one line each, for the report on real files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.messages import say
from harvesters.model import Table
from harvesters.tables.cube_record import read_cubes
from harvesters.tables.cube_table import to_table


@dataclass(frozen=True)
class Verdict:
    """`read`: a table without a doubt. `asked`: read, with something a person should know of.

    `refused`: not read, and `detail` says why in words.
    """

    file: str
    verdict: Literal["read", "asked", "refused"]
    rows: int = 0
    columns: int = 0
    title: str = ""
    detail: str = ""

    def line(self) -> str:
        size = f"{self.rows} x {self.columns}" if self.rows else "-"
        return "\t".join((self.file, self.verdict, size, self.title, self.detail))


def report_file(name: str, content: bytes, language: str = "vi") -> list[Verdict]:
    """The verdict on each cube of a file. Never raises for what is in the file."""
    try:
        found = read_cubes(Response(name, content), name, language)
        tables = [(cube, to_table(cube, name)) for cube in found.cubes]
    except HarvestError as error:
        return [
            Verdict(name, "refused", detail=f"{error.code}: {say(error.problem, 'en').message}")
        ]
    told = [say(note, "en").message for note in found.notes]
    return [
        Verdict(
            f"{name}#{cube.key}" if cube.key else name,
            "asked" if told else "read",
            len(table.rows),
            len(table.columns),
            table.title,
            "; ".join([*told, f"{found.format}, {found.encoding}", _columns(table)]),
        )
        for cube, table in tables
    ]


def _columns(table: Table) -> str:
    roles = ((column.role, column.name) for column in table.columns)
    return ", ".join(f"{name} ({role})" for role, name in roles)


def is_ours(name: str) -> bool:
    """Whether a file is one that this report is about, by its suffix."""
    return PurePosixPath(name).suffix.lower() in (".px", ".json")
