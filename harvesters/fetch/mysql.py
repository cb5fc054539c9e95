"""MySQL and MariaDB, through PyMySQL on a socket of ours."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import FIELD_TYPE

from harvesters.fetch.driver import Driver, Target
from harvesters.fetch.grants import Endpoint
from harvesters.fetch.wire import Dialler, tls_context
from harvesters.model import ColumnType

_TYPES: dict[int, ColumnType] = {
    FIELD_TYPE.TINY: "integer",
    FIELD_TYPE.SHORT: "integer",
    FIELD_TYPE.INT24: "integer",
    FIELD_TYPE.LONG: "integer",
    FIELD_TYPE.LONGLONG: "integer",
    FIELD_TYPE.YEAR: "integer",
    FIELD_TYPE.DECIMAL: "number",
    FIELD_TYPE.NEWDECIMAL: "number",
    FIELD_TYPE.FLOAT: "number",
    FIELD_TYPE.DOUBLE: "number",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.DATETIME: "timestamp",
    FIELD_TYPE.TIMESTAMP: "timestamp",
}
_REFUSED = (1044, 1045, 1142, 1143, 1227, 1251, 1698, 3118)
_GONE = (2002, 2003, 2006, 2013, 1053, 1040, 1927)
#: max_execution_time of MySQL, max_statement_time of MariaDB, a lock not had in time.
_LATE = (3024, 1969, 1205)
_UNKNOWN_VARIABLE = 1193


def connect(target: Target, dialler: Dialler) -> Any:
    """A connection in a read-only transaction; the server stops what takes too long."""
    connection = pymysql.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        # PyMySQL would write text in Latin-1.
        password=target.password.encode(),
        database=target.database or None,
        charset="utf8mb4",
        connect_timeout=max(1, int(target.timeout)),
        # Longer than the deadline, which cuts the socket itself: its message is the better one.
        read_timeout=int(target.seconds) + 10,
        write_timeout=max(1, int(target.timeout)),
        ssl=_tls(target.ssl_mode),
        ssl_disabled=target.ssl_mode == "disable",
        local_infile=False,
        autocommit=False,
        defer_connect=True,
        read_default_file=None,
        program_name="thanhhoa-portal",
    )
    opened = dialler.dial(Endpoint(target.host, target.port), target.timeout)
    dialler.watch(opened.dup())
    connection.connect(opened)
    with connection.cursor() as cursor:
        _limit_time(cursor, connection.get_server_info(), target.seconds, target.timeout)
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION READ ONLY")
    return connection


def _tls(mode: str) -> ssl.SSLContext | None:
    if mode in ("", "disable"):
        return None
    context = tls_context()
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _limit_time(cursor: Any, version: str, seconds: float, timeout: float) -> None:
    """MariaDB and MySQL name it differently, and old servers not at all."""
    mariadb = "mariadb" in version.lower()
    name, value = (
        ("max_statement_time", f"{seconds:.3f}")
        if mariadb
        else ("max_execution_time", str(int(seconds * 1000)))
    )
    for variable, wanted in ((name, value), ("lock_wait_timeout", str(max(1, int(timeout))))):
        try:
            cursor.execute(f"SET SESSION {variable} = {wanted}")
        except pymysql.MySQLError as error:
            # The socket's own limit holds on a server that does not know the setting.
            if error.args[:1] != (_UNKNOWN_VARIABLE,):
                raise


class _Rows(pymysql.cursors.SSCursor):  # type: ignore[misc]
    """Rows that stay with the server until they are asked for, and are let go when they are not.

    PyMySQL reads all that are left when its cursor is closed or collected, however many; here the
    connection is closed instead.
    """

    _result: Any
    connection: Any

    def close(self) -> None:
        if self._result is not None:
            self._result.unbuffered_active = False
        self._result = self.connection = None

    __del__ = close


def cursor(connection: Any) -> Any:
    """A cursor for the one statement of the connection."""
    return connection.cursor(_Rows)


def types(description: Sequence[Any]) -> tuple[ColumnType, ...]:
    """Our types; BIT(1) is a boolean, a longer BIT is text."""
    return tuple(_type(column) for column in description)


def _type(column: Any) -> ColumnType:
    if column[1] == FIELD_TYPE.BIT:
        return "boolean" if column[3] in (1, None) else "text"
    return _TYPES.get(column[1], "text")


def problem(error: Exception) -> str | None:
    """The code of an error, told by MySQL's number."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in _REFUSED:
        return "auth_failed"
    if number in _LATE:
        return "deadline"
    if number in _GONE:
        return "unreachable"
    if isinstance(error, RuntimeError):  # the account's method needs a connection with TLS
        return "auth_failed"
    return None


DRIVER = Driver(connect, cursor, types, problem, (pymysql.MySQLError, RuntimeError))
