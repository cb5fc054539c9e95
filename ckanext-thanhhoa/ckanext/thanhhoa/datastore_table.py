"""One table of the DataStore in SQL: as CKAN's own `datastore_create` would leave it, and swapped.

Names and literals are quoted by CKAN's functions; nothing else of a source enters a statement.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import sqlalchemy as sa
from ckan.plugins import toolkit
from ckanext.datastore.backend.postgres import identifier, literal_string
from sqlalchemy.engine import Connection

from harvesters.codec import canonical_number
from harvesters.model import Column, Scalar, Table

_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "numeric",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}
_VIETNAM = timezone(timedelta(hours=7))
#: tsvector takes at most 1 MB; a Vietnamese letter has up to three bytes.
_FULL_TEXT_CHARACTERS = 250_000


def stage(connection: Connection, resource_id: str, digest: str, table: Table) -> None:
    """Loads a table beside the one in use; `digest` marks its version. Commits nothing."""
    name = _stage_name(resource_id)
    _create(connection, name, table)
    _fill(connection, name, table)
    _describe(connection, name, digest, table)


def unstage(connection: Connection, resource_id: str) -> None:
    """Takes a staged table away again. Commits nothing."""
    connection.execute(_sql(f"DROP TABLE {identifier(_stage_name(resource_id))}"))


def put_in_place(connection: Connection, resource_id: str) -> None:
    """Puts the staged table in the place of the old one, with its aliases. Commits nothing."""
    staged, table = _stage_name(resource_id), identifier(resource_id)
    aliases = _aliases(connection, resource_id)
    for alias in aliases:
        connection.execute(_sql(f"DROP VIEW {identifier(alias)}"))
    for statement in (
        f"DROP TABLE IF EXISTS {table}",
        f"ALTER TABLE {identifier(staged)} RENAME TO {table}",
        f"ALTER INDEX {identifier(f'{staged}_pkey')} RENAME TO {identifier(f'{resource_id}_pkey')}",
        f"ALTER INDEX {_index_name(staged)} RENAME TO {_index_name(resource_id)}",
        f"ALTER SEQUENCE {identifier(f'{staged}__id_seq')} "
        f"RENAME TO {identifier(f'{resource_id}__id_seq')}",
        *(
            f"CREATE VIEW {identifier(alias)} AS SELECT * FROM {table}"  # noqa: S608 - quoted names
            for alias in aliases
        ),
    ):
        connection.execute(_sql(statement))
    _forget_count(connection, resource_id)


def drop(connection: Connection, resource_id: str) -> None:
    """Removes a table with its aliases. Idempotent. Commits nothing."""
    for alias in _aliases(connection, resource_id):
        connection.execute(_sql(f"DROP VIEW {identifier(alias)}"))
    connection.execute(_sql(f"DROP TABLE IF EXISTS {identifier(resource_id)}"))
    _forget_count(connection, resource_id)


def _stage_name(resource_id: str) -> str:
    # The underscore keeps it out of _table_metadata; `public` gives it the default grants.
    return f"_stage_{resource_id.replace('-', '')}"


def _sql(statement: str) -> sa.TextClause:
    return sa.text(statement.replace(":", r"\:"))


def _column_type(table: Table, position: int) -> str:
    column = table.columns[position]
    if column.type == "integer":
        values = (row[position] for row in table.rows)
        if any(isinstance(v, int) and not -(2**63) <= v < 2**63 for v in values):
            return "numeric"
    return _TYPES[column.type]


def _create(connection: Connection, name: str, table: Table) -> None:
    columns = ", ".join(
        f"{identifier(column.name)} {_column_type(table, i)}"
        for i, column in enumerate(table.columns)
    )
    connection.execute(_sql(f"DROP TABLE IF EXISTS {identifier(name)}"))
    connection.execute(
        _sql(
            f'CREATE TABLE {identifier(name)} ("_id" serial PRIMARY KEY, '
            f'"_full_text" tsvector{", " + columns if columns else ""})'
        )
    )


def _fill(connection: Connection, name: str, table: Table) -> None:
    """COPY into a temporary table, then one pass that adds the full text: no trigger per row."""
    names = [identifier(column.name) for column in table.columns]
    target, raw = identifier(name), identifier(f"{name}_raw")
    listed = ", ".join(['"_id"', *names])
    copy = f"AS SELECT {listed} FROM {target}"  # noqa: S608 - quoted names
    connection.execute(_sql(f"CREATE TEMPORARY TABLE {raw} ON COMMIT DROP {copy}"))
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY {raw} ({listed}) FROM STDIN", io.StringIO("".join(_lines(table))))
    except Exception as error:
        raise sa.exc.DBAPIError.instance(  # the driver's error in SQLAlchemy's words
            "COPY", None, error, connection.dialect.loaded_dbapi.Error, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
    # The language that CKAN asks with.
    language = literal_string(toolkit.config["ckan.datastore.default_fts_lang"])
    words = f"array_to_string(ARRAY[{', '.join(f'{n}::text' for n in names)}]::text[], ' ')"
    connection.execute(
        _sql(
            f'INSERT INTO {target} ({listed}, "_full_text") SELECT {listed}, '  # noqa: S608 - quoted
            f"to_tsvector({language}, left({words}, {_FULL_TEXT_CHARACTERS})) FROM {raw}"
        )
    )
    connection.execute(_sql(f"DROP TABLE {raw}"))
    connection.execute(
        sa.text("SELECT setval(pg_get_serial_sequence(:t, '_id'), :n, :used)"),
        {"t": target, "n": max(len(table.rows), 1), "used": bool(table.rows)},
    )


def _lines(table: Table) -> Iterator[str]:
    for number, row in enumerate(table.rows, 1):
        yield "\t".join([str(number), *map(_cell, row)]) + "\n"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def _cell(value: Scalar) -> str:
    """A value as COPY's text format wants it."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Decimal):
        return canonical_number(value)
    if isinstance(value, datetime):
        local = value.astimezone(_VIETNAM).replace(tzinfo=None) if value.tzinfo else value
        return local.isoformat(sep=" ")
    if isinstance(value, (int, date)):
        return str(value)
    return value.translate(_ESCAPES)


def _describe(connection: Connection, name: str, digest: str, table: Table) -> None:
    """The data dictionary as CKAN keeps it (a JSON comment per column), and the version marker."""
    for column in table.columns:
        # CKAN's format: a leading blank tells its version.
        comment = " " + json.dumps({"_info": column_info(column)}, ensure_ascii=False)
        place = f"{identifier(name)}.{identifier(column.name)}"
        connection.execute(_sql(f"COMMENT ON COLUMN {place} IS {literal_string(comment)}"))
    connection.execute(_sql(f"COMMENT ON TABLE {identifier(name)} IS {literal_string(digest)}"))
    connection.execute(
        _sql(
            f"CREATE TRIGGER zfulltext BEFORE INSERT OR UPDATE ON {identifier(name)} "
            "FOR EACH ROW EXECUTE PROCEDURE populate_full_text_trigger()"
        )
    )
    method = toolkit.config["ckan.datastore.default_fts_index_method"]
    index = _index_name(name)
    connection.execute(
        _sql(f'CREATE INDEX {index} ON {identifier(name)} USING {method} ("_full_text")')
    )
    reader = sa.make_url(toolkit.config["ckan.datastore.read_url"]).username
    if reader:
        connection.execute(_sql(f"GRANT SELECT ON {identifier(name)} TO {identifier(reader)}"))


def column_info(column: Column) -> dict[str, str]:
    """A column's entry in the data dictionary; CKAN's words are `label` and `notes`."""
    info = {
        "label": column.title,
        "label_en": column.title_en,
        "notes": column.description,
        "unit": column.unit,
        "role": column.role,
    }
    return {key: value for key, value in info.items() if value}


def _index_name(table: str) -> str:
    """CKAN's name for the full-text index, so that it never makes a second one."""
    name = hashlib.sha1(f'{table}"_full_text"'.encode(), usedforsecurity=False).hexdigest()
    return identifier(name)


def _aliases(connection: Connection, resource_id: str) -> list[str]:
    query = sa.text('SELECT name FROM "_table_metadata" WHERE alias_of = :id ORDER BY name')
    return list(connection.execute(query, {"id": resource_id}).scalars())


def _forget_count(connection: Connection, resource_id: str) -> None:
    """CKAN keeps the number of rows beside the table; it is counted anew when asked for."""
    connection.execute(
        sa.text('DELETE FROM "_table_stats" WHERE resource_id = :id'), {"id": resource_id}
    )
