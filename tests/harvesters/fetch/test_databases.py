"""Databases other than PostgreSQL: a real MariaDB; and how SQL Server and Oracle are asked."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import oracledb
import pytds
import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import QueryResult, mssql, mysql, oracle
from harvesters.fetch.driver import Target
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.guarded import only
from harvesters.fetch.sql_rows import typed
from harvesters.fetch.sql_text import reading_statement
from harvesters.model import End, Failure, Record
from harvesters.settings import Auth, Limits
from harvesters.sources.sql import SOURCE, Settings
from tests import mariadb

SECRET = "mật-khẩu-Đọc"
SETUP = """
CREATE DATABASE so_lieu CHARACTER SET utf8mb4
CREATE TABLE so_lieu.ho_ngheo (
  huyen VARCHAR(80) COMMENT 'Huyện', nam YEAR, so_ho INT UNSIGNED COMMENT 'Số hộ',
  ty_le DECIMAL(7,3), chi_so DOUBLE, cong_bo BIT(1), nhom BIT(8), ngay DATE, luc DATETIME,
  gio TIME, mo_ta TEXT, tep BLOB, lon BIGINT, co TINYINT(1), du_lieu JSON)
  ENGINE=InnoDB COMMENT='Hộ nghèo theo huyện'
INSERT INTO so_lieu.ho_ngheo VALUES ('Sầm Sơn', 2024, 4000000000, 12.340, 0.1, b'1', b'101',
  '2024-12-31', '2024-12-31 23:59:59', '08:30:00', 'Đã rà soát', x'00ff', -9000000000, 1, '{"a":1}')
SET SESSION sql_mode = ''
INSERT INTO so_lieu.ho_ngheo (huyen, ngay, cong_bo) VALUES ('Nga Sơn', '0000-00-00', b'0')
CREATE VIEW so_lieu.cong_bo AS SELECT huyen, nam, so_ho FROM so_lieu.ho_ngheo
CREATE USER doc@'127.0.0.1' IDENTIFIED BY 'mật-khẩu-Đọc'
GRANT SELECT ON so_lieu.* TO doc@'127.0.0.1'
CREATE USER ghi@'127.0.0.1' IDENTIFIED BY 'mật-khẩu-Đọc'
GRANT ALL ON *.* TO ghi@'127.0.0.1'
"""
needs_server = pytest.mark.skipif(not mariadb.available, reason=mariadb.MISSING)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with mariadb.running() as found:
        connection = mariadb.connect(found)
        with connection.cursor() as cursor:
            for statement in SETUP.strip().replace("\n  ", " ").splitlines():
                cursor.execute(statement)
        connection.close()
        yield found


def _query(
    port: int,
    sql: str,
    user: str = "doc",
    scheme: str = "mysql",
    host: str = "127.0.0.1",
    **own: Any,
) -> QueryResult:
    secret = own.pop("secret", SECRET)
    limits = Limits(**{"deadline": 20.0, "timeout": 5.0, **own})
    auth = Auth(type="basic", user=user, secret="env:PORTAL_SECRET_X")
    with Fetcher([f"127.0.0.1:{port}"], limits, auth, lambda _: secret) as fetch:
        return fetch.query(f"{scheme}://{host}:{port}/so_lieu", sql)


def _code(*arguments: Any, **own: Any) -> str:
    with pytest.raises(HarvestError) as caught:
        _query(*arguments, **own)
    said = str(caught.value) + repr(caught.value.problem)
    assert SECRET not in said
    return caught.value.code


@needs_server
def test_every_type_comes_as_it_was_stored(port: int) -> None:
    result = _query(port, "SELECT * FROM ho_ngheo ORDER BY nam DESC", scheme="mariadb")
    found = dict(zip(result.names, zip(result.types, result.rows[0], strict=True), strict=True))
    assert found == {
        "huyen": ("text", "Sầm Sơn"),
        "nam": ("integer", 2024),
        "so_ho": ("integer", 4000000000),
        "ty_le": ("number", Decimal("12.340")),
        "chi_so": ("number", Decimal("0.1")),
        "cong_bo": ("boolean", True),
        "nhom": ("text", "05"),
        "ngay": ("date", dt.date(2024, 12, 31)),
        "luc": ("timestamp", dt.datetime(2024, 12, 31, 23, 59, 59)),
        "gio": ("text", "8:30:00"),
        "mo_ta": ("text", "Đã rà soát"),
        "tep": ("text", "00ff"),
        "lon": ("integer", -9000000000),
        "co": ("integer", 1),
        "du_lieu": ("text", '{"a":1}'),
    }
    empty = dict(zip(result.names, result.rows[1], strict=True))
    assert (empty["ngay"], empty["cong_bo"], empty["ty_le"]) == (None, False, None)


@needs_server
def test_an_account_that_may_write_cannot_write(port: int) -> None:
    for sql in (
        "DELETE FROM ho_ngheo",
        "SELECT 1; DELETE FROM ho_ngheo",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT /*! 1 INTO OUTFILE '/tmp/x' */",
        "WITH a AS (SELECT 1) DELETE FROM ho_ngheo",
        "SELECT LOAD_FILE('/etc/passwd')",
    ):
        assert _code(port, sql, "ghi") == "bad_setting", sql
    assert len(_query(port, "SELECT 1 FROM ho_ngheo", "ghi").rows) == 2


@needs_server
def test_the_transaction_itself_refuses_to_write(port: int) -> None:
    """What no list of words can know: a function that writes."""
    connection = mariadb.connect(port)
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL log_bin_trust_function_creators = 1")
        cursor.execute(
            "CREATE FUNCTION so_lieu.xoa() RETURNS INT BEGIN DELETE FROM so_lieu.ho_ngheo; "
            "RETURN 1; END"
        )
    with pytest.raises(HarvestError) as caught:
        _query(port, "SELECT xoa()", "ghi")
    assert caught.value.code == "api_error"
    assert "READ ONLY" in caught.value.problem.params["detail"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM so_lieu.ho_ngheo")
        assert cursor.fetchone() == (2,)
    connection.close()


@needs_server
def test_refusals_have_their_codes_and_no_password(port: int) -> None:
    assert _code(port, "SELECT 1", secret="sai") == "auth_failed"
    assert _code(port, "SELECT * FROM mysql.user") == "auth_failed"
    assert _code(port, "SELECT * FROM khong_co") == "api_error"
    assert _code(port, f"SELECT '{SECRET}' FROM khong_co") == "api_error"
    assert _code(port, "SELECT 1", user="") == "bad_setting"
    assert _code(port, "SELECT 1", host="doc:x@127.0.0.1") == "credentials_in_url"
    assert _code(port, "SELECT 1", host="127.0.0.2") == "host_not_granted"
    with pytest.raises(HarvestError) as caught:
        _query(port, "SELECT 1", secret="sai")
    assert "sai" not in str(caught.value)


@needs_server
def test_what_takes_too_long_is_stopped(port: int) -> None:
    assert _code(port, "SELECT SLEEP(30)", deadline=1.5) == "deadline"
    heavy = "SELECT COUNT(*) FROM seq_1_to_100000000 a JOIN seq_1_to_100000 b"
    assert _code(port, heavy, deadline=1.5) == "deadline"


@needs_server
def test_caps_hold_while_the_rows_come(port: int) -> None:
    sql = "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_100000"
    assert _code(port, sql, max_cells=50_000) == "too_large"
    assert _code(port, sql, max_bytes=1_000_000) == "too_large"


@needs_server
def test_a_server_without_tls_is_refused_where_tls_is_asked_for(port: int) -> None:
    limits, auth = Limits(timeout=5.0), Auth(user="doc", secret="env:PORTAL_SECRET_X")
    with Fetcher([f"127.0.0.1:{port}"], limits, auth, lambda _: SECRET) as fetch:
        for mode in ("require", "verify-full"):
            with pytest.raises(HarvestError) as caught:
                fetch.query(f"mysql://127.0.0.1:{port}/so_lieu?sslmode={mode}", "SELECT 1")
            assert caught.value.code in ("api_error", "unreachable")
        for wrong in ("sslmode=maybe", "init_command=x", "read_default_file=/etc/passwd"):
            with pytest.raises(HarvestError) as caught:
                fetch.query(f"mysql://127.0.0.1:{port}/so_lieu?{wrong}", "SELECT 1")
            assert caught.value.code == "bad_setting"


@needs_server
def test_a_table_and_a_view_are_read_as_a_source(port: int) -> None:
    """Comments of the server become titles; a view has none."""
    settings = Settings(
        f"mariadb://127.0.0.1:{port}/so_lieu",
        queries=({"query": "ho_ngheo"}, {"query": "so_lieu.cong_bo"}, {"query": "khong_co"}),
    )
    auth = Auth(user="doc", secret="env:PORTAL_SECRET_X")
    with Fetcher([f"127.0.0.1:{port}"], Limits(), auth, lambda _: SECRET) as fetch:
        probe = SOURCE.probe(settings.url, fetch)
        first, second, third, end = SOURCE.read(settings, fetch, {})
    assert probe is not None
    assert (probe.title, probe.datasets) == ("so_lieu", 2)
    assert isinstance(first, Record)
    assert first.fields["title"] == "Hộ nghèo theo huyện"
    assert first.resources[1].table is not None
    titles = [column.title for column in first.resources[1].table.columns]
    assert titles[:3] == ["Huyện", "nam", "Số hộ"]
    assert isinstance(second, Record)
    assert second.fields["title"] == "so lieu.cong bo"
    assert isinstance(third, Failure)
    assert third.problem.code == "api_error"
    assert end == End(True, 3)


# Nobody there, or somebody who says nothing


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mssql", "sqlserver", "oracle"])
def test_a_refused_connection_says_so(scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert _code(port, "SELECT 1", scheme=scheme) == "unreachable"


@pytest.mark.parametrize("scheme", ["mysql", "mssql", "oracle"])
def test_a_server_that_says_nothing_is_cut(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        code = _code(port, "SELECT 1", scheme=scheme, deadline=2.0, timeout=1.0)
    assert code in ("deadline", "unreachable")


def test_an_unknown_scheme_is_not_granted() -> None:
    with Fetcher(["127.0.0.1:1"]) as fetch, pytest.raises(HarvestError) as caught:
        fetch.query("sqlite:///etc/passwd", "SELECT 1")
    assert caught.value.code == "host_not_granted"


# Statements


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select a from b where c = 'delete'",
        'SELECT "update" FROM [into] -- drop',
        "with a as (select 1) select * from a",
        "SELECT `insert` FROM t",
        "(SELECT 1)",
        "/* exec */ SELECT updated, deleted_at FROM t",
    ],
)
def test_statements_that_read(sql: str) -> None:
    assert reading_statement(f" {sql} ; ", "x") == sql


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 1; SELECT 2",
        "UPDATE t SET a = 1",
        "SELECT * INTO x FROM y",
        "SELECT 1 FOR UPDATE",
        "WITH a AS (SELECT 1) DELETE FROM t",
        "EXEC sp_who",
        "SELECT '\\' , (DELETE FROM t) --'",
        "SELECT 1 # x",
        "SELECT /*!50000 1 */",
        "SELECT * FROM OPENROWSET('x')",
        "SELECT 'unfinished",
        "SELECT 5--1 INTO OUTFILE '/tmp/x'",  # MySQL subtracts
        "SELECT 1 /* /* */ ' */ INTO x /* ' */",  # SQL Server nests
        "SELECT 1 -- \r ' \n INTO OUTFILE '/tmp/x' -- \r '",
        "SELECT 'a''b' INTO x",
        "DECLARE @x int",
    ],
)
def test_statements_that_may_do_more_are_refused(sql: str) -> None:
    with pytest.raises(HarvestError) as caught:
        reading_statement(sql, "x")
    assert caught.value.code == "bad_setting"


# Drivers that open their own sockets


def test_a_guarded_driver_reaches_what_was_checked_and_nothing_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        watched: list[socket.socket] = []
        with only(["127.0.0.1"], port, watched.append):
            socket.create_connection(("127.0.0.1", port)).close()
        (one,) = watched
        assert one.getpeername() == ("127.0.0.1", port)
        one.close()
        with (
            pytest.raises(HarvestError) as caught,
            only(["127.0.0.1"], port + 1, watched.append),
        ):
            socket.create_connection(("127.0.0.1", port))
        assert caught.value.code == "host_not_granted"
        assert caught.value.problem.where == f"127.0.0.1:{port}"
        # Other threads, and this one afterwards, are free.
        socket.create_connection(("127.0.0.1", port)).close()
        with only(["127.0.0.1"], port + 1, watched.append):
            thread = threading.Thread(
                target=lambda: socket.create_connection(("127.0.0.1", port)).close()
            )
            thread.start()
            thread.join()
        server.settimeout(1)
        for _ in range(3):
            server.accept()[0].close()


@pytest.mark.parametrize("name", ["mssql", "oracle"])
def test_each_driver_is_really_held_by_the_guard(name: str) -> None:
    """The hook must see the connections of this very driver."""
    target = Target("x", 9, ("127.0.0.1",), "d", "u", "p", "", 1.0, 1.0, "x")
    connect = {"mssql": _connect_mssql, "oracle": _connect_oracle}[name]
    with pytest.raises(HarvestError) as caught, only(["127.0.0.9"], 9, socket.socket.close):
        connect(target)
    assert caught.value.code == "host_not_granted"


def _connect_mssql(target: Target) -> None:
    pytds.connect(**mssql.arguments(target, "127.0.0.1"))


def _connect_oracle(target: Target) -> None:
    oracledb.connect(**oracle.arguments(target, "127.0.0.1"))


TARGET = Target("db.so", 1433, ("10.1.2.3",), "sl", "doc", "bí mật", "", 5.0, 60.0, "x")


def test_how_sql_server_is_asked() -> None:
    asked = mssql.arguments(TARGET, TARGET.addresses[0])
    assert (asked["dsn"], asked["port"], asked["database"]) == ("10.1.2.3", 1433, "sl")
    assert asked["readonly"] is True
    assert asked["autocommit"] is False
    assert (asked["login_timeout"], asked["timeout"]) == (5.0, 60.0)
    encrypted = Target(*TARGET.__dict__.values())
    object.__setattr__(encrypted, "ssl_mode", "require")
    with pytest.raises(HarvestError) as caught:
        mssql.connect(encrypted, None)  # type: ignore[arg-type]
    assert caught.value.code == "bad_setting"


def test_how_oracle_is_asked() -> None:
    asked = oracle.arguments(TARGET, TARGET.addresses[0])
    assert (asked["host"], asked["service_name"], asked["protocol"]) == ("10.1.2.3", "sl", "tcp")
    assert asked["retry_count"] == 0


def test_types_of_sql_server() -> None:
    # A column's description: name, number of the type in MS-TDS, …
    told = [("a", 0x26), ("b", 0x68), ("c", 0x6C), ("d", 0x28), ("e", 0x2A), ("f", 0xE7)]
    told += [("g", 0x6E), ("h", 0x6D)]
    assert mssql.types(told) == (
        "integer", "boolean", "number", "date", "timestamp", "text", "number", "number",
    )  # fmt: skip


def test_types_of_oracle() -> None:
    number = oracledb.DB_TYPE_NUMBER
    told = [
        ("A", number, 10, None, 9, 0, True),
        ("B", number, 10, None, 9, 2, True),
        ("C", number, 127, None, 0, -127, True),
        ("D", oracledb.DB_TYPE_DATE, 23, None, None, None, True),
        ("E", oracledb.DB_TYPE_NVARCHAR, 80, 80, None, None, True),
        ("F", oracledb.DB_TYPE_BINARY_DOUBLE, 127, None, None, None, True),
    ]
    assert oracle.types(told) == ("integer", "number", "number", "timestamp", "text", "number")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ORA-01017: invalid credential or not authorized", "auth_failed"),
        ("ORA-28000: The account is locked", "auth_failed"),
        ("DPY-4024: call timeout of 1000 ms exceeded", "deadline"),
        ("DPY-6005: cannot connect to database", "unreachable"),
        ("ORA-00942: table or view does not exist", None),
    ],
)
def test_errors_of_oracle(text: str, code: str | None) -> None:
    assert oracle.problem(oracledb.DatabaseError(text)) == code


def test_errors_of_sql_server_and_mysql() -> None:
    error = pytds.OperationalError("Login failed for user")
    error.number = 18456
    assert mssql.problem(error) == "auth_failed"
    assert mssql.problem(pytds.OperationalError("x")) is None
    assert mysql.problem(RuntimeError("cryptography")) == "auth_failed"


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [
        (Decimal("5"), "integer", 5),
        (Decimal("5.5"), "integer", Decimal("5.5")),
        (dt.datetime(2024, 1, 2, 0, 0), "date", dt.date(2024, 1, 2)),
        (dt.date(2024, 1, 2), "timestamp", dt.datetime(2024, 1, 2)),
        ("0000-00-00", "date", None),
        (b"\x01", "boolean", True),
        (float("nan"), "number", None),
        (0.1, "number", Decimal("0.1")),
        (dt.timedelta(hours=8), "text", "8:00:00"),
        (5, "text", "5"),
        (None, "date", None),
    ],
)
def test_cells_fit_their_column(value: object, kind: str, cell: object) -> None:
    found = typed(value, kind)
    assert found == cell
    assert type(found) is type(cell)
