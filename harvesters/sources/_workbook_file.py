"""One workbook or CSV file of a source to records: a dataset for the file, or for each table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch
from harvesters.model import Failure, File, Item, Record, RecordResource, Unchanged, digest
from harvesters.sources._description import Description, Descriptions
from harvesters.tables.grid import Caps
from harvesters.tables.hints import Hints
from harvesters.tables.reading import Reading, read_tables
from harvesters.tables.tabulate import TableRead
from harvesters.tables.title_period import common_period, table_period
from schemas.text import composed

#: Part of every mark: when reading itself changes, unchanged files are read anew.
READER = 1
MAX_TABLES = 500
#: What ends the whole reading, not one file of it.
FATAL = ("deadline", "host_not_granted")
_KINDS = {
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "xls": ("XLS", "application/vnd.ms-excel"),
    "csv": ("CSV", "text/csv"),
    "html": ("HTML", "text/html"),
}
_ORDINAL = re.compile(r"^\s*(?:(?:biểu|bảng)\s*(?:số)?\s*)?\d{1,3}(?:[./]\d+)*\s*[.:)]\s+", re.I)


@dataclass(frozen=True)
class Settings:
    """`url` is a folder (all its files, with those of its subfolders), a file, or a page of links.

    A folder is one of this machine, or by URL: ``sftp://host/folder``, ``smb://host/share/folder``,
    ``s3://host/bucket/prefix``, or what a web server lists.

    `pattern` keeps to paths that fit (``*.xlsx``, ``2025/*``). `dataset_per` is ``workbook`` or
    ``table``. `encoding` and `decimal` (``,`` or ``.``) are for files that do not tell; `sheets`
    and `skip_sheets` are patterns of sheet names; `hidden` also reads what is hidden. `fields` are
    dataset fields in the portal's words for all files. `source_system` is the name shown as the
    data's origin. What a YAML beside the files says counts before all of these.
    """

    url: str
    pattern: str = ""
    dataset_per: str = "workbook"
    encoding: str = ""
    decimal: str = ""
    sheets: tuple[str, ...] = ()
    skip_sheets: tuple[str, ...] = ()
    hidden: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    source_system: str = ""


class WorkbookFile:
    """One file of a source, and what it gives.

    Its records are called by `key`, by its path unless the source has a name of its own for it.
    """

    def __init__(
        self,
        settings: Settings,
        fetch: Fetch,
        entry: Entry,
        descriptions: Descriptions,
        key: str = "",
    ):
        self.settings = settings
        self.fetch = fetch
        self.entry = entry
        self.path = composed(entry.path)
        self.key = key or self.path
        self.descriptions = descriptions
        self.per_table = settings.dataset_per == "table"
        #: The file's bytes where they need not be fetched, being part of another file.
        self.content: bytes | None = None

    def items(self, since: Mapping[str, str]) -> list[Item]:
        """Its records, or that they are unchanged, or the failure that reading it ended in."""
        mark = self.mark()
        if same := self.unchanged(since, mark):
            return [Unchanged(remote_id) for remote_id in same]
        try:
            return list(self._records(mark))
        except HarvestError as error:
            if error.code in FATAL:
                raise
            return [Failure(error.problem.of(self.key))]

    def mark(self) -> str:
        """The file's state, those of its descriptions, and the settings it is read with."""
        if not self.entry.mark:
            return ""
        settings = replace(self.settings, url="")
        asked = [READER, self.descriptions.marks(self.entry.path), repr(settings)]
        return f"{self.entry.mark}/{digest(asked)[:12]}"

    def unchanged(self, since: Mapping[str, str], mark: str) -> list[str]:
        """The ids of its datasets if all of them are held with this mark."""
        if mark and since.get(self.key) == mark:
            return [self.key]
        known = [key for key in since if key.startswith(f"{self.key}#")]
        return (
            sorted(known)
            if known and all(since[key] == f"{mark}/{len(known)}" for key in known)
            else []
        )

    def _records(self, mark: str) -> Iterator[Record]:
        said = self.descriptions.of(self.entry.path)
        self.per_table = said.dataset_per == "table"
        content = self.content
        if content is None:
            content = self.fetch.read(self.entry.location).content
        caps = Caps(cells=self.fetch.limits.max_cells)
        reading = read_tables(self.path, content, said.hints, caps=caps)
        if len(reading.tables) > MAX_TABLES:
            limit, limit_en = f"{MAX_TABLES} bảng", f"{MAX_TABLES} tables"
            raise HarvestError("too_large", where=self.path, limit=limit, limit_en=limit_en)
        file = self._original(content, reading, said.hints)
        notes = reading.refused + reading.asked + reading.notes
        if not self.per_table:
            tables = _table_resources(reading)
            fields = self._fields(said, reading.tables)
            yield Record(self.key, fields, (file, *tables), mark, notes)
            return
        count = len(reading.tables)
        shared = [note for note in notes if not any(map(_speaks_of(note), reading.tables))]
        for key, table in zip(reading.keys, reading.tables, strict=True):
            resources = (file, _table_resource("table", table))
            own = (*shared, *(note for note in notes if _speaks_of(note)(table)))
            fields = self._fields(said, (table,))
            yield Record(f"{self.key}#{key}", fields, resources, f"{mark}/{count}", own)
            shared = []

    def _original(self, content: bytes, reading: Reading, hints: Hints) -> RecordResource:
        kind, media = _KINDS[reading.kind]
        fields = {"name": f"Tệp gốc ({kind})", "format": kind}
        if reading.kind == "csv" and hints.encoding:
            fields["encoding"] = hints.encoding
        name = PurePosixPath(self.path).name
        return RecordResource("file", fields, file=File(name, media, content))

    def _fields(self, said: Description, tables: tuple[TableRead, ...]) -> dict[str, Any]:
        """The dataset in the portal's words. What a person said stands before what was found."""
        found: dict[str, Any] = {
            "title": self._title(tables),
            "notes": _notes(tables),
            "identifier": self.path if self.key == self.path else "",
            "source_system": self.settings.source_system,
        }
        if period := common_period(read.table for read in tables):
            found["temporal_coverage"] = [{"start_period": period[0], "end_period": period[1]}]
        if self.settings.url.lower().startswith(("http://", "https://")):
            found["url"] = self.settings.url
        return {**{k: v for k, v in found.items() if v}, **said.fields}

    def _title(self, tables: tuple[TableRead, ...]) -> str:
        """The only table's title; of several tables the file's name speaks for all."""
        if len(tables) == 1 and (title := _ORDINAL.sub("", tables[0].table.title)):
            return title
        name = re.sub(r"[_\s]+|(?<=[^\W\d_])-(?=[^\W\d_])", " ", PurePosixPath(self.path).stem)
        return name[:1].upper() + name[1:]


def _speaks_of(note: Problem) -> Callable[[TableRead], bool]:
    """Whether a note is about the sheet that a table stood in."""
    return lambda table: bool(table.sheet) and note.where.endswith(f" · {table.sheet}")


def _notes(tables: tuple[TableRead, ...]) -> str:
    """The lines under the only table, or the list of the tables."""
    if len(tables) == 1:
        return "\n\n".join(tables[0].table.notes)
    titles = [f"- {read.table.title or read.sheet}" for read in tables]
    return "\n".join([f"Gồm {len(tables)} bảng số liệu:", "", *titles])


def _table_resources(reading: Reading) -> list[RecordResource]:
    """One resource for each table; where there is only one its id needs no key."""
    if len(reading.tables) == 1:
        return [_table_resource("table", reading.tables[0])]
    pairs = zip(reading.keys, reading.tables, strict=True)
    return [_table_resource(f"table:{key}", table) for key, table in pairs]


def _table_resource(remote_id: str, read: TableRead) -> RecordResource:
    fields = {
        "name": read.table.title or read.sheet or "Bảng số liệu",
        "description": "\n\n".join(read.table.notes),
        "unit": read.unit,
    }
    if period := table_period(read.table):
        fields["period"] = "/".join(dict.fromkeys(period))
    return RecordResource(remote_id, {k: v for k, v in fields.items() if v}, table=read.table)
