"""The SQL source's own decisions; the real database is in its specimens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import QueryResult
from harvesters.fetch.sql_text import reading_statement
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources._sql_dialect import Dialect, dialect_of, titles_of
from harvesters.sources.sql import SOURCE, Settings, statement


def _dialect(scheme: str) -> Dialect:
    found = dialect_of(scheme)
    assert found is not None
    return found


POSTGRESQL = _dialect("postgresql")
URL = "postgresql://may-chu:5432/so_lieu"
READABLE = QueryResult(("nspname", "relname"), ("text", "text"), (("cong_bo", "dan_so"),))


class Database:
    """A `Fetch` that answers queries by a word in them."""

    def __init__(self, result: QueryResult, comments: tuple[tuple[str, str | None], ...] = ()):
        self.result = result
        self.comments = QueryResult(("a", "b"), ("text", "text"), comments)
        self.asked: list[str] = []

    def query(self, url: str, sql: str) -> QueryResult:
        self.asked.append(sql)
        if "has_table_privilege" in sql:
            return READABLE
        return self.comments if "col_description" in sql else self.result

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not for databases")


def _result(*rows: tuple[Any, ...]) -> QueryResult:
    return QueryResult(("nam", "Dân số", "Dan so"), ("integer", "number", "text"), rows)


def _read(database: Database, since: dict[str, str] | None = None, **settings: Any) -> list[Item]:
    return list(SOURCE.read(Settings(URL, **settings), database, since or {}))


def test_rows_have_one_order_and_so_the_file_one_content() -> None:
    rows = [
        (2024, Decimal("3764.2410"), "b"),
        (2023, None, "a"),
        (2024, Decimal("3764.2410"), None),
    ]
    records = []
    for order in (rows, rows[::-1]):
        record, end = _read(Database(_result(*order)), query="cong_bo.dan_so", key=("nam",))
        assert isinstance(record, Record)
        assert end == End(True, 1)
        records.append(record)
    assert records[0] == records[1]
    file, table = records[0].resources
    assert file.file is not None
    assert file.file.content.decode() == (
        "nam,Dân số,Dan so\r\n2023,,a\r\n2024,3764.241,b\r\n2024,3764.241,\r\n"
    )
    assert table.table is not None
    assert [c.name for c in table.table.columns] == ["nam", "dan_so", "dan_so_2"]
    assert [c.role for c in table.table.columns] == ["time", "measure", "measure"]


def test_comments_are_titles_unless_the_configuration_says_better() -> None:
    comments = (("", "Dân số trung bình"), ("nam", "Năm"), ("Dân số", "Số người"))
    database = Database(_result((2024, 1, "x")), comments)
    columns = {"Dân số": {"title": "Dân số", "unit": "người"}, "Dan so": "Ghi thêm"}
    record, _ = _read(database, query="cong_bo.dan_so", columns=columns)
    assert isinstance(record, Record)
    assert record.fields["title"] == "Dân số trung bình"
    table = record.resources[1].table
    assert table is not None
    assert [(c.title, c.unit) for c in table.columns] == [
        ("Năm", ""),
        ("Dân số", "người"),
        ("Ghi thêm", ""),
    ]


def test_an_unchanged_table_is_said_to_be() -> None:
    database = Database(_result((2024, 1, "x")))
    record, _ = _read(database, query="cong_bo.dan_so")
    assert isinstance(record, Record)
    again, _ = _read(database, {record.remote_id: record.mark}, query="cong_bo.dan_so")
    assert again == Unchanged("cong_bo.dan_so")
    titled, _ = _read(
        database, {record.remote_id: record.mark}, query="cong_bo.dan_so", title="Khác"
    )
    assert isinstance(titled, Record)


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        ("dan_so", 'TABLE "dan_so"'),
        (" cong_bo.Dân_số ", 'TABLE "cong_bo"."Dân_số"'),
        ("SELECT 1", "SELECT 1"),
        ("-- ghi chú\nwith a as (select 1) table a", "-- ghi chú\nwith a as (select 1) table a"),
        ("/* x */ (VALUES (1))", "/* x */ (VALUES (1))"),
    ],
)
def test_statements(query: str, sql: str) -> None:
    assert statement(query, POSTGRESQL) == sql


@pytest.mark.parametrize(
    "query", ["DELETE FROM a", "", "a b", "-- select\nDROP TABLE a", 'cong_bo."x"; select 1', "1a"]
)
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(HarvestError) as error:
        statement(query, POSTGRESQL)
    assert error.value.code == "bad_setting"


def test_without_a_query_the_readable_tables_are_named() -> None:
    with pytest.raises(HarvestError) as error:
        _read(Database(_result()))
    assert "cong_bo.dan_so" in error.value.problem.params["expected"]


def test_a_column_that_does_not_exist_fails_that_query() -> None:
    failure, end = _read(Database(_result()), query="dan_so", key=("ma",))
    assert isinstance(failure, Failure)
    assert failure.problem.code == "bad_setting"
    assert failure.problem.record == "dan_so"
    assert end == End(True, 1)


def test_several_queries_and_a_mistyped_setting() -> None:
    queries = ({"query": "a"}, {"query": "SELECT 1", "title": "Số một"})
    items = _read(Database(_result((1, 2, "x"))), queries=queries)
    assert [i.remote_id for i in items if isinstance(i, Record)] == ["a", "so-mot"]
    with pytest.raises(HarvestError) as error:
        _read(Database(_result()), queries=({"qeury": "a"},))
    assert error.value.code == "unknown_setting"
    assert error.value.problem.params["nearest"] == "query"


def test_probe() -> None:
    found = SOURCE.probe(URL, Database(_result()))
    assert found is not None
    assert (found.title, found.datasets) == ("so_lieu", 1)
    assert SOURCE.probe("https://x", Database(_result())) is None


@pytest.mark.parametrize(
    ("scheme", "sql"),
    [
        ("mysql", "SELECT * FROM `cong_bo`.`dan_so`"),
        ("mssql", "SELECT * FROM [cong_bo].[dan_so]"),
        ("oracle", "SELECT * FROM cong_bo.dan_so"),
    ],
)
def test_a_table_is_asked_for_in_the_words_of_its_maker(scheme: str, sql: str) -> None:
    dialect = _dialect(scheme)
    assert statement("cong_bo.dan_so", dialect) == sql
    # What the dialect itself asks must pass the gate for statements that only read.
    for own in (dialect.readable, titles_of(dialect, "cong_bo.dan_so"), sql):
        assert reading_statement(own, "x")


def test_another_address_is_no_database() -> None:
    assert SOURCE.probe("https://x.test/", Database(_result())) is None
    with pytest.raises(HarvestError) as error:
        list(SOURCE.read(Settings("sqlite:///x", query="a"), Database(_result()), {}))
    assert error.value.code == "bad_setting"
