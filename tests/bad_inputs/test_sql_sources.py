"""What can be wrong with a department's database."""

import contextlib
import os
import socket
import threading
import uuid
from urllib.parse import urlsplit

import pytest

from harvesters.model import End, Record
from tests.bad_inputs import table
from tests.bad_inputs.reading import FETCH, Stopwatch, only_problem, read

URL = os.environ.get("PORTAL_TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(
    not URL, reason="PORTAL_TEST_DATABASE_URL names no PostgreSQL to test with"
)


PASSWORD = "dung-mat-khau"
WORDS = {fault: word for _, fault, word in table.cells(table.DATABASES, ("sql",))}


@pytest.fixture(scope="module")
def reader():
    """A role that may enter and sees two tables of bytes: (host:port, its URL).

    The database has no encoding of its own, as old ones have it: it keeps whatever was put in.
    """
    import psycopg2

    admin = urlsplit(URL)
    name = f"bad_{uuid.uuid4().hex[:8]}"
    owner = psycopg2.connect(URL)
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        )
        cursor.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{PASSWORD}'")
    inside = psycopg2.connect(admin._replace(path=f"/{name}").geturl())
    with inside, inside.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE xa (ma text, dan_so integer); INSERT INTO xa VALUES ('14758', 12);"
            "CREATE TABLE rieng (x text);"
            "CREATE TABLE cu (ten text); INSERT INTO cu VALUES (E'Thu\\xfd s\\xe0n');"
            f'GRANT SELECT ON xa, cu TO "{name}"'
        )
    inside.close()
    yield (
        f"{admin.hostname}:{admin.port}",
        f"postgresql://{name}@{admin.hostname}:{admin.port}/{name}",
    )
    with owner.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        cursor.execute(f'DROP ROLE "{name}"')
    owner.close()


def ask(reader, query="xa", password=PASSWORD, allow=None, url=None, **fetch):
    host, own = reader
    config = {
        "read": {"query": query},
        "auth": {"type": "basic", "secret": "file:csdl"},
        "fetch": {**FETCH, **fetch},
    }
    with Stopwatch() as watch:
        found = read("sql", url or own, allow or [host], config, password)
    assert watch.seconds < 20
    return found


#: What is wrong with one query: that dataset fails, and the listing still names it.
QUERIES = {
    "no right to read": ("rieng", {}),
    "no such table": ("khong_co", {}),
    "no such column": ("SELECT khong_co FROM xa", {}),
    "two statements": ("SELECT 1; DROP TABLE xa", {}),
    "a statement that writes": ("DELETE FROM xa RETURNING *", {}),
    "too many rows": (
        "SELECT a FROM generate_series(1, 1000) AS a, generate_series(1, 100000) AS b",
        {"max_cells": 10_000},
    ),
    "too many bytes": (
        "SELECT repeat('a', 100000) AS a FROM generate_series(1, 100000)",
        {"max_bytes": 5_000_000},
    ),
    "bytes of no encoding": ("cu", {}),
    "a date beyond dates": ("SELECT DATE '99999-01-01' AS ngay", {}),
}


def test_every_row_is_tested():
    whole = {
        *("nobody there", "host not granted", "wrong password", "query without end"),
        "account may not log in",
        *("server that says nothing", "web server there", "connection cut"),
    }
    assert set(WORDS) == {*QUERIES, *whole}


def test_the_right_password_reads(reader):
    items, error = ask(reader)
    assert error is None
    assert [type(item).__name__ for item in items] == ["Record", "End"]


@pytest.mark.parametrize("fault", list(QUERIES))
def test_a_query_that_cannot_be_read(reader, fault):
    query, fetch = QUERIES[fault]
    items, error = ask(reader, query, **fetch)
    problem = only_problem(items, error)
    assert problem.code == table.CODES[WORDS[fault]]
    assert problem.record
    assert not any(isinstance(item, Record) for item in items)
    assert ask(reader)[1] is None  # nothing was written or dropped


def whole(fault, items, error):
    """The reading ends with it; nothing was listed."""
    problem = only_problem(items, error)
    assert (problem.code, problem.record) == (table.CODES[WORDS[fault]], None)
    assert not any(isinstance(item, End) and item.complete for item in items)
    return problem


def test_a_query_without_end(reader):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT sum(x) FROM n"
    with Stopwatch() as watch:
        found = ask(reader, endless, deadline=2)
    whole("query without end", *found)
    assert watch.seconds < 10


def test_a_wrong_password(reader):
    items, error = ask(reader, password="sai-mat-khau")
    problem = whole("wrong password", items, error)
    assert "sai-mat-khau" not in f"{error!r} {problem}"


def test_an_account_that_may_not_log_in(reader):
    import psycopg2

    name = urlsplit(reader[1]).username
    owner = psycopg2.connect(URL)
    owner.autocommit = True
    with contextlib.closing(owner), owner.cursor() as cursor:
        cursor.execute(f'ALTER ROLE "{name}" NOLOGIN')
        try:
            whole("account may not log in", *ask(reader))
        finally:
            cursor.execute(f'ALTER ROLE "{name}" LOGIN')


def test_a_database_that_was_not_granted(reader):
    whole("host not granted", *ask(reader, allow=["127.0.0.1:1"]))


def test_no_server_there(reader):
    url = "postgresql://doc@127.0.0.1:1/csdl"
    whole("nobody there", *ask(reader, url=url, allow=["127.0.0.1:1"]))


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("server that says nothing", None),
        ("web server there", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("connection cut", b""),
    ],
)
def test_something_else_at_the_databases_port(reader, fault, answer):
    with speaking(answer) as port:
        url = f"postgresql://doc@127.0.0.1:{port}/csdl"
        whole(fault, *ask(reader, url=url, allow=[f"127.0.0.1:{port}"]))


@contextlib.contextmanager
def speaking(answer):
    """A server that says this to everybody who says something; nothing for None."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                held.append(connection)
                connection.recv(1000)
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for connection in held:
            connection.close()
