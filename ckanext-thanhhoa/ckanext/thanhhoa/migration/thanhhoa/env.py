"""Runs our migrations. The version table lies in our schema too, beyond CKAN's `clean_db`."""

import sqlalchemy as sa
from alembic import context
from ckanext.thanhhoa.model import SCHEMA, metadata

engine = sa.engine_from_config(
    context.config.get_section(context.config.config_ini_section),
    prefix="sqlalchemy.",
    poolclass=sa.pool.NullPool,
)

with engine.begin() as connection:
    connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table="alembic_version",
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=lambda name, kind, parents: kind != "schema" or name == SCHEMA,
    )
    with context.begin_transaction():
        context.run_migrations()
