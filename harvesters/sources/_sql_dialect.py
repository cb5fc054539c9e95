"""What differs between makers of databases in asking for a table, its readers and its comments.

Pure. Names put into these statements are letters, digits, ``_`` and ``$`` only (`sql.statement`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """`readable` lists what the account may read (schema, name; at most 50).

    `titles`, with ``{schema}`` and ``{table}`` filled in, gives column names with their comments,
    and under no name the comment of the table. `whole` reads a table, of which ``{name}`` is the
    quoted name; `quote` are the signs around a part of it.
    """

    readable: str
    titles: str
    whole: str
    quote: tuple[str, str]


_POSTGRESQL = Dialect(
    r"""
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT LIKE 'pg\_%'
  AND n.nspname <> 'information_schema'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1, 2 LIMIT 50
""",
    """
SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a
WHERE a.attrelid = to_regclass('{name}') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT '', obj_description(to_regclass('{name}'), 'pg_class')
""",
    "TABLE {name}",
    ('"', '"'),
)
#: A view's comment is the word VIEW.
_MYSQL = Dialect(
    """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
ORDER BY 1, 2 LIMIT 50
""",
    """
SELECT column_name, column_comment FROM information_schema.columns
WHERE table_schema = COALESCE(NULLIF('{schema}', ''), DATABASE()) AND table_name = '{table}'
UNION ALL SELECT '', NULLIF(table_comment, 'VIEW') FROM information_schema.tables
WHERE table_schema = COALESCE(NULLIF('{schema}', ''), DATABASE()) AND table_name = '{table}'
""",
    "SELECT * FROM {name}",
    ("`", "`"),
)
_MSSQL = Dialect(
    """
SELECT TOP 50 TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES
WHERE TABLE_SCHEMA NOT IN ('sys', 'INFORMATION_SCHEMA') ORDER BY 1, 2
""",
    """
SELECT c.name, CAST(p.value AS nvarchar(4000)) FROM sys.columns c
JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = c.object_id
  AND p.minor_id = c.column_id AND p.name = 'MS_Description'
WHERE c.object_id = OBJECT_ID(N'{name}')
UNION ALL SELECT '', CAST(p.value AS nvarchar(4000)) FROM sys.extended_properties p
WHERE p.class = 1 AND p.minor_id = 0 AND p.name = 'MS_Description'
  AND p.major_id = OBJECT_ID(N'{name}')
""",
    "SELECT * FROM {name}",
    ("[", "]"),
)
#: Unquoted: Oracle keeps names in capitals, and who writes a configuration does not.
_ORACLE = Dialect(
    """
SELECT owner, name FROM (SELECT owner, table_name name FROM all_tables
  UNION ALL SELECT owner, view_name FROM all_views)
WHERE owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y')
ORDER BY 1, 2 FETCH FIRST 50 ROWS ONLY
""",
    """
SELECT column_name, comments FROM all_col_comments
WHERE owner = COALESCE(UPPER('{schema}'), SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'))
  AND table_name = UPPER('{table}')
UNION ALL SELECT NULL, comments FROM all_tab_comments
WHERE owner = COALESCE(UPPER('{schema}'), SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'))
  AND table_name = UPPER('{table}')
""",
    "SELECT * FROM {name}",
    ("", ""),
)
_BY_SCHEME = {
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": _MSSQL,
    "sqlserver": _MSSQL,
    "oracle": _ORACLE,
}


def dialect_of(scheme: str) -> Dialect | None:
    """The dialect behind a URL's scheme; None when it is no database."""
    return _BY_SCHEME.get(scheme)


def quoted(dialect: Dialect, name: str) -> str:
    """The name of a table, perhaps with its schema, as a statement takes it."""
    left, right = dialect.quote
    return ".".join(f"{left}{part}{right}" for part in name.split(".") if part)


def titles_of(dialect: Dialect, name: str) -> str:
    """The statement that gives the comments of a table."""
    schema, _, table = name.rpartition(".")
    return dialect.titles.format(name=quoted(dialect, name), schema=schema, table=table)
