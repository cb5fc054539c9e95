"""What may be asked of a database: one statement that reads. Pure."""

from __future__ import annotations

import re

from harvesters.errors import HarvestError

#: Quoted text and names, and comments, in all dialects read; what is left are bare words.
_QUOTED = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\])"
    r"|--(?=\s|$)[^\n]*|/\*(?P<comment>.*?)\*/",
    re.DOTALL,
)
#: What dialects read differently, so that a quote could end here for us and there for them:
#: MySQL's backslash, its comments that are run, ``#`` and ``--`` without a blank, a lone return.
_DOUBTFUL = re.compile(r"\\|/\*M?!|#|\r(?!\n)")
_BEGINS = re.compile(r"\s*\(*\s*(?:select|with|values|table)\b", re.IGNORECASE)
#: Words that write, lock, run or leave the server, in some dialect behind a SELECT or a WITH.
_WRITES = re.compile(
    r"\b(?:into|insert|update|delete|merge|exec|execute|call|create|alter|drop|truncate|grant|revoke"
    r"|lock|openrowset|opendatasource|openquery|load_file|sp_\w+|xp_\w+|dbms_\w+|utl_\w+)\b",
    re.IGNORECASE,
)


def single_statement(sql: str, where: str) -> str:
    """The statement without a closing semicolon; one anywhere else is refused, even in a string.

    A parser could be led astray (dollar quotes, nested comments), a character cannot. Who needs
    a semicolon in a literal writes `chr(59)`.
    """
    statement = sql.strip().rstrip("; \t\r\n")
    if not statement or ";" in statement or "\x00" in statement:
        raise _refused(where)
    return statement


def reading_statement(sql: str, where: str) -> str:
    """The same for databases whose driver or transaction would let a query write.

    Words inside quotes and comments do not count, so what is quoted must be beyond doubt: a
    statement that dialects would cut up differently is refused.
    """
    statement = single_statement(sql, where)
    if _DOUBTFUL.search(statement):
        raise _refused(where)
    bare = _QUOTED.sub(_blank, statement)
    left_open = re.search(r"['\"`]|--|/\*", bare)
    if left_open or not _BEGINS.match(bare) or _WRITES.search(bare):
        raise _refused(where)
    return statement


def _blank(match: re.Match[str]) -> str:
    """What stands for a quoted text or a comment; comments within comments stay, and are refused.

    SQL Server nests them, the others do not.
    """
    if match["comment"] and "/*" in match["comment"]:
        return match[0]
    return " _ " if match["quoted"] else " "


def _refused(where: str) -> HarvestError:
    return HarvestError("bad_setting", where=where, key="read.query", expected="SELECT …")
