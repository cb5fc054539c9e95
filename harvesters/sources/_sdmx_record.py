"""What is particular to a reading of SDMX, and the record made of a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.model import File, Record, RecordResource, digest
from harvesters.tables.cube_record import is_web
from harvesters.tables.names import unique_keys
from harvesters.tables.sdmx import DataSet, Message, Structures
from harvesters.tables.sdmx_table import dataset_fields, make_table, period_text
from schemas.text import nfc, slug

#: What ends the whole reading, not one record of it.
FATAL = ("deadline", "host_not_granted")
_FORMATS = {
    "SDMX-ML": ("XML", "application/xml"),
    "SDMX-JSON": ("JSON", "application/json"),
    "SDMX-CSV": ("CSV", "text/csv"),
}


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is a service (``https://…/rest``), its list of flows, a message, a list of messages, or a
    granted folder. `structures` are addresses of messages with structures and codelists. For a
    service: `api` (``2.1``, ``3.0``; found out when empty), `agency` and `flows` keep the listing
    to these, `keys` keeps a flow to a key (flow -> ``A.VN..``), `start_period` and `last_n` to the
    newer observations, `max_observations` is the most asked for at once. `titles` gives titles
    (record -> title); `language` is that of labels; `source_system` the name shown as the origin.
    """

    url: str
    language: str = "vi"
    structures: tuple[str, ...] = ()
    api: str = ""
    agency: str = "all"
    flows: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    start_period: str = ""
    last_n: int = 0
    max_observations: int = 500_000
    titles: Mapping[str, str] = field(default_factory=dict)
    source_system: str = ""


def mark_of(settings: Settings, told: str, *more: object) -> str:
    """What the source says of the state, bound to the settings and structures it was read with."""
    asked = [
        settings.language,
        settings.start_period,
        settings.last_n,
        settings.source_system,
        sorted(settings.titles.items()),
        sorted(settings.keys.items()),
        *more,
    ]
    return f"{told}/{digest(asked)[:8]}" if told else ""


def file_record(
    settings: Settings,
    name: str,
    content: bytes,
    message: Message,
    known: Structures,
    mark: str,
    file_name: str = "",
) -> Record:
    """The dataset of a message as a file: the file as published, and a table for each data set.

    `file_name` is the file's own where `name` is another. Raises `no_table` when none of them holds
    an observation.
    """
    path = PurePosixPath(name)
    format_, media = _FORMATS[message.format]
    original = RecordResource(
        "file",
        {"name": f"Tệp gốc ({message.format})", "format": format_},
        file=File(file_name or path.name, media, content),
    )
    return _record(settings, name, path.stem, (original,), message, known, mark)


def flow_record(
    settings: Settings, name: str, url: str, message: Message, known: Structures, mark: str
) -> Record:
    """The dataset of a flow: its query as a link, and its table.

    The message itself is no file of the dataset: its header differs at every answer, so an
    unchanged flow would look changed.
    """
    link = RecordResource(
        "query", {"name": f"Truy vấn {message.format}", "format": "XML", "url": url}
    )
    if message.format != "SDMX-ML":
        format_ = _FORMATS[message.format][0]
        link = RecordResource("query", {**link.fields, "format": format_})
    return _record(settings, name, name, (link,), message, known, mark)


def _record(
    settings: Settings,
    name: str,
    fallback: str,
    first: tuple[RecordResource, ...],
    message: Message,
    known: Structures,
    mark: str,
) -> Record:
    if not message.datasets:
        raise HarvestError("no_table", where=name)
    tables, notes = _tables(settings, name, message, known)
    fields = dataset_fields(message.datasets[0], message, known, name, fallback)
    if title := settings.titles.get(name) or settings.titles.get(PurePosixPath(name).stem):
        fields["title"] = nfc(str(title))
    host = urlsplit(settings.url).hostname if is_web(settings.url) else ""
    if system := settings.source_system or host:
        fields["source_system"] = system
    if is_web(settings.url):
        fields.setdefault("url", settings.url)
    return Record(name, fields, (*first, *tables), mark, notes)


def _tables(
    settings: Settings, name: str, message: Message, known: Structures
) -> tuple[list[RecordResource], tuple[Problem, ...]]:
    """A table for each data set that has one; they are told apart where there are several."""
    single = len(message.datasets) == 1
    keys = unique_keys(
        [slug(one.structure.id if one.structure else "") for one in message.datasets]
    )
    found: list[RecordResource] = []
    notes: list[Problem] = []
    empty: HarvestError | None = None
    for key, one in zip(keys, message.datasets, strict=True):
        try:
            made = make_table(one, known, name, settings.language)
        except HarvestError as error:
            if error.code != "no_table":
                raise
            empty = error
            continue
        notes += (note.of(name) for note in made.notes)
        fields = dict(
            _table_fields(one, "" if single else made.table.title or str(one.structure or key))
        )
        found.append(RecordResource("table" if single else f"table:{key}", fields, made.table))
    if not found and empty:
        raise empty
    return found, tuple(notes)


def _table_fields(one: DataSet, title: str) -> Iterator[tuple[str, Any]]:
    yield "name", f"Bảng số liệu: {title}" if title else "Bảng số liệu"
    if period := period_text(one):
        yield "period", period
