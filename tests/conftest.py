"""What all tests share.

`./portal test` starts PostgreSQL, Redis and Solr and names a CKAN configuration for them in
`PORTAL_TEST_INI`; then CKAN's own fixtures (`app`, `clean_db`, `with_plugins`, …) are here too.
Without it the pure tests run by themselves, and those that need CKAN are skipped.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable

import pytest

INI = os.environ.get("PORTAL_TEST_INI", "")
NOT_HERE = "PORTAL_TEST_INI is not set: ./portal test starts what this test needs"
NEED_CKAN = (
    "app", "cli", "ckan_config", "clean_db", "clean_index", "clean_ledger", "clean_portal",
    "make_app", "migrate_db_for", "non_clean_db", "reset_db", "reset_index", "test_request_context",
    "with_plugins", "with_request_context",
)  # fmt: skip


@pytest.fixture(scope="session")
def ini() -> str:
    """The CKAN configuration of the tests' services."""
    if not INI:
        pytest.skip(NOT_HERE)
    return INI


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """Local servers are found by address, as most grants of internal servers are written."""
    return ("127.0.0.1", 0)


if INI:
    os.environ["CKAN_INI"] = INI
    # CKAN asks who calls whenever a plugin adds a folder, with the source text of every frame:
    # half a second for each test that loads the plugins, for text that nobody reads.
    inspect.stack = functools.partial(inspect.stack, 0)
    pytest_plugins = ["ckan.tests.pytest_ckan.ckan_setup", "ckan.tests.pytest_ckan.fixtures"]

    @pytest.fixture
    def clean_portal(reset_db: Callable[[], None], reset_index: Callable[[], None]) -> None:
        """An empty portal: CKAN's tables, the portal's own schema, the DataStore, the index."""
        from ckan import model

        # The tables are there: CKAN would make only its own anew, without its plugins' columns.
        model.repo.tables_created_and_initialised = True
        reset_db()
        reset_index()
        _empty_own_schema()
        _empty_datastore()

    @pytest.fixture
    def clean_ledger() -> None:
        """No sources, runs and records; CKAN's own tables keep what other tests put there."""
        _empty_own_schema()

else:

    def _absent() -> None:
        pytest.skip(NOT_HERE)

    for _name in NEED_CKAN:
        globals()[f"{_name}_is_absent"] = pytest.fixture(name=_name)(_absent)


def _empty_own_schema() -> None:
    """CKAN's `clean_db` sees the default schema only."""
    import sqlalchemy as sa
    from ckan import model

    with model.meta.engine.begin() as connection:
        tables = sa.inspect(connection).get_table_names(schema="thanhhoa")
        names = ", ".join(f'thanhhoa."{name}"' for name in tables if name != "alembic_version")
        if names:
            connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


def _empty_datastore() -> None:
    import sqlalchemy as sa
    from ckan.plugins.toolkit import config

    engine = sa.create_engine(config["ckan.datastore.write_url"])
    with engine.begin() as connection:
        for name in sa.inspect(connection).get_table_names():
            if not name.startswith("_"):
                connection.execute(sa.text(f'DROP TABLE "{name}" CASCADE'))
    engine.dispose()
