"""A read-only query, table or view in a department's database.

PostgreSQL, MySQL, MariaDB, SQL Server and Oracle; the last two were never run against a live server
so far (see `harvesters.fetch.mssql` and `oracle`).

Each query is a dataset: its rows as a CSV file (UTF-8 without byte order mark, rows in a fixed
order, so that an unchanged table gives unchanged bytes) and as a table typed as the database types
it. Comments on the columns and on the table or view become titles where the configuration gives
none. What may be read is the database's own business: give the source a user that may SELECT the
published views and nothing else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch, QueryResult
from harvesters.model import (
    Column,
    ColumnType,
    End,
    Failure,
    File,
    Item,
    Probe,
    Record,
    RecordResource,
    Role,
    Scalar,
    SourceType,
    Table,
    Unchanged,
    digest,
)
from harvesters.settings import build
from harvesters.sources._sql_dialect import Dialect, dialect_of, quoted, titles_of
from harvesters.tables.csv_file import render_csv
from schemas.text import column_name, fold, nfc, slug

_NAME = r"[^\W\d][\w$]*"
_TABLE = re.compile(rf"(?:(?P<schema>{_NAME})\.)?(?P<table>{_NAME})")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUERY = re.compile(r"\s*\(*\s*(select|with|values|table)\b", re.IGNORECASE)
_TIME = {"nam", "quy", "thang", "ky", "year", "quarter", "month", "period", "ky_bao_cao"}


@dataclass(frozen=True)
class ColumnWords:
    """What is said of one column: its title in both languages, unit, description."""

    title: str = ""
    title_en: str = ""
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Query:
    """One dataset. `query` is a SELECT statement or the name of a table or view.

    `id` is the dataset's id at the source (default: the table's name); `key` names the columns that
    identify a row; `columns` says more of columns, by their names in the database; `fields` are
    further fields of the dataset in the portal's words (``theme``, ``frequency`` …).
    """

    query: str = ""
    id: str = ""
    title: str = ""
    title_en: str = ""
    notes: str = ""
    key: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """`url` is ``postgresql://host:port/database``; ``auth.user`` and ``auth.secret`` sign in.

    Instead of ``postgresql`` it may be ``mysql``, ``mariadb``, ``mssql`` or ``oracle`` (where the
    path is the service's name); ``?sslmode=require`` or ``verify-full`` asks for TLS.

    One dataset is told by the settings themselves (see `Query`), several by `queries`, a list of
    the same settings. `source_system` is the name shown as the data's origin.
    """

    url: str
    query: str = ""
    id: str = ""
    title: str = ""
    title_en: str = ""
    notes: str = ""
    key: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    queries: tuple[Mapping[str, Any], ...] = ()
    source_system: str = ""


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each query. See `SourceType.read`.

    A database that cannot be reached or entered ends the reading; a query that fails, fails alone.
    """
    readable = fetch.query(settings.url, _dialect(settings.url).readable)
    queries = _queries(settings, readable)
    for query in queries:
        yield _item(settings, query, fetch, since)
    yield End(True, len(queries))


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether the URL is a database; as many datasets as there are readable tables and views."""
    parts = urlsplit(url)
    dialect = dialect_of(parts.scheme)
    if dialect is None:
        return None
    return Probe(unquote(parts.path.lstrip("/")), len(fetch.query(url, dialect.readable).rows))


def _dialect(url: str) -> Dialect:
    dialect = dialect_of(urlsplit(url).scheme)
    if dialect is None:
        expected = "postgresql://, mysql://, mariadb://, mssql://, oracle://"
        raise HarvestError("bad_setting", where=url, key="url", expected=expected)
    return dialect


def _queries(settings: Settings, readable: QueryResult) -> list[Query]:
    found = [build(Query, item, f"read.queries[{at}]") for at, item in enumerate(settings.queries)]
    if settings.query:
        own = {f.name: getattr(settings, f.name) for f in dataclasses.fields(Query)}
        found.insert(0, Query(**own))
    if not found:
        tables = ", ".join(f"{schema}.{table}" for schema, table in readable.rows)
        expected = f"SELECT …, {tables or 'schema.view'}"
        raise HarvestError("bad_setting", where="read.query", key="read.query", expected=expected)
    return found


def _item(settings: Settings, query: Query, fetch: Fetch, since: Mapping[str, str]) -> Item:
    remote_id = query.id or _table_name(query.query) or slug(query.title) or "truy-van"
    try:
        record = _record(settings, query, remote_id, fetch)
    except HarvestError as error:
        if error.code in ("deadline", "unreachable", "host_not_granted"):
            raise
        return Failure(error.problem.of(remote_id))
    return Unchanged(remote_id) if since.get(remote_id) == record.mark else record


def _table_name(query: str) -> str:
    """The name of the table or view when that is what the setting holds."""
    text = query.strip()
    return text if _TABLE.fullmatch(text) else ""


def statement(query: str, dialect: Dialect) -> str:
    """The SQL for a setting: itself when it is a query, the whole table for a table's name.

    Raises `bad_setting` for anything that does not begin as a query does; that nothing is written
    is the database's own promise (a read-only transaction), not this one's.
    """
    match = _TABLE.fullmatch(query.strip())
    if match:
        return dialect.whole.format(name=quoted(dialect, query.strip()))
    if not _QUERY.match(_COMMENTS.sub(" ", query)):
        raise HarvestError(
            "bad_setting", where="read.query", key="read.query", expected="SELECT …, schema.view"
        )
    return query


def _record(settings: Settings, query: Query, remote_id: str, fetch: Fetch) -> Record:
    dialect = _dialect(settings.url)
    sql = statement(query.query, dialect)
    name = _table_name(query.query)
    said: dict[str, str] = {}
    if name:
        titles = fetch.query(settings.url, titles_of(dialect, name))
        said = {str(column or ""): nfc(str(text)) for column, text in titles.rows if text}
    result = _nfc(fetch.query(settings.url, sql))
    columns = _columns(query, result, said)
    rows = _ordered(result, query.key)
    content = render_csv(result.names, rows)
    title = nfc(query.title) or said.get("") or (name or remote_id).replace("_", " ")
    table = Table(columns, tuple(rows), title)
    fields = {
        "title": title,
        "title_en": query.title_en,
        "notes": nfc(query.notes),
        "identifier": remote_id,
        "source_system": settings.source_system,
        **query.fields,
    }
    resources = (
        RecordResource(
            "file",
            {"name": "Tệp dữ liệu (CSV, UTF-8)", "format": "CSV", "encoding": "utf-8"},
            file=File(f"{slug(remote_id)}.csv", "text/csv", content),
        ),
        RecordResource("table", {"name": "Bảng số liệu"}, table=table),
    )
    told = {key: value for key, value in fields.items() if value}
    mark = digest([hashlib.sha256(content).hexdigest(), told, [c.title for c in columns]])
    return Record(remote_id, told, resources, mark)


def _columns(query: Query, result: QueryResult, said: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns: types of the database, words of the configuration or of the comments."""
    for name in (*query.key, *query.columns):
        if name not in result.names:
            expected = ", ".join(result.names)
            raise HarvestError("bad_setting", where=query.query, key=name, expected=expected)
    columns: list[Column] = []
    for name, kind in zip(result.names, result.types, strict=True):
        told = query.columns.get(name) or {}
        told = {"title": told} if isinstance(told, str) else told
        words = build(ColumnWords, told, f"read.columns.{name}")
        column = Column(
            _free(column_name(name), {c.name for c in columns}),
            cast(ColumnType, kind),
            nfc(words.title) or said.get(name) or name,
            words.title_en,
            words.unit,
            words.description,
        )
        columns.append(replace(column, role=_role(name, column.type, query.key)))
    return tuple(columns)


def _role(name: str, kind: ColumnType, key: Sequence[str]) -> Role:
    """With a key, its columns identify the row; without one, whatever is no number does."""
    if fold(name) == "ghi_chu":
        return "note"
    identifies = name in key if key else kind not in ("integer", "number")
    if fold(name) in _TIME and (identifies or not key):
        return "time"
    return "dimension" if identifies else "measure"


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name[:46]}_{number}", number + 1
    return free


def _nfc(result: QueryResult) -> QueryResult:
    rows = (
        tuple(nfc(cell) if isinstance(cell, str) else cell for cell in row) for row in result.rows
    )
    return replace(result, rows=tuple(rows))


def _ordered(result: QueryResult, key: Sequence[str]) -> list[tuple[Scalar, ...]]:
    """Rows by the key, then by all columns: a database promises no order of its own."""
    first = [result.names.index(name) for name in key]

    def place(row: tuple[Scalar, ...]) -> tuple[tuple[bool, str, Any], ...]:
        cells = [row[at] for at in first] + list(row)
        return tuple((cell is None, *_comparable(cell)) for cell in cells)

    return sorted(result.rows, key=place)


def _comparable(cell: Scalar) -> tuple[str, Any]:
    if cell is None or isinstance(cell, (str, datetime, date)):
        return (type(cell).__name__, "" if cell is None else str(cell))
    return ("number", cell)


SOURCE = SourceType(
    type="sql",
    title={"vi": "Cơ sở dữ liệu (SQL)", "en": "Database (SQL)"},
    settings=Settings,
    read=read,
    probe=probe,
)
