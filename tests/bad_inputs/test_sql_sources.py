"""What can be wrong with a department's database."""

import os
import uuid
from urllib.parse import urlsplit

import pytest

from tests.bad_inputs.reading import only_problem, read

URL = os.environ.get("PORTAL_TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(
    not URL, reason="PORTAL_TEST_DATABASE_URL names no PostgreSQL to test with"
)


@pytest.fixture(scope="module")
def reader():
    """A role that may enter and sees one view: (host:port, its URL)."""
    import psycopg2

    admin = urlsplit(URL)
    name = f"bad_{uuid.uuid4().hex[:8]}"
    owner = psycopg2.connect(URL)
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"; ')
        cursor.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'dung-mat-khau'")
    inside = psycopg2.connect(admin._replace(path=f"/{name}").geturl())
    with inside, inside.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE xa (ma text, dan_so integer); INSERT INTO xa VALUES ('14758', 12);"
            "CREATE TABLE rieng (x text);"
            f'GRANT SELECT ON xa TO "{name}"'
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


def ask(reader, query="xa", password="dung-mat-khau", allow=None, url=None):
    host, own = reader
    config = {"read": {"query": query}, "auth": {"type": "basic", "secret": "file:csdl"}}
    return read("sql", url or own, allow or [host], config, password)


def test_the_right_password_reads(reader):
    items, error = ask(reader)
    assert error is None
    assert [type(item).__name__ for item in items] == ["Record", "End"]


def test_a_wrong_password(reader):
    items, error = ask(reader, password="sai-mat-khau")
    problem = only_problem(items, error)
    assert (problem.code, problem.record) == ("auth_failed", None)
    assert "sai-mat-khau" not in f"{error!r} {problem}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("khong_co", "api_error"),
        ("SELECT khong_co FROM xa", "api_error"),
        ("rieng", "auth_failed"),
        ("SELECT 1; DROP TABLE xa", "bad_setting"),
        ("DELETE FROM xa RETURNING *", "bad_setting"),
    ],
)
def test_a_query_that_cannot_be_read(reader, query, code):
    assert only_problem(*ask(reader, query)).code == code
    assert ask(reader)[1] is None


def test_a_database_that_was_not_granted(reader):
    problem = only_problem(*ask(reader, allow=["127.0.0.1:1"]))
    assert problem.code == "host_not_granted"


def test_no_server_there(reader):
    url = "postgresql://doc@127.0.0.1:1/csdl"
    assert only_problem(*ask(reader, url=url, allow=["127.0.0.1:1"])).code == "unreachable"
