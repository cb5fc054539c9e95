"""Oracle, through python-oracledb in its thin mode (no client library).

Never run against a live server so far: what is tested is how the connection is asked for, what the
types are mapped to, and what becomes of refusals. The path of the URL is the service's name.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Sequence
from typing import Any

import oracledb

from harvesters.errors import HarvestError
from harvesters.fetch.driver import Driver, Target
from harvesters.fetch.guarded import only
from harvesters.fetch.sql_rows import ROWS_AT_A_TIME
from harvesters.fetch.wire import Dialler
from harvesters.model import ColumnType

_TYPES: dict[Any, ColumnType] = {
    oracledb.DB_TYPE_BINARY_FLOAT: "number",
    oracledb.DB_TYPE_BINARY_DOUBLE: "number",
    oracledb.DB_TYPE_BINARY_INTEGER: "integer",
    oracledb.DB_TYPE_BOOLEAN: "boolean",
    # An Oracle DATE has a time of day.
    oracledb.DB_TYPE_DATE: "timestamp",
    oracledb.DB_TYPE_TIMESTAMP: "timestamp",
    oracledb.DB_TYPE_TIMESTAMP_TZ: "timestamp",
    oracledb.DB_TYPE_TIMESTAMP_LTZ: "timestamp",
}
_NUMBER = re.compile(r"\b(?:ORA|DPY)-(\d{4,5})\b")
#: Password wrong, account locked, no CREATE SESSION, password expired, no privilege.
_REFUSED = ("01017", "28000", "01045", "28001", "01031", "1017")
_LATE = ("4024", "00054", "30006")
_GONE = ("6005", "6001", "6000", "4011", "4005", "12541", "12514", "12505", "03113", "03135")


def arguments(target: Target, address: str) -> dict[str, Any]:
    """How the driver is asked to connect: to a checked address, once."""
    return {
        "host": address,
        "port": target.port,
        "service_name": target.database,
        "user": target.user,
        "password": target.password,
        "protocol": "tcps" if target.ssl_mode in ("require", "verify-full") else "tcp",
        "ssl_server_dn_match": target.ssl_mode == "verify-full",
        "tcp_connect_timeout": target.timeout,
        "retry_count": 0,
        "program": "thanhhoa-portal",
        "disable_oob": True,
    }


def connect(target: Target, dialler: Dialler) -> Any:
    """A connection in a read-only transaction; each round trip ends in time."""
    if not target.database:
        raise HarvestError(
            "bad_setting", where=target.where, key="url", expected="oracle://host:1521/service"
        )
    with only(target.addresses, target.port, dialler.watch):
        connection = oracledb.connect(**arguments(target, target.addresses[0]))
    connection.call_timeout = int(target.seconds * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    return connection


def cursor(connection: Any) -> Any:
    """A cursor that fetches a few thousand rows at a time, numbers as Decimal, long text whole."""
    found = connection.cursor()
    found.arraysize = ROWS_AT_A_TIME
    found.outputtypehandler = _as_published
    return found


def _as_published(cursor: Any, metadata: Any) -> Any:
    if metadata.type_code == oracledb.DB_TYPE_NUMBER:
        return cursor.var(decimal.Decimal, arraysize=cursor.arraysize)
    if metadata.type_code in (oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_NCLOB):
        return cursor.var(oracledb.DB_TYPE_LONG, arraysize=cursor.arraysize)
    if metadata.type_code == oracledb.DB_TYPE_BLOB:
        return cursor.var(oracledb.DB_TYPE_LONG_RAW, arraysize=cursor.arraysize)
    return None


def types(description: Sequence[Any]) -> tuple[ColumnType, ...]:
    """Our types; NUMBER(p) is an integer, NUMBER(p, s) and a NUMBER without either a number."""
    return tuple(_type(column) for column in description)


def _type(column: Any) -> ColumnType:
    if column[1] == oracledb.DB_TYPE_NUMBER:
        return "integer" if column[4] and column[5] == 0 else "number"
    return _TYPES.get(column[1], "text")


def problem(error: Exception) -> str | None:
    """The code of an error, told by the number in its text."""
    found = _NUMBER.findall(str(error))
    if any(number in _REFUSED for number in found):
        return "auth_failed"
    if any(number in _LATE for number in found):
        return "deadline"
    if any(number in _GONE for number in found):
        return "unreachable"
    return None


DRIVER = Driver(connect, cursor, types, problem, (oracledb.Error,))
