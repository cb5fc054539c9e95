"""A department's workbooks and CSV files, in a granted folder or at a URL.

One dataset for each file, or for each table in it (`dataset_per`). A dataset carries the file as
published, byte for byte, and one typed table for each table found in it. What a file cannot tell
is said by a YAML beside it (`harvesters.sources._description`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch
from harvesters.model import (
    End,
    Failure,
    File,
    Item,
    Probe,
    Record,
    RecordResource,
    SourceType,
    Unchanged,
    digest,
)
from harvesters.sources._description import (
    PER,
    Description,
    Descriptions,
    dataset_fields,
    plain,
)
from harvesters.sources._description import SUFFIXES as YAML_SUFFIXES
from harvesters.tables.grid import Caps
from harvesters.tables.hints import Hints
from harvesters.tables.reading import Reading, read_tables
from harvesters.tables.tabulate import TableRead
from harvesters.tables.title_period import common_period, table_period
from harvesters.tables.workbook import SUFFIXES
from schemas.text import nearest, nfc

#: Part of every mark: when reading itself changes, unchanged files are read anew.
READER = 1
MAX_TABLES = 500
#: What ends the whole reading, not one file of it.
_FATAL = ("deadline", "host_not_granted")
_KINDS = {
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "xls": ("XLS", "application/vnd.ms-excel"),
    "csv": ("CSV", "text/csv"),
    "html": ("HTML", "text/html"),
}
_ORDINAL = re.compile(r"^\s*(?:(?:biểu|bảng)\s*(?:số)?\s*)?\d{1,3}(?:[./]\d+)*\s*[.:)]\s+", re.I)


@dataclass(frozen=True)
class Settings:
    """`url` is a granted folder (all its files, with those of its subfolders), a file or a URL.

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


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each file, or for each table of it. See `SourceType.read`.

    A file that cannot be read fails alone. Where each table is a dataset, it is then not known
    which of its datasets are still there, so that the listing is not complete.
    """
    _check(settings)
    entries = fetch.entries(settings.url, (*SUFFIXES, *YAML_SUFFIXES))
    descriptions = Descriptions(fetch, entries, _general(settings))
    seen = 0
    unsure: Problem | None = None
    for entry in _wanted(settings, entries):
        file = _File(settings, fetch, entry, descriptions)
        for item in file.items(since):
            seen += 1
            if isinstance(item, Failure) and file.per_table:
                unsure = unsure or item.problem
            yield item
    yield End(unsure is None, seen if unsure is None else None, unsure)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a URL is a folder with workbooks or CSV files, or one such file."""
    entries = _wanted(Settings(url), fetch.entries(url, SUFFIXES))
    if not entries:
        return None
    if not url.lower().startswith(("http://", "https://")):
        return Probe(PurePosixPath(url).name, len(entries))
    try:
        read_tables(entries[0].path, fetch.read(entries[0].location).content)
    except HarvestError as error:
        if error.code in _FATAL:
            raise
        return None
    return Probe(entries[0].path, 1)


def _check(settings: Settings) -> None:
    if settings.dataset_per not in PER:
        raise HarvestError("bad_setting", key="read.dataset_per", expected=", ".join(PER))
    if settings.decimal not in ("", ",", "."):
        raise HarvestError("bad_setting", key="read.decimal", expected=", .")
    known = dataset_fields()
    for key in settings.fields:
        if key not in known:
            near = nearest(key, known) or ", ".join(sorted(known))
            raise HarvestError("unknown_setting", key=f"read.fields.{key}", nearest=near)


def _general(settings: Settings) -> Description:
    """The source's own settings as the most general word about its files."""
    hints = Hints(
        encoding=settings.encoding,
        decimal=settings.decimal,
        sheets=settings.sheets,
        skip_sheets=settings.skip_sheets,
        hidden=settings.hidden,
    )
    fields = {key: plain(value) for key, value in settings.fields.items()}
    return Description(fields, hints, settings.dataset_per)


def _wanted(settings: Settings, entries: tuple[Entry, ...]) -> list[Entry]:
    """The files to read. A single file or URL is read whatever it is called."""
    if len(entries) == 1 and not entries[0].path.lower().endswith(YAML_SUFFIXES):
        return list(entries)
    pattern = nfc(settings.pattern)
    return [
        entry
        for entry in entries
        if entry.path.lower().endswith(SUFFIXES)
        and (not pattern or fnmatchcase(entry.path, pattern))
    ]


class _File:
    """One file of the source."""

    def __init__(self, settings: Settings, fetch: Fetch, entry: Entry, descriptions: Descriptions):
        self.settings = settings
        self.fetch = fetch
        self.entry = entry
        self.path = nfc(entry.path)
        self.descriptions = descriptions
        self.per_table = settings.dataset_per == "table"

    def items(self, since: Mapping[str, str]) -> list[Item]:
        """Its records, or that they are unchanged, or the failure that reading it ended in."""
        mark = self._mark()
        if same := self._unchanged(since, mark):
            return [Unchanged(remote_id) for remote_id in same]
        try:
            return list(self._records(mark))
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            return [Failure(error.problem.of(self.path))]

    def _mark(self) -> str:
        """The file's state, those of its descriptions, and the settings it is read with."""
        if not self.entry.mark:
            return ""
        settings = replace(self.settings, url="")
        asked = [READER, self.descriptions.marks(self.entry.path), repr(settings)]
        return f"{self.entry.mark}/{digest(asked)[:12]}"

    def _unchanged(self, since: Mapping[str, str], mark: str) -> list[str]:
        """The ids of its datasets if all of them are held with this mark."""
        if mark and since.get(self.path) == mark:
            return [self.path]
        known = [key for key in since if key.startswith(f"{self.path}#")]
        return (
            sorted(known)
            if known and all(since[key] == f"{mark}/{len(known)}" for key in known)
            else []
        )

    def _records(self, mark: str) -> Iterator[Record]:
        said = self.descriptions.of(self.entry.path)
        self.per_table = said.dataset_per == "table"
        content = self.fetch.read(self.entry.location).content
        caps = Caps(cells=self.fetch.limits.max_cells)
        reading = read_tables(self.path, content, said.hints, caps=caps)
        if len(reading.tables) > MAX_TABLES:
            raise HarvestError("too_large", where=self.path, limit=f"{MAX_TABLES} bảng")
        file = self._original(content, reading, said.hints)
        notes = reading.refused + reading.asked + reading.notes
        if not self.per_table:
            tables = _table_resources(reading)
            fields = self._fields(said, reading.tables)
            yield Record(self.path, fields, (file, *tables), mark, notes)
            return
        count = len(reading.tables)
        shared = [note for note in notes if not any(map(_speaks_of(note), reading.tables))]
        for key, table in zip(reading.keys, reading.tables, strict=True):
            resources = (file, _table_resource("table", table))
            own = (*shared, *(note for note in notes if _speaks_of(note)(table)))
            fields = self._fields(said, (table,))
            yield Record(f"{self.path}#{key}", fields, resources, f"{mark}/{count}", own)
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
            "identifier": self.path,
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


SOURCE = SourceType(
    type="files",
    title={"vi": "Tệp Excel, CSV của đơn vị", "en": "Workbooks and CSV files of a department"},
    settings=Settings,
    read=read,
    probe=probe,
)
