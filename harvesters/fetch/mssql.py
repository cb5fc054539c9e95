"""SQL Server, through python-tds.

Never run against a live server so far: what is tested is how the connection is asked for, what the
types are mapped to, and what becomes of refusals. The driver encrypts the connection only with
pyOpenSSL, which the portal does not have, so a server that demands encryption refuses it, and
``sslmode`` other than ``disable`` is refused here; keep such a source on a network of your own.

SQL Server has no read-only transaction: the statement may only read by its words, the transaction
is taken back, and the account should hold SELECT on the published views and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytds

from harvesters.errors import HarvestError
from harvesters.fetch.driver import Driver, Target
from harvesters.fetch.grants import Endpoint
from harvesters.fetch.guarded import only
from harvesters.fetch.wire import Dialler
from harvesters.model import ColumnType

#: Numbers of the types in the protocol (MS-TDS, 2.2.5.4).
_TYPES: dict[int, ColumnType] = {
    0x30: "integer", 0x34: "integer", 0x38: "integer", 0x7F: "integer", 0x26: "integer",
    0x32: "boolean", 0x68: "boolean",
    0x3B: "number", 0x3E: "number", 0x6D: "number",
    0x37: "number", 0x3F: "number", 0x6A: "number", 0x6C: "number",
    0x3C: "number", 0x7A: "number", 0x6E: "number",
    0x28: "date",
    0x3A: "timestamp", 0x3D: "timestamp", 0x6F: "timestamp", 0x2A: "timestamp", 0x2B: "timestamp",
}  # fmt: skip
#: Login failed, account locked, password expired or to be changed, database or object not allowed.
_REFUSED = (18456, 18486, 18487, 18488, 18452, 4060, 916, 229, 230)
_LATE = (1222, -2)


def arguments(target: Target, address: str) -> dict[str, Any]:
    """How the driver is asked to connect: to a checked address, once, without writing intent."""
    return {
        "dsn": address,
        "port": target.port,
        "database": target.database or None,
        "user": target.user,
        "password": target.password,
        "login_timeout": target.timeout,
        "timeout": target.seconds,
        "appname": "thanhhoa-portal",
        "autocommit": False,
        "readonly": True,
        "disable_connect_retry": True,
    }


def connect(target: Target, dialler: Dialler) -> Any:
    """A connection whose lock waits end in time."""
    if target.ssl_mode not in ("", "disable"):
        raise HarvestError(
            "bad_setting", where=target.where, key="sslmode", expected="sslmode=disable"
        )
    opened = dialler.dial(Endpoint(target.host, target.port), target.timeout)
    dialler.watch(opened.dup())
    with only(
        target.addresses, target.port, dialler.watch
    ):  # a routing answer would lead elsewhere
        connection = pytds.connect(sock=opened, **arguments(target, target.addresses[0]))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCK_TIMEOUT {int(target.timeout * 1000)}")
    return connection


def cursor(connection: Any) -> Any:
    """The driver reads rows from the wire as they are asked for."""
    return connection.cursor()


def types(description: Sequence[Any]) -> tuple[ColumnType, ...]:
    """Our types by those of the protocol."""
    return tuple(_TYPES.get(column[1], "text") for column in description)


def problem(error: Exception) -> str | None:
    """The code of an error, told by the server's number."""
    number = getattr(error, "msg_no", 0) or getattr(error, "number", 0)
    if number in _REFUSED or isinstance(error, pytds.LoginError):
        return "auth_failed"
    if number in _LATE:
        return "deadline"
    if isinstance(error, TimeoutError | pytds.ClosedConnectionError):
        return "unreachable"
    return None


DRIVER = Driver(connect, cursor, types, problem, (pytds.Error, pytds.ClosedConnectionError))
