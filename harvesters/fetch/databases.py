"""Databases of several makers: one read-only statement, its rows within the caps.

PostgreSQL has a module of its own; what the others share is here: the account, the checked address,
the deadline, the statement that may only read, and rows that are fetched a few thousand at a time.
Each maker's module says how its driver connects, what its types are and what its errors mean.

Drivers are used directly. SQLAlchemy's dialects would send statements of their own before ours and
have none for the driver of SQL Server that can be held to a checked address.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import QueryResult, postgres
from harvesters.fetch.auth import Credentials
from harvesters.fetch.driver import Driver, Target
from harvesters.fetch.grants import Grants, endpoint_of, shown
from harvesters.fetch.sql_rows import ROWS_AT_A_TIME, collect
from harvesters.fetch.sql_text import reading_statement
from harvesters.fetch.wire import Deadline, Dialler
from harvesters.settings import Limits

#: By the scheme of a source's URL.
MAKERS = ("postgresql", "postgres", "mysql", "mariadb", "mssql", "sqlserver", "oracle")
_PARAMETERS = ("sslmode",)
#: What a value or a connection may raise under any driver.
_ANY_DRIVER = (OSError, UnicodeError, ValueError, OverflowError)
SSL_MODES = ("", "disable", "require", "verify-full")


def query(
    url: str,
    sql: str,
    grants: Grants,
    limits: Limits,
    credentials: Credentials,
    deadline: Deadline,
    dialler: Dialler,
) -> QueryResult:
    """Runs one SELECT in the database behind the URL. Errors: see `Fetch`."""
    scheme = urlsplit(url).scheme
    if scheme not in MAKERS:
        raise HarvestError("host_not_granted", where=shown(url))
    if scheme in ("postgresql", "postgres"):
        return postgres.query(url, sql, grants, limits, credentials, deadline, dialler)
    where = shown(url)
    statement = reading_statement(sql, where)
    driver = _driver(scheme)
    left = deadline.remaining(where)
    errors: tuple[type[Exception], ...] = (*driver.errors, *_ANY_DRIVER)
    target = _target(url, grants, credentials, dialler, limits, left)
    try:
        with dialler.within(left), _opened(driver, target, dialler) as connection:
            cursor = driver.cursor(connection)
            cursor.execute(statement)
            description = cursor.description or ()
            names = [str(column[0]) for column in description]
            types = driver.types(description)
            return collect(_rows(cursor), names, types, limits, where)
    except errors as error:
        if dialler.expired:
            raise deadline.error(where) from error
        raise _translated(driver, error, where, credentials, deadline) from error


@contextlib.contextmanager
def _opened(driver: Driver, target: Target, dialler: Dialler) -> Iterator[Any]:
    """A connection whose transaction is always taken back."""
    connection = driver.connect(target, dialler)
    try:
        yield connection
        connection.rollback()
    finally:
        with contextlib.suppress(*driver.errors, OSError):  # the server may be gone
            connection.close()


def _rows(cursor: Any) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(ROWS_AT_A_TIME):
        yield from rows


def _driver(scheme: str) -> Driver:
    """The maker's module, loaded when it is needed first: each driver is some megabytes."""
    if scheme in ("mysql", "mariadb"):
        from harvesters.fetch import mysql

        return mysql.DRIVER
    if scheme == "oracle":
        from harvesters.fetch import oracle

        return oracle.DRIVER
    from harvesters.fetch import mssql

    return mssql.DRIVER


def _target(
    url: str,
    grants: Grants,
    credentials: Credentials,
    dialler: Dialler,
    limits: Limits,
    left: float,
) -> Target:
    """The account and the checked addresses. A password in the URL would be shown with it."""
    parts = urlsplit(url)
    where = shown(url)
    if parts.password is not None:
        raise HarvestError("credentials_in_url", where=where)
    user = unquote(parts.username or "") or credentials.user
    if not user:
        raise HarvestError("bad_setting", where=where, key="auth.user", expected="user")
    parameters = parse_qs(parts.query)
    _check_parameters(parameters, where)
    endpoint = endpoint_of(url)
    grants.check_endpoint(endpoint)
    try:
        addresses = tuple(dialler.addresses(endpoint))
    except socket.gaierror as error:
        raise HarvestError("unreachable", where=where) from error
    return Target(
        endpoint.host,
        endpoint.port,
        addresses,
        unquote(parts.path.lstrip("/")),
        user,
        credentials.secret(),
        parameters.get("sslmode", [""])[0],
        min(limits.timeout, left),
        left,
        where,
    )


def _check_parameters(parameters: Mapping[str, Sequence[str]], where: str) -> None:
    for key, values in parameters.items():
        if key not in _PARAMETERS:
            expected = ", ".join(_PARAMETERS)
            raise HarvestError("bad_setting", where=where, key=key, expected=expected)
        if values[0] not in SSL_MODES:
            expected = ", ".join(filter(None, SSL_MODES))
            raise HarvestError("bad_setting", where=where, key=key, expected=expected)


def _translated(
    driver: Driver, error: Exception, where: str, credentials: Credentials, deadline: Deadline
) -> HarvestError:
    """A driver's error in the engine's words, without password or connection string."""
    code = driver.problem(error)
    if isinstance(error, UnicodeError):
        code = "unknown_encoding"
    if code == "deadline":
        return deadline.error(where)
    if code is not None:
        return HarvestError(code, where=where)
    if isinstance(error, OSError):
        return HarvestError("unreachable", where=where)
    words = " ".join(str(part) for part in error.args if not isinstance(part, int))
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")
    detail = credentials.scrub(first) or type(error).__name__
    return HarvestError("api_error", where=where, detail=detail[:200])
