"""Typed tables in CKAN's DataStore: staged, then swapped in one transaction of its database.

CKAN wants the DataStore in another database, so no transaction spans a dataset and its tables.
The writer therefore notes its intent in ``thanhhoa.to_load`` together with the dataset; the swap
leaves the table's digest as the comment of the table; `recover` compares the two and finishes what
a crash interrupted. Readers see the old table or the new one, never a part.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit
from ckanext.datastore.backend import postgres
from ckanext.datastore.backend.postgres import identifier, literal_string
from ckanext.thanhhoa.model import to_load
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from harvesters.codec import canonical_number, decode_table
from harvesters.errors import HarvestError
from harvesters.model import Column, Scalar, Table
from harvesters.ports import Ledger

log = logging.getLogger(__name__)

_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "numeric",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}
_VIETNAM = timezone(timedelta(hours=7))
#: An intent younger than this belongs to a writer that is still at work.
_ABANDONED = sa.text("now() - interval '60 seconds'")
#: Readers of the old table are waited for this long; then `recover` tries again.
_LOCK_TIMEOUT = "10s"
#: tsvector takes at most 1 MB; a Vietnamese letter has up to three bytes.
_FULL_TEXT_CHARACTERS = 250_000


class Load:
    """An open transaction with tables that nobody sees before `swap`.

    Use as a context manager: left without `swap`, it leaves the DataStore as it was.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._staged: dict[str, str] = {}

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def staged(self) -> dict[str, str]:
        """Digests by resource id of what `swap` will put in place."""
        return dict(self._staged)

    def stage(self, resource_id: str, digest: str, table: Table) -> None:
        """Loads a table beside the one in use. HarvestError when the database refuses it."""
        connection = self._open()
        try:
            _create(connection, _stage_name(resource_id), table)
            _fill(connection, _stage_name(resource_id), table)
            _describe(connection, _stage_name(resource_id), digest, table)
        except SQLAlchemyError as error:
            self.__exit__()
            detail = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise HarvestError("refused_by_catalogue", detail=detail) from error
        self._staged[resource_id] = digest

    def swap(self) -> None:
        """Puts the staged tables in place of the old ones and commits."""
        if self._connection is None:
            return
        self._connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        for resource_id in self._staged:
            _replace(self._connection, resource_id)
        self._connection.commit()
        self.__exit__()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = postgres.get_write_engine().connect()
        return self._connection


def digests(resource_ids: Collection[str]) -> dict[str, str]:
    """The version markers of the tables in use, by resource id; without one: empty text."""
    query = sa.text(
        "SELECT relname, coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND relname = ANY(CAST(:ids AS text[]))"
    )
    with postgres.get_write_engine().connect() as connection:
        rows = connection.execute(query, {"ids": list(resource_ids)})
        return {name: comment for name, comment in rows}


def intend(loads: Iterable[tuple[str, str]]) -> None:
    """Notes (resource id, digest) in CKAN's current transaction; digest '' drops the table."""
    for resource_id, digest in loads:
        row = {"digest": digest, "since": sa.func.now()}
        statement = sa.dialects.postgresql.insert(to_load).values(resource_id=resource_id, **row)
        model.Session.execute(
            statement.on_conflict_do_update(index_elements=["resource_id"], set_=row)
        )


def settle(loads: Iterable[tuple[str, str]]) -> None:
    """Forgets the intents that are fulfilled, and commits."""
    for resource_id, digest in loads:
        model.Session.execute(
            to_load.delete().where(to_load.c.resource_id == resource_id, to_load.c.digest == digest)
        )
    model.Session.commit()


def drop(resource_ids: Collection[str]) -> None:
    """Removes tables with their aliases. Idempotent."""
    with postgres.get_write_engine().begin() as connection:
        for resource_id in resource_ids:
            for alias in _aliases(connection, resource_id):
                connection.execute(_sql(f"DROP VIEW {identifier(alias)}"))
            connection.execute(_sql(f"DROP TABLE IF EXISTS {identifier(resource_id)}"))
            _forget_count(connection, resource_id)


def recover(ledger: Ledger) -> int:
    """Finishes the swaps that a crash left open; returns how many. For a worker, now and then.

    A table that still cannot be swapped stays noted, is logged, and holds up no other.
    """
    done = 0
    query = sa.select(to_load).where(to_load.c.since < _ABANDONED).order_by(to_load.c.since)
    abandoned = model.Session.execute(query.with_for_update(skip_locked=True)).all()
    in_use = digests([row.resource_id for row in abandoned]) if abandoned else {}
    fulfilled = []
    for row in abandoned:
        try:
            _fulfil(ledger, row.resource_id, row.digest, in_use.get(row.resource_id))
        except (SQLAlchemyError, HarvestError, LookupError):
            log.exception("table of resource %s could not be finished", row.resource_id)
            continue
        fulfilled.append((row.resource_id, row.digest))
        done += 1
    settle(fulfilled)
    return done


def _fulfil(ledger: Ledger, resource_id: str, digest: str, in_use: str | None) -> None:
    if not digest:
        drop([resource_id])
    elif in_use != digest:
        with Load() as load:
            load.stage(resource_id, digest, decode_table(ledger.get_blob(digest)))
            load.swap()


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
    connection.execute(
        _sql(f"CREATE TEMPORARY TABLE {raw} ON COMMIT DROP AS SELECT {listed} FROM {target}")
    )
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY {raw} ({listed}) FROM STDIN", io.StringIO("".join(_lines(table))))
    except Exception as error:
        raise sa.exc.DBAPIError.instance(  # the driver's error in SQLAlchemy's words
            "COPY", None, error, sa.exc.DBAPIError, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
    # The language that CKAN asks with.
    language = literal_string(toolkit.config["ckan.datastore.default_fts_lang"])
    words = f"array_to_string(ARRAY[{', '.join(f'{n}::text' for n in names)}]::text[], ' ')"
    connection.execute(
        _sql(
            f'INSERT INTO {target} ({listed}, "_full_text") SELECT {listed}, '
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


def _replace(connection: Connection, resource_id: str) -> None:
    stage, table = _stage_name(resource_id), identifier(resource_id)
    aliases = _aliases(connection, resource_id)
    for alias in aliases:
        connection.execute(_sql(f"DROP VIEW {identifier(alias)}"))
    for statement in (
        f"DROP TABLE IF EXISTS {table}",
        f"ALTER TABLE {identifier(stage)} RENAME TO {table}",
        f"ALTER INDEX {identifier(f'{stage}_pkey')} RENAME TO {identifier(f'{resource_id}_pkey')}",
        f"ALTER INDEX {_index_name(stage)} RENAME TO {_index_name(resource_id)}",
        f"ALTER SEQUENCE {identifier(f'{stage}__id_seq')} "
        f"RENAME TO {identifier(f'{resource_id}__id_seq')}",
        *(f"CREATE VIEW {identifier(alias)} AS SELECT * FROM {table}" for alias in aliases),
    ):
        connection.execute(_sql(statement))
    _forget_count(connection, resource_id)


def _aliases(connection: Connection, resource_id: str) -> list[str]:
    query = sa.text('SELECT name FROM "_table_metadata" WHERE alias_of = :id ORDER BY name')
    return list(connection.execute(query, {"id": resource_id}).scalars())


def _forget_count(connection: Connection, resource_id: str) -> None:
    """CKAN keeps the number of rows beside the table; it is counted anew when asked for."""
    connection.execute(
        sa.text('DELETE FROM "_table_stats" WHERE resource_id = :id'), {"id": resource_id}
    )
