"""A file's bytes to a workbook, by what the content is and not by what the file is called."""

from __future__ import annotations

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.tables.csv_text import read_csv
from harvesters.tables.grid import Caps, Workbook
from harvesters.tables.html_table import read_html
from harvesters.tables.xls import read_xls
from harvesters.tables.xlsx import read_xlsx

#: Suffixes of the files this reader takes.
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Excel 2 to 5 also wrote its records bare, without the OLE container.
_BARE_XLS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_workbook(
    name: str, content: bytes, where: str = "", encoding: str = "", caps: Caps | None = None
) -> Workbook:
    """The sheets of a file. `where` is how it is called in messages; `encoding` is for texts.

    Old systems call HTML and plain text `.xls` too; those are read as what they are. Raises
    HarvestError: `truncated`, `not_a_workbook`, `protected_file`, `html_instead_of_data`,
    `unknown_encoding`, `too_large`.
    """
    where, caps = where or name, caps or Caps()
    workbook_name = name.lower().endswith((".xlsx", ".xlsm", ".xls"))
    if content.startswith(_ZIP):
        return read_xlsx(content, where, caps)
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise HarvestError("protected_file", where=where)
        return read_xls(content, where, caps)
    if workbook_name and content.startswith(_BARE_XLS):
        return read_xls(content, where, caps)
    if Response(where, content).is_html:
        return read_html(content, where, encoding, caps)
    if not content.strip(b"\x00 \r\n\t"):
        raise HarvestError("truncated" if workbook_name else "no_table", where=where)
    if workbook_name and _is_binary(content):
        raise HarvestError("truncated", where=where)
    return read_csv(content, where, encoding, caps)


def _is_binary(content: bytes) -> bool:
    """Whether a file called a workbook is neither text nor any workbook: damaged."""
    start = content[:4096]
    return b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff"))
