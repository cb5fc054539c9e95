"""The nouns of the engine: frozen dataclasses that only hold data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from harvesters.errors import Problem

if TYPE_CHECKING:
    from harvesters.fetch import Fetch

#: A cell. Numbers are int or Decimal, never float: what was published is what is compared.
#: A figure of a workbook (a binary float there) becomes ``Decimal(format(x, ".15g"))``.
Scalar = str | int | Decimal | bool | date | datetime | None
ColumnType = Literal["text", "integer", "number", "date", "timestamp", "boolean"]
#: What a column is in its table: `dimension` and `time` identify a row, `measure` is observed,
#: `note` explains. SDMX's words.
Role = Literal["dimension", "time", "measure", "note"]


@dataclass(frozen=True)
class Column:
    """A typed column; `name` is clean, stable ASCII (`schemas.text.column_name`)."""

    name: str
    type: ColumnType
    title: str
    title_en: str = ""
    unit: str = ""
    description: str = ""
    role: Role = "measure"


@dataclass(frozen=True)
class Table:
    """A typed table: `rows` are tuples in the order of `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """A file as published, byte for byte."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class RecordResource:
    """One resource of a record: a link, a file, a table, or a file with nothing but its bytes.

    `remote_id` is stable within the record (the resource's id is made from it). A resource has
    either `file` or `table` or a `url` in its fields.
    """

    remote_id: str
    fields: Mapping[str, Any]
    table: Table | None = None
    file: File | None = None


@dataclass(frozen=True)
class Record:
    """One dataset as its source tells it, before mapping.

    `fields` are JSON-able and in the source's own words; `mark` is whatever lets the source tell
    next time, without reading the record, that it has not changed (a modification date, an ETag,
    a checksum). `notes` say what was converted or left out; they go into the report.
    """

    remote_id: str
    fields: Mapping[str, Any]
    resources: tuple[RecordResource, ...] = ()
    mark: str = ""
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Unchanged:
    """A record the source listed with the mark we already hold: not read again, still there."""

    remote_id: str


@dataclass(frozen=True)
class Failure:
    """A record that could not be read. `problem.record` names it; it is not withdrawn."""

    problem: Problem


@dataclass(frozen=True)
class End:
    """The last item of a listing. `complete` only if proven: count reached, last page seen."""

    complete: bool
    expected: int | None = None
    problem: Problem | None = None


Item = Record | Unchanged | Failure | End
SettingsClass = type[Any]


@dataclass(frozen=True)
class Probe:
    """What `probe` found at a URL: a title to show and how many datasets there seem to be."""

    title: str
    datasets: int | None = None


@dataclass(frozen=True)
class SourceType:
    """A kind of source: everything the engine knows of it. One file in `harvesters/sources/`.

    `settings` is a frozen dataclass whose first field is `url`; its other fields, all with
    defaults, are the keys allowed under `read:` of a source's configuration. `read` yields
    records and, last, one End; an error raised midway makes the listing incomplete. `since`
    gives the marks already held (remote id -> mark); it is empty when all must be read again.
    `mapping` is the default mapping, portal field -> rule (`harvesters.mapping`).
    """

    type: str
    title: Mapping[str, str]
    settings: SettingsClass
    read: Callable[[Any, Fetch, Mapping[str, str]], Iterator[Item]]
    probe: Callable[[str, Fetch], Probe | None]
    mapping: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MappedResource:
    """A resource in the portal's words. `table` and `file` are SHA-256 digests of ledger blobs.

    With a `file`, `fields["filename"]` is the name under which it is downloaded.
    """

    id: str
    fields: Mapping[str, Any]
    table: str | None = None
    file: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fields": dict(self.fields),
            "table": self.table,
            "file": self.file,
        }


@dataclass(frozen=True)
class MappedDataset:
    """A dataset in the portal's words, ready to be compared and written.

    `fields` has no `id`, `name`, `resources`, `owner_org` or `private`: these come from here, from
    the catalogue (a name is given once and kept), from the source and from the access class.
    Keywords are `fields["tags"]`, a sorted list of strings. Empty values are left out.
    """

    id: str
    fields: Mapping[str, Any]
    resources: tuple[MappedResource, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fields": dict(self.fields),
            "resources": [resource.to_json() for resource in self.resources],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MappedDataset:
        resources = tuple(MappedResource(**resource) for resource in data["resources"])
        return cls(data["id"], data["fields"], resources)


Action = Literal["create", "update", "keep", "withdraw"]


@dataclass(frozen=True)
class FieldChange:
    """A field's value before and after; of a resource when `resource` is given."""

    field: str
    before: Any
    after: Any
    resource: str | None = None


@dataclass(frozen=True)
class CellChange:
    """A figure before and after. `row` is the row's key in words, `column` its name."""

    row: str
    column: str
    before: Scalar
    after: Scalar


@dataclass(frozen=True)
class TableChange:
    """What changes in one table; `cells` may be cut, `cells_total` is the whole number."""

    resource: str
    rows_added: int = 0
    rows_removed: int = 0
    cells: tuple[CellChange, ...] = ()
    cells_total: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    rows_before: int = 0
    rows_after: int = 0


@dataclass(frozen=True)
class Change:
    """One line of a plan: what is to be done with one record, and why it can be done again.

    `dataset` is what is to be written; `base` is the record as mapped, which the ledger keeps for
    the next comparison. `hash`, `mark` and `version` are what the ledger will hold of the record
    once applied. For `withdraw`, `dataset` is None and `dataset_id` names what goes.

    `conflicts` are fields that source and portal both changed: `before` is the portal's value,
    which stays, `after` the source's. `seen` is what the catalogue held when an undo was planned.
    """

    action: Action
    remote_id: str
    dataset_id: str
    dataset: MappedDataset | None = None
    base: MappedDataset | None = None
    hash: str = ""
    mark: str = ""
    version: str = ""
    title: str = ""
    fields: tuple[FieldChange, ...] = ()
    tables: tuple[TableChange, ...] = ()
    conflicts: tuple[FieldChange, ...] = ()
    seen: MappedDataset | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds of one record of a source.

    `base` is the mapped dataset as last harvested (`MappedDataset.to_json`): what a merge starts
    from. `active` is False for a tombstone.
    """

    remote_id: str
    dataset_id: str
    name: str
    hash: str
    mark: str
    version: str
    active: bool = True
    title: str = ""
    base: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Done:
    """A line of a run that was written, and what it replaced: what an undo needs.

    `change.dataset` is what was written. `before` is what the catalogue held, None where there was
    no dataset or a deleted one; `record` is what the ledger held, None where it knew none.
    """

    seq: int
    change: Change
    before: MappedDataset | None
    record: Known | None


@dataclass(frozen=True)
class Outcome:
    """What became of one change when it was applied.

    `moved`: nothing yet, its dataset was edited since it was merged; it is to be merged once more.
    """

    remote_id: str
    problem: Problem | None = None
    moved: bool = False


def digest(value: Any) -> str:
    """SHA-256 over the canonical JSON of a JSON-able value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
