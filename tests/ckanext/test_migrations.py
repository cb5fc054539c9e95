"""The ledger's tables are those its code knows: model and migrations say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")


def test_the_migrations_make_what_the_model_says(with_plugins: None) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from ckan import model
    from ckanext.thanhhoa.model import SCHEMA, metadata

    options = {
        "include_schemas": True,
        "version_table_schema": SCHEMA,
        "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
    }
    with model.ensure_engine().connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_no_foreign_key_leaves_the_ledgers_schema() -> None:
    """CKAN must be able to drop and rebuild its tables without asking ours."""
    from ckanext.thanhhoa.model import SCHEMA, metadata

    targets = {
        key.column.table.schema for table in metadata.tables.values() for key in table.foreign_keys
    }
    assert targets == {SCHEMA}


def test_one_chain_of_migrations() -> None:
    import ckanext.thanhhoa
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    here = Path(ckanext.thanhhoa.__file__).parent / "migration" / "thanhhoa"
    script = ScriptDirectory.from_config(Config(here / "alembic.ini"))
    assert len(script.get_heads()) == 1
