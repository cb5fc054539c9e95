import datetime as dt
import os
import time
import uuid
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Auth, Limits
from tests.raw_server import raw_server

pytestmark = pytest.mark.skipif(
    "PORTAL_TEST_DATABASE_URL" not in os.environ,
    reason="PORTAL_TEST_DATABASE_URL names no PostgreSQL to test with",
)
PASSWORD = "mật khẩu' \\dài"


@pytest.fixture(scope="module")
def database():
    """A database with one table and a reader `doc`. Gives (host:port, url of the reader)."""
    import psycopg2
    from psycopg2 import sql

    admin = urlsplit(os.environ["PORTAL_TEST_DATABASE_URL"])
    name = f"fetch_{uuid.uuid4().hex[:8]}"
    owner = psycopg2.connect(admin.geturl())
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        cursor.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(name)), [PASSWORD]
        )
    inside = psycopg2.connect(admin._replace(path=f"/{name}").geturl())
    with inside, inside.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE xa (ma integer, ten text, dien_tich numeric, mat_do float8, ngay date);"
            "INSERT INTO xa VALUES (1, 'Hạc Thành', 24.61, 0.1, '2025-07-01'),"
            " (2, NULL, 'NaN', 'Infinity', NULL);"
            "CREATE TABLE mat (x text);"
            f'GRANT ALL ON xa TO "{name}"; GRANT CREATE ON SCHEMA public TO "{name}"'
        )
    inside.close()
    yield (
        f"{admin.hostname}:{admin.port}",
        f"postgresql://{name}@{admin.hostname}:{admin.port}/{name}",
    )
    with owner.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
    owner.close()


def ask(database, statement, limits=Limits(deadline=10), password=PASSWORD, allow=None, url=None):  # noqa: B008
    host, own_url = database
    auth = Auth("basic", secret="file:x") if password else Auth()
    with Fetcher(allow or [host], limits, auth, lambda reference: password) as fetch:
        return fetch.query(url or own_url, statement)


def refused(*args, **kwargs) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        ask(*args, **kwargs)
    return caught.value


def test_rows_come_typed(database):
    result = ask(database, "SELECT * FROM xa ORDER BY ma;\n")
    assert result.names == ("ma", "ten", "dien_tich", "mat_do", "ngay")
    assert result.types == ("integer", "text", "number", "number", "date")
    assert result.rows == (
        (1, "Hạc Thành", Decimal("24.61"), Decimal("0.1"), dt.date(2025, 7, 1)),
        (2, None, None, None, None),
    )


def test_other_types_are_text(database):
    result = ask(
        database,
        """SELECT true, '{"a": 1}'::jsonb, ARRAY['ệ'], '\\x01ff'::bytea, '1 day'::interval,
                  now()::timestamp, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid""",
    )
    assert result.types == ("boolean", "text", "text", "text", "text", "timestamp", "text")
    (row,) = result.rows
    assert row[:5] == (True, '{"a": 1}', '["ệ"]', "01ff", "1 day, 0:00:00")
    assert row[6] == "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"


def test_no_rows_still_have_columns(database):
    result = ask(database, "SELECT ma, ten FROM xa WHERE false")
    assert (result.names, result.types, result.rows) == (("ma", "ten"), ("integer", "text"), ())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; DROP TABLE xa",
        "SELECT 1; COMMIT; SET default_transaction_read_only=off; DROP TABLE xa",
        "SELECT ';'",
        "",
        " ; ",
    ],
)
def test_one_statement_only(database, statement):
    assert refused(database, statement).code == "bad_setting"


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE xa",
        "DELETE FROM xa",
        "INSERT INTO xa (ma) VALUES (3) RETURNING ma",
        "WITH gone AS (DELETE FROM xa RETURNING ma) SELECT * FROM gone",
        "CREATE TABLE moi (x int)",
        "COPY xa TO '/tmp/x'",
        "SELECT * INTO moi FROM xa",
        "SELECT set_config('transaction_read_only', 'off', false), nextval('x')",
        "COMMIT",
    ],
)
def test_only_reading_is_possible(database, statement):
    assert refused(database, statement).code in ("api_error", "auth_failed")
    assert ask(database, "SELECT count(*) FROM xa").rows == ((2,),)


def test_a_wrong_password_is_auth_failed_and_not_repeated(database):
    error = refused(database, "SELECT 1", password="sai-mat-khau")
    assert error.code == "auth_failed"
    assert "sai-mat-khau" not in f"{error}{error.problem}{error.__cause__}"
    assert "@" not in error.problem.where


def test_no_password_of_the_portal_itself_is_sent(database, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert refused(database, "SELECT 1", password="").code == "auth_failed"


def test_a_table_that_may_not_be_read_is_auth_failed(database):
    assert refused(database, "SELECT * FROM mat").code == "auth_failed"


def test_what_the_server_says_is_passed_on(database):
    error = refused(database, "SELECT khong_co FROM xa")
    assert error.code == "api_error"
    assert error.problem.params["detail"] == 'column "khong_co" does not exist'
    url = database[1].rpartition("/")[0] + "/khong_co"
    assert "khong_co" in refused(database, "SELECT 1", url=url).problem.params["detail"]


def test_a_host_not_granted_is_not_asked(database):
    with raw_server(lambda server, connection: None) as server:
        url = f"postgresql://doc@127.0.0.1:{server.port}/x"
        assert refused(database, "SELECT 1", url=url).code == "host_not_granted"
        assert server.connections == 0
    assert refused(database, "SELECT 1", url="https://127.0.0.1/x").code == "host_not_granted"


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("?sslmode=disable", None),
        ("?options=-c%20default_transaction_read_only%3Doff", "bad_setting"),
        ("?service=x", "bad_setting"),
        ("?sslkey=/etc/ssl/private/x", "bad_setting"),
        ("?hostaddr=127.0.0.1", "bad_setting"),
    ],
)
def test_the_url_cannot_open_more_than_it_names(database, tail, code):
    if code is None:
        assert ask(database, "SELECT 1", url=database[1] + tail).rows == ((1,),)
    else:
        assert refused(database, "SELECT 1", url=database[1] + tail).code == code


def test_a_password_in_the_url_is_refused(database):
    url = database[1].replace("@", ":bi-mat@")
    error = refused(database, "SELECT 1", url=url)
    assert error.code == "credentials_in_url"
    assert "bi-mat" not in f"{error}{error.problem}"


def test_nothing_listening_is_unreachable(database):
    error = refused(
        database, "SELECT 1", url="postgresql://doc@127.0.0.1:1/x", allow=["127.0.0.1:1"]
    )
    assert error.code == "unreachable"


def test_a_socket_needs_its_folder_granted(database, tmp_path):
    url = f"postgresql://doc@/x?host={tmp_path}"
    assert refused(database, "SELECT 1", url=url).code == "host_not_granted"
    assert refused(database, "SELECT 1", url=url, allow=[str(tmp_path)]).code == "unreachable"


def test_a_slow_statement_is_stopped(database):
    began = time.monotonic()
    error = refused(database, "SELECT pg_sleep(30)", Limits(deadline=1))
    assert error.code == "deadline"
    assert time.monotonic() - began < 25


def test_a_server_that_stalls_is_cut(database):
    """It takes the connection and then says nothing: neither libpq nor the server would end it."""
    with raw_server(lambda server, connection: server.wait(30)) as server:
        began = time.monotonic()
        url = f"postgresql://doc@127.0.0.1:{server.port}/x"
        error = refused(database, "SELECT 1", Limits(timeout=2), url=url, allow=server.allow)
    assert error.code == "unreachable"
    assert time.monotonic() - began < 25


def test_cells_and_bytes_are_capped(database):
    many = "SELECT n, n FROM generate_series(1, 100000) AS n"
    assert refused(database, many, Limits(max_cells=1000)).code == "too_large"
    wide = "SELECT repeat('x', 1000) FROM generate_series(1, 1000)"
    assert refused(database, wide, Limits(max_bytes=10_000)).code == "too_large"


def test_dates_beyond_the_calendar_are_an_error_not_a_crash(database):
    assert refused(database, "SELECT '0044-03-15 BC'::date").code == "api_error"
