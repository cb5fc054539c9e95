"""What a gateway's answers have in common, be they JSON or SOAP: records, ids, marks, completeness.

How an answer is asked for is the source type's business; here it is a function from a `Step` to an
`Answer`. Nothing is kept of a page but its digest, and of a record its id and the digest of its
fields, save where the records are the rows of one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.grants import shown
from harvesters.model import (
    End,
    Failure,
    File,
    Item,
    Record,
    RecordResource,
    Scalar,
    Unchanged,
    digest,
)
from harvesters.settings import build
from harvesters.sources._answers import Success, collect, refuse_failure, said_by
from harvesters.sources._paging import Answer, Paging, Step, Walk
from harvesters.tables.csv_file import render_csv
from harvesters.tables.json_rows import OF_ROWS, RowsSettings, flat, table_of_rows
from schemas.text import nfc, slug

Ask = Callable[[Step], Answer]
Detail = Callable[[Mapping[str, Any]], Mapping[str, Any]]

#: Problems that concern the whole source, not one record.
_FATAL = (
    "deadline",
    "unreachable",
    "host_not_granted",
    "auth_failed",
    "tls_error",
    "secret_missing",
)


@dataclass(frozen=True)
class Gateway:
    """Settings that all gateways share (``read:``).

    `url` is where the service is. `records` is the path of the records in an answer (empty: the
    answer itself; ``*`` steps into each item or value). `id` and `modified` are paths in a record,
    or templates (``{ma}-{nam}``). `paging`, `success` and `table` have keys of their own: see
    `Paging`, `Success`, `RowsSettings`. With `table` the records are the rows of one dataset.
    """

    url: str
    records: str = ""
    id: str = "id"
    modified: str = ""
    paging: Mapping[str, Any] = field(default_factory=dict)
    success: Mapping[str, Any] = field(default_factory=dict)
    table: Mapping[str, Any] = field(default_factory=dict)
    source_system: str = ""

    @property
    def where(self) -> str:
        """The address as it may be shown."""
        return shown(self.url)

    def __post_init__(self) -> None:
        """Mistakes show when the source is saved."""
        self.pages(), self.flag(), self.rows()

    def pages(self) -> Paging:
        return build(Paging, self.paging, "read.paging")

    def flag(self) -> Success:
        return build(Success, self.success, "read.success")

    def rows(self) -> RowsSettings | None:
        """How the table is made; None when each record is a dataset."""
        return build(RowsSettings, self.table, "read.table") if self.table else None


def read_gateway(
    settings: Gateway,
    asks: Sequence[Ask],
    since: Mapping[str, str],
    max_cells: int,
    detail: Detail | None = None,
) -> Iterator[Item]:
    """The items of one or several listings that belong together. See `SourceType.read`.

    `max_cells` is the most that their one table may have, where they make one.
    """
    rows = settings.rows()
    if rows is not None:
        yield from _Rows(settings, rows, max_cells).items(asks, since)
    else:
        yield from _Datasets(settings, since, detail).items(asks)


def pages(settings: Gateway, ask: Ask, walk: Walk) -> Iterator[list[Mapping[str, Any]]]:
    """The records of each new page of one listing; `walk` knows afterwards how it ended."""
    while walk.step is not None:
        answer = ask(walk.step)
        refuse_failure(answer, settings.flag())
        records = collect(answer, settings.records)
        if walk.take(answer, records):
            yield records


@dataclass
class _Datasets:
    """Each record is a dataset."""

    settings: Gateway
    since: Mapping[str, str]
    detail: Detail | None
    known: dict[str, str] = field(default_factory=dict)

    def items(self, asks: Sequence[Ask]) -> Iterator[Item]:
        complete, total, problem = True, 0, None
        for ask in asks:
            walk, before = Walk(self.settings.pages()), len(self.known)
            for page in pages(self.settings, ask, walk):
                for record in page:
                    yield from self._item(record)
            came = len(self.known) - before
            total += came if walk.total is None else walk.total
            if not walk.is_complete(came):
                complete = False
                problem = problem or walk.problem(came, self.settings.where)
        yield End(complete, total, problem)

    def _item(self, record: Mapping[str, Any]) -> Iterator[Item]:
        id_ = said_by(record, self.settings.id)
        if not id_.strip("-_. "):
            detail = {"detail": self.settings.id}
            yield Failure(Problem("unexpected_answer", self.settings.where, None, detail))
            return
        content = digest(repr(record))[:16]
        if self.known.get(id_) == content:
            return  # the listing moved while it was read; a real double has other fields
        self.known.setdefault(id_, content)
        mark = said_by(record, self.settings.modified)
        if mark and self.since.get(id_) == mark:
            yield Unchanged(id_)
            return
        try:
            whole = {**record, **self.detail(record)} if self.detail else dict(record)
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            yield Failure(error.problem.of(id_))
            return
        if self.settings.source_system:
            whole.setdefault("source_system", self.settings.source_system)
        yield Record(id_, whole, (), mark)


@dataclass
class _Rows:
    """The records are the rows of one table. A table of which rows are missing is not given."""

    settings: Gateway
    said: RowsSettings
    max_cells: int

    def items(self, asks: Sequence[Ask], since: Mapping[str, str]) -> Iterator[Item]:
        id_ = self.said.id or slug(self.said.title) or "bang"
        rows: list[Mapping[str, Scalar]] = []
        for ask in asks:
            walk, before = Walk(self.settings.pages()), len(rows)
            for page in pages(self.settings, ask, walk):
                rows += [flat(record) for record in page]
                self._check_size(rows)
            came = self._counted(rows[before:])
            if not walk.is_complete(came):
                problem = walk.problem(came, self.settings.where, OF_ROWS)
                yield Failure(problem.of(id_))
                yield End(False, problem=problem)
                return
        try:
            record = self._record(id_, rows)
        except HarvestError as error:
            yield Failure(error.problem.of(id_))
        else:
            yield Unchanged(id_) if since.get(id_) == record.mark else record
        yield End(True, 1)

    def _counted(self, rows: list[Mapping[str, Scalar]]) -> int:
        """Rows; with a key different ones, for a listing that moves sends one twice for another."""
        key = self.said.key
        return len({tuple(map(row.get, key)) for row in rows}) if key else len(rows)

    def _check_size(self, rows: list[Mapping[str, Scalar]]) -> None:
        most = self.max_cells
        if rows and len(rows) * len(rows[0]) > most:
            limit, limit_en = f"{most} ô", f"{most} cells"
            raise HarvestError(
                "too_large", where=self.settings.where, limit=limit, limit_en=limit_en
            )

    def _record(self, id_: str, rows: list[Mapping[str, Scalar]]) -> Record:
        if not rows:
            raise HarvestError("no_table", where=self.settings.where)
        title = nfc(self.said.title) or id_
        table, notes = table_of_rows(rows, self.said, title)
        content = render_csv([column.name for column in table.columns], table.rows)
        fields = {
            "title": title,
            "title_en": self.said.title_en,
            "notes": self.said.notes,
            "source_system": self.settings.source_system,
            **self.said.fields,
        }
        told = {key: value for key, value in fields.items() if value}
        resources = (
            RecordResource(
                "file",
                {"name": "Tệp dữ liệu (CSV, UTF-8)", "format": "CSV", "encoding": "utf-8"},
                file=File(f"{slug(id_) or 'bang'}.csv", "text/csv", content),
            ),
            RecordResource("table", {"name": "Bảng số liệu"}, table=table),
        )
        words = [[c.title, c.title_en, c.unit, c.description, c.role] for c in table.columns]
        mark = digest([resources[0].file.sha256 if resources[0].file else "", told, words])
        return Record(id_, told, resources, mark, notes)
