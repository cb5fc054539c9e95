"""What both versions of PX-Web's API share in a reading: settings, marks, files, pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Response
from harvesters.model import Failure, Item, Record, RecordResource, digest
from harvesters.tables.cube_record import file_resource, is_web

MAX_TABLES = 20_000
#: What ends the whole reading, not one table of it.
FATAL = ("deadline", "host_not_granted")


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is a list or a table of an API (``https://…/api/v1/vi/``, ``https://…/api/v2``), a file's
    URL, or a granted folder. `language` is the language wanted of a PX file or an API that has
    several. For an API, `tables` keeps the listing to these ids, `select` keeps a table to these
    values (variable -> list of values by code or text, or ``top:N`` for the last N), `max_cells` is
    the most cells asked for at once (0: what the server allows). `source_system` is the name shown
    as the data's origin.
    """

    url: str
    language: str = "vi"
    tables: tuple[str, ...] = ()
    select: Mapping[str, Any] = field(default_factory=dict)
    max_cells: int = 0
    source_system: str = ""


def attempt(remote_id: str, make: Callable[[], Record]) -> Item:
    """The record, or the failure that it ended in."""
    try:
        return make()
    except HarvestError as error:
        if error.code in FATAL:
            raise
        return Failure(error.problem.of(remote_id))


def mark_of(settings: Settings, mark: str) -> str:
    """What the source says of the state, bound to the settings it was read with."""
    asked = [settings.language, dict(settings.select), settings.max_cells, settings.source_system]
    return f"{mark}/{digest(asked)[:8]}" if mark else ""


def with_system(settings: Settings, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the name of the system they come from."""
    host = urlsplit(settings.url).hostname if is_web(settings.url) else ""
    system = settings.source_system or host
    return {**fields, "source_system": system} if system else fields


class Pace:
    """Keeps within the calls that a server allows in its time window."""

    def __init__(self) -> None:
        self.pause = 0.0
        self._called = 0.0

    def wait(self) -> None:
        """Waits for the next call's turn."""
        left = self._called + self.pause - time.monotonic()
        if self._called and left > 0:
            time.sleep(min(left, 60.0))
        self._called = time.monotonic()


def too_many_tables(where: str) -> HarvestError:
    """A listing longer than a source may be."""
    limit, limit_en = f"{MAX_TABLES} bảng", f"{MAX_TABLES} tables"
    return HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)


def answer_files(name: str, kind: str, answers: list[Response]) -> Iterator[RecordResource]:
    """The answers as files; they are numbered where the table needed more than one."""
    stem, shown = PurePosixPath(name).stem, "JSON" if kind == "json" else "JSON-stat"
    for part, answer in enumerate(answers, 1):
        if len(answers) == 1:
            yield file_resource(f"{stem}.json", shown, answer.content, "utf-8")
        else:
            yield file_resource(f"{stem}_{part}.json", shown, answer.content, "utf-8", part)
