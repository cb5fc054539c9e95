"""One read-only statement in a PostgreSQL database that was granted."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg2
import psycopg2.extensions

from harvesters.errors import HarvestError
from harvesters.fetch import QueryResult
from harvesters.fetch.auth import Credentials
from harvesters.fetch.grants import Grants, endpoint_of, shown
from harvesters.fetch.sql_rows import ROWS_AT_A_TIME, collect
from harvesters.fetch.sql_text import single_statement
from harvesters.fetch.wire import Deadline, Dialler
from harvesters.model import ColumnType
from harvesters.settings import Limits

#: Type OIDs of PostgreSQL (pg_type.dat) by our column types; everything else is read as text.
_TYPES: dict[int, ColumnType] = {
    16: "boolean",
    20: "integer",
    21: "integer",
    23: "integer",
    26: "integer",
    700: "number",
    701: "number",
    1700: "number",
    1082: "date",
    1114: "timestamp",
    1184: "timestamp",
}
#: What may be said in the URL's query. Everything else of libpq (files, services, options) stays
#: closed: it could read this machine's files or take the read-only setting back.
_PARAMETERS = ("sslmode", "host")
_REFUSED = re.compile(
    r"authentication failed|no password supplied|role \".*\" does not exist|pg_hba\.conf"
    r"|permission denied for database|not permitted to log in|certificate|SASL"
)
_NOT_REACHED = re.compile(
    r"[Cc]onnection refused|No route to host|[Nn]etwork is unreachable|No such file or directory"
    r"|server closed the connection|Connection reset|could not connect|could not translate"
)
#: What libpq says when something else answers at the port.
_NO_DATABASE = re.compile(r"invalid response to SSL negotiation|expected authentication request")


def query(
    url: str,
    sql: str,
    grants: Grants,
    limits: Limits,
    credentials: Credentials,
    deadline: Deadline,
    dialler: Dialler,
) -> QueryResult:
    """Runs one SELECT (or VALUES, WITH, TABLE) and gives all of its rows, numbers as Decimal.

    `url` is `postgresql://user@host:port/database`, or `postgresql://user@/database?host=DIR` for
    a socket in a granted folder; the password comes from the credentials. Read-only three times
    over: a server-side cursor takes nothing but a query, the transaction is read-only, and a
    second statement cannot be smuggled in behind a semicolon.
    """
    statement = single_statement(sql, shown(url))
    where = shown(url)
    left = deadline.remaining(where)
    try:
        with (
            dialler.within(left),
            contextlib.closing(
                _connect(url, grants, limits, credentials, deadline, dialler)
            ) as connection,
            connection.cursor(name="harvest") as cursor,
        ):
            cursor.itersize = ROWS_AT_A_TIME
            cursor.execute(statement)
            return _collect(cursor, limits, where)
    except (psycopg2.Error, UnicodeError, ValueError, OverflowError) as error:
        if dialler.expired:
            raise deadline.error(where) from error
        raise _translated(error, where, credentials, deadline) from error


def _connect(
    url: str,
    grants: Grants,
    limits: Limits,
    credentials: Credentials,
    deadline: Deadline,
    dialler: Dialler,
) -> psycopg2.extensions.connection:
    left = deadline.remaining(shown(url))
    connection: psycopg2.extensions.connection = psycopg2.connect(
        **_destination(url, grants, dialler),
        **_account(url, credentials),
        connect_timeout=max(2, int(min(limits.timeout, left))),
        application_name="thanhhoa-portal",
        client_encoding="UTF8",
        options="-c default_transaction_read_only=on -c DateStyle=ISO "
        f"-c statement_timeout={int(left * 1000)} -c lock_timeout={int(limits.timeout * 1000)}",
    )
    dialler.watch(socket.socket(fileno=os.dup(connection.fileno())))
    connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
    return connection


def _destination(url: str, grants: Grants, dialler: Dialler) -> dict[str, Any]:
    """Where libpq connects to: the checked address itself, so that it does not resolve anew."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise HarvestError("host_not_granted", where=shown(url))
    parameters = parse_qs(parts.query)
    for key in parameters:
        if key not in _PARAMETERS:
            raise HarvestError(
                "bad_setting", where=shown(url), key=key, expected=", ".join(_PARAMETERS)
            )
    target: dict[str, Any] = {"dbname": unquote(parts.path.lstrip("/")) or "postgres"}
    if "sslmode" in parameters:
        target["sslmode"] = parameters["sslmode"][0]
    if not parts.hostname:
        folder = parameters.get("host", [""])[0]
        target["host"] = grants.check_path(folder, shown(url))
        return target
    endpoint = endpoint_of(url)
    grants.check_endpoint(endpoint)
    try:
        addresses = dialler.addresses(endpoint)
    except socket.gaierror as error:
        raise HarvestError("unreachable", where=shown(url)) from error
    hosts = ",".join([endpoint.host] * len(addresses))
    return {**target, "host": hosts, "hostaddr": ",".join(addresses), "port": endpoint.port}


def _account(url: str, credentials: Credentials) -> dict[str, Any]:
    """User and password. A password in the URL is refused: it would be shown with the source.

    Without a secret a placeholder is sent, or libpq would look for a password of the portal's own
    in its environment and in `.pgpass`.
    """
    parts = urlsplit(url)
    if parts.password is not None:
        raise HarvestError("credentials_in_url", where=shown(url))
    user = unquote(parts.username or "") or credentials.user
    if not user:
        raise HarvestError("bad_setting", where=shown(url), key="auth.user", expected="user")
    return {"user": user, "password": credentials.secret() or "-", "passfile": os.devnull}


def _collect(cursor: Any, limits: Limits, where: str) -> QueryResult:
    """The rows; what they are is known only when the first of them has come."""
    rows = iter(cursor)
    first = list(itertools.islice(rows, 1))
    columns = cursor.description or ()
    names = [column.name for column in columns]
    types = [_TYPES.get(column.type_code, "text") for column in columns]
    return collect(itertools.chain(first, rows), names, types, limits, where)


def _translated(
    error: Exception, where: str, credentials: Credentials, deadline: Deadline
) -> HarvestError:
    text = credentials.scrub(str(error).strip())
    no_encoding = (
        UnicodeError,
        psycopg2.errors.CharacterNotInRepertoire,
        psycopg2.errors.UntranslatableCharacter,
    )
    if isinstance(error, no_encoding):
        return HarvestError("unknown_encoding", where=where)
    if isinstance(error, ValueError | OverflowError):  # a day that Python has no date for
        return HarvestError(
            "api_error",
            where=where,
            detail="có ngày nằm ngoài lịch (năm 1 đến năm 9999)",
            detail_en="a date is beyond the calendar (years 1 to 9999)",
        )
    if isinstance(error, psycopg2.errors.QueryCanceled | psycopg2.errors.LockNotAvailable):
        return deadline.error(where)
    if isinstance(error, psycopg2.OperationalError):
        if _REFUSED.search(text):
            return HarvestError("auth_failed", where=where)
        if _NO_DATABASE.search(text):
            return HarvestError("unexpected_answer", where=where, detail="PostgreSQL")
        if "timeout expired" in text or _NOT_REACHED.search(text):
            return HarvestError("unreachable", where=where)
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return HarvestError("auth_failed", where=where)
    lines = list(_lines(text)) or [type(error).__name__]
    return HarvestError("api_error", where=where, detail=lines[0][:200])


def _lines(text: str) -> Iterator[str]:
    """The lines of a server's message without its caret and position."""
    for line in text.splitlines():
        if line.strip(" ^") and not line.startswith("LINE "):
            yield line.strip()
